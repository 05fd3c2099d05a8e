"""Files of the 2019 release: what is in them is read, computed alike, and written as it was."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config as numba_config

from tests import naive
from wann.errors import FormatError
from wann.formats.champion import Champion, champion_from_json, champion_to_json
from wann.formats.release2019 import (
    champion_of_release,
    release_from_bytes,
    release_of_champion,
    release_to_text,
)
from wann.formats.zoo2019 import (
    load_zoo_weights,
    weight_offset,
    with_zoo_weights,
    zoo_weights_to_json,
)
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.swingup import SwingUpTask
from wann.tuning.evaluation import best_shared_weight, shared_score
from wann.tuning.returns import random_shared_score

needs_jit = pytest.mark.skipif(bool(numba_config.DISABLE_JIT), reason="too slow without the JIT")
DATA = os.environ.get("WANN_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="WANN_TEST_DATA names no folder")

LINEAR, COS = int(Activation.LINEAR), int(Activation.COS)
# inputs, outputs, hidden nodes, connections: of the release's champions
BIPED, RACER = (24, 4, 74, 210), (16, 3, 86, 245)


# what the release does with a file, slowly


def table_of(path):
    return np.loadtxt(path, delimiter=",", ndmin=2)


def enabled(table):
    """(source, target) of the genes in the order of the release."""
    genes = table[:, :-1]
    return [tuple(pair) for pair in np.argwhere((genes != 0) & ~np.isnan(genes)).tolist()]


def release_outputs(table, inputs, n_outputs, shared=None, weights=None):
    """The forward pass of the release, on a matrix of weights."""
    matrix = np.nan_to_num(table[:, :-1], nan=0.0)
    pairs = enabled(table)
    if shared is not None:
        weights = [shared] * len(pairs)
    for pair, weight in zip(pairs, weights, strict=True):
        matrix[pair] = weight
    values = np.zeros(len(matrix))
    n_first = 1 + len(inputs)
    values[:n_first] = [1.0, *inputs]
    for node in range(n_first, len(matrix)):
        values[node] = naive.activation(int(table[node, -1]), float(values @ matrix[:, node]))
    return values[-n_outputs:]


def random_table(rng, n_inputs, n_outputs, n_hidden, n_connections, n_disabled=12):
    """A file's numbers: values of three digits, some genes disabled, no node left alone."""
    n_first, n_sources = 1 + n_inputs, 1 + n_inputs + n_hidden
    n = n_sources + n_outputs
    table = np.zeros((n, n + 1))
    table[:, -1] = 1
    table[n_first:n_sources, -1] = rng.integers(1, 11, n_hidden)
    needed = [(int(rng.integers(k)), k) for k in range(n_first, n_sources)]
    needed += [
        (k, int(rng.integers(max(k + 1, n_first), n)))
        for k in range(n_first, n_sources)
        if k not in {s for s, _ in needed}
    ]
    others = [
        (s, t)
        for t in range(n_first, n)
        for s in range(min(t, n_sources))
        if (s, t) not in set(needed)
    ]
    chosen = rng.permutation(len(others))[: n_connections - len(set(needed)) + n_disabled]
    pairs = [*dict.fromkeys(needed), *(others[k] for k in chosen)]
    for k, pair in enumerate(pairs):
        value = float(f"{rng.normal():.2e}") if rng.random() < 0.3 else 1.0
        table[pair] = value if k < n_connections else np.nan
    return table


def write_table(path, table, number="%1.2e"):
    np.savetxt(path, table, delimiter=",", fmt=number)
    return path


def names(n_inputs, n_outputs):
    return tuple(f"i{k}" for k in range(n_inputs)), tuple(f"o{k}" for k in range(n_outputs))


def read_table(path, n_inputs, n_outputs, **options):
    return champion_of_release(path, "some task", *names(n_inputs, n_outputs), **options)


def text_of(champion):
    return release_to_text(release_of_champion(champion))


# the release's swing-up champion


@pytest.fixture(scope="module")
def swing():
    task = SwingUpTask()
    path = Path(DATA) / "wann2019" / "swing.out"
    return champion_of_release(path, task.name, task.input_names, task.output_names)


@pytest.fixture(scope="module")
def tuned_swing(swing):
    return with_zoo_weights(*swing, Path(DATA) / "wann2019" / "cartpole_swingup.wann.json", -1.5)


