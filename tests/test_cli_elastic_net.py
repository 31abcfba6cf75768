"""The elastic net on the command line."""

import json

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet as SklearnNet

from priormap import ElasticNet
from priormap.cli import run
from priormap.cli.choices import choose


def test_two_scales_in_one_option(capsys):
    assert run(["compare", "--prior", "elastic_net", "--scale", "10,20.5"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "ElasticNet(l1_scale=10, l2_scale=20.5) is ElasticNet(alpha=" in shown.out
    assert "equals the ElasticNet MAP to 1" in shown.out


def test_one_scale_is_both_and_each_prior_has_its_own(capsys):
    priors = ["--prior", "elastic_net", "--prior", "laplace", "--prior", "elastic_net"]
    scales = ["--scale", "10", "--scale", "5", "--scale", "10,inf"]
    assert run(["compare", *priors, *scales, "--json", "-"]) == 0
    entries = json.loads(capsys.readouterr().out)["priors"]
    assert [entry["prior"] for entry in entries] == [
        "elastic_net 10,10",
        "laplace 5",
        "elastic_net 10,inf",
    ]
    assert [entry["l1_scale"] for entry in entries] == [10.0, 5.0, 10.0]
    assert [entry["l2_scale"] for entry in entries] == [10.0, "inf", "inf"]
    assert [entry["scale"] for entry in entries] == [None, 5.0, None]


def test_scikit_learns_numbers(capsys):
    alpha = ["--elastic-net-alpha", "0.1"]
    assert run(["compare", *alpha, "--l1-ratio", "0.8", "--sigma", "54", "--no-standardize"]) == 0
    assert "is ElasticNet(alpha=0.1, l1_ratio=0.8)" in capsys.readouterr().out
    assert run(["compare", *alpha]) == 0
    assert "is ElasticNet(alpha=0.1, l1_ratio=0.5) on X / sd" in capsys.readouterr().out


def test_coefficients_are_judged_by_two_scales(tmp_path, capsys):
    data = load_diabetes(as_frame=True, scaled=False)
    alpha, l1_ratio = ElasticNet(0.7, 2.0).to_elastic_net(sigma=54.0, n=442)
    model = SklearnNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-14, max_iter=10**6)
    model.fit(data.data, data.target)
    coefs = tmp_path / "coefs.csv"
    pd.Series(model.coef_, data.data.columns, name="coef").to_csv(coefs, index_label="feature")
    prior = ["--prior", "elastic_net", "--sigma", "54", "--no-standardize", "--scale"]
    assert run(["audit", str(coefs), *prior, "0.7,2"]) == 0
    assert "prior: ElasticNet(l1_scale=0.7, l2_scale=2)" in capsys.readouterr().out
    assert run(["audit", str(coefs), *prior, "0.7,3"]) == 1
    assert run(["audit", str(coefs), *prior, "0.7,2,1"]) == 2


@pytest.mark.parametrize("command", ["contrast", "sample"])
def test_posteriors(command, tmp_path, capsys):
    output = ["-o", str(tmp_path / "draws.nc")] if command == "sample" else []
    prior = ["--prior", "elastic_net", "--scale", "10,20", "--sigma", "54"]
    assert run([command, *prior, *output, "--draws", "400", "--seed", "1"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "ElasticNet(l1_scale=10, l2_scale=20)" in shown.out


def test_default_scales_have_the_standard_deviation_that_is_said():
    choices = choose(None, None, ["gaussian", "laplace", "elastic_net"], sigma="54")
    sds = [float(prior.sd) for prior in choices.priors.values()]
    assert sds == pytest.approx([54 / 10**0.5] * 3)
    assert choices.priors["elastic_net"].l1_scale == choices.priors["elastic_net"].l2_scale
    assert f"all priors have sd {sds[0]:.6g}," in choices.sentences[-1]
    alone = choose(None, None, ["elastic_net"], ["2,3"])
    assert alone.priors == {"elastic_net": ElasticNet(2.0, 3.0)}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--prior", "laplace", "--scale", "1,2"], "--scale of a laplace prior is one number"),
        (["--prior", "elastic_net", "--scale", "1,2,3"], "two numbers, L1,L2, at most"),
        (["--prior", "elastic_net", "--scale", "1,"], "--scale must be a number"),
        (["--prior", "elastic_net", "--scale", "1,-2"], "--scale must be a positive number"),
        (["--l1-ratio", "0.5"], "--l1-ratio goes with --elastic-net-alpha"),
        (["--elastic-net-alpha", "1", "--l1-ratio", "2"], "l1_ratio must lie between 0 and 1"),
        (["--elastic-net-alpha", "1", "--scale", "1"], "--scale and an alpha both set it"),
    ],
)
def test_bad_input_is_one_line(options, sentence, capsys):
    assert run(["compare", *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1
