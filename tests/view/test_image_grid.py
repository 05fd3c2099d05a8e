"""Drawings of networks that see an image: which pixels are marked, and how they are coloured."""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from tests import naive
from wann.errors import FormatError, TaskError
from wann.formats.champion import Champion
from wann.genome.network import Network, network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.data import DataPlace
from wann.view.drawing import mean_images_of, save_drawing, weights_of
from wann.view.graph import save_network
from wann.view.image_grid import Weights, draw_image_network
from wann.view.influence import direct_connections, outputs_reached, pixel_effects
from wann.view.node_counts import hidden_node_counts
from wann_envs.classify import load_digits

SHAPE = (4, 6)
N_INPUTS = 24
LINEAR = int(Activation.LINEAR)


@cache
def random_network(n_hidden: int, n_connections: int, n_outputs: int, seed: int = 0) -> Network:
    """Any connections; there may be nodes that dangle."""
    rng = np.random.default_rng(seed)
    n_fixed, n_sources = 1 + N_INPUTS, 1 + N_INPUTS + n_hidden
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < n_connections:
        target = int(rng.integers(n_fixed, n_sources + n_outputs))
        pairs.add((int(rng.integers(min(target, n_sources))), target))
    activation = rng.integers(1, 12, n_hidden + n_outputs).tolist()
    return network_from_connections(
        N_INPUTS, n_outputs, [LINEAR] * n_fixed + activation, sorted(pairs)
    )


def names_of(shape: tuple[int, int]) -> tuple[str, ...]:
    return tuple(f"{row},{column}" for row in range(shape[0]) for column in range(shape[1]))


def shared(network: Network, weight: float = 1.0) -> Weights:
    return Weights(np.full(network.n_connections, weight), f"the weight {weight}")


def drawn(network: Network, shape: tuple[int, int] = SHAPE, names: tuple[str, ...] = ()) -> Figure:
    names = names or tuple(map(str, range(network.n_outputs)))
    return draw_image_network(network, shape, names, shared(network), title="A title")


def marked(figure: Figure, name: str) -> set[tuple[int, int]]:
    """(row, column) of the squares of a panel, from the middle of its image."""
    (squares,) = (c for c in figure.axes[0].collections if c.get_gid() == name)
    grounds = [patch for patch in figure.axes[0].patches if hasattr(patch, "get_xy")]
    found = set()
    for path in squares.get_paths():
        x, y = path.vertices[:4].mean(axis=0)
        for ground in grounds:
            (left, bottom), width, height = (
                ground.get_xy(),
                ground.get_width(),
                ground.get_height(),
            )
            if left < x < left + width and bottom < y < bottom + height:
                pixel = width / SHAPE[1]
                found.add((int((bottom + height - y) / pixel), int((x - left) / pixel)))
    assert len(found) == len(squares.get_paths())
    return found


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(0, 5, 3), (10, 40, 10), (60, 150, 4)])
def test_marked_pixels_are_those_with_a_path_to_the_output(size, seed) -> None:
    network = random_network(*size, seed=seed)
    graph = nx.DiGraph(zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True))
    graph.add_nodes_from(range(network.n_nodes))
    figure = drawn(network)
    captions = texts(figure)
    for k in range(network.n_outputs):
        output = network.n_nodes - network.n_outputs + k
        pixels = {node - 1 for node in nx.ancestors(graph, output) if 1 <= node <= N_INPUTS}
        direct = {node - 1 for node in graph.predecessors(output) if 1 <= node <= N_INPUTS}
        wanted = {divmod(pixel, SHAPE[1]) for pixel in pixels}
        assert marked(figure, f"pixels of output {k}") == wanted
        wanted = {divmod(pixel, SHAPE[1]) for pixel in direct}
        assert marked(figure, f"connected to output {k}") == wanted
        many = "pixel" if len(pixels) == 1 else "pixels"
        assert f"{len(pixels)} {many}, {len(direct)} directly" in captions
        assert np.flatnonzero(outputs_reached(network)[:, k]).tolist() == sorted(pixels)
        assert np.flatnonzero(direct_connections(network)[:, k]).tolist() == sorted(direct)


