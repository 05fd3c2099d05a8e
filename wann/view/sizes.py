"""How large a picture, its letters and its dots are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wann.errors import ConfigError

# inches, points, dots per inch
WIDTHS, FONTS, RESOLUTIONS = (1.0, 100.0), (1.0, 100.0), (10.0, 2400.0)


@dataclass(frozen=True)
class Sizes:
    """What a person wants of a picture; None: as is usual for what is drawn.

    Attributes:
        width: of the picture in inches; the height follows.
        font: of most letters, in points.
        dpi: dots per inch of a PNG.

    Raises:
        ConfigError: a number is out of range.
    """

    width: float | None = None
    font: float | None = None
    dpi: float | None = None

    def __post_init__(self) -> None:
        for name, unit, (least, most) in (
            ("width", " inches", WIDTHS),
            ("font", " points", FONTS),
            ("dpi", "", RESOLUTIONS),
        ):
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value) or not least <= value <= most:
                raise ConfigError(
                    f"{name}: {value:g}{unit} is not allowed; {least:g} to {most:g}{unit}"
                )


USUAL_SIZES = Sizes()
_wanted: ContextVar[Sizes] = ContextVar("sizes of pictures", default=USUAL_SIZES)


def wanted_sizes() -> Sizes:
    """What is wanted of the pictures that are being drawn."""
    return _wanted.get()


@contextmanager
def using_sizes(sizes: Sizes) -> Iterator[None]:
    """Draws pictures in other sizes than usual."""
    token = _wanted.set(sizes)
    try:
        yield
    finally:
        _wanted.reset(token)
