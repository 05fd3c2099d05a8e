"""What the colours of pixels mean, beside the drawing of a network that sees an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from wann.view.library import LineCollection, PolyCollection, Rectangle, to_rgba_array
from wann.view.page import QUIET_INK, Page
from wann.view.panels import INK
from wann.view.pixels import BACKGROUND, EFFECT, HEADING, OUTLINE, POWER, SIDE, SIGNS
from wann.view.strokes import NEGATIVE, POSITIVE, Strokes

# inches: the scale's height, the side of a sample, and from line to line
_SCALE, _SAMPLE, _LINE = 0.12, 0.13, 0.2
# points
_HEADING_SIZE, _TEXT_SIZE = 15.0, 9.5


def draw_legend(
    page: Page,
    left: float,
    top: float,
    n_images: int,
    has_outlines: bool,
    strokes: Strokes | None = None,
) -> None:
    """Explains the colours of pixels.

    Args:
        page: to draw on.
        left, top: of what lies below the heading; it is as wide as a panel.
        n_images: in which effects were computed.
        has_outlines: whether outlines of mean images are drawn.
        strokes: of individual weights, which frames show.
    """
    page.write(left, top + HEADING / 2, "a lit pixel", _HEADING_SIZE, across="left")
    _draw_scale(page, left, top)
    y = top - 0.52
    direct: list[tuple[Any, str | None, str]] = [(EFFECT(0.8), INK, "connected to it directly")]
    if strokes is not None:
        direct = [
            (EFFECT(0.5), SIGNS[POSITIVE], "directly, weight above 0"),
            (EFFECT(0.5), SIGNS[NEGATIVE], "directly, weight below 0"),
        ]
    for face, edge, words in (
        *direct,
        (EFFECT(0.8), None, "through hidden nodes"),
        (EFFECT(0.5), None, "with hardly any effect"),
        (BACKGROUND, None, "no path to it"),
    ):
        square = Rectangle(
            (left, y - _SAMPLE / 2),
            _SAMPLE,
            _SAMPLE,
            facecolor=to_rgba_array(face)[0],
            edgecolor=edge or "none",
            linewidth=1.0,
        )
        page.axes.add_patch(square)
        _name_sample(page, left, y, words)
        y -= _LINE
    if has_outlines:
        line = LineCollection([[(left, y), (left + _SAMPLE, y)]], **OUTLINE)
        page.axes.add_collection(line, autolim=False)
        _name_sample(page, left, y, "outline of the mean image")
        y -= _LINE
    words = f"mean effect in {n_images} random\nimages; each panel has its\nown scale"
    if strokes is not None:
        words += "; the larger a\nweight, the wider its frame"
    page.write(left, y - 0.02, words, _TEXT_SIZE, across="left", up="top", colour=QUIET_INK)
    page.grow(left, y - page.letters * (0.5 if strokes is None else 0.65), left + SIDE, top)


def _name_sample(page: Page, left: float, y: float, words: str) -> None:
    x = left + 1.7 * _SAMPLE
    text = page.write(x, y - 0.045, words, _TEXT_SIZE, across="left", up="baseline")
    if page.letters > 1:
        page.grow(left, y, x + page.width(text), y)


def _draw_scale(page: Page, left: float, top: float) -> None:
    """Draws the colours from the strongest fall of an output to its strongest rise."""
    n = 60
    edges, bottom = np.linspace(left, left + SIDE, n + 1), top - _SCALE
    bars = [
        [(edges[k], bottom), (edges[k + 1], bottom), (edges[k + 1], top), (edges[k], top)]
        for k in range(n)
    ]
    middles = np.linspace(-1, 1, n)
    # even steps of the effect, not of the colours
    colours = EFFECT(0.5 + 0.5 * np.sign(middles) * np.abs(middles) ** POWER)
    page.axes.add_collection(
        PolyCollection(bars, facecolors=colours, edgecolors=colours, linewidths=0.2), autolim=False
    )
    for x, words, across in (
        (left, "lowers", "left"),
        (left + SIDE / 2, "the output", "center"),
        (left + SIDE, "raises", "right"),
    ):
        page.write(x, bottom - 0.05, words, _TEXT_SIZE, across=across, up="top", colour=QUIET_INK)