def test_effect_is_the_mean_rise_of_the_output_when_the_pixel_is_lit() -> None:
    network = random_network(10, 50, 3)
    weights = np.random.default_rng(1).normal(size=network.n_connections)
    images = (np.random.default_rng(0).random((64, N_INPUTS)) < 0.2).astype(float)
    effects = pixel_effects(network, weights)
    for pixel in (0, 7, N_INPUTS - 1):
        lit, dark = images.copy(), images.copy()
        lit[:, pixel], dark[:, pixel] = 1.0, 0.0
        rise = [
            np.subtract(naive.outputs(network, weights, on), naive.outputs(network, weights, off))
            for on, off in zip(lit, dark, strict=True)
        ]
        np.testing.assert_allclose(effects[pixel], np.mean(rise, axis=0), rtol=1e-6, atol=1e-9)


def test_a_pixel_that_raises_is_blue_and_one_that_lowers_orange_and_one_without_effect_grey() -> (
    None
):
    # pixel 0 raises the output, pixel 1 lowers it, pixel 2 reaches it twice, once with each sign
    inverse = int(Activation.INVERSE)
    n = 1 + N_INPUTS
    network = network_from_connections(
        N_INPUTS,
        1,
        [LINEAR] * n + [inverse, LINEAR, LINEAR],
        [(1, n + 2), (2, n), (3, n), (3, n + 1), (n, n + 2), (n + 1, n + 2)],
    )
    effects = pixel_effects(network, np.ones(network.n_connections))
    assert effects[:4, 0].tolist() == pytest.approx([1.0, -1.0, 0.0, 0.0], abs=1e-6)
    (squares,) = (
        c for c in drawn(network).axes[0].collections if c.get_gid() == "pixels of output 0"
    )
    raises, lowers, nothing = squares.get_facecolor()[:, :3]
    assert raises[2] > 2 * raises[0]
    assert lowers[0] > 2 * lowers[2]
    assert np.ptp(nothing) < 0.1


def test_rounding_errors_are_no_effects() -> None:
    # a saturated output: no pixel moves it
    n = 1 + N_INPUTS
    pairs = [(source, n) for source in range(5)]
    network = network_from_connections(N_INPUTS, 1, [LINEAR] * n + [int(Activation.SIGMOID)], pairs)
    weights = Weights(np.array([30.0, 0.1, 0.2, 0.3, 0.4]), "large weights")
    figure = draw_image_network(network, SHAPE, ("a",), weights)
    (squares,) = (c for c in figure.axes[0].collections if c.get_gid() == "pixels of output 0")
    assert np.ptp(squares.get_facecolor()[:, :3], axis=1).max() < 0.1


def test_huge_outputs_have_finite_effects() -> None:
    n = 1 + N_INPUTS
    square = int(Activation.SQUARE)
    pairs = [(1, n), *((n + k, n + k + 1) for k in range(12))]
    network = network_from_connections(N_INPUTS, 1, [LINEAR] * n + [square] * 13, pairs)
    effects = pixel_effects(network, np.full(network.n_connections, -50.0))
    assert np.isfinite(effects).all()
    assert effects[0, 0] > 1e200
    drawn(network)


def test_hidden_nodes_are_counted_by_activation_and_layer() -> None:
    for seed in range(5):
        network = random_network(30, 90, 3, seed)
        activations, counts = hidden_node_counts(network)
        assert counts.sum() == network.n_hidden
        for row, activation in zip(counts, activations, strict=True):
            nodes = [
                node
                for node in range(1 + N_INPUTS, network.n_nodes - 3)
                if network.activation[node] == activation
            ]
            layers = [max(int(network.layer[node]), 1) for node in nodes]
            assert row.tolist() == np.bincount(layers, minlength=len(row) + 1)[1:].tolist()


