"""The fast search for an order finds what a naive twin finds, and keeps orders that are fixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wann.genome.network import Network, network_from_connections
from wann.view import ordering
from wann.view.blocks import Blocks, build_blocks, count_crossings
from wann.view.layers import assign_layers
from wann.view.layout import arrange
from wann.view.sifting import prepare_sifters


def random_network(
    n_inputs: int, n_hidden: int, n_outputs: int, share: float, seed: int
) -> Network:
    rng = np.random.default_rng(seed)
    n_fixed, n_sources = 1 + n_inputs, 1 + n_inputs + n_hidden
    pairs = [
        (s, t) for t in range(n_fixed, n_sources + n_outputs) for s in range(min(t, n_sources))
    ]
    chosen = [pair for pair in pairs if rng.random() < share]
    return network_from_connections(n_inputs, n_outputs, [1] * (n_sources + n_outputs), chosen)


def naive_crossings(blocks: Blocks, position: np.ndarray) -> int:
    """Every pair of lines of every gap."""
    n = 0
    lines = list(zip(blocks.gap, position[blocks.left], position[blocks.right], strict=True))
    for i, (gap, left, right) in enumerate(lines):
        for other, left2, right2 in lines[:i]:
            n += gap == other and (left - left2) * (right - right2) < 0
    return int(n)


def naive_place(blocks: Blocks, block: int, others: np.ndarray) -> int:
    """Tries every place: the fewest crossings, then the shortest lines, then the highest."""
    costs = []
    for place in range(len(others) + 1):
        position = np.argsort(np.insert(others, place, block))
        mine = (blocks.left == block) != (blocks.right == block)
        far = np.where(blocks.left == block, blocks.right, blocks.left)[mine]
        # as the search counts: from the middle between two places of the others
        length = np.abs(place - _positions_among(others, far) - 0.5).sum()
        costs.append((naive_crossings(blocks, position), length, place))
    return min(costs)[2]


def _positions_among(others: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    where = {block: k for k, block in enumerate(others.tolist())}
    return np.array([where[block] for block in blocks.tolist()], float)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 4),
    st.integers(0, 5),
    st.integers(1, 3),
    st.floats(0.1, 1.0),
    st.integers(0, 10_000),
)
def test_crossings_are_counted_as_pair_by_pair(n_inputs, n_hidden, n_outputs, share, seed):
    network = random_network(n_inputs, n_hidden, n_outputs, share, seed)
    blocks = build_blocks(network, assign_layers(network))
    position = np.random.default_rng(seed).permutation(blocks.n_blocks)
    assert count_crossings(blocks, position) == naive_crossings(blocks, position)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(1, 3),
    st.floats(0.2, 1.0),
    st.integers(0, 10_000),
)
def test_best_place_is_that_of_trying_every_place(n_inputs, n_hidden, n_outputs, share, seed):
    network = random_network(n_inputs, n_hidden, n_outputs, share, seed)
    blocks = build_blocks(network, assign_layers(network))
    sifters, rng = prepare_sifters(blocks), np.random.default_rng(seed)
    for block in range(blocks.n_blocks):
        others = rng.permutation(np.delete(np.arange(blocks.n_blocks), block))
        position = np.zeros(blocks.n_blocks, np.int64)
        position[others] = np.arange(len(others))
        place = sifters[block].best_place(position, blocks.n_blocks, (0, len(others)))
        assert place == naive_place(blocks, block, others)


def test_best_place_keeps_to_its_window():
    network = random_network(4, 4, 2, 0.6, 1)
    blocks = build_blocks(network, assign_layers(network))
    sifters, n = prepare_sifters(blocks), blocks.n_blocks
    position = np.arange(n)
    for block in range(n):
        for window in ((0, 0), (2, 4), (n - 1, n - 1)):
            assert window[0] <= sifters[block].best_place(position, n, window) <= window[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 8), st.integers(1, 4), st.integers(0, 10_000))
def test_fixed_order_of_inputs_and_outputs_is_that_of_the_task(n_inputs, n_hidden, n_outputs, seed):
    network = random_network(n_inputs, n_hidden, n_outputs, 0.3, seed)
    position = arrange(network, is_fixed=True).position
    assert np.all(np.diff(position[: 1 + n_inputs]) > 0)
    assert np.all(np.diff(position[network.n_nodes - n_outputs : network.n_nodes]) > 0)
    assert sorted(position.tolist()) == list(range(len(position)))


def test_fixed_order_has_no_more_crossings_than_the_order_that_it_starts_from():
    network = random_network(5, 10, 3, 0.3, 3)
    fixed, free = arrange(network, is_fixed=True), arrange(network)
    blocks = fixed.blocks
    naive = count_crossings(blocks, np.arange(blocks.n_blocks))
    assert (
        count_crossings(blocks, free.position) <= count_crossings(blocks, fixed.position) <= naive
    )


def test_orders_of_small_networks_are_those_of_earlier_versions():
    # what the search found before it became faster
    network = random_network(5, 20, 2, 0.2, 5)
    blocks = build_blocks(network, assign_layers(network))
    assert ordering.order_blocks(blocks).tolist() == [
        *(0, 8, 5, 42, 1, 34, 3, 13, 11, 14, 24, 27, 38, 7, 40, 39, 12, 23, 22, 18, 30, 29),
        *(17, 21, 16, 26, 9, 32, 2, 10, 6, 41, 31, 35, 4, 36, 28, 19, 25, 37, 15, 20, 33),
    ]


def test_search_looks_at_no_more_segments_than_its_budget(monkeypatch: pytest.MonkeyPatch):
    network = random_network(5, 20, 2, 0.2, 5)
    blocks = build_blocks(network, assign_layers(network))
    sweeps = []
    monkeypatch.setattr(ordering, "_MAX_LOOKS", 1)
    usual = ordering._sift_until_stable
    monkeypatch.setattr(
        ordering, "_sift_until_stable", lambda *args: sweeps.append(1) or usual(*args)
    )
    assert sorted(ordering.order_blocks(blocks).tolist()) == list(range(blocks.n_blocks))
    assert sweeps == []
