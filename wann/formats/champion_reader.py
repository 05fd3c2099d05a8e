"""Reads champion files; people edit them, so every part is checked, and errors name it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from wann.errors import FormatError
from wann.formats.champion_record import Champion, dangling_nodes
from wann.formats.champion_text import FORMAT, VERSION
from wann.formats.digest import digest_of_json
from wann.formats.parsing import parse_json, parsing
from wann.formats.plain import check_plain, text_fault
from wann.formats.scores import check_scores
from wann.genome.network import network_from_connections
from wann.kernels.activation import ACTIVATION_NAMES
from wann.limits import MOST_CONNECTIONS, MOST_INPUTS, MOST_NODES, MOST_OUTPUTS
from wann.printable import printable, shown

_KINDS = ("bias", "input", "hidden", "output")
# of a file; beyond it an integer would not even be a float
_LARGEST_WEIGHT = 1e300
_TYPE_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "an integer",
    float: "a number",
}

Pairs = list[tuple[int, int]]


class _Nodes(NamedTuple):
    """The nodes of a file, in its order.

    Attributes:
        ids: of the file.
        kinds: of ``_KINDS``.
        names: None: the file has none.
        activations: ids of ``Activation``.
        dangles: whether a node says that it dangles.
    """

    ids: list[int]
    kinds: list[str]
    names: list[str | None]
    activations: list[int]
    dangles: list[bool]


def champion_from_json(text: str, path: Path | str = "champion") -> Champion:
    """Reads the text of a champion file, whatever its digest is.

    Args:
        text: the content.
        path: named in errors.

    Raises:
        FormatError: it is no champion file, of a newer version, or the network is not valid.
    """
    return read_champion_text(text, path)[0]


def read_champion_text(text: str, path: Path | str) -> tuple[Champion, bool]:
    """Reads the text of a champion file.

    Args:
        text, path: as in ``champion_from_json``.

    Returns:
        The champion, and whether the file is as it was written: its digest is that of its content,
        or it is an old file and has none.

    Raises:
        FormatError: as in ``champion_from_json``.
    """
    file = printable(path)
    with parsing(f"{file} is no champion file"):
        data = parse_json(text, any_integers=True)
    with parsing(file):
        _check_head(data, file)
        champion = _champion(data, file)
        digest = data.pop("digest", None)
        if digest is None:
            return champion, True
        _require(digest, str, "digest", file)
        return champion, digest == digest_of_json(data)


def _check_head(data: Any, file: str) -> None:
    """Refuses what is no champion, of a newer version, or too large."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FormatError(f'{file} is no champion file: "format" must be "{FORMAT}"')
    version = _require(data.get("version"), int, "version", file)
    if version > VERSION:
        raise FormatError(
            f"{file} has version {shown(version, 20)}; this package reads up to {VERSION}: "
            "upgrade wann"
        )
    if version < 1:
        raise FormatError(f"{file} has version {shown(version, 20)}; versions are 1 to {VERSION}")
    for key, most in (("nodes", MOST_NODES), ("connections", MOST_CONNECTIONS)):
        n = len(_require(data.get(key), list, key, file))
        if n > most:
            raise FormatError(f"{file} has {n} {key}, more than {most}")


def _champion(data: dict[str, Any], file: str) -> Champion:
    task = _require(data.get("task"), str, "task", file)
    _refuse_fault(task, "task", file)
    nodes = _read_nodes(data["nodes"], file)
    n_inputs, n_outputs = nodes.kinds.count("input"), nodes.kinds.count("output")
    for n, most, word in ((n_inputs, MOST_INPUTS, "inputs"), (n_outputs, MOST_OUTPUTS, "outputs")):
        if n > most:
            raise FormatError(f"{file} has {n} {word}, more than {most}")
    connections = _read_connections(data["connections"], nodes, file)
    order = _topological_order(len(nodes.ids), connections, nodes.kinds, file)
    number = {old: new for new, old in enumerate(order)}
    connections = [(number[source], number[target]) for source, target in connections]
    network = network_from_connections(
        n_inputs, n_outputs, [nodes.activations[k] for k in order], connections
    )
    # Nodes that dangle come from files of other programs; in one written by hand they are mistakes
    for node, lack in dangling_nodes(network).items():
        if not nodes.dangles[order[node]]:
            raise FormatError(
                f"{file}: hidden node {nodes.ids[order[node]]} dangles: no connection is its "
                f'{lack} (if that is meant, give the node "dangles": true)'
            )
    labels = [_name_of(nodes, k) for k in order]
    return Champion(
        network,
        task,
        tuple(labels[1 : 1 + n_inputs]),
        tuple(labels[len(labels) - n_outputs :]),
        _read_scores(data, file),
        _read_object(data, "provenance", file),
        _read_weights(data.get("tuned_weights"), connections, file),
    )


def _name_of(nodes: _Nodes, k: int) -> str:
    """The name of the k-th node; one without a name gets one."""
    name = nodes.names[k]
    return f"{nodes.kinds[k]} {k}" if name is None else name


def _require(value: Any, kind: type | tuple[type, ...], what: str, file: str) -> Any:
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    names = kind if isinstance(kind, tuple) else (kind,)
    allowed = " or ".join(_TYPE_NAMES[name] for name in names)
    raise FormatError(f"{file}: {what} is {_described(value)}, must be {allowed}")


def _described(value: Any) -> str:
    """A value as a message says it."""
    if isinstance(value, (list, dict)) and value:
        return _TYPE_NAMES[type(value)]
    return json.dumps(value[:40] if isinstance(value, str) else value)[:40]


