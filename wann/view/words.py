"""Text and numbers in pictures: whatever a file holds, no markup and no line that never ends."""

from __future__ import annotations

import math

from wann.printable import printable


def plain(text: str, most: int) -> str:
    """A text of one line: blanks joined, what cannot be seen escaped, and cut where it is long.

    Args:
        text: of a file, a folder or a person.
        most: characters.
    """
    # a cut before the work: nobody needs a name of a million characters
    line = printable(" ".join(text[: 8 * most].split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def number(value: float, decimals: int) -> str:
    """A number with decimals, or in a short form where that would be long or zero."""
    least = 0.5 * 10.0**-decimals
    if value and (abs(value) >= 1e6 or abs(value) < least):
        text = f"{value:.3g}"
    else:
        text = f"{value:.{decimals}f}"
    if not math.isfinite(value):
        text = "no number"
    return text.replace("-", "−")
