"""R packages, and programs that follow them."""

from __future__ import annotations

from dataclasses import replace

from priormap.conventions.records import Convention, Term

_GLMNET = "checked against glmnet 4.1 to {}"
_MIXTURE = "lambda_ sum penalty_factor (alpha |b| + (1 - alpha) / 2 b^2)"
_ON_SD = "sum w (y - a - x b)^2 / (2 W) + {} on y / sd(y) and X / sd(x)"
_READ = "read from the documentation"

_STRING_FAMILY = Convention(
    name="glmnet",
    objective=f"sum w (y - a - x b)^2 / (2 W) + {_MIXTURE}, y and lambda_ divided by sd(y), "
    "X by sd(x)",
    evidence=_GLMNET.format("1e-8"),
    l1=Term("lambda_", rows="W"),
    l2=Term("lambda_", rows="W", response=-1),
    mixing="alpha",
    factors="penalty_factor",
    factors_sum=True,
    defaults={"alpha": 1.0},
    column="sd",
    weights="normalised",
    note="without an intercept y is divided by its root mean square; its default thresh stops "
    "early",
)
_FAMILY_OBJECT = replace(
    _STRING_FAMILY,
    name="glmnet.gaussian()",
    objective=f"sum w (y - a - x b)^2 / (2 W) + {_MIXTURE}, X divided by sd(x)",
    l2=Term("lambda_", rows="W"),
    note="a family object leaves y as it is, family='gaussian' does not; its default thresh "
    "stops early",
)
_BINOMIAL = replace(
    _FAMILY_OBJECT,
    name="glmnet.binomial",
    objective=f"sum w nll / W + {_MIXTURE}, X divided by sd(x)",
    evidence=_GLMNET.format("1e-6, by its optimality conditions"),
    likelihood="binomial",
    note="its default thresh stops early",
)
_MATLAB = Convention(
    name="matlab.lasso",
    objective="sum w (y - a - x b)^2 / (2 W) + Lambda sum (Alpha |b| + (1 - Alpha) / 2 b^2), "
    "X divided by sd(x)",
    evidence="read from the documentation; that sd(x) has 1/n is from memory, unverified",
    l1=Term("Lambda", rows="W"),
    l2=Term("Lambda", rows="W"),
    mixing="Alpha",
    defaults={"Alpha": 1.0},
    column="sd",
    weights="normalised",
    without_intercept="matlab.lasso(Standardize=false)",
)
_SPARK = Convention(
    name="spark.ml.LinearRegression",
    objective="sum (y - a - x b)^2 / (2 n) "
    "+ regParam sum (elasticNetParam |b| + (1 - elasticNetParam) / 2 b^2), y and regParam "
    "divided by sd(y), X by sd(x)",
    evidence="read from its source, older versions",
    l1=Term("regParam", rows="n"),
    l2=Term("regParam", rows="n", response=-1),
    mixing="elasticNetParam",
    defaults={"regParam": 0.0, "elasticNetParam": 0.0},
    column="sd",
    response="sd",
    unbiased_sd=True,
    weights="none",
    note="its standard deviations have n - 1 below; weights were not verified",
)


def _unscaled(convention: Convention, name: str) -> Convention:
    objective = convention.objective.replace(", X divided by sd(x)", "").replace(", X by sd(x)", "")
    return replace(convention, name=name, objective=objective, column="raw", without_intercept="")


R_PACKAGES = (
    _STRING_FAMILY,
    _unscaled(_STRING_FAMILY, "glmnet(standardize=FALSE)"),
    _FAMILY_OBJECT,
    _unscaled(_FAMILY_OBJECT, "glmnet.gaussian()(standardize=FALSE)"),
    _BINOMIAL,
    _unscaled(_BINOMIAL, "glmnet.binomial(standardize=FALSE)"),
    replace(_BINOMIAL, name="glmnet.poisson", likelihood="poisson"),
    Convention(
        name="MASS.lm.ridge",
        objective="sum (y - a - x b)^2 + lambda_ sum b^2, X divided by sd(x)",
        evidence="checked against MASS to 1e-9",
        l2=Term("lambda_"),
        defaults={"lambda_": 0.0},
        column="size",
        weights="none",
        note="without an intercept X is divided by its root mean square",
    ),
    Convention(
        name="r.penalized",
        objective="sum nll + lambda1 sum |b| + lambda2 / 2 sum b^2, sigma = 1",
        evidence=_READ,
        l1=Term("lambda1"),
        l2=Term("lambda2"),
        defaults={"lambda1": 0.0, "lambda2": 0.0},
        weights="none",
    ),
    Convention(
        name="r.monomvn.blasso",
        objective="b ~ Laplace(0, sigma / sqrt(lambda2)), X divided by the length of its columns",
        evidence=_READ,
        l1=Term("lambda2", power=0.5, noise=1),
        defaults={"lambda2": 1.0},
        column="norm",
        weights="none",
        note="lambda2 is learnt unless it is fixed; on columns of one sd the prior's scale "
        "shrinks as 1 / sqrt(n)",
    ),
    Convention(
        name="r.bayesreg",
        objective="b ~ Normal(0, sigma^2 tau2), X divided by the length of its columns",
        evidence=_READ,
        l2=Term("tau2", power=-1),
        column="norm",
        weights="none",
        note="the ridge prior; tau2 is learnt",
    ),
    Convention(
        name="rstanarm.normal(autoscale=TRUE)",
        objective="b ~ Normal(0, (scale sd(y) / sd(x))^2), the default prior",
        evidence=_READ,
        l2=Term("scale", power=-2, response=-2, noise=2),
        defaults={"scale": 2.5},
        column="sd",
        response="sd",
        weights="none",
        intercept="penalised",
        note="the intercept has a wide normal prior on centred X",
    ),
    _MATLAB,
    _unscaled(_MATLAB, "matlab.lasso(Standardize=false)"),
    _SPARK,
)
