"""A prior and a density that priormap does not have: what it costs to add one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln

from priormap.priors import OneScalePrior
from priormap.priors.densities import ProperDensity, Terms
from priormap.priors.one_observation import mean_by_quadrature, mode_by_search


@dataclass(frozen=True, eq=False, repr=False)
class Logistic(OneScalePrior):
    """``p(b) = 1 / (4 s cosh(b / 2 s)**2)``: round at zero, with the tails of a Laplace prior."""

    name: ClassVar[str] = "logistic"
    label: ClassVar[str] = "Logistic"
    spoken: ClassVar[str] = "logistic"
    reference: ClassVar[str] = "Balakrishnan (1991), Handbook of the Logistic Distribution"
    no_mode: ClassVar[str] = "its penalty 2 log cosh(b / 2 s) is neither |b| nor b**2"

    def _logpdf(self, coef):
        return -np.log(4 * self.scale) - self._penalty(coef)

    def _penalty(self, coef):
        x = np.abs(coef) / self.scale
        return x + 2 * np.log1p(np.exp(-x)) - 2 * np.log(2)

    def _pull_range(self, coef):
        pull = np.tanh(coef / (2 * self.scale)) / self.scale
        return pull, pull

    def _shrink(self, z, sd):
        return mode_by_search(self, z, sd)

    def _posterior_mean(self, z, sd):
        return mean_by_quadrature(self, z, sd)

    def _rvs(self, size, random_state):
        return random_state.logistic(0.0, self.scale, size)

    def _sd(self):
        return np.pi / np.sqrt(3) * self.scale

    def _interval(self, mass):
        return 2 * self.scale * np.arctanh(mass)

    def _probability(self, size):
        return np.tanh(size / (2 * self.scale))


def logistic_variable(prior, unit, names):
    """The prior in PyMC, inside a model: its line in the table of the translation."""
    import pymc as pm

    return pm.Logistic(names.coef, 0.0, prior.scale * unit, dims=names.dim)


@dataclass(frozen=True)
class Chi(ProperDensity):
    """``p(x) ~ x**(df - 1) exp(-x**2 / (2 scale**2))``: no mass near zero, a light tail."""

    df: float
    scale: float

    @property
    def terms(self):
        return Terms(logs=1 - self.df, square=0.5 / self.scale**2)

    @property
    def log_constant(self):
        half = self.df / 2
        return (1 - half) * np.log(2) - self.df * np.log(self.scale) - gammaln(half)

    def _rvs(self, size, random_state):
        return self.scale * np.sqrt(random_state.chisquare(self.df, size))
