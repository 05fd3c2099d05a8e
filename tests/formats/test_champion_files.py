"""Champion files: what was edited is told, what is too large or no file is refused before it is
read, and large ones are read in linear time."""

import json
import os
import time
import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from wann.cli.main import main
from wann.cli.warning_lines import held_warnings
from wann.errors import EditedFileWarning, FormatError
from wann.formats import champion as champion_module
from wann.formats import champion_reader
from wann.formats.champion import (
    Champion,
    champion_from_json,
    champion_to_json,
    load_champion,
    save_champion,
)
from wann.genome.network import network_from_connections

COMMITTED = sorted(Path(__file__).parents[2].glob("results/champions/**/champion*.json"))
posix = pytest.mark.skipif(os.name == "nt", reason="needs devices and pipes")


def small_champion(**changes):
    network = network_from_connections(2, 1, [1, 1, 1, 3, 1], [(1, 3), (2, 3), (3, 4)])
    return replace(
        Champion(
            network,
            "t",
            ("x", "θ'"),
            ("force",),
            {"tuned_weights": {"mean": 2.0, "std": 0.5, "episodes": 100}},
            {"seed": 3, "config": {"a": [1.0, -0.0, 1e300]}},
            (1.0, -0.5, 0.25),
        ),
        **changes,
    )


def edited(**changes):
    """A file whose content is another, and whose digest is not."""
    return json.loads(champion_to_json(small_champion())) | changes


# digests


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: "/".join(file.parts[-2:]))
def test_files_without_a_digest_are_read_and_get_one_when_they_are_written(file, tmp_path):
    old = load_champion(file)  # a warning would be an error
    save_champion(old, tmp_path / "new.json")
    assert load_champion(tmp_path / "new.json") == old
    old_data, new_data = (
        json.loads(path.read_text(encoding="utf-8")) for path in (file, tmp_path / "new.json")
    )
    assert new_data.pop("digest")
    assert new_data == old_data


def other_form(data, form):
    match form:
        case "spaces":
            return json.dumps(data, indent=7)
        case "no spaces":
            return json.dumps(data, separators=(",", ":"))
        case "order of keys":
            nodes = [dict(reversed(node.items())) for node in data["nodes"]]
            return json.dumps(dict(reversed((data | {"nodes": nodes}).items())))
        case "escapes":
            return json.dumps(data, ensure_ascii=True)
        case "whole numbers":
            return json.dumps(data).replace("1.0,", "1,").replace('"mean": 2.0', '"mean": 2e0')
    raise AssertionError(form)


@pytest.mark.parametrize(
    "form", ["spaces", "no spaces", "order of keys", "escapes", "whole numbers"]
)
def test_another_form_of_the_same_content_has_the_same_digest(tmp_path, form):
    text = other_form(edited(), form)
    assert text != champion_to_json(small_champion())
    (tmp_path / "champion.json").write_text(text, encoding="utf-8")
    assert load_champion(tmp_path) == small_champion()


@pytest.mark.parametrize(
    "changes",
    [
        {"tuned_weights": [1.0, -0.5, 0.26]},
        {"tuned_weights": [1.0, -0.5]},
        {"task": "other"},
        {"scores": {}},
        {"provenance": {"seed": 4}},
        {"digest": "00"},
        {"comment": "mine"},
    ],
    ids=str,
)
def test_edited_file_is_read_with_a_warning(tmp_path, changes):
    path = tmp_path / "champion.json"
    data = edited(**changes)
    if changes.get("tuned_weights") == [1.0, -0.5]:
        del data["tuned_weights"]
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.warns(EditedFileWarning, match=r"champion\.json is not as it was written"):
        champion = load_champion(path)
    # what it is written as next is as it was written
    save_champion(champion, path)
    assert load_champion(path) == champion


def test_texts_are_read_whatever_their_digest_is():
    assert champion_from_json(json.dumps(edited(task="other"))).task == "other"


@pytest.mark.parametrize("digest", [5, None, [], {"a": 1}], ids=str)
def test_digest_that_is_no_text_is_refused_and_none_is_none(digest):
    text = json.dumps(edited(digest=digest))
    if digest is None:
        assert champion_from_json(text) == small_champion()
        return
    with pytest.raises(FormatError, match=r"digest is .*, must be a string"):
        champion_from_json(text)


@pytest.mark.parametrize("line", ["export {} -o a.graphml", "draw {} -o a.svg"])
def test_command_line_tells_of_an_edited_file_in_one_line(tmp_path, monkeypatch, capsys, line):
    monkeypatch.chdir(tmp_path)
    Path("champion.json").write_text(json.dumps(edited(task="other")), encoding="utf-8")
    verb = line.split()[0]
    for name in ("champion.json", "."):
        assert main(line.format(name).split() + ["--overwrite"] * (verb == "export")) == 0
        captured = capsys.readouterr()
        assert captured.out.startswith("wrote a.")
        assert captured.err == (
            f"wann {verb}: warning: champion.json is not as it was written: its digest does not "
            "match its content (which is fine where you edited it)\n"
        )


