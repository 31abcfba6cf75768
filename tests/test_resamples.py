"""Resampled modes beside the posterior: each is the mode of its rows; statements side by side."""

import json
import re
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import sparse, stats

from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Horseshoe,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    Resamples,
    SpikeAndSlab,
    contrast,
    find_map,
    plot_stability,
    plots,
)
from priormap.cli import run
from priormap.criteria.resampling import resampled_modes
from priormap.data.unit_columns import UnitColumns
from priormap.plots.writing import write_figures

# few draws are enough where only modes are looked at, and small tables have collinear columns
pytestmark = pytest.mark.filterwarnings(
    "ignore:these draws are not", "ignore:column 'x2' and 1 more is a linear"
)


def rows(n=40, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ np.diag(np.geomspace(0.5, 3, p)) + 2
    return X, X @ np.r_[1.0, 0.3, np.zeros(p - 2)] + rng.normal(size=n) + 5


def drawn_rows(kind, seed, n, fit):
    """Two resamples, in the order in which they are drawn."""
    rng = np.random.default_rng(seed)
    X, y = fit.data.X, fit.data.y
    if kind == "pairs":
        return [(X[i], y[i]) for i in (rng.integers(n, size=n) for _ in range(2))]
    if kind == "halves":
        i = rng.permutation(n)
        return [(X[k], y[k]) for k in (i[: n // 2], i[n // 2 : 2 * (n // 2)])]
    fitted = fit.predict(X)
    return [(X, fitted + rng.choice(y - fitted, size=n)) for _ in range(2)]


@pytest.mark.parametrize("kind", ["pairs", "residual", "halves"])
@pytest.mark.parametrize("n", [6, 41])
@pytest.mark.parametrize("sigma", [0.8, None], ids=["known", "unknown"])
@pytest.mark.parametrize(
    "prior",
    [
        Laplace(0.2),
        Gaussian(0.3),
        ElasticNet(0.3, 0.5),
        Laplace([0.1, 0.2, 0.3, np.inf]),
        Laplace(0.2, scaled_by_noise=True),
    ],
    ids=str,
)
def test_each_is_the_mode_of_its_rows_at_the_sigma_of_all(kind, n, sigma, prior):
    data = Regression(*rows(n), sigma=HalfNormal(1.0) if sigma is None else sigma)
    fit = find_map(data, prior)
    found = resampled_modes(fit, Resamples(kind, 2, seed=3))
    assert found.proven == 2
    assert found.sigma == fit.sigma
    for k, (X, y) in enumerate(drawn_rows(kind, 3, n, fit)):
        alone = find_map(Regression(X, y, sigma=fit.sigma), prior)
        np.testing.assert_allclose(found.coef[k], alone.coef, rtol=1e-7, atol=1e-10)
        assert ((found.coef[k] == 0) == (alone.coef == 0)).all()


def test_a_standardised_prior_keeps_the_units_of_all_rows():
    data = Regression(*rows(), sigma=1.0, standardize=True)
    found = resampled_modes(find_map(data, Laplace(0.3)), Resamples("pairs", 1, seed=0))
    (X, y), _ = drawn_rows("pairs", 0, 40, find_map(data, Laplace(0.3)))
    alone = find_map(Regression(X, y, sigma=1.0), Laplace(0.3 / data.column_sd))
    np.testing.assert_allclose(found.coef[0], alone.coef, rtol=1e-9)


def test_residual_resamples_of_an_orthogonal_design_keep_what_the_normal_law_says():
    """|z'y*| > l1 with z'y* about normal: a closed form, within four standard errors."""
    n, count = 512, 4000
    Z = np.linalg.qr(np.random.default_rng(0).normal(size=(n, 5)))[0]
    y = Z @ [3.0, 2.0, 1.0, 0.3, 0.0] + np.random.default_rng(1).normal(size=n)
    data = Regression(Z, y, sigma=1.0, intercept=False)
    fit = find_map(data, Laplace(1.0))
    found = resampled_modes(fit, Resamples("residual", count, seed=2))
    spread = np.std(y - Z @ fit.coef)
    kept = stats.norm.sf((1 - fit.coef) / spread) + stats.norm.cdf((-1 - fit.coef) / spread)
    error = np.sqrt(kept * (1 - kept) / count)
    assert (np.abs(found.nonzero - kept) < 4 * error + 0.02).all()
    assert found.nonzero[3] > 0.2  # negative control: zero in the mode of all rows
    assert fit.coef[4] == 0


@pytest.mark.parametrize("kind", ["pairs", "residual", "halves"])
@pytest.mark.parametrize(("x_unit", "y_unit"), [(1e-140, 1e140), (1e120, 1e-120)])
def test_units_do_not_count(kind, x_unit, y_unit):
    X, y = rows()
    there = {}
    for a, b in ((1.0, 1.0), (x_unit, y_unit)):
        fit = find_map(Regression(a * X, b * y, sigma=b), Laplace(0.2 * b / a))
        there[a] = resampled_modes(fit, Resamples(kind, 20, seed=0)).coef * a / b
    np.testing.assert_allclose(there[x_unit], there[1.0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", ["pairs", "residual", "halves"])
@pytest.mark.parametrize("shape", ["wide", "sparse", "constant column", "rare column", "one"])
def test_awkward_tables(kind, shape):
    X, y = rows(12, 130) if shape == "wide" else rows(40)
    if shape == "sparse":
        X = sparse.csc_array(np.where(X > 2, X, 0))
    elif shape == "constant column":
        X = np.column_stack([X, np.full(40, 7.0)])
    elif shape == "rare column":  # constant in many resamples
        X = np.column_stack([X, np.arange(40) == 3])
    elif shape == "one":
        X = X[:, :1]
    with pytest.warns(PriormapWarning) if shape == "constant column" else nullcontext():
        data = Regression(X, y, sigma=1.0)
    found = resampled_modes(find_map(data, Laplace(0.3)), Resamples(kind, 30, seed=0))
    assert found.proven == 30
    assert np.isfinite(found.coef).all()


def test_another_response_is_that_of_new_columns():
    X, y = rows(30, 5)
    names = tuple("abcde")
    first = UnitColumns(X, y, names, True)
    other, new = first.with_response(y**2), UnitColumns(X, y**2, names, True)
    np.testing.assert_allclose(other.xty, new.xty, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(other.response, new.response, rtol=1e-12)
    assert (other.y_mean, other.n) == (new.y_mean, new.n)
    assert other.y_norm == pytest.approx(new.y_norm, rel=1e-14)
    np.testing.assert_allclose(first.xty, UnitColumns(X, y, names, True).xty)


@pytest.fixture(scope="module")
def table():
    X, y = rows(60)
    priors = {
        "lasso": Laplace(0.05),
        "ridge": Gaussian(0.5),
        "spike": SpikeAndSlab(0.5, Gaussian(1.0)),
        "horseshoe": Horseshoe(0.1),
    }
    return contrast(Regression(X, y, sigma=1.0), priors, draws=500, random_seed=1, resamples=100)


def test_the_table_says_what_was_counted(table):
    coefficients = table.coefficients
    for name, modes in table.resampled.items():
        part = coefficients[coefficients["prior"] == name]
        np.testing.assert_array_equal(part["resampled_nonzero"], (modes.coef != 0).mean(axis=0))
        np.testing.assert_array_equal(part["resampled_positive"], (modes.coef > 0).mean(axis=0))
        low, high = part["resampled_low"].to_numpy(), part["resampled_high"].to_numpy()
        inside = ((modes.coef >= low) & (modes.coef <= high)).mean(axis=0)
        assert (inside >= 0.94).all()
        assert modes.resamples == Resamples("pairs", 100, seed=1)
    assert set(table.resampled) == {"lasso", "ridge"}
    without = coefficients[coefficients["prior"].isin(["spike", "horseshoe"])]
    assert without["resampled_nonzero"].isna().all()
    draws = table.posteriors["spike"]["posterior"]["coef"].to_numpy().reshape(-1, 4)
    part = coefficients[coefficients["prior"] == "spike"]
    np.testing.assert_array_equal(part["prob_nonzero"], (draws != 0).mean(axis=0))
    assert (coefficients.loc[coefficients["prior"] == "lasso", "prob_nonzero"] == 1).all()


def test_resamples_change_nothing_else(table):
    alone = contrast(table.data, {"lasso": Laplace(0.05)}, draws=500, random_seed=1)
    found = table.coefficients[table.coefficients["prior"] == "lasso"]
    assert not alone.resampled
    assert not [name for name in alone.coefficients if name.startswith("resampled")]
    pd.testing.assert_frame_equal(found[list(alone.coefficients)], alone.coefficients)


def test_a_seed_gives_the_same_rows_to_every_prior():
    data = Regression(*rows(), sigma=1.0)
    again = {"a": Laplace(0.2), "b": Laplace(0.2)}
    table = contrast(data, again, draws=100, random_seed=5, resamples=Resamples("halves", 11, 4))
    np.testing.assert_array_equal(table.resampled["a"].coef, table.resampled["b"].coef)
    fresh = contrast(data, {"a": Laplace(0.2)}, draws=100, resamples=5)
    seed = fresh.resampled["a"].resamples.seed
    same = resampled_modes(fresh.modes["a"], Resamples(count=5, seed=seed))
    np.testing.assert_array_equal(fresh.resampled["a"].coef, same.coef)


def test_a_learnt_scale_is_held_at_its_median():
    from priormap.priors.densities import HalfCauchy

    data = Regression(*rows(), sigma=1.0)
    table = contrast(data, {"a": Laplace(HalfCauchy(1.0))}, draws=200, random_seed=5, resamples=5)
    fit = table.modes["a"]
    np.testing.assert_array_equal(
        table.resampled["a"].coef, resampled_modes(fit, Resamples(count=5, seed=5)).coef
    )


def test_the_page_sets_three_statements_side_by_side(table):
    text = str(table.blocks())
    row = table.coefficients.query("prior == 'lasso' and is_zero").nlargest(1, "resampled_nonzero")
    zero = 1 - row["resampled_nonzero"].item()
    said = (
        f"Three different statements of {row['feature'].item()}: it is zero in the mode, zero in "
        f"{zero:.0%} of 100 resamples (rows drawn with replacement), and negligible with "
        f"probability {row['prob_rope'].item():.3f}."
    )
    assert said in text
    assert "All 100 resampled modes are proven by their certificates" in text
    assert "In all of 100 resamples (rows drawn with replacement) none is exactly zero." in text


def test_halves_say_how_many_wrong_ones_to_expect():
    data = Regression(*rows(100, 20), sigma=1.0)
    table = contrast(
        data, {"a": Laplace(0.05)}, draws=50, random_seed=5, resamples=Resamples("halves", 50)
    )
    kept = table.resampled["a"].nonzero
    (found,) = re.findall(r"drawn at random is (\S+)\.", str(table.blocks()))
    assert float(found) == pytest.approx(kept.sum() ** 2 / 20 / 0.8, rel=0.05)


# figure


def test_the_figure_draws_its_table(table):
    numbers = plots.stability_table(table)
    panels = plot_stability(table, axes=Figure(figsize=(4, 9)).subplots(4))
    for panel, name in zip(panels, table.priors, strict=True):
        assert panel.get_title(loc="left") == name
        part = numbers[numbers["prior"] == name].reset_index(drop=True)
        drawn = {}
        for line in panel.get_lines():
            label = line.get_label()
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
                drawn[label, int(y)] = x
                if label.startswith("resamples"):
                    hollow = line.get_markerfacecolor() == "white"
                    assert hollow == part["is_zero"][int(y)]
        for k, row in part.iterrows():
            assert drawn[f"P(not negligible) {name}", k] == row["prob_outside"]
            assert drawn[f"P(one sign) {name}", k] == row["prob_sign"]
            if name in table.resampled:
                assert drawn[f"resamples: not 0 {name}", k] == row["resampled_nonzero"]
            if name == "spike":
                assert drawn[f"P(not 0) {name}", k] == row["prob_nonzero"]
    caption = plots.stability_caption(table)
    assert "horseshoe: no exact mode to resample, because" in caption
    assert "100 resamples (rows drawn with replacement)" in caption
    assert "ridge: no mode is exactly zero." in caption


def test_the_likelier_sign_counts_no_zero(table):
    numbers = plots.stability_table(table).query("prior == 'spike'")
    draws = table.posteriors["spike"]["posterior"]["coef"].to_numpy().reshape(-1, 4)
    for row in numbers.to_dict("records"):
        coef = draws[:, table.data.names.index(row["feature"])]
        assert row["prob_sign"] == pytest.approx(max((coef > 0).mean(), (coef < 0).mean()))


@pytest.mark.filterwarnings("ignore:.*left out")
def test_figures_of_a_folder_have_it_where_there_are_resamples(table, tmp_path):
    written = {path.name for path in write_figures(tmp_path / "a", "svg", table, tables=True)}
    assert {"stability.svg", "stability.csv"} <= written
    found = pd.read_csv(tmp_path / "a" / "stability.csv")
    pd.testing.assert_frame_equal(found, plots.stability_table(table), check_dtype=False)


# command line


def test_contrast_on_the_command_line(tmp_path, capsys):
    X, y = rows()
    path = tmp_path / "rows.csv"
    pd.DataFrame(X, columns=list("abcd")).assign(y=y).to_csv(path, index=False)
    base = [str(path), "--target=y", "--sigma=1", "--prior=laplace", "--scale=0.2", "--draws=100"]
    more = ["--seed=1", "--resamples=30", "--resample=halves", "--json=-"]
    assert run(["contrast", *base, *more]) == 0
    (found,) = json.loads(capsys.readouterr().out)["priors"]
    resampled = found["resampled"]
    assert (resampled["kind"], resampled["count"], resampled["seed"]) == ("halves", 30, 1)
    assert resampled["proven"] == 30
    assert {"resampled_nonzero", "resampled_low"} <= set(found["coefficients"][0])
    assert run(["contrast", *base, "--resamples=-3"]) == 2
    assert "--resamples must be a number of them, got -3" in capsys.readouterr().err
    folder = tmp_path / "out"
    assert run(["figures", *base, "--resamples=20", "-o", str(folder), "--data"]) == 0
    assert (folder / "stability.png").exists()
    assert (folder / "stability.csv").exists()
    assert (
        "\nstability.png\nCircles: share of 20 resamples" in (folder / "captions.txt").read_text()
    )
    (folder / "stability.png").rename(tmp_path / "stability.png")
    (tmp_path / "other").mkdir()
    (tmp_path / "stability.png").rename(tmp_path / "other" / "stability.png")
    assert run(["figures", *base, "--resamples=20", "-o", str(tmp_path / "other")]) == 2
    assert "stability.png exists" in capsys.readouterr().err
    assert run(["figures", "--resamples=20", "-o", str(tmp_path / "none")]) == 2
    assert "--resamples needs data" in capsys.readouterr().err


# bad input


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Resamples("rows"), "kind must be one of pairs, residual, halves, got 'rows'"),
        (lambda: Resamples(count=0), "count must be a positive integer, got 0"),
        (lambda: Resamples(count=2.5), "count must be a positive integer, got 2.5"),
        (lambda: Resamples(count=10**7), "count must be at most 1000000"),
        (lambda: Resamples(seed=-1), "random_seed must be an integer"),
        (lambda: _asked(True), "resamples must be a number of them, or a Resamples of a kind"),
        (lambda: _asked("many"), "got 'many'"),
        (lambda: _asked(-1), "got -1"),
        (lambda: _asked(Resamples("halves"), 3), "needs at least 4 rows, and there are 3"),
    ],
)
def test_what_cannot_be_used_is_refused(make, said):
    with pytest.raises(PriormapError, match=re.escape(said)):
        make()


def _asked(resamples, n=10):
    X, y = rows(n, 2)
    return contrast(Regression(X, y, sigma=1.0), {"a": Laplace(1.0)}, draws=10, resamples=resamples)


def test_a_contrast_without_resamples_has_no_such_figure():
    table = _asked(None)
    for verb in (plot_stability, plots.stability_table, plots.stability_caption):
        with pytest.raises(PriormapError, match="holds no resamples; give contrast"):
            verb(table)
    with pytest.raises(PriormapError, match="must be what contrast"):
        plot_stability("table")
    assert not _asked(0).resampled
