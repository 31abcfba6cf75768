"""The code to paste: PyMC's is run, that of the others is read token by token."""

import re

import numpy as np
import pandas as pd
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Horseshoe,
    InverseGamma,
    Laplace,
    PriormapError,
    Regression,
    log_posterior,
    model_code,
)
from priormap.cli import run
from priormap.model import Model

RNG = np.random.default_rng(3)
X = RNG.normal(size=(12, 3)) * [1.0, 5.0, 0.2]
Y = X @ [1.0, 0.0, 2.0] + RNG.normal(size=12)
LANGUAGES = ["pymc", "stan", "brms", "bambi"]


def regression(sigma=1.5, **options):
    return Regression(X, Y, sigma=sigma, names=["dose", "age", "b.m.i"], **options)


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
@pytest.mark.parametrize(
    ("prior", "options"),
    [
        (Laplace(0.5), {}),
        (Gaussian(0.5), {"standardize": True}),
        (Laplace([0.1, 1.0, 2.0]), {"intercept": False, "sigma": HalfNormal(2.0)}),
        (Gaussian(0.3, scaled_by_noise=True), {}),
        (ElasticNet(0.7, np.inf), {"sigma": None}),
    ],
)
def test_the_code_for_pymc_has_our_log_density(prior, options):
    """To 1e-7: PyTensor takes a number such as 0.5, exact in single precision, for one."""
    data, names = regression(**options), {"X": X, "y": Y}
    exec(model_code(data, prior), names)
    model = names["model"]
    logp = model.compile_logp(jacobian=False)
    coef = np.array([0.3, -0.2, 1.1])
    for sigma in (0.8, 2.5):
        point = {"coef": coef, "intercept": 0.4, "sigma_log__": np.log(sigma)}
        known = {variable.name for variable in model.value_vars}
        ours = {"sigma": sigma} if not data.noise.is_known else {}
        ours["intercept"] = 0.4 if data.intercept else 0.0
        found = logp({name: value for name, value in point.items() if name in known})
        assert found == pytest.approx(log_posterior(data, prior, coef, **ours), rel=1e-7)


DENSITIES = {  # what each program means by the numbers, by its manual
    "double_exponential": lambda b, s: -abs(b) / s - np.log(2 * s),
    "normal": lambda b, s: -0.5 * (b / s) ** 2 - np.log(s * np.sqrt(2 * np.pi)),
}
DENSITIES |= {"Laplace": DENSITIES["double_exponential"], "Normal": DENSITIES["normal"]}
LINES = {
    "stan": r"coef ~ (\w+)\(0, (\[.*?\]|[\d.e-]+)'?\);",
    "brms": r"prior\((\w+)\(0, ([\d.e-]+)\), class = b(?:,|\))",
    "bambi": r'bmb\.Prior\("(\w+)", mu=0, (?:b|sigma)=([\d.e-]+)\)',
}


@pytest.mark.parametrize("language", LINES)
@pytest.mark.parametrize("prior", [Laplace(0.5), Gaussian(0.5), Laplace([0.1, 1.0, 2.0])])
@pytest.mark.parametrize("standardize", [False, True])
def test_the_numbers_of_the_others_are_those_of_our_density(language, prior, standardize):
    data = regression(standardize=standardize)
    code = model_code(data, prior, language)
    found = re.findall(LINES[language], code)
    numbers = np.concatenate([np.array(eval(f"[{text}]")).ravel() for _, text in found])
    (family,) = {family for family, _ in found}
    coef = np.array([0.3, -0.2, 1.1])
    theirs = DENSITIES[family](coef, numbers)
    assert theirs == pytest.approx(Model(data, prior).column_prior.logpdf(coef), rel=1e-12)
    assert ("a scale, not a rate or an sd" in code) == (prior.label == "Laplace")


def test_the_noise_in_every_language():
    unknown = regression(HalfNormal(2.0))
    said = {
        "pymc": 'pm.HalfNormal("sigma", sigma=2)',
        "stan": "sigma ~ normal(0, 2);",
        "brms": "prior(normal(0, 2), class = sigma)",
        "bambi": '"sigma": bmb.Prior("HalfNormal", sigma=2)',
    }
    for language, line in said.items():
        assert line in model_code(unknown, Laplace(0.5), language)
    assert "real<lower=0> sigma;" in model_code(unknown, Laplace(0.5), "stan")
    assert "student_t(1, 0, 2)" in model_code(regression(HalfCauchy(2.0)), Laplace(0.5), "stan")
    assert "constant(1.5)" in model_code(regression(), Laplace(0.5), "brms")
    assert "real sigma = 1.5;" in model_code(regression(), Laplace(0.5), "stan")


@pytest.mark.parametrize(
    ("data", "prior", "language", "words"),
    [
        (regression(), ElasticNet(1.0, 1.0), "stan", "pymc_model"),
        (regression(), Horseshoe(1.0), "pymc", "has no code"),
        (regression(), Gaussian(np.inf), "brms", "pymc_model"),
        (regression(), Laplace(HalfCauchy(1.0)), "pymc", "scale"),
        (regression(None), Laplace(1.0, scaled_by_noise=True), "pymc", "known sigma"),
        (regression(InverseGamma(2.0, 1.0)), Laplace(1.0), "stan", "HalfNormal"),
        (Regression(X, Y, sigma=1.0, names=["a b", "y", "c"]), Laplace(1.0), "brms", "'a b'"),
        (Regression(X, Y, sigma=1.0, names=["a", "y", "c"]), Laplace(1.0), "bambi", "'y'"),
        (regression(), Laplace(1.0), "jags", "one of pymc, stan, brms, bambi"),
    ],
)
def test_what_has_no_line_is_refused(data, prior, language, words):
    with pytest.raises(PriormapError, match=re.escape(words)):
        model_code(data, prior, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_explain_gives_the_code(language, tmp_path, capsys):
    path = tmp_path / "t.csv"
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=Y, w=1.0).to_csv(path, index=False)
    words = ["explain", "sklearn.Lasso", str(path), "--target", "y", "--alpha", "0.1"]
    assert run([*words, "--drop", "w", "--code", language]) == 0
    shown = capsys.readouterr().out
    assert f"In {language}" in shown
    assert {"pymc": "pm.Laplace", "bambi": '"Laplace"'}.get(language, "double_exponential") in shown
    assert run([*words, "--weights", "w", "--code", language]) == 2
    assert "--code has no weights" in capsys.readouterr().err
