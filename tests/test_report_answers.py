"""What the page says first: right for every number of priors, kind of prior and shape of data."""

import re
import warnings

import numpy as np
import pytest

import priormap as pmap
from priormap import PriormapError, PriormapWarning
from priormap.cli import run
from priormap.tables.effects import answers, clear_signs
from report_pages import tree

QUICK = {"draws": 300, "random_seed": 1}
PAIR = {"ridge": pmap.Gaussian(1.0), "lasso": pmap.Laplace(0.5)}


@pytest.fixture(autouse=True)
def _few_draws_are_meant(monkeypatch):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "these draws are not to be trusted", PriormapWarning)
        yield


def regression(coef, n=60, noise=0.5, seed=0, names=None, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(coef)))
    names = names or [f"c{j}" for j in range(len(coef))]
    return pmap.Regression(X, X @ coef + noise * rng.normal(size=n), names=names, **options)


def sections(data, priors, tmp_path, **options):
    """Items and paragraphs of every section of a page, by its anchor."""
    path = pmap.write_report(data, priors, tmp_path / "r.html", **(QUICK | options))
    page = tree(path.read_text("utf-8"))
    return {
        section.attributes["id"]: [e.text for e in section.all("li", "p")]
        for section in page.all("section")
    }


def test_columns_directions_disagreement_prediction_then_identity(tmp_path):
    data = regression([2.0, 0.0, -1.0], sigma=None)
    said = sections(data, PAIR, tmp_path)["short"]
    assert said[0] == (
        "Clearly not zero under both priors, with intervals that leave out 0: y rises with c0 "
        "and falls with c2."
    )
    assert said[1].startswith(("The priors agree:", "The estimates differ most in"))
    assert said[2].startswith("These data do not tell the priors apart: ")
    assert re.match(r"Under ridge: Ridge\(alpha=\S+ equals the Gaussian MAP .*\. The mode", said[3])
    assert said[4].startswith("Under lasso: Lasso(")
    assert len(said) == 5


def test_signs_are_those_of_the_intervals_and_ranked_by_effect():
    data = regression([0.5, 0.0, -3.0, 0.001], sigma=0.5)
    table = pmap.contrast(data, PAIR, **QUICK)
    signs = clear_signs(table)
    assert list(signs.index[:2]) == ["c2", "c0"]
    rows = table.coefficients.set_index(["prior", "feature"])
    for prior in PAIR:
        for name, sign in signs[prior].items():
            low, high = rows.loc[(prior, name), ["hdi_low", "hdi_high"]]
            assert sign == (1 if low > 0 else -1 if high < 0 else 0)


def test_one_prior_has_nobody_to_disagree_with(tmp_path):
    page = sections(regression([2.0, 0.0], sigma=0.5), {"only": pmap.Laplace(0.5)}, tmp_path)
    first, *rest = page["short"]
    assert first == "Clearly not zero, with intervals that leave out 0: y rises with c0."
    assert len(rest) == 1
    assert page["support"][0] == "One prior was given, only, so there is nothing to tell apart."


def test_nothing_clearly_nonzero(tmp_path):
    data = regression([0.0] * 4, n=30, sigma=None, seed=4)
    priors = {"ridge": pmap.Gaussian(0.1), "lasso": pmap.Laplace(0.1)}
    said = sections(data, priors, tmp_path)["short"]
    assert said[0] == "No column is clearly not zero under both priors: every interval holds 0."
    assert not any("disagree" in one for one in said)


def test_a_prior_that_sees_nothing_is_the_one_named(tmp_path):
    data = regression([2.0, -2.0, 0.0], sigma=0.5)
    priors = PAIR | {"net": pmap.ElasticNet(0.5, 1.0), "narrow": pmap.Gaussian(1e-4)}
    said = sections(data, priors, tmp_path)["short"]
    while said[0].startswith("Under "):
        assert ": the scale contradicts the data by " in said.pop(0)
    said.insert(0, "")
    assert said[1] == "No column is clearly not zero under all priors."
    assert said[2].startswith(
        "The priors disagree on what is clearly not zero: under all but narrow"
    )
    assert re.search(r"y rises with c0\b.* falls with c1\b", said[2])
    assert re.search(r"and [-0-9.e]+ under narrow|by [-0-9.e]+ under narrow", said[3])
    assert said[4].startswith("These data favour ")
    assert "narrow has" in said[4]


