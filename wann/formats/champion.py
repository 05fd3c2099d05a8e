"""Champion files: one network, its task, its scores and where it came from, as readable JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from wann.errors import FormatError, NetworkError
from wann.formats.atomic import write_atomically
from wann.genome.network import Network, network_from_connections
from wann.kernels.activation import ACTIVATION_NAMES, Activation

FORMAT = "wann-champion"
VERSION = 1
_KINDS = ("bias", "input", "hidden", "output")
# of a file; beyond it an integer would not even be a float
_LARGEST_WEIGHT = 1e300


@dataclass(frozen=True)
class Champion:
    """A network that was evolved for a task.

    Attributes:
        network: the structure.
        task: name of the task.
        input_names: a name per input, without the bias.
        output_names: a name per output.
        scores: measured scores, each with its protocol.
        provenance: seed, generation, versions and settings of the run that made it.
        tuned_weights: an individual weight for each connection of ``network``, in its order;
            None: nobody has tuned it.

    Raises:
        NetworkError: there are more or fewer names than inputs or outputs, or weights than
            connections, or a weight is not finite.
    """

    network: Network
    task: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    scores: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tuned_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for kind, names, n in (
            ("input", self.input_names, self.network.n_inputs),
            ("output", self.output_names, self.network.n_outputs),
        ):
            if len(names) != n:
                raise NetworkError(f"{len(names)} {kind} names for a network with {n} {kind}s")
        if self.tuned_weights is not None:
            weights = tuple(map(float, self.tuned_weights))
            if len(weights) != self.network.n_connections:
                raise NetworkError(
                    f"{len(weights)} tuned weights for a network with "
                    f"{self.network.n_connections} connections"
                )
            if not all(map(math.isfinite, weights)):
                raise NetworkError("tuned weights must be finite")
            object.__setattr__(self, "tuned_weights", weights)


def _node_names(champion: Champion) -> list[tuple[str, str | None]]:
    """(kind, name) of every node."""
    return [
        ("bias", "bias"),
        *(("input", name) for name in champion.input_names),
        *(("hidden", None) for _ in range(champion.network.n_hidden)),
        *(("output", name) for name in champion.output_names),
    ]


def _lines(items: list[dict[str, Any]]) -> str:
    """A JSON list with one item a line."""
    return "[\n" + ",\n".join(f"    {json.dumps(i, ensure_ascii=False)}" for i in items) + "\n  ]"


def champion_to_json(champion: Champion) -> str:
    """The champion as the text of a champion file: one node and one connection a line."""
    network, weights = champion.network, champion.tuned_weights
    dangling = dangling_nodes(network)
    nodes = [
        {"id": i, "kind": kind}
        | ({"name": name} if name else {})
        | {"activation": Activation(int(network.activation[i])).name.lower()}
        | ({"dangles": True} if i in dangling else {})
        for i, (kind, name) in enumerate(_node_names(champion))
    ]
    connections = [
        {"source": int(source), "target": int(target)}
        for source, target in zip(network.edge_source, network.edge_target, strict=True)
    ]

    def dump(value: Any) -> str:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        return text.replace("\n", "\n  ")

    parts = {
        "format": dump(FORMAT),
        "version": dump(VERSION),
        "task": dump(champion.task),
        "nodes": _lines(nodes),
        "connections": _lines(connections),
        # in the order of the connections
        **({} if weights is None else {"tuned_weights": json.dumps(weights)}),
        "scores": dump(champion.scores),
        "provenance": dump(champion.provenance),
    }
    return "{\n" + ",\n".join(f'  "{key}": {text}' for key, text in parts.items()) + "\n}\n"


def save_champion(champion: Champion, path: Path | str) -> None:
    """Writes a champion file, atomically.

    Raises:
        FormatError: the file cannot be written.
    """
    write_atomically(Path(path), champion_to_json(champion))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _require(value: Any, kind: type | tuple[type, ...], what: str, path: Path) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        names = kind if isinstance(kind, tuple) else (kind,)
        allowed = " or ".join(
            {
                dict: "an object",
                list: "a list",
                str: "a string",
                int: "an integer",
                float: "a number",
            }[k]
            for k in names
        )
        shown = json.dumps(value)[:40]
        raise FormatError(f"{path}: {what} is {shown}, must be {allowed}")
    return value


def _read_nodes(
    nodes: list[Any], path: Path
) -> tuple[list[str], list[str | None], list[int], dict[int, int]]:
    """Kinds, names and activations of the nodes, and the place of each id."""
    kinds, names, activations = [], [], []
    place: dict[int, int] = {}
    for i, node in enumerate(nodes):
        _require(node, dict, f"nodes[{i}]", path)
        node_id = _require(node.get("id"), int, f"nodes[{i}].id", path)
        if node_id in place:
            raise FormatError(f"{path}: node id {node_id} occurs twice")
        place[node_id] = i
        kind = _require(node.get("kind"), str, f"nodes[{i}].kind", path)
        if kind not in _KINDS:
            raise FormatError(
                f"{path}: nodes[{i}].kind is {kind!r}, must be one of {', '.join(_KINDS)}"
            )
        activation = _require(node.get("activation"), str, f"nodes[{i}].activation", path)
        if activation not in ACTIVATION_NAMES:
            raise FormatError(
                f"{path}: node {node_id} has unknown activation {activation!r}; "
                f"allowed: {', '.join(ACTIVATION_NAMES)}"
            )
        if kind in ("bias", "input") and activation != "linear":
            raise FormatError(f"{path}: {kind} node {node_id} must have the activation linear")
        kinds.append(kind)
        names.append(_read_name(node, i, path))
        activations.append(int(ACTIVATION_NAMES[activation]))
    in_order = sorted(kinds, key=_KINDS.index)
    if kinds != in_order or kinds.count("bias") != 1 or kinds.count("output") < 1:
        raise FormatError(
            f"{path}: nodes must be one bias, then the inputs, the hidden nodes and the outputs"
        )
    return kinds, names, activations, place


def _read_name(node: dict[str, Any], i: int, path: Path) -> str | None:
    if "name" not in node:
        return None
    name: str = _require(node["name"], str, f"nodes[{i}].name", path)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise FormatError(f"{path}: nodes[{i}].name is no text: {error}") from error
    return name


def _read_connections(
    items: list[Any], place: dict[int, int], kinds: list[str], path: Path
) -> list[tuple[int, int]]:
    connections: list[tuple[int, int]] = []
    for i, item in enumerate(items):
        _require(item, dict, f"connections[{i}]", path)
        ends = []
        for end in ("source", "target"):
            node_id = _require(item.get(end), int, f"connections[{i}].{end}", path)
            if node_id not in place:
                raise FormatError(f"{path}: connections[{i}].{end} is {node_id}, which is no node")
            ends.append(place[node_id])
        pair = (ends[0], ends[1])
        words = f"connections[{i}] from {item['source']} to {item['target']}"
        if pair in connections:
            raise FormatError(f"{path}: {words} occurs twice")
        if kinds[pair[1]] in ("bias", "input"):
            raise FormatError(f"{path}: {words} leads into the bias or an input")
        connections.append(pair)
    return connections


def _topological(
    kinds: list[str], activations: list[int], connections: list[tuple[int, int]], path: Path
) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Brings hidden nodes into topological order, should an edited file have another."""
    n = len(kinds)
    waiting = [0] * n
    for _, target in connections:
        waiting[target] += 1
    ready = [i for i in range(n) if waiting[i] == 0]
    order = []
    while ready:
        i = min(ready, key=lambda k: (_KINDS.index(kinds[k]), k))
        ready.remove(i)
        order.append(i)
        for source, target in connections:
            if source == i:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
    if len(order) < n:
        raise FormatError(f"{path}: the connections form a cycle")
    order.sort(key=lambda k: (_KINDS.index(kinds[k]), 0))
    number = {old: new for new, old in enumerate(order)}
    return (
        [activations[k] for k in order],
        [(number[s], number[t]) for s, t in connections],
        order,
    )