@needs_data
def test_paper_champion_has_its_nodes_and_connections(swing):
    champion, release = swing
    network = champion.network
    assert (network.n_nodes, network.n_hidden, network.n_connections) == (29, 22, 52)
    assert (champion.task, champion.output_names) == ("cartpole_swingup", ("force",))
    assert champion.tuned_weights is None
    table = table_of(Path(DATA) / "wann2019" / "swing.out")
    pairs = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    assert sorted(pairs) == enabled(table)
    assert network.activation.tolist() == table[:, -1].tolist()
    assert len(release.disabled) == np.isnan(table).sum()


@needs_data
def test_paper_champion_is_written_with_the_numbers_that_were_read(swing, tmp_path):
    champion = champion_from_json(champion_to_json(swing[0]))
    (tmp_path / "again.out").write_text(text_of(champion), encoding="utf-8")
    np.testing.assert_array_equal(
        table_of(tmp_path / "again.out"), table_of(Path(DATA) / "wann2019" / "swing.out")
    )


@needs_data
def test_weights_of_the_zoo_lie_on_their_genes(tuned_swing, tmp_path):
    folder = Path(DATA) / "wann2019"
    weights = json.loads((folder / "cartpole_swingup.wann.json").read_text())[0]
    network = tuned_swing.network
    known = dict(zip(enabled(table_of(folder / "swing.out")), weights, strict=True))
    pairs = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    assert tuned_swing.tuned_weights == tuple(known[pair] - 1.5 for pair in pairs)
    origin = tuned_swing.provenance["weights"]
    assert (origin["published_score"], origin["offset"]) == (932.0, -1.5)
    # what is published is not measured
    assert tuned_swing.scores == {}
    # and back
    assert json.loads(zoo_weights_to_json(tuned_swing, -1.5)) == [weights, 932]
    (tmp_path / "tuned.out").write_text(text_of(tuned_swing), encoding="utf-8")
    again, _ = champion_of_release(
        tmp_path / "tuned.out", "t", tuned_swing.input_names, tuned_swing.output_names
    )
    assert again.tuned_weights == tuned_swing.tuned_weights


@needs_data
def test_paper_champion_computes_what_the_release_computes(tuned_swing):
    table = table_of(Path(DATA) / "wann2019" / "swing.out")
    network, weights = tuned_swing.network, tuned_swing.tuned_weights
    in_order = sorted(
        zip(network.edge_source.tolist(), network.edge_target.tolist(), weights, strict=True)
    )
    rng = np.random.default_rng(0)
    for inputs in rng.normal(size=(5, 5)):
        for shared in (-2.0, -0.3, 0.78, 1.5):
            assert naive.outputs(network, shared, inputs) == pytest.approx(
                release_outputs(table, inputs, 1, shared), abs=1e-9
            )
        assert naive.outputs(network, weights, inputs) == pytest.approx(
            release_outputs(table, inputs, 1, weights=[w for *_, w in in_order]), abs=1e-9
        )


@needs_jit
@needs_data
def test_paper_champion_scores_as_published(tuned_swing):
    task, network = SwingUpTask(), tuned_swing.network
    score = random_shared_score(task, network, 4000, 1)
    assert 506 - 3 * score.std / np.sqrt(4000) <= score.mean
    assert score.mean <= 526 + 3 * score.std / np.sqrt(4000)
    best = shared_score(task, network, best_shared_weight(task, network, 1), 1000, 1)
    # 723.4 ± 15.8 over 100 episodes is what is known
    assert best.mean == pytest.approx(723.4, abs=3 * np.hypot(1.58, best.std / np.sqrt(1000)))
    trials = task.draw_trials(1000, np.random.default_rng(1))
    weights = np.repeat(np.array(tuned_swing.tuned_weights)[:, None], 1000, axis=1)
    returns = task.rollout_weighted(stack_networks([network]), weights, trials).returns
    # 931.96 ± 6.28 over 100 episodes is what is known; one episode in seventy goes wrong, so that
    # most hundreds hold one, and many none
    is_up = returns[0] > 900
    assert np.mean(is_up) > 0.97
    assert returns[0, is_up].mean() == pytest.approx(932, abs=2)
    assert returns[0, is_up].std() == pytest.approx(6.28, abs=1)
    assert np.median(returns) == pytest.approx(932, abs=2)


