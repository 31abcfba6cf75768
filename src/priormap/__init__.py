"""Show what a penalty believes.

A ridge penalty is a Gaussian prior, a lasso penalty is a Laplace prior, and the penalised fit
is the mode (MAP) of a posterior. priormap computes the mode exactly, proves it, sets it beside
the penalised fit, and shows the rest of the posterior.

Every name loads when it is first used, so that ``import priormap`` costs next to nothing, and a
command line can be interrupted from its first moment.
"""

from __future__ import annotations

import importlib

from priormap._version import __version__ as __version__

TYPE_CHECKING = False  # typing itself takes longer to load than all else here
if TYPE_CHECKING:
    from typing import Any

    from priormap.auditing import Explanation, audit, explain, explain_penalty
    from priormap.conventions import convert, list_conventions, model_code
    from priormap.criteria import (
        PriorSensitivity,
        Resamples,
        SavageDickey,
        ScaleChoice,
        choose_scale,
        prior_sensitivity,
        savage_dickey,
    )
    from priormap.data.regression import Regression
    from priormap.errors import PriormapError, PriormapWarning
    from priormap.mode import Certificate, MapEstimate, MapPath, map_path
    from priormap.model.density import log_posterior
    from priormap.model.penalty import Penalty
    from priormap.plots import (
        plot_coefficient_shrinkage,
        plot_compare,
        plot_contrast,
        plot_evidence,
        plot_geometry,
        plot_joint,
        plot_loo_pit,
        plot_nonzero_counts,
        plot_path,
        plot_posterior_vs_map,
        plot_prior_predictive,
        plot_prior_shapes,
        plot_projection,
        plot_pull,
        plot_scale_choice,
        plot_sensitivity,
        plot_shrinkage,
        plot_shrinkage_profile,
        plot_stability,
    )
    from priormap.posterior import (
        PosteriorMoments,
        PymcMode,
        enumerate_models,
        find_map,
        pool,
        posterior_moments,
        predict,
        prediction_table,
        pymc_model,
        pymc_prior,
        sample,
        to_inference_data,
    )
    from priormap.priors import (
        R2D2,
        Beta,
        Cauchy,
        ElasticNet,
        Flat,
        Gaussian,
        Horseshoe,
        Laplace,
        NormalGamma,
        SpikeAndSlab,
        StudentT,
    )
    from priormap.priors.densities import (
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        InverseGamma,
        Jeffreys,
    )
    from priormap.report import write_report
    from priormap.tables import (
        Contrast,
        EvidenceComparison,
        MapComparison,
        PredictiveCheck,
        PriorComparison,
        PriorStatements,
        Projection,
        check_prior,
        compare_evidence,
        compare_map,
        compare_priors,
        contrast,
        prior_for,
        prior_says,
        project,
    )

_HOMES = {
    "Beta": "priormap.priors",
    "Cauchy": "priormap.priors",
    "Certificate": "priormap.mode",
    "Contrast": "priormap.tables",
    "ElasticNet": "priormap.priors",
    "EvidenceComparison": "priormap.tables",
    "Explanation": "priormap.auditing",
    "Flat": "priormap.priors",
    "Gaussian": "priormap.priors",
    "HalfCauchy": "priormap.priors.densities",
    "HalfNormal": "priormap.priors.densities",
    "HalfStudentT": "priormap.priors.densities",
    "Horseshoe": "priormap.priors",
    "InverseGamma": "priormap.priors.densities",
    "Jeffreys": "priormap.priors.densities",
    "Laplace": "priormap.priors",
    "MapComparison": "priormap.tables",
    "MapEstimate": "priormap.mode",
    "MapPath": "priormap.mode",
    "NormalGamma": "priormap.priors",
    "Penalty": "priormap.model.penalty",
    "PredictiveCheck": "priormap.tables",
    "PriorComparison": "priormap.tables",
    "PriorSensitivity": "priormap.criteria",
    "PriorStatements": "priormap.tables",
    "Projection": "priormap.tables",
    "PriormapError": "priormap.errors",
    "PriormapWarning": "priormap.errors",
    "PymcMode": "priormap.posterior",
    "R2D2": "priormap.priors",
    "Regression": "priormap.data.regression",
    "Resamples": "priormap.criteria",
    "SavageDickey": "priormap.criteria",
    "ScaleChoice": "priormap.criteria",
    "SpikeAndSlab": "priormap.priors",
    "StudentT": "priormap.priors",
    "audit": "priormap.auditing",
    "check_prior": "priormap.tables",
    "choose_scale": "priormap.criteria",
    "compare_evidence": "priormap.tables",
    "compare_map": "priormap.tables",
    "compare_priors": "priormap.tables",
    "contrast": "priormap.tables",
    "convert": "priormap.conventions",
    "enumerate_models": "priormap.posterior",
    "explain": "priormap.auditing",
    "explain_penalty": "priormap.auditing",
    "find_map": "priormap.posterior",
    "list_conventions": "priormap.conventions",
    "log_posterior": "priormap.model.density",
    "map_path": "priormap.mode",
    "model_code": "priormap.conventions",
    "plot_coefficient_shrinkage": "priormap.plots",
    "plot_compare": "priormap.plots",
    "plot_contrast": "priormap.plots",
    "plot_evidence": "priormap.plots",
    "plot_geometry": "priormap.plots",
    "plot_joint": "priormap.plots",
    "plot_loo_pit": "priormap.plots",
    "plot_nonzero_counts": "priormap.plots",
    "plot_path": "priormap.plots",
    "plot_posterior_vs_map": "priormap.plots",
    "plot_prior_predictive": "priormap.plots",
    "plot_prior_shapes": "priormap.plots",
    "plot_projection": "priormap.plots",
    "plot_pull": "priormap.plots",
    "plot_scale_choice": "priormap.plots",
    "plot_sensitivity": "priormap.plots",
    "plot_shrinkage": "priormap.plots",
    "plot_stability": "priormap.plots",
    "plot_shrinkage_profile": "priormap.plots",
    "prior_for": "priormap.tables",
    "prior_says": "priormap.tables",
    "PosteriorMoments": "priormap.posterior",
    "pool": "priormap.posterior",
    "posterior_moments": "priormap.posterior",
    "predict": "priormap.posterior",
    "prediction_table": "priormap.posterior",
    "project": "priormap.tables",
    "prior_sensitivity": "priormap.criteria",
    "pymc_model": "priormap.posterior",
    "pymc_prior": "priormap.posterior",
    "sample": "priormap.posterior",
    "savage_dickey": "priormap.criteria",
    "to_inference_data": "priormap.posterior",
    "write_report": "priormap.report",
}

