"""The options for pictures in a paper: --width, --font and --dpi."""

from __future__ import annotations

import argparse
import re

from wann.view.sizes import FONTS, RESOLUTIONS, WIDTHS, Sizes

# of an inch
_UNITS = {"": 1.0, "in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s?(in|cm|mm|pt|)", re.ASCII)


def _length(text: str) -> float:
    """The type of a width, in inches."""
    match = _LENGTH.fullmatch(text)
    value = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not WIDTHS[0] <= value <= WIDTHS[1]:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a width from {WIDTHS[0]:g} to {WIDTHS[1]:g} inches, as in 3.4, "
            "8.5cm or 85mm"
        )
    return value


def _points(text: str) -> float:
    """The type of a size of letters."""
    return _within(text, FONTS, "points")


def _resolution(text: str) -> float:
    """The type of dots per inch."""
    return _within(text, RESOLUTIONS, "dots per inch")


def _within(text: str, limits: tuple[float, float], unit: str) -> float:
    match = _LENGTH.fullmatch(text)
    value = float(match[1]) if match and not match[2] else 0.0
    if not limits[0] <= value <= limits[1]:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a number from {limits[0]:g} to {limits[1]:g} ({unit})"
        )
    return value


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """The options --width, --font and --dpi."""
    parser.add_argument(
        "--width",
        type=_length,
        metavar="W",
        help="of the picture, in inches or with a unit: 3.4, 8.5cm, 85mm; its height follows",
    )
    parser.add_argument(
        "--font", type=_points, metavar="PT", help="size of most letters, in points"
    )
    parser.add_argument(
        "--dpi", type=_resolution, metavar="N", help="dots per inch of a png, and of images in svg"
    )


def sizes_of(args: argparse.Namespace) -> Sizes:
    """What the options of ``add_sizes`` say."""
    return Sizes(args.width, args.font, args.dpi)
