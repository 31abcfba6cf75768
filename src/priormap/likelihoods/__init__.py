"""What may be observed given the linear predictor: one file a family, one line each here."""

from priormap.checks import meant, short
from priormap.errors import PriormapError
from priormap.likelihoods.base import Likelihood
from priormap.likelihoods.bernoulli import Bernoulli
from priormap.likelihoods.gaussian import Gaussian
from priormap.likelihoods.poisson import Poisson

__all__ = [
    "ANOTHER",
    "LIKELIHOODS",
    "Bernoulli",
    "Gaussian",
    "Likelihood",
    "Poisson",
    "likelihood_named",
]

LIKELIHOODS: tuple[type[Likelihood], ...] = (Gaussian, Bernoulli, Poisson)

# said to who asks for another one
ANOTHER = (
    f"y is {', '.join(one.label for one in LIKELIHOODS[:-1])} or {LIKELIHOODS[-1].label} given the "
    "columns, as Regression(X, y, family=...) has it; hang another likelihood on the mu of "
    "pymc_model(data, prior, likelihood=None)"
)


def likelihood_named(family: object) -> Likelihood:
    """Likelihood of a family by its name, in this package's words or another's.

    Examples
    --------
    >>> likelihood_named("Binomial").name, likelihood_named("normal").name
    ('bernoulli', 'gaussian')
    """
    if isinstance(family, Likelihood):
        return family
    if isinstance(family, str):
        word = family.strip().lower()
        for kind in LIKELIHOODS:
            if word in (kind.name, *kind.aliases):
                return kind()
    known = [kind.name for kind in LIKELIHOODS]
    guess = meant(family.lower(), known) if isinstance(family, str) else ""
    raise PriormapError(
        f"family must be one of {', '.join(known)}, got {short(family)}; {guess or ANOTHER}"
    )
