"""What options may say. Light: the front of the command line needs these before any number."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """Families of priors."""

    gaussian = "gaussian"
    laplace = "laplace"
    elastic_net = "elastic_net"


class Criterion(StrEnum):
    """Ways to choose a scale."""

    cv = "cv"
    loo = "loo"
    evidence = "evidence"
    empirical_bayes = "empirical_bayes"
    hyperprior = "hyperprior"
    universal = "universal"


class Dataset(StrEnum):
    """Built-in data."""

    diabetes = "diabetes"


class Format(StrEnum):
    """File formats of figures."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


class Method(StrEnum):
    """Routes to the posterior."""

    auto = "auto"
    exact = "exact"
    gibbs = "gibbs"
    nuts = "nuts"


class Large(StrEnum):
    """Groups of draws that are made on request."""

    log_likelihood = "log_likelihood"
    posterior_predictive = "posterior_predictive"


class ReportFormat(StrEnum):
    """Formats of a report."""

    html = "html"
    markdown = "markdown"
