"""The kernel that draws: settled by effective draws per counted work, never by a clock."""

import numpy as np
import pytest

from priormap import HalfCauchy, HalfNormal, Laplace, Regression, sample
from priormap.model import Model
from priormap.posterior.convergence import Convergence
from priormap.posterior.kernels import choice, prepare, run_chains, start_state, typical
from priormap.posterior.kernels.choice import DOUBT, ENOUGH, Size, draw_work, run_the_best, worth
from priormap.posterior.kernels.route import in_reach

NOISE = {"sigma": HalfNormal(1.0)}
GRADES = np.array([1e-3, 1.0, 1.0, 1.0, 1e3])


def made(n, p, stretch=1.0, coef=(1.0, 1.0, 1.0), seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * stretch
    y = X[:, : len(coef)] @ np.array(coef) + rng.standard_normal(n)
    return Regression(X, y, **options)


def graded(coef, **options):
    return made(30, 5, GRADES, coef, **options)


# data and prior, the kernels that may draw, and effective draws to be had of 4,000
CASES = {
    "graded, effects of one unit": (
        (graded(np.ones(5)), Laplace(HalfCauchy(1.0))),
        ("mixture", "alternating"),
        400,
    ),
    "graded, known sigma": (
        (graded(1 / GRADES, sigma=1.0), Laplace(HalfCauchy(1.0))),
        ("mixture", "alternating"),
        400,
    ),
    "graded, no effect": (
        (graded(np.zeros(5)), Laplace(HalfCauchy(1.0))),
        ("mixture", "alternating"),
        400,
    ),
    "graded in 20 steps": (
        (made(300, 20, np.geomspace(0.01, 100, 20)), Laplace(HalfCauchy(1.0))),
        ("mixture", "alternating"),
        400,
    ),
    "wide prior, more columns than rows": ((made(40, 90), Laplace(0.5)), ("mixture_rows",), 400),
    "tight prior, more columns than rows": ((made(40, 90), Laplace(0.01)), ("coordinate",), 1000),
    "tight prior": ((made(400, 60), Laplace(0.002)), ("coordinate",), 1000),
    "ordinary": ((made(200, 30), Laplace(0.5)), ("hamiltonian",), 1000),
    "learnt scale": ((made(200, 30), Laplace(HalfCauchy(1.0))), ("hamiltonian",), 1000),
}


@pytest.mark.parametrize("case", CASES)
def test_the_kernel_that_draws_mixes(case):
    problem, kernels, enough = CASES[case]
    tree = sample(*problem, random_seed=1)
    assert tree.attrs["kernel"] in kernels
    assert tree.attrs["max_rhat"] < 1.01
    assert min(tree.attrs["min_ess_bulk"], tree.attrs["min_ess_tail"]) > enough


def asked(data, prior, chains=4, seed=1):
    """What a kernel is asked, and states to start from."""
    with np.errstate(all="ignore"):
        likelihood, unit_prior, _ = in_reach(Model(data, prior))
        around = typical(likelihood, unit_prior, 1.0)
    states = [start_state(around, unit_prior, seed + chain) for chain in range(chains)]
    return likelihood, unit_prior, around, states


def effective_per_work(kernel, likelihood, prior, around, states):
    sampler = prepare(kernel, likelihood, prior, around.sigma, around.tau)
    runs = run_chains(sampler, prior, states, 1000, 500)
    coef, trace = (np.stack(parts) for parts in zip(*runs, strict=True))
    found = Convergence.of(np.concatenate([coef, trace[..., :1]], axis=-1))
    size = Size.of(likelihood, prior, around.sigma, around.tau)
    work = draw_work(kernel, size, trace[..., 2].mean())
    return min(found.ess_bulk.min(), found.ess_tail.min()) / work


@pytest.mark.parametrize(
    "problem",
    [
        (made(60, 8, sigma=HalfNormal(1.0)), Laplace(0.3)),
        (made(60, 8, 4.0 ** np.arange(8), sigma=HalfNormal(1.0)), Laplace(0.3)),
        (made(30, 27, sigma=HalfNormal(1.0)), Laplace(0.1)),
        (made(30, 60, sigma=HalfNormal(1.0)), Laplace(1.0)),
        (made(30, 60, sigma=HalfNormal(1.0)), Laplace(0.02)),
    ],
)
def test_no_other_kernel_is_worth_much_more(problem):
    told = asked(*problem)
    kernels = choice.expected_work(*told[:2], told[2].sigma, told[2].tau)
    chosen, _ = run_the_best(*told, draws=10, tune=1000)
    rates = {kernel: effective_per_work(kernel, *asked(*problem)) for kernel in kernels}
    assert rates[chosen] > max(rates.values()) / DOUBT


def test_a_kernel_that_nobody_doubts_makes_the_chain_that_it_makes_alone():
    problem = made(200, 10, **NOISE), Laplace(0.5)
    kernel, runs = run_the_best(*asked(*problem), draws=50, tune=400)
    likelihood, prior, around, states = asked(*problem)
    alone = run_chains(
        prepare(kernel, likelihood, prior, around.sigma, around.tau), prior, states, 50, 400
    )
    for run, own in zip(runs, alone, strict=True):
        np.testing.assert_array_equal(run.coef, own.coef)
        np.testing.assert_array_equal(run.trace, own.trace)


@pytest.mark.parametrize(("tune", "kernel"), [(100, "hamiltonian"), (1000, "mixture")])
def test_a_warm_up_too_short_to_judge_by_leaves_all_to_the_first(tune, kernel):
    problem = made(300, 20, np.geomspace(0.01, 100, 20)), Laplace(HalfCauchy(1.0))
    chosen, _ = run_the_best(*asked(*problem), draws=10, tune=tune)
    assert chosen == kernel


def test_the_bar_of_progress_rises_to_its_end_whichever_kernels_are_tried():
    seen = []
    told = asked(made(300, 20, np.geomspace(0.01, 100, 20)), Laplace(HalfCauchy(1.0)))
    run_the_best(*told, draws=50, tune=400, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 4 * 450


def test_worth_counts_effective_draws_and_less_where_they_are_too_few():
    assert worth(0.5, 10.0) == 0.05
    assert worth(ENOUGH / 2, 10.0) == ENOUGH / 40


@pytest.mark.filterwarnings("ignore:these draws are not to be trusted yet")
def test_a_seed_chooses_and_draws_the_same_again():
    problem = graded(np.zeros(5)), Laplace(HalfCauchy(1.0))
    first, second = (sample(*problem, 200, random_seed=3) for _ in range(2))
    assert first.attrs["kernel"] == second.attrs["kernel"]
    np.testing.assert_array_equal(first["posterior"]["coef"], second["posterior"]["coef"])
