"""How many hidden nodes of each activation lie in each layer, as a table in a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS
from wann.view.library import PolyCollection, to_rgba_array
from wann.view.page import QUIET_INK, Page

# inches
_ROW = 0.165
_WIDEST_CELL, _NARROWEST_LABELLED = 0.5, 0.2
_NAMES, _TOTAL = 0.95, 0.5
_DISC = 0.07
# points
_HEADING_SIZE, _TEXT_SIZE, _NUMBER_SIZE = 15.0, 9.5, 9.0
# how strong the colour of a cell is: with one node, and with the most
_WEAKEST, _STRONGEST = 0.2, 0.6


def hidden_node_counts(network: Network) -> tuple[list[Activation], NDArray[np.int64]]:
    """The activations of hidden nodes, and (activations, layers) how many nodes there are."""
    hidden = np.arange(1 + network.n_inputs, network.n_nodes - network.n_outputs)
    kinds, row = np.unique(network.activation[hidden], return_inverse=True)
    counts = np.zeros((len(kinds), max(int(network.layer.max(initial=1)) - 1, 0)), np.int64)
    # a node that nothing leads to lies in layer 0, beside the inputs
    np.add.at(counts, (row, np.maximum(network.layer[hidden], 1) - 1), 1)
    return [Activation(kind) for kind in kinds.tolist()], counts


def draw_hidden_nodes(
    page: Page, network: Network, left: float, top: float, width: float, heading: float
) -> None:
    """Draws the table: a row for each activation, a column for each layer.

    Args:
        page: to draw on.
        network: its hidden nodes are counted.
        left, top, width: of the table, in inches; it is as high as it needs to be.
        heading: height of the heading above ``top``.
    """
    activations, counts = hidden_node_counts(network)
    words = "hidden nodes by layer" if activations else "no hidden nodes"
    page.write(left, top + heading / 2, words, _HEADING_SIZE, across="left")
    page.grow(left, top, left + width, top + heading)
    if not activations:
        return
    n_layers = counts.shape[1]
    cell = min(_WIDEST_CELL, (width - _NAMES - _TOTAL) / n_layers)
    x = left + _NAMES + cell * np.arange(n_layers)
    totals = float(x[-1]) + cell + _TOTAL / 2
    y = top - 0.2 - _ROW * np.arange(len(activations))
    is_labelled = cell >= _NARROWEST_LABELLED
    for k in range(n_layers):
        if is_labelled or (k + 1) % 5 == 0:
            _write_number(page, x[k] + cell / 2, top - 0.08, k + 1)
    page.write(totals, top - 0.08, "all", _NUMBER_SIZE, across="center", colour=QUIET_INK)
    for activation, height, row in zip(activations, y, counts, strict=True):
        middle = height - _ROW / 2
        page.disc(left + _DISC, middle, _DISC, activation)
        page.write(left + 2.8 * _DISC, middle, activation.name.lower(), _TEXT_SIZE, across="left")
        page.write(totals, middle, str(row.sum()), _NUMBER_SIZE, across="center", colour=QUIET_INK)
        there = np.flatnonzero(row)
        colours = to_rgba_array([COLOURS[activation]] * len(there))
        colours[:, 3] = _WEAKEST + (_STRONGEST - _WEAKEST) * row[there] / counts.max()
        gap = 0.012
        cells = [
            [
                (x[k] + gap, height - _ROW + gap),
                (x[k] + cell - gap, height - _ROW + gap),
                (x[k] + cell - gap, height - gap),
                (x[k] + gap, height - gap),
            ]
            for k in there.tolist()
        ]
        page.axes.add_collection(
            PolyCollection(cells, facecolors=colours, edgecolors="none"), autolim=False
        )
        if is_labelled:
            for k in there.tolist():
                page.write(x[k] + cell / 2, middle, str(row[k]), _NUMBER_SIZE, across="center")
    page.grow(left, float(y[-1]) - _ROW, left + width, top)


def _write_number(page: Page, x: float, y: float, number: int) -> None:
    page.write(x, y, str(number), _NUMBER_SIZE, across="center", colour=QUIET_INK)
