"""scikit-learn's linear models."""

from __future__ import annotations

from dataclasses import replace

from priormap.conventions.records import Convention, Term

_SKLEARN = "checked against scikit-learn to {}"

_LASSO = Convention(
    name="sklearn.Lasso",
    objective="sum w (y - a - x b)^2 / (2 W) + alpha sum |b|",
    evidence=_SKLEARN.format("1e-9"),
    l1=Term("alpha", rows="W"),
    defaults={"alpha": 1.0},
    weights="normalised",
)
_LOGISTIC = Convention(
    name="sklearn.LogisticRegression",
    objective="C sum w nll + l1_ratio sum |b| + (1 - l1_ratio) / 2 sum b^2",
    evidence=_SKLEARN.format("1e-7, by its optimality conditions"),
    l1=Term("C", power=-1),
    l2=Term("C", power=-1),
    mixing="l1_ratio",
    defaults={"C": 1.0, "l1_ratio": 0.0},
    likelihood="binomial",
)
_POISSON = Convention(
    name="sklearn.PoissonRegressor",
    objective="sum w deviance / (2 W) + alpha / 2 sum b^2",
    evidence=_SKLEARN.format("1e-8, by its optimality conditions"),
    l2=Term("alpha", rows="W"),
    defaults={"alpha": 1.0},
    weights="normalised",
    likelihood="poisson",
)
_SGD = Convention(
    name="sklearn.SGDRegressor",
    objective="mean of w (y - a - x b)^2 / 2 + alpha sum (l1_ratio |b| + (1 - l1_ratio) / 2 b^2)",
    evidence=_SKLEARN.format("1e-3, the noise of its steps"),
    l1=Term("alpha", rows="n"),
    l2=Term("alpha", rows="n"),
    mixing="l1_ratio",
    defaults={"alpha": 1e-4, "l1_ratio": 0.0},
    note="l1_ratio is read only with penalty='elasticnet'; the default penalty is l2",
)

SCIKIT_LEARN = (
    Convention(
        name="sklearn.Ridge",
        objective="sum w (y - a - x b)^2 + alpha sum b^2",
        evidence=_SKLEARN.format("1e-9"),
        l2=Term("alpha"),
        defaults={"alpha": 1.0},
    ),
    _LASSO,
    replace(
        _LASSO,
        name="sklearn.LassoLars",
        objective="sum (y - a - x b)^2 / (2 n) + alpha sum |b|",
        l1=Term("alpha", rows="n"),
        weights="none",
    ),
    Convention(
        name="sklearn.ElasticNet",
        objective="sum w (y - a - x b)^2 / (2 W) "
        "+ alpha sum (l1_ratio |b| + (1 - l1_ratio) / 2 b^2)",
        evidence=_SKLEARN.format("1e-9"),
        l1=Term("alpha", rows="W"),
        l2=Term("alpha", rows="W"),
        mixing="l1_ratio",
        defaults={"alpha": 1.0, "l1_ratio": 0.5},
        weights="normalised",
    ),
    Convention(
        name="sklearn.BayesianRidge",
        objective="alpha_ sum w (y - a - x b)^2 + lambda_ sum b^2, both learnt",
        evidence=_SKLEARN.format("1e-9, at its own alpha_ and lambda_"),
        l2=Term("lambda_", noise=2),
        precision="alpha_",
        note="alpha_ = 1 / sigma^2 and lambda_ = 1 / scale^2 are results of the fit",
    ),
    Convention(
        name="sklearn.ARDRegression",
        objective="alpha_ sum w (y - a - x b)^2 + sum lambda_ b^2, all learnt",
        evidence=_SKLEARN.format("1e-8, at its own alpha_ and lambda_"),
        l2=Term("lambda_", noise=2),
        per_column=True,
        precision="alpha_",
        weights="none",
        note="a column whose lambda_ reaches threshold_lambda is set to zero, where its prior "
        "leaves a little",
    ),
    _LOGISTIC,
    replace(
        _LOGISTIC,
        name="sklearn.LogisticRegression(solver='liblinear')",
        evidence=_SKLEARN.format("1e-5, by its optimality conditions"),
        intercept="penalised",
        note="a large intercept_scaling weakens the penalty on the intercept",
    ),
    _POISSON,
    replace(_POISSON, name="sklearn.GammaRegressor", likelihood="gamma"),
    replace(
        _POISSON,
        name="sklearn.TweedieRegressor(power=0)",
        objective="sum w (y - a - x b)^2 / (2 W) + alpha / 2 sum b^2",
        evidence=_SKLEARN.format("1e-9"),
        likelihood="gaussian",
    ),
    _SGD,
    replace(
        _SGD,
        name="sklearn.SGDClassifier(loss='log_loss')",
        objective="mean of w nll + alpha sum (l1_ratio |b| + (1 - l1_ratio) / 2 b^2)",
        evidence=_SKLEARN.format("5e-3, the noise of its steps"),
        likelihood="binomial",
    ),
)
