"""New rows: draws, intervals, and exact moments beside them."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import priormap as pmap
from priormap.cli import run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)) * [1.0, 10.0, 0.1] + [5.0, 0.0, 1.0]
Y = X @ [1.0, 0.2, 0.0] + 2.0 + RNG.normal(size=40)
FRAME = pd.DataFrame(X, columns=list("abc")).assign(y=Y)
KNOWN = pmap.Regression.from_frame(FRAME, "y", sigma=1.0)
NEW = FRAME[["c", "a", "b"]].head(4).set_index(pd.Index(list("pqrs")))


@pytest.fixture(scope="module")
def tree():
    return pmap.sample(KNOWN, pmap.Gaussian(1.0), 2000, random_seed=1)


def precision_by_hand(data, scale, sigma, new):
    """Mean and covariance of (intercept, coef) from the normal equations, and of new means."""
    A = np.column_stack([np.ones(data.n_rows), data.X]) if data.intercept else data.X
    penalty = np.full(data.n_features, 1 / scale**2)
    if data.standardize:
        penalty *= data.column_sd**2
    D = np.diag([0.0, *penalty] if data.intercept else penalty)
    cov = np.linalg.inv(A.T @ A / sigma**2 + D)
    B = np.column_stack([np.ones(len(new)), new]) if data.intercept else new
    mean = cov @ A.T @ data.y / sigma**2
    return mean, cov, B @ mean, np.sqrt(np.einsum("ij,jk,ik->i", B, cov, B))


class TestMoments:
    @pytest.mark.parametrize("intercept", [True, False])
    @pytest.mark.parametrize("standardize", [True, False])
    def test_known_sigma_against_the_normal_equations(self, intercept, standardize):
        options = {"sigma": 1.3, "intercept": intercept, "standardize": standardize}
        data = pmap.Regression.from_frame(FRAME, "y", **options)
        found = pmap.posterior_moments(data, pmap.Gaussian(0.7))
        mean, cov, means, sds = precision_by_hand(data, 0.7, 1.3, X[:4])
        assert found.is_normal
        np.testing.assert_allclose(found.mean, mean, rtol=1e-9)
        np.testing.assert_allclose(found.cov, cov, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(found.sd, np.sqrt(np.diag(cov)), rtol=1e-8)
        table = found.predict(NEW)
        assert table.index.tolist() == list("pqrs")
        np.testing.assert_allclose(table["mean"], means, rtol=1e-9)
        np.testing.assert_allclose(table["sd_mean"], sds, rtol=1e-8)
        np.testing.assert_allclose(table["sd"], np.hypot(sds, 1.3), rtol=1e-8)

    def test_flat_prior_is_least_squares(self):
        found = pmap.posterior_moments(KNOWN, pmap.Gaussian(np.inf))
        A = np.column_stack([np.ones(40), X])
        np.testing.assert_allclose(found.cov, np.linalg.inv(A.T @ A), rtol=1e-8, atol=1e-12)

    def test_unknown_sigma_and_scale_against_draws(self):
        data = KNOWN.with_noise(None)
        prior = pmap.Gaussian(pmap.HalfCauchy(1.0))
        found = pmap.posterior_moments(data, prior)
        drawn = pmap.sample(data, prior, 20_000, random_seed=2)["posterior"]
        assert not found.is_normal
        coef = drawn["coef"].to_numpy().reshape(-1, 3)
        sd = coef.std(axis=0)
        np.testing.assert_allclose(found.mean.iloc[1:], coef.mean(axis=0), atol=5 * sd.max() / 280)
        np.testing.assert_allclose(found.sd.iloc[1:], sd, rtol=0.03)
        np.testing.assert_allclose(found.sd.iloc[0], drawn["intercept"].to_numpy().std(), rtol=0.03)

    def test_more_columns_than_rows(self):
        data = pmap.Regression(RNG.normal(size=(6, 15)), RNG.normal(size=6), 1.0)
        found = pmap.posterior_moments(data, pmap.Gaussian(0.5))
        _, cov, _, _ = precision_by_hand(data, 0.5, 1.0, data.X)
        np.testing.assert_allclose(found.cov, cov, rtol=1e-8, atol=1e-12)

    def test_other_priors_are_refused(self):
        with pytest.raises(pmap.PriormapError, match="no closed form"):
            pmap.posterior_moments(KNOWN, pmap.Laplace(1.0))
        with pytest.raises(pmap.PriormapError, match="data must be"):
            pmap.posterior_moments(FRAME, pmap.Gaussian(1.0))

    def test_copies_and_words(self):
        found = pmap.posterior_moments(KNOWN, pmap.Gaussian(1.0))
        for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
            pd.testing.assert_frame_equal(again.cov, found.cov)
        assert "the posterior is normal" in repr(found)
        assert found.to_dict()["mean"]["a"] == found.mean["a"]


class TestPredict:
    def test_columns_are_met_by_name(self, tree):
        one = pmap.predict(tree, NEW, kind="mean")
        other = pmap.predict(tree, X[:4], kind="mean")
        thin = pmap.predict(tree, sparse.csr_array(X[:4]), kind="mean")
        for two in (other, thin):
            np.testing.assert_allclose(one["predictions"]["mu"], two["predictions"]["mu"])
        assert one["predictions"]["obs_id"].to_numpy().tolist() == list("pqrs")
        assert "predictions_constant_data" not in thin.children
        np.testing.assert_array_equal(one["predictions_constant_data"]["X"], X[:4])

    def test_means_and_responses_have_the_exact_spread(self, tree):
        exact = pmap.posterior_moments(KNOWN, pmap.Gaussian(1.0)).predict(NEW)
        for kind, sd in (("mean", "sd_mean"), ("response", "sd")):
            table = pmap.prediction_table(pmap.predict(tree, NEW, kind=kind, random_seed=1), 0.9)
            np.testing.assert_allclose(table["mean"], exact["mean"], atol=0.06)
            np.testing.assert_allclose(table["sd"], exact[sd], rtol=0.04)
            width = 2 * stats.norm.ppf(0.95) * exact[sd]
            np.testing.assert_allclose(table["high"] - table["low"], width, rtol=0.06)

    def test_responses_cover_held_out_rows(self):
        rng = np.random.default_rng(3)
        rows = rng.normal(size=(6000, 3))
        y = rows @ [1.0, 0.0, -2.0] + 2.0 * rng.standard_normal(6000)
        data = pmap.Regression(rows[:2000], y[:2000])
        draws = pmap.sample(data, pmap.Laplace(1.0), random_seed=1)
        table = pmap.prediction_table(pmap.predict(draws, rows[2000:], random_seed=2))
        inside = (table["low"] < y[2000:]) & (y[2000:] < table["high"])
        assert inside.mean() == pytest.approx(0.95, abs=0.02)

    def test_seeds(self, tree):
        one, two = (pmap.predict(tree, NEW, random_seed=7)["predictions"]["y"] for _ in range(2))
        np.testing.assert_array_equal(one, two)
        other = pmap.predict(tree, NEW, random_seed=np.random.default_rng(8))["predictions"]["y"]
        assert not np.array_equal(one, other)

    def test_factors_need_the_data(self):
        frame = FRAME.assign(site=list("uvwx") * 10)
        data = pmap.Regression.from_frame(frame, "y", sigma=1.0)
        draws = pmap.sample(data, pmap.Gaussian(1.0), 100, random_seed=1)
        new = frame.drop(columns="y").head(3)
        found = pmap.predict(draws, new, data=data, kind="mean")["predictions"]["mu"]
        by_hand = pmap.predict(draws, data.X[:3], kind="mean")["predictions"]["mu"]
        np.testing.assert_allclose(found, by_hand)
        with pytest.raises(pmap.PriormapError, match=r"no column 'site\[v\]'|'site'"):
            pmap.predict(draws, new)
        with pytest.raises(pmap.PriormapError, match="level 'z'"):
            pmap.predict(draws, new.assign(site="z"), data=data)
        with pytest.raises(pmap.PriormapError, match="give the data that the draws are of"):
            pmap.predict(draws, new, data=KNOWN)

    def test_bad_input(self, tree):
        for bad, words in (
            (NEW.drop(columns="a"), "no column 'a'"),
            (NEW.assign(z=1.0), "a column 'z'"),
            (NEW.assign(a=np.nan), "'a' of X has 4 NaN"),
            (X[:, :2], "but the fit has 3"),
        ):
            with pytest.raises(pmap.PriormapError, match=words):
                pmap.predict(tree, bad)
        with pytest.raises(pmap.PriormapError, match="kind must be 'response' or 'mean'"):
            pmap.predict(tree, NEW, kind="median")
        with pytest.raises(pmap.PriormapError, match="by sample"):
            pmap.predict(KNOWN, NEW)
        with pytest.raises(pmap.PriormapError, match="no group of predictions"):
            pmap.prediction_table(tree)
        with pytest.raises(pmap.PriormapError, match="mass must"):
            pmap.prediction_table(pmap.predict(tree, NEW), 95)

    @pytest.mark.filterwarnings("ignore:these draws are not to be trusted")
    def test_every_family_of_draws(self):
        data = KNOWN.with_noise(None)
        for prior in (pmap.SpikeAndSlab(0.5, pmap.Gaussian(1.0)), pmap.Horseshoe(0.1)):
            draws = pmap.sample(data, prior, 300, random_seed=1)
            table = pmap.prediction_table(pmap.predict(draws, NEW, random_seed=1))
            assert np.isfinite(table).all(axis=None)
            assert (table["low"] < table["mean"]).all()


class TestCommand:
    @pytest.fixture
    def files(self, tmp_path):
        old, new = tmp_path / "old.csv", tmp_path / "new.csv"
        frame = FRAME.assign(site=list("uvwx") * 10)
        frame.to_csv(old)
        frame.head(3).to_csv(new)
        return str(old), str(new)

    def test_a_table(self, files, capsys, tmp_path):
        old, new = files
        words = ["predict", old, "--target", "y", "--new", new, "--draws", "200", "--seed", "1"]
        assert run([*words, "--csv", "-", "-o", str(tmp_path / "draws.nc")]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "obs_id,mean,sd,low,high"
        assert len(lines) == 4
        import xarray as xr

        with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as tree:
            assert tree["predictions"].sizes["obs_id"] == 3
        assert run([*words, "--kind", "mean"]) == 0
        said = capsys.readouterr().out
        assert "predicted: mean of y at 3 new rows, with its 95 % interval" in said

    def test_refusals(self, files, capsys):
        old, new = files
        words = ["predict", old, "--target", "y", "--draws", "50"]
        assert run([*words, "--new", "nowhere.csv"]) == 2
        assert "nowhere.csv does not exist" in capsys.readouterr().err
        assert run([*words, "--new", new, "--mass", "2"]) == 2
        assert "--mass must" in capsys.readouterr().err
        assert run([*words, "--new", new, "--features", "a,b"]) == 0
        capsys.readouterr()
        assert run([*words, "--new", new, "--drop", "site"]) == 0
