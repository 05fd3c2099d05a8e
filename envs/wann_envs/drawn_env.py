"""What the environments that draw have in common: frames, a window, a caption."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import logger
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray


class DrawnEnv(gymnasium.Env[NDArray[np.float64], NDArray[Any]]):
    """An environment that shows its state in a window or as frames.

    Its drawing module, which needs pygame, has ``WIDTH``, ``HEIGHT``, ``Painter`` and ``pixels``.

    Args:
        render_mode: None, or one of ``metadata["render_modes"]``.

    Attributes:
        title: of the window.
        drawing_module: the name of the drawing module.
        caption: text drawn into every frame, one or more lines.

    Raises:
        ValueError: the render mode is unknown.
    """

    title: ClassVar[str]
    drawing_module: ClassVar[str]

    def __init__(self, render_mode: str | None) -> None:
        check_choice("render_mode", render_mode, [None, *self.metadata["render_modes"]])
        self.render_mode = render_mode
        self.caption = ""
        self._painter: Any = None
        self._window: Any = None

    def render(self) -> NDArray[np.uint8] | None:
        """Draws the present state.

        Returns:
            A frame in mode "rgb_array", see the class; otherwise None.

        Raises:
            ResetNeeded: there was no reset.
            DependencyNotInstalled: pygame is missing.
        """
        if self.render_mode is None:
            logger.warn('render does nothing without a render_mode: "human" or "rgb_array"')
            return None
        self._require_reset("render")
        drawing = self._drawing()
        if self._painter is None:
            self._painter = self._new_painter(drawing)
        surface = self._painter.paint(self._scene())
        if self.render_mode == "rgb_array":
            frame: NDArray[np.uint8] = drawing.pixels(surface)
            return frame
        if self._window is None:
            from wann_envs.window import Window

            size = (drawing.WIDTH, drawing.HEIGHT)
            self._window = Window(self.title, size, self.metadata["render_fps"])
        self._window.show(surface)
        return None

    @property
    def is_window_closed(self) -> bool:
        """Whether a person has closed the window; drawing then stops, the physics go on."""
        return self._window is not None and bool(self._window.is_closed)

    def close(self) -> None:
        """Closes the window, if there is one."""
        if self._window is not None:
            self._window.close()
        self._window = self._painter = None

    def __getstate__(self) -> dict[str, Any]:
        """All but what draws, which cannot be copied: a copy makes its own."""
        return {**vars(self), "_painter": None, "_window": None}

    def _drawing(self) -> Any:
        """The drawing module."""
        try:
            return importlib.import_module(self.drawing_module)
        except ImportError as error:
            raise DependencyNotInstalled(
                "drawing needs pygame: run `pip install pygame-ce`"
            ) from error

    def _new_painter(self, drawing: Any) -> Any:
        return drawing.Painter()

    def _require_reset(self, what: str) -> None:
        """Raises ResetNeeded before the first reset."""
        raise NotImplementedError

    def _scene(self) -> Any:
        """What the painter paints."""
        raise NotImplementedError


def check_choice(name: str, value: object, allowed: list[Any]) -> None:
    """Raises ValueError for an argument that is not one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} {value!r}: allowed are {', '.join(map(str, allowed))}")
