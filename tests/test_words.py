"""Words that point the right way: refusals name what was meant; seeds come in any form."""

import inspect
import re

import numpy as np
import pytest

import priormap
from priormap import (
    Cauchy,
    ElasticNet,
    Flat,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Horseshoe,
    InverseGamma,
    Laplace,
    NormalGamma,
    PriormapError,
    Regression,
    SpikeAndSlab,
    StudentT,
    convert,
    find_map,
    pymc_model,
    sample,
)
from priormap.data.noise import Noise
from priormap.likelihoods import LIKELIHOODS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
DATA = Regression(X, X[:, 0] + RNG.normal(size=30), sigma=2.0)
UNKNOWN = DATA.with_noise(HalfNormal(1.0))


def refused(call, *words):
    with pytest.raises(PriormapError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"n_samples": 10}, "draws"),
        ({"num_samples": 10}, "draws"),
        ({"chians": 2}, "chains"),
        ({"num_chains": 2}, "chains"),
        ({"warmup": 2}, "tune"),
        ({"seed": 1}, "random_seed"),
    ],
)
def test_sample_names_the_keyword_that_was_meant(given, meant):
    refused(lambda: sample(DATA, Laplace(1.0), **given), f"did you mean {meant}")


def test_nuts_names_the_option_that_was_meant():
    wrong = {"method": "nuts", "target_acept": 0.9}
    refused(lambda: sample(DATA, Laplace(1.0), **wrong), "did you mean target_accept?")


def test_what_is_no_option_of_anything_is_not_said_to_be_one():
    refused(lambda: sample(DATA, Laplace(1.0), X_new=X), "no keyword 'X_new'; there are: draws")
    refused(lambda: sample(DATA, Laplace(1.0), cores=1), "'cores' is an option of method='nuts'")


def test_constructors_name_the_keyword_that_was_meant():
    refused(lambda: Regression(X, DATA.y, standardise=True), "did you mean standardize")
    refused(lambda: Regression(X, DATA.y, fit_intercept=True), "did you mean intercept")
    refused(lambda: Gaussian(sd=1.0), "Gaussian has no keyword 'sd'", "did you mean scale?")
    refused(lambda: Laplace(alpha=1.0), "Laplace.from_lasso(alpha, ...)")
    refused(lambda: StudentT(dof=3.0), "did you mean df?")
    refused(lambda: find_map(DATA, "lasso"), "got 'lasso'; did you mean Laplace(...)?")


def test_a_likelihood_that_is_not_there_says_where_likelihoods_are():
    known = LIKELIHOODS[0].label
    for word in ("likelihood", "family"):
        refused(lambda w=word: Regression(X, DATA.y, **{w: "probit"}), known, "pymc_model(")
    refused(lambda: pymc_model(DATA, Laplace(1.0), likelihood="poisson"), known, "pymc_model(")
    options = {"method": "nuts", "likelihood": "poisson"}
    refused(lambda: sample(DATA, Laplace(1.0), **options), known, "pymc_model(")


@pytest.mark.parametrize(
    "given",
    [("sklearn.Lasso", "glmnet", 0.1), ("sklearn.Lasso", 0.1, "glmnet")],
)
def test_convert_says_the_right_order(given):
    refused(lambda: convert(*given, n=10), "convert(0.1, 'sklearn.Lasso', 'glmnet', ...)")


def test_convert_says_how_data_come_in():
    call = (0.1, "sklearn.Lasso", "glmnet")
    refused(lambda: convert(*call, X, DATA.y), "data=Regression(X, y)")
    refused(lambda: convert(*call, DATA), "data=data")
    refused(lambda: convert(*call, X=X, y=DATA.y), "data=Regression(X, y)")


def test_penalties_take_rows_and_noise_from_data():
    assert Laplace.from_lasso(0.1, 2.0, data=DATA) == Laplace.from_lasso(0.1, 2.0, 30)
    assert Laplace.from_lasso(0.1, data=DATA) == Laplace.from_lasso(0.1, 2.0, 30)
    assert Laplace.from_lasso(0.1, 3.0, data=UNKNOWN) == Laplace.from_lasso(0.1, 3.0, 30)
    assert Gaussian.from_ridge(4.0, data=DATA) == Gaussian(1.0)
    net = ElasticNet.from_elastic_net(0.1, 0.5, data=DATA)
    assert net == ElasticNet.from_elastic_net(0.1, 0.5, 2.0, 30)
    assert Laplace(1.0).to_lasso(data=DATA) == Laplace(1.0).to_lasso(2.0, 30)
    assert Gaussian(1.0).to_ridge(data=DATA) == 4.0
    assert net.to_elastic_net(data=DATA) == net.to_elastic_net(2.0, 30)


