"""Individual weights can be seen: their sign as colour, their size as width."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch

from wann.errors import TaskError
from wann.formats.champion import Champion
from wann.genome.network import network_from_connections
from wann.view.drawing import save_drawing
from wann.view.graph import draw_network
from wann.view.image_grid import Weights, draw_image_network
from wann.view.pixels import SIGNS
from wann.view.strokes import MIXED, NEGATIVE, POSITIVE, Strokes

# 1 → 3, 2 → 3, 3 → 4, 1 → 4 over a rail
NETWORK = network_from_connections(2, 1, [1, 1, 1, 5, 1], [(1, 3), (2, 3), (3, 4), (1, 4)])


def lines(figure) -> list[PathPatch]:
    return [p for p in figure.axes[0].patches if isinstance(p, PathPatch) and p.get_zorder() == 1]


def drawn(weights):
    return draw_network(NETWORK, ["a b", "c d"], ["out"], weights=np.array(weights))


def test_signs_are_colours_and_sizes_are_widths():
    strokes = Strokes.of(np.array([-3.0, 0.0, 1.5, 3.0]))
    assert strokes.colours.tolist() == [NEGATIVE, MIXED, POSITIVE, POSITIVE]
    assert strokes.widths[1] < strokes.widths[2] < strokes.widths[3] == strokes.widths[0]


@pytest.mark.parametrize(
    "weights",
    [[0.0, 0.0], [1e300, -1e300], [1e-320, 1.0], [np.nan, 1.0], [np.inf, -np.inf], [5e-324, 0.0]],
    ids=str,
)
def test_any_weights_have_finite_widths(weights):
    strokes = Strokes.of(np.array(weights))
    assert np.isfinite(strokes.widths).all()
    assert (strokes.widths > 0).all()


def test_lines_of_a_graph_show_signs_and_sizes():
    # in the order of the network: into 3 from 1 and 2, into 4 from 1 and 3
    figure = drawn([-2.0, 2.0, -0.5, 0.1])
    found = {to_hex(line.get_edgecolor()): line for line in lines(figure)}
    assert {NEGATIVE, POSITIVE} <= set(found)
    widths = sorted({line.get_linewidth() for line in lines(figure)})
    assert len(widths) >= 3
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"negative weight", "positive weight"} <= set(texts)


def test_legend_names_only_signs_that_occur():
    texts = [text.get_text() for text in drawn([1.0, 2.0, 3.0, 4.0]).axes[0].texts]
    assert "positive weight" in texts
    assert "negative weight" not in texts


def test_way_that_both_signs_share_is_grey():
    colours = {to_hex(line.get_edgecolor()) for line in lines(drawn([-2.0, 1.0, 2.0, 1.0]))}
    assert MIXED in colours
    colours = {to_hex(line.get_edgecolor()) for line in lines(drawn([2.0, 1.0, 2.0, 1.0]))}
    assert MIXED not in colours


def test_without_individual_weights_lines_have_the_colours_of_their_sources():
    figure = draw_network(NETWORK, ["a b", "c d"], ["out"])
    assert not {NEGATIVE, POSITIVE} & {to_hex(line.get_edgecolor()) for line in lines(figure)}
    assert len({line.get_linewidth() for line in lines(figure)}) == 1


def test_other_number_of_weights_is_an_error():
    with pytest.raises(TaskError, match=r"weights of shape \(3,\) do not fit"):
        drawn([1.0, 2.0, 3.0])


@pytest.mark.parametrize("style", ["graph", "grid"])
def test_drawing_of_individual_weights_differs_and_depends_on_them(tmp_path, style):
    network = network_from_connections(4, 1, [1] * 5 + [5, 1], [(1, 5), (5, 6), (4, 6)])
    names = ("0,0", "0,1", "1,0", "1,1")
    champion = Champion(network, "none", names, ("out",))
    files = []
    for k, weights in enumerate((None, (1.0, 1.0, 1.0), (1.0, 1.0, -1.0), (1.0, 1.0, 0.2))):
        files.append(tmp_path / f"{k}.svg")
        save_drawing(replace(champion, tuned_weights=weights), files[-1], style=style)
    assert len({file.read_bytes() for file in files}) == 4


def test_frames_of_pixels_show_signs_and_sizes():
    network = network_from_connections(4, 1, [1] * 5 + [1], [(1, 5), (2, 5), (4, 5)])
    weights = Weights(np.array([2.0, -2.0, 0.1]), "weights", is_individual=True)
    figure = draw_image_network(network, (2, 2), ["p"], weights)
    (frames,) = (c for c in figure.axes[0].collections if c.get_gid() == "connected to output 0")
    colours = [to_hex(colour) for colour in frames.get_edgecolors()]
    assert colours == [SIGNS[POSITIVE], SIGNS[NEGATIVE], SIGNS[POSITIVE]]
    widths = np.asarray(frames.get_linewidth())
    assert widths[0] == widths[1] > widths[2]


# inputs


def test_lines_of_few_inputs_have_patterns_of_their_own():
    n = 6
    network = network_from_connections(n, 1, [1] * (2 + n), [(k, n + 1) for k in range(n + 1)])
    figure = draw_network(network, [f"in {k}" for k in range(n)], ["out"])
    patterns = {str(line.get_linestyle()) for line in lines(figure)}
    assert len(patterns) == n + 1


def test_lines_of_up_to_16_inputs_differ_and_those_of_more_are_alike():
    for n, n_kinds in ((16, 16), (17, 1)):
        network = network_from_connections(
            n, 1, [1] * (2 + n), [(k, n + 1) for k in range(1, n + 1)]
        )
        figure = draw_network(network, [f"in {k}" for k in range(n)], ["out"])
        kinds = {(str(x.get_linestyle()), to_hex(x.get_edgecolor())) for x in lines(figure)}
        assert len(kinds) == n_kinds
