"""Every command makes one pass over the rows: what follows takes its means and cross products.

Counted is every sum of moments, or of means and lengths, over all rows of the table. Not counted
are the training sets of a cross-validation, which are other tables; what scikit-learn reads for
its own fits; and the residual of a vector that is judged, whoever found it.
"""

import numpy as np
import pandas as pd
import pytest

from priormap import Gaussian, Regression
from priormap.cli import run
from priormap.data import regression, unit_columns

N = 60
QUICK = ["--draws", "100", "--seed", "1"]


@pytest.fixture
def csv(tmp_path):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, 4))
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=X[:, 0] + rng.normal(size=N))
    frame.to_csv(tmp_path / "data.csv", index=False)
    return str(tmp_path / "data.csv")


@pytest.fixture
def passes(monkeypatch):
    """Shapes of the tables that were summed over."""
    seen = []

    def counting(function):
        def counted(X, *rest):
            seen.append(X.shape)
            return function(X, *rest)

        return counted

    for name in ("moments_of", "means_and_norms"):
        monkeypatch.setattr(unit_columns, name, counting(getattr(unit_columns, name)))
    monkeypatch.setattr(regression, "means_and_norms", counting(regression.means_and_norms))
    return seen


COMMANDS = {
    "compare": [],
    "choose": QUICK,
    "contrast": QUICK,
    "report": [*QUICK, "-o", "page.html"],
    "path": [],
    "sample": [*QUICK, "-o", "draws.nc"],
    "figures": [*QUICK, "-o", "figures"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("sigma", [["--sigma", "1"], []])
def test_one_pass(command, sigma, csv, passes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run([command, csv, "--target", "y", *COMMANDS[command], *sigma]) == 0
    assert [shape for shape in passes if shape[0] == N] == [(N, 4)]


def test_negative_control_a_second_table_is_a_second_pass(passes):
    X = np.random.default_rng(0).normal(size=(N, 4))
    data = Regression(X, X[:, 0], sigma=1.0)
    data.with_noise(2.0).on_columns(np.array([0, 2]))
    assert len(passes) == 1
    Regression(X, X[:, 0], sigma=2.0)
    assert len(passes) == 2


def test_some_columns_are_those_of_a_table_of_their_own():
    X = np.random.default_rng(0).normal(size=(N, 4)) + 5.0
    some = Regression(X, X[:, 0], names=list("abcd"), standardize=True).on_columns(np.array([3, 1]))
    own = Regression(X[:, [3, 1]], X[:, 0], names=["d", "b"], standardize=True)
    assert some.names == own.names
    np.testing.assert_array_equal(some.X, own.X)
    np.testing.assert_allclose(some.unit.gram, own.unit.gram, atol=1e-14)
    np.testing.assert_allclose(some.column_sd, own.column_sd, rtol=1e-14)
    np.testing.assert_allclose(some.unit.xty, own.unit.xty, atol=1e-14)
    assert Gaussian([1.0, 2.0]).on_columns(np.array([1])) == Gaussian([2.0])
