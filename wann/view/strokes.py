"""How the line of a weight looks: its sign is a colour, its size a width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.view.library import Outline, PathPatch
from wann.view.page import Page
from wann.view.words import number

Floats = NDArray[np.float64]

# as pixels that lower and raise an output: told apart by the colour-blind too
NEGATIVE, POSITIVE = "#c75000", "#0068a6"
MIXED = "#98a1ad"
# points
_THINNEST, _WIDEST = 0.5, 4.5
# larger weights have no wider lines
_STRONG = 95.0
_LEGEND_SIZE = 11.0


@dataclass(frozen=True)
class Strokes:
    """Colours and widths of connections.

    Attributes:
        colours: (C,) of the signs; those of zero are grey.
        widths: (C,) in points, for lines of usual width.
        sizes: (C,) of the weights, all finite.
        strong: the size that has the widest line.
        has_negative, has_positive: which signs occur.
    """

    colours: NDArray[np.str_]
    widths: Floats
    sizes: Floats
    strong: float
    has_negative: bool
    has_positive: bool

    @classmethod
    def of(cls, weights: Floats) -> Strokes:
        """The strokes of (C,) weights; one that is no number counts as zero."""
        weights = np.nan_to_num(np.asarray(weights, np.float64))
        sizes = np.abs(weights)
        some = sizes[sizes > 0]
        strong = float(np.percentile(some, _STRONG)) if len(some) else 1.0
        shares = np.clip(sizes / max(strong, float(np.finfo(float).tiny)), 0.0, 1.0)
        return cls(
            np.where(weights < 0, NEGATIVE, np.where(weights > 0, POSITIVE, MIXED)),
            _THINNEST + (_WIDEST - _THINNEST) * shares,
            sizes,
            strong,
            bool((weights < 0).any()),
            bool((weights > 0).any()),
        )


def draw_stroke_legend(page: Page, strokes: Strokes, centre: float, y: float) -> None:
    """Explains signs and sizes in one row around ``centre``."""
    unit, size = page.scale, _LEGEND_SIZE * page.scale
    samples = [
        (colour, _WIDEST / 2, words)
        for colour, words, occurs in (
            (NEGATIVE, "negative weight", strokes.has_negative),
            (POSITIVE, "positive weight", strokes.has_positive),
        )
        if occurs
    ]
    samples += [
        (MIXED, _THINNEST + (_WIDEST - _THINNEST) * share, number(share * strokes.strong, 2))
        for share in (0.2, 1.0)
    ]
    samples[-1] = (*samples[-1][:2], f"{samples[-1][2]} and more")
    line, gap = 0.35 * unit, 0.3 * unit
    texts = [page.write(0.0, y, words, size, across="left") for _, _, words in samples]
    widths = [line + 0.1 * unit + page.width(text) for text in texts]
    x = centre - (sum(widths) + gap * (len(widths) - 1)) / 2
    page.grow(x, y - 0.1 * unit, 2 * centre - x, y)
    for (colour, width, _), text, room in zip(samples, texts, widths, strict=True):
        patch = PathPatch(
            Outline(np.array([[x, y], [x + line, y]])),
            edgecolor=colour,
            facecolor="none",
            linewidth=width,
            capstyle="butt",
            zorder=2,
        )
        page.axes.add_patch(patch)
        text.set_position((x + line + 0.1 * unit, y))
        x += room + gap
