"""``priormap contrast``: the mode and its zeros beside the posterior of the same model."""

from __future__ import annotations

from typing import Any

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.blocks import Paragraph


def contrast(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    rope: ask.Rope = 0.1,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    resamples: ask.ResampleCount = 0,
    resample: ask.ResampleKind = ask.Kind.pairs,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: ask.Csv = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Set the mode's exact zeros beside the posterior, which has none.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose
    from priormap.criteria import Resamples

    sampling: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains, "random_seed": seed}
    with work(force=force, json=json, csv=csv) as job:
        again = Resamples.of(resamples, resample.value)
        model = choose(
            *(path, target, prior, scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        sampling["resamples"] = again
        table = tables.contrast(model.data, model.priors, rope=rope, **sampling)
    words = (
        f"negligible: within {rope:g} sd(y) per sd(x) of zero (--rope for another)",
        "HDI: the shortest interval that holds 95 % of the posterior",
    )
    job.hand_over(
        [*model.blocks(), *map(Paragraph, words), *table.blocks()],
        more="; --csv has all",
        json=lambda: {**model.to_dict(), "warnings": job.notes, **table.to_dict()},
        csv=lambda: table.coefficients,
    )
    return 0