# other sizes


@pytest.mark.parametrize("sizes", [BIPED, RACER, (0, 1, 4, 7), (256, 10, 40, 300)], ids=str)
def test_files_of_any_size_are_read_and_written_as_they_were(tmp_path, sizes):
    n_inputs, n_outputs, n_hidden, n_connections = sizes
    table = random_table(np.random.default_rng(n_inputs), *sizes, n_disabled=5)
    path = write_table(tmp_path / "net.out", table)
    champion, release = read_table(path, n_inputs, n_outputs)
    network = champion.network
    assert (network.n_nodes, network.n_hidden) == (1 + sum(sizes[:3]), n_hidden)
    assert (network.n_connections, len(release.disabled)) == (n_connections, 5)
    assert champion.tuned_weights is None
    # through a champion file, too
    again = champion_from_json(champion_to_json(champion))
    assert again == champion
    path.write_text(text_of(again), encoding="utf-8")
    np.testing.assert_array_equal(table_of(path), table)
    assert read_table(path, n_inputs, n_outputs)[0].network == network


@pytest.mark.parametrize("sizes", [BIPED, RACER], ids=["biped", "racer"])
def test_files_of_any_size_compute_what_the_release_computes(tmp_path, sizes):
    n_inputs, n_outputs = sizes[:2]
    rng = np.random.default_rng(5)
    table = random_table(rng, *sizes)
    champion, release = read_table(write_table(tmp_path / "net.out", table), n_inputs, n_outputs)
    weights = rng.normal(size=sizes[3])
    (tmp_path / "zoo.json").write_text(json.dumps([(weights + 1.87).tolist(), 332, 1]))
    champion = with_zoo_weights(champion, release, tmp_path / "zoo.json", -1.87)
    for inputs in rng.normal(size=(3, n_inputs)):
        assert naive.outputs(champion.network, 0.4, inputs) == pytest.approx(
            release_outputs(table, inputs, n_outputs, 0.4), rel=1e-6, abs=1e-6
        )
        assert naive.outputs(champion.network, champion.tuned_weights, inputs) == pytest.approx(
            release_outputs(table, inputs, n_outputs, weights=weights), rel=1e-6, abs=1e-6
        )


def test_nodes_without_connections_are_kept_and_constant(tmp_path):
    # bias, input, cos without inputs, a dead end, output
    table = np.zeros((5, 6))
    table[:, -1] = [1, 1, 10, 4, 1]
    table[2, 4] = table[1, 4] = table[1, 3] = 1
    path = write_table(tmp_path / "net.out", table)
    champion, _ = read_table(path, 1, 1)
    assert champion.network.n_hidden == 2
    assert naive.outputs(champion.network, 0.5, [0.3]) == pytest.approx([0.5 * 1.3])
    assert release_outputs(table, [0.3], 1, 0.5) == pytest.approx([0.5 * 1.3])
    text = champion_to_json(champion)
    assert text.count('"dangles": true') == 2
    assert champion_from_json(text) == champion
    path.write_text(text_of(champion), encoding="utf-8")
    np.testing.assert_array_equal(table_of(path), table)
    # in a file written by hand it is a mistake
    with pytest.raises(FormatError, match=r"mine.json: hidden node 2 dangles: .* its input"):
        champion_from_json(text.replace(', "dangles": true', ""), "mine.json")


def test_activations_of_the_inputs_are_those_that_the_release_applies_none(tmp_path):
    table = np.zeros((3, 4))
    table[:, -1] = [5, 3, 6]
    table[1, 2] = 1
    champion, _ = read_table(write_table(tmp_path / "net.out", table), 1, 1)
    assert champion.network.activation.tolist() == [1, 1, 6]


def test_byte_order_mark_line_ends_and_empty_lines_do_not_matter():
    plain = release_from_bytes(b"0,0,1,1\n0,0,nan,1\n0,0,0,5\n", 1, 1)
    other = release_from_bytes(b"\xef\xbb\xbf0, 0,1e0,1\r\n\r\n0,0,NaN,1.0\r\n0,0,0,+5", 1, 1)
    assert other == plain
    assert plain.disabled == ((1, 2),)


# tuned weights


