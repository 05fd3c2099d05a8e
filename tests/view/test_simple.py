"""Large networks are drawn in a simpler way, soon, and it is said."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from wann.cli.main import main
from wann.formats.champion import Champion, save_champion
from wann.genome.network import Network, network_from_connections
from wann.view.drawing import note_on_drawing
from wann.view.graph import draw_network, save_network, why_simple
from wann.view.influence import n_images_of
from wann.view.simple import MOST_LINES
from wann.view.strokes import NEGATIVE


def dense(*sizes: int) -> Network:
    """All nodes of a layer lead to all of the next."""
    start = np.cumsum([1, *sizes])
    edges = [
        (source, target)
        for k in range(len(sizes) - 1)
        for target in range(start[k + 1], start[k + 2])
        for source in range(start[k], start[k + 1])
    ]
    n_hidden = sum(sizes[1:])
    return network_from_connections(
        sizes[0], sizes[-1], [1] * (1 + sizes[0]) + [5] * n_hidden, edges
    )


def names(letter: str, n: int) -> list[str]:
    return [f"{letter}{k}" for k in range(n)]


def drawn(network: Network, **options):
    inputs, outputs = names("in", network.n_inputs), names("out", network.n_outputs)
    return draw_network(network, inputs, outputs, **options)


def collection(figure, name: str):
    (found,) = (c for c in figure.axes[0].collections if c.get_gid() == name)
    return found


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (dense(100, 10), None),
        (dense(100, 11), "1,100 connections are more than 1,000: drawn in a simpler way"),
        (network_from_connections(599, 1, [1] * 601, [(1, 600)]), "601 nodes are more than 600"),
        (
            network_from_connections(
                1, 1, [1] * 2 + [5] * 101, [(k, k + 1) for k in range(1, 102)]
            ),
            "101 layers are more than 100",
        ),
    ],
    ids=["small", "connections", "nodes", "layers"],
)
def test_size_from_which_drawings_are_simpler(network, reason):
    found = why_simple(network)
    assert found is None if reason is None else found.startswith(reason)


def test_command_says_in_one_line_that_a_drawing_is_simpler(tmp_path, capsys):
    network = dense(100, 11)
    champion = Champion(network, "none", tuple(names("a", 100)), tuple(names("b", 11)))
    save_champion(champion, tmp_path / "c.json")
    assert main(["draw", str(tmp_path / "c.json"), "-o", str(tmp_path / "c.png")]) == 0
    said = capsys.readouterr()
    assert said.out == f"wrote {tmp_path / 'c.png'}\n"
    assert said.err == "note: 1,100 connections are more than 1,000: drawn in a simpler way\n"


def test_grid_of_a_large_network_is_not_called_simpler():
    pixels = tuple(f"{row},{column}" for row in range(10) for column in range(11))
    champion = Champion(dense(110, 10), "none", pixels, tuple(names("b", 10)))
    assert note_on_drawing(champion) is None
    assert note_on_drawing(champion, "graph") is not None


def test_every_connection_leads_from_its_source_to_its_target():
    network = dense(20, 40, 10)
    figure = drawn(network)
    lines = np.array(collection(figure, "lines").get_segments())
    centres = np.array(
        [p.vertices[:-1].mean(axis=0) for p in collection(figure, "nodes").get_paths()]
    )
    assert len(centres) == network.n_nodes
    np.testing.assert_allclose(lines[:, 0], centres[network.edge_source], atol=1e-9)
    np.testing.assert_allclose(lines[:, 1], centres[network.edge_target], atol=1e-9)
    assert np.all(np.diff(lines[:, :, 0], axis=1) > 0)


def test_nodes_of_a_layer_do_not_overlap_and_inputs_keep_their_order():
    figure = drawn(dense(300, 30, 10))
    boxes = [p.get_extents() for p in collection(figure, "nodes").get_paths()]
    by_column: dict[float, list] = {}
    for box in boxes:
        by_column.setdefault(round((box.x0 + box.x1) / 2, 6), []).append(box)
    assert len(by_column) == 3
    for column in by_column.values():
        column.sort(key=lambda box: box.y0)
        assert all(lower.y1 < upper.y0 for lower, upper in pairwise(column))
    heights = [(box.y0 + box.y1) / 2 for box in boxes[:301]]
    assert np.all(np.diff(heights) < 0)


def test_outputs_keep_the_order_of_the_task_if_that_is_wanted():
    rng = np.random.default_rng(0)
    pairs = {(int(rng.integers(1, 101)), 101 + int(rng.integers(20))) for _ in range(40)}
    network = network_from_connections(700, 20, [1] * 721, [(s, t + 600) for s, t in pairs])
    for order, is_sorted in (("fixed", True), ("free", False)):
        boxes = [
            p.get_extents() for p in collection(drawn(network, order=order), "nodes").get_paths()
        ]
        heights = [box.y0 + box.y1 for box in boxes[-20:]]
        assert bool(np.all(np.diff(heights) < 0)) is is_sorted


def test_names_that_have_no_room_are_left_out_and_it_is_said():
    figure = drawn(dense(300, 4))
    texts = figure.axes[0].texts
    words = [text.get_text() for text in texts]
    assert "every 5th name" in words
    assert "out3" in words
    boxes = [t.get_window_extent() for t in texts if t.get_text().startswith("in")]
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))


def test_largest_weights_are_drawn_and_lie_on_top():
    network = dense(250, 200)
    weights = np.random.default_rng(0).normal(size=network.n_connections)
    weights[7] = -100.0
    figure = drawn(network, weights=weights)
    lines = collection(figure, "lines")
    assert len(lines.get_segments()) == MOST_LINES < network.n_connections
    top = lines.get_colors()[-1]
    assert to_hex(top[:3]) == NEGATIVE
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any("40,000 of the connections are drawn, those of the largest" in w for w in words)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_champion_of_sixty_thousand_connections_is_drawn_soon(tmp_path, suffix):
    network = dense(784, 72, 36)
    start = time.process_time()
    path = tmp_path / f"a.{suffix}"
    save_network(network, path, names("a", 784), names("b", 36))
    # a few seconds on any machine; it was hours
    assert time.process_time() - start < 60
    assert 10_000 < path.stat().st_size < 20_000_000


def test_dense_network_that_took_a_minute_is_drawn_in_seconds(tmp_path):
    network = dense(200, 20)
    start = time.process_time()
    save_network(network, tmp_path / "a.png", names("a", 200), names("b", 20))
    assert time.process_time() - start < 15
    with Image.open(tmp_path / "a.png") as image:
        assert max(image.size) < 4000


def test_same_large_network_gives_the_same_bytes(tmp_path):
    network = dense(110, 50, 5)
    for name in ("a.svg", "b.svg"):
        save_network(network, tmp_path / name, names("a", 110), names("b", 5))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_effects_of_pixels_are_computed_in_fewer_images_only_for_huge_networks():
    assert n_images_of(dense(100, 50, 10)) == 64
    assert n_images_of(dense(784, 100, 100)) == 64 * 50_000_000 // (784 * 88_400)


def test_networks_without_connections_or_hidden_nodes_are_drawn_simply():
    network = network_from_connections(700, 1, [1] * 702, [])
    figure = drawn(network)
    assert not [c for c in figure.axes[0].collections if c.get_gid() == "lines"]
