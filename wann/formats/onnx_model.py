"""Champions as ONNX models; needs the extra ``onnx``.

A layer of the network is a matrix product and an activation for each kind of node in it. Inside,
the model computes in float64: shared weights and periodic activations magnify rounding errors.

Activations are composed as the kernels compute them, so that they saturate alike: a sigmoid and a
gauss are never 0, whole numbers give a sine of exactly 0, and a step after them rises where the
package's does. What may differ is the last bit: of an exponential, and of a sum of more than two
terms, which a runtime adds in an order of its own. Where such a bit decides the sign of what a step
sees, the step may differ. Inputs and outputs are float32: an output below 1e-38 is 0.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import wann
from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.kernels.activation import Activation

_OPSET, _IR_VERSION = 17, 8
_LARGEST = float(np.finfo(np.float64).max)
# as in the kernels: no square overflows, no exponential underflows
_LARGEST_ROOT, _EXP_LIMIT = 1.3407807929942596e154, 708.0
# of all matrices together; a model file has at most 2 GB
_MOST_ENTRIES = 100_000_000


def _load_onnx() -> Any:
    """The package onnx, which only this module needs."""
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise FormatError(
            "ONNX needs the package onnx: run `pip install '.[onnx]'` in a checkout of wann, or "
            "`pip install onnx`"
        ) from error


class _Graph:
    """Collects the operations and constants of a model."""

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._numbers: dict[float, str] = {}

    def tensor(self, array: NDArray[Any], name: str = "") -> Any:
        """An array as ONNX has it."""
        return self._onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)

    def constant(self, array: NDArray[Any]) -> str:
        """Adds a constant; returns its name."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(self.tensor(array, name))
        return name

    def number(self, value: float) -> str:
        """A scalar constant; each value is there once."""
        if value not in self._numbers:
            self._numbers[value] = self.constant(np.array(value, np.float64))
        return self._numbers[value]

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds an operation with one output; returns the output's name."""
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(
            # a name of its own: runtimes make further names of it, which must not be equal
            self._onnx.helper.make_node(
                operator, list(inputs), [output], name=f"make {output}", **attributes
            )
        )
        return output

    def cast(self, x: str, dtype: type[np.floating[Any]], output: str = "") -> str:
        """x in another precision."""
        to = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.add("Cast", x, to=to, output=output)

    def finite(self, x: str) -> str:
        """x clamped to the finite range, NaN to its lower end."""
        x = self.add("Where", self.add("IsNaN", x), self.number(-_LARGEST), x)
        return self.add("Clip", x, self.number(-_LARGEST), self.number(_LARGEST))

    def _turns(self, x: str) -> str:
        """x less the nearest even number, exactly: in [-1, 1]."""
        half_turns = self.add("Round", self.add("Mul", x, self.number(0.5)))
        return self.add("Sub", x, self.add("Mul", half_turns, self.number(2.0)))

    def _exp(self, x: str) -> str:
        """The exponential, which neither overflows nor underflows."""
        limits = self.number(-_EXP_LIMIT), self.number(_EXP_LIMIT)
        return self.add("Exp", self.add("Clip", x, *limits))

    def activate(self, activation: Activation, x: str) -> str:
        """The activation of finite values; exact where the kernels are."""
        add, number = self.add, self.number
        match activation:
            case Activation.LINEAR:
                return x
            case Activation.STEP:
                return self.cast(add("Greater", x, number(0.0)), np.float64)
            case Activation.SIN:
                # sin(πr) = sin(π(±1 - r)), so that whole numbers give 0
                r = self._turns(x)
                is_far = add("Greater", add("Abs", r), number(0.5))
                r = add("Where", is_far, add("Sub", add("Sign", r), r), r)
                return add("Sin", add("Mul", r, number(np.pi)))
            case Activation.COS:
                # cos(πr) = sin(π(1/2 - |r|)), so that 1/2 gives 0
                r = add("Sub", number(0.5), add("Abs", self._turns(x)))
                return add("Sin", add("Mul", r, number(np.pi)))
            case Activation.GAUSS:
                return self._exp(add("Mul", add("Mul", x, number(-0.5)), x))
            case Activation.TANH:
                # 1 - 2 / (exp(2x) + 1), as in the kernels: the operator is 0 elsewhere
                power = self._exp(add("Mul", x, number(2.0)))
                return add(
                    "Sub", number(1.0), add("Div", number(2.0), add("Add", power, number(1.0)))
                )
            case Activation.SIGMOID:
                # 1 / (1 + exp(-x)): runtimes let the operator be 0, and a step after it fall
                return add("Div", number(1.0), add("Add", self._exp(add("Neg", x)), number(1.0)))
            case Activation.INVERSE:
                return add("Neg", x)
            case Activation.ABS:
                return add("Abs", x)
            case Activation.RELU:
                return add("Relu", x)
            case Activation.SQUARE:
                root = add("Min", add("Abs", x), number(_LARGEST_ROOT))
                return add("Mul", root, root)


class _Layer(NamedTuple):
    """The nodes of a layer, and (known nodes, nodes) the weights of the connections into them."""

    nodes: NDArray[np.int64]
    matrix: NDArray[np.float64]


def _layers(network: Network) -> list[NDArray[np.int64]]:
    """The computed nodes of each layer, those of an activation side by side; outputs come last.

    Unlike in ``Network.layer``, a hidden node without connections into it lies above the inputs.
    """
    n_fixed, first_output = 1 + network.n_inputs, network.n_nodes - network.n_outputs
    depth = [0] * n_fixed + [1] * (network.n_nodes - n_fixed)
    ends = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    for source, target in ends:
        depth[target] = max(depth[target], depth[source] + 1)
    layer = np.array(depth, np.int64)
    layer[first_output:] = layer[:first_output].max() + 1
    computed = np.arange(n_fixed, network.n_nodes)
    order = computed[np.lexsort((network.activation[computed], layer[computed]))]
    return np.split(order, np.flatnonzero(np.diff(layer[order])) + 1)