def small_champion(weights=None, **changes):
    network = network_from_connections(
        2, 1, [LINEAR, LINEAR, LINEAR, COS, LINEAR], [(0, 3), (2, 3), (3, 4), (1, 4)]
    )
    return replace(Champion(network, "some task", *names(2, 1), tuned_weights=weights), **changes)


weights_of_any_kind = st.floats(-1e300, 1e300) | st.sampled_from(
    [0.0, -0.0, 1.0, 0.5, -0.25, 1e-17, 0.1, 1e300, 5e-324, -5e-324, 1e-323, 2.5e-310]
)


@settings(deadline=None)
@given(st.lists(weights_of_any_kind, min_size=4, max_size=4))
def test_tuned_weights_are_written_so_that_they_are_read_as_they_were(tmp_path_factory, weights):
    champion = small_champion(tuple(weights))
    path = tmp_path_factory.getbasetemp() / "weights.out"
    path.write_text(text_of(champion), encoding="utf-8")
    assert enabled(table_of(path)) == [(0, 3), (1, 4), (2, 3), (3, 4)]
    again, _ = champion_of_release(path, "some task", *names(2, 1))
    assert again.network == champion.network
    assert list(map(repr, again.tuned_weights)) == list(map(repr, champion.tuned_weights))


@settings(deadline=None)
@given(
    st.lists(weights_of_any_kind, min_size=4, max_size=4),
    st.sampled_from([0.0, -1.5, -1.87, -0.7, 1e-3]),
)
def test_weight_file_gives_the_weights_that_it_was_made_of(tmp_path_factory, weights, offset):
    champion = small_champion(tuple(weights))
    path = tmp_path_factory.getbasetemp() / "zoo.json"
    path.write_text(zoo_weights_to_json(champion, offset), encoding="utf-8")
    bare = replace(champion, tuned_weights=None)
    again = with_zoo_weights(bare, release_of_champion(bare), path, offset)
    assert list(map(repr, again.tuned_weights)) == list(map(repr, champion.tuned_weights))
    # and the release, which adds in float64, comes close
    read = np.array(json.loads(path.read_text(encoding="utf-8"))[0]) + offset
    by_source = [champion.tuned_weights[k] for k in (0, 2, 1, 3)]
    np.testing.assert_allclose(read, by_source, rtol=1e-14, atol=1e-15)


def test_values_of_three_digits_are_no_tuned_weights_unless_asked_for(tmp_path):
    path = tmp_path / "net.out"
    # as the release writes them
    marked = text_of(small_champion((1.0, -0.25, 0.478, 2.0)))
    path.write_text(marked.removeprefix("+"), encoding="utf-8")
    plain, _ = read_table(path, 2, 1)
    assert plain.tuned_weights is None
    assert plain.provenance["values"] == "1.0 -0.25 0.478 2.0"
    asked, _ = read_table(path, 2, 1, use_values=True)
    assert asked.tuned_weights == (1.0, -0.25, 0.478, 2.0)
    # as earlier versions of this package wrote them
    older = text_of(small_champion((1.0, 0.0, 0.4781, 2.0))).removeprefix("+")
    path.write_text(older, encoding="utf-8")
    assert read_table(path, 2, 1)[0].tuned_weights == (1.0, 0.0, 0.4781, 2.0)


@pytest.mark.parametrize(
    "weights", [(1.0,) * 4, (0.5, -0.25, 0.478, 2.0), (0.0, -0.0, 5e-324, -5e-324)], ids=str
)
def test_file_with_tuned_weights_says_so_and_the_release_reads_it(tmp_path, weights):
    champion = small_champion(weights)
    path = tmp_path / "net.out"
    path.write_text(text_of(champion), encoding="utf-8")
    again, release = read_table(path, 2, 1)
    assert list(map(repr, again.tuned_weights)) == list(map(repr, weights))
    assert release_of_champion(champion) == release
    # nothing but the mark tells the numbers from those of another file
    table = table_of(path)
    assert enabled(table) == [(0, 3), (1, 4), (2, 3), (3, 4)]
    assert not np.isnan(table).any()
    by_source = [weights[k] or math.copysign(5e-324, weights[k]) for k in (0, 2, 1, 3)]
    assert [table[pair] for pair in enabled(table)] == by_source