def test_of_many_columns_the_strongest_are_named(tmp_path):
    coef = np.concatenate([np.linspace(5, 2, 12) * (-1) ** np.arange(12), np.zeros(8)])
    data = regression(coef, n=200, sigma=0.5)
    said = sections(data, {"ridge": pmap.Gaussian(3.0)}, tmp_path)["short"]
    assert re.match(r"1\d of 20 columns are clearly not zero, with intervals that leave", said[0])
    assert re.search(r"\(and \d weaker ones\)\.$", said[0])
    assert len(set(re.findall(r"c\d+", said[0]))) == 6
    assert "c0" in said[0]


def test_wide_data_say_that_leave_one_out_is_not_to_be_trusted(tmp_path):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(25, 60))
    data = pmap.Regression(X, X[:, :8].sum(axis=1) * 3, sigma=0.1)
    page = sections(data, PAIR, tmp_path)
    (said,) = (one for one in page["short"] if "leave-one-out" in one)
    assert said.startswith("Which prior predicts best is left open, because leave-one-out")
    assert said in page["support"]


@pytest.mark.parametrize("sigma", [0.5, None])
def test_priors_without_a_mode_and_learnt_scales(sigma, tmp_path):
    data = regression([2.0, 0.0, -1.0], sigma=sigma)
    priors = {
        "learnt": pmap.Laplace(pmap.HalfCauchy(1.0)),
        "horseshoe": pmap.Horseshoe(0.5),
        "spike": pmap.SpikeAndSlab(0.5, pmap.Gaussian(1.0)),
    }
    page = sections(data, priors, tmp_path)
    said = page["short"]
    assert said[0].startswith("Clearly not zero under all priors")
    assert "rises with c0 and falls with c2" in said[0]
    for name in ("horseshoe", "spike"):
        (about,) = (one for one in said if one.startswith(f"Under {name}: "))
        assert about.startswith(f"Under {name}: There is no exact mode, because")
    assert not any("log evidence: not given" in one for one in page["support"] if "spike" in one)
    assert "Under learnt the scale is learnt from the data: " in "".join(page["data"])
    known = "Sigma is 0.5, taken as known." if sigma else "Sigma is unknown, under HalfStudentT("
    assert any(one.startswith(known) for one in page["data"])


def test_every_sentence_begins_as_one(tmp_path):
    page = sections(regression([2.0, 0.0, -1.0], sigma=None), PAIR, tmp_path)
    for name in ("short", "data", "beliefs", "posterior", "support", "diagnostics"):
        for said in page[name]:
            assert said[0] == said[0].upper(), said


def test_support_has_the_numbers_of_the_comparison_and_can_be_made_again(tmp_path, capsys):
    data = regression([2.0, 0.0, -1.0], sigma=0.5)
    path = pmap.write_report(data, PAIR, tmp_path / "r.html", **QUICK)
    page = tree(path.read_text("utf-8"))
    (table,) = (t for t in page.all("table") if "What each prior predicts" in t.text)
    rows = {
        next(line.all("th")).text: [float(one.attributes["value"]) for one in line.all("data")]
        for line in next(table.all("tbody")).all("tr")
    }
    drawn = pmap.contrast(data, PAIR, **QUICK).posteriors
    options = {"folds": None, "refits": 0, "posteriors": drawn, "random_seed": 1}
    found = pmap.compare_priors(data, PAIR, **options).table.loc[list(PAIR)]
    (elpd,) = (values for words, values in rows.items() if words.endswith("(elpd)"))
    assert elpd == found["elpd"].tolist()
    (code,) = (c.text for c in page.all("code") if "compare_priors(" in c.text)
    tail = code[code.index("drawn =") :]
    session = {"pmap": pmap, "data": data, "priors": PAIR}
    exec(tail, session | {"table": pmap.contrast(data, PAIR, **QUICK)})
    assert "elpd" in capsys.readouterr().out
    assert rows["effective number of parameters"] == found["parameters"].tolist()


def test_draws_that_are_there_are_compared_as_they_are():
    data = regression([2.0, 0.0], sigma=0.5)
    drawn = pmap.contrast(data, PAIR, **QUICK).posteriors
    found = pmap.compare_priors(data, PAIR, folds=None, posteriors=drawn, random_seed=0)
    assert found.posteriors["lasso"] is drawn["lasso"]
    assert found.table["crps"].isna().all()
    assert "–" in "".join(str(block) for block in found.blocks())
    for bad, words in (
        ({"net": drawn["lasso"]}, "posteriors has 'net', which is none of: ridge, lasso"),
        ([drawn["lasso"]], "posteriors must be a dict of draws"),
    ):
        with pytest.raises(PriormapError, match=words):
            pmap.compare_priors(data, PAIR, posteriors=bad)
    other = pmap.contrast(regression([1.0], sigma=0.5), PAIR, **QUICK).posteriors
    with pytest.raises(PriormapError, match="has other columns than the data"):
        pmap.compare_priors(data, PAIR, posteriors=other)