def test_head_tells_the_numbers_of_the_network() -> None:
    network = random_network(10, 40, 3)
    (head,) = (text for text in texts(drawn(network)) if "connections" in text and "·" in text)
    used = int(outputs_reached(network).any(axis=1).sum())
    for words in ("40 connections", "10 hidden nodes in", f"{used} of 24 pixels", "the weight 1.0"):
        assert words in head
    assert "A title" in texts(drawn(network))


@pytest.mark.parametrize(
    "size", [(0, 2, 2), (0, 0, 10), (10, 40, 10), (80, 200, 26), (300, 900, 3)]
)
def test_texts_overlap_neither_each_other_nor_the_border(size) -> None:
    network = random_network(*size)
    names = tuple(f"a long name of a class, {k}" for k in range(network.n_outputs))
    figure = drawn(network, names=names)
    to_inches = figure.axes[0].transData.inverted()
    boxes = [
        to_inches.transform(text.get_window_extent().get_points()).ravel()
        for text in figure.axes[0].texts
    ]
    (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    for l0, b0, r0, t0 in boxes:
        assert left < l0 < r0 < right
        assert bottom < b0 < t0 < top
    for (l0, b0, r0, t0), (l1, b1, r1, t1) in itertools.combinations(boxes, 2):
        # lines of text may touch
        assert r0 < l1 or r1 < l0 or t0 < b1 + 0.03 or t1 < b0 + 0.03


@pytest.mark.parametrize(("shape", "n_names"), [((4, 5), 3), (SHAPE, 2)])
def test_what_does_not_fit_the_network_is_refused(shape, n_names) -> None:
    network = random_network(0, 5, 3)
    with pytest.raises(TaskError, match=r"do(es)? not fit"):
        draw_image_network(network, shape, tuple("abc")[:n_names], shared(network))


# champions


def champion(network: Network, **fields) -> Champion:
    outputs = tuple(map(str, range(network.n_outputs)))
    return Champion(network, "own", fields.pop("inputs", names_of(SHAPE)), outputs, **fields)


def test_a_champion_is_drawn_with_the_weights_that_say_most() -> None:
    network = random_network(0, 5, 3)
    tuned = {"tuned_shared_weight": {"mean": 1.0, "weight": -1.25}}
    assert weights_of(champion(network)).values.tolist() == [1.0] * 5
    assert weights_of(champion(network, scores=tuned)).values.tolist() == [-1.25] * 5
    assert weights_of(champion(network, scores=tuned)).words.endswith("−1.25")
    own = champion(network, scores=tuned, tuned_weights=(1.0, 2.0, 3.0, 4.0, 5.0))
    assert weights_of(own).values.tolist() == [1, 2, 3, 4, 5]
    for strange in (3, {}, {"weight": "x"}, {"weight": True}, {"weight": None}):
        scores = {"tuned_shared_weight": strange}
        assert weights_of(champion(network, scores=scores)).values.tolist() == [1.0] * 5


def test_style_follows_the_names_of_the_inputs(tmp_path) -> None:
    network = random_network(5, 20, 2)
    outputs = ("0", "1")
    for name, inputs, style in (
        ("image", names_of(SHAPE), "auto"),
        ("grid", names_of(SHAPE), "grid"),
        ("numbers", tuple(f"x{k}" for k in range(N_INPUTS)), "auto"),
        ("graph", names_of(SHAPE), "graph"),
    ):
        save_drawing(champion(network, inputs=inputs), tmp_path / f"{name}.svg", style=style)
        save_network(network, tmp_path / f"{name} as a graph.svg", inputs, outputs)
    made = {path.stem: path.read_bytes() for path in tmp_path.iterdir()}
    assert made["image"] == made["grid"]
    assert made["numbers"] == made["numbers as a graph"]
    assert made["graph"] == made["graph as a graph"]
    assert made["image"] != made["graph"]
    numbers = champion(network, inputs=tuple(f"x{k}" for k in range(N_INPUTS)))
    with pytest.raises(TaskError, match="no image"):
        save_drawing(numbers, tmp_path / "x.png", style="grid")
    assert not (tmp_path / "x.png").exists()


def test_grid_is_saved_as_a_whole_and_with_the_same_bytes(tmp_path) -> None:
    own = champion(random_network(5, 20, 2), scores={"tuned_shared_weight": {"weight": math.pi}})
    for suffix in (".png", ".svg", ".pdf"):
        for name in "ab":
            save_drawing(own, tmp_path / f"{name}{suffix}")
        first, second = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
    with pytest.raises(FormatError, match=r"\.svg"):
        save_drawing(own, [tmp_path / "c.png", tmp_path / "c.jpg"])
    assert not (tmp_path / "c.png").exists()


# mean images


def outlines(figure: Figure) -> list[QuadContourSet]:
    return [c for c in figure.axes[0].collections if isinstance(c, QuadContourSet)]


def test_outlines_run_around_the_bright_pixels_of_the_mean_images() -> None:
    network = random_network(5, 20, 3)
    images = np.zeros((3, *SHAPE))
    images[0, 1:3, 2:4] = 0.8
    # the whole image, up to its edge; the third has nothing to outline
    images[1, :, 0] = 1.0
    figure = draw_image_network(
        network, SHAPE, tuple("abc"), shared(network), mean_images=images.reshape(3, -1)
    )
    first, second = outlines(figure)
    x, y = first.get_paths()[0].vertices.T
    pixel = 1.6 / SHAPE[1]
    assert ((x > 1.4 * pixel) & (x < 4.6 * pixel) & (-y > 0.4 * pixel) & (-y < 3.6 * pixel)).all()
    # closed at the edge
    vertices = second.get_paths()[0].vertices
    assert vertices[0].tolist() == pytest.approx(vertices[-1].tolist())
    assert "outline of the mean image" in texts(figure)
    assert "outline of the mean image" not in texts(drawn(network))
    assert not outlines(drawn(network))
    with pytest.raises(TaskError, match="mean images"):
        draw_image_network(
            network, SHAPE, tuple("abc"), shared(network), mean_images=images[:2].reshape(2, -1)
        )


def digits_champion(task: str = "digits", side: int = 8, **fields) -> Champion:
    n = side**2
    network = network_from_connections(n, 10, [LINEAR] * (n + 11), [(1, n + 1)])
    names = fields.pop("inputs", names_of((side, side)))
    return Champion(network, task, names, tuple(map(str, range(10))))


def test_mean_images_are_those_of_the_training_part() -> None:
    data = load_digits()
    found = mean_images_of(digits_champion())
    assert found is not None
    for k in range(10):
        np.testing.assert_allclose(
            found[k], data.x_train[data.y_train == k].mean(axis=0), rtol=1e-6
        )


@pytest.mark.parametrize(
    "strange",
    [
        digits_champion("no such task"),
        digits_champion("cartpole_swingup"),
        digits_champion(side=9),
        digits_champion(inputs=tuple(f"x{k}" for k in range(64))),
    ],
)
def test_champions_without_images_at_hand_have_no_mean_images(strange) -> None:
    assert mean_images_of(strange) is None


@pytest.mark.parametrize(
    "place", [DataPlace(folder=Path("nowhere")), DataPlace(file=Path("nowhere.npz"))]
)
def test_a_place_that_is_named_must_be_right(place) -> None:
    for champion in (digits_champion(), digits_champion("mnist", 16)):
        with pytest.raises(TaskError, match=r"nowhere|does not go with task"):
            mean_images_of(champion, place)


@pytest.mark.parametrize(("task", "side"), [("mnist", 16), ("mnist784", 28)])
def test_nothing_is_downloaded_for_a_drawing(task, side, tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a download")

    monkeypatch.setattr("wann_envs.classify.mnist_files._download", refuse)
    monkeypatch.setattr("wann_envs.classify.mnist_files.cache_folder", lambda: tmp_path)
    monkeypatch.delenv("WANN_DATA_DIR", raising=False)
    assert mean_images_of(digits_champion(task, side)) is None
    # there, but empty
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path))
    assert mean_images_of(digits_champion(task, side)) is None
