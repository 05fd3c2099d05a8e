"""Drawing of the cart-pole: a painter of frames and a window that shows them.

A scene is painted three times too large and scaled down, which smooths every edge. The painter
needs no display.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# pygame greets on stdout, where a program's own output belongs
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from wann_envs.swingup.dynamics import FORCE_LIMIT, POLE_LENGTH, TRACK_LIMIT

WIDTH, HEIGHT = 600, 360
_SMOOTHING = 3
_PIXELS_PER_METRE = 112.0
_PIVOT_Y = 200.0
_RAIL_Y = 221.0
_CART_WIDTH, _CART_HEIGHT = 62.0, 26.0
_ARROW_LENGTH = 88.0
_SMALL, _MEDIUM, _LARGE = 19, 27, 42

_BACKGROUND = (248, 249, 251)
_RAIL = (198, 206, 217)
_FAINT = (226, 231, 238)
_LABEL = (132, 143, 158)
_INK = (38, 50, 66)
_STOP = (224, 108, 92)
_CART = (58, 76, 99)
_POLE = (240, 160, 54)
_TIP = (222, 128, 28)
_FORCE = (66, 133, 244)

Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """What a frame shows.

    Attributes:
        trail: (x (m), theta (rad)) of the last steps, oldest first; the last one is now.
        force: on the cart, N.
        score: sum of the rewards so far.
        time: since the start of the episode, s.
        caption: lines of text.
    """

    trail: tuple[Point, ...]
    force: float
    score: float
    time: float
    caption: str = ""


class Painter:
    """Paints scenes into one surface of WIDTH x HEIGHT, which it reuses."""

    def __init__(self) -> None:
        self._surface = pygame.Surface((WIDTH, HEIGHT))
        self._canvas = _Canvas()
        _paint_track(self._canvas)
        self._track = self._canvas.surface.copy()

    def paint(self, scene: Scene) -> pygame.Surface:
        """Returns the painted surface; the next call paints over it."""
        canvas = self._canvas
        canvas.surface.blit(self._track, (0, 0))
        x, theta = scene.trail[-1]
        _paint_trail(canvas, scene.trail)
        _paint_force(canvas, x, scene.force)
        _paint_cart(canvas, x)
        _paint_pole(canvas, x, theta)
        _paint_readings(canvas, scene)
        pygame.transform.smoothscale(canvas.surface, (WIDTH, HEIGHT), self._surface)
        return self._surface


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    """A copy of a surface as (height, width, 3) uint8."""
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1), dtype=np.uint8)


class _Canvas:
    """The enlarged surface; coordinates and lengths are given in pixels of the frame."""

    def __init__(self) -> None:
        self.surface = pygame.Surface((WIDTH * _SMOOTHING, HEIGHT * _SMOOTHING))
        self.surface.fill(_BACKGROUND)
        pygame.font.init()
        self._fonts: dict[int, pygame.font.Font] = {}

    def polygon(self, colour: Colour, points: list[Point]) -> None:
        pygame.draw.polygon(self.surface, colour, [_enlarged(point) for point in points])

    def disc(self, colour: Colour, centre: Point, radius: float) -> None:
        pygame.draw.circle(self.surface, colour, _enlarged(centre), radius * _SMOOTHING)

    def box(self, colour: Colour, centre: Point, size: Point, radius: float) -> None:
        box = pygame.Rect((0, 0), _enlarged(size))
        box.center = round(centre[0] * _SMOOTHING), round(centre[1] * _SMOOTHING)
        pygame.draw.rect(self.surface, colour, box, border_radius=round(radius * _SMOOTHING))

    def bar(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        """A thick line with round ends."""
        length = math.dist(start, end)
        if length > 0.0:
            across = 0.5 * width / length
            dx, dy = (end[1] - start[1]) * across, (start[0] - end[0]) * across
            corners = [
                (start[0] + dx, start[1] + dy),
                (end[0] + dx, end[1] + dy),
                (end[0] - dx, end[1] - dy),
                (start[0] - dx, start[1] - dy),
            ]
            self.polygon(colour, corners)
        self.disc(colour, start, 0.5 * width)
        self.disc(colour, end, 0.5 * width)

    def text(self, text: str, size: int, colour: Colour, at: Point, anchor: float) -> None:
        """Writes a line below the point ``at``, its left end (anchor 0) to right end (1) there."""
        if size not in self._fonts:
            # the font that pygame brings along: frames look the same on every machine
            self._fonts[size] = pygame.font.Font(None, size * _SMOOTHING)
        image = self._fonts[size].render(text, True, colour)
        x, y = _enlarged(at)
        self.surface.blit(image, (round(x - anchor * image.get_width()), round(y)))


def _enlarged(point: Point) -> Point:
    return point[0] * _SMOOTHING, point[1] * _SMOOTHING


def _pixel_x(x: float) -> float:
    return WIDTH / 2 + _PIXELS_PER_METRE * x


def _tip(x: float, theta: float) -> Point:
    """Where the end of the pole is drawn; theta turns counter-clockwise.

    A push to the right makes an upright pole fall to the left, and the equations make theta grow.
    """
    length = _PIXELS_PER_METRE * POLE_LENGTH
    return _pixel_x(x) - length * math.sin(theta), _PIVOT_Y - length * math.cos(theta)


def _blend(colour: Colour, share: float) -> Colour:
    """The colour laid over the background."""
    red, green, blue = (
        round(b + share * (c - b)) for c, b in zip(colour, _BACKGROUND, strict=True)
    )
    return red, green, blue


def _paint_track(canvas: _Canvas) -> None:
    left, right = _pixel_x(-TRACK_LIMIT), _pixel_x(TRACK_LIMIT)
    top = _PIVOT_Y - _PIXELS_PER_METRE * POLE_LENGTH
    for x in np.arange(left, right, 12.0):
        canvas.box(_FAINT, (x + 4.0, top), (5.0, 1.4), 0.0)
    canvas.box(_RAIL, (WIDTH / 2, _RAIL_Y), (right - left, 4.0), 2.0)
    for metre in (-2, -1, 0, 1, 2):
        canvas.box(_RAIL, (_pixel_x(metre), _RAIL_Y + 6.0), (2.0, 8.0), 0.0)
        label = f"{_number(metre, 0)} m" if metre else "0"
        canvas.text(label, _SMALL, _RAIL, (_pixel_x(metre), _RAIL_Y + 15.0), 0.5)
    for x in (left, right):
        canvas.box(_STOP, (x, _RAIL_Y - 6.0), (6.0, 34.0), 3.0)


def _paint_trail(canvas: _Canvas, trail: tuple[Point, ...]) -> None:
    tips = [_tip(x, theta) for x, theta in trail]
    for k, (start, end) in enumerate(pairwise(tips)):
        age = (len(tips) - 1 - k) / len(tips)
        canvas.bar(_blend(_POLE, 0.6 * (1.0 - age)), start, end, 3.6 - 2.4 * age)


def _paint_force(canvas: _Canvas, x: float, force: float) -> None:
    share = force / FORCE_LIMIT
    if abs(share) < 0.01:
        return
    side = math.copysign(1.0, share)
    start = _pixel_x(x) + side * (0.5 * _CART_WIDTH + 5.0)
    end = start + _ARROW_LENGTH * share
    head = min(13.0, abs(end - start))
    neck = end - side * head
    canvas.bar(_FORCE, (start, _PIVOT_Y), (neck, _PIVOT_Y), 5.0)
    canvas.polygon(
        _FORCE, [(end, _PIVOT_Y), (neck, _PIVOT_Y - 0.6 * head), (neck, _PIVOT_Y + 0.6 * head)]
    )


def _paint_cart(canvas: _Canvas, x: float) -> None:
    centre = _pixel_x(x)
    for side in (-1.0, 1.0):
        canvas.disc(_INK, (centre + side * 19.0, _RAIL_Y - 7.0), 6.5)
        canvas.disc(_RAIL, (centre + side * 19.0, _RAIL_Y - 7.0), 2.4)
    canvas.box(_CART, (centre, _PIVOT_Y), (_CART_WIDTH, _CART_HEIGHT), 7.0)


def _paint_pole(canvas: _Canvas, x: float, theta: float) -> None:
    pivot, tip = (_pixel_x(x), _PIVOT_Y), _tip(x, theta)
    canvas.bar(_POLE, pivot, tip, 7.0)
    canvas.disc(_TIP, tip, 6.0)
    canvas.disc(_BACKGROUND, pivot, 5.0)
    canvas.disc(_CART, pivot, 2.4)


def _paint_readings(canvas: _Canvas, scene: Scene) -> None:
    left, right, top, bottom = 28.0, WIDTH - 28.0, 22.0, HEIGHT - 36.0
    canvas.text("score", _SMALL, _LABEL, (left, top), 0.0)
    canvas.text(f"{scene.score:.1f}", _LARGE, _INK, (left - 1.0, top + 15.0), 0.0)
    canvas.text("time", _SMALL, _LABEL, (right, top), 1.0)
    canvas.text(f"{scene.time:.2f} s", _LARGE, _INK, (right + 1.0, top + 15.0), 1.0)
    for k, line in enumerate(scene.caption.splitlines()):
        canvas.text(line, _MEDIUM, _INK, (WIDTH / 2, top + 23.0 * k), 0.5)
    x, theta = scene.trail[-1]
    tilt = abs(math.degrees(math.remainder(theta, 2.0 * math.pi)))
    cart = f"cart {_number(x, 2)} m"
    pole = f"pole {tilt:.0f}\N{DEGREE SIGN} from upright"
    force = f"force {_number(scene.force, 1)} N"
    canvas.text(cart, _SMALL, _LABEL, (left, bottom), 0.0)
    canvas.text(pole, _SMALL, _LABEL, (WIDTH / 2, bottom), 0.5)
    canvas.text(force, _SMALL, _LABEL, (right, bottom), 1.0)


def _number(value: float, digits: int) -> str:
    """With a sign; zero is positive, also where rounding made it."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
