"""Settings that every test shares: reproducible searches, figures without a screen."""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
# processes that share the cores: a matrix product in each must not ask for all of them
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402 - which reads the number of threads when it is loaded

settings.register_profile("priormap", deadline=None, derandomize=True, database=None)
settings.load_profile("priormap")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20080612)
