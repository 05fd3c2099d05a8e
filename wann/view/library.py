"""Matplotlib, imported with care: the only module that imports it.

Pictures go into files, so neither the backend that the environment names nor the user's settings
matter; neither is changed. Nothing here is interactive: no pyplot.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BACKEND, _SETTINGS = "MPLBACKEND", "MATPLOTLIBRC"


@contextmanager
def quiet_log() -> Iterator[None]:
    """Silences what matplotlib tells of folders that cannot be written, fonts and settings."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """Sets a variable of the environment for a while; None takes it away."""
    old = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if old is not None:
            os.environ[name] = old


def _import() -> None:
    """Imports matplotlib, whatever the environment and the files of settings hold."""
    if "matplotlib" in sys.modules:
        return
    with quiet_log():
        # a backend that this Python lacks would end the import: a notebook hands its own on
        with _environment(_BACKEND, None):
            try:
                matplotlib = importlib.import_module("matplotlib")
            except Exception:  # settings that cannot be read: once more without them
                for module in [m for m in sys.modules if m.split(".")[0] == "matplotlib"]:
                    del sys.modules[module]
                with _environment(_SETTINGS, os.devnull):
                    matplotlib = importlib.import_module("matplotlib")
        try:
            if os.environ.get(_BACKEND):
                matplotlib.rcParams["backend"] = os.environ[_BACKEND]
        except ValueError:
            pass
        importlib.import_module("matplotlib.font_manager")


_import()

from matplotlib import colormaps as colormaps  # noqa: E402
from matplotlib import rc_context as rc_context  # noqa: E402
from matplotlib import rcParams as rcParams  # noqa: E402
from matplotlib import rcParamsDefault as rcParamsDefault  # noqa: E402
from matplotlib.axes import Axes as Axes  # noqa: E402
from matplotlib.axis import Axis as Axis  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvasAgg  # noqa: E402
from matplotlib.cm import ScalarMappable as ScalarMappable  # noqa: E402
from matplotlib.collections import LineCollection as LineCollection  # noqa: E402
from matplotlib.collections import PolyCollection as PolyCollection  # noqa: E402
from matplotlib.colors import Colormap as Colormap  # noqa: E402
from matplotlib.colors import LinearSegmentedColormap as LinearSegmentedColormap  # noqa: E402
from matplotlib.colors import LogNorm as LogNorm  # noqa: E402
from matplotlib.colors import PowerNorm as PowerNorm  # noqa: E402
from matplotlib.colors import to_rgba_array as to_rgba_array  # noqa: E402
from matplotlib.figure import Figure as Figure  # noqa: E402
from matplotlib.image import AxesImage as AxesImage  # noqa: E402
from matplotlib.patches import Circle as Circle  # noqa: E402
from matplotlib.patches import PathPatch as PathPatch  # noqa: E402
from matplotlib.patches import Rectangle as Rectangle  # noqa: E402
from matplotlib.path import Path  # noqa: E402
from matplotlib.text import Text as Text  # noqa: E402
from matplotlib.ticker import EngFormatter as EngFormatter  # noqa: E402
from matplotlib.ticker import FixedLocator as FixedLocator  # noqa: E402
from matplotlib.ticker import FuncFormatter as FuncFormatter  # noqa: E402
from matplotlib.ticker import LogLocator as LogLocator  # noqa: E402
from matplotlib.ticker import MaxNLocator as MaxNLocator  # noqa: E402
from matplotlib.ticker import NullLocator as NullLocator  # noqa: E402
from matplotlib.ticker import StrMethodFormatter as StrMethodFormatter  # noqa: E402

# a name that is not that of a file's path
Outline = Path
