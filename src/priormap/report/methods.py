"""The methods paragraph: the formulas that were computed, with the numbers that went in."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from priormap.priors import ElasticNet, Gaussian, Laplace
from priormap.priors.densities import HalfNormal, HalfStudentT, InverseGamma, NoisePrior
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
from priormap.report.penalties import penalty_of
from priormap.report.results import Results
from priormap.report.symbols import BJ, EQUALS, L1J, L2J, MINUS, PLUS, SIGMA, SIGMA2, TWO, XJ, J, N

Blocks: TypeAlias = tuple[Block, ...]
_HALF = fraction(number(1), TWO)
_RESIDUAL = row(var("y"), MINUS, var("a"), MINUS, var("X"), var("b"))
_REFERENCES = {
    Gaussian: "Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal "
    "problems, Technometrics 12(1).",
    Laplace: "Tibshirani (1996), Regression shrinkage and selection via the lasso, JRSS B 58(1); "
    "Park and Casella (2008), The Bayesian lasso, JASA 103(482).",
    ElasticNet: "Zou and Hastie (2005), Regularization and variable selection via the elastic "
    "net, JRSS B 67(2).",
}
_OF_POSTERIORS = (
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
        blocks += penalty_of(name, fit)
    blocks += [Subheading("The certificate"), *_certificate()]
    blocks += [Subheading("The posterior"), *_posterior(results)]
    families = {type(fit.prior) for fit in results.table.modes.values()}
    cited = [text for family, text in _REFERENCES.items() if family in families]
    return (*blocks, Subheading("References"), Items((*cited, *_OF_POSTERIORS)))


def _model(results: Results) -> Blocks:
    data = results.data
    normal = row(
        sub(var("y"), var("i")),
        op("∼"),
        words("Normal"),
        op("("),
        *((var("a"), PLUS) if data.intercept else ()),
        sub(var("x"), var("i")),
        var("b"),
        op(","),
        SIGMA2,
        op(")"),
    )
    flat = (
        "The intercept a has a flat prior." if data.intercept else "There is no intercept (a = 0)."
    )
    first = Paragraph(
        (f"The model of the {data.n_rows} rows, independent given b. {flat}",), normal
    )
    if isinstance(data.sigma, float):
        known = Paragraph(("Sigma is known: ", row(SIGMA, EQUALS, number(data.sigma, 8)), "."))
    else:
        known = Paragraph(("Sigma is unknown, with the density",), _noise_density(data.sigma))
    return (first, known)


def _noise_density(prior: NoisePrior) -> Formula:
    """Density of sigma up to a constant."""
    density = row(words("p"), op("("), SIGMA, op(")"), op("∝"))
    match prior:
        case HalfNormal(scale=scale):
            exponent = fraction(SIGMA2, row(TWO, op("·"), superscript(number(scale), TWO)))
            return row(density, words("exp"), op("("), MINUS, exponent, op(")"))
        case HalfStudentT(df=df, scale=scale):
            bottom = row(number(df), op("·"), superscript(number(scale), TWO))
            inside = row(op("("), number(1), PLUS, fraction(SIGMA2, bottom), op(")"))
            return row(density, superscript(inside, row(MINUS, number((df + 1) / 2))))
        case InverseGamma(shape=shape, scale=scale):
            power = superscript(SIGMA, row(MINUS, number(2 * shape + 1)))
            exponent = fraction(number(scale), SIGMA2)
            return row(density, power, words("exp"), op("("), MINUS, exponent, op(")"))
        case _:
            return row(density, fraction(number(1), SIGMA))


def _problem(results: Results) -> Blocks:
    objective = row(
        fraction(number(1), TWO),
        norm(_RESIDUAL),
        PLUS,
        sum_over(J, row(L1J, bar(BJ))),
        PLUS,
        _HALF,
        sum_over(J, row(L2J, subsup(var("b"), J, TWO))),
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


def _certificate() -> Blocks:
    gap = fraction(words("objective − bound"), words("objective"))
    pull = row(XJ, op("·"), var("r"), MINUS, L2J, BJ)
    allowed = row(L1J, words("sign"), op("("), BJ, op(")"))
    distance = row(op("|"), pull, MINUS, allowed, op("|"))
    lengths = row(bar(XJ), bar(var("y")))
    residual = row(sub(words("max"), J), fraction(distance, lengths))
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
        bar(BJ),
        op("≤"),
        number(settings.rope),
        op("·"),
        fraction(words("sd(y)"), words("sd(x)")),
        op(","),
        words("sd(y)"),
        EQUALS,
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
        row(bar(var("m")), MINUS, fraction(number(1), row(N, superscript(var("m"), TWO)))),
        op(","),
        number(0),
        op(")"),
    )
    deviation = row(var("b"), MINUS, words("E"), var("b"))
    freedom = row(words("E"), fraction(norm(row(var("X"), op("("), deviation, op(")"))), SIGMA2))
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
                "the trace of the hat matrix of its non-zero coefficients, which under a Laplace "
                "prior is their number):",
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
                root(sum_over(J, superscript(row(op("("), bar(XJ), BJ, op(")")), TWO))),
                ", with centred columns.",
            )
        ),
    )
