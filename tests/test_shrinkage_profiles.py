"""The density of the shrinkage factor, against closed forms and against draws."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import priormap as pm
from priormap import plots
from priormap.priors import PRIORS

KAPPA = np.array([0.02, 0.1, 0.3, 0.5, 0.8, 0.97])


def density_at(prior, kappa, sd=1.0):
    table = plots.shrinkage_profile_table(prior, sd)
    return np.interp(kappa, table["kappa"], table["density"])


def test_the_horseshoe_has_its_shape():
    """Carvalho, Polson and Scott (2010), section 2: Beta(1/2, 1/2) at tau = sigma = 1."""
    for sd in (1e-150, 1.0, 3e150):
        found = density_at(pm.Horseshoe(sd), KAPPA, sd)
        assert found == pytest.approx(stats.beta.pdf(KAPPA, 0.5, 0.5), rel=1e-3)


def test_the_lasso_is_that_of_an_exponential_variance():
    """v is exponential of mean 2 s**2, and kappa = 1 / (1 + v)."""
    s = 0.8
    v = 1 / KAPPA - 1
    wanted = stats.expon.pdf(v, scale=2 * s**2) / KAPPA**2
    assert density_at(pm.Laplace(s), KAPPA) == pytest.approx(wanted, rel=3e-3)
    assert density_at(pm.Laplace(s, True), KAPPA, 7.0) == pytest.approx(wanted, rel=3e-3)


def test_student_t_is_that_of_an_inverse_gamma_variance():
    v = 1 / KAPPA - 1
    wanted = stats.invgamma.pdf(v, 2.0, scale=2.0) / KAPPA**2
    assert density_at(pm.StudentT(4, 1.0), KAPPA) == pytest.approx(wanted, rel=3e-3)


@pytest.mark.parametrize("kind", [kind for kind in PRIORS if kind.scales])
def test_all_mass_is_told(kind):
    """Densities and single values add up to 1, and to the mean of kappa."""
    table = plots.shrinkage_profile_table(kind(), 0.7)
    points = plots.shrinkage_profile_points_table(kind(), 0.7)
    mass = np.trapezoid(table["density"], table["kappa"]) + points["mass"].sum()
    mean = np.trapezoid(table["density"] * table["kappa"], table["kappa"])
    mean += (points["point"].fillna(0) * points["mass"]).sum()
    assert mass == pytest.approx(1, abs=2e-3)
    assert mean == pytest.approx(points["mean"].iloc[0], abs=2e-3)
    inside = table[table["kappa"].between(0.1, 0.9)]
    between = np.trapezoid(inside["density"], inside["kappa"])
    between += points.loc[points["point"].between(0.1, 0.9), "mass"].sum()
    assert 1 - points["below"].iloc[0] - points["above"].iloc[0] == pytest.approx(between, abs=0.02)


def test_a_number_is_a_point():
    (row,) = plots.shrinkage_profile_points_table(pm.Gaussian(2.0), 1.0).to_dict("records")
    assert (row["point"], row["mass"]) == (pytest.approx(0.2), 1.0)
    rows = plots.shrinkage_profile_points_table(pm.SpikeAndSlab(0.3, pm.Gaussian(2.0)), 1.0)
    assert rows["point"].tolist() == pytest.approx([0.2, 1.0])
    assert rows["mass"].tolist() == pytest.approx([0.3, 0.7])


def test_the_figure_draws_its_tables():
    axes = pm.plot_shrinkage_profile(ax=Figure().subplots())
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    table = plots.shrinkage_profile_table()
    for name in ("horseshoe", "lasso"):
        part = table.loc[table["prior"] == name, ["kappa", "density"]].to_numpy()
        np.testing.assert_array_equal(lines[name], part)
    assert lines["pin ridge"][0, 0] == 0.5
    assert axes.get_ylim()[1] < 4  # the unbounded ends leave the figure and hide nothing
    said = plots.shrinkage_profile_caption()
    assert "horseshoe: 20 % of coefficients are expected to lose less than a tenth" in said
    assert "ridge: 0 %" in said
    assert "All lose 0.5." in said


@pytest.mark.parametrize(
    ("priors", "sd", "words"),
    [
        (pm.Gaussian(np.inf), 1.0, "flat"),
        (pm.Laplace(1.0), 0.0, "sd must be a positive"),
        (pm.Laplace([1.0, 2.0]), 1.0, "a figure shows one"),
        (pm.Laplace(pm.HalfCauchy(1.0)), 1.0, "learns its scale"),
        (pm.Laplace(1e-300), 1e300, "out of reach"),
    ],
)
def test_what_has_no_profile_is_refused(priors, sd, words):
    with pytest.raises(pm.PriormapError, match=words):
        pm.plot_shrinkage_profile(priors, sd)


def test_a_prior_that_is_no_mixture_is_refused():
    from logistic_prior import Logistic

    with pytest.raises(pm.PriormapError, match="no mixture of normals"):
        pm.plot_shrinkage_profile(Logistic(1.0))
    data = pm.Regression(np.eye(4), np.arange(4.0), sigma=1.0)
    assert np.isnan(pm.prior_says(data, Logistic(1.0)).table["relevant"].item())
    with pytest.raises(pm.PriormapError, match="no mixture of normals"):
        pm.prior_for(data, Logistic(1.0), relevant=2)
    assert pm.prior_for(data, Logistic(1.0), effect=2.0).scale > 0