__all__ = [  # noqa: RUF022 - in the order of letters, R2D2 is no constant
    "Beta",
    "Cauchy",
    "Certificate",
    "Contrast",
    "ElasticNet",
    "EvidenceComparison",
    "Explanation",
    "Flat",
    "Gaussian",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "InverseGamma",
    "Jeffreys",
    "Laplace",
    "MapComparison",
    "MapEstimate",
    "MapPath",
    "NormalGamma",
    "Penalty",
    "PosteriorMoments",
    "PredictiveCheck",
    "PriorComparison",
    "PriorSensitivity",
    "PriorStatements",
    "PriormapError",
    "PriormapWarning",
    "Projection",
    "PymcMode",
    "R2D2",
    "Regression",
    "Resamples",
    "SavageDickey",
    "ScaleChoice",
    "SpikeAndSlab",
    "StudentT",
    "audit",
    "check_prior",
    "choose_scale",
    "compare_evidence",
    "compare_map",
    "compare_priors",
    "contrast",
    "convert",
    "enumerate_models",
    "explain",
    "explain_penalty",
    "find_map",
    "list_conventions",
    "log_posterior",
    "map_path",
    "model_code",
    "plot_coefficient_shrinkage",
    "plot_compare",
    "plot_contrast",
    "plot_evidence",
    "plot_geometry",
    "plot_joint",
    "plot_loo_pit",
    "plot_nonzero_counts",
    "plot_path",
    "plot_posterior_vs_map",
    "plot_prior_predictive",
    "plot_prior_shapes",
    "plot_projection",
    "plot_pull",
    "plot_scale_choice",
    "plot_sensitivity",
    "plot_shrinkage",
    "plot_shrinkage_profile",
    "plot_stability",
    "pool",
    "posterior_moments",
    "predict",
    "prediction_table",
    "prior_for",
    "prior_says",
    "prior_sensitivity",
    "project",
    "pymc_model",
    "pymc_prior",
    "sample",
    "savage_dickey",
    "to_inference_data",
    "write_report",
]

_VERBS: dict[str, Any] = {}  # as they were handed out; not names of this module for doctest


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'priormap' has no attribute {name!r}{_near(name)}")
    if name in _VERBS:
        return _VERBS[name]
    value = getattr(importlib.import_module(_HOMES[name]), name)
    if isinstance(value, type):
        globals()[name] = value
    else:
        from priormap.checks import says_why

        value = _VERBS[name] = says_why(value)
        value.__module__ = __name__  # where pickle finds it
    return value


def _near(name: str) -> str:
    """What may have been meant: names that are near, or the prior of a penalty."""
    from difflib import get_close_matches

    if name.startswith("_"):
        return ""
    from priormap.priors import prior_named

    prior = prior_named(name)
    near = [prior.__name__] if prior else get_close_matches(name, __all__, n=2, cutoff=0.7)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
