"""Champions in the formats of other programs compute and hold what the champion does."""

import json
import math
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import networkx as nx
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wann
from tests import naive
from wann.errors import FormatError, WannError
from wann.formats.champion import Champion
from wann.formats.export import FORMATS, export_champion, format_of
from wann.formats.graphml import champion_to_graphml
from wann.formats.node_link import node_link_json
from wann.formats.onnx_model import champion_to_onnx
from wann.formats.python_source import champion_to_python
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.policy import NetworkPolicy

LINEAR = Activation.LINEAR


def champion_of(network, weights=None, **changes):
    champion = Champion(
        network,
        "some task",
        tuple(f"i{k}" for k in range(network.n_inputs)),
        tuple(f"o{k}" for k in range(network.n_outputs)),
        tuned_weights=weights,
    )
    return replace(champion, **changes)


def random_champion(seed, n_inputs=4, n_outputs=2, n_hidden=12, n_connections=40):
    rng = np.random.default_rng(seed)
    network = naive.random_network(rng, n_inputs, n_outputs, n_hidden, n_connections)
    return champion_of(network)


def tuned(champion, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=champion.network.n_connections)
    return replace(champion, tuned_weights=tuple(weights.tolist()))


def all_activations(final=LINEAR):
    """A hidden node of each activation; each leads to an output of its own, of one activation."""
    kinds, n_inputs = list(Activation), 3
    n_first = 1 + n_inputs
    hidden = range(n_first, n_first + len(kinds))
    connections = [
        *((source, node) for node in hidden for source in range(n_first)),
        *((node, node + len(kinds)) for node in hidden),
    ]
    activations = [LINEAR] * n_first + kinds + [final] * len(kinds)
    return champion_of(
        network_from_connections(n_inputs, len(kinds), list(map(int, activations)), connections)
    )


def small_champion():
    return champion_of(
        network_from_connections(
            2,
            1,
            [LINEAR, LINEAR, LINEAR, Activation.COS, Activation.TANH],
            [(0, 3), (2, 3), (3, 4)],
        ),
        (0.5, -1.25, 3.0),
        input_names=("x", "θ'"),
        output_names=("force <&>",),
        scores={"tuned_shared_weight": {"mean": 1.5, "weight": 0.66}},
    )


# GraphML


def test_graphml_is_read_by_networkx_with_its_attributes():
    graph = nx.parse_graphml(champion_to_graphml(small_champion()))
    assert graph.is_directed()
    nodes = dict(graph.nodes(data=True))
    assert [nodes[f"n{k}"]["name"] for k in range(5)] == ["bias", "x", "θ'", "cos", "force <&>"]
    assert [nodes[f"n{k}"]["kind"] for k in range(5)] == [
        *("bias", "input", "input", "hidden", "output")
    ]
    assert [nodes[f"n{k}"]["activation"] for k in range(5)] == [
        *("linear", "linear", "linear", "cos", "tanh")
    ]
    assert [nodes[f"n{k}"]["layer"] for k in range(5)] == [0, 0, 0, 1, 2]
    assert nodes["n4"]["label"] == "force <&> (tanh)"
    assert {(s, t): d["tuned_weight"] for s, t, d in graph.edges(data=True)} == {
        ("n0", "n3"): 0.5,
        ("n2", "n3"): -1.25,
        ("n3", "n4"): 3.0,
    }


@pytest.mark.parametrize("seed", range(5))
def test_graphml_holds_every_node_and_connection(seed):
    network = (champion := random_champion(seed)).network
    graph = nx.parse_graphml(champion_to_graphml(champion), node_type=lambda name: int(name[1:]))
    pairs = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    assert set(graph.edges) == set(pairs)
    assert [graph.nodes[k]["layer"] for k in range(network.n_nodes)] == network.layer.tolist()
    assert not any("tuned_weight" in data for *_, data in graph.edges(data=True))
    places = {(data["x"], data["y"]) for _, data in graph.nodes(data=True)}
    assert len(places) == network.n_nodes


