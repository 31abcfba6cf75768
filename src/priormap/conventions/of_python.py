"""Other Python libraries: of linear models, and of networks, where a training loop penalises."""

from __future__ import annotations

from dataclasses import replace

from priormap.conventions.records import Convention, Term

_SQUARES = "sum (y - a - x b)^2 / (2 n)"
_READ = "read from the documentation"
_CELER, _SKGLM = "checked against celer to {}", "checked against skglm to {}"

_CELER_LASSO = Convention(
    name="celer.Lasso",
    objective=f"{_SQUARES} + alpha sum weights |b|",
    evidence=_CELER.format("1e-9"),
    l1=Term("alpha", rows="n"),
    defaults={"alpha": 1.0},
    factors="weights",
    weights="none",
)
_CELER_ELASTIC_NET = replace(
    _CELER_LASSO,
    name="celer.ElasticNet",
    objective=f"{_SQUARES} + alpha sum weights (l1_ratio |b| + (1 - l1_ratio) / 2 b^2)",
    l2=Term("alpha", rows="n"),
    mixing="l1_ratio",
    defaults={"alpha": 1.0, "l1_ratio": 0.5},
)
_STATSMODELS_OLS = Convention(
    name="statsmodels.OLS.fit_regularized",
    objective=f"{_SQUARES} + sum alpha (L1_wt |b| + (1 - L1_wt) / 2 b^2)",
    evidence="checked against statsmodels to 1e-6, the tolerance of its solver",
    l1=Term("alpha", rows="n"),
    l2=Term("alpha", rows="n"),
    mixing="L1_wt",
    defaults={"alpha": 0.0, "L1_wt": 1.0},
    per_column=True,
    weights="none",
    intercept="penalised",
    note="give alpha as a vector with 0 for the constant column to leave the intercept free",
)

PYTHON = (
    _CELER_LASSO,
    _CELER_ELASTIC_NET,
    Convention(
        name="celer.LogisticRegression",
        objective="C sum nll + sum |b|",
        evidence=_CELER.format("1e-7"),
        l1=Term("C", power=-1),
        defaults={"C": 1.0},
        weights="none",
        intercept="none",
        likelihood="binomial",
    ),
    replace(
        _CELER_LASSO,
        name="skglm.Lasso",
        objective=f"{_SQUARES} + alpha sum |b|",
        evidence=_SKGLM.format("1e-9"),
        factors="",
    ),
    replace(_CELER_LASSO, name="skglm.WeightedLasso", evidence=_SKGLM.format("1e-9")),
    replace(
        _CELER_ELASTIC_NET,
        name="skglm.ElasticNet",
        objective=f"{_SQUARES} + alpha sum (l1_ratio |b| + (1 - l1_ratio) / 2 b^2)",
        evidence=_SKGLM.format("1e-9"),
        factors="",
    ),
    Convention(
        name="skglm.SparseLogisticRegression",
        objective="mean of nll + alpha sum |b|",
        evidence=_SKGLM.format("1e-7"),
        l1=Term("alpha", rows="n"),
        defaults={"alpha": 1.0},
        weights="none",
        likelihood="binomial",
    ),
    _STATSMODELS_OLS,
    replace(
        _STATSMODELS_OLS,
        name="statsmodels.WLS.fit_regularized",
        objective="sum w (y - a - x b)^2 / (2 W) + sum alpha (L1_wt |b| + (1 - L1_wt) / 2 b^2)",
        l1=Term("alpha", rows="W"),
        l2=Term("alpha", rows="W"),
        weights="normalised",
    ),
    Convention(
        name="statsmodels.Logit.fit_regularized",
        objective="sum nll + sum alpha |b|",
        evidence="checked against statsmodels to 1e-5, the tolerance of its solver",
        l1=Term("alpha"),
        defaults={"alpha": 0.0},
        per_column=True,
        weights="none",
        intercept="penalised",
        likelihood="binomial",
        note=_STATSMODELS_OLS.note,
    ),
    Convention(
        name="adelie.grpnet",
        objective="sum w (y - a - x b)^2 / (2 W) "
        "+ lmda sum penalty (alpha |b| + (1 - alpha) / 2 b^2)",
        evidence="checked against adelie to 1e-8",
        l1=Term("lmda", rows="W"),
        l2=Term("lmda", rows="W"),
        mixing="alpha",
        factors="penalty",
        defaults={"alpha": 1.0},
        weights="normalised",
        note="one column per group; lmda is an entry of lmda_path",
    ),
    Convention(
        name="xgboost.gblinear",
        objective="sum w (y - a - x b)^2 / 2 + W (reg_alpha sum |b| + reg_lambda / 2 sum b^2)",
        evidence="checked against XGBoost to 1e-4, its single precision",
        l1=Term("reg_alpha", rows="W"),
        l2=Term("reg_lambda", rows="W"),
        defaults={"reg_alpha": 0.0, "reg_lambda": 0.0},
        note="the linear booster, deprecated since XGBoost 3.4",
    ),
    Convention(
        name="bambi.autoscale",
        objective="b ~ Normal(0, (scale sd(y) / sd(x))^2), the default prior",
        evidence=_READ,
        l2=Term("scale", power=-2, response=-2, noise=2),
        defaults={"scale": 2.5},
        column="sd",
        response="sd",
        weights="none",
        intercept="penalised",
        note="the intercept has a wide normal prior on centred X; Laplace priors are not scaled",
    ),
)

# neural-network and streaming libraries
TRAINING_LOOPS = (
    Convention(
        name="torch.weight_decay",
        objective="mean of (y - a - x b)^2 + weight_decay / 2 sum b^2",
        evidence="checked by the fixed point of its update, as documented",
        l2=Term("weight_decay", multiple=0.5, rows="n"),
        defaults={"weight_decay": 0.0},
        weights="none",
        intercept="penalised",
        note="of SGD and Adam under MSELoss at full batch; give the bias a parameter group of its "
        "own without decay",
    ),
    Convention(
        name="torch.AdamW",
        objective="b <- (1 - lr weight_decay) b, beside Adam's step",
        evidence="checked by its update at full batch, as documented",
        intercept="penalised",
        weights="none",
        no_prior="its decay is not the gradient of any penalty; at full batch it converges to "
        "least squares within the box |b| <= 1 / weight_decay; use Adam's weight_decay or write "
        "the penalty into the loss",
    ),
    Convention(
        name="keras.regularizers",
        objective="mean of (y - a - x b)^2 + l1 sum |b| + l2 sum b^2",
        evidence=_READ,
        l1=Term("l1", multiple=0.5, rows="n"),
        l2=Term("l2", rows="n"),
        defaults={"l1": 0.0, "l2": 0.0},
        weights="none",
        note="l2 has no 1/2; kernel_regularizer leaves the bias free",
    ),
    Convention(
        name="vowpal_wabbit.sgd",
        objective="(y - a - x b)^2 + l1 sum |b| + l2 / 2 sum b^2, for each example",
        evidence=_READ,
        l1=Term("l1", multiple=0.5, rows="n"),
        l2=Term("l2", multiple=0.5, rows="n"),
        defaults={"l1": 0.0, "l2": 0.0},
        weights="none",
        intercept="penalised",
    ),
    Convention(
        name="vowpal_wabbit.bfgs",
        objective="sum (y - a - x b)^2 + l2 / 2 sum b^2",
        evidence=_READ,
        l2=Term("l2", multiple=0.5),
        defaults={"l2": 0.0},
        weights="none",
        intercept="penalised",
    ),
)
