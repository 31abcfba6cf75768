"""Weights of several posteriors whose mixture predicts best."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from priormap.arrays import Floats


def stacking_weights(densities: Floats) -> Floats:
    r"""Weights of the mixture with the largest leave-one-out density.

    .. math:: \max_w \sum_i \log \sum_k w_k\, p(y_i \mid y_{-i}, M_k),
        \qquad w_k \ge 0, \quad \sum_k w_k = 1.

    Yao, Vehtari, Simpson and Gelman (2018), "Using stacking to average Bayesian predictive
    distributions", Bayesian Analysis 13(3), eq. 7. The objective is concave.

    Parameters
    ----------
    densities : array of shape (rows, posteriors)
        Log densities of each row given all others.

    Returns
    -------
    array of shape (posteriors,)

    Examples
    --------
    >>> import numpy as np
    >>> stacking_weights(np.log([[0.9, 0.1], [0.9, 0.1]])).round(6).tolist()
    [1.0, 0.0]
    """
    ratios = np.exp(densities - densities.max(axis=1, keepdims=True))
    k = ratios.shape[1]

    def loss(weights: Floats) -> tuple[float, Floats]:
        mixture = np.maximum(ratios @ weights, np.finfo(float).tiny)
        return -float(np.log(mixture).mean()), -(ratios / mixture[:, None]).mean(axis=0)

    found = minimize(
        loss,
        np.full(k, 1 / k),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * k,
        constraints={
            "type": "eq",
            "fun": lambda w: w.sum() - 1.0,
            "jac": lambda w: np.ones(k),
        },
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    weights = np.clip(found.x, 0.0, None)
    return np.asarray(weights / weights.sum())
