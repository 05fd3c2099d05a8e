"""Champion files: what is written is what is read, and nothing else is."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wann.errors import FormatError
from wann.formats.atomic import atomic_path, write_atomically
from wann.formats.champion import (
    Champion,
    champion_from_json,
    champion_to_json,
    load_champion,
    save_champion,
)
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.policy import NetworkPolicy

LINEAR = Activation.LINEAR

names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | numbers | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values),
    max_leaves=6,
)


@st.composite
def networks(draw):
    """Networks whose hidden nodes all lie between an input or the bias and an output."""
    n_inputs, n_outputs = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    n_hidden = draw(st.integers(0, 8))
    n_first = 1 + n_inputs
    n_sources = n_first + n_hidden
    n_nodes = n_sources + n_outputs
    possible = [
        (source, target)
        for target in range(n_first, n_nodes)
        for source in range(min(target, n_sources))
    ]
    chosen = draw(st.lists(st.sampled_from(possible), unique=True, max_size=30))
    kept = list(range(n_nodes))
    while True:
        ends = {s for s, _ in chosen}, {t for _, t in chosen}
        dangling = [k for k in kept if n_first <= k < n_sources and not all(k in e for e in ends)]
        if not dangling:
            break
        kept = [k for k in kept if k not in dangling]
        chosen = [pair for pair in chosen if not set(pair) & set(dangling)]
    number = {old: new for new, old in enumerate(kept)}
    activations = [LINEAR if k < n_first else draw(st.sampled_from(list(Activation))) for k in kept]
    pairs = [(number[s], number[t]) for s, t in chosen]
    return network_from_connections(n_inputs, n_outputs, activations, pairs)


@st.composite
def champions(draw):
    network = draw(networks())
    return Champion(
        network,
        draw(names),
        tuple(draw(names) for _ in range(network.n_inputs)),
        tuple(draw(names) for _ in range(network.n_outputs)),
        draw(st.dictionaries(st.text(max_size=5), json_values, max_size=3)),
        draw(st.dictionaries(st.text(max_size=5), json_values, max_size=3)),
    )


def small_champion():
    network = network_from_connections(
        2,
        1,
        [LINEAR, LINEAR, LINEAR, Activation.SIN, Activation.TANH, Activation.ABS, LINEAR],
        [(0, 3), (1, 3), (3, 4), (2, 4), (3, 5), (4, 6), (5, 6), (1, 6)],
    )
    return Champion(network, "cartpole_swingup", ("x", "θ'"), ("force",), {"a": 1.5}, {"seed": 3})


def changed(**changes):
    """The text of a small champion with other values at the top level."""
    return json.dumps(json.loads(champion_to_json(small_champion())) | changes)


@settings(deadline=None)
@given(champions())
def test_champion_comes_back_from_its_text_as_it_was(champion):
    text = champion_to_json(champion)
    again = champion_from_json(text)
    assert again == champion
    assert champion_to_json(again) == text


@settings(deadline=None)
@given(champions(), st.randoms(use_true_random=False), st.integers(-50, 1000))
def test_order_and_numbers_of_hidden_nodes_do_not_matter(champion, random, offset):
    data = json.loads(champion_to_json(champion))
    hidden = [node for node in data["nodes"] if node["kind"] == "hidden"]
    others = [node for node in data["nodes"] if node["kind"] != "hidden"]
    random.shuffle(hidden)
    random.shuffle(data["connections"])
    n_first = 1 + champion.network.n_inputs
    data["nodes"] = others[:n_first] + hidden + others[n_first:]
    new_ids = list(range(offset, offset + len(data["nodes"])))
    random.shuffle(new_ids)
    for node in data["nodes"]:
        node["id"] = new_ids[node["id"]]
    for connection in data["connections"]:
        for end in ("source", "target"):
            connection[end] = new_ids[connection[end]]
    again = champion_from_json(json.dumps(data))
    assert (again.input_names, again.output_names) == (champion.input_names, champion.output_names)
    observation = np.linspace(-1, 1, champion.network.n_inputs)
    outputs = [NetworkPolicy(c.network, 0.7)(observation) for c in (champion, again)]
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-9, atol=1e-12)
    # once read, it has one order
    assert champion_from_json(champion_to_json(again)) == again


def test_connections_may_be_in_any_order():
    data = json.loads(champion_to_json(small_champion()))
    data["connections"].reverse()
    assert champion_from_json(json.dumps(data)) == small_champion()


def test_text_has_one_node_and_one_connection_a_line_and_letters_as_they_are():
    lines = champion_to_json(small_champion()).splitlines()
    assert '    {"id": 2, "kind": "input", "name": "θ\'", "activation": "linear"},' in lines
    assert '    {"id": 3, "kind": "hidden", "activation": "sin"},' in lines
    assert '    {"source": 1, "target": 3},' in lines
    assert len([line for line in lines if '"source"' in line]) == 8


def test_text_names_every_activation_as_the_package_does():
    for activation in Activation:
        network = network_from_connections(0, 1, [LINEAR, activation], [(0, 1)])
        champion = Champion(network, "task", (), ("out",))
        assert f'"activation": "{activation.name.lower()}"' in champion_to_json(champion)
        assert champion_from_json(champion_to_json(champion)) == champion


def test_numbers_that_are_not_finite_are_never_written():
    champion = replace(small_champion(), scores={"mean": float("nan")})
    with pytest.raises(ValueError, match="nan"):
        champion_to_json(champion)


def test_file_and_run_directory_are_read_alike(tmp_path):
    save_champion(small_champion(), tmp_path / "champion.json")
    assert load_champion(tmp_path) == load_champion(str(tmp_path / "champion.json"))
    assert load_champion(tmp_path) == small_champion()


def test_scores_and_provenance_may_be_left_out():
    data = json.loads(champion_to_json(small_champion()))
    del data["scores"], data["provenance"]
    champion = champion_from_json(json.dumps(data))
    assert (champion.scores, champion.provenance) == ({}, {})


def test_unnamed_inputs_get_names():
    data = json.loads(champion_to_json(small_champion()))
    for node in data["nodes"]:
        node.pop("name", None)
    champion = champion_from_json(json.dumps(data))
    assert len(set(champion.input_names)) == 2
    assert all(champion.input_names + champion.output_names)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "no champion file"),
        ("\ufeff{}", "no champion file"),
        ("[" * 200_000, "no champion file"),
        ("null", "no champion file"),
        (changed(format="wann-genome"), "format"),
        (changed(format=None), "format"),
        (changed(version=2), "upgrade"),
        (changed(version=10**30), "upgrade"),
        (changed(version=0), "version 0"),
        (changed(version=1.0), "version is 1.0, must be an integer"),
        (changed(version=None), "version is null"),
        (changed(version=True), "version is true"),
        (changed(task=None), "task is null, must be a string"),
        (changed(nodes={}), "nodes is {}, must be a list"),
        (changed(connections="1-2"), "connections is"),
        (changed(connections=[5]), "connections[0] is 5, must be an object"),
        (changed(connections=[{"source": "0", "target": 3}]), "connections[0].source"),
        (changed(connections=[{"source": 0, "target": 33}]), "connections[0].target is 33"),
        (changed(scores=None), "scores is null"),
        (changed(provenance=[]), "provenance is []"),
        (champion_to_json(small_champion()).replace('"x"', '"\\ud800"'), "name"),
        (changed(scores="@").replace('"@"', '{"a": NaN}'), "NaN"),
        (changed(scores="@").replace('"@"', '{"a": -Infinity}'), "-Infinity"),
        (changed(scores="@").replace('"@"', '{"a": 1e400}'), "1e400"),
    ],
)
def test_wrong_texts_are_format_errors_that_name_the_file_and_the_place(text, fragment):
    with pytest.raises(FormatError) as caught:
        champion_from_json(text, "folder/mine.json")
    assert "folder/mine.json" in str(caught.value)
    assert fragment in str(caught.value)
    assert len(str(caught.value)) < 400


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_edit_is_read_or_is_a_format_error(data):
    document = json.loads(champion_to_json(small_champion()))
    holders = [document, *document["nodes"], *document["connections"]]
    holder = data.draw(st.sampled_from(holders))
    key = data.draw(st.sampled_from(sorted(holder)))
    if data.draw(st.booleans()):
        del holder[key]
    else:
        some = st.integers(-2, 9) | st.sampled_from(["hidden", "input", "output", "bias", "cos"])
        holder[key] = data.draw(some | json_values)
    try:
        champion = champion_from_json(json.dumps(document))
    except FormatError:
        return
    assert champion_from_json(champion_to_json(champion)) == champion


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_format_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"bytes\.json"):
        load_champion(path)


@pytest.mark.parametrize("name", ["none.json", "folder", "file/champion.json", "x" * 300])
def test_paths_without_a_champion_are_format_errors(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(FormatError, match=name[:50]):
        load_champion(tmp_path / name)


# writing


def fail(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("place", "name"), [(os, "fsync"), (Path, "replace"), (Path, "write_bytes")], ids=str
)
def test_failing_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, place, name):
    path = tmp_path / "champion.json"
    path.write_text("old", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(place, name, fail)
        with pytest.raises(FormatError, match=r"champion\.json: No space left") as caught:
            save_champion(small_champion(), path)
    assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["champion.json"]


def test_failing_in_the_midst_of_writing_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "picture.png"
    path.write_text("old", encoding="utf-8")

    def write_and_stop():
        with atomic_path(path) as temporary:
            assert temporary.suffix == ".png"
            assert temporary.parent == tmp_path
            temporary.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


def test_old_file_is_there_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old", encoding="utf-8")
    with atomic_path(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


def test_writing_into_a_missing_folder_is_a_format_error(tmp_path):
    with pytest.raises(FormatError, match="No such file or directory"):
        save_champion(small_champion(), tmp_path / "none" / "champion.json")


def test_text_is_written_as_utf8_with_its_line_ends(tmp_path):
    write_atomically(tmp_path / "text", "θ\r\n\n")
    assert (tmp_path / "text").read_bytes() == "θ\r\n\n".encode()


def test_tuned_weights_survive_the_round_trip_and_belong_to_their_connections():
    network = network_from_connections(2, 1, [LINEAR] * 5, [(0, 3), (1, 4), (2, 3), (3, 4)])
    weights = (0.1, -2.5, 1e-17, 3.0)
    champion = Champion(network, "t", ("a", "b"), ("c",), tuned_weights=weights)
    text = champion_to_json(champion)
    assert champion_from_json(text) == champion
    data = json.loads(text)
    # a person may write the connections in another order, and the weights with them
    data["connections"].reverse()
    data["tuned_weights"].reverse()
    assert champion_from_json(json.dumps(data)).tuned_weights == weights


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "1 items for 2 connections"),
        ([1.0, "2"], r"tuned_weights\[1\]"),
        ([1.0, True], r"tuned_weights\[1\]"),
        ([1.0, 10**400], r"tuned_weights\[1\]"),
        ({}, "must be a list"),
    ],
)
def test_wrong_tuned_weights_are_refused(weights, message):
    network = network_from_connections(1, 1, [LINEAR] * 3, [(0, 2), (1, 2)])
    data = json.loads(champion_to_json(Champion(network, "t", ("a",), ("b",))))
    data["tuned_weights"] = weights
    with pytest.raises(FormatError, match=message):
        champion_from_json(json.dumps(data))
