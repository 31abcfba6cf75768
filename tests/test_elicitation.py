"""The scale from what one can say of a prior, and what a scale says: both ways, for every prior."""

import json

import numpy as np
import pytest
from scipy import integrate, stats

import priormap as pm
from priormap.cli import run
from priormap.model.shrinkage_factors import shrinkage_laws
from priormap.priors import PRIORS

STATEMENTS = {"r2": (0.3, "r2_median"), "relevant": (2.5, "relevant"), "effect": (7.0, "effect")}
KINDS = {kind.name: kind for kind in PRIORS if kind.scales}


def regression(n=60, p=6, sigma=1.0, unit=1.0, constant=False, **options):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, p)) * np.geomspace(0.1, 10, p)
    y = unit * (X[:, 0] + rng.normal(size=n))
    if constant:
        X[:, -1] = 3.0
    return pm.Regression(X, y, sigma=sigma and sigma * unit, **options)


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("sigma", [1.0, None])
def test_what_was_said_is_what_the_prior_says(name, statement, standardize, sigma):
    data = regression(sigma=sigma, standardize=standardize)
    value, column = STATEMENTS[statement]
    prior = pm.prior_for(data, name, **{statement: value})
    assert isinstance(prior, KINDS[name])
    assert pm.prior_says(data, prior).table[column].item() == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(
    "prior",
    [
        pm.Laplace(pm.HalfCauchy(1.0)),
        pm.Gaussian([1, 2, 3, 4, 5, 6.0]),
        pm.Horseshoe(1.0, scaled_by_noise=True),
        pm.ElasticNet([1, 2, 1, 2, 1, 2.0], 3.0),
        pm.SpikeAndSlab(0.5, pm.Laplace(2.0)),
    ],
    ids=repr,
)
def test_an_instance_keeps_its_shape(prior, statement):
    data = regression(sigma=None, standardize=True)
    value, column = STATEMENTS[statement]
    found = pm.prior_for(data, prior, **{statement: value})
    assert found.hyperprior == prior.hyperprior
    assert found.scaled_by_noise == prior.scaled_by_noise
    assert pm.prior_says(data, found).table[column].item() == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("unit", [1e-150, 1e150])
@pytest.mark.parametrize("name", KINDS)
def test_no_unit_matters(name, unit):
    one = regression(standardize=True)
    other = regression(unit=unit, standardize=True)
    for statement, (value, _) in STATEMENTS.items():
        size = unit if statement == "effect" else 1.0
        here = pm.prior_for(one, name, **{statement: value})
        there = pm.prior_for(other, name, **{statement: value * size})
        spread = np.asarray(there.spread) / unit
        assert spread == pytest.approx(np.asarray(here.spread), rel=1e-6)


def test_relevant_is_the_closed_form_of_piironen_and_vehtari():
    """Eq. 3.11: the horseshoe's m_eff is the sum of ``a / (1 + a)``; that of ridge its dof."""
    data = regression(n=100, standardize=True)
    a = 0.03 * np.sqrt(100)
    said = pm.prior_says(data, {"h": pm.Horseshoe(0.03), "g": pm.Gaussian(0.03)}).table["relevant"]
    assert said["h"] == pytest.approx(6 * a / (1 + a), rel=1e-6)
    assert said["g"] == pytest.approx(6 * a**2 / (1 + a**2), rel=1e-6)
    wanted = pm.Horseshoe.from_relevant(2, features=6, n=100).global_scale
    assert pm.prior_for(data, "horseshoe", relevant=2).global_scale == pytest.approx(wanted)


@pytest.mark.parametrize(
    "prior",
    [
        pm.Laplace(0.7),
        pm.ElasticNet(0.7, 0.5),
        pm.StudentT(3, 0.4),
        pm.NormalGamma(0.3, 2.0),
        pm.SpikeAndSlab(0.3, pm.Laplace(0.7)),
    ],
    ids=repr,
)
def test_the_law_of_local_variances_is_that_of_the_prior(prior):
    """The mixture has the prior's density, and kappa's density the mean of the law."""
    ((law, scale),) = shrinkage_laws(prior)
    size, sd = float(np.ravel(scale)[0]), 0.6
    b = np.array([0.05, 0.4, 2.0])
    normal = stats.norm.pdf(b[:, None], scale=size * np.sqrt(law.variances))
    mixed = law.inclusion * normal @ law.weights
    assert mixed == pytest.approx(np.exp(prior.logpdf(b)), rel=1e-6)
    share = float(law.mean_share(np.log(size / sd)))

    def survives(kappa, power=1):
        return float(law.density(np.array(kappa), size / sd)) * (1 - kappa) ** power

    assert integrate.quad(survives, 0, 1, limit=800)[0] == pytest.approx(share, rel=1e-4)
    total = integrate.quad(survives, 0, 1, (0,), limit=800)[0]
    assert total == pytest.approx(law.inclusion, rel=1e-3)


