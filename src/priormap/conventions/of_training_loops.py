"""Neural-network and streaming libraries, where a penalty is a line of the training loop."""

from __future__ import annotations

from priormap.conventions.records import Convention, Term

_READ = "read from the documentation"

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
