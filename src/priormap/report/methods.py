"""The methods paragraph: the formulas that were computed, with the numbers that went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from priormap.noise import HalfNormal, HalfStudentT, InverseGamma, NoisePrior
from priormap.priors import ElasticNet, Gaussian, Laplace
from priormap.report.content import Block, Items, Paragraph, Subheading
from priormap.report.mathematics import (
    Formula,
    bar,
    fraction,
    norm,
    number,
    op,
    root,
    row,
    sub,
    subsup,
    sum_over,
    superscript,
    var,
    words,
)
from priormap.report.results import Results

if TYPE_CHECKING:
    from priormap.mode import MapEstimate

__all__ = ["methods"]

Blocks: TypeAlias = tuple[Block, ...]
_EQUALS, _MINUS, _PLUS = op("="), op("−"), op("+")
_N, _S, _T = var("n"), var("s"), var("t")
_SIGMA, _ALPHA = var("σ"), var("α")
_TWO = number(2)
_SIGMA2 = superscript(_SIGMA, _TWO)
_J = var("j")
_BJ, _XJ = sub(var("b"), _J), sub(var("x"), _J)
_L1, _L2 = (sub(var("λ"), number(k)) for k in (1, 2))
_L1J, _L2J = (sub(var("λ"), row(number(k), _J)) for k in (1, 2))
_HALF = fraction(number(1), _TWO)
_RESIDUAL = row(var("y"), _MINUS, var("a"), _MINUS, var("X"), var("b"))
_REFERENCES = (
    "Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal problems, "
    "Technometrics 12(1).",
    "Tibshirani (1996), Regression shrinkage and selection via the lasso, JRSS B 58(1).",
    "Park and Casella (2008), The Bayesian lasso, JASA 103(482).",
    "Hahn and Carvalho (2015), Decoupling shrinkage and selection in Bayesian linear models, "
    "JASA 110(509): DSS.",
    "Ray and Bhattacharya (2018), Signal adaptive variable selector for the horseshoe prior, "
    "arXiv:1810.09004: SAVS.",
    "Kruschke (2018), Rejecting or accepting parameter values in Bayesian estimation, "
    "AMPPS 1(2): the region of negligible effects.",
)


def methods(results: Results) -> Blocks:
    """Model, mode and its certificate, conversion to a penalty, and what is said of draws."""
    blocks: list[Block] = [*_model(results), Subheading("The mode is a penalised fit")]
    blocks += [*_problem(results)]
    for name, fit in results.table.modes.items():
        blocks += _conversion(name, fit)
    blocks += [Subheading("The certificate"), *_certificate()]
    blocks += [Subheading("The posterior"), *_posterior(results)]
    return (*blocks, Subheading("References"), Items(_REFERENCES))


def _model(results: Results) -> Blocks:
    data = results.data
    normal = row(
        sub(var("y"), var("i")),
        op("∼"),
        words("Normal"),
        op("("),
        *((var("a"), _PLUS) if data.intercept else ()),
        sub(var("x"), var("i")),
        var("b"),
        op(","),
        _SIGMA2,
        op(")"),
    )
    flat = (
        "The intercept a has a flat prior." if data.intercept else "There is no intercept (a = 0)."
    )
    first = Paragraph(
        (f"The model of the {data.n_rows} rows, independent given b. {flat}",), normal
    )
    if isinstance(data.sigma, float):
        known = Paragraph(("Sigma is known: ", row(_SIGMA, _EQUALS, number(data.sigma, 8)), "."))
    else:
        known = Paragraph(("Sigma is unknown, with the density",), _noise_density(data.sigma))
    return (first, known)


def _noise_density(prior: NoisePrior) -> Formula:
    """Density of sigma up to a constant."""
    density = row(words("p"), op("("), _SIGMA, op(")"), op("∝"))
    match prior:
        case HalfNormal(scale=scale):
            exponent = fraction(_SIGMA2, row(_TWO, op("·"), superscript(number(scale), _TWO)))
            return row(density, words("exp"), op("("), _MINUS, exponent, op(")"))
        case HalfStudentT(df=df, scale=scale):
            bottom = row(number(df), op("·"), superscript(number(scale), _TWO))
            inside = row(op("("), number(1), _PLUS, fraction(_SIGMA2, bottom), op(")"))
            return row(density, superscript(inside, row(_MINUS, number((df + 1) / 2))))
        case InverseGamma(shape=shape, scale=scale):
            power = superscript(_SIGMA, row(_MINUS, number(2 * shape + 1)))
            exponent = fraction(number(scale), _SIGMA2)
            return row(density, power, words("exp"), op("("), _MINUS, exponent, op(")"))
        case _:
            return row(density, fraction(number(1), _SIGMA))


def _problem(results: Results) -> Blocks:
    objective = row(
        fraction(number(1), _TWO),
        norm(_RESIDUAL),
        _PLUS,
        sum_over(_J, row(_L1J, bar(_BJ))),
        _PLUS,
        _HALF,
        sum_over(_J, row(_L2J, subsup(var("b"), _J, _TWO))),
    )
    said = [
        "Times sigma squared, the negative log posterior of (a, b) at a given sigma is, up to a "
        "constant, the objective below. The mode minimises it."
    ]
    if not isinstance(results.data.sigma, float):
        said.append(
            "As sigma is unknown, the mode is the joint one of (a, b, sigma), or where the joint "
            "density has no maximum, the one at the posterior median of sigma; either way it "
            "minimises this objective at the sigma given below."
        )
    if results.data.standardize:
        said.append(
            "The priors speak of columns divided by their standard deviation: in the formulas of "
            "this part, X is divided by sd(x), and b stands for sd(x) times the coefficient."
        )
    return (Paragraph((" ".join(said),), objective),)


def _conversion(name: str, fit: MapEstimate) -> Blocks:
    """Density, penalty and scikit-learn's alpha of one prior, in symbols and in numbers."""
    opening = f"{name}. With the log density"
    if np.ndim(fit.prior.scale) or np.ndim(fit.prior.l1_scale) or np.ndim(fit.prior.l2_scale):
        many = "one scale for every column, so that every column has its own penalty:"
        return (
            Paragraph((opening,), _log_density(fit)),
            Paragraph((f"and {many}",), _symbols_of_penalty(fit)),
        )
    return (
        Paragraph((opening,), _log_density(fit)),
        Paragraph(
            (
                "the scales ",
                _numbers_of_scale(fit),
                ", the noise ",
                row(_SIGMA, _EQUALS, number(fit.sigma, 8)),
                " and ",
                row(_N, _EQUALS, number(fit.data.n_rows, 9)),
                " make the penalty and its scikit-learn form",
            ),
            row(_symbols_of_penalty(fit), op(";"), words(" "), _sklearn(fit)),
        ),
    )


