"""`choose_scale`: what cross-validation, evidence and a hyperprior say of the prior scale."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import checked_seed
from priormap.criteria.criteria import CRITERIA
from priormap.criteria.cross_validation import HOLD, Folds, split
from priormap.criteria.default_scales import checked_scales, default_scales
from priormap.criteria.family import PriorFamily, ScaleFamily, nearest
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.optimum import Curve, Optimum
from priormap.criteria.result import ScaleChoice
from priormap.criteria.study import Study
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode import map_path

if TYPE_CHECKING:
    import pandas as pd


METHODS = tuple(CRITERIA)
_AT_END = 1e-9  # relative distance from an end of the scales that rounding explains


def choose_scale(
    data: Regression,
    prior_family: PriorFamily,
    methods: str | Iterable[str] | None = None,
    *,
    scales: ArrayLike | None = None,
    folds: Folds = 5,
    hold: str = "prior",
    draws: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
) -> ScaleChoice:
    r"""Prior scales that cross-validation, evidence, a hyperprior and a rule choose.

    All on one axis, the scale of the prior, which is scikit-learn's alpha too at one noise sd:

    ``"cv"``
        K-fold squared error of the mode, on the exact path of every fold; also ``cv_1se``, the
        strongest prior within one standard error of the smallest error.
    ``"loo"``
        Leave-one-out log predictive density of the posterior. Exact under a Gaussian prior;
        by Pareto-smoothed importance sampling at 12 scales under the others. Of more than
        2,000 rows, so many are left out, one by one, at random.
    ``"evidence"``, or by another name ``"empirical_bayes"``
        Log marginal likelihood and its maximiser. Exact under a Gaussian prior, with a flat
        intercept: the density of n - 1 contrasts of y. Integrated along the scale under the
        others, ``d log p(y | s) / d log s = E[sum_j |b_j|] / s - p`` for the Laplace prior,
        from a scale so small that it is known; ``se`` is the Monte Carlo error.
    ``"hyperprior"``
        Posterior of the scale where it is learnt, by default under a half-Cauchy density with
        the scale at which a typical column alone would explain sd(y).
    ``"universal"``
        ``lambda = sigma sqrt(2 n log p)`` on columns of sd 1, for penalties on ``|b|``.

    Parameters
    ----------
    data : Regression
        Where sigma is unknown, evidence, loo and hyperprior average over it; the axis and the
        mode need one number, the posterior mean of sigma under a Gaussian prior of learnt scale.
    prior_family : str, class or prior
        ``"gaussian"``, ``"laplace"``, ``Gaussian``, ``Laplace([1.0, 2.0])``: a vector holds
        relative scales of the columns, a single scale is replaced. A hyperprior replaces the
        default one.
    methods : str or list of str, optional
        Default: all that apply.
    scales : array of shape (m,), optional
        Scales to look at, at least 2. Default: 100 from all shrunk away to all let free.
        Optima are refined between them; posteriors are drawn at scales of their own choice in
        the same range.
    folds : int or list of (train, test)
        Number of shuffled folds, or pairs of row numbers, as from scikit-learn's ``KFold``.
    hold : {"prior", "alpha"}
        What all folds share: the prior, or the alpha of LassoCV, which is a wider prior on
        the fewer rows of a fold.
    draws, chains : int
        For each posterior that is drawn.
    random_seed : int, optional

    Returns
    -------
    ScaleChoice

    Raises
    ------
    PriormapError
        If a method or family is unknown or does not apply, a scale is not positive and finite,
        there are too few rows for the folds, or y is constant.

    Warns
    -----
    PriormapWarning
        If a curve is best at an end of the given scales, or draws of the scale or a k-hat are
        not to be trusted. (Posteriors that mix slowly are in `notes`; `se` counts it in.)

    References
    ----------
    MacKay (1992), "Bayesian interpolation", Neural Computation 4(3), for the evidence; Park and
    Casella (2008), section 3, for empirical Bayes and the hyperprior of the lasso.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Regression, choose_scale
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 8))
    >>> data = Regression(X, X @ rng.normal(size=8) + rng.normal(size=100), sigma=1.0)
    >>> choice = choose_scale(data, "gaussian", ["cv", "loo", "evidence"], random_seed=0)
    >>> choice.optima["scale"].round(2).to_dict()
    {'cv': 0.61, 'cv_1se': 0.19, 'loo': 0.54, 'empirical_bayes': 0.49}
    >>> choice.prior("empirical_bayes")
    Gaussian(scale=0.491517)
    """
    family = ScaleFamily.of(data, prior_family)
    chosen = _checked_methods(methods, family)
    if hold not in HOLD:
        raise PriormapError(f"hold must be 'prior' or 'alpha', got {hold!r}")
    gaussian = GaussianCurves.of(family)
    grid = default_scales(family, gaussian) if scales is None else checked_scales(scales)
    entropy = checked_seed(random_seed)
    seed = np.random.SeedSequence(entropy)
    rng = np.random.default_rng(seed.spawn(1)[0])
    pairs = split(data, folds, rng) if "cv" in chosen else []
    study = Study(family, gaussian, grid, chosen, pairs, hold, draws, chains, seed)
    found = {CRITERIA[name]: CRITERIA[name](study) for name in chosen}
    optima = [optimum for _, some in found.values() for optimum in some]
    _note_ends(study, optima, study.notes if scales is None else study.cautions)
    for caution in study.cautions:
        warnings.warn(caution.rstrip("."), PriormapWarning, stacklevel=2)
    return ScaleChoice(
        curves=_curves_frame([curve for curve, _ in found.values() if curve is not None]),
        optima=_optima_frame(family, optima),
        sigma=family.sigma,
        sigma_origin=family.sigma_origin,
        notes=(*study.notes, *study.cautions),
        random_seed=entropy,
        data=data,
        family=family,
    )


def _checked_methods(methods: object, family: ScaleFamily) -> tuple[str, ...]:
    has_l1 = bool(family.rates.l1.any())
    if methods is None:
        chosen = tuple(name for name in METHODS if name != "universal" or has_l1)
    elif isinstance(methods, str):
        chosen = (methods,)
    elif isinstance(methods, Iterable):
        chosen = tuple(methods)
    else:
        raise PriormapError(f"methods must be a list of names, got {methods!r}")
    for name in chosen:
        if name not in METHODS:
            raise PriormapError(f"method {name!r} is unknown; {nearest(str(name), list(METHODS))}")
    if not chosen:
        raise PriormapError(f"methods is empty; there are: {', '.join(METHODS)}")
    if "universal" in chosen and not has_l1:
        raise PriormapError(
            "method 'universal' is a rule for penalties on |b|, which a Gaussian prior has not; "
            "leave it out, or take Laplace"
        )
    return tuple(dict.fromkeys(chosen))


def _note_ends(study: Study, optima: list[Optimum], notes: list[str]) -> None:
    low, high = study.scales[0] * (1 + _AT_END), study.scales[-1] * (1 - _AT_END)
    for optimum in optima:
        end = "smallest" if optimum.scale <= low else "largest" if optimum.scale >= high else ""
        if end and optimum.method in {"cv", "loo", "empirical_bayes"}:
            notes.append(
                f"{optimum.method}: best at the {end} scale, {optimum.scale:.4g}; the optimum "
                "may lie beyond it."
            )


def _curves_frame(curves: list[Curve]) -> pd.DataFrame:
    import pandas as pd

    columns = ["method", "scale", "value", "se", "khat"]
    frames = [
        pd.DataFrame(dict(zip(columns, [c.method, c.scales, c.values, c.se, c.khat], strict=True)))
        for c in curves
    ]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat([frame.astype({"khat": float}) for frame in frames], ignore_index=True)


def _optima_frame(family: ScaleFamily, optima: list[Optimum]) -> pd.DataFrame:
    import pandas as pd

    scales = np.array([optimum.scale for optimum in optima])
    columns = {
        "scale": scales,
        "prior_sd": scales * family.unit_sd,
        "alpha": family.alpha(scales),
        "lambda": family.lambda_(scales),
        "nonzero": _nonzero(family, scales),
        **{
            name: [getattr(optimum, name) for optimum in optima]
            for name in ("value", "se", "low", "high", "meaning")
        },
    }
    return pd.DataFrame(columns, index=pd.Index([o.method for o in optima], name="method"))


def _nonzero(family: ScaleFamily, scales: Floats) -> list[int]:
    """Coefficients of the mode that are not exactly zero."""
    with warnings.catch_warnings():  # the data were judged when they came in
        warnings.simplefilter("ignore", PriormapWarning)
        known = replace(family.data, sigma=family.sigma)
    return [int(count) for count in map_path(known, family.prior_at(1.0), scales).n_nonzero]
