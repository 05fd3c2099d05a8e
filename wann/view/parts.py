"""What all drawings of a graph have: names, legends and a title."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.page import Page

Floats = NDArray[np.float64]

INPUT_SIGNAL = "#98a1ad"
FADED = 0.35
# points
NAME_SIZE = 13.0
LEGEND_SIZE = 11.0
_TITLE_SIZE = 15.0


def draw_activations(page: Page, network: Network) -> None:
    """Writes the activations that occur below the drawing, in centred rows."""
    activations = [
        Activation(activation)
        for activation in np.unique(network.activation[1 + network.n_inputs :]).tolist()
    ]
    radius, gap = 0.1 * page.scale, 0.28 * page.scale
    texts = [
        page.write(0.0, 0.0, activation.name.lower(), LEGEND_SIZE * page.scale, across="left")
        for activation in activations
    ]
    widths = np.array([2.9 * radius + page.width(text) for text in texts])
    y = page.bottom - 0.4 * page.scale
    centre = (page.left + page.right) / 2
    for row in _break_rows(widths, gap, page.right - page.left):
        x = centre - (widths[row].sum() + gap * (len(row) - 1)) / 2
        page.grow(x, y - radius, 2 * centre - x, y)
        for item in row:
            page.disc(x + radius, y, radius, activations[item])
            texts[item].set_position((x + 2.9 * radius, y))
            x += widths[item] + gap
        y -= 0.3 * page.scale


def _break_rows(widths: Floats, gap: float, room: float) -> Sequence[NDArray[np.int64]]:
    """Breaks items into as few rows as fit, with about the same number of items in each."""
    rows: list[NDArray[np.int64]] = []
    for n_rows in range(1, len(widths) + 1):
        rows = np.array_split(np.arange(len(widths)), n_rows)
        if max(widths[row].sum() + gap * (len(row) - 1) for row in rows) <= room:
            break
    return rows


def draw_title(page: Page, title: str) -> None:
    """Writes the title above the drawing."""
    centre, bottom = (page.left + page.right) / 2, page.top + 0.15 * page.scale
    page.write_title(title, centre, bottom, _TITLE_SIZE * page.scale, across="center")
