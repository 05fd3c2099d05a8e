"""Nothing that a champion holds becomes code or breaks a format, whatever its texts and numbers."""

import ast
import builtins
import io
import json
import math
import re
import tokenize
from dataclasses import replace

import networkx as nx
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wann.cli.main import main
from wann.errors import FormatError
from wann.formats.champion import Champion, champion_to_json, load_champion, save_champion
from wann.formats.export import FORMATS, export_champion
from wann.formats.release2019 import release_from_bytes
from wann.genome.network import network_from_connections
from wann.tasks.policy import NetworkPolicy

# where Python looks for the encoding of a source, in the first two lines (PEP 263)
CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
RUNS = "raise SystemExit('code of a file has run')"
HOSTILE = [
    f"coding: unicode_escape \\n{RUNS}",
    f"vim: set fileencoding=unicode_escape : \\x0a{RUNS}",
    "-*- coding: utf-7 -*- +AAo-raise SystemExit",
    f"coding: rot13\n{RUNS}",
    f"\n{RUNS}\n",
    f"\r{RUNS}",
    f"\x0c{RUNS}",
    f"\x85{RUNS}\u2028{RUNS}\u2029{RUNS}",
    f"'''\n{RUNS}\n'''",
    f'"""\n{RUNS}\n"""',
    f"'; {RUNS} #",
    f"\\'; {RUNS} #",
    "\\",
    "{weight}%s\\N{BULLET}",
    "\0",
    "]]></data><data key='d3'>",
    "&evil;<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "\ufffe\uffff\x00\x1b[2J",
    "a" * 5_000,
    "é文👍" * 50,
    "",
]
ODD = [math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e300, 5e-324, True, None, "1", [], {}]

texts = st.sampled_from(HOSTILE) | st.text(max_size=40)
values = st.recursive(
    texts | st.floats() | st.integers() | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
known_scores = st.sampled_from(
    ["random_shared_weight", "tuned_shared_weight", "random_weights", "tuned_weights"]
)
scores = st.dictionaries(
    known_scores | texts,
    values
    | st.dictionaries(st.sampled_from(["mean", "std", "episodes", "weight"]), values, max_size=4),
    max_size=3,
)


def champion(task="t", names=("a", "b", "c"), scores=(), provenance=(), weights=None):
    network = network_from_connections(
        2, 1, [1, 1, 1, 3, 5, 1], [(1, 3), (0, 3), (2, 4), (3, 4), (4, 5), (1, 5)]
    )
    return Champion(
        network, task, tuple(names[:2]), tuple(names[2:]), dict(scores), dict(provenance), weights
    )


@st.composite
def champions(draw):
    weights = draw(st.none() | st.just((0.5, -1.5, 2.0, 0.1, 1e-300, -0.0)))
    names = draw(st.lists(texts, min_size=3, max_size=3))
    return champion(draw(texts), names, draw(scores), draw(scores), weights)


def shape(node):
    """A syntax tree without its constants."""
    if isinstance(node, ast.Constant):
        return "constant"
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return "constant"  # a negative number
    if isinstance(node, ast.AST):
        fields = [(name, shape(value)) for name, value in ast.iter_fields(node)]
        return type(node).__name__, fields
    return [shape(item) for item in node] if isinstance(node, list) else node


def plain_like(one):
    """The champion with plain names and no scores but the weight that is a default."""
    score = one.scores.get("tuned_shared_weight")
    weight = score.get("weight") if isinstance(score, dict) else None
    has_default = type(weight) in (int, float) and abs(weight) < 1.8e308
    kept = {"tuned_shared_weight": {"weight": 0.5}} if has_default else {}
    return champion(scores=kept, weights=one.tuned_weights)


def run_safely(source):
    """The policy of a source that may import nothing but math, and call nothing that acts."""

    def import_math(name, *_):
        assert name == "math"
        return math

    known = ("float", "hasattr", "len", "max", "min", "abs", "round")
    allowed = {name: getattr(builtins, name) for name in known} | {"__import__": import_math}
    space = {"__builtins__": allowed}
    exec(compile(source, "champion.py", "exec", dont_inherit=True), space)
    assert set(space) == {"__builtins__", "math", "TASK", "INPUTS", "OUTPUTS", "policy"}
    return space


@settings(deadline=None, max_examples=150)
@given(champions())
@example(champion(f"coding: unicode_escape \\n{RUNS}"))
@example(champion(names=[f"coding: unicode_escape \\n{RUNS}"] * 3))
@example(champion(scores={f"coding: unicode_escape \\n{RUNS}": {"mean": 1.0}}))
def test_python_holds_texts_as_literals_and_does_nothing_else(one):
    source = export_champion(one, "python")
    assert source.isascii()
    assert not any(CODING.match(line) for line in source.splitlines()[:2])
    assert tokenize.detect_encoding(io.BytesIO(source).readline)[0] == "utf-8"
    assert max(map(len, source.splitlines())) <= 120
    # the same code as that of plain names: only constants differ
    assert shape(ast.parse(source)) == shape(ast.parse(export_champion(plain_like(one), "python")))
    space = run_safely(source)
    assert (space["TASK"], space["INPUTS"]) == (one.task, list(one.input_names))
    assert space["OUTPUTS"] == list(one.output_names)
    for weight in (0.7, -2.0):
        expected = NetworkPolicy(one.network, weight)(np.array([0.3, -1.5]))
        assert space["policy"]([0.3, -1.5], weight) == pytest.approx(expected.tolist(), rel=1e-12)
    if one.tuned_weights is not None:
        expected = NetworkPolicy(one.network, one.tuned_weights)(np.array([0.3, -1.5]))
        assert space["policy"]([0.3, -1.5]) == pytest.approx(expected.tolist(), rel=1e-12)


@settings(deadline=None, max_examples=100)
@given(champions())
def test_graphs_are_read_by_other_programs(one):
    graph = nx.parse_graphml(export_champion(one, "graphml").decode())
    kinds = [data["kind"] for _, data in sorted(graph.nodes(data=True))]
    assert kinds == ["bias", "input", "input", "hidden", "hidden", "output"]
    assert [data["activation"] for _, data in sorted(graph.nodes(data=True))][3:] == [
        *("sin", "tanh", "linear")
    ]
    ends = zip(one.network.edge_source.tolist(), one.network.edge_target.tolist(), strict=True)
    weights = dict(zip(ends, one.tuned_weights or [None] * 6, strict=True))
    assert {(int(s[1:]), int(t[1:])): w for s, t, w in graph.edges(data="tuned_weight")} == weights
    try:
        text = export_champion(one, "json").decode()
    except FormatError:  # a score that JSON has no number for
        return
    data = json.loads(text)
    assert [node["name"] for node in data["nodes"]][1:3] == list(one.input_names)
    assert nx.node_link_graph(data, edges="links").number_of_edges() == 6


@settings(deadline=None, max_examples=40)
@given(champions())
def test_models_and_tables_are_read_by_other_programs(one):
    data = export_champion(one, "onnx")
    properties = {each.key: each.value for each in onnx.load_from_string(data).metadata_props}
    assert properties["task"] == one.task
    assert json.loads(properties["inputs"]) == list(one.input_names)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    feed = {"observation": np.ones((1, 2), np.float32), "weight": np.ones(1, np.float32)}
    assert np.isfinite(session.run(None, feed)[0]).all()
    again = release_from_bytes(export_champion(one, "release2019"), 2, 1)
    assert again.network == one.network


def test_node_link_export_can_be_written_as_graphml(tmp_path):
    scored = {"tuned_weights": {"mean": 931.5, "std": 6.0}, "per_class": {"classes": ["0", "1"]}}
    one = champion("swing", ("x", "θ'", "force"), scored, weights=(1.0,) * 6)
    data = json.loads(export_champion(one, "json"))
    graph = nx.node_link_graph(data, edges="links")
    nx.write_graphml(graph, tmp_path / "graph.graphml")
    again = nx.read_graphml(tmp_path / "graph.graphml", node_type=int)
    assert again.nodes[2]["name"] == "θ'"
    assert json.loads(again.graph["scores"]) == scored
    assert all(data["tuned_weight"] == 1.0 for *_, data in again.edges(data=True))


# what is no text


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("field", ["task", "input_names", "output_names"])
def test_half_a_character_in_a_name_is_refused_by_every_format(name, field):
    names = ("\ud800",) if field == "output_names" else ("a", "b\udfff")
    one = replace(champion(), **{field: "\ud800" if field == "task" else names})
    with pytest.raises(FormatError, match=r"name.* holds '\\ud[8f][0f][0f]'") as caught:
        export_champion(one, name)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "b\udfff"], ids=ascii)
@pytest.mark.parametrize("field", ["task", "input_names", "output_names", "scores", "provenance"])
def test_names_that_are_no_text_are_neither_written_nor_read(tmp_path, capsys, text, field):
    values = {
        "task": text,
        "input_names": ("a", text),
        "output_names": (text,),
        "scores": {"x": [{text: 1}]},
        "provenance": {"x": {"y": text}},
    }
    one = replace(champion(), **{field: values[field]})
    path = tmp_path / "champion.json"
    if "\0" in text and field in ("scores", "provenance"):
        save_champion(one, path)
        assert load_champion(path) == one
        return
    with pytest.raises(FormatError, match="which is no text") as caught:
        save_champion(one, path)
    assert str(caught.value).isprintable()
    assert not path.exists()
    # another program may have written it
    written = json.dumps(text)[1:-1]
    stand_in = json.loads(json.dumps(values[field]).replace(written, "@@"))
    whole = champion_to_json(replace(champion(), **{field: stand_in}))
    path.write_text(whole.replace("@@", written), encoding="utf-8")
    assert main(["export", str(path), "-o", str(tmp_path / "a.py")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "which is no text" in error
    assert [file.name for file in tmp_path.iterdir()] == ["champion.json"]