def _refuse_fault(text: str, what: str, file: str) -> None:
    if fault := text_fault(text):
        raise FormatError(f"{file}: {what} {fault}")


def _read_nodes(items: list[Any], file: str) -> _Nodes:
    nodes = _Nodes([], [], [], [], [])
    known = set()
    for i, item in enumerate(items):
        _require(item, dict, f"nodes[{i}]", file)
        node_id = _require(item.get("id"), int, f"nodes[{i}].id", file)
        if node_id in known:
            raise FormatError(f"{file}: node id {shown(node_id, 20)} occurs twice")
        known.add(node_id)
        kind = _require(item.get("kind"), str, f"nodes[{i}].kind", file)
        if kind not in _KINDS:
            raise FormatError(
                f"{file}: nodes[{i}].kind is {shown(repr(kind), 40)}, "
                f"must be one of {', '.join(_KINDS)}"
            )
        nodes.ids.append(node_id)
        nodes.kinds.append(kind)
        nodes.activations.append(_read_activation(item, kind, i, file))
        nodes.names.append(_read_name(item, i, file))
        nodes.dangles.append(item.get("dangles") is True)
    kinds = nodes.kinds
    in_order = sorted(kinds, key=_KINDS.index)
    if kinds != in_order or kinds.count("bias") != 1 or kinds.count("output") < 1:
        raise FormatError(
            f"{file}: nodes must be one bias, then the inputs, the hidden nodes and the outputs"
        )
    return nodes


def _read_activation(item: dict[str, Any], kind: str, i: int, file: str) -> int:
    name = _require(item.get("activation"), str, f"nodes[{i}].activation", file)
    node = f"node {shown(item['id'], 20)}"
    if name not in ACTIVATION_NAMES:
        raise FormatError(
            f"{file}: {node} has unknown activation {shown(repr(name), 40)}; "
            f"allowed: {', '.join(ACTIVATION_NAMES)}"
        )
    if kind in ("bias", "input") and name != "linear":
        raise FormatError(f"{file}: {kind} {node} must have the activation linear")
    return int(ACTIVATION_NAMES[name])


def _read_name(item: dict[str, Any], i: int, file: str) -> str | None:
    if "name" not in item:
        return None
    name: str = _require(item["name"], str, f"nodes[{i}].name", file)
    _refuse_fault(name, f"nodes[{i}].name", file)
    return name


def _read_connections(items: list[Any], nodes: _Nodes, file: str) -> Pairs:
    """The places of sources and targets."""
    place = {node_id: k for k, node_id in enumerate(nodes.ids)}
    is_fixed = [kind in ("bias", "input") for kind in nodes.kinds]
    connections: Pairs = []
    known = set()
    for i, item in enumerate(items):
        # a large network has millions of ends: a message is made where one is wrong
        if type(item) is not dict:
            _require(item, dict, f"connections[{i}]", file)
        source, target = item.get("source"), item.get("target")
        if type(source) is not int or source not in place:
            _refuse_end(source, f"connections[{i}].source", file)
        if type(target) is not int or target not in place:
            _refuse_end(target, f"connections[{i}].target", file)
        pair = place[source], place[target]
        if pair in known or is_fixed[pair[1]]:
            fault = "occurs twice" if pair in known else "leads into the bias or an input"
            raise FormatError(f"{file}: connections[{i}] from {source} to {target} {fault}")
        known.add(pair)
        connections.append(pair)
    return connections


def _refuse_end(node_id: Any, what: str, file: str) -> NoReturn:
    _require(node_id, int, what, file)
    raise FormatError(f"{file}: {what} is {shown(node_id, 20)}, which is no node")


def _topological_order(n: int, connections: Pairs, kinds: list[str], file: str) -> list[int]:
    """The places of the nodes in topological order, should an edited file have another.

    Of the nodes that may come next, the first of the file does; outputs come last.
    """
    targets: list[list[int]] = [[] for _ in range(n)]
    waiting = [0] * n
    for source, target in connections:
        targets[source].append(target)
        waiting[target] += 1
    # rises, so it is a heap
    ready = [i for i in range(n) if waiting[i] == 0]
    order = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for target in targets[i]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, target)
    if len(order) < n:
        raise FormatError(f"{file}: the connections form a cycle")
    return sorted(order, key=lambda k: _KINDS.index(kinds[k]))


def _read_object(data: dict[str, Any], key: str, file: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = _require(data.get(key, {}), dict, key, file)
    try:
        check_plain(value, key)
    except ValueError as error:
        raise FormatError(f"{file}: {error}") from error
    return value


def _read_scores(data: dict[str, Any], file: str) -> Mapping[str, Any]:
    scores = _read_object(data, "scores", file)
    try:
        check_scores(scores)
    except ValueError as error:
        raise FormatError(f"{file}: {error}") from error
    return scores


def _read_weights(items: Any, connections: Pairs, file: str) -> tuple[float, ...] | None:
    """The tuned weights in the order of the network, if there are any."""
    if items is None:
        return None
    _require(items, list, "tuned_weights", file)
    if len(items) != len(connections):
        raise FormatError(
            f"{file}: tuned_weights has {len(items)} items for {len(connections)} connections"
        )
    for i, item in enumerate(items):
        if type(item) is not float:
            _require(item, (int, float), f"tuned_weights[{i}]", file)
        if abs(item) > _LARGEST_WEIGHT:
            raise FormatError(
                f"{file}: tuned_weights[{i}] is {shown(item, 20)}, must be from "
                f"{-_LARGEST_WEIGHT:g} to {_LARGEST_WEIGHT:g}"
            )
    by_target = sorted(range(len(items)), key=lambda k: connections[k][::-1])
    return tuple(float(items[k]) for k in by_target)
