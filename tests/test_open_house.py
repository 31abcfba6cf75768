"""The house is open: a prior and a density that it does not know go through every verb."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import priormap as pmap
from logistic_prior import Chi, Logistic, logistic_variable
from priormap import plots, priors
from priormap.cli import run
from priormap.plots import style
from priormap.posterior.pymc import variables
from priormap.priors import densities

NO_MODE = "its penalty 2 log cosh"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Its line in each of the three registers, and that of the density."""
    monkeypatch.setattr(priors, "PRIORS", (*priors.PRIORS, Logistic))
    monkeypatch.setitem(variables.COEFFICIENTS, Logistic, logistic_variable)
    monkeypatch.setitem(style.LOOKS, "Logistic", style.Look("#7a3b8f", "-"))
    monkeypatch.setattr(densities, "DENSITIES", (*densities.DENSITIES, Chi))


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    return X.assign(y=X @ [2.0, 0.5, 0.0] + rng.normal(size=40))


@pytest.fixture(scope="module")
def data(table):
    return pmap.Regression.from_frame(table, target="y", sigma=1.0)


@pytest.fixture(scope="module")
def contrast(data):
    pair = {"logistic": Logistic(0.5), "lasso": pmap.Laplace(0.5)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(variables.COEFFICIENTS, Logistic, logistic_variable)
        return pmap.contrast(data, pair, draws=500, tune=500, random_seed=1)


# one coefficient


def test_the_prior_is_what_it_says():
    prior = Logistic(0.7)
    mass = integrate.quad(lambda b: np.exp(prior.logpdf(b)), -60, 60, points=[0])[0]
    assert mass == pytest.approx(1, abs=1e-9)
    law = stats.logistic(scale=0.7)
    b = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(prior.logpdf(b), law.logpdf(b), rtol=1e-13)
    assert prior.sd == pytest.approx(law.std())
    assert prior.interval(0.9) == pytest.approx(law.ppf(0.95))
    assert prior.probability(0.4) == pytest.approx(law.cdf(0.4) - law.cdf(-0.4))
    assert repr(Logistic([1.0, 2.0], scaled_by_noise=True)) == (
        "Logistic(scale=[1., 2.], scaled_by_noise=True)"
    )


def test_the_density_is_what_it_says():
    law = stats.chi(3, scale=2.0)
    x = np.array([0.1, 1.0, 5.0])
    np.testing.assert_allclose(Chi(3.0, 2.0).logpdf(x), law.logpdf(x), rtol=1e-12)
    assert Chi(3.0, 2.0).tail_power == np.inf
    numerator, denominator = Chi(3.0, 2.0).log_slope()
    assert (numerator, denominator) == ((-2.0, 0.25), (1.0,))


# the verbs


def test_log_posterior(data):
    prior, coef = Logistic(0.5), np.array([1.0, 0.0, -0.3])
    noise = stats.norm(0.2 + data.X @ coef, 1.0).logpdf(data.y).sum()
    known = pmap.log_posterior(data, prior, coef, 0.2)
    assert known == pytest.approx(noise + stats.logistic(scale=0.5).logpdf(coef).sum())
    learnt = pmap.log_posterior(data, Logistic(Chi(3.0, 2.0)), coef, 0.2, scale=0.5)
    assert learnt == pytest.approx(known + stats.chi(3, scale=2.0).logpdf(0.5))


def test_an_exact_mode_is_refused_in_its_own_words(data):
    for verb in (pmap.find_map, pmap.map_path):
        with pytest.raises(pmap.PriormapError, match=NO_MODE):
            verb(data, Logistic(0.5))
    with pytest.raises(pmap.PriormapError, match=NO_MODE):
        pmap.audit(data, Logistic(0.5), [0.0, 0.0, 0.0])
    with pytest.raises(pmap.PriormapError, match=NO_MODE):
        pmap.compare_map(data, {"logistic": Logistic(0.5)})


def test_kernels_are_refused_with_the_reason(data):
    with pytest.raises(pmap.PriormapError, match="Logistic"):
        pmap.sample(data, Logistic(0.5), method="gibbs")


def test_a_density_learns_the_scale_of_any_prior(data):
    """Through the compiled kernels, which know it by its numbers."""
    tree = pmap.sample(data, pmap.Laplace(Chi(3.0, 0.5)), draws=500, chains=2, random_seed=1)
    scale = tree["posterior"]["scale"].to_numpy().ravel()
    assert scale.min() > 0
    assert stats.kstest(scale, stats.chi(3, scale=0.5).cdf).pvalue < 1e-3  # the data moved it
    assert pmap.find_map(data.with_noise(Chi(3.0, 1.0)), pmap.Laplace(0.5)).certificate.is_mode


def test_contrast_without_its_mode(contrast):
    assert list(contrast.modes) == ["lasso"]
    assert list(contrast.posteriors) == ["logistic", "lasso"]
    summary = contrast.summary
    assert summary["family"].tolist() == ["Logistic", "Laplace"]
    assert np.isnan(summary.loc["logistic", "zeros_mode"])
    assert summary.loc["logistic", "dof_posterior"] == pytest.approx(3, abs=0.5)
    assert NO_MODE in repr(contrast)
    posterior = contrast.posteriors["logistic"]["posterior"]["coef"].mean(("chain", "draw"))
    assert abs(float(posterior.sel(feature="a")) - 2) < 0.6
    json.dumps(contrast.to_dict(), default=float)


# the figures


def test_figures_of_priors(data):
    pair = {"logistic": Logistic(0.5), "lasso": pmap.Laplace(0.5)}
    assert len(plots.plot_prior_shapes(pair)[0].lines) >= 2
    assert plots.plot_shrinkage(pair).lines
    table = plots.shrinkage_table(pair)
    part = table[table["prior"] == "logistic"]
    assert (part["mode"].abs() <= part["z"].abs()).all()
    assert plots.plot_prior_predictive(data, pair) is not None
    assert "logistic" in plots.prior_predictive_caption(data, pair)


def test_figures_of_a_contrast(contrast, tmp_path):
    with pytest.warns(
        pmap.PriormapWarning, match=f"is left out: .* has no exact mode: .*{NO_MODE}"
    ):
        written = plots.write_figures(tmp_path / "figures", table=contrast)
    names = {path.name for path in written}
    assert {"contrast.png", "posterior-vs-map.png", "prior-predictive.png"} <= names


# report and command line


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_command_line(table, tmp_path, capsys):
    file = tmp_path / "table.csv"
    table.to_csv(file, index=False)
    given = [str(file), "--target", "y", "--prior", "logistic", "--scale", "0.5", "--sigma", "1"]
    few = ["--draws", "100", "--seed", "1"]
    assert run(["contrast", *given, *few]) == 0
    assert NO_MODE in " ".join(capsys.readouterr().out.split())
    assert run(["sample", *given, *few, "-o", str(tmp_path / "draws.nc")]) == 0
    capsys.readouterr()
    assert run(["compare", *given]) == 2
    assert NO_MODE in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_a_report_says_why_there_is_no_mode(data, tmp_path, monkeypatch):
    monkeypatch.setattr("priormap.report.figures._MOST_PATHS", 0)
    quick = {"draws": 60, "tune": 60, "chains": 2, "random_seed": 3}
    priors = {"logistic": Logistic(0.5), "lasso": pmap.Laplace(0.3)}
    for named in (priors, {"logistic": priors["logistic"]}):
        path = pmap.write_report(data, named, tmp_path / "r.md", force=True, **quick)
        page = path.read_text("utf-8")
        assert page.count(NO_MODE) >= 3  # in short, among the modes and in the methods
        assert "Balakrishnan" in page
        assert "not drawn" not in page
        assert " nan " not in page
