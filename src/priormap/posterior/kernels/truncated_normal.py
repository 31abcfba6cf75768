"""The normal conditional with a kink at zero, drawn as two truncated normals (Hans 2009)."""

from __future__ import annotations

import math

from priormap.posterior.kernels.compiled import Words, inner
from priormap.posterior.kernels.random import uniform


@inner()
def mills(x: float) -> float:
    """Phi(x) / phi(x) up to sqrt(pi / 2): erfc(-x / sqrt 2) exp(x^2 / 2)."""
    if x > -10.0:
        return math.erfc(-math.sqrt(0.5) * x) * math.exp(0.5 * x * x)
    # continued fraction, relative error below 1e-9 from here on
    y = -x
    return math.sqrt(2.0 / math.pi) / (y + 1.0 / (y + 2.0 / (y + 3.0 / (y + 4.0 / (y + 5.0 / y)))))


@inner()
def positive_normal(rng: Words, mean: float) -> float:
    """Draw from Normal(mean, 1) given that it is positive (Robert 1995 in the tail)."""
    if mean > -0.45:
        while True:
            square = 2.0
            while square >= 1.0:
                x = 2.0 * uniform(rng) - 1.0
                y = 2.0 * uniform(rng) - 1.0
                square = x * x + y * y
            scale = math.sqrt(-2.0 * math.log(square) / square)
            if mean + scale * x > 0.0:
                return mean + scale * x
            if mean + scale * y > 0.0:
                return mean + scale * y
    rate = 0.5 * (math.sqrt(mean * mean + 4.0) - mean)
    while True:
        x = -math.log(uniform(rng)) / rate
        gap = x - mean - rate
        if -2.0 * math.log(uniform(rng)) > gap * gap:
            return x


@inner()
def two_piece_normal(rng: Words, mean: float, pull: float) -> float:
    """Draw from exp(-(z - mean)^2 / 2 - pull |z|)."""
    right, left = mean - pull, -mean - pull
    top, low = max(right, left), min(right, left)
    # the larger one may overflow to infinity, the smaller is negative
    odds = mills(low) / mills(top)
    side = 1.0 if right >= left else -1.0
    if uniform(rng) * (1.0 + odds) < 1.0:
        return side * positive_normal(rng, top)
    return -side * positive_normal(rng, low)
