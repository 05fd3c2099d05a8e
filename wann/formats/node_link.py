"""Champions as node-link data: a plain JSON graph for d3, networkx and other tools."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from wann.formats.champion import Champion
from wann.kernels.activation import Activation


@dataclass(frozen=True)
class Node:
    """A node of a drawing or a graph.

    Attributes:
        number: as in the champion file.
        kind: bias, input, hidden or output.
        name: of the bias, of an input or an output; of a hidden node its activation.
        activation: its name.
        layer: longest path from the inputs; all outputs lie in the last layer.
    """

    number: int
    kind: str
    name: str
    activation: str
    layer: int


@dataclass(frozen=True)
class Link:
    """A connection.

    Attributes:
        source, target: numbers of nodes.
        tuned_weight: None: the champion has no tuned weights.
    """

    source: int
    target: int
    tuned_weight: float | None


def nodes_of(champion: Champion) -> list[Node]:
    """The nodes in the order of the network."""
    network = champion.network
    kinds = [
        *(("bias", "bias"), *(("input", name) for name in champion.input_names)),
        *(("hidden", "") for _ in range(network.n_hidden)),
        *(("output", name) for name in champion.output_names),
    ]
    activations = [Activation(number).name.lower() for number in network.activation.tolist()]
    return [
        Node(number, kind, activation if kind == "hidden" else name, activation, layer)
        for number, ((kind, name), activation, layer) in enumerate(
            zip(kinds, activations, network.layer.tolist(), strict=True)
        )
    ]


def links_of(champion: Champion) -> list[Link]:
    """The connections in the order of the network."""
    network = champion.network
    weights = champion.tuned_weights or (None,) * network.n_connections
    ends = zip(network.edge_source.tolist(), network.edge_target.tolist(), weights, strict=True)
    return [Link(*link) for link in ends]


def _lines(items: list[dict[str, Any]]) -> str:
    """A JSON list with one item a line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    return "[\n" + ",\n".join(f"    {encode(item)}" for item in items) + "\n  ]"


def node_link_json(champion: Champion) -> str:
    """The champion as node-link data: one node and one link a line.

    ``nodes`` have id, kind, name, activation and layer; ``links`` have source, target and, where
    the champion has tuned weights, tuned_weight; ``graph`` has the task, and the scores as JSON
    text: attributes of a graph are numbers and texts, and GraphML knows no others.
    ``networkx.node_link_graph(data, edges="links")`` reads it, and d3's force layout.
    """
    nodes = [
        {
            "id": node.number,
            "kind": node.kind,
            "name": node.name,
            "activation": node.activation,
            "layer": node.layer,
        }
        for node in nodes_of(champion)
    ]
    links = [
        {"source": link.source, "target": link.target}
        | ({} if link.tuned_weight is None else {"tuned_weight": link.tuned_weight})
        for link in links_of(champion)
    ]
    scores = json.dumps(champion.scores, ensure_ascii=False, allow_nan=False)
    graph = {"task": champion.task, "scores": scores}
    parts = {
        "directed": "true",
        "multigraph": "false",
        "graph": json.dumps(graph, ensure_ascii=False, allow_nan=False),
        "nodes": _lines(nodes),
        "links": _lines(links),
    }
    return "{\n" + ",\n".join(f'  "{key}": {text}' for key, text in parts.items()) + "\n}\n"