def test_graphml_tells_yed_labels_and_places():
    root = ET.fromstring(champion_to_graphml(small_champion()))
    yed = "{http://www.yworks.com/xml/graphml}"
    labels = [element.text for element in root.iter(f"{yed}NodeLabel")]
    assert labels == ["bias", "x", "θ'", "cos", "force <&> (tanh)"]
    columns = [float(element.attrib["x"]) for element in root.iter(f"{yed}Geometry")]
    assert columns[0] == columns[1] == columns[2] < columns[3] < columns[4]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_makes_graphml_that_is_read(name):
    champion = replace(small_champion(), task=name, input_names=(name, "b"))
    graph = nx.parse_graphml(champion_to_graphml(champion))
    if name.isprintable():
        assert graph.nodes["n1"]["name"] == name


# node-link JSON


@pytest.mark.parametrize("seed", range(5))
def test_node_link_json_is_read_by_networkx(seed):
    champion = tuned(random_champion(seed))
    network = champion.network
    data = json.loads(node_link_json(champion))
    graph = nx.node_link_graph(data, edges="links")
    assert [graph.nodes[k]["layer"] for k in range(network.n_nodes)] == network.layer.tolist()
    assert [graph.nodes[k]["activation"] for k in range(network.n_nodes)] == [
        Activation(number).name.lower() for number in network.activation
    ]
    edges = zip(
        network.edge_source.tolist(),
        network.edge_target.tolist(),
        champion.tuned_weights,
        strict=True,
    )
    assert set(graph.edges(data="tuned_weight")) == set(edges)
    assert graph.graph["task"] == "some task"


def test_node_link_json_has_one_node_and_one_link_a_line():
    lines = node_link_json(small_champion()).splitlines()
    assert (
        '    {"id": 2, "kind": "input", "name": "θ\'", "activation": "linear", "layer": 0},'
        in lines
    )
    assert '    {"source": 2, "target": 3, "tuned_weight": -1.25},' in lines


# Python


def policy_of(champion):
    """The function of the source, with nothing in reach but what the source imports."""
    source = champion_to_python(champion)
    space = {}
    exec(compile(source, "policy.py", "exec", dont_inherit=True), space)
    imports = [line for line in source.splitlines() if line.lstrip().startswith(("import", "from"))]
    assert imports == ["import math"]
    assert max(map(len, source.splitlines())) <= 120
    return space["policy"]


@pytest.mark.parametrize("final", Activation, ids=lambda activation: activation.name.lower())
def test_python_computes_what_the_package_computes_for_every_activation(final):
    champion = all_activations(final)
    policy = policy_of(champion)
    rng = np.random.default_rng(1)
    for observation in rng.normal(size=(20, 3)):
        for weight in (-2.0, -0.5, 0.01, 1.0, 1.7):
            np.testing.assert_allclose(
                policy(observation.tolist(), weight),
                NetworkPolicy(champion.network, weight)(observation),
                rtol=1e-12,
                atol=1e-12,
            )


@pytest.mark.parametrize("seed", range(10))
def test_python_computes_what_the_package_computes_on_random_networks(seed):
    champion = random_champion(seed, n_inputs=seed % 4)
    policy = policy_of(champion)
    observation = np.random.default_rng(seed).normal(size=champion.network.n_inputs)
    for weight in (-1.5, 0.3, 1.0):
        expected = NetworkPolicy(champion.network, weight)(observation)
        np.testing.assert_allclose(policy(observation, weight), expected, rtol=1e-9, atol=1e-9)
        weighted = policy_of(tuned(champion, seed))
        np.testing.assert_allclose(weighted(observation, weight), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_python_has_the_tuned_weights_as_the_default(seed):
    champion = tuned(random_champion(seed), seed)
    policy = policy_of(champion)
    observation = np.random.default_rng(seed).normal(size=champion.network.n_inputs).tolist()
    expected = naive.outputs(champion.network, champion.tuned_weights, observation)
    assert policy(observation) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    others = [0.5 * weight for weight in champion.tuned_weights]
    expected = naive.outputs(champion.network, others, observation)
    assert policy(observation, others) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_python_has_the_tuned_shared_weight_as_the_default():
    champion = replace(small_champion(), tuned_weights=None)
    policy = policy_of(champion)
    assert policy([1.0, 2.0]) == policy([1.0, 2.0], 0.66) != policy([1.0, 2.0], 0.67)
    with pytest.raises(TypeError, match="weight"):
        policy_of(replace(champion, scores={}))([1.0, 2.0])


@pytest.mark.parametrize("final", Activation, ids=lambda activation: activation.name.lower())
def test_python_raises_for_no_finite_number(final):
    # squares of squares, and zero times what overflowed
    network = network_from_connections(
        2,
        1,
        [1, 1, 1, Activation.SQUARE, Activation.SQUARE, Activation.INVERSE, final],
        [(1, 3), (2, 3), (3, 4), (2, 4), (4, 5), (3, 5), (4, 6), (5, 6), (3, 6)],
    )
    policy = policy_of(champion_of(network))
    weighted = policy_of(tuned(champion_of(network)))
    for size in (0.0, 1.0, -800.0, 1e155, -1e308):
        for weight in (0.0, 1.0, -2.0, 1e300):
            inputs = np.array([size, 1e308 if size else 0.0])
            (value,) = policy(inputs.tolist(), weight)
            assert math.isfinite(value)
            if final not in (Activation.SIN, Activation.COS):
                assert value == pytest.approx(NetworkPolicy(network, weight)(inputs)[0], rel=1e-9)
            assert math.isfinite(weighted(inputs.tolist(), [weight] * 9)[0])


def test_python_of_a_node_with_thousands_of_inputs_is_read():
    n = 5000
    network = network_from_connections(n, 1, [1] * (n + 2), [(k, n + 1) for k in range(n + 1)])
    policy = policy_of(champion_of(network))
    assert policy([1.0] * n, 0.5) == [0.5 * (n + 1)]
    assert policy_of(tuned(champion_of(network)))([1.0] * n, 0.5) == [0.5 * (n + 1)]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10))
