"""``priormap sample``: draws from the posterior into a netCDF file that ArviZ reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.blocks import Paragraph
from priormap.display.files import check_file
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import xarray as xr


def sample(
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.nc", help="netCDF file.")],
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Prior = "laplace",
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    method: Annotated[
        ask.Method, typer.Option(metavar="|".join(ask.Method), help="Route to the posterior.")
    ] = ask.Method.auto,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    include: Annotated[
        list[ask.Extra] | None,
        typer.Option(metavar="|".join(ask.Extra), help="Add a group of draws, or effects; repeat."),
    ] = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Draw from the posterior into a netCDF file.

    Exit code: 0, or 2 for input that cannot be used. An interrupted run leaves no file.
    """
    import priormap
    from priormap.cli.choices import choose

    if output == "-":
        raise PriormapError("--output - cannot hold netCDF; name a file")
    check_file(output, force=force, option="--output")
    sampling: dict[str, Any] = {
        "tune": tune,
        "chains": chains,
        "method": str(method),
        "random_seed": seed,
    }
    with work() as job:
        model = choose(
            *(path, target, [prior], scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        groups = tuple(map(str, include or ()))
        tree = priormap.sample(model.data, model.prior, draws, include=groups, **sampling)
        # not to a file: where HDF5 finds no room it takes the process with it
        netcdf = tree.to_netcdf(engine="h5netcdf")
    about = [*_about(tree), f"written: {output}"]
    job.hand_over([*model.blocks(), *map(Paragraph, about)], files={Path(output): netcdf})
    return 0


def _about(tree: xr.DataTree) -> list[str]:
    from priormap.posterior.convergence import rhat_in_words

    known, sizes = tree.attrs, tree["posterior"].sizes
    lines = [
        f"{sizes['chain']} chains of {sizes['draw']} draws under {known['prior']} by method "
        f"{known['method']} in {known['sampling_time']:.2f} s"
    ]
    if "min_ess_bulk" in known:
        lines.append(
            f"smallest effective sample size {known['min_ess_bulk']:.0f} (bulk), "
            f"{known['min_ess_tail']:.0f} (tail); largest r-hat {rhat_in_words(known)}"
        )
    if "log_evidence" in known:
        lines.append(f"log evidence {known['log_evidence']:.6f}")
    return lines
