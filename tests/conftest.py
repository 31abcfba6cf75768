"""Settings that every test shares: reproducible searches, figures without a screen."""

import os

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("priormap", deadline=None, derandomize=True, database=None)
settings.load_profile("priormap")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20080612)
