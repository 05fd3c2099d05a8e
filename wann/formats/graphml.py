"""Champions as GraphML, for networkx, Gephi and yEd."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

from wann.formats.champion import Champion
from wann.formats.node_link import Node, links_of, nodes_of

_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
# yEd shows labels and places only from elements of its own; Gephi expects them under this key
_YED, _YED_KEY = "http://www.yworks.com/xml/graphml", "d3"
_COLUMN, _ROW, _WIDTH, _HEIGHT = 140.0, 60.0, 80.0, 30.0
_FILLS = {"bias": "#d9d9d9", "input": "#cfe2f3", "hidden": "#ffffff", "output": "#d9ead3"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NODE_KEYS = {
    "label": "string",
    "kind": "string",
    "name": "string",
    "activation": "string",
    "layer": "int",
    "x": "double",
    "y": "double",
}
_EDGE_KEYS = {"tuned_weight": "double"}


def _text(value: object) -> str:
    """A value as text; a replacement character stands for what XML cannot hold."""
    return _NO_XML.sub("\ufffd", str(value))


def _add_data(owner: ET.Element, key: str, value: object) -> None:
    ET.SubElement(owner, "data", {"key": key}).text = _text(value)


def _add_node(graph: ET.Element, node: Node, x: float, y: float) -> None:
    """A node with its attributes, and for yEd as a box with a label."""
    element = ET.SubElement(graph, "node", {"id": f"n{node.number}"})
    label = node.name
    if node.kind == "output" and node.activation != "linear":
        label = f"{node.name} ({node.activation})"
    shape = ET.SubElement(ET.SubElement(element, "data", {"key": _YED_KEY}), "y:ShapeNode")
    box = {"x": x, "y": y, "width": _WIDTH, "height": _HEIGHT}
    ET.SubElement(shape, "y:Geometry", {key: f"{value:g}" for key, value in box.items()})
    ET.SubElement(shape, "y:Fill", {"color": _FILLS[node.kind], "transparent": "false"})
    ET.SubElement(shape, "y:NodeLabel").text = _text(label)
    ET.SubElement(shape, "y:Shape", {"type": "roundrectangle"})
    values = (label, node.kind, node.name, node.activation, node.layer, x, y)
    for key, value in zip(_NODE_KEYS, values, strict=True):
        _add_data(element, key, value)


def champion_to_graphml(champion: Champion) -> str:
    """The champion as GraphML.

    Nodes are ``n0``, ``n1``, ... in the order of the champion file and have label, kind, name,
    activation, layer, and a place (x, y) in the column of their layer. Edges have the tuned weight
    as ``tuned_weight``, if there is one.
    """
    root = ET.Element("graphml", {"xmlns": _GRAPHML, "xmlns:y": _YED})
    for owner, keys in (("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        for name, kind in keys.items():
            attributes = {"id": name, "for": owner, "attr.name": name, "attr.type": kind}
            ET.SubElement(root, "key", attributes)
    ET.SubElement(root, "key", {"id": _YED_KEY, "for": "node", "yfiles.type": "nodegraphics"})
    graph = ET.SubElement(root, "graph", {"id": "G", "edgedefault": "directed"})
    ET.SubElement(graph, "desc").text = _text(f"{champion.task}: {champion.network}")
    nodes = nodes_of(champion)
    height, taken = Counter(node.layer for node in nodes), Counter[int]()
    for node in nodes:
        row = taken[node.layer] - (height[node.layer] - 1) / 2
        _add_node(graph, node, node.layer * _COLUMN, row * _ROW)
        taken[node.layer] += 1
    for number, link in enumerate(links_of(champion)):
        ends = {"source": f"n{link.source}", "target": f"n{link.target}"}
        element = ET.SubElement(graph, "edge", {"id": f"e{number}", **ends})
        if link.tuned_weight is not None:
            _add_data(element, "tuned_weight", repr(link.tuned_weight))
    ET.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declaration + ET.tostring(root, encoding="unicode") + "\n"
