"""The code that gives the numbers of a report again, and the fingerprint of its data."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import Field, fields, is_dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy import sparse

from priormap._version import __version__
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Code, Subheading, facts
from priormap.report.results import Results, Settings

_LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "numba", "matplotlib", "arviz-stats")


def reproduction(results: Results) -> tuple[Block, ...]:
    """Give the code, the seed, the versions and the fingerprint of the data."""
    command = results.origin.command
    shell = (Subheading("In a shell"), Code("sh", f"{command}\n")) if command else ()
    what = {
        "seed": str(results.settings.random_seed),
        "SHA-256 of X, y and the names": fingerprint(results.data),
        **versions(),
    }
    table = facts(
        [(name, cells.text(value)) for name, value in what.items()],
        "What the numbers depend on.",
    )
    return (*shell, Subheading("In Python"), Code("python", python_code(results)), table)


def python_code(results: Results) -> str:
    """Lines that compute the tables of the report."""
    load = results.origin.load or (
        "# X and y: the arrays behind this report, see the fingerprint below\n"
        f"data = pmap.Regression(\n    X,\n    y,\n{regression_options(results.data)})"
    )
    priors = results.priors.items()
    named = "".join(f"    {name!r}: {source_of(prior)},\n" for name, prior in priors)
    return (
        f"import priormap as pmap\n\n{load}\npriors = {{\n{named}}}\n\n"
        "# the mode beside the posterior\n"
        f"table = pmap.contrast(\n    data, priors, {_options(results.settings)}\n)\n"
        "print(table)\n\n"
        "# each of these modes beside the penalised fit of scikit-learn\n"
        "comparisons = {\n"
        "    name: pmap.compare_map(fit.data, {name: fit.prior})\n"
        "    for name, fit in table.modes.items()\n"
        "}\n"
        'print(*comparisons.values(), sep="\\n")\n' + _prediction(results)
    )


def _prediction(results: Results) -> str:
    """Lines that compare what the priors predict, where that could be said."""
    if isinstance(results.support, str):
        return ""
    seed = f"random_seed={results.settings.random_seed}"
    return (
        "\n# what each prior predicts of rows left out, from the same draws\n"
        "drawn = table.posteriors\n"
        "found = pmap.compare_priors(\n"
        f"    data, priors, folds=None, refits=0, posteriors=drawn, {seed}\n)\nprint(found)\n"
    )


def _options(settings: Settings) -> str:
    """Keyword arguments for `priormap.contrast`."""
    tune = "" if settings.tune is None else f"tune={settings.tune}, "
    return (
        f"draws={settings.draws}, {tune}chains={settings.chains}, rope={settings.rope!r}, "
        f"hdi_prob={settings.hdi_prob!r}, random_seed={settings.random_seed}"
    )


def regression_options(data: Regression, *, names: bool = True) -> str:
    """Keyword arguments of a `Regression` beside its arrays, one a line."""
    options = {"sigma": source_of(data.sigma)}
    options |= {name: repr(bool(getattr(data, name))) for name in ("intercept", "standardize")}
    if names and data.names != tuple(f"x{j}" for j in range(data.n_features)):
        options["names"] = repr(list(data.names))
    return "".join(f"    {name}={value},\n" for name, value in options.items())


def source_of(value: object) -> str:
    """Python that makes a prior, a density or a number again, to the last digit.

    Examples
    --------
    >>> from priormap import HalfCauchy, Laplace
    >>> source_of(Laplace(1 / 3))
    'pmap.Laplace(scale=0.3333333333333333)'
    >>> source_of(Laplace(HalfCauchy(2.0), scaled_by_noise=True)).replace("pmap.", "")
    'Laplace(scale=1.0, scaled_by_noise=True, hyperprior=HalfCauchy(scale=2.0))'
    """
    if is_dataclass(value):
        given = [f for f in fields(value) if _is_said(f, getattr(value, f.name))]
        arguments = ", ".join(f"{f.name}={source_of(getattr(value, f.name))}" for f in given)
        return f"pmap.{type(value).__name__}({arguments})"
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(source_of(float(number)) for number in value) + "]"
    if isinstance(value, float):
        return 'float("inf")' if np.isinf(value) else repr(float(value))
    return repr(value)


def _is_said(field: Field[Any], content: object) -> bool:
    """Whether a field is written out: scales always, options where they are not the default."""
    return field.name.endswith("scale") or content is not field.default


def fingerprint(data: Regression) -> str:
    """SHA-256 of X (by columns), y and the names, so that other data can be told from these."""
    digest = hashlib.sha256()
    X = sparse.csc_array(data.X) if sparse.issparse(data.X) else data.X
    for j in range(data.n_features):
        column = X[:, [j]].toarray().ravel() if sparse.issparse(X) else X[:, j]
        digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(data.y, dtype="<f8").tobytes())
    digest.update("\0".join(data.names).encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions that the numbers may depend on."""
    return {
        "priormap": __version__,
        "Python": platform.python_version(),
        **{library: version(library) for library in _LIBRARIES},
    }
