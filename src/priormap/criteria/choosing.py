"""`choose_scale`: what cross-validation, evidence and a hyperprior say of the prior scale."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import suppress

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from priormap.arrays import Floats
from priormap.checks import Seed, as_numbers, checked_count, checked_seed, one_of, short
from priormap.criteria.criterion import AT_END, Criterion, Folds, Optimum, Study, criterion_named
from priormap.criteria.cross_validation import HOLD
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.result import ScaleChoice
from priormap.criteria.scale_family import PriorFamily, ScaleFamily
from priormap.data.regression import Regression
from priormap.display.progress import told_if_slow
from priormap.errors import PriormapError, PriormapWarning, warn
from priormap.mode import find_map
from priormap.posterior.sampling import checked_draws

_POINTS = 100
_SHRUNK, _FREE = 0.01, 0.95  # effective degrees of freedom over the rank, at the two ends
_WIDER = 10.0  # times the size of the coefficients: the largest scale, where data are plenty


def choose_scale(
    data: Regression,
    prior_family: PriorFamily,
    methods: str | Iterable[str] | None = None,
    *,
    scales: ArrayLike | None = None,
    folds: Folds = 5,
    repeats: int | None = None,
    hold: str = "prior",
    draws: int = 1000,
    chains: int = 4,
    random_seed: Seed | None = None,
    progressbar: bool | None = None,
) -> ScaleChoice:
    r"""Prior scales that cross-validation, evidence, a hyperprior and a rule choose.

    All on one axis, the scale of the prior, which is scikit-learn's alpha too at one noise sd:

    ``"cv"``
        K-fold squared error of the mode, on the exact path of every fold, averaged over repeats
        of the folds; ``low`` and ``high`` bound the scales within one standard error of the
        smallest error, and ``cv_1se`` is the first of them, the strongest prior.
    ``"loo"``
        Leave-one-out log predictive density of the posterior. Exact under a Gaussian prior;
        by Pareto-smoothed importance sampling at up to 12 scales under the others, of which the
        best is chosen; under penalties of ``|b|`` and ``b**2`` control variates take out most of
        the noise of the draws. ``low`` and ``high`` bound the scales that differ from the best by
        no more than one standard error of the difference, over rows and draws. Of more than 2,000
        rows, so many are left out, one by one, at random.
    ``"evidence"``, or by another name ``"empirical_bayes"``
        Log marginal likelihood and its maximiser. Exact under a Gaussian prior, with a flat
        intercept: the density of n - 1 contrasts of y. Integrated along the scale under the
        others, ``d log p(y | s) / d log s = E[sum_j |b_j|] / s - p`` for the Laplace prior,
        from a scale so small that it is known up to where it is 20 below its best; ``se`` is
        the Monte Carlo error.
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
    folds : int, splitter or list of (train, test)
        Number of shuffled folds, or pairs of row numbers, or what makes them by
        ``split(X, y)``, such as scikit-learn's ``KFold``.
    repeats : int, optional
        How often a number of folds is shuffled anew. Default: until the optimum stands still,
        at most 100 times, or as often as large data allow.
    hold : {"prior", "alpha"}
        What all folds share: the prior, or the alpha of LassoCV, which is a wider prior on
        the fewer rows of a fold.
    draws, chains : int
        For each posterior that is drawn.
    random_seed : int, SeedSequence or Generator, optional
        Default: a fresh one, kept in the result.
    progressbar : bool, optional
        Whether a criterion that takes more than ten seconds says so in a line on stderr.
        Default: on a terminal only.

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
    {'cv': 0.68, 'cv_1se': 0.21, 'loo': 0.54, 'empirical_bayes': 0.49}
    >>> choice.lead[0].partition(" and ")[0]
    'Flat from 0.207 to 4.78 (the largest scale) by cv (one standard error at the smallest error)'
    >>> choice.prior("empirical_bayes")
    Gaussian(scale=0.491517)
    """
    family = ScaleFamily.of(data, prior_family)
    one_of("hold", hold, HOLD)
    gaussian = GaussianCurves.of(family)
    grid = default_scales(family, gaussian) if scales is None else checked_scales(scales)
    draws, chains, _ = checked_draws(data, draws, chains)
    entropy = checked_seed(random_seed)
    seed = np.random.SeedSequence(entropy)
    times = None if repeats is None else checked_count("repeats", repeats)
    study = Study(family, gaussian, grid, folds, times, hold, draws, chains, seed)
    found = []
    for one in _chosen(methods, study):
        with told_if_slow(progressbar, f"{one.name} of the {family.name} prior"):
            found.append((one, *one.judge(study)))
    for one, _, optima in found:
        _note_ends(study, one, optima, study.notes if scales is None else study.cautions)
    study.notes += _about_other_modes(family, [optimum for *_, some in found for optimum in some])
    for caution in study.cautions:
        warn(caution.rstrip("."))
    return ScaleChoice.of(
        family,
        {one.name: curve for one, curve, _ in found if curve is not None},
        [optimum for *_, optima in found for optimum in optima],
        (*study.notes, *study.cautions),
        entropy,
    )


def _chosen(methods: object, study: Study) -> list[Criterion]:
    """Criteria that were asked for, or all that apply."""
    from priormap.criteria import CRITERIA

    if methods is None:
        return [one for one in CRITERIA if not one.why_not(study)]
    if isinstance(methods, str):
        methods = (methods,)
    if not isinstance(methods, Iterable):
        raise PriormapError(f"methods must be a list of names, got {short(methods)}")
    chosen = list(dict.fromkeys(criterion_named(name) for name in methods))
    if not chosen:
        known = ", ".join(name for one in CRITERIA for name in one.names)
        raise PriormapError(f"methods is empty; there are: {known}")
    for one in chosen:
        if reason := one.why_not(study):
            raise PriormapError(f"method {one.name!r} {reason}")
    return chosen


def _note_ends(study: Study, criterion: Criterion, optima: list[Optimum], notes: list[str]) -> None:
    low, high = study.scales[0] * (1 + AT_END), study.scales[-1] * (1 - AT_END)
    for optimum in optima:
        end = "smallest" if optimum.scale <= low else "largest" if optimum.scale >= high else ""
        if end and optimum.method == criterion.best:
            notes.append(
                f"{optimum.method}: best at the {end} scale, {optimum.scale:.4g}; the optimum "
                "may lie beyond it: give wider scales."
            )


def _about_other_modes(family: ScaleFamily, optima: list[Optimum]) -> list[str]:
    """Say at which of the chosen scales sigma has several modes, if it is unknown."""
    if family.data.noise.is_known or family.no_mode:
        return []
    chosen: dict[float, list[str]] = {}
    for optimum in optima:
        chosen.setdefault(optimum.scale, []).append(optimum.method)
    notes = []
    for scale, methods in chosen.items():
        with suppress(PriormapError), warnings.catch_warnings():  # where there is no joint mode
            warnings.simplefilter("ignore", PriormapWarning)
            fit = find_map(family.data, family.prior_at(scale))
            notes += [
                f"{', '.join(methods)}: the joint mode at scale {scale:.4g} has sigma = "
                f"{fit.sigma:.6g}. {said}"
                for said in fit.about_other_modes
            ]
    return notes


def default_scales(family: ScaleFamily, curves: GaussianCurves) -> Floats:
    """Geometric grid in the scale, chosen by prior standard deviation.

    It starts where a Gaussian prior of that sd leaves 1 % of the degrees of freedom, or below
    the smallest scale at which a lasso is not all zero, and ends where 95 % are left, or at
    ten times the root mean square coefficient there, whichever is wider.
    """
    spectrum, columns = curves.spectrum, family.data.unit
    d = spectrum.eigenvalues
    noise = 1.0 if family.prior.scaled_by_noise else family.sigma
    norm = np.exp(curves.log_norm)

    def share_left(log_mu: float) -> float:
        return float(curves.spectrum.degrees_of_freedom(np.exp(np.array(log_mu)))) / len(d)

    ends = np.log(d.min()) - 40, np.log(d.max()) + 40
    log_mu = [brentq(lambda x, s=share: share_left(x) - s, *ends) for share in (_SHRUNK, _FREE)]
    low, high = noise * np.exp(-0.5 * np.array(log_mu)) / norm
    coef = spectrum.coef_at(np.exp(np.array(log_mu[1])))  # unit coefficients, where all are free
    weights = family.relative_sd * columns.x_norm
    live = weights > 0
    sizes = columns.y_norm * coef[live] / weights[live] / (family.sigma / noise)
    high = max(high, _WIDER * float(np.sqrt(np.mean(sizes**2))))
    rates = family.l1_rates[live]
    if rates.any():
        pulls = columns.y_norm * np.abs(columns.xty[live]) * columns.x_norm[live] / rates
        low = min(low, noise * family.sigma / max(float(pulls.max()), 1e-300))
    if not 0 < low < high < np.inf:
        raise PriormapError(
            "the scales that matter for these data lie beyond what a double holds; give scales, "
            "or measure y and the columns in other units"
        )
    return np.geomspace(low, high, _POINTS)


def checked_scales(scales: ArrayLike) -> Floats:
    """Rising positive finite numbers, at least two of them."""
    values = as_numbers("scales", scales)
    if values.ndim != 1 or len(values) < 2:
        raise PriormapError(
            f"scales must be a vector of at least 2 numbers, got an array of shape {values.shape}"
        )
    bad = ~((values > 0) & np.isfinite(values))
    if bad.any():
        raise PriormapError(
            f"scales must be positive and finite (inf is flat: no prior), got {values[bad][0]}"
        )
    if len(np.unique(values)) < len(values):
        raise PriormapError("scales names a scale twice; give different numbers")
    return np.sort(values)