def test_any_name_makes_python_that_runs(name):
    champion = replace(
        small_champion(),
        task=name,
        input_names=(name, name),
        output_names=(name,),
        scores={name: {"mean": 1.0}},
    )
    source = champion_to_python(champion)
    space = {}
    exec(source, space)
    assert len(space["policy"]([0.0, 0.0])) == 1


def test_python_tells_what_it_is():
    champion = replace(
        small_champion(), scores={"tuned_weights": {"mean": 931.96, "std": 6.28, "episodes": 100}}
    )
    source = champion_to_python(champion)
    assert f"written by wann {wann.__version__}" in source
    assert "# Mean return with tuned weights: 932.0 +- 6.3 over 100 episodes." in source
    space = {}
    exec(source, space)
    assert (space["TASK"], space["INPUTS"]) == ("some task", ["x", "θ'"])
    assert space["OUTPUTS"] == ["force <&>"]
    assert "Maps 2 inputs to a list of 1 output." in source


# ONNX


def session_of(champion, *arguments):
    return onnxruntime.InferenceSession(
        champion_to_onnx(champion, *arguments), providers=["CPUExecutionProvider"]
    )


def run_model(session, observations, weight=None):
    feed = {"observation": observations.astype(np.float32)}
    if weight is not None:
        feed["weight"] = np.array([weight], np.float32)
    (result,) = session.run(None, feed)
    return result


