"""Several imputations as one posterior, against Rubin's rules where moments are exact."""

import numpy as np
import pytest

from priormap import (
    Gaussian,
    HalfNormal,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    pool,
    posterior_moments,
    predict,
    sample,
)

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 2))
Y = X @ [1.0, -0.5] + RNG.normal(size=40)
M = 5


def imputed(sigma=1.0, names=("a", "b")):
    """The same table, with the first third of a column drawn anew each time."""
    for k in range(M):
        table = X.copy()
        table[:13, 1] = np.random.default_rng(k).normal(size=13)
        order = [names.index(name) for name in ("a", "b")]
        yield Regression(table[:, np.argsort(order)], Y, sigma=sigma, names=list(names))


GAUSSIAN = Gaussian(1.0)


def draws(many=imputed, prior=GAUSSIAN, **options):
    options = {"draws": 4000, "chains": 2, **options}
    return [sample(one, prior, random_seed=k, **options) for k, one in enumerate(many())]


def test_moments_are_those_of_rubin():
    coef = pool(draws())["posterior"]["coef"]
    exact = [posterior_moments(one, Gaussian(1.0)) for one in imputed()]
    means = np.array([one.mean[["a", "b"]] for one in exact])
    within = np.mean([np.diag(one.cov.loc[["a", "b"], ["a", "b"]]) for one in exact], axis=0)
    between = means.var(axis=0, ddof=1)
    total = within + (1 - 1 / M) * between  # of an equal mixture
    size = coef.sizes["chain"] * coef.sizes["draw"]
    flat = coef.stack(sample=("chain", "draw"))
    error = np.sqrt(total / size)
    assert (np.abs(flat.mean("sample") - means.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(flat.var("sample"), total, rtol=5 * np.sqrt(2 / size))
    assert (between[1] / M) > 10 * error[1] ** 2  # negative control: they do differ


def test_a_chain_knows_its_imputation_and_columns_are_met_by_name():
    few = {"draws": 50}
    plain = draws(**few)
    turned = draws(lambda: imputed(names=("b", "a")), **few)
    pooled = pool([plain[0], turned[1], plain[2]])
    posterior = pooled["posterior"]
    assert posterior["imputation"].values.tolist() == [0, 0, 1, 1, 2, 2]
    assert posterior["feature"].values.tolist() == ["a", "b"]
    one = posterior["coef"].sel(chain=2).values
    np.testing.assert_array_equal(one, turned[1]["posterior"]["coef"][0].sel(feature=["a", "b"]))
    assert "observed_data" not in pooled.children
    assert pooled.attrs["imputations"] == 3
    assert pooled.attrs["sigma"] == 1.0
    new = predict(pooled, X[:3], random_seed=1)
    assert new["predictions"]["y"].shape == (6, 50, 3)


def test_what_cannot_be_pooled():
    few = {"draws": 10, "chains": 1}
    one = draws(**few)[0]
    other = sample(Regression(X, Y, sigma=1.0, names=["a", "c"]), Gaussian(1.0), **few)
    unknown = sample(
        Regression(X, Y, sigma=HalfNormal(1.0), names=["a", "b"]), Gaussian(1.0), **few
    )
    longer = draws(draws=11, chains=1)[0]
    for trees, words in (
        ([], "no posterior to pool"),
        ([one, other], "column 'b' is in one of the posteriors 0 and 1 only"),
        ([one, unknown], "sigma is in one of the posteriors 0 and 1 only"),
        ([one, longer], "posterior 1 has 11 draws, where posterior 0 has 10"),
        ([one, 3], "posterior 1 is no DataTree"),
    ):
        with pytest.raises(PriormapError, match=words):
            pool(trees)


def test_draws_of_one_imputation_that_are_not_to_be_trusted_are_named():
    good, bad = draws(prior=Laplace(1.0), draws=500)[:2]
    bad.attrs |= {"min_ess_bulk": 10.0, "min_ess_tail": 10.0, "max_rhat": 1.5}
    with pytest.warns(PriormapWarning, match="draws of imputation 1 are not to be trusted"):
        pool([good, bad])
