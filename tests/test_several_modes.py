"""Hald's cement: under a Laplace prior sigma has two modes, and every verb says so.

Woods, Steinour and Starke (1932), "Effect of composition of Portland cement on heat evolved
during hardening", Industrial and Engineering Chemistry 24(11), table I: heat in calories per gram
after 180 days, and percentages of four compounds.
"""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from priormap import (
    Gaussian,
    HalfCauchy,
    Laplace,
    PriormapWarning,
    Regression,
    choose_scale,
    compare_map,
    contrast,
    find_map,
    log_posterior,
    map_path,
    write_report,
)
from priormap.cli import run
from priormap.tables.several_modes import about_sides, shares_of_modes

COMPOUNDS = {
    "tricalcium_aluminate": [7, 1, 11, 11, 7, 11, 3, 1, 2, 21, 1, 11, 10],
    "tricalcium_silicate": [26, 29, 56, 31, 52, 55, 71, 31, 54, 47, 40, 66, 68],
    "calcium_aluminium_ferrate": [6, 15, 8, 8, 6, 9, 17, 22, 18, 4, 23, 9, 8],
    "dicalcium_silicate": [60, 52, 20, 47, 33, 22, 6, 44, 22, 26, 34, 12, 12],
}
HEAT = "78.5 74.3 104.3 87.6 95.9 109.2 102.7 72.5 93.1 115.9 83.8 113.3 109.4"
CEMENT = pd.DataFrame(COMPOUNDS).assign(heat=list(map(float, HEAT.split())))
DATA = Regression.from_frame(CEMENT, "heat", standardize=True)
PRIORS = {"gaussian": Gaussian(1.223), "lasso": Laplace(0.8648)}  # of one standard deviation
pytestmark = pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")  # slow chains
LOWER = "another, lower mode at sigma = 13.9552"


@pytest.fixture(scope="module")
def table():
    with warnings.catch_warnings():  # marks do not reach fixtures
        warnings.simplefilter("ignore")
        return contrast(DATA, PRIORS, random_seed=1)


def test_the_other_mode_is_one():
    """All coefficients zero, where the density falls to both sides of sigma."""
    fit = find_map(DATA, PRIORS["lasso"])
    (lower,) = fit.other_modes
    nothing = np.zeros(4)
    heights = [
        log_posterior(DATA, PRIORS["lasso"], nothing, DATA.y.mean(), lower.sigma * factor)
        for factor in (0.99, 1.0, 1.01)
    ]
    assert heights[1] == pytest.approx(lower.log_posterior) == pytest.approx(max(heights))
    assert fit.about_other_modes[0] in repr(fit)


def test_shares_are_those_of_the_nearer_log_sigma(table):
    fit = table.modes["lasso"]
    sigma = table.posteriors["lasso"]["posterior"]["sigma"].to_numpy().ravel()
    beyond = (sigma > np.sqrt(fit.sigma * fit.other_modes[0].sigma)).mean()
    np.testing.assert_allclose(shares_of_modes(fit, sigma), [1 - beyond, beyond])
    assert 0.1 < beyond < 0.25  # both sides have mass


def test_contrast_says_so_of_the_prior_that_has_it(table):
    assert list(table.other_modes) == ["lasso"]
    (said,) = table.other_modes["lasso"]
    assert LOWER in said
    record = {prior["prior"]: prior for prior in table.to_dict()["priors"]}
    assert record["gaussian"]["other_modes"] == []
    (lower,) = record["lasso"]["other_modes"]
    assert lower["sigma"] == pytest.approx(13.955, abs=1e-3)
    assert f"{100 * lower['share']:.0f} % of the draws" in said
    assert f"lasso: {said}" in repr(table)
    assert said in table._repr_html_()


def test_contrast_says_that_the_priors_take_different_sides(table):
    assert "modes at sigma = 1.969 and 13.96" in table.sides
    for name, place in [("gaussian", "13.96"), ("lasso", "1.969")]:
        r2 = table.summary.loc[name, "r2_mean"]
        assert f"are near {place} (R^2 of the mean {r2:.2f})" in table.sides
    assert table.sides in repr(table)


def test_nothing_is_said_where_there_is_one_mode_or_one_side():
    calm = contrast(DATA.with_noise(2.0), PRIORS, draws=2000, random_seed=1)
    assert not calm.other_modes
    assert not calm.sides
    modes = {"lasso": find_map(DATA, PRIORS["lasso"])}
    low, high = np.full(9, 2.0), np.full(9, 14.0)
    r2 = {"lasso": 0.9, "other": 0.4}
    assert not about_sides(modes, {"lasso": low, "other": low}, r2)
    assert about_sides(modes, {"lasso": low, "other": high}, r2)


def test_a_learnt_scale_has_those_of_its_median():
    prior = Laplace(HalfCauchy(1.0))
    found = contrast(DATA, {"lasso": prior}, draws=500, random_seed=1)
    at_median = find_map(DATA, found.priors["lasso"])
    assert found.modes["lasso"].other_modes == at_median.other_modes
    assert list(found.other_modes) == ["lasso"] * bool(at_median.other_modes)


def test_comparison_path_and_choice_say_so():
    found = compare_map(DATA, PRIORS)
    assert LOWER in repr(found)
    assert LOWER in found._repr_html_()
    assert [len(prior["other_modes"]) for prior in found.to_dict()["priors"]] == [0, 1]
    path = map_path(DATA, Laplace(), [0.1, 0.86, 5.0])
    assert [len(lower) for lower in path.other_modes] == [0, 1, 0]
    (said,) = path.about_other_modes
    assert "At 1 of 3 scales" in said
    assert said in path._repr_html_()
    assert not map_path(DATA.with_noise(2.0), Laplace(), [0.86]).about_other_modes
    with pytest.warns(PriormapWarning, match="largest scale"):
        choice = choose_scale(DATA, "laplace", ["cv"], scales=[0.8, 0.9], random_seed=0)
    assert any(LOWER in note for note in choice.notes)
    assert LOWER in repr(choice)


def test_report_and_command_line_say_so(tmp_path, capsys):
    file = tmp_path / "cement.csv"
    CEMENT.to_csv(file, index=False)
    page = write_report(DATA, PRIORS, tmp_path / "page.md", random_seed=1).read_text()
    assert page.count(LOWER) >= 3  # in short, beside its fit, beside its posterior
    assert "on different sides" in page
    options = ["--target", "heat", "--sigma", "unknown"]
    options += [
        "--prior",
        "gaussian",
        "--scale",
        "1.223",
        "--prior",
        "laplace",
        "--scale",
        "0.8648",
    ]
    assert run(["contrast", str(file), *options, "--seed", "1", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [len(prior["other_modes"]) for prior in record["priors"]] == [0, 1]
    run(["compare", str(file), *options])
    assert LOWER in " ".join(capsys.readouterr().out.split())
