"""Exact references for the Laplace kernels: closed forms and quadrature."""

import numpy as np
from scipy import stats
from scipy.special import log_ndtr, logsumexp

from priormap.posterior import kernels as pk
from priormap.posterior.kernels import Density
from priormap.priors.densities import HalfNormal, HalfStudentT, InverseGamma, Jeffreys

FAMILIES = {
    "half_normal": HalfNormal,
    "half_student_t": HalfStudentT,
    "inverse_gamma": InverseGamma,
    "jeffreys": Jeffreys,
}


def numbers(density):
    """A density, written as (name, parameters) or None, as kernels are told of it."""
    return Density.of(None if density is None else FAMILIES[density[0]](*density[1:]))


def elastic_net_prior(l1_scale, *densities, l2_scale=np.inf, **options):
    """A prior by its scales, as kernels are told of it."""
    rate, curvature = 1 / np.asarray(l1_scale), np.asarray(l2_scale) ** -2.0
    return pk.elastic_net_prior(rate, curvature, *densities, **options)


def one_coefficient(gram, xty, sigma, scale, l2_scale=np.inf):
    """Mean, sd and P(b > 0) of exp(-(gram b^2 - 2 xty b) / (2 sigma^2) - |b| / s - b^2 / (2 t^2)).

    The elastic net's Gaussian part adds to the precision.
    """
    gram = gram + (sigma / l2_scale) ** 2
    sd = sigma / np.sqrt(gram)
    centre = xty / gram + np.array([-1.0, 1.0]) * sd**2 / scale
    side = np.array([1.0, -1.0])
    z = side * centre / sd
    log_weight = 0.5 * (centre / sd) ** 2 + log_ndtr(z)
    weight = np.exp(log_weight - logsumexp(log_weight))
    hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))
    mean = centre + side * sd * hazard
    square = sd**2 * (1 - z * hazard - hazard**2) + mean**2
    average = weight @ mean
    return average, np.sqrt(weight @ square - average**2), weight[0]


def log_density(density, x):
    """Log densities of a positive scale by scipy; ``density`` is its name and numbers, or None."""
    match density:
        case None:
            return np.zeros_like(x)
        case "half_normal", scale:
            return stats.halfnorm(scale=scale).logpdf(x)
        case "half_student_t", df, scale:
            return np.log(2.0) + stats.t(df, scale=scale).logpdf(x)
        case "inverse_gamma", shape, scale:  # of the square
            return stats.invgamma(shape, scale=scale).logpdf(x**2) + np.log(2.0 * x)
        case ("jeffreys",):
            return -np.log(x)


def kinked_grid(low, high, count):
    """Nodes and trapezoid weights on [low, high], dense around zero where that is inside."""
    if low < 0 < high:
        step = np.linspace(0.0, 1.0, count) ** 4
        nodes = np.concatenate([low * step[:0:-1], high * step])
    else:
        nodes = np.linspace(low, high, 2 * count)
    weights = np.zeros_like(nodes)
    weights[:-1] += np.diff(nodes) / 2
    weights[1:] += np.diff(nodes) / 2
    return nodes, weights


def two_coefficients(
    data, relative_scale, noise, scale, by_noise, sigmas, taus, count=160, l2_scale=np.inf
):
    """Posterior expectations for p = 2 by quadrature over (b1, b2), sigma and tau.

    ``sigmas`` and ``taus`` are the nodes, one node for a known value. Returns means of
    ``b1, b2, b1^2, b2^2, b1 > 0, b2 > 0, log sigma, log tau``.
    """
    centre = np.linalg.solve(data.gram, data.xty)
    width = 8.5 * np.sqrt(np.diag(np.linalg.inv(data.gram)))
    l2_scale = np.broadcast_to(l2_scale, 2)
    penalised = (np.isfinite(relative_scale) | np.isfinite(l2_scale)).sum()
    weights_sigma = np.gradient(sigmas) if len(sigmas) > 1 else np.ones(1)
    weights_tau = np.gradient(taus) if len(taus) > 1 else np.ones(1)
    log_noise, log_scale = log_density(noise, sigmas), log_density(scale, taus)
    total, offset = np.zeros(9), -np.inf
    for k, sigma in enumerate(sigmas):
        (u, wu), (v, wv) = (
            kinked_grid(m - sigma * w, m + sigma * w, count)
            for m, w in zip(centre, width, strict=True)
        )
        above_u, above_v = (np.heaviside(nodes, 0.5) for nodes in (u, v))
        first, second = u[:, None], v[None, :]
        misfit = (
            data.yty
            - 2 * (first * data.xty[0] + second * data.xty[1])
            + data.gram[0, 0] * first**2
            + 2 * data.gram[0, 1] * first * second
            + data.gram[1, 1] * second**2
        )
        fixed = log_noise[k] - data.dof * np.log(sigma) - misfit / (2 * sigma**2)
        penalty = abs(first) / relative_scale[0] + abs(second) / relative_scale[1]
        ridge = (first / l2_scale[0]) ** 2 + (second / l2_scale[1]) ** 2
        area = np.outer(wu, wv) * weights_sigma[k]
        for tau, log_tau, weight_tau in zip(taus, log_scale, weights_tau, strict=True):
            unit = tau * sigma if by_noise else tau
            log_p = fixed - penalty / unit
            if ridge.any():
                log_p -= 0.5 / unit**2 * ridge
            known = log_tau - penalised * np.log(unit)
            highest = max(offset, log_p.max() + known)
            total *= np.exp(offset - highest)
            offset = highest
            log_p += known - offset
            mass = np.exp(log_p, out=log_p)
            mass *= area
            of_u, of_v = mass.sum(axis=1) * weight_tau, mass.sum(axis=0) * weight_tau
            whole = of_u.sum()
            total += [
                whole,
                of_u @ u,
                of_v @ v,
                of_u @ u**2,
                of_v @ v**2,
                of_u @ above_u,
                of_v @ above_v,
                whole * np.log(sigma),
                whole * np.log(tau),
            ]
    return total[1:] / total[0]
