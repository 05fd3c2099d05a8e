"""Champions as Python source: one function that needs nothing but ``math``."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import wann
from wann.formats.champion import Champion
from wann.formats.node_link import nodes_of
from wann.kernels.activation import Activation

_WIDTH = 96
# a sum with more terms is written as several statements: parsers limit the depth of expressions
_TERMS = 40

# the functions of the kernels, which let no exponential underflow and no square overflow; arguments
# are finite
_DEFINITIONS = {
    Activation.STEP: """
def step(x):
    return 1.0 if x > 0.0 else 0.0
""",
    Activation.SIN: """
def sin(x, quarters=0):
    x = math.fmod(x, 2.0)
    near = round(2.0 * x)
    x = math.pi * (x - 0.5 * near)
    return (math.sin(x), math.cos(x), -math.sin(x), -math.cos(x))[(near + quarters) % 4]
""",
    Activation.COS: """
def cos(x):
    return sin(x, 1)
""",
    Activation.GAUSS: """
def gauss(x):
    return math.exp(max(-0.5 * x * x, -708.0))
""",
    Activation.TANH: """
def tanh(x):
    return math.tanh(x)
""",
    Activation.SIGMOID: """
def sigmoid(x):
    small = math.exp(max(-abs(x), -708.0))
    return (1.0 if x > 0.0 else small) / (1.0 + small)
""",
    Activation.INVERSE: """
def inverse(x):
    return -x
""",
    Activation.RELU: """
def relu(x):
    return max(x, 0.0)
""",
    Activation.SQUARE: """
def square(x):
    x = min(abs(x), 1.3407807929942596e154)
    return x * x
""",
}


def _one_line(text: str) -> str:
    """A name for a comment."""
    return text if text.isprintable() else repr(text)


def _default_weight(champion: Champion) -> str:
    """The default of the parameter ``weight``, with its equals sign."""
    if champion.tuned_weights is not None:
        return "=None"
    score = champion.scores.get("tuned_shared_weight")
    weight = score.get("weight") if isinstance(score, Mapping) else None
    if not isinstance(weight, (int, float)) or not math.isfinite(weight):
        return ""
    return f"={float(weight)!r}"


def _header(champion: Champion) -> list[str]:
    """What the network is, as comments."""
    network = champion.network
    lines = [
        f"A weight agnostic neural network for {_one_line(champion.task)}, "
        f"written by wann {wann.__version__}:",
        f"{_plural(network.n_hidden, 'hidden node')}, "
        f"{_plural(network.n_connections, 'connection')}.",
    ]
    for name, score in champion.scores.items():
        if isinstance(score, Mapping) and isinstance(score.get("mean"), (int, float)):
            deviation = score.get("std")
            spread = f" ± {deviation:.1f}" if isinstance(deviation, (int, float)) else ""
            episodes = score.get("episodes")
            over = f" over {episodes} episodes" if isinstance(episodes, int) else ""
            label = _one_line(str(name)).replace("_", " ")
            lines.append(f"Mean return with {label}: {score['mean']:.1f}{spread}{over}.")
    return [f"# {line}" for line in lines]


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _docstring(champion: Champion) -> list[str]:
    network = champion.network
    weight = "all connections share it."
    if champion.tuned_weights is not None:
        weight = "shared by all connections, or one for each; None: the tuned weights."
    n_inputs, n_outputs = (
        _plural(network.n_inputs, "input"),
        _plural(network.n_outputs, "output"),
    )
    return [
        f'"""Maps {n_inputs} to a list of {n_outputs}.',
        "",
        "Args:",
        f"    inputs: {_plural(network.n_inputs, 'finite number')}.",
        f"    weight: {weight}",
        '"""',
    ]


def _helpers(champion: Champion) -> list[str]:
    """The definitions that the nodes need."""
    network = champion.network
    computed = set(network.activation[1 + network.n_inputs :].tolist())
    if Activation.COS in computed:
        computed.add(Activation.SIN)
    lines = ["largest = 1.7976931348623157e308", ""]
    lines += ["def finite(x):", "    return max(-largest, min(x, largest))", ""]
    for activation, definition in _DEFINITIONS.items():
        if activation in computed:
            lines += [*definition.strip().splitlines(), ""]
    return lines


def _weights(champion: Champion) -> list[str]:
    """The statements that set ``w``."""
    weights = champion.tuned_weights
    if weights is None:
        return ["w = float(weight)"]
    values = textwrap.wrap(", ".join(map(repr, weights)), _WIDTH - 8)
    return [
        "w = weight",
        "if w is None:",
        "    w = [",
        *(f"        {line}" for line in values),
        "    ]",
        'elif not hasattr(w, "__len__"):',
        f"    w = [float(w)] * {len(weights)}",
    ]


def _sum(name: str, terms: list[str]) -> tuple[list[str], str]:
    """An expression that adds the terms from left to right, and statements before it."""
    statements = []
    while len(terms) > _TERMS:
        statements += _wrapped(f"{name} = {' + '.join(terms[:_TERMS])}")
        terms = [name, *terms[_TERMS:]]
    return statements, " + ".join(terms) or "0.0"


def _wrapped(statement: str) -> list[str]:
    """A statement on lines of ``_WIDTH``; a long one is an assignment of an expression."""
    if len(statement) <= _WIDTH - 4:
        return [statement]
    name, _, expression = statement.partition(" = ")
    lines = textwrap.wrap(expression, _WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{name} = (", *(f"    {line}" for line in lines), ")"]


def _nodes(champion: Champion) -> list[str]:
    """A statement for each node, in the order of the network."""
    network, is_tuned = champion.network, champion.tuned_weights is not None
    lines = ["x0 = 1.0  # bias"]
    for node in nodes_of(champion)[1:]:
        name = f"x{node.number}"
        comment = f"  # {_one_line(node.name)}" if node.kind != "hidden" else ""
        if node.kind == "input":
            lines.append(f"{name} = float(inputs[{node.number - 1}]){comment}")
            continue
        begin, end = network.edge_start[node.number : node.number + 2].tolist()
        sources = network.edge_source[begin:end].tolist()
        terms = [
            f"w[{edge}] * x{source}" if is_tuned else f"x{source}"
            for edge, source in enumerate(sources, begin)
        ]
        statements, total = _sum(name, terms)
        if terms and not is_tuned:
            total = f"w * {total}" if len(terms) == 1 else f"w * ({total})"
        function = "" if node.activation == "linear" else node.activation
        value = f"{function}(finite({total}))" if function else f"finite({total})"
        *first, last = _wrapped(f"{name} = {value}")
        lines += [*statements, *first, last + comment]
    return lines


def champion_to_python(champion: Champion) -> str:
    """The champion as a Python module with one function, ``policy(inputs, weight)``.

    It computes in float64 what the package computes, and raises for no finite input. ``weight`` is
    the shared weight; its default is the tuned shared weight of the champion's scores, if there is
    one. With tuned weights they are the default, and each connection may have its own weight.
    """
    network = champion.network
    outputs = range(network.n_nodes - network.n_outputs, network.n_nodes)
    listed = "[" + ", ".join(f"x{k}" for k in outputs) + "]"
    body = [
        *_docstring(champion),
        *_helpers(champion),
        *_weights(champion),
        *_nodes(champion),
        *_wrapped(f"outputs = {listed}"),
        "return outputs",
    ]
    function = [f"def policy(inputs, weight{_default_weight(champion)}):"]
    function += [f"    {line}" if line else "" for line in body]
    return "\n".join([*_header(champion), "import math", "", "", *function]) + "\n"