def test_an_effect_limit_holds_so_many_effects():
    with pytest.warns(pm.PriormapWarning, match="is constant"):
        data = regression(constant=True)
    for name in KINDS:
        prior = pm.prior_for(data, name, effect=3.0)
        mass = np.asarray(
            prior.stretched(np.where(data.column_sd > 0, data.column_sd, 1.0)).probability(3.0)
        )
        assert mass[:-1] == pytest.approx(0.95, rel=1e-9)
    gaussian = pm.prior_for(regression(standardize=True), pm.Gaussian, effect=3.0)
    assert gaussian.scale == pytest.approx(3.0 / stats.norm.isf(0.025))


@pytest.mark.parametrize(
    ("family", "said", "words"),
    [
        ("lasso", {}, "exactly one of r2, relevant and effect, got none"),
        ("lasso", {"r2": 0.5, "effect": 1.0}, "got r2 and effect"),
        ("lasso", {"r2": 1.0}, "r2 must lie between 0 and 1"),
        ("lasso", {"r2": 0}, "r2 must be a positive"),
        ("lasso", {"relevant": 6}, "relevant must be below 6"),
        ("lasso", {"relevant": -1}, "relevant must be a positive"),
        ("lasso", {"effect": np.inf}, "effect must be a positive finite number"),
        ("lassso", {"r2": 0.5}, "family 'lassso' is unknown; did you mean"),
        (3, {"r2": 0.5}, "prior must be"),
        (pm.Gaussian(np.inf), {"r2": 0.5}, "family Gaussian(scale=inf) is flat"),
        ("flat", {"r2": 0.5}, "is flat in some column"),
        (pm.SpikeAndSlab(0.05), {"r2": 0.5}, "give a larger inclusion"),
        (pm.SpikeAndSlab(0.04), {"effect": 0.5}, "give a larger inclusion"),
    ],
)
def test_what_means_nothing_is_refused(family, said, words):
    with pytest.raises(pm.PriormapError, match=words.replace("(", r"\(").replace(")", r"\)")):
        pm.prior_for(regression(), family, **said)


def test_no_column_and_no_noise_say_nothing():
    with pytest.warns(pm.PriormapWarning, match="is constant"):
        flat = pm.Regression(np.ones((5, 2)), np.arange(5.0), sigma=1.0)
    with pytest.raises(pm.PriormapError, match="no column varies"):
        pm.prior_for(flat, "ridge", r2=0.5)
    improper = regression(sigma=None).with_noise(pm.Jeffreys())
    with pytest.raises(pm.PriormapError, match="improper and predicts nothing"):
        pm.prior_for(improper, "ridge", relevant=2)


def test_extremes_are_said_too():
    table = pm.prior_says(
        regression(), {"flat": pm.Gaussian(np.inf), "thin": pm.Laplace(1e-300)}
    ).table
    assert table.loc["flat", ["r2_median", "relevant", "effect"]].tolist() == [1.0, 6.0, np.inf]
    assert table.loc["thin", ["r2_median", "relevant"]].astype(float).to_numpy() == pytest.approx(0)


def test_statements_show_and_serialise():
    said = pm.prior_says(regression(standardize=True), {"lasso": pm.Laplace(0.1)})
    assert "lasso: before y is seen, R^2 is" in repr(said)
    assert json.loads(json.dumps(said.to_dict()))["priors"][0]["prior"] == "lasso"
    assert "of 6 coefficients matter" in said.sentences["lasso"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["contrast", "--scale=r2=0.3", "--prior=lasso"], "Laplace(scale=9.36"),
        (["compare", "--scale=relevant=3"], "Gaussian(scale=1.18919) from relevant=3"),
        (
            ["compare", "--prior=ridge", "--scale=effect=20"],
            "Gaussian(scale=10.2043) from effect=20",
        ),
    ],
)
def test_a_command_takes_a_scale_in_words(command, words, capsys):
    assert run(command) == 0
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ("r2=2", "r2 must lie between 0 and 1, got 2.0"),
        ("size=2", "--scale must be one of r2, relevant, effect, got 'size'"),
        ("r2=half", "--scale r2= must be a number, got 'half'"),
    ],
)
def test_a_command_refuses_a_scale_that_says_nothing(scale, words, capsys):
    assert run(["contrast", "--scale", scale]) == 2
    assert words in capsys.readouterr().err
