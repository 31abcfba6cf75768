r"""The methods paragraph: the formulas that were computed, with the numbers that went in.

Every formula is written once, as TeX: Markdown holds it as it is, HTML as MathML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.display.blocks import Block, Items, Paragraph, Subheading, Tex
from priormap.priors import PenaltyParts, Prior, penalty_parts
from priormap.priors.densities import PositiveDensity
from priormap.report.results import Results

if TYPE_CHECKING:
    from priormap.mode import MapEstimate

Blocks = tuple[Block, ...]
_OF_POSTERIORS = (
    "Hahn and Carvalho (2015), Decoupling shrinkage and selection in Bayesian linear models, "
    "JASA 110(509): DSS.",
    "Ray and Bhattacharya (2018), Signal adaptive variable selector for the horseshoe prior, "
    "arXiv:1810.09004: SAVS.",
    "Kruschke (2018), Rejecting or accepting parameter values in Bayesian estimation, "
    "AMPPS 1(2): the region of negligible effects.",
)
_OBJECTIVE = Tex(
    r"\frac{1}{2} \| y - a - X b \|^{2} + \sum_{j} \lambda_{1 j} | b_{j} | + "
    r"\frac{1}{2} \sum_{j} \lambda_{2 j} b_{j}^{2}"
)
_GAP = Tex(r"\frac{\mathrm{objective} - \mathrm{bound}}{\mathrm{objective}}")
_KKT = Tex(
    r"\max_{j} \frac{| x_{j} \cdot r - \lambda_{2 j} b_{j} - "
    r"\lambda_{1 j} \mathrm{sign} ( b_{j} ) |}{| x_{j} | | y |}"
)
_FREEDOM = Tex(r"\mathrm{E} \frac{\mathrm{tr} \mathrm{Cov} ( X b | \sigma )}{\sigma^{2}}")
_SAVS = Tex(r"\mathrm{sign} ( m ) \cdot \max ( | m | - \frac{1}{n m^{2}} , 0 )")
_SIZE = Tex(r"\sqrt{\sum_{j} ( | x_{j} | b_{j} )^{2}}")


def methods(results: Results) -> Blocks:
    """Model, mode and its certificate, conversion to a penalty, and what is said of draws."""
    priors, modes = results.table.priors, results.table.modes
    blocks: list[Block] = [*_model(results), Subheading("The mode is a penalised fit")]
    blocks += _problem(results)
    for name, prior in priors.items():
        has_parts = isinstance(prior, PenaltyParts)
        blocks += penalty_of(name, modes[name]) if has_parts else [_without_penalty(name, prior)]
    blocks += [Subheading("The certificate"), *_certificate()]
    blocks += [Subheading("The posterior"), *_posterior(results)]
    texts = dict.fromkeys(f"{prior.reference}." for prior in priors.values())
    return (*blocks, Subheading("References"), Items((*texts, *_OF_POSTERIORS)))


def number(value: float, digits: int = 5) -> str:
    r"""Return a number as TeX, in powers of ten where `%g` would take an exponent.

    Examples
    --------
    >>> number(-1.5), number(2e-12), number(np.inf)
    ('-1.5', '2 \\times 10^{-12}', '\\infty')
    """
    mantissa, _, exponent = f"{value:.{digits}g}".replace("inf", r"\infty").partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def _square(value: float) -> str:
    shown = number(value)
    return rf"( {shown} )^{{2}}" if "^" in shown else f"{shown}^{{2}}"


def _model(results: Results) -> Blocks:
    data = results.data
    a = "a + " if data.intercept else ""
    flat = (
        "The intercept a has a flat prior." if data.intercept else "There is no intercept (a = 0)."
    )
    first = Paragraph(
        f"The model of the {data.n_rows} rows, independent given b. {flat}",
        Tex(rf"y_{{i}} \sim \mathrm{{Normal}} ( {a}x_{{i}} b , \sigma^{{2}} )"),
    )
    density = data.noise.density
    if density is None:
        known = Tex(rf"\sigma = {number(data.noise.sd, 8)}")
        return first, Paragraph(("Sigma is known: ", known, "."))
    law = Tex(rf"\mathrm{{p}} ( \sigma ) \propto {_noise_density(density)}")
    return first, Paragraph("Sigma is unknown, with the density", law)


def _noise_density(density: PositiveDensity) -> str:
    """Density of sigma up to a constant, from the numbers of its formula."""
    logs, inverse, square, tail, reach = density.terms
    factors = []
    if logs == 1:
        factors.append(r"\frac{1}{\sigma}")
    elif logs:
        factors.append(rf"\sigma^{{{'- ' * (logs > 0)}{number(abs(logs))}}}")
    if inverse:
        factors.append(rf"\exp ( - \frac{{{number(inverse)}}}{{\sigma^{{2}}}} )")
    if square:
        scale = _square(np.sqrt(0.5 / square))
        factors.append(rf"\exp ( - \frac{{\sigma^{{2}}}}{{2 \cdot {scale}}} )")
    if tail:  # that of a Student t with so many degrees of freedom
        df = 2 * tail - 1
        ratio = rf"\frac{{\sigma^{{2}}}}{{{number(df)} \cdot {_square(reach / np.sqrt(df))}}}"
        factors.append(rf"( 1 + {ratio} )^{{- {number(tail)}}}")
    return " ".join(factors)


def _problem(results: Results) -> Blocks:
    said = [
        "Times sigma squared, the negative log posterior of (a, b) at a given sigma is, up to a "
        "constant, the objective below. The mode minimises it."
    ]
    if not results.data.noise.is_known:
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
    return (Paragraph(" ".join(said), _OBJECTIVE),)


def _without_penalty(name: str, prior: Prior) -> Paragraph:
    if prior.no_mode:
        return Paragraph(f"Under {name} there is no exact mode, because {prior.no_mode}.")
    said = f"Under {name} the penalty has no parts l1 and l2, and need not be convex; "
    return Paragraph(f"{said}its mode is the highest of the stationary points that were found.")


def penalty_of(name: str, fit: MapEstimate) -> Blocks:
    """Density, penalty and scikit-learn's alpha of one prior, in symbols and in numbers."""
    prior = penalty_parts(fit.prior)
    opening = Paragraph(f"Under {name} the log density is", _log_density(prior))
    if prior.has_vector:
        many = "It has one scale for every column, so that every column has its own penalty:"
        return opening, Paragraph(many, Tex(" , ".join(_weights_in_symbols(prior))))
    l1, l2 = _weights(prior, fit.sigma)
    scales = ((prior.has_l1, "s", prior.l1_scale), (prior.has_l2, "t", prior.l2_scale))
    numbers = [f"{letter} = {number(float(value), 8)}" for has, letter, value in scales if has]
    values = [number(weight, 6) for has, weight in ((prior.has_l1, l1), (prior.has_l2, l2)) if has]
    weights = [
        f"{symbols} = {value}"
        for symbols, value in zip(_weights_in_symbols(prior), values, strict=True)
    ]
    form = rf"{' , '.join(weights)} ; \quad {_scikit_learn(prior, l1, l2, fit.data.n_rows)}"
    said = (
        "The scales ",
        Tex(" , ".join(numbers)),
        ", the noise ",
        Tex(rf"\sigma = {number(fit.sigma, 8)}"),
        " and ",
        Tex(f"n = {number(fit.data.n_rows, 9)}"),
        " make the penalty and its scikit-learn form",
    )
    return opening, Paragraph(said, Tex(form))


