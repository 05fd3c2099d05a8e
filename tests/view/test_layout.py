"""The layout keeps its promises on random networks: order, distance and unobstructed lines."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from wann.genome.network import Network, network_from_connections
from wann.view.blocks import build_blocks, count_crossings
from wann.view.layers import assign_layers
from wann.view.layout import Layout, lay_out
from wann.view.ordering import order_blocks
from wann.view.placement import place_blocks

# (inputs, hidden nodes, outputs, connections)
SIZES = [(5, 0, 1, 3), (5, 7, 1, 20), (3, 20, 2, 50), (24, 15, 4, 60), (5, 100, 1, 250)]


@cache
def random_network(
    n_inputs: int, n_hidden: int, n_outputs: int, n_connections: int, seed: int = 0
) -> Network:
    """Any connections; some inputs and hidden nodes may have none."""
    rng = np.random.default_rng(seed)
    n_fixed, n_sources = 1 + n_inputs, 1 + n_inputs + n_hidden
    pairs = [
        (s, t) for t in range(n_fixed, n_sources + n_outputs) for s in range(min(t, n_sources))
    ]
    chosen = rng.choice(len(pairs), min(n_connections, len(pairs)), replace=False)
    activation = np.ones(n_sources + n_outputs, np.int8)
    activation[n_fixed:] = rng.integers(1, 12, n_hidden + n_outputs)
    return network_from_connections(
        n_inputs, n_outputs, activation.tolist(), [pairs[i] for i in chosen]
    )


@cache
def laid_out(size: tuple[int, int, int, int]) -> tuple[Network, Layout]:
    network = random_network(*size)
    return network, lay_out(network)


def sample(curve: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """(k, n, 2) points on each Bezier of a chain."""
    t = np.linspace(0, 1, n)[:, None]
    return np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]) @ curve


def line_length(network: Network, layer: NDArray[np.int64]) -> int:
    """Layers that the nodes' lines cross, summed."""
    farthest = layer.copy()
    np.maximum.at(farthest, network.edge_source, layer[network.edge_target])
    return int((farthest - layer).sum())


@pytest.mark.parametrize("size", SIZES)
def test_connections_lead_right_from_inputs_first_to_outputs_last(
    size: tuple[int, int, int, int],
) -> None:
    network, layout = laid_out(size)
    n_fixed, first_output = 1 + network.n_inputs, network.n_nodes - network.n_outputs
    last = layout.layer.max()
    assert np.all(layout.layer[:n_fixed] == 0)
    assert np.all(layout.layer[first_output:] == last)
    hidden = layout.layer[n_fixed:first_output]
    assert np.all((hidden > 0) & (hidden < last))
    assert np.all(layout.layer[network.edge_source] < layout.layer[network.edge_target])
    by_layer = [np.unique(layout.x[layout.layer == layer]) for layer in range(last + 1)]
    assert np.all(np.diff(np.concatenate(by_layer)) >= layout.spacing.layer)


def test_layers_make_lines_as_short_as_an_exhaustive_search() -> None:
    n_hidden = 4
    for seed in range(40):
        network = random_network(2, n_hidden, 1, 12, seed)
        layer = assign_layers(network)
        last = int(layer.max())
        best = min(
            line_length(network, candidate)
            for hidden in itertools.product(range(1, last), repeat=n_hidden)
            for candidate in [np.array([0, 0, 0, *hidden, last])]
            if np.all(candidate[network.edge_source] < candidate[network.edge_target])
        )
        assert line_length(network, layer) == best


def test_no_single_move_of_a_block_saves_a_crossing() -> None:
    network = random_network(4, 9, 2, 30)
    blocks = build_blocks(network, assign_layers(network))
    order = np.argsort(order_blocks(blocks))
    fewest = count_crossings(blocks, np.argsort(order))
    for block in range(blocks.n_blocks):
        others = order[order != block]
        for place in range(blocks.n_blocks):
            moved = np.insert(others, place, block)
            assert count_crossings(blocks, np.argsort(moved)) >= fewest


def test_ladder_is_drawn_without_crossings() -> None:
    # two chains with the same rungs, in the order of a shuffled ladder
    network = network_from_connections(
        1, 2, [1] * 8, [(0, 2), (1, 3), (2, 5), (3, 4), (2, 4), (5, 7), (4, 6), (5, 6)]
    )
    assert lay_out(network).n_crossings == 0