def test_mark_stands_beside_a_disabled_gene(tmp_path):
    noted = {"format": "release2019", "connections": 4, "disabled": "0>0 1>3"}
    path = tmp_path / "net.out"
    path.write_text(text_of(small_champion((1.0,) * 4, provenance=noted)), encoding="utf-8")
    again, release = read_table(path, 2, 1)
    assert (again.tuned_weights, release.disabled) == ((1.0,) * 4, ((0, 0), (1, 3)))
    assert np.argwhere(np.isnan(table_of(path))).tolist() == [[0, 0], [1, 3]]


def test_network_with_more_nodes_than_a_table_holds_is_refused():
    network = network_from_connections(9_000, 1, [LINEAR] * 9_002, [(1, 9_001)])
    champion = Champion(network, "some task", *names(9_000, 1))
    with pytest.raises(FormatError, match=r"9002 nodes is too large for a \.out file"):
        text_of(champion)


def test_champion_without_tuned_weights_is_written_with_ones():
    text = text_of(small_champion())
    assert text.splitlines()[0] == "0,0,0,1,0,1"
    assert text.splitlines()[3] == "0,0,0,0,1,10"


@pytest.mark.parametrize(
    "provenance",
    [
        {"connections": 3},
        {"values": "1 2 3"},
        {"values": "1 2 3 0"},
        {"values": "1 2 3 x"},
        {"disabled": "1>3 9>4"},
        {"disabled": "0>3"},
        {"disabled": "1"},
        {"format": "other", "disabled": "1>3"},
    ],
    ids=str,
)
def test_notes_that_do_not_fit_the_network_are_left_aside(provenance):
    noted = {"format": "release2019", "connections": 4} | provenance
    assert text_of(small_champion(provenance=noted)) == text_of(small_champion())


def test_notes_that_fit_the_network_are_written():
    noted = {"format": "release2019", "connections": 4, "values": "2 3 4 5", "disabled": "1>3"}
    assert text_of(small_champion(provenance=noted)).splitlines()[:2] == [
        *("0,0,0,2,0,1", "0,0,0,nan,4,1")
    ]


def zoo(tmp_path, content):
    path = tmp_path / "zoo.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_weights_may_follow_the_disabled_genes_too(tmp_path):
    release = release_from_bytes(b"0,nan,1,1\n0,0,2,1\n0,0,0,1\n", 1, 1)
    champion = Champion(release.network, "t", ("a",), ("b",))
    for weights in ([5, 6], [4, 5, 6]):
        path = zoo(tmp_path, [weights, 1])
        assert with_zoo_weights(champion, release, path, 0.5).tuned_weights == (5.5, 6.5)
    with pytest.raises(FormatError, match=r"zoo.json has 4 weights; .* 2 enabled genes .* 3"):
        with_zoo_weights(champion, release, zoo(tmp_path, [[1, 2, 3, 4], 1]), 0.5)


def test_score_of_the_weight_file_is_the_measured_one_or_the_published():
    champion = small_champion((1.0, 2.0, 3.0, 4.0))
    assert json.loads(zoo_weights_to_json(champion, 0.0)) == [[1, 3, 2, 4], None]
    published = {"weights": {"published_score": 7.0, "published_std": 1.0}}
    told = replace(champion, provenance=published)
    assert json.loads(zoo_weights_to_json(told, 0.0))[1:] == [7, 1]
    measured = replace(told, scores={"tuned_weights": {"mean": 8.5, "std": 2.5}})
    assert json.loads(zoo_weights_to_json(measured, 0.0))[1:] == [8.5, 2.5]
    with pytest.raises(FormatError, match="no tuned weights"):
        zoo_weights_to_json(small_champion(), 0.0)


