"""Where the scale of a prior contradicts the data: the exact evidence of a normal prior knows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.choosing import default_scales
from priormap.criteria.criterion import peak
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression
from priormap.errors import Phrase, PriormapError
from priormap.model.model import Model
from priormap.priors import Gaussian, Prior

_LOUD = 3.0  # nats: odds of twenty to one
_FAR_OUT = 1e3  # sds
_HARDLY_MORE = 1.5  # of the penalty twice as far out: 2 of a Laplace, 4 of a normal prior


@dataclass(frozen=True)
class ScaleConflict:
    """How far a scale is from the one that the data speak for.

    Attributes
    ----------
    prior : Prior
    nats : float
        Log evidence that its scale loses to the best one, under a normal prior of the same sds.
    factor : float
        What to multiply the scale by, to have the best one.
    """

    prior: Prior
    nats: float
    factor: float

    @property
    def is_loud(self) -> bool:
        """Whether it is more than a few nats."""
        return self.nats > _LOUD

    @property
    def sentence(self) -> tuple[str | Phrase, ...]:
        """What is wrong, and the scale to use, in the parts of a warning."""
        normal = "" if self.prior.is_normal else " of a normal prior with its sd"
        said = f"the scale contradicts the data by {self.nats:.3g} nats of log evidence{normal}; "
        if self.prior.has_vector:
            return said, f"multiply the scales by {self.factor:.3g}"
        sizes = [getattr(self.prior, name) * self.factor for name in self.prior.scales]
        better = ",".join(f"{size:.3g}" for size in sizes)
        return said, Phrase("take the scale ", "take --scale ", "take the scale "), better

    def __str__(self) -> str:
        return "".join(map(str, self.sentence))


def scale_conflict(data: Regression, prior: Prior) -> ScaleConflict | None:
    """How much evidence the scale of `prior` loses to the best scale; None where none says.

    Heavy tails and a learnt scale adapt, a flat prior has no scale, and a constant y says nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> found = scale_conflict(data, Gaussian(0.001))
    >>> round(found.nats, 1), found.is_loud
    (30.7, True)
    """
    if prior.hyperprior is not None or prior.no_mode or prior.is_flat.any():
        return None
    if data.unit.y_norm == 0 or not data.unit.x_norm.any():
        return None
    prior = Model(data, prior).prior
    sd = np.asarray(prior.spread)
    if _has_heavy_tails(prior, sd):
        return None
    with suppress(PriormapError):  # of scales beyond what a double holds
        family = ScaleFamily.of(data, Gaussian(sd / sd.max(), prior.scaled_by_noise))
        curves = GaussianCurves.of(family)
        scales = default_scales(family, curves)
        best = peak(lambda at: curves.evidence(at)[0], scales, curves.evidence(scales)[0])
        now, then = curves.evidence(np.array([sd.max(), best]))[0]
        return ScaleConflict(prior, max(0.0, float(then - now)), best / float(sd.max()))
    return None


def _has_heavy_tails(prior: Prior, sd: Floats) -> bool:
    """Whether a coefficient far out hardly pays more for going on: below the |b| of a Laplace."""
    near, far = prior.penalty(_FAR_OUT * sd), prior.penalty(2 * _FAR_OUT * sd)
    return bool((far < _HARDLY_MORE * near).any())


def loud_conflicts(data: Regression, priors: Mapping[str, Prior]) -> dict[str, ScaleConflict]:
    """Conflicts of more than a few nats, by the names of the priors that have one."""
    found = ((name, scale_conflict(data, prior)) for name, prior in priors.items())
    return {name: one for name, one in found if one is not None and one.is_loud}