def test_command_that_fails_prints_its_error_only(tmp_path, capsys):
    path = tmp_path / "champion.json"
    path.write_text(json.dumps(edited(task="cartpole_swingup")), encoding="utf-8")
    assert main(["evaluate", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "has 2 inputs" in error


def test_warnings_of_other_packages_are_shown_as_they_come():
    with held_warnings("verb"), pytest.warns(UserWarning, match="of another"):
        warnings.warn("of another", UserWarning, stacklevel=1)


# what is no file, and what is too large


@posix
@pytest.mark.parametrize("verb", ["evaluate", "replay", "draw", "export", "plot", "tune"])
def test_devices_and_pipes_are_no_champions(tmp_path, capsys, verb):
    os.mkfifo(tmp_path / "pipe")
    for source in ("/dev/zero", tmp_path / "pipe"):
        outputs = {"plot": "a.png", "draw": "a.png", "export": "a.py", "tune": "a.json"}
        output = ["-o", str(tmp_path / outputs[verb])] if verb in outputs else []
        assert main([verb, str(source), *output]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "no regular file" in error


def test_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "champion.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # takes no room on the disk
    start = time.perf_counter()
    with pytest.raises(FormatError, match=r"champion\.json: it has 1 TB, more than 250 MB"):
        load_champion(path)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("name", "most", "fragment"),
    [
        ("MOST_NODES", 4, "has 5 nodes, more than 4"),
        ("MOST_CONNECTIONS", 2, "has 3 connections, more than 2"),
        ("MOST_INPUTS", 1, "has 2 inputs, more than 1"),
        ("MOST_OUTPUTS", 0, "has 1 outputs, more than 0"),
    ],
)
def test_network_that_is_too_large_is_refused(monkeypatch, name, most, fragment):
    text = champion_to_json(small_champion())
    monkeypatch.setattr(champion_reader, name, most)
    with pytest.raises(FormatError, match=fragment):
        champion_from_json(text)


@pytest.mark.parametrize(
    ("scores", "fragment"),
    [
        ([], r"scores is \[\], must be an object"),
        ({"tuned_shared_weight": []}, r"scores\.tuned_shared_weight is \[\], must be an object"),
        ({"tuned_weights": {"mean": "931"}}, r"scores\.tuned_weights\.mean is '931', must be a nu"),
        ({"random_weights": {"std": True}}, r"scores\.random_weights\.std is True"),
        ({"ensemble": {"mean": [1]}}, r"scores\.ensemble\.mean is \[1\]"),
        ({"tuned_weights": {"episodes": 1.5}}, r"scores\.tuned_weights\.episodes is 1\.5"),
        ({"profile": {"weights": 1}}, r"scores\.profile\.weights is 1, must be a list"),
        (
            {"profile": {"weights": [1, 2], "mean": [1, None], "std": [1, 2]}},
            r"scores\.profile\.mean\[1\] is null",
        ),
        ({"profile": {"weights": [1, 2], "mean": [1], "std": [1]}}, "not as many"),
        ({"a": 10**400}, r"scores\.a is 1000000.*, must be a finite number"),
        ({"tuned_weights": {"mean": -(10**400)}}, r"scores\.tuned_weights\.mean is -10000"),
        ({"a": json.loads("[" * 150 + "]" * 150)}, "scores is nested more than 100 deep"),
    ],
)
def test_scores_that_verbs_could_not_use_are_refused_by_their_names(scores, fragment):
    with pytest.raises(FormatError, match=fragment) as caught:
        champion_from_json(json.dumps(edited(scores=scores)), "mine.json")
    assert "mine.json" in str(caught.value)
    assert str(caught.value).isprintable()


def test_scores_of_other_names_may_be_anything():
    scores = {"mine": [1, "2", {"a": None}], "tuned_weights": {"mean": None, "mine": [1]}}
    assert champion_from_json(json.dumps(edited(scores=scores))).scores == scores


# large networks


def dense_champion(*sizes):
    """All nodes of a layer, and the bias, lead to all of the next."""
    ends, first = [], 1
    for n, following in pairwise(sizes):
        layer = [0, *range(first, first + n)]
        first += n
        ends += [(source, first + k) for k in range(following) for source in layer]
    n_nodes = 1 + sum(sizes)
    activation = [1] * (1 + sizes[0]) + [5] * (n_nodes - 1 - sizes[0])
    network = network_from_connections(sizes[0], sizes[-1], activation, ends)
    names = (
        tuple(f"{kind}{k}" for k in range(n)) for kind, n in (("i", sizes[0]), ("o", sizes[-1]))
    )
    weights = np.random.default_rng(0).normal(size=network.n_connections)
    return Champion(network, "t", *names, tuned_weights=tuple(weights.tolist()))


def seconds_to_read(champion):
    text = champion_to_json(champion)
    start = time.process_time()
    assert champion_from_json(text) == champion
    return time.process_time() - start


def test_four_times_the_connections_take_about_four_times_as_long():
    small, large = dense_champion(60, 60, 60, 10), dense_champion(120, 120, 120, 20)
    assert 4 * small.network.n_connections > large.network.n_connections > 30_000
    # 16 times, were it quadratic
    assert min(seconds_to_read(large) / seconds_to_read(small) for _ in range(3)) < 9


def test_dense_network_for_images_is_read_and_written_within_seconds(tmp_path):
    champion = dense_champion(784, 300, 100, 10)
    assert champion.network.n_connections == 266_610
    start = time.process_time()
    save_champion(champion, tmp_path / "dense.json")
    assert load_champion(tmp_path / "dense.json") == champion
    assert time.process_time() - start < 30
    assert champion_module.dangling_nodes(champion.network) == {}