def _log_density(prior: PenaltyParts) -> Tex:
    b, square = "b_{j}", "b_{j}^{2}"
    if prior.scaled_by_noise:
        b, square = r"b_{j} / \sigma", r"( b_{j} / \sigma )^{2}"
    terms = []
    if prior.has_l1:
        terms.append(rf"\frac{{| {b} |}}{{s}}")
    if prior.has_l2:
        terms.append(rf"\frac{{{square}}}{{2 t^{{2}}}}")
    return Tex(rf"\log p ( b_{{j}} ) = - {' - '.join(terms)} + \mathrm{{constant}}")


def _weights_in_symbols(prior: PenaltyParts) -> list[str]:
    """The weights lambda of both parts, as far as the prior has them."""
    l1_top, l2_top = (r"\sigma", "1") if prior.scaled_by_noise else (r"\sigma^{2}", r"\sigma^{2}")
    first = rf"\lambda_{{1}} = \frac{{{l1_top}}}{{s}}"
    second = rf"\lambda_{{2}} = \frac{{{l2_top}}}{{t^{{2}}}}"
    return [text for has, text in ((prior.has_l1, first), (prior.has_l2, second)) if has]


def _weights(prior: PenaltyParts, sigma: float) -> tuple[float, float]:
    """Weights of the coefficients that the prior speaks of."""
    noise = 1.0 if prior.scaled_by_noise else sigma
    return sigma * noise / float(prior.l1_scale), (noise / float(prior.l2_scale)) ** 2


