"""Contours of a quadratic loss, of a prior, and of a density on a grid."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats

MASSES = (0.95, 0.5)  # of the posterior, inside its contours
_WEAK = 1e-100
_VERTICES = 361  # the four directions of the axes, where a contour may have corners, among them


def ellipse(center: Floats, root: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Ellipse ``center + root u`` with ``|u|`` constant, through `start`, where it begins."""
    first = np.linalg.solve(root, start - center)
    angle = np.linspace(0, 2 * np.pi, _VERTICES)
    turned = np.array([np.cos(angle), np.sin(angle)])
    circle = np.array([first[0] * turned[0] - first[1] * turned[1], first @ turned[::-1]])
    x, y = center[:, None] + root @ circle
    return x, y


def prior_contour(l1: Floats, l2: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Where ``sum(l1 |b|) + sum(l2 b**2) / 2`` is what it is at `start`.

    A diamond for a Laplace prior, an ellipse for a Gaussian one, and a diamond with bulging
    sides for their product.
    """
    level = float(l1 @ np.abs(start) + 0.5 * l2 @ start**2)
    if 0 < level < _WEAK:  # its square would vanish
        l1, l2, level = l1 / level, l2 / level, 1.0
    quarter = np.linspace(0, 0.5 * np.pi, (_VERTICES - 1) // 4, endpoint=False)
    turn = np.array([np.cos(quarter), np.sin(quarter)])  # exact zeros on the axes
    turns = [turn, (-turn[1], turn[0]), -turn, (turn[1], -turn[0]), turn[:, :1]]
    direction = np.concatenate([np.asarray(part) for part in turns], axis=1)
    linear, square = l1 @ np.abs(direction), l2 @ direction**2
    # the positive root of square r**2 / 2 + linear r = level, without cancellation
    radius = 2 * level / (linear + np.sqrt(linear**2 + 2 * square * level))
    x, y = radius * direction
    return x, y


def density_levels(density: Floats) -> list[float]:
    """Densities above which `MASSES` of a density on an even grid lie, lowest first."""
    ordered = np.sort(density, axis=None)[::-1]
    inside = np.cumsum(ordered) / ordered.sum()
    return [float(ordered[int(np.searchsorted(inside, mass))]) for mass in MASSES]