def _log_density(fit: MapEstimate) -> Formula:
    unit = row(_BJ, op("/"), _SIGMA) if fit.prior.scaled_by_noise else _BJ
    square = fraction(superscript(_grouped(fit, unit), _TWO), row(_TWO, superscript(_T, _TWO)))
    absolute = fraction(bar(unit), _S)
    terms = {
        Gaussian: (square,),
        Laplace: (absolute,),
        ElasticNet: (absolute, _MINUS, square),
    }[type(fit.prior)]
    left = row(words("log p"), op("("), _BJ, op(")"), _EQUALS, _MINUS)
    return row(left, *terms, _PLUS, words("constant"))


def _grouped(fit: MapEstimate, unit: Formula) -> Formula:
    return row(op("("), unit, op(")")) if fit.prior.scaled_by_noise else unit


def _numbers_of_scale(fit: MapEstimate) -> Formula:
    s, t = (
        row(name, _EQUALS, number(float(value), 8))
        for name, value in ((_S, fit.prior.l1_scale), (_T, fit.prior.l2_scale))
    )
    return {Gaussian: t, Laplace: s, ElasticNet: row(s, op(","), t)}[type(fit.prior)]


def _symbols_of_penalty(fit: MapEstimate) -> Formula:
    """Both weights as formulas, and as numbers where there is one for all columns."""
    by_noise = fit.prior.scaled_by_noise
    first = row(_L1, _EQUALS, fraction(_SIGMA if by_noise else _SIGMA2, _S))
    top = number(1) if by_noise else _SIGMA2
    second = row(_L2, _EQUALS, fraction(top, superscript(_T, _TWO)))
    weights = _weights(fit)
    if weights is not None:
        first = row(first, _EQUALS, number(weights[0], 6))
        second = row(second, _EQUALS, number(weights[1], 6))
    return {Gaussian: second, Laplace: first, ElasticNet: row(first, op(","), second)}[
        type(fit.prior)
    ]


