"""What a sentence about arguments of Python says on a command line."""

from __future__ import annotations

_OPTIONS = {
    "drop it or use standardize=False": "drop it or use --no-standardize",
    "fix sigma (Regression(..., sigma=...)), or sample": "give --sigma a number, or sample",
    "fix sigma, or give it an InverseGamma prior": "give --sigma a number",
    "give at least 2, or use intercept=False": "give at least 2",
    "give scales=..., or fix sigma for the whole path": "give --sigma a number",
    "list_conventions() has them all": "priormap convert --list has them all",
    "random_seed must be": "--seed must be",
    "speaks of the noise sd: give sigma": "speaks of the noise sd: give --sigma",
    "counts rows: give data, or n": "counts rows: give --data, or --rows",
    "give data, or response_sd": "give --data",
    "give data, or column_sd": "give --data",
    "leave sample_weight out": "leave --weights out",
    "sample_weight must be": "--weights must be",
    "sample_weight is zero": "--weights is zero",
    "draw more, tune longer, or choose another method": "raise --draws or --tune, or choose another"
    " --method",
}


def in_options(sentence: str) -> str:
    """Return the sentence with options of the command line in place of arguments."""
    for argument, option in _OPTIONS.items():
        sentence = sentence.replace(argument, option)
    return sentence