def test_penalties_say_what_is_missing():
    refused(lambda: Laplace.from_lasso(0.1, 2.0), "number of rows", "data=")
    refused(lambda: Laplace.from_lasso(0.1, n=30), "sigma must be", "data=")
    refused(lambda: Laplace.from_lasso(0.1, 2.0, 30, data=DATA), "give one")
    refused(lambda: Laplace.from_lasso(0.1, data=UNKNOWN), "sigma is unknown", "give sigma")
    refused(lambda: Laplace.from_lasso(0.1, 2.0, data=X), "data must be a Regression")
    refused(lambda: Gaussian.from_ridge(1.0, data=UNKNOWN), "give sigma")


DRAWN = (
    *(Gaussian(1.0), Laplace([1.0, 2.0]), ElasticNet(1.0, 2.0), StudentT(3.0), Cauchy(1.0)),
    *(Horseshoe(1.0), NormalGamma(0.5), SpikeAndSlab(0.5)),
    *(HalfNormal(1.0), HalfStudentT(3, 1.0), HalfCauchy(1.0), InverseGamma(2.0, 1.0)),
    Noise(HalfNormal(1.0)),
)


@pytest.mark.parametrize("one", DRAWN, ids=repr)
def test_rvs_takes_every_random_state(one):
    size = (3, 2)
    expected = one.rvs(size, np.random.default_rng(7))
    assert expected.shape == size
    for state in (7, np.int64(7), np.random.SeedSequence(7), np.random.PCG64(7)):
        np.testing.assert_array_equal(one.rvs(size, random_state=state), expected)
    old = [one.rvs(size, random_state=np.random.RandomState(7)) for _ in range(2)]
    np.testing.assert_array_equal(*old)
    assert one.rvs(size).shape == size
    for bad in (-1, "seven", 1.5, True):
        refused(lambda b=bad: one.rvs(size, random_state=b), "random_state", "SeedSequence")


def test_rvs_without_a_size_draws_one_of_each_scale():
    assert np.ndim(Laplace(1.0).rvs(random_state=1)) == 0
    assert Laplace([1.0, 2.0]).rvs(random_state=1).shape == (2,)
    assert HalfCauchy(1.0).rvs(random_state=1).shape == (1,)


def test_likelihoods_draw_from_a_seed():
    eta = np.zeros(3)
    for kind in LIKELIHOODS:
        expected = kind().rvs(eta, 1.0, np.random.default_rng(1))
        np.testing.assert_array_equal(kind().rvs(eta, 1.0, random_state=1), expected)


def test_a_seed_is_what_numpy_takes_for_one():
    def drawn(seed):
        return sample(DATA, Gaussian(1.0), draws=5, chains=1, random_seed=seed)

    for make in (np.random.SeedSequence, np.random.default_rng):
        first, again = drawn(make(3)), drawn(make(3))
        assert first["posterior"].equals(again["posterior"])
        assert first["posterior"].equals(drawn(first.attrs["random_seed"])["posterior"])
    generator = np.random.default_rng(3)
    assert drawn(generator).attrs["random_seed"] != drawn(generator).attrs["random_seed"]
    refused(lambda: drawn("three"), "random_seed", "a Generator")


def test_dir_lists_public_names_only():
    assert set(dir(priormap)) == {*priormap.__all__, "__version__"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("plot_pth", "plot_path"),
        ("Lasso", "Laplace"),
        ("Ridge", "Gaussian"),
        ("find_mpa", "find_map"),
    ],
)
def test_a_name_that_is_not_there_says_which_is_near(name, meant):
    with pytest.raises(AttributeError, match=re.escape(f"did you mean {meant}")):
        getattr(priormap, name)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            Regression,
            ["X", "y", "sigma", "intercept", "standardize", "names", "family", "event"],
        ),
        (Gaussian, ["scale", "scaled_by_noise", "hyperprior"]),
        (StudentT, ["df", "scale", "scaled_by_noise", "hyperprior"]),
        (ElasticNet, ["l1_scale", "l2_scale", "scaled_by_noise", "hyperprior"]),
        (Flat, []),
    ],
)
def test_help_shows_the_words_of_a_constructor(kind, words):
    assert list(inspect.signature(kind).parameters) == words
