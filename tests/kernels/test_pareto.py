"""Non-dominated sorting and crowding distance against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import config as numba_config

from tests import naive
from wann.kernels.pareto import crowding_distances, front_numbers
from wann.search.ranking import rank_by

FEW = settings(
    max_examples=15 if numba_config.DISABLE_JIT else 150, deadline=None, derandomize=True
)


@st.composite
def objectives(draw):
    """Values with many ties; some individuals occur more than once."""
    n, m = draw(st.integers(1, 25)), draw(st.integers(1, 4))
    numbers = st.sampled_from([-1.5, 0.0, 0.25, 1.0, 7.0]) | st.floats(-1e6, 1e6, width=32)
    values = draw(arrays(np.float64, (n, m), elements=numbers))
    copies = draw(st.lists(st.integers(0, n - 1), max_size=8))
    return np.concatenate([values, values[copies]])


@FEW
@given(objectives())
def test_fronts_are_those_of_the_definition(values):
    assert front_numbers(values).tolist() == naive.front_numbers(values)


@FEW
@given(objectives())
def test_crowding_distances_are_those_of_the_definition(values):
    front = front_numbers(values)
    right = naive.crowding_distances(values, front.tolist())
    assert crowding_distances(values, front).tolist() == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("m", [2, 3])
def test_a_whole_population_agrees_with_the_definitions(m):
    rng = np.random.default_rng(m)
    values = rng.normal(size=(30 if numba_config.DISABLE_JIT else 150, m))
    values[:, -1] = 1.0 / rng.integers(1, 12, len(values))
    values[:10] = values[10:20]
    front = front_numbers(values)
    assert front.max() >= 3
    assert front.tolist() == naive.front_numbers(values)
    right = naive.crowding_distances(values, front.tolist())
    assert crowding_distances(values, front).tolist() == pytest.approx(right, rel=1e-12)


def test_known_fronts():
    values = np.array([[1.0, 5.0], [2.0, 4.0], [2.0, 3.0], [0.0, 6.0], [1.0, 5.0], [0.0, 0.0]])
    assert front_numbers(values).tolist() == [0, 0, 1, 0, 0, 2]


def test_known_distances():
    # gaps over ranges: (3 - 0) / 4 + (10 - 2) / 10, (4 - 1) / 4 + (7 - 0) / 10
    values = np.array([[0.0, 10.0], [1.0, 7.0], [3.0, 2.0], [4.0, 0.0]])
    distances = crowding_distances(values, np.zeros(4, np.int64))
    assert distances.tolist() == pytest.approx([math.inf, 1.55, 1.45, math.inf])


def test_ranges_are_those_of_the_front_and_not_of_the_population():
    front = np.array([0, 0, 0, 1, 1, 1])
    small = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])
    values = np.concatenate([1e6 + small, small])
    assert crowding_distances(values, front)[[1, 4]].tolist() == [2.0, 2.0]


def test_an_objective_without_variation_adds_nothing():
    values = np.array([[3.0, 1.0], [3.0, 1.0], [3.0, 1.0]])
    assert crowding_distances(values, np.zeros(3, np.int64)).tolist() == [0.0, 0.0, 0.0]
    assert front_numbers(values).tolist() == [0, 0, 0]


def test_inputs_are_left_alone():
    values = np.random.default_rng(0).normal(size=(20, 3))
    kept = values.copy()
    front = front_numbers(values)
    kept_front = front.copy()
    crowding_distances(values, front)
    assert values.tolist() == kept.tolist()
    assert front.tolist() == kept_front.tolist()


@FEW
@given(objectives())
def test_order_is_by_front_then_crowding_then_number(values):
    ranks = rank_by(values)
    front = naive.front_numbers(values)
    crowding = crowding_distances(values, np.array(front)).tolist()
    right = sorted(range(len(values)), key=lambda i: (front[i], -crowding[i], i))
    assert ranks.order.tolist() == right
    assert ranks.front.tolist() == front
    assert rank_by(values).order.tolist() == ranks.order.tolist()