@pytest.mark.parametrize(
    ("task", "offset"),
    [
        *(("cartpole_swingup", -1.5), ("SwingUp", -1.5), ("biped", -1.87), ("bipedhard", -1.87)),
        *(("vae_racer", -0.7), ("CarRacing-v0", -0.7), ("mnist256", 0.0), ("other", 0.0)),
    ],
)
def test_what_is_added_to_weights_goes_by_the_task(task, offset):
    assert weight_offset(task) == offset


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("", "no weight file"),
        ("\x00\x01", "no weight file"),
        ("[" * 100_000, "no weight file"),
        ("{}", "must be a list"),
        ("[1, 2]", "must be a list"),
        ("[[1, 2]]", "must be a list"),
        ("[[1, true], 3]", "weight 2 is 'True'"),
        ("[[1, [2]], 3]", "weight 2"),
        ("[[1, NaN], 3]", "NaN"),
        ("[[1, -Infinity], 3]", "Infinity"),
        ("[[1, 1e999], 3]", "weight 2"),
        ("[[1, 1e99999999999999999999999], 3]", "too large"),
        ("[[1, 1e999999999999999999], 3]", "weight 2"),
        ("[[1, 2], true]", "item 2"),
        ("[[1, 2], 1e999]", "item 2"),
        ("[[1, 2], 1, []]", "item 3"),
    ],
)
def test_wrong_weight_files_are_format_errors(tmp_path, content, fragment):
    with pytest.raises(FormatError) as caught:
        load_zoo_weights(zoo(tmp_path, content))
    assert "zoo.json" in str(caught.value)
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


# wrong files

FILE = "0,0,1,1,1\n0,0,nan,0.5,1\n0,0,0,1,5\n0,0,0,0,1\n"


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not text"),
        (b"\x00" * 50, "row 1: 1 columns"),
        ("wann,1\n", "row 1, column 1: 'wann'"),
        (FILE.replace("0.5", "half"), "row 2, column 4: 'half'"),
        (FILE.replace("0.5", ""), "row 2, column 4: ''"),
        (FILE.replace("0.5", "1_0"), "row 2, column 4: '1_0'"),
        (FILE.replace("0.5", "inf"), "row 2, column 4: 'inf'"),
        (FILE.replace("0.5", "1e999"), "row 2, column 4"),
        (FILE.replace("0.5", "0.5,0"), "row 2: 6 columns, must be 5"),
        (FILE.replace(",0.5", ""), "row 2: 4 columns, must be 5"),
        (FILE.replace("0,0,0,0,1\n", ""), "row 1: 5 columns, must be 4"),
        (FILE.replace("1,5", "1,12"), "row 3, column 5: unknown activation 12"),
        (FILE.replace("1,5", "1,0"), "row 3, column 5: unknown activation 0"),
        (FILE.replace("1,5", "1,1.5"), "row 3, column 5: unknown activation 1.5"),
        (FILE.replace("1,5", "1,nan"), "row 3, column 5: unknown activation nan"),
        (FILE.replace("0,0,0,1,5", "0,0,2,1,5"), "row 3, column 3: a gene from node 2 to node 2"),
        (FILE.replace("0,0,0,0,1", "0,0,3,0,1"), "row 4, column 3: a gene from node 3 to node 2"),
        (FILE.replace("0,0,1,1,1", "0,1,1,1,1"), "row 1, column 2: a gene leads into input 1"),
        ("\n" + FILE.replace("0.5", "x"), "row 3, column 4"),
    ],
)
def test_wrong_files_are_format_errors_that_name_row_and_column(content, fragment):
    data = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(FormatError) as caught:
        release_from_bytes(data, 1, 1, "folder/net.out")
    assert "folder/net.out" in str(caught.value)
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("n_inputs", "n_outputs", "fragment"),
    [
        (3, 1, "4 nodes cannot hold a bias, 3 inputs and 1 outputs"),
        (2, 1, "row 1, column 3: a gene leads into input 2: are there 2 inputs?"),
        (1, 2, "row 3, column 4: a gene comes from output 1: are there 2 outputs?"),
    ],
)
def test_wrong_numbers_of_inputs_and_outputs_are_format_errors(n_inputs, n_outputs, fragment):
    with pytest.raises(FormatError) as caught:
        release_from_bytes(FILE.encode(), n_inputs, n_outputs)
    assert fragment in str(caught.value)


def test_huge_files_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "huge.out"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(FormatError, match=r"huge.out has more than 100 MB"):
        read_table(path, 1, 1)


def test_long_row_in_a_long_file_is_refused_before_there_is_a_table():
    data = b"1\n" * 200_000 + b"," * 200_000
    with pytest.raises(FormatError, match="row 1: 1 columns, must be 200002"):
        release_from_bytes(data, 1, 1)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("01,\nna.-e5", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_a_format_error(data):
    try:
        release = release_from_bytes(data, 1, 1)
    except FormatError:
        return
    again = release_from_bytes(release_to_text(release).encode(), 1, 1)
    assert again == release
