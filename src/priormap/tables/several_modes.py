"""Where sigma has several modes: how much of each posterior lies near which, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from priormap.arrays import Floats
from priormap.mode import MapEstimate


def shares_of_modes(fit: MapEstimate, sigma: Floats) -> Floats:
    """Share of the draws of sigma that lie nearer to each mode than to another, in log sigma.

    Of the mode itself first, then of `MapEstimate.other_modes` in their order.
    """
    modes = np.log([fit.sigma, *(mode.sigma for mode in fit.other_modes)])
    nearest = np.abs(np.log(sigma)[:, None] - modes).argmin(axis=1)
    return np.asarray(np.bincount(nearest, minlength=len(modes)) / len(sigma))


def about_other_modes(fit: MapEstimate, sigma: Floats) -> tuple[str, ...]:
    """A sentence on every lower mode, with its share of the draws."""
    shares = shares_of_modes(fit, sigma)[1:]
    return tuple(
        f"{said.rstrip('.')}; {100 * share:.0f} % of the draws are nearer to its sigma."
        for said, share in zip(fit.about_other_modes, shares.tolist(), strict=True)
    )


def about_sides(
    modes: Mapping[str, MapEstimate], sigma: Mapping[str, Floats], r2: Mapping[str, float]
) -> str:
    """Say where posteriors lie near different modes of sigma, which tells their fits apart.

    Empty where they do not, or where no prior leaves sigma several modes.

    Parameters
    ----------
    modes : mapping of str to MapEstimate
    sigma : mapping of str to array of shape (m,)
        Draws of sigma under every prior.
    r2 : mapping of str to float
        Of every posterior mean.
    """
    for name, fit in modes.items():
        near = {one: shares_of_modes(fit, drawn) for one, drawn in sigma.items()}
        sides = {one: int(shares.argmax()) for one, shares in near.items()}
        if not fit.other_modes or len(set(sides.values())) == 1:
            continue
        values = [fit.sigma, *(mode.sigma for mode in fit.other_modes)]
        listed = " and ".join(f"{value:.4g}" for value in sorted(values))
        parts = [
            f"of {one} {100 * near[one][side]:.0f} % of the draws are near {values[side]:.4g} "
            f"(R^2 of the mean {r2[one]:.2f})"
            for one, side in sides.items()
        ]
        return (
            f"The joint density of {name} has modes at sigma = {listed}, and the posteriors lie "
            f"on different sides: {', '.join(parts)}. Their R^2 differ by the noise that they "
            "believe in."
        )
    return ""