def _add_layer(graph: _Graph, total: str, activation: NDArray[np.int8], shared: str | None) -> str:
    """Adds what a layer does with its sums (batch, nodes); returns its values."""
    total = graph.finite(graph.add("Mul", total, shared) if shared else total)
    kinds, counts = np.unique(activation, return_counts=True)
    if len(kinds) == 1:
        return graph.activate(Activation(int(kinds[0])), total)
    parts = []
    for kind, first, last in zip(kinds, np.cumsum(counts) - counts, np.cumsum(counts), strict=True):
        bounds = [graph.constant(np.array([k], np.int64)) for k in (first, last, 1)]
        part = graph.add("Slice", total, *bounds)
        parts.append(graph.activate(Activation(int(kind)), part))
    return graph.add("Concat", *parts, axis=1)


def _matrices(network: Network, weights: Sequence[float]) -> Iterator[_Layer]:
    """The layers one after the other, each with its matrix.

    Raises:
        FormatError: the matrices would be too large for a model.
    """
    layers = _layers(network)
    # a node's row: the bias, the inputs, then the nodes of the layers in turn
    n_known = np.cumsum([1 + network.n_inputs, *map(len, layers)])
    n_entries = sum(int(n) * len(nodes) for n, nodes in zip(n_known, layers, strict=False))
    if n_entries > _MOST_ENTRIES:
        raise FormatError(
            f"a network of {network.n_nodes} nodes in {len(layers)} layers is too large for an "
            f"ONNX model: its matrices would have {n_entries} entries, more than {_MOST_ENTRIES}"
        )
    place = np.arange(network.n_nodes)
    place[np.concatenate([np.arange(n_known[0]), *layers])] = np.arange(network.n_nodes)
    values = np.array(weights, np.float64)
    for n, nodes in zip(n_known, layers, strict=False):
        matrix = np.zeros((n, len(nodes)))
        for column, node in enumerate(nodes.tolist()):
            edges = slice(*network.edge_start[node : node + 2].tolist())
            matrix[place[network.edge_source[edges]], column] = values[edges]
        yield _Layer(nodes, matrix)


def _build(
    network: Network, graph: _Graph, weights: Sequence[float], shared: float | str | None
) -> None:
    """Adds the operations from ``observation`` to ``output``.

    Args:
        network, graph: of the model.
        weights: of the connections.
        shared: multiplies each sum: a number, or the name of an input of the model.
    """
    layers = list(_matrices(network, weights))
    # the bias: a 1 for each row, whatever the inputs are
    n_rows = graph.add("Shape", "observation", start=0, end=1)
    shape = graph.add("Concat", n_rows, graph.constant(np.array([1], np.int64)), axis=0)
    bias = graph.add("ConstantOfShape", shape, value=graph.tensor(np.ones(1)))
    values = graph.add("Concat", bias, graph.cast("observation", np.float64), axis=1)
    if isinstance(shared, str):
        shared = graph.cast(shared, np.float64)
    elif shared is not None:
        shared = graph.number(shared)
    for nodes, matrix in layers:
        total = graph.add("MatMul", values, graph.constant(matrix))
        layer = _add_layer(graph, total, network.activation[nodes], shared)
        if nodes is not layers[-1].nodes:
            values = graph.add("Concat", values, layer, axis=1)
    order = np.argsort(layers[-1].nodes)
    result = graph.add("Gather", layer, graph.constant(order), axis=1)
    largest = float(np.finfo(np.float32).max)
    result = graph.add("Clip", result, graph.number(-largest), graph.number(largest))
    graph.cast(result, np.float32, output="output")


def champion_to_onnx(champion: Champion, weight: float | str | None = None) -> bytes:
    """The champion as an ONNX model.

    Its inputs are ``observation`` (batch, n_inputs) and ``weight`` (1,), the shared weight; its
    output is ``output`` (batch, n_outputs); all are float32.

    Args:
        champion: the champion.
        weight: a shared weight, or "tuned" for the tuned weights of the champion: the weights are
            in the model, which has no input ``weight`` then.

    Raises:
        FormatError: the package onnx is not installed, or the champion has no tuned weights.
    """
    onnx = _load_onnx()
    network = champion.network
    weights: Sequence[float] = (1.0,) * network.n_connections
    shared: float | str | None = "weight"
    if weight == "tuned":
        if champion.tuned_weights is None:
            raise FormatError("the champion has no tuned weights")
        weights, shared = champion.tuned_weights, None
    elif weight is not None:
        # times the sum, as in the package: sums of whole numbers stay exact
        shared = float(weight)
    graph = _Graph(onnx)
    _build(network, graph, weights, shared)
    inputs: dict[str, list[int | str]] = {"observation": ["batch", network.n_inputs]}
    if weight is None:
        inputs["weight"] = [1]
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "network",
            [helper.make_tensor_value_info(name, single, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info("output", single, ["batch", network.n_outputs])],
            graph.initializers,
        ),
        producer_name="wann",
        producer_version=wann.__version__,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(
        model,
        {
            "task": champion.task,
            "inputs": json.dumps(champion.input_names, ensure_ascii=False),
            "outputs": json.dumps(champion.output_names, ensure_ascii=False),
        },
    )
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data
