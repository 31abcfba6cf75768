"""Results are values: pickled, copied and sent through joblib they say what they said."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn.linear_model import Lasso

import priormap as pmap
from priormap.priors import PRIORS


@pytest.fixture(scope="module")
def results():
    """One of every kind, and every prior."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = X[:, 0] + rng.normal(size=40)
    data, unknown = pmap.Regression(X, y, sigma=1.0), pmap.Regression(X, y)
    lasso = pmap.Laplace(0.3)
    priors = {"lasso": lasso, "ridge": pmap.Gaussian(1.0)}
    by_noise = pmap.Laplace(0.3, scaled_by_noise=True)
    special = [pmap.Laplace({"a": 1.0, "b": 2.0}), pmap.Gaussian(pmap.HalfCauchy(1.0))]
    return [
        *(data, unknown, pmap.Penalty(l1=np.ones(3), l2=np.zeros(3))),
        *(pmap.find_map(data, lasso), pmap.find_map(unknown, by_noise)),
        *(pmap.map_path(data, lasso), pmap.map_path(unknown, by_noise, scales=[0.1, 0.2])),
        pmap.contrast(data, priors, draws=100, random_seed=1),
        pmap.compare_map(data, priors),
        pmap.compare_priors(data, priors, draws=100, random_seed=1),
        pmap.choose_scale(data, lasso, random_seed=1),
        pmap.prior_sensitivity(data, lasso, random_seed=1),
        pmap.explain(Lasso(0.1).fit(X, y), X, y),
        pmap.audit(data, lasso, coef=np.zeros(3)),
        *(pmap.SpikeAndSlab(0.1, slab) for slab in priors.values()),
        *(kind() for kind in PRIORS if kind is not pmap.SpikeAndSlab),
        *special,
    ]


def through_joblib(result):
    joblib.dump(result, file := io.BytesIO())
    file.seek(0)
    return joblib.load(file)


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")
@pytest.mark.parametrize(
    "send", [lambda result: pickle.loads(pickle.dumps(result)), copy.deepcopy, through_joblib]
)
def test_results_survive(results, send):
    names = {type(result).__name__ for result in results}
    assert names >= {
        *("MapEstimate", "MapPath", "Contrast", "MapComparison", "PriorComparison", "ScaleChoice"),
        *("PriorSensitivity", "Explanation", "Certificate", "Regression", "Penalty"),
        *(kind.__name__ for kind in PRIORS),
    }
    for result in results:
        sent = send(result)
        assert type(sent) is type(result)
        assert repr(sent) == repr(result)
        if hasattr(result, "to_dict"):
            assert str(sent.to_dict()) == str(result.to_dict())
        if isinstance(result, pmap.Gaussian | pmap.Laplace | pmap.SpikeAndSlab):
            assert sent == result
            assert hash(sent) == hash(result)
