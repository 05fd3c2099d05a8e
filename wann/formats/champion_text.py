"""Writes champion files: readable JSON, one node and one connection a line."""

from __future__ import annotations

import json
from typing import Any

from wann.formats.champion_record import Champion, dangling_nodes
from wann.formats.digest import digest_of_json
from wann.formats.parsing import parse_json
from wann.formats.plain import check_name, check_plain
from wann.kernels.activation import Activation

FORMAT = "wann-champion"
VERSION = 1


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
    encode = json.JSONEncoder(ensure_ascii=False).encode
    return "[\n" + ",\n".join(f"    {encode(item)}" for item in items) + "\n  ]"


def champion_to_json(champion: Champion) -> str:
    """The champion as the text of a champion file: one node and one connection a line.

    The last entry is a digest of the others, so that readers know whether the file is as it was
    written.

    Raises:
        ValueError: a name holds NUL or a lone surrogate, or scores or provenance hold what JSON
            does not; names the field.
    """
    check_champion(champion)
    network, weights = champion.network, champion.tuned_weights
    dangling = dangling_nodes(network)
    nodes = [
        {"id": i, "kind": kind}
        | ({} if name is None else {"name": name})
        | {"activation": Activation(activation).name.lower()}
        | ({"dangles": True} if i in dangling else {})
        for i, ((kind, name), activation) in enumerate(
            zip(_node_names(champion), network.activation.tolist(), strict=True)
        )
    ]
    connections = [
        {"source": source, "target": target}
        for source, target in zip(
            network.edge_source.tolist(), network.edge_target.tolist(), strict=True
        )
    ]

    def dump(value: Any) -> str:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        return text.replace("\n", "\n  ")

    own = {
        "format": dump(FORMAT),
        "version": dump(VERSION),
        "task": dump(champion.task),
        "scores": dump(champion.scores),
        "provenance": dump(champion.provenance),
    }
    # as a reader finds them
    data = parse_json(_object(own), any_integers=True)
    data |= {"nodes": nodes, "connections": connections}
    data |= {} if weights is None else {"tuned_weights": weights}
    parts = {
        **{key: own[key] for key in ("format", "version", "task")},
        "nodes": _lines(nodes),
        "connections": _lines(connections),
        # in the order of the connections
        **({} if weights is None else {"tuned_weights": json.dumps(weights)}),
        **{key: own[key] for key in ("scores", "provenance")},
        "digest": dump(digest_of_json(data)),
    }
    return _object(parts)


def _object(parts: dict[str, str]) -> str:
    return "{\n" + ",\n".join(f'  "{key}": {text}' for key, text in parts.items()) + "\n}\n"


def check_champion(champion: Champion) -> None:
    """Raises ValueError for a champion that no champion file can hold; names the field."""
    check_names(champion)
    check_plain(champion.scores, "scores")
    check_plain(champion.provenance, "provenance")


def check_names(champion: Champion, *, nul: bool = True) -> None:
    """Raises ValueError for a name that is no text; names the field.

    Args:
        champion: whose task, inputs and outputs have names.
        nul: whether NUL is refused, too; other formats than ours have something that stands for it.
    """
    check_name(champion.task, "the task's name", nul=nul)
    for kind in ("input", "output"):
        for k, name in enumerate(getattr(champion, f"{kind}_names"), 1):
            check_name(name, f"the name of {kind} {k}", nul=nul)
