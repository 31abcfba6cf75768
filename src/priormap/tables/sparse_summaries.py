r"""Two sparse answers *from the posterior*: a threshold and a path, each after the sampling."""

from __future__ import annotations

import warnings

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.projection import root_of
from priormap.data.regression import Regression
from priormap.errors import PriormapWarning
from priormap.mode import map_path
from priormap.priors import Laplace

_INTERVAL = (0.05, 0.95)
_MOST_DRAWS = 2000  # of the variation explained, whose interval needs no more


def savs(data: Regression, mean: Floats, sigma: float) -> Floats:
    """Signal adaptive variable selector of a posterior mean.

    ``sign(m) max(|m| |x|**2 - m**-2, 0) / |x|**2`` for each coefficient m of a column x of
    unit standard deviation, with y in units of sigma, so that no unit matters.

    References
    ----------
    Ray and Bhattacharya (2018), "Signal adaptive variable selector for the horseshoe prior".
    """
    unit = np.where(data.column_sd > 0, data.column_sd, 1.0) / sigma
    scaled = mean * unit
    square = np.full(len(mean), float(data.n_rows))
    with np.errstate(divide="ignore"):
        kept = np.maximum(np.abs(scaled) * square - scaled**-2.0, 0.0)
    return np.sign(scaled) * kept / square / unit


def decoupled_selection(data: Regression, coef: Floats, sigma: Floats) -> Floats:
    """Sparsest point of a lasso path through the posterior mean that explains as much.

    The path minimises ``|X m - X g|**2 / n + lambda sum_j |g_j / m_j|`` for the posterior mean
    m. Of its knots the sparsest is taken whose variation explained,
    ``|Xb|**2 / (|Xb|**2 + n sigma**2 + |Xb - Xg|**2)`` over the draws b, has a 90 % interval
    that reaches the mean of the full posterior's.

    References
    ----------
    Hahn and Carvalho (2015), JASA 110(509), sections 3.1 and 3.2.
    """
    mean = coef.mean(axis=0)
    live = (mean != 0) & (data.unit.x_norm > 0)
    result = np.zeros(len(mean))
    if not live.any():
        return result
    which = np.flatnonzero(live)
    norm = data.unit.x_norm[which]
    root = root_of(data.unit, which)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)  # the data were judged when they came in
        surrogate = Regression(root, root @ (norm * mean[which]), sigma=1.0, intercept=False)
        path = map_path(surrogate, Laplace(np.abs(norm * mean[which])))
    rows = np.linspace(0, len(coef) - 1, min(len(coef), _MOST_DRAWS)).astype(int)
    drawn = (coef[np.ix_(rows, which)] * norm) @ root.T
    noise = data.n_rows * sigma[rows] ** 2
    explained = (drawn**2).sum(axis=1)
    target = float((explained / (explained + noise)).mean())
    order = np.argsort(path.n_nonzero, kind="stable")
    for k in order:
        lost = ((drawn - root @ path.coef[k]) ** 2).sum(axis=1)
        low, high = np.quantile(explained / (explained + noise + lost), _INTERVAL)
        if low <= target <= high:
            result[which] = path.coef[k] / norm
            return result
    return mean
