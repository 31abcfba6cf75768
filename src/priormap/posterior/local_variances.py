r"""Gibbs sampling for every prior that is normal given a local variance.

Where the law of the variances has few numbers the moves are compiled (`variance_chains`). These
are in plain numpy, for any law.

In unit columns, with ``c_j = b_j / (s_j sqrt(w_j))`` standard normal before the data, one step is

1. sigma and the learnt scale tau given the variances w, with the coefficients integrated out:
   in the eigenbasis of ``A = D^(1/2) Z'Z D^(1/2)``, ``D = diag(s_j**2 w_j)``, both enter through
   ``e_k tau**2 / sigma**2`` only;
2. the coefficients given all others, from a Cholesky factor of their precision, or for more
   columns than rows through n by n systems (Bhattacharya, Chakraborty and Mallick 2016, "Fast
   sampling with Gaussian scale mixture priors in high-dimensional regression", Biometrika
   103(4), algorithm 1);
3. the variances given the coefficients, by the prior's own step, and tau once more given the
   products ``tau**2 w_j`` (interweaving: Yu and Meng 2011, JCGS 20(3)).

All chains move together. Columns with a flat prior are projected out, like the intercept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, lapack, solve_triangular

from priormap.arrays import Bools, Floats
from priormap.model import Model
from priormap.posterior.draws import Draws, refuse_non_finite
from priormap.posterior.variance_chains import Chains
from priormap.posterior.variance_kernel import Laws, Seen
from priormap.priors import LocalVariances
from priormap.priors.densities import PositiveDensity
from priormap.priors.slices import slice_step

TINY = 1e-280
SMALLEST = 1e-140  # prior sd in unit columns, whose square is a number still
_RESOLUTION = 1e-13  # of the largest eigenvalue: smaller ones are rounding
EVERY = 50  # steps between two reports of progress


def draw_scale_mixture(
    model: Model,
    method: str,
    chains: int,
    draws: int,
    tune: int,
    seed: np.random.SeedSequence,
    progress: Callable[[int], None] | None,
) -> Draws:
    """Markov chains of coefficients, sigma and the learnt scale; every method is this one."""
    streams = seed.spawn(2)
    gibbs = _Gibbs.of(model, chains, np.random.default_rng(streams[0]))
    compiled = gibbs.compiled(streams[0])
    kept = np.empty((chains, draws, model.columns.p))
    trace = np.empty((chains, draws, 2))
    for step in range(-tune, draws):
        gibbs.advance() if compiled is None else gibbs.follow(compiled)
        if step >= 0:
            kept[:, step], trace[:, step] = gibbs.coef, gibbs.trace
        if progress is not None and step % EVERY == 0:
            progress(chains * (step + tune))
    return Draws.of_chains(model, kept, trace, streams[1], attributes={"kernel": "local_variances"})


@dataclass(eq=False)
class _Gibbs:
    """The state of all chains, shape (chains, ...), and what they read."""

    prior: LocalVariances
    likelihood: Likelihood
    scale: Floats  # of each column that is not flat
    flat: Bools
    noise: PositiveDensity | None
    hyperprior: PositiveDensity | None
    by_noise: bool
    rng: np.random.Generator
    variances: Floats
    sigma: Floats
    tau: Floats
    coef: Floats

    @classmethod
    def of(cls, model: Model, chains: int, rng: np.random.Generator) -> _Gibbs:
        """Start where a variance is typical, sigma known or half the length of y, tau small.

        From a large one, chains would have to leave a perfect fit where columns are many.
        """
        prior, columns = model.unit_prior, model.columns
        assert isinstance(prior, LocalVariances)  # or another route was taken
        flat = np.broadcast_to(prior.is_flat, columns.p)
        scale = np.broadcast_to(prior.scale, columns.p)[~flat]
        noise, hyperprior = model.unit_noise.density, model.prior.hyperprior
        sigma = np.full(chains, 0.5 / np.sqrt(model.dof) if noise else model.unit_noise.sd)
        tau = np.ones(chains)
        if hyperprior is not None:  # all columns together explain about as much as the noise
            reach = np.linalg.norm(scale) * (1.0 if prior.scaled_by_noise else 1 / sigma[0])
            tau = np.exp(rng.standard_normal(chains)) / reach
        return cls(
            prior=prior,
            likelihood=Likelihood.of(model, flat),
            scale=scale,
            flat=flat,
            noise=noise,
            hyperprior=hyperprior,
            by_noise=prior.scaled_by_noise,
            rng=rng,
            variances=np.tile(prior.start_variances(len(scale)), (chains, 1)),
            sigma=sigma,
            tau=np.clip(tau, TINY, 1 / TINY),
            coef=np.zeros((chains, columns.p)),
        )

    @property
    def trace(self) -> Floats:
        """Sigma and tau of every chain."""
        return np.stack([self.sigma, self.tau], axis=1)

    def advance(self) -> None:
        """One step of every chain, or refuse to go on."""
        spread = self.scale * np.sqrt(self.variances)[:, self.prior.variance_of]
        if self.noise is not None or self.hyperprior is not None:
            self.sigma, self.tau = move_sigma_and_tau(
                self.likelihood.collapsed(spread),
                self.sigma,
                self.tau,
                self.noise,
                self.hyperprior,
                by_noise=self.by_noise,
                rng=self.rng,
            )
        unit = self.tau * self.sigma if self.by_noise else self.tau
        bound = self.likelihood.draw(spread * unit[:, None], self.sigma, self.rng)
        self.coef[:, ~self.flat] = bound
        self.coef[:, self.flat] = self.likelihood.draw_flat(bound, self.sigma, self.rng)
        known = bound / (self.scale * unit[:, None])
        moved = self.prior.draw_variances(known, self.variances, self.rng)
        self.variances = np.clip(moved, TINY, 1 / TINY)
        if self.hyperprior is not None:
            self._interweave(self.hyperprior)
        refuse_non_finite(self.coef, self.trace)

    def compiled(self, seed: np.random.SeedSequence) -> Chains | None:
        """Chains whose moves are compiled, where the law of the variances has few numbers."""
        local, seen = self.prior.local_scale, self.likelihood
        if local is None or not self.variances.size:
            return None
        columns = seen.columns if seen.by_moments else seen.columns.T
        lengths = columns.diagonal() if seen.by_moments else (columns**2).sum(axis=1)
        laws = Laws(
            noise=_terms(self.noise),
            scale=_terms(self.hyperprior),
            local=np.array(local, dtype=float),
            by_noise=self.by_noise,
            log_sd=np.log(self.scale),
        )
        return Chains.of(
            Seen(
                np.ascontiguousarray(columns),
                np.ascontiguousarray(seen.response),
                np.ascontiguousarray(lengths),
                seen.by_moments,
                seen.squares,
                seen.least,
                float(seen.dof),
            ),
            laws,
            0.5 * np.log(self.variances),
            np.log(np.stack([self.sigma, self.tau], axis=1)),
            seed,
        )

    def follow(self, chains: Chains) -> None:
        """Take one compiled step."""
        chains.advance()
        self.sigma, self.tau = np.exp(chains.scales).T
        self.coef[:, ~self.flat] = chains.coef
        if self.flat.any():
            drawn = self.likelihood.draw_flat(chains.coef, self.sigma, self.rng)
            self.coef[:, self.flat] = drawn

    def _interweave(self, hyperprior: PositiveDensity) -> None:
        """Move tau with the products ``tau**2 w`` held."""
        products = self.variances * self.tau[:, None] ** 2

        def of_tau(log_tau: Floats) -> Floats:
            logs = self.prior.log_variances(products * np.exp(-2 * log_tau)[:, None]).sum(axis=1)
            jacobian = (1 - 2 * products.shape[1]) * log_tau
            return np.asarray(logs + jacobian + hyperprior.logpdf(np.exp(log_tau)))

        self.tau = np.exp(slice_step(of_tau, np.log(self.tau), self.rng))
        self.variances = np.clip(products / self.tau[:, None] ** 2, TINY, 1 / TINY)


@dataclass(frozen=True, eq=False)
class Collapsed:
    """What sigma and tau see of the data once the coefficients are integrated out."""

    eigenvalues: Floats  # (chains, k)
    shares: Floats  # of the squared response that each direction explains
    rest: Floats  # that none explains, (chains,)
    dof: int

    def log_likelihood(self, log_sigma: Floats, ratio: Floats) -> Floats:
        """Log density of the response, up to a constant."""
        along = 1 + self.eigenvalues * ratio[:, None]
        squares = self.rest + (self.shares / along).sum(axis=1)
        half_squares = 0.5 * squares * np.exp(-2 * log_sigma)
        return np.asarray(-self.dof * log_sigma - 0.5 * np.log(along).sum(axis=1) - half_squares)


def move_sigma_and_tau(
    collapsed: Collapsed,
    sigma: Floats,
    tau: Floats,
    noise: PositiveDensity | None,
    hyperprior: PositiveDensity | None,
    *,
    by_noise: bool,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Move each that has a density, with the coefficients integrated out.

    Eigenvalues enter times ``tau**2 / sigma**2``, or times ``tau**2`` in units of the noise.
    """
    if noise is not None:

        def of_sigma(log_sigma: Floats) -> Floats:
            ratio = tau**2 if by_noise else tau**2 * np.exp(-2 * log_sigma)
            logs = collapsed.log_likelihood(log_sigma, ratio)
            return logs + noise.logpdf(np.exp(log_sigma)) + log_sigma

        sigma = np.exp(slice_step(of_sigma, np.log(sigma), rng))
    if hyperprior is not None:
        log_sigma = np.log(sigma)

        def of_tau(log_tau: Floats) -> Floats:
            ratio = np.exp(2 * log_tau - (0 if by_noise else 2 * log_sigma))
            logs = collapsed.log_likelihood(log_sigma, ratio)
            return logs + hyperprior.logpdf(np.exp(log_tau)) + log_tau

        tau = np.exp(slice_step(of_tau, np.log(tau), rng))
    return sigma, tau


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Unit columns with a proper prior, after those with a flat one are projected out.

    By their moments for fewer columns than rows, or by their rows.
    """

    columns: Floats  # Z'Z, or Z
    response: Floats  # Z'u, or u
    squares: float
    dof: int
    by_moments: bool
    flat_root: Floats  # triangular: R'R are the cross products of the flat columns
    flat_fit: Floats  # least squares of the response on them
    flat_on_bound: Floats  # and of the other columns

    @classmethod
    def of_moments(cls, gram: Floats, xty: Floats, squares: float, dof: int) -> Likelihood:
        """From cross products of columns of which none is flat."""
        none = np.empty((0, 0))
        return cls(gram, xty, squares, dof, True, none, np.empty(0), none)

    @classmethod
    def of(cls, model: Model, flat: Bools) -> Likelihood:
        """Project out the flat columns, which must be independent (the posterior is proper)."""
        columns, dof = model.columns, model.dof - int(flat.sum())
        squares = 1.0 if columns.y_norm > 0 else 0.0
        if columns.p < model.dof:
            gram, xty = columns.gram, columns.xty
            root = np.asarray(np.linalg.cholesky(gram[np.ix_(flat, flat)]).T)
            fit, on_bound = (
                cho_solve((root, False), part) for part in (xty[flat], gram[np.ix_(flat, ~flat)])
            )
            cross = gram[np.ix_(~flat, flat)]
            left = gram[np.ix_(~flat, ~flat)] - cross @ on_bound
            squares -= float(xty[flat] @ fit)
            return cls(left, xty[~flat] - cross @ fit, squares, dof, True, root, fit, on_bound)
        rows, u = columns.columns(np.arange(columns.p)), columns.response * squares
        basis, root = np.linalg.qr(rows[:, flat])
        fit, on_bound = (solve_triangular(root, basis.T @ part) for part in (u, rows[:, ~flat]))
        left = rows[:, ~flat] - basis @ (basis.T @ rows[:, ~flat])
        return cls(left, u - basis @ (basis.T @ u), 0.0, dof, False, root, fit, on_bound)

    @property
    def least(self) -> float:
        """What least squares leaves of the response, or rounding."""
        if not self.by_moments:
            return 0.0
        fit = np.linalg.lstsq(self.columns, self.response, rcond=None)[0]
        return max(self.squares - float(self.response @ fit), 1e-16 * self.squares)

    def collapsed(self, spread: Floats) -> Collapsed:
        """Integrate out coefficients of prior sd `spread`, shape (chains, p), times any unit."""
        if not self.by_moments:
            outer = (self.columns * spread[:, None, :] ** 2) @ self.columns.T
            values, vectors = np.linalg.eigh(outer)
            shares = (self.response @ vectors) ** 2
            return Collapsed(values.clip(0), shares, np.zeros(len(spread)), self.dof)
        values, vectors = np.linalg.eigh(self.columns * spread[:, :, None] * spread[:, None, :])
        along = np.einsum("ck,ckj->cj", spread * self.response, vectors)
        seen = values > _RESOLUTION * values[:, -1:]
        shares = np.divide(along**2, values, out=np.zeros_like(values), where=seen)
        rest = np.maximum(self.squares - shares.sum(axis=1), 0.0)
        return Collapsed(values.clip(0), shares, rest, self.dof)

    def draw(self, sd: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
        """Coefficients given their prior sds, shape (chains, p), and sigma."""
        sd, noise = np.clip(sd, SMALLEST, 1 / SMALLEST), sigma[:, None]
        normal = rng.standard_normal(sd.shape)
        if not self.by_moments:
            drawn = sd * normal
            error = noise * rng.standard_normal((len(sd), len(self.response)))
            cover = (self.columns * sd[:, None, :] ** 2) @ self.columns.T
            cover += noise[..., None] ** 2 * np.eye(len(self.response))
            short = self.response - drawn @ self.columns.T - error
            missing = np.linalg.solve(cover, short[..., None])[..., 0]
            return drawn + sd**2 * (missing @ self.columns)
        size = np.sqrt(self.columns.diagonal() / noise**2 + sd**-2.0)
        precision = self.columns / noise[..., None] ** 2 / size[:, :, None] / size[:, None, :]
        diagonal = np.arange(sd.shape[1])
        precision[:, diagonal, diagonal] = 1.0
        pull = self.response / noise**2 / size
        found = [_normal(*one) for one in zip(precision, pull, normal, strict=True)]
        return np.asarray(np.stack(found) / size)

    def draw_flat(self, bound: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
        """Coefficients of the flat columns given the others."""
        normal = rng.standard_normal((len(bound), len(self.flat_fit)))
        error = solve_triangular(self.flat_root, normal.T).T * sigma[:, None]
        return self.flat_fit - bound @ self.flat_on_bound.T + error


def _terms(density: PositiveDensity | None) -> Floats:
    return np.array(() if density is None else density.terms, dtype=float)


def _normal(precision: Floats, pull: Floats, normal: Floats) -> Floats:
    """Draw from ``Normal(P^-1 pull, P^-1)``, P of unit diagonal."""
    factor, info = lapack.dpotrf(precision, lower=1)
    if info:  # singular to rounding: the prior's own share of the diagonal is below it
        stiff = precision + _RESOLUTION * len(pull) * np.eye(len(pull))
        factor, info = lapack.dpotrf(stiff, lower=1)
    half = solve_triangular(factor, pull, lower=True, check_finite=False) + normal
    return np.asarray(solve_triangular(factor, half, lower=True, trans=1, check_finite=False))
