"""Pictures become files: PNG, SVG or PDF.

The same picture gives the same bytes, whatever the user's settings, and no warning.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wann.errors import FormatError, WannError
from wann.formats.atomic import write_atomically
from wann.printable import printable, shown
from wann.view.library import (
    Figure,
    FigureCanvasAgg,
    quiet_log,
    rc_context,
    rcParams,
    rcParamsDefault,
)
from wann.view.sizes import wanted_sizes
from wann_envs.files import check_replaceable

FORMATS = (".png", ".svg", ".pdf")
# without dates: the same data give the same bytes
METADATA: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
_SETTINGS = {"svg.hashsalt": "wann", "pdf.fonttype": 42}
# pictures have nothing to do with them, and reading the first would choose a backend
_LEFT_ALONE = {"backend", "backend_fallback"}
_MOST_DOTS, _MOST_PIXELS = 12_000.0, 12e6
# above so many pixels a PNG is packed faster, and little worse
_MANY_PIXELS = 3e6
_MOST_DOTS_OF_A_PERSON = 30_000.0
_NO_ROOM = "constrained_layout not applied"


def check_plot_path(path: Path) -> None:
    """Raises FormatError if the name does not end in .png, .svg or .pdf."""
    if path.suffix.lower() not in FORMATS:
        raise FormatError(
            f"cannot draw into {printable(path)}: the name ends in "
            f"{printable(path.suffix) or 'no suffix'!r}; allowed: {', '.join(FORMATS)}"
        )


def check_picture(path: Path, sources: Sequence[Path] = ()) -> None:
    """Refuses a picture that cannot be written, before there is work that could be lost.

    Args:
        path: of the picture.
        sources: the files that are drawn.

    Raises:
        FormatError: the name ends in something else than a picture's, there is no folder for it or
            none that can be written to, or something other than a file or one of the sources lies
            there.
    """
    check_plot_path(path)
    folder = path.parent
    try:
        if not folder.is_dir():
            raise FormatError(
                f"cannot write {printable(path)}: there is no folder {printable(folder)}"
            )
        check_replaceable(path)
        if path.exists() and any(file.exists() and path.samefile(file) for file in sources):
            raise FormatError(f"{printable(path)} is what is drawn: name another file")
    except (OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or error)
        raise FormatError(f"cannot write {printable(path)}: {reason}") from error
    if not os.access(folder, os.W_OK):
        raise FormatError(f"cannot write {printable(path)}: {printable(folder)} cannot be written")


def is_drawing() -> bool:
    """Whether the settings are those of ``own_settings``, which may be changed: they go again."""
    return bool(rcParams["svg.hashsalt"] == _SETTINGS["svg.hashsalt"])


@contextmanager
def own_settings(settings: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Matplotlib's own defaults and ours for a while, whatever the user set; no warnings.

    Args:
        settings: beside those that all pictures have.
    """
    with warnings.catch_warnings(), quiet_log(), rc_context():
        # letters that no font has are drawn as boxes
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", _NO_ROOM)
        defaults: dict[Any, Any] = {
            k: v for k, v in rcParamsDefault.items() if k not in _LEFT_ALONE
        }
        rcParams.update(defaults | _SETTINGS | dict(settings or {}))
        yield


def save_picture(
    draw: Callable[[], Figure],
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    dpi: float,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Writes a picture as PNG, SVG or PDF files, each atomically; equal ones give equal bytes.

    Args:
        draw: makes the figure; called once, in settings of our own.
        paths: one or several, each ends in .png, .svg or .pdf.
        dpi: dots per inch where nobody wants others.
        settings: of matplotlib.

    Raises:
        FormatError: a path ends in something else, cannot be written, or the picture cannot be
            drawn.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    files = [Path(path) for path in several]
    for file in files:
        check_plot_path(file)
    with own_settings(settings):
        try:
            figure = draw()
            FigureCanvasAgg(figure)
            contents = [_content(figure, file.suffix.lower(), dpi) for file in files]
        except (WannError, MemoryError):
            raise
        except Exception as error:
            raise FormatError(_words(files[0], error)) from error
    for file, content in zip(files, contents, strict=True):
        write_atomically(file, content)


def _content(figure: Figure, suffix: str, usual_dpi: float) -> bytes:
    """A figure as a file."""
    width, height = map(float, figure.get_size_inches())
    wanted, longest = wanted_sizes().dpi, max(width, height)
    most = min(_MOST_DOTS / longest, math.sqrt(_MOST_PIXELS / (width * height)))
    dpi = min(usual_dpi, most) if wanted is None else wanted
    if dpi * longest > _MOST_DOTS_OF_A_PERSON:
        raise FormatError(
            f"a picture of {longest:.3g} inches has {dpi * longest:,.0f} dots at {dpi:g} dots per "
            f"inch; at most {_MOST_DOTS_OF_A_PERSON:,.0f} are drawn: lower dpi or width"
        )
    buffer = io.BytesIO()
    options: dict[str, Any] = {}
    if suffix == ".png" and dpi**2 * width * height > _MANY_PIXELS:
        options["pil_kwargs"] = {"compress_level": 2}
    figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=METADATA[suffix], **options)
    return buffer.getvalue()


def _words(file: Path, error: Exception) -> str:
    """Why a picture cannot be drawn."""
    if _NO_ROOM in str(error):
        reason = "there is no room for its letters: make it wider or the letters smaller"
    else:
        reason = shown(f"{type(error).__name__}: {error}", 200)
    return f"cannot draw {printable(file)}: {reason}"
