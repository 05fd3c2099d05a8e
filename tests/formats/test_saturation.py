"""Where activations saturate, steps and waves after them do in exports what they do in the package.

The package keeps a sigmoid and a gauss above 0, and gives a sine of whole numbers of exactly 0.
"""

import functools
import math

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wann.formats.champion import Champion
from wann.formats.onnx_model import champion_to_onnx
from wann.formats.python_source import champion_to_python
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.policy import NetworkPolicy

LINEAR, STEP, SIN, GAUSS, TANH, SIGMOID = (Activation(k) for k in (1, 2, 3, 4, 5, 6))
COS = Activation.COS
# to both sides of where exponentials underflow and where 1 swallows them
EDGES = [18.0, 18.5, 19.5, 30.0, 36.5, 37.0, 37.5, 38.0, 39.0, 40.0, 87.5, 104.0, 354.5, 708.5]
EDGES += [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 100.0, 745.5, 1001.0, 2.0**24, 1e15, 1e20, 1e30]


def chain(*activations):
    """Input -> each activation in turn -> a linear output."""
    kinds = [LINEAR, LINEAR, *activations, LINEAR]
    pairs = [(k, k + 1) for k in range(1, len(kinds) - 1)]
    network = network_from_connections(1, 1, list(map(int, kinds)), pairs)
    return Champion(network, "t", ("x",), ("y",))


def exported(champion, weight, rows):
    """What the Python source and the ONNX models compute, each (rows, outputs)."""
    space = {}
    exec(champion_to_python(champion), space)
    results = {"python": np.array([space["policy"](row.tolist(), weight) for row in rows])}
    for name, fixed in (("onnx", None), ("onnx with the weight inside", weight)):
        session = onnxruntime.InferenceSession(
            champion_to_onnx(champion, fixed), providers=["CPUExecutionProvider"]
        )
        feed = {"observation": rows.astype(np.float32)}
        feed |= {"weight": np.array([weight], np.float32)} if fixed is None else {}
        results[name] = session.run(None, feed)[0]
    return results


def computed(champion, weight, rows):
    policy = NetworkPolicy(champion.network, weight)
    return np.array([policy(row) for row in rows])


@pytest.mark.parametrize("last", [STEP, SIN, COS])
@pytest.mark.parametrize("first", list(Activation))
def test_what_follows_a_saturated_activation_is_that_of_the_package(first, last):
    champion = chain(first, last)
    values = np.array([*EDGES, *(-value for value in EDGES)], np.float32).astype(np.float64)
    rows = values[:, None]
    expected = computed(champion, 1.0, rows)
    for name, result in exported(champion, 1.0, rows).items():
        if last == STEP:
            np.testing.assert_array_equal(result, expected, err_msg=name)
        else:
            np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("first", "value", "step"),
    [
        (SIGMOID, -37.0, 1.0),
        (SIGMOID, -1000.0, 1.0),
        (GAUSS, 39.0, 1.0),
        (GAUSS, -1e30, 1.0),
        (SIN, 1.0, 0.0),
        (SIN, -7.0, 0.0),
        (COS, 0.5, 0.0),
        (COS, -3.5, 0.0),
        (TANH, 40.0, 1.0),
        (TANH, 0.0, 0.0),
    ],
)
def test_step_after_a_saturated_activation(first, value, step):
    champion, rows = chain(first, STEP), np.array([[value]])
    assert computed(champion, 1.0, rows) == step
    for name, result in exported(champion, 1.0, rows).items():
        assert result == step, name


@pytest.mark.parametrize("first", [TANH, SIGMOID])
def test_sine_after_what_has_become_one_is_nothing_so_a_step_after_it_does_not_rise(first):
    champion, rows = chain(first, SIN, STEP), np.array([[45.0], [700.0], [1e30]])
    assert computed(champion, 1.0, rows).tolist() == [[0.0]] * 3
    for name, result in exported(champion, 1.0, rows).items():
        assert result.tolist() == [[0.0]] * 3, name


whole = st.integers(-60, 60).map(float)
large = st.sampled_from([-1e30, -1e6, -37.0, 37.0, 709.0, 1e6, 1e30])


@st.composite
def deep_networks(draw):
    """Networks of chains that saturate, with steps; each node has at most two connections into it,
    so that no order of adding matters."""
    n_inputs, n_hidden, n_outputs = 2, draw(st.integers(1, 8)), 2
    first = 1 + n_inputs
    pairs = []
    for node in range(first, first + n_hidden + n_outputs):
        before = list(range(min(node, first + n_hidden)))
        sources = draw(st.lists(st.sampled_from(before), unique=True, min_size=1, max_size=2))
        pairs += [(source, node) for source in sources]
    kinds = [LINEAR] * first
    kinds += [draw(st.sampled_from(list(Activation))) for _ in range(n_hidden)]
    kinds += [draw(st.sampled_from([LINEAR, STEP, TANH])) for _ in range(n_outputs)]
    network = network_from_connections(n_inputs, n_outputs, list(map(int, kinds)), pairs)
    return Champion(network, "t", ("a", "b"), ("c", "d"))


class Inexact:
    """``math`` whose functions are off by the last bit, but where they are exact everywhere."""

    fmod, pi = math.fmod, math.pi

    def __init__(self, direction):
        self.exp, self.sin, self.cos = (
            functools.partial(self._off, function, direction)
            for function in (math.exp, math.sin, math.cos)
        )

    @staticmethod
    def _off(function, direction, x):
        value = function(x)
        return value if x == 0.0 else math.nextafter(value, direction * math.inf)


def does_not_hang_on_a_last_bit(champion, weight, row):
    source = champion_to_python(champion).replace("import math\n", "")
    results = []
    for some_math in (math, Inexact(1), Inexact(-1)):
        space = {"math": some_math}
        exec(source, space)
        results.append(space["policy"](row.tolist(), weight))
    return np.allclose(results[1:], results[0], rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    deep_networks(),
    st.lists(st.tuples(whole | large, whole | large), min_size=1, max_size=6),
    st.sampled_from([1.0, -1.0, 0.5, 2.0, -1.5]),
)
def test_deep_networks_with_saturated_nodes_compute_the_same_everywhere(champion, rows, weight):
    rows = np.array(rows, np.float32).astype(np.float64)
    # waves of large numbers make much of a last bit
    rows = rows[[does_not_hang_on_a_last_bit(champion, weight, row) for row in rows]]
    # outputs of a model are float32
    largest = float(np.finfo(np.float32).max)
    expected = computed(champion, weight, rows).reshape(len(rows), 2).clip(-largest, largest)
    for name, result in exported(champion, weight, rows).items():
        result = result.reshape(len(rows), 2).clip(-largest, largest)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5, err_msg=name)
