"""What used to end in an error of numpy, scipy or Python ends in one sentence, or in an answer."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Laplace,
    PriormapError,
    Regression,
    audit,
    choose_scale,
    contrast,
    convert,
    explain_penalty,
    log_posterior,
    map_path,
    plot_prior_predictive,
    plot_shrinkage,
    sample,
)
from priormap.checks import refuse_memory, short
from priormap.cli import run


@pytest.fixture
def data(rng):
    X = rng.normal(size=(30, 4))
    return Regression(X, X[:, 0] + rng.normal(size=30), sigma=1.0)


def refused(capsys, *line):
    """Return the one line on stderr of a command that is refused."""
    assert run(list(line)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("priormap: ")
    assert err.count("\n") == 1
    return err


# numbers that are more than a double, or a memory, can hold


@pytest.mark.parametrize(
    "counts",
    [{"draws": 10**12}, {"draws": 10**20}, {"chains": 10**12}, {"draws": 10**5000}],
    ids=["draws", "more draws", "chains", "no float"],
)
@pytest.mark.parametrize("prior", [Laplace(1.0), Gaussian(1.0)], ids=lambda prior: prior.name)
def test_draws_say_the_memory_that_they_take(counts, prior, data):
    words = r"chains of .* draws take .*B of memory, and there are \S+ .iB; give fewer"
    for call in (sample, lambda *a, **o: choose_scale(*a, "cv", **o)):
        with pytest.raises(PriormapError, match=words):
            call(data, prior, **counts)
    with pytest.raises(PriormapError, match=words):
        contrast(data, {"one": prior}, **counts)


def test_the_memory_is_that_of_the_draws():
    with pytest.raises(PriormapError, match=r"^runs take 8 EiB of memory, and there are"):
        refuse_memory("runs", 2**60, "give fewer")
    refuse_memory("runs", 10**6, "give fewer")


@pytest.mark.parametrize("value", [10**400, -1, 1.5, "9", True])
def test_a_warm_up_out_of_range(value, data):
    with pytest.raises(PriormapError, match="tune must be"):
        sample(data, Laplace(1.0), tune=value)


@pytest.mark.parametrize("count", ["99999999999999999999", "999999999999"])
def test_counts_of_a_command_line(count, capsys):
    assert "of memory" in refused(capsys, "contrast", "--draws", count)
    assert "of memory" in refused(capsys, "sample", "-o", "draws.nc", "--chains", count)
    assert "--points" in refused(capsys, "path", "--points", count)


def test_values_are_short_in_a_sentence():
    class Broken:
        def __repr__(self):
            raise RuntimeError

    assert short(10**5000) == "an integer of 16610 bits"
    assert short(Broken()).startswith("<Broken instance")
    assert len(short(list(range(10**5)))) < 60
    assert "\n" not in short(np.zeros((30, 30)))
    assert "\n" not in str(PriormapError(f"got {np.zeros((3, 3))!r}"))


# scales that leave the doubles


def test_a_scale_beyond_all_numbers_is_flat(capsys):
    assert Gaussian(1e308).stretched(100.0) == Gaussian(np.inf)
    assert run(["compare", "--prior", "gaussian", "--scale", "1e308", "--sigma", "unknown"]) == 0
    assert "is LinearRegression()" in capsys.readouterr().out


@pytest.mark.parametrize("sigma", [1e308, 1e200, 1e-200])
def test_a_noise_that_makes_no_prior(sigma, data, capsys):
    with pytest.raises(PriormapError, match=r"^sigma=1e[+-]?\d+ makes the prior .* units of y$"):
        explain_penalty("sklearn.Lasso", data=data, alpha=1.0, sigma=sigma)
    line = ("explain", "sklearn.Lasso", "--alpha", "1", "--sigma", str(sigma))
    assert "give --sigma in the units of y" in refused(capsys, *line)


# audits


def test_a_lasso_judged_by_an_elastic_net(data):
    fit = Lasso(0.1, tol=1e-14).fit(data.X, data.y)
    found = audit(data, ElasticNet(1.0, 1.0), fit.coef_)
    assert not found.is_mode
    other = found.shortfall.other
    assert np.isinf(other.prior.l2_scale)
    assert other.prior.l1_scale == pytest.approx(1 / (30 * 0.1), rel=1e-6)
    assert "Laplace" in str(found) or "ElasticNet" in str(found)


def test_an_elastic_net_on_two_rows(tmp_path, capsys):
    path = tmp_path / "two.csv"
    path.write_text("a,b,c,y\n1,0.5,3,1\n2,-1,0.25,4\n", encoding="utf-8")
    assert run(["compare", str(path), "--target", "y", "--prior", "elastic_net"]) in {0, 1}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("factor", [1e100, 1e-100])
@pytest.mark.parametrize("prior", [Laplace(1.0), Gaussian(1.0), ElasticNet(1.0, 1.0)])
@pytest.mark.parametrize("powers", [(1, 1, 1, 1), (1, 0, 0, 0), (1, 0, 0, -1)])
def test_columns_in_large_and_small_units(factor, prior, powers, data):
    scaled = Regression(data.X * factor ** np.array(powers), data.y, sigma=1.0)
    found = audit(scaled, prior, np.ones(4))
    assert not found.is_mode
    assert not np.isnan(found.relative_gap)
    assert "This is not the mode" in str(found)


# penalties, conversions and priors at the ends of the doubles


def test_coefficients_that_overflow(data):
    with pytest.raises(PriormapError, match=r"coef is so large that X coef overflows"):
        audit(data, Laplace(1.0), [1e308, -1e308, 0.0, 0.0])
    assert log_posterior(data, Laplace(1.0), [1e200, 0.0, 0.0, 0.0], 0.0) == -np.inf


def test_conversions_beyond_all_numbers():
    with pytest.raises(PriormapError, match=r"alpha of sklearn\.Lasso makes a penalty beyond"):
        convert(1e308, "sklearn.Lasso", "glmnet", n=100)


@pytest.mark.parametrize("sigma", [1e200, 1e-200, 1e308])
def test_priors_of_calls_at_extreme_noise(sigma):
    for make in (
        lambda: Laplace.from_lasso(1.0, sigma, 10),
        lambda: ElasticNet.from_elastic_net(1.0, 0.5, sigma, 10),
    ):
        with pytest.raises(PriormapError, match=r"make a prior scale of (inf|0), beyond"):
            make()
    assert Gaussian.from_ridge(1.0, sigma).scale == sigma


def test_a_penalty_keeps_its_digits_where_sigma_squared_has_none():
    for sigma, scale in ((1e200, 1e300), (1e-200, 1e-300)):
        assert Laplace(scale).to_lasso(sigma, 1) == pytest.approx(sigma / scale * sigma, rel=1e-15)
    assert Laplace(np.inf).to_lasso(1e200, 1) == 0.0


def test_priors_answer_at_infinity():
    for prior in (Laplace(2.0), Gaussian(2.0), ElasticNet(2.0, 2.0), ElasticNet(2.0, np.inf)):
        assert prior.logpdf([-np.inf, np.inf]).tolist() == [-np.inf, -np.inf]
        assert prior.penalty(np.inf) == np.inf
        assert prior.logpdf(1e308) == pytest.approx(-prior.penalty(1e308))
    assert Gaussian(1e-300).penalty(1.0) == np.inf
    assert ElasticNet(np.inf, np.inf).penalty(np.inf) == 0.0


# values of every kind, by every door

NO_NUMBERS = [None, "x", "", 1j, object(), {}, [], [[1.0], [2.0, 3.0]], b"1", 10**400, iter([1.0])]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: short(value)[:20])
def test_what_is_no_number(value, data):
    prior, path = Laplace(1.0), map_path(data, Laplace(1.0), [0.5, 1.0])
    calls = {
        "coef": (prior.logpdf, prior.penalty, prior.pull),
        "mass": (prior.interval,),
        "size": (prior.probability, lambda v: prior.rvs(v, np.random.default_rng(0))),
        "sd": (lambda v: prior.shrink(1.0, v), prior.dead_zone),
        "sigma": (lambda v: prior.to_lasso(v, 10),),
        "scale": (Laplace, HalfNormal),
        "value": (path.at,),
        "factor": (prior.stretched,),
        "l1_ratio": (lambda v: ElasticNet.from_elastic_net(1.0, v, 1.0, 10),),
        "x": (HalfNormal(1.0).logpdf,),
        "hold": (lambda v: choose_scale(data, prior, "cv", hold=v),),
        "along": (lambda v: map_path(data, prior, along=v),),
        "method": (lambda v: sample(data, prior, method=v),),
        "hdi_prob": (lambda v: contrast(data, {"one": prior}, hdi_prob=v),),
    }
    for name, doors in calls.items():
        for door in doors:
            if value in ([], {}) and name in {"coef", "factor", "x", "scale", "value", "size"}:
                continue  # no number at all is an answer, or is refused in other words
            with pytest.raises(PriormapError, match=name) as caught:
                door(value)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300


# figures, grids and errors over folds


@pytest.mark.parametrize("sigma", ["1e-308", "1e-200", "1e200"])
@pytest.mark.parametrize("command", ["path", "choose", "contrast", "compare"])
def test_a_noise_beyond_squaring(command, sigma, capsys):
    err = refused(capsys, command, "--sigma", sigma)
    assert f"sigma={float(sigma):g} is too far from the sd of y, 77.0057" in err
    assert "give it in the units of y" in err


def test_prediction_errors_in_large_units(rng):
    X = rng.normal(size=(30, 2))
    y = X[:, 0] + rng.normal(size=30)
    small, large = (
        choose_scale(Regression(X, unit * y, unit), Gaussian, "cv", random_seed=1).optima
        for unit in (1.0, 1e90)
    )
    assert np.isfinite(large["se"]).all()
    np.testing.assert_allclose(large["scale"], 1e90 * small["scale"], rtol=1e-6)
    np.testing.assert_allclose(large["se"], 1e180 * small["se"], rtol=1e-6)


def test_a_prior_that_expects_next_to_nothing(rng):
    X = rng.normal(size=(30, 2))
    data = Regression(X, X[:, 0], sigma=1e8)
    axes = plot_prior_predictive(data, {"tight": Laplace(1e-3)})
    assert np.isfinite([*axes[0].get_xlim(), *axes[0].get_ylim()]).all()


def test_paths_and_figures_at_the_ends_of_the_doubles(data):
    path = map_path(data, ElasticNet(1.0, 1.0), [0.5, 1.0])
    assert not path.at(1e-300).any()
    with pytest.raises(PriormapError, match=r"^sd=1e\+308 leaves no room for a figure; give a"):
        plot_shrinkage([Laplace(1.0)], 1e308)