def test_crossings_are_counted_as_they_are_drawn() -> None:
    network = random_network(4, 12, 2, 36)
    layout = lay_out(network)
    # a bend is known by its ends; what one node sends through a gap never crosses itself
    bends = {
        (int(source), tuple(piece.ravel()))
        for source, curve in zip(network.edge_source, layout.curves, strict=True)
        for piece in curve
    }
    edges = np.unique(layout.x)
    n_crossings = 0
    for left, right in itertools.pairwise(edges):
        middle = (left + right) / 2
        in_gap = {
            (source, piece[1], piece[7])
            for source, piece in bends
            if piece[0] <= middle <= piece[6]
        }
        for (s, y0, y1), (t, z0, z1) in itertools.combinations(sorted(in_gap), 2):
            n_crossings += s != t and (y0 - z0) * (y1 - z1) < -1e-9
    assert layout.n_crossings == n_crossings


@pytest.mark.parametrize("size", SIZES)
def test_curves_lead_smoothly_from_source_to_target(size: tuple[int, int, int, int]) -> None:
    network, layout = laid_out(size)
    centre = np.stack([layout.x, layout.y], axis=1)
    assert len(layout.curves) == network.n_connections
    for source, target, curve in zip(
        network.edge_source, network.edge_target, layout.curves, strict=True
    ):
        np.testing.assert_array_equal(curve[0, 0], centre[source])
        np.testing.assert_allclose(curve[-1, -1], centre[target], atol=1e-12)
        np.testing.assert_allclose(curve[1:, 0], curve[:-1, -1], atol=1e-12)
        # horizontal where pieces meet, and never backwards
        np.testing.assert_array_equal(curve[:, 0, 1], curve[:, 1, 1])
        np.testing.assert_array_equal(curve[:, 2, 1], curve[:, 3, 1])
        assert np.all(np.diff(curve[:, :, 0], axis=1) >= 0)


@pytest.mark.parametrize("size", SIZES)
def test_no_line_passes_behind_a_disc(size: tuple[int, int, int, int]) -> None:
    network, layout = laid_out(size)
    clearance = layout.spacing.radius + layout.spacing.line / 2
    centre = np.stack([layout.x, layout.y], axis=1)
    for source, target, curve in zip(
        network.edge_source, network.edge_target, layout.curves, strict=True
    ):
        points = sample(curve, 60).reshape(-1, 1, 2)
        distance = np.hypot(*(points - centre).transpose(2, 0, 1)).min(axis=0)
        distance[[source, target]] = np.inf
        assert distance.min() > clearance


@pytest.mark.parametrize("size", SIZES)
def test_discs_do_not_overlap(size: tuple[int, int, int, int]) -> None:
    network, layout = laid_out(size)
    first, second = np.triu_indices(network.n_nodes, 1)
    distance = np.hypot(layout.x[first] - layout.x[second], layout.y[first] - layout.y[second])
    assert distance.min() > 2.5 * layout.spacing.radius


def test_blocks_of_a_layer_keep_order_and_room() -> None:
    network = random_network(4, 15, 2, 40)
    blocks = build_blocks(network, assign_layers(network))
    position = order_blocks(blocks)
    rng = np.random.default_rng(1)
    above, below = rng.uniform(0.05, 0.4, (2, blocks.n_blocks))
    height = place_blocks(blocks, position, above, below)
    for layer in range(int(blocks.last.max()) + 1):
        here = np.flatnonzero((blocks.first <= layer) & (layer <= blocks.last))
        here = here[np.argsort(position[here])]
        room = below[here[:-1]] + above[here[1:]]
        assert np.all(np.diff(height[here]) > room - 2e-6)


def test_a_chain_is_drawn_as_a_straight_line() -> None:
    network = network_from_connections(0, 1, [1] * 5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert np.ptp(lay_out(network).y) == pytest.approx(0, abs=1e-6)


def test_inputs_without_connections_lie_below_the_others() -> None:
    network = network_from_connections(4, 1, [1] * 7, [(2, 5), (4, 5), (5, 6)])
    layout = lay_out(network)
    assert np.all(layout.x[:5] == 0)
    assert layout.y[[0, 1, 3]].max() < layout.y[[2, 4]].min()


def test_everything_lies_between_bottom_and_top() -> None:
    _, layout = laid_out((24, 15, 4, 60))
    heights = np.concatenate([curve[:, :, 1].ravel() for curve in layout.curves])
    assert layout.bottom < min(heights.min(), layout.y.min() - layout.spacing.radius)
    assert layout.top > max(heights.max(), layout.y.max() + layout.spacing.radius)


def test_layout_is_deterministic() -> None:
    network, first = laid_out((5, 7, 1, 20))
    second = lay_out(network)
    np.testing.assert_array_equal(first.y, second.y)
    assert all(map(np.array_equal, first.curves, second.curves))


def test_network_without_connections_is_laid_out() -> None:
    layout = lay_out(network_from_connections(2, 1, [1] * 5, []))
    assert layout.curves == ()
    assert layout.n_crossings == 0
