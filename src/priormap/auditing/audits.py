"""`audit`: is a vector from anywhere the mode of a prior, of a penalty, of a library's call."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from priormap.arrays import Floats
from priormap.auditing.judging import judge, judge_groups, judge_point, judge_rows
from priormap.auditing.library_call import library_call
from priormap.checks import as_labelled_numbers, in_order, positive_number, refuse_keywords
from priormap.conventions import convention_named
from priormap.data.coefficients import Coefficients, as_coefficients
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.mode.certificate import TOLERANCE, Certificate
from priormap.mode.find import has_stationary_points
from priormap.mode.stationary_certificate import StationaryCertificate
from priormap.model import Model
from priormap.model.penalty import Penalty, prior_of_columns
from priormap.priors import GroupNorms, Prior, penalty_parts

_KEYWORDS = ("sigma", "tolerance", "penalty_factor", "sample_weight")


@overload
def audit(
    data: Regression, prior: Penalty | str, coef: Coefficients, **options: Any
) -> Certificate: ...


@overload
def audit(
    data: Regression, prior: Prior | Penalty | str, coef: Coefficients, **options: Any
) -> Certificate | StationaryCertificate: ...


def audit(
    data: Regression,
    prior: Prior | Penalty | str,
    coef: Coefficients,
    *,
    sigma: float | None = None,
    tolerance: float = TOLERANCE,
    penalty_factor: Any = None,
    sample_weight: Any = None,
    **numbers: Any,
) -> Certificate | StationaryCertificate:
    r"""Judge coefficients from anywhere: are they the mode, or how far off are they and why.

    Where they are not, the mode is found, and with it the exact excess of the objective and
    the zeros that differ; and the penalty ``(a l1, m l2)`` of which they are the mode is
    looked for, also on columns that are standardised or not, and with a free, a penalised or
    no intercept. Its optimality conditions

    .. math:: x_j' r = a\, l_{1j} \operatorname{sign}(b_j) + m\, l_{2j} b_j

    are linear in (a, m). A factor that a slip of convention explains, such as n, n/2, sd(y),
    or two of them, is named where one name fits it to a relative 1e-6. The intercept is taken
    as the best one for `coef`.

    Parameters
    ----------
    data : Regression
    prior : prior, Penalty or str
        What to judge by. A `Penalty` (l1, l2) needs no sigma. A text is the call of a library, as
        `list_conventions` has it, such as "glmnet": its numbers follow by name, and the verdict
        is that of `explain_penalty`.
    coef : array of shape (p,), Series, mapping, fitted estimator or path of a CSV file
        Coefficients in units of X, from any program. Named ones are aligned with the columns;
        a CSV file has the columns ``feature`` and ``coef``. An estimator may stand behind a
        StandardScaler (or another scaler) in a Pipeline.
    sigma : float, optional
        Noise standard deviation at which to judge; needed where `data` does not know it and
        a prior is given.
    tolerance : float
        Distance from the mode that still counts as it: largest difference of an effect
        ``|x_j| b_j`` over the largest effect at the mode, so that 1e-6 asks for six digits. At
        the default of 1e-9 and below nothing counts but a proof, by duality gap and KKT residual.
    penalty_factor : array of shape (p,), Series or mapping, optional
        What the penalty of each column is multiplied by; 0 leaves one free. Of a library's call
        that has such factors it is theirs, by whatever name (celer calls them weights), and
        treated as the library does: glmnet rescales them to the sum p.
    sample_weight : array of shape (n,), optional
        The weights that the library gets.
    **numbers
        The library's other parameters by its own names, such as ``alpha=0.1``.

    Returns
    -------
    Certificate or StationaryCertificate
        Of the first, where the penalty has the parts l1 and l2, `grade` is "mode", "mode to
        digits" (how many are in `digits`: a solver stopped early), "mode of another penalty" or
        "another point"; but for the first, its `shortfall` says more. `is_mode` is whether it is
        the mode within the tolerance. The second is that of a penalty that need not be convex:
        whether the coefficients are stationary, and how far below the highest point that is
        found from several starts, themselves among them.

    Raises
    ------
    PriormapError
        If `coef` has the wrong shape, names that are missing or unknown, or entries that are
        not finite, or sigma is missing; or the library's call cannot be read.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, audit
    >>> data = Regression([[0.0], [1.0], [5.0]], [0.0, 1.0, 2.0], sigma=1.0)
    >>> audit(data, Gaussian(1.0), coef=[1 / 3]).is_mode
    True
    >>> audit(data, "sklearn.Ridge", coef=[0.3333], alpha=1.0).digits
    4
    >>> other = audit(data, Gaussian(1.0), coef={"x0": 5 / 17}).shortfall.other
    >>> round(other.l2_factor, 9), other.l2_slip, other.prior
    (3.0, 'n', Gaussian(scale=0.57735))
    """
    check_data(data, any_likelihood=not isinstance(prior, str))
    values = as_coefficients(coef, data.names)
    tolerance = positive_number("tolerance", tolerance)
    if isinstance(prior, str):
        factors = {} if penalty_factor is None else {_factors_of(prior): penalty_factor}
        call = library_call(prior, data, {**numbers, **factors}, sigma, sample_weight)
        return call.judge(values, tolerance).certificate
    refuse_keywords("audit", numbers, _KEYWORDS)
    if sample_weight is not None:
        raise PriormapError(
            "sample_weight goes with the call of a library, such as audit(data, 'sklearn.Ridge', "
            "coef, alpha=1.0, sample_weight=w)"
        )
    if sigma is not None and not data.likelihood.has_sigma:
        raise PriormapError(f"{data.likelihood.response} has no sigma; leave sigma={sigma!r} out")
    factor = _checked_factor(penalty_factor, data)
    if isinstance(prior, Penalty):
        penalty = prior.for_columns(data.names)
        if len(penalty.l1) != data.n_features:
            raise PriormapError(
                f"the penalty has {len(penalty.l1)} entries but X has {data.n_features} columns; "
                "give one per column"
            )
        if factor is not None:
            penalty = Penalty(factor * penalty.l1, factor * penalty.l2)
        if not data.likelihood.has_moments:
            return judge_rows(data, penalty, values, tolerance)
        return judge(data, penalty, values, None, data.noise.known, tolerance)
    if not data.likelihood.has_moments:
        model = Model(data, _times(prior_of_columns(prior, data), factor), any_likelihood=True)
        penalty_parts(model.prior, f"mode of {data.likelihood.response}")
        return judge_rows(data, model.penalty(), values, tolerance)
    noise = data.noise.at(sigma, otherwise="say at which sigma to judge")
    given = _times(prior_of_columns(prior, data), factor)
    if isinstance(given, GroupNorms):
        return judge_groups(Model(data.with_noise(noise), given), values, tolerance)
    if has_stationary_points(given):
        return judge_point(Model(data.with_noise(noise), given), values, tolerance)
    return judge(data, Penalty.from_prior(given, data, noise), values, given, noise, tolerance)


def _factors_of(name: str) -> str:
    """What the library calls its penalty factors; it refuses the word itself where it has none."""
    return convention_named(name).factors or "penalty_factor"


def _checked_factor(value: Any, data: Regression) -> Floats | None:
    if value is None:
        return None
    labels, factor = as_labelled_numbers("penalty_factor", value)
    factor = in_order("penalty_factor", labels, factor, data.names)
    if factor.shape != (data.n_features,):
        raise PriormapError(
            f"penalty_factor has shape {factor.shape} but X has {data.n_features} columns; give "
            "one number per column"
        )
    if not ((factor >= 0) & (factor < np.inf)).all():
        raise PriormapError("penalty_factor must be finite and not negative in every column")
    return factor


def _times(prior: Prior, factor: Floats | None) -> Prior:
    """The prior whose penalty is multiplied by a factor in each column."""
    if factor is None:
        return prior
    parts = penalty_parts(prior)
    with np.errstate(divide="ignore"):  # of a factor 0: flat
        return parts.with_parts(parts.l1_scale / factor, parts.l2_scale / np.sqrt(factor))
