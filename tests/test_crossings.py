"""Where two rising functions cross, against crossings that are known."""

import numpy as np
import pytest

from priormap.mode.joint import crossings


def test_every_crossing_is_found():
    """``x + 0.9 sin(x)`` and x both rise, and meet at the multiples of pi."""
    found = crossings(lambda x: x + 0.9 * np.sin(x), lambda x: x, 1.0, 30.0)
    np.testing.assert_allclose(sorted(found), np.pi * np.arange(1, 10), rtol=1e-14)


def test_crossings_in_a_narrow_stretch_of_many_decades_are_found():
    def stairs(x):
        return np.tanh(500 * (np.log(x) - 0.3)) + 1e-3 * np.log(x)

    found = sorted(crossings(stairs, lambda x: 0.01 * (np.log(x) - 0.3), 1e-6, 1e6))
    assert len(found) == 1
    assert stairs(found[0]) == pytest.approx(0.01 * (np.log(found[0]) - 0.3), abs=1e-12)


def test_functions_that_do_not_meet_have_none_and_few_evaluations():
    calls = []

    def above(x):
        calls.append(x)
        return 2 * x

    assert crossings(above, lambda x: x, 1e-3, 1e3) == set()
    assert len(calls) < 1000


def test_a_crossing_at_the_edge_of_a_cell_is_found_once():
    (found,) = crossings(lambda x: x**3, lambda x: x**2, 0.01, 100.0)
    assert found == pytest.approx(1.0, rel=1e-15)