@pytest.mark.parametrize("final", Activation, ids=lambda activation: activation.name.lower())
def test_onnx_computes_what_the_package_computes_for_every_activation(final):
    champion = all_activations(final)
    session = session_of(champion)
    observations = np.random.default_rng(2).normal(size=(20, 3)).astype(np.float32)
    # whole numbers, where sin is 0, and large ones
    observations[:6] = [[0, 0, 0], [1, 0, 0], [2, 1, 0], [0.5, 0, 0], [1001, 0, 1], [-7, 3.5, 0]]
    for weight in (-2.0, -0.5, 1.0, np.float32(1.7)):
        policy = NetworkPolicy(champion.network, float(weight))
        expected = np.array([policy(row) for row in observations.astype(np.float64)])
        result = run_model(session, observations, weight)
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_onnx_computes_what_the_package_computes_on_random_networks(seed):
    champion = random_champion(seed, n_inputs=seed % 4, n_outputs=1 + seed % 3, n_hidden=3 * seed)
    rng = np.random.default_rng(seed)
    observations = rng.normal(size=(7, champion.network.n_inputs)).astype(np.float32)
    session = session_of(champion)
    for weight in (-1.5, 0.25, 1.0):
        policy = NetworkPolicy(champion.network, weight)
        expected = np.array([policy(row) for row in observations.astype(np.float64)])
        np.testing.assert_allclose(
            run_model(session, observations, weight), expected, rtol=1e-5, atol=1e-5
        )
        fixed = run_model(session_of(champion, weight), observations)
        np.testing.assert_allclose(fixed, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_onnx_with_tuned_weights_has_no_weight_as_input(seed):
    champion = tuned(random_champion(seed), seed)
    session = session_of(champion, "tuned")
    assert [each.name for each in session.get_inputs()] == ["observation"]
    observations = np.random.default_rng(seed).normal(size=(3, 4)).astype(np.float32)
    expected = [
        naive.outputs(champion.network, champion.tuned_weights, row.tolist())
        for row in observations
    ]
    np.testing.assert_allclose(run_model(session, observations), expected, rtol=1e-5, atol=1e-5)


def test_onnx_has_named_inputs_and_outputs():
    session = session_of(random_champion(0))
    inputs = [(each.name, each.type, each.shape) for each in session.get_inputs()]
    assert inputs == [
        ("observation", "tensor(float)", ["batch", 4]),
        ("weight", "tensor(float)", [1]),
    ]
    (output,) = session.get_outputs()
    assert (output.name, output.type, output.shape) == ("output", "tensor(float)", ["batch", 2])
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["task"] == "some task"
    assert json.loads(properties["inputs"]) == ["i0", "i1", "i2", "i3"]
    # an empty batch, too
    assert run_model(session, np.zeros((0, 4)), 1.0).shape == (0, 2)


def test_onnx_gives_finite_numbers_for_all_finite_inputs():
    champion = all_activations(Activation.SQUARE)
    observations = np.array([[3e38, 3e38, 3e38], [-3e38, 3e38, 0], [0, 0, 0]])
    for weight in (0.0, 1.0, -3e38):
        assert np.isfinite(run_model(session_of(champion), observations, weight)).all()


def test_onnx_of_the_same_champion_has_the_same_bytes():
    assert champion_to_onnx(random_champion(1)) == champion_to_onnx(random_champion(1))


def test_onnx_of_a_large_network_is_loaded_quickly():
    champion = random_champion(3, n_inputs=256, n_outputs=10, n_hidden=500, n_connections=1849)
    start = time.perf_counter()
    session = session_of(champion)
    result = run_model(session, np.zeros((100, 256)), 1.0)
    assert time.perf_counter() - start < 5
    assert result.shape == (100, 10)


def test_without_the_package_onnx_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(WannError, match=r"pip install '\.\[onnx\]'"):
        champion_to_onnx(random_champion(0))


def test_onnx_of_tuned_weights_needs_some():
    with pytest.raises(FormatError, match="no tuned weights"):
        champion_to_onnx(random_champion(0), "tuned")


# all formats


def test_suffix_tells_the_format(tmp_path):
    formats = [
        format_of(tmp_path / name) for name in ("a.out", "a.graphml", "a.json", "a.py", "a.b.ONNX")
    ]
    assert tuple(formats) == FORMATS
    for name in ("a", "a.txt", ".py"):
        with pytest.raises(FormatError, match=r"--format .*\.graphml"):
            format_of(tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_what_has_no_connections_and_no_inputs(name):
    bare = champion_of(network_from_connections(0, 1, [LINEAR, Activation.COS], []))
    assert export_champion(bare, name)
    if name == "python":
        assert policy_of(bare)([], 0.5) == policy_of(replace(bare, tuned_weights=()))([]) == [1.0]
    if name == "onnx":
        assert run_model(session_of(bare), np.zeros((2, 0)), 0.5).tolist() == [[1.0], [1.0]]


def test_hidden_nodes_without_connections_are_exported_as_constants():
    # cos without inputs, a node that reads it alone, a dead end
    network = network_from_connections(
        1, 1, [1, 1, Activation.COS, Activation.SIN, Activation.ABS, 1], [(2, 3), (3, 5), (1, 4)]
    )
    champion = champion_of(network)
    expected = [math.sin(math.pi * 0.25) * 0.25]
    assert policy_of(champion)([3.0], 0.25) == pytest.approx(expected)
    assert run_model(session_of(champion), np.array([[3.0]]), 0.25)[0] == pytest.approx(expected)
    for name in FORMATS:
        assert export_champion(champion, name)


def test_unknown_formats_and_weights_are_refused():
    with pytest.raises(FormatError, match=r"unknown format 'gml'; known: release2019, graphml"):
        export_champion(random_champion(0), "gml")
    with pytest.raises(FormatError, match="only the format onnx"):
        export_champion(random_champion(0), "python", 0.5)