def test_the_answers_name_what_y_is():
    table = pmap.contrast(regression([2.0, 0.0], sigma=0.5), PAIR, **QUICK)
    assert ": weight rises with c0." in answers(table, "weight")[0]


# a page without a file, and of an estimator


def test_without_a_path_the_page_is_returned(tmp_path):
    data = regression([2.0, 0.0], sigma=0.5)
    page = pmap.write_report(data, PAIR, **QUICK)
    path = pmap.write_report(data, PAIR, tmp_path / "r.html", **QUICK)
    assert str(page) == path.read_text("utf-8")
    assert page.write(tmp_path / "again.html").read_text("utf-8") == str(page)
    with pytest.raises(PriormapError, match="exists"):
        page.write(path)
    (frame,) = tree(page._repr_html_()).all("iframe")
    assert frame.attributes["srcdoc"] == str(page)
    assert repr(page).startswith("What a penalty believes about y: a page of ")
    with pytest.raises(PriormapError, match="format 'markdown' needs a path"):
        pmap.write_report(data, PAIR, format="markdown")


def test_an_estimator_and_its_explanation_give_one_page(tmp_path):
    from sklearn.linear_model import Lasso

    data = regression([2.0, 0.0, -1.0], sigma=0.5)
    X, y = np.array(data.X), np.array(data.y)
    fitted = Lasso(alpha=0.1, tol=1e-14).fit(X, y)
    explanation = pmap.explain(fitted, X, y)
    page = pmap.write_report(fitted, X=X, y=y, **QUICK)
    assert str(page) == str(pmap.write_report(explanation, **QUICK))
    path = pmap.write_report(explanation, tmp_path / "r.html", **QUICK)
    assert path.read_text("utf-8") == str(page)
    items = [item.text for item in tree(str(page)).all("li")]
    assert f"Sigma is {explanation.sigma:.6g}, {explanation.sigma_origin}." in items
    assert "The coefficients of Lasso(alpha=0.1): " + str(explanation.verdict) in items
    beside = pmap.write_report(explanation, {"ridge": pmap.Gaussian(1.0)}, **QUICK)
    assert "Lasso(alpha=0.1) and ridge" in str(beside)


def test_what_lacks_its_data_or_its_priors_is_told_how(tmp_path):
    from sklearn.linear_model import Lasso

    data = regression([2.0, 0.0], sigma=0.5)
    X, y = data.X, data.y
    for given, words in (
        ((Lasso().fit(X, y),), "Lasso has no data of its own; .*X=X, y=y"),
        ((Lasso().fit(X, y), X, y), "path must be the name of a file, got array.*X=X, y=y"),
        ((data, "r.html"), r"priors is the path 'r.html'; give both: write_report\(data, priors"),
        ((data,), "priors must be a dict"),
        ((3,), "data must be a Regression"),
    ):
        with pytest.raises(PriormapError, match=words):
            pmap.write_report(*given)
    with pytest.raises(PriormapError, match="X and y are for a fitted estimator"):
        pmap.write_report(data, PAIR, X=X, y=y)


def test_the_command_line_reports_on_a_call_or_a_file(tmp_path, monkeypatch, capsys):
    import pickle

    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Lasso

    monkeypatch.chdir(tmp_path)
    command = ["report", "--draws", "200", "--seed", "1", "--force"]
    assert run([*command, "--estimator", "sklearn.Lasso", "--alpha", "1"]) == 0
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "Under sklearn.Lasso(alpha=1): Lasso(alpha=1)" in text
    assert "--estimator sklearn.Lasso --alpha 1.0" in text
    X, y = load_diabetes(return_X_y=True, scaled=False)
    (tmp_path / "fit.pkl").write_bytes(pickle.dumps(Lasso(alpha=1.0).fit(X, y)))
    capsys.readouterr()
    for more, words in (
        (["--estimator", "fit.pkl"], "add --trust-pickle"),
        (["--estimator", "sklearn.Lasso", "--alpha", "1", "--prior", "laplace"], "leave --prior"),
        (["--estimator", "glmnet", "--lambda", "1", "--sigma", "unknown"], "must be a number"),
        (["--alpha", "1"], "need --estimator"),
    ):
        assert run([*command, *more]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
    assert run([*command, "--estimator", str(tmp_path / "fit.pkl"), "--trust-pickle"]) == 0
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "The coefficients of Lasso(alpha=1): " in text
    assert str(tmp_path) not in text
