"""Options of method="nuts": refused in one sentence, before anything is built or drawn."""

import numpy as np
import pytest

from priormap import Laplace, PriormapError, Regression, sample
from priormap.posterior.pymc import check_nuts_options

BAD = [
    ({"target_acept": 0.9}, "method='nuts' has no option 'target_acept'; there are: blas_cores,"),
    ({"var_names": ["coef"]}, "no option 'var_names'"),
    ({"nuts_sampler": "nutpy"}, "nuts_sampler must be one of pymc, nutpie, .*, got 'nutpy'"),
    ({"nuts_sampler": None}, "nuts_sampler must be one of pymc, nutpie, .*, got None"),
    ({"nuts_sampler": ["pymc"]}, "nuts_sampler must be one of"),
    ({"target_accept": 1.0}, "target_accept must be a number between 0 and 1, got 1.0"),
    ({"target_accept": "high"}, "target_accept must be a number between 0 and 1, got 'high'"),
    ({"target_accept": np.nan}, "target_accept must be a number between 0 and 1, got nan"),
    ({"cores": 0}, "cores must be a positive integer or None, got 0"),
    ({"cores": True}, "cores must be a positive integer or None, got True"),
    ({"max_treedepth": 2.5}, "max_treedepth must be a positive integer, got 2.5"),
    ({"likelihood": "row"}, "likelihood must be 'moments' or 'rows', got 'row'"),
    ({"nuts_sampler_kwargs": 3}, "nuts_sampler_kwargs must be a mapping of names to values, got 3"),
]


@pytest.mark.parametrize(("options", "sentence"), BAD)
def test_bad_options_are_refused(options, sentence):
    with pytest.raises(PriormapError, match=sentence):
        check_nuts_options(options)


def test_good_options_pass():
    check_nuts_options({})
    check_nuts_options(
        {"target_accept": np.float64(0.95), "cores": np.int64(1), "init": "adapt_diag"}
    )
    check_nuts_options({"likelihood": "rows", "max_treedepth": 12, "cores": None})


def test_samplers_that_are_not_installed(monkeypatch):
    monkeypatch.setattr("priormap.posterior.pymc.inference.find_spec", lambda name: None)
    with pytest.raises(PriormapError, match="nuts_sampler='nutpie' is not installed"):
        check_nuts_options({"nuts_sampler": "nutpie"})


def test_options_of_pymc_do_not_go_to_others(monkeypatch):
    monkeypatch.setattr("priormap.posterior.pymc.inference.find_spec", lambda name: object())
    check_nuts_options({"nuts_sampler": "nutpie", "target_accept": 0.9})
    with pytest.raises(PriormapError, match="'max_treedepth' is an option of nuts_sampler='pymc'"):
        check_nuts_options({"nuts_sampler": "nutpie", "max_treedepth": 12})


def test_sample_refuses_them_before_it_builds_a_model(monkeypatch):
    monkeypatch.setattr(
        "priormap.posterior.pymc.inference.load_pymc", lambda: pytest.fail("PyMC was loaded")
    )
    data = Regression([[0.0], [1.0], [3.0]], [0.0, 2.0, 5.0], sigma=1.0)
    for options, sentence in BAD:
        with pytest.raises(PriormapError, match=sentence):
            sample(data, Laplace(1.0), method="nuts", **options)
