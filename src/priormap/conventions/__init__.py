"""How every library writes the same penalty, and the way from any of them to any other.

`penalty_of` and `numbers_of` are the two directions through the hub `Penalty`; `DataFacts` is
what they may ask of the data. `convert` joins them.
"""

from priormap.conventions.catalogue import convention_named
from priormap.conventions.conversion import ConvertedPenalty, convert
from priormap.conventions.facts import DataFacts
from priormap.conventions.given_numbers import in_words
from priormap.conventions.listing import list_conventions
from priormap.conventions.of_priors import (
    ScikitLearnCall,
    scikit_learn_alpha,
    scikit_learn_call,
)
from priormap.conventions.programs import model_code
from priormap.conventions.records import Convention, Term
from priormap.conventions.translation import numbers_of, penalty_of, sigma_of

__all__ = [
    "Convention",
    "ConvertedPenalty",
    "DataFacts",
    "ScikitLearnCall",
    "Term",
    "convention_named",
    "convert",
    "in_words",
    "list_conventions",
    "model_code",
    "numbers_of",
    "penalty_of",
    "scikit_learn_alpha",
    "scikit_learn_call",
    "sigma_of",
]