def _weights(fit: MapEstimate) -> tuple[float, float] | None:
    """Weights l1 and l2 of the coefficients that the prior speaks of; None where they differ."""
    if np.ndim(fit.prior.l1_scale) or np.ndim(fit.prior.l2_scale):
        return None
    noise = 1.0 if fit.prior.scaled_by_noise else fit.sigma
    return fit.sigma * noise / float(fit.prior.l1_scale), (noise / float(fit.prior.l2_scale)) ** 2


def _sklearn(fit: MapEstimate) -> Formula:
    weights = _weights(fit)
    assert weights is not None
    l1, l2 = weights
    n = fit.data.n_rows
    if isinstance(fit.prior, Gaussian):
        return row(_ALPHA, _EQUALS, _L2, _EQUALS, number(l2, 6))
    if isinstance(fit.prior, Laplace):
        return row(_ALPHA, _EQUALS, fraction(_L1, _N), _EQUALS, number(l1 / n, 6))
    total = row(_L1, _PLUS, _L2)
    alpha = row(_ALPHA, _EQUALS, fraction(total, _N), _EQUALS, number((l1 + l2) / n, 6))
    share = l1 / (l1 + l2) if l1 + l2 else 1.0
    ratio = row(words("l1_ratio"), _EQUALS, fraction(_L1, total), _EQUALS, number(share, 6))
    return row(alpha, op(","), ratio)


def _certificate() -> Blocks:
    gap = fraction(words("objective − bound"), words("objective"))
    pull = row(_XJ, op("·"), var("r"), _MINUS, _L2J, _BJ)
    allowed = row(_L1J, words("sign"), op("("), _BJ, op(")"))
    distance = row(op("|"), pull, _MINUS, allowed, op("|"))
    lengths = row(bar(_XJ), bar(var("y")))
    residual = row(sub(words("max"), _J), fraction(distance, lengths))
    return (
        Paragraph(
            (
                "A dual point made of the residual r = y − a − X b bounds the objective from "
                "below. The relative gap is the most by which the objective could still fall:",
            ),
            gap,
        ),
        Paragraph(
            (
                "The KKT residual is the largest violation of the optimality conditions (columns "
                "and y centred; where the coefficient is exactly 0, the first two terms need only "
                "be within the weight of |b|). A vector is called the mode if both are below "
                "1e−9:",
            ),
            residual,
        ),
    )


def _posterior(results: Results) -> Blocks:
    settings, data = results.settings, results.data
    rope = row(
        bar(_BJ),
        op("≤"),
        number(settings.rope),
        op("·"),
        fraction(words("sd(y)"), words("sd(x)")),
        op(","),
        words("sd(y)"),
        _EQUALS,
        number(float(np.std(data.y)), 6),
    )
    shrunk = row(
        words("sign"),
        op("("),
        var("m"),
        op(")"),
        op("·"),
        words("max"),
        op("("),
        row(bar(var("m")), _MINUS, fraction(number(1), row(_N, superscript(var("m"), _TWO)))),
        op(","),
        number(0),
        op(")"),
    )
    deviation = row(var("b"), _MINUS, words("E"), var("b"))
    freedom = row(words("E"), fraction(norm(row(var("X"), op("("), deviation, op(")"))), _SIGMA2))
    return (
        Paragraph(
            (
                f"{settings.draws} draws in each of {settings.chains} chains, seed "
                f"{settings.random_seed}. A highest-density interval (HDI) is the shortest one "
                f"with {100 * settings.hdi_prob:g} % of the draws. An effect is negligible where",
            ),
            rope,
        ),
        Paragraph(
            (
                "Effective degrees of freedom of the posterior mean, over the draws (of the mode: "
                "the number of non-zero coefficients under a Laplace prior, the trace of the hat "
                "matrix under a Gaussian one):",
            ),
            freedom,
        ),
        Paragraph(
            (
                "SAVS keeps of each posterior mean m, in units of sigma per standard deviation of "
                "the column,",
            ),
            shrunk,
        ),
        Paragraph(
            (
                "DSS takes the sparsest point of a lasso path through the fit of the posterior "
                "mean, with weights 1 / |m|, whose variation explained reaches that of the full "
                "posterior within its 90 % interval. Size is ",
                root(sum_over(_J, superscript(row(op("("), bar(_XJ), _BJ, op(")")), _TWO))),
                ", with centred columns.",
            )
        ),
    )