def champion_from_json(text: str, path: Path | str = "champion") -> Champion:
    """Reads the text of a champion file.

    Args:
        text: the content.
        path: named in errors.

    Raises:
        FormatError: it is no champion file, of a newer version, or the network is not valid.
    """
    path = Path(path)
    try:
        text.encode()
        data = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite_float)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is no champion file: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FormatError(f'{path} is no champion file: "format" must be "{FORMAT}"')
    version = _require(data.get("version"), int, "version", path)
    if version > VERSION:
        raise FormatError(
            f"{path} has version {version}; this package reads up to {VERSION}: upgrade wann"
        )
    if version < 1:
        raise FormatError(f"{path} has version {version}; versions are 1 to {VERSION}")
    task = _require(data.get("task"), str, "task", path)
    nodes = _require(data.get("nodes"), list, "nodes", path)
    kinds, names, activations, place = _read_nodes(nodes, path)
    ids = list(place)
    items = _require(data.get("connections"), list, "connections", path)
    connections = _read_connections(items, place, kinds, path)
    activations, connections, order = _topological(kinds, activations, connections, path)
    n_inputs, n_outputs = kinds.count("input"), kinds.count("output")
    try:
        network = network_from_connections(n_inputs, n_outputs, activations, connections)
    except NetworkError as error:
        raise FormatError(f"{path}: {error}") from error
    _refuse_dangling(network, nodes, order, ids, path)
    weights = _read_weights(data.get("tuned_weights"), connections, path)
    labels = [str(names[k] or f"{kinds[k]} {k}") for k in order]
    return Champion(
        network,
        task,
        tuple(labels[1 : 1 + n_inputs]),
        tuple(labels[len(labels) - n_outputs :]),
        _require(data.get("scores", {}), dict, "scores", path),
        _require(data.get("provenance", {}), dict, "provenance", path),
        weights,
    )