def _scikit_learn(prior: PenaltyParts, l1: float, l2: float, n: int) -> str:
    """Alpha of Ridge, of Lasso, or with its share of L1 of ElasticNet."""
    if not prior.has_l1:
        return rf"\alpha = \lambda_{{2}} = {number(l2, 6)}"
    if not prior.has_l2:
        return rf"\alpha = \frac{{\lambda_{{1}}}}{{n}} = {number(l1 / n, 6)}"
    total = r"\lambda_{1} + \lambda_{2}"
    share = l1 / (l1 + l2) if l1 + l2 else 1.0
    return (
        rf"\alpha = \frac{{{total}}}{{n}} = {number((l1 + l2) / n, 6)} , "
        rf"\mathrm{{l1\_ratio}} = \frac{{\lambda_{{1}}}}{{{total}}} = {number(share, 6)}"
    )


def _certificate() -> Blocks:
    return (
        Paragraph(
            "A dual point made of the residual r = y − a − X b bounds the objective from "
            "below. The relative gap is the most by which the objective could still fall:",
            _GAP,
        ),
        Paragraph(
            "The KKT residual is the largest violation of the optimality conditions (columns "
            "and y centred; where the coefficient is exactly 0, the first two terms need only "
            "be within the weight of |b|). A vector is called the mode if both are below "
            "1e−9:",
            _KKT,
        ),
    )


def _posterior(results: Results) -> Blocks:
    settings, data = results.settings, results.data
    region = (
        rf"| b_{{j}} | \le {number(settings.rope)} \cdot \frac{{\mathrm{{sd(y)}}}}"
        rf"{{\mathrm{{sd(x)}}}} , \mathrm{{sd(y)}} = {number(float(np.std(data.y)), 6)}"
    )
    return (
        Paragraph(
            f"{settings.draws} draws in each of {settings.chains} chains, seed "
            f"{settings.random_seed}. A highest-density interval (HDI) is the shortest one "
            f"with {100 * settings.hdi_prob:g} % of the draws. An effect is negligible where",
            Tex(region),
        ),
        Paragraph(
            "Effective degrees of freedom of the posterior mean, averaged over sigma and a "
            "learnt scale with each of them held (of the mode: "
            "the trace of the hat matrix of its non-zero coefficients, which under a Laplace "
            "prior is their number):",
            _FREEDOM,
        ),
        Paragraph(
            "SAVS keeps of each posterior mean m, in units of sigma per standard deviation of "
            "the column,",
            _SAVS,
        ),
        Paragraph(
            (
                "DSS takes the sparsest point of a lasso path through the fit of the posterior "
                "mean, with weights 1 / |m|, whose variation explained reaches that of the full "
                "posterior within its 90 % interval. Size is ",
                _SIZE,
                ", with centred columns.",
            )
        ),
    )
