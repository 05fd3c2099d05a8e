"""A drawing names what it should, hides nothing, and is saved as a whole."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.text import Text

from wann.errors import FormatError, TaskError
from wann.genome.network import Network, network_from_connections
from wann.kernels.activation import Activation
from wann.view.graph import draw_network, save_network

INPUTS = ["x", "x'", "cos θ", "sin θ", "angular velocity"]
MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@cache
def random_network(n_hidden: int, n_connections: int, n_outputs: int = 1) -> Network:
    """Any connections, and every hidden node has a source."""
    rng = np.random.default_rng(0)
    n_fixed, n_sources = 6, 6 + n_hidden
    pairs = {(int(rng.integers(node)), node) for node in range(n_fixed, n_sources)}
    while len(pairs) < n_connections:
        source = int(rng.integers(n_sources))
        pairs.add((source, int(rng.integers(max(source + 1, n_fixed), n_sources + n_outputs))))
    activation = rng.integers(1, 12, n_hidden + n_outputs).tolist()
    return network_from_connections(5, n_outputs, [1] * n_fixed + activation, sorted(pairs))


@cache
def drawn(n_hidden: int, n_connections: int) -> Figure:
    return draw_network(random_network(n_hidden, n_connections), INPUTS, ["force"], title="A title")


def tiny_network() -> Network:
    """Inputs 1 and 3 are used, the bias and input 2 are not."""
    tanh, gauss = int(Activation.TANH), int(Activation.GAUSS)
    return network_from_connections(3, 1, [1, 1, 1, 1, tanh, gauss], [(1, 4), (4, 5), (3, 5)])


def boxes(figure: Figure) -> Iterator[tuple[Text, float, float, float, float]]:
    """Each text with its (left, bottom, right, top) in inches of the page."""
    to_inches = figure.axes[0].transData.inverted()
    for text in figure.axes[0].texts:
        extent = text.get_window_extent()
        left_bottom, right_top = to_inches.transform(extent.get_points())
        yield text, *left_bottom, *right_top


def lines(figure: Figure) -> list[PathPatch]:
    return [
        patch
        for patch in figure.axes[0].patches
        if isinstance(patch, PathPatch) and patch.get_zorder() == 1
    ]


def names(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("size", [(0, 4), (7, 20), (25, 60), (45, 110)])
def test_texts_overlap_neither_each_other_nor_discs(size: tuple[int, int]) -> None:
    figure = drawn(*size)
    found = list(boxes(figure))
    for (_, l0, b0, r0, t0), (_, l1, b1, r1, t1) in itertools.combinations(found, 2):
        assert r0 < l1 or r1 < l0 or t0 < b1 or t1 < b0
    circles = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    for circle in circles:
        x, y = circle.get_center()
        for _, left, bottom, right, top in found:
            nearest = np.clip(x, left, right), np.clip(y, bottom, top)
            assert np.hypot(nearest[0] - x, nearest[1] - y) > circle.get_radius()


@pytest.mark.parametrize("size", [(0, 4), (7, 20), (25, 60), (45, 110)])
def test_no_line_runs_through_a_text(size: tuple[int, int]) -> None:
    figure = drawn(*size)
    found = np.array([box for _, *box in boxes(figure)])
    t = np.linspace(0, 1, 80)[:, None]
    bernstein = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    for line in lines(figure):
        curves = np.asarray(line.get_path().vertices).reshape(-1, 4, 2)
        x, y = np.moveaxis((bernstein @ curves).reshape(-1, 1, 2), 2, 0)
        left, bottom, right, top = found.T
        assert not np.any((x > left) & (x < right) & (y > bottom) & (y < top))


@pytest.mark.parametrize("size", [(0, 4), (25, 60), (45, 110)])
def test_everything_lies_on_the_page(size: tuple[int, int]) -> None:
    figure = drawn(*size)
    (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert figure.get_size_inches() == pytest.approx((right - left, top - bottom))
    for _, *box in boxes(figure):
        assert left < box[0] < box[2] < right
        assert bottom < box[1] < box[3] < top
    for line in lines(figure):
        x, y = np.asarray(line.get_path().vertices).T
        assert left < x.min() <= x.max() < right
        assert bottom < y.min() <= y.max() < top


def test_inputs_bias_output_and_title_are_named() -> None:
    shown = names(drawn(7, 20))
    prime = "$x\\mathrm{\u2032}$"
    assert shown[:6] == ["bias", "$x$", prime, r"$\cos\,θ$", r"$\sin\,θ$", "angular velocity"]
    assert {"force", "A title"} <= set(shown)


def test_names_with_dollars_and_unknown_letters_are_shown_as_they_are() -> None:
    shown = names(draw_network(tiny_network(), ["a$b$", "x_1", "\\"], ["cost in $"]))
    assert {"a$b$", "x_1", "\\", "cost in $"} <= set(shown)


def test_legend_names_the_activations_that_occur() -> None:
    shown = names(drawn(45, 110))
    network = random_network(45, 110)
    used = {Activation(i).name.lower() for i in network.activation[6:].tolist()}
    # a network of this size has no other texts: inputs, bias, output, legend, title
    assert sorted(shown[7:-1]) == sorted(used)


def test_small_networks_name_the_activation_at_every_node() -> None:
    shown = names(draw_network(tiny_network(), ["a b", "c d", "e f"], ["out"]))
    # and say it nowhere else
    assert shown.count("tanh") == shown.count("gauss") == 1


def test_unused_inputs_are_faded_and_aligned() -> None:
    figure = draw_network(tiny_network(), ["a", "b", "c"], ["out"])
    rings = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)][:4]
    assert [ring.get_alpha() is not None for ring in rings] == [True, False, True, False]
    assert len({ring.get_center()[0] for ring in rings}) == 1


def test_every_activation_can_be_drawn() -> None:
    n = len(Activation)
    network = network_from_connections(
        1, 1, [1, 1, *map(int, Activation), 1], [(0, 2 + i) for i in range(n)]
    )
    shown = names(draw_network(network, ["x"], ["y"]))
    n_linear = 2  # with the output
    for activation in Activation:
        n = n_linear if activation is Activation.LINEAR else 1
        assert shown.count(activation.name.lower()) == n


def test_wrong_number_of_names_is_an_error() -> None:
    with pytest.raises(TaskError, match="2 input names do not fit a network with 3 inputs"):
        draw_network(tiny_network(), ["a", "b"], ["out"])
    with pytest.raises(TaskError, match="2 output names"):
        draw_network(tiny_network(), ["a", "b", "c"], ["out", "more"])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PDF"])
def test_same_network_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    save_network(tiny_network(), first, ["x", "x'", "θ"], ["force"])
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "savefig.facecolor": "red"}):
        save_network(tiny_network(), second, ["x", "x'", "θ"], ["force"])
    assert first.read_bytes().startswith(MAGIC[suffix.lower()])
    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


@pytest.mark.parametrize("name", ["net.jpg", "net", "net.png.txt"])
def test_unknown_suffix_is_an_error_that_names_the_allowed_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"allowed: \.png, \.svg, \.pdf$"):
        save_network(tiny_network(), tmp_path / name, ["a", "b", "c"], ["out"])
    assert not list(tmp_path.iterdir())


def test_interrupted_save_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(_: Figure, file: io.BytesIO, **_options: object) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "net.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(Figure, "savefig", write_half)
    with pytest.raises(KeyboardInterrupt):
        save_network(tiny_network(), path, ["a", "b", "c"], ["out"])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