def _read_weights(
    items: Any, connections: list[tuple[int, int]], path: Path
) -> tuple[float, ...] | None:
    """The tuned weights in the order of the network, if there are any."""
    if items is None:
        return None
    _require(items, list, "tuned_weights", path)
    if len(items) != len(connections):
        raise FormatError(
            f"{path}: tuned_weights has {len(items)} items for {len(connections)} connections"
        )
    for i, item in enumerate(items):
        _require(item, (int, float), f"tuned_weights[{i}]", path)
        if abs(item) > _LARGEST_WEIGHT:
            raise FormatError(
                f"{path}: tuned_weights[{i}] is {str(item)[:20]}, must be from "
                f"{-_LARGEST_WEIGHT:g} to {_LARGEST_WEIGHT:g}"
            )
    by_target = sorted(range(len(items)), key=lambda k: connections[k][::-1])
    return tuple(float(items[k]) for k in by_target)


def dangling_nodes(network: Network) -> dict[int, str]:
    """The hidden nodes without a connection on one side, each with what it lacks.

    A node that lacks an input is constant: ``activation(0)``.
    """
    n_first = 1 + network.n_inputs
    has_input, has_output = set(network.edge_target.tolist()), set(network.edge_source.tolist())
    return {
        node: "input" if node not in has_input else "output"
        for node in range(n_first, n_first + network.n_hidden)
        if node not in has_input or node not in has_output
    }


def _refuse_dangling(
    network: Network, items: list[Any], order: list[int], ids: list[int], path: Path
) -> None:
    """Hidden nodes of a champion that lead nowhere or come from nowhere must say so.

    Such nodes come from files of other programs; in a file written by hand they are mistakes.
    """
    for node, lack in dangling_nodes(network).items():
        if items[order[node]].get("dangles") is not True:
            raise FormatError(
                f"{path}: hidden node {ids[order[node]]} dangles: no connection is its {lack} "
                '(if that is meant, give the node "dangles": true)'
            )


def champion_files(path: Path | str) -> list[Path]:
    """The champion files of a run directory, the best first; of a file, itself.

    Raises:
        FormatError: the directory holds no champion.
    """
    path = Path(path)
    if not path.is_dir():
        return [path]
    names = ("champion.json", "champion_tuned.json", "champion_small.json")
    found = [path / name for name in names if (path / name).exists()]
    if not (path / names[0]).exists():
        raise FormatError(f"{path} holds no champion.json: is it a run directory?")
    return found


def load_champion(path: Path | str) -> Champion:
    """Reads a champion file, or the champion of a run directory.

    Raises:
        FormatError: there is no such file, or it is no champion file.
    """
    path = Path(path)
    try:
        path = champion_files(path)[0]
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(f"cannot read champion {path}: {error.strerror}") from error
    except ValueError as error:
        raise FormatError(f"{path} is no champion file: {error}") from error
    return champion_from_json(text, path)
