"""Champions as Python source: one function that needs nothing but ``math``.

Nothing that a champion file holds becomes code. The source is ASCII, its first two lines hold no
text of the file (there Python looks for an encoding), and whatever text follows stands in literals;
numbers are written by ``repr`` of a finite float.

The function computes what the package computes, saturation included: a sigmoid and a gauss are
never 0, whole numbers give a sine of exactly 0, and so a step after them rises where the package's
does. What may differ is the last bit of an exponential or a sine.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import wann
from wann.formats.champion import Champion
from wann.formats.node_link import nodes_of
from wann.kernels.activation import Activation

_WIDTH = 96
# a sum with more terms is written as several statements: parsers limit the depth of expressions
_TERMS = 40
# characters of a text in a line where it takes more than one; an escape takes up to ten
_PIECE, _PIECE_OF_ESCAPES = 40, 8

# scores that the header tells, and what it calls them
_LABELS = {
    "random_shared_weight": "random shared weight",
    "tuned_shared_weight": "tuned shared weight",
    "random_weights": "random weights",
    "tuned_weights": "tuned weights",
}

# the functions of the kernels, written as they are there, so that they saturate alike; arguments
# are finite, and no exponential underflows, no square overflows
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
    return 1.0 - 2.0 / (math.exp(max(-708.0, min(2.0 * x, 708.0))) + 1.0)
""",
    Activation.SIGMOID: """
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(max(-708.0, min(-x, 708.0))))
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


def _literal(text: str) -> list[str]:
    """A text as lines of ASCII literals, which Python joins."""
    text = str(text)
    if len(whole := ascii(text)) <= _WIDTH - 8:
        return [whole]
    n = _PIECE if text.isascii() and text.isprintable() else _PIECE_OF_ESCAPES
    return [ascii(text[k : k + n]) for k in range(0, len(text), n)]


def _assigned_text(name: str, text: str) -> list[str]:
    """The assignment of a text."""
    first, *others = _literal(text)
    if not others:
        return [f"{name} = {first}"]
    return [f"{name} = (", *(f"    {piece}" for piece in (first, *others)), ")"]


def _assigned_texts(name: str, texts: Sequence[str]) -> list[str]:
    """The assignment of a list of texts, one a line."""
    lines = [f"{name} = ["]
    for text in texts:
        *others, last = _literal(text)
        # without a comma in between they are one text
        lines += [*(f"    {piece}" for piece in others), f"    {last},"]
    return [*lines, "]"]


def _number(value: Any) -> float | None:
    """A finite number as a float; None: it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None


def _short(value: float) -> str:
    """A score as people read it."""
    return f"{value:.1f}" if abs(value) < 1e9 else f"{value:.6g}"


def _default_weight(champion: Champion) -> str:
    """The default of the parameter ``weight``, with its equals sign."""
    if champion.tuned_weights is not None:
        return "=None"
    score = champion.scores.get("tuned_shared_weight")
    weight = _number(score.get("weight")) if isinstance(score, Mapping) else None
    return "" if weight is None else f"={weight!r}"


def _header(champion: Champion) -> list[str]:
    """What the network is, as comments: numbers and words of the package, no text of the file."""
    network = champion.network
    lines = [
        f"A weight agnostic neural network, written by wann {wann.__version__}:",
        f"{_plural(network.n_hidden, 'hidden node')}, "
        f"{_plural(network.n_connections, 'connection')}.",
    ]
    for name, label in _LABELS.items():
        score = champion.scores.get(name)
        mean = _number(score.get("mean")) if isinstance(score, Mapping) else None
        if mean is None or not isinstance(score, Mapping):
            continue
        deviation, n = _number(score.get("std")), _number(score.get("episodes"))
        spread = "" if deviation is None else f" +- {_short(deviation)}"
        over = "" if n is None else f" over {n:.10g} episodes"
        lines.append(f"Mean return with {label}: {_short(mean)}{spread}{over}.")
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
        if node.kind == "input":
            lines.append(f"{name} = float(inputs[{node.number - 1}])")
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
        lines += [*statements, *_wrapped(f"{name} = {value}")]
    return lines


def champion_to_python(champion: Champion) -> str:
    """The champion as a Python module with one function, ``policy(inputs, weight)``.

    ``TASK``, ``INPUTS`` and ``OUTPUTS`` are the names of the task, the inputs and the outputs. The
    function computes in float64 what the package computes, and raises for no finite input.
    ``weight`` is the shared weight; its default is the tuned shared weight of the champion's
    scores, if there is one. With tuned weights they are the default, and each connection may have
    its own weight.
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
    names = [
        *_assigned_text("TASK", champion.task),
        *_assigned_texts("INPUTS", champion.input_names),
        *_assigned_texts("OUTPUTS", champion.output_names),
    ]
    return "\n".join([*_header(champion), "import math", "", *names, "", "", *function]) + "\n"
