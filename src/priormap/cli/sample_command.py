"""``priormap sample``: draws from the posterior into a netCDF file that ArviZ reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import Family, Large, Method
from priormap.cli.outputs import Outputs
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import xarray as xr


def sample(
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.nc", help="netCDF file.")],
    path: ask.Data = None,
    target: ask.Target = None,
    prior: Annotated[
        Family, typer.Option(metavar="|".join(Family), help="Prior of the coefficients.")
    ] = Family.laplace,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    method: Annotated[
        Method, typer.Option(metavar="|".join(Method), help="Route to the posterior.")
    ] = Method.auto,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    include: Annotated[
        list[Large] | None,
        typer.Option(metavar="|".join(Large), help="Add a group of n numbers per draw; repeat."),
    ] = None,
    force: ask.Force = False,
) -> int:
    """Draw from the posterior into a netCDF file.

    Exit code: 0, or 2 for input that cannot be used. An interrupted run leaves no file.
    """
    import priormap
    from priormap.cli.choices import choose
    from priormap.cli.rendering import paper_of_stdout

    Outputs({"output": output}, force=force)
    if output == "-":
        raise PriormapError("--output - cannot hold netCDF; name a file")
    with collected_notes() as notes:
        choices = choose(
            path,
            target,
            families=[prior],
            scales=scale or (),
            sigma=sigma,
            standardize=standardize,
        )
        (chosen,) = choices.priors.values()
        tree = priormap.sample(
            choices.data,
            chosen,
            draws,
            tune=tune,
            chains=chains,
            method=method.value,
            random_seed=seed,
            include=tuple(include or ()),
        )
    write_netcdf(tree, Path(output))
    print_notes(notes)
    paper = paper_of_stdout()
    for line in [*choices.sentences, *_about(tree, output)]:
        paper.line(line)
    return 0


def write_netcdf(tree: xr.DataTree, file: Path) -> None:
    """Write under a temporary name and move, so that the file is whole or absent."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        tree.to_netcdf(temporary, engine="h5netcdf")
        temporary.replace(file)
    except OSError as error:
        raise PriormapError(f"cannot write {file}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _about(tree: xr.DataTree, output: str) -> list[str]:
    known = tree.attrs
    sizes = tree["posterior"].sizes
    lines = [
        f"{sizes['chain']} chains of {sizes['draw']} draws under {known['prior']} by method "
        f"{known['method']} in {known['sampling_time']:.2f} s"
    ]
    if "min_ess_bulk" in known:
        lines.append(
            f"smallest effective sample size {known['min_ess_bulk']:.0f} (bulk), "
            f"{known['min_ess_tail']:.0f} (tail); largest r-hat {known.get('max_rhat', 1.0):.4f}"
        )
    if "log_evidence" in known:
        lines.append(f"log evidence {known['log_evidence']:.6f}")
    return [*lines, f"written: {output}"]
