"""Drawing of the car race: grass, road, kerbs, car, traces and instruments, as in CarRacing-v3.

A frame is painted at 1000 x 800 pixels, y upward. A window shows it so; an array is scaled down to
600 x 400, which smooths every edge. The painter needs no display.

Source: the look is that of Gymnasium's ``car_racing.py`` and ``car_dynamics.py`` (MIT licence).
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# pygame greets on stdout, where a program's own output belongs
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from pygame import gfxdraw

from wann_envs.car_racing.rigid_body import HULL_POLYGONS, WHEEL_POLYGON, WHEEL_RADIUS
from wann_envs.car_racing.state import Tracks
from wann_envs.car_racing.track import BORDER, HALF_WIDTH, PLAYFIELD, SCALE

VIDEO_WIDTH, VIDEO_HEIGHT = 600, 400
WIDTH, HEIGHT = 1000, 800
_ZOOM = 2.7
_GRASS = PLAYFIELD / 20.0
# larger than the longest diagonal of what is drawn, in pixels
_ROOM = max(_GRASS, HALF_WIDTH) * math.sqrt(2) * _ZOOM * SCALE
_WHEEL_MARK = 1.2
_WHEEL_HALF_WIDTH = float(WHEEL_POLYGON[0, 0])
_MAX_TRACES, _MAX_POINTS = 30, 30

_FIELD, _PATCH = (102, 204, 102), (102, 230, 102)
_ROAD = (102, 102, 102)
_KERBS = ((255, 255, 255), (255, 0, 0))
_HULL, _WHEEL, _MARK, _MUD = (204, 0, 0), (0, 0, 0), (77, 77, 77), (102, 102, 0)
_BLACK, _WHITE, _BLUE, _VIOLET = (0, 0, 0), (255, 255, 255), (0, 0, 255), (51, 0, 255)
_GREEN, _RED = (0, 255, 0), (255, 0, 0)

Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """What a frame shows.

    Attributes:
        bodies: (5, 6) as ``CarRacingEnv.bodies``.
        visited: (N,) bool, whether a wheel has touched a tile.
        steering: angle of the left front wheel against the hull, rad.
        spins, phases: (4,) of the wheels, rad/s and rad.
        time: since the start of the episode, s; the camera comes down during the first second.
        reward: sum of the rewards so far.
        traces: skid marks: a colour and points.
        caption: lines of text.
    """

    bodies: NDArray[np.float64]
    visited: NDArray[np.bool_]
    steering: float
    spins: NDArray[np.float64]
    phases: NDArray[np.float64]
    time: float
    reward: float
    traces: Sequence[tuple[Colour, list[Point]]] = ()
    caption: str = ""


class Traces:
    """The last skid marks of the four wheels."""

    def __init__(self) -> None:
        self._all: deque[tuple[Colour, list[Point]]] = deque(maxlen=_MAX_TRACES)
        self._has_begun = [False] * 4
        self._open: list[tuple[Colour, list[Point]] | None] = [None] * 4

    def add(
        self,
        positions: NDArray[np.float64],
        on_road: NDArray[np.int32],
        skids: NDArray[np.int32],
    ) -> None:
        """Takes down one step.

        Args:
            positions: (4, 2) of the wheels, m.
            on_road, skids: (4,) flags.
        """
        for j, (x, y) in enumerate(positions.tolist()):
            if not skids[j]:
                self._has_begun[j], self._open[j] = False, None
                continue
            colour = _WHEEL if on_road[j] else _MUD
            trace = self._open[j]
            if trace is not None and trace[0] == colour and len(trace[1]) < _MAX_POINTS:
                trace[1].append((x, y))
            elif not self._has_begun[j]:
                self._has_begun[j] = True
            else:
                # the original keeps a view of the wheel's position, not where the mark began
                self._all.append((colour, [(x, y), (x, y)]))
                self._open[j] = self._all[-1]
                self._has_begun[j] = False

    def lines(self) -> tuple[tuple[Colour, list[Point]], ...]:
        """The marks, oldest first."""
        return tuple((colour, list(points)) for colour, points in self._all)


class Painter:
    """Paints scenes on one track into one surface, which it reuses."""

    def __init__(self, tracks: Tracks) -> None:
        self._canvas = pygame.Surface((WIDTH, HEIGHT))
        self._ground, self._colours, self._tile = _ground(tracks)
        pygame.font.init()
        self._font = pygame.font.Font(pygame.font.get_default_font(), 42)

    def paint(self, scene: Scene) -> pygame.Surface:
        """Returns the painted surface; the next call paints over it."""
        camera = _Camera(scene)
        canvas = self._canvas
        canvas.fill(_BLACK)
        self._paint_ground(camera, scene.visited)
        for colour, points in scene.traces:
            pygame.draw.lines(canvas, colour, False, camera.see(points).tolist(), 2)
        _paint_car(canvas, camera, scene)
        canvas.blit(pygame.transform.flip(canvas, False, True), (0, 0))
        _paint_instruments(canvas, scene)
        self._write(f"{scene.reward:04.0f}", (60, HEIGHT - HEIGHT * 2.5 / 40.0))
        for k, line in enumerate(scene.caption.splitlines()):
            self._write(line, (WIDTH / 2, 40 + 50 * k))
        return canvas

    def _paint_ground(self, camera: _Camera, visited: NDArray[np.bool_]) -> None:
        field = [(1, 1), (1, -1), (-1, -1), (-1, 1)]
        corners = camera.see(np.array(field) * PLAYFIELD).tolist()
        gfxdraw.aapolygon(self._canvas, corners, _FIELD)
        gfxdraw.filled_polygon(self._canvas, corners, _FIELD)
        seen = camera.see(self._ground)
        is_near = (seen >= -_ROOM) & (seen <= np.array([WIDTH + _ROOM, HEIGHT + _ROOM]))
        for k in np.flatnonzero(np.all(is_near, axis=2).any(axis=1)):
            corners, tile = seen[k].tolist(), self._tile[k]
            colour = _ROAD if tile >= 0 and visited[tile] else self._colours[k]
            gfxdraw.aapolygon(self._canvas, corners, colour)
            gfxdraw.filled_polygon(self._canvas, corners, colour)

    def _write(self, text: str, centre: Point) -> None:
        image = self._font.render(text, True, _WHITE, _BLACK)
        box = image.get_rect()
        box.center = round(centre[0]), round(centre[1])
        self._canvas.blit(image, box)


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    """A painted surface, scaled down, as (VIDEO_HEIGHT, VIDEO_WIDTH, 3) uint8."""
    small = pygame.transform.smoothscale(surface, (VIDEO_WIDTH, VIDEO_HEIGHT))
    return np.ascontiguousarray(pygame.surfarray.array3d(small).swapaxes(0, 1), dtype=np.uint8)


class _Camera:
    """Follows the hull, which looks up; it comes down during the first second."""

    def __init__(self, scene: Scene) -> None:
        x, y, angle = scene.bodies[0, :3]
        self._sin, self._cos = math.sin(-angle), math.cos(-angle)
        self._zoom = 0.1 * SCALE * max(1 - scene.time, 0) + _ZOOM * SCALE * min(scene.time, 1)
        self._shift = np.zeros(2)
        self._shift = np.array([WIDTH / 2, HEIGHT / 4]) - self.see([(x, y)])[0]

    def see(self, points: Sequence[Point] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the world (..., 2), m, in pixels, y upward."""
        at = np.asarray(points, dtype=np.float64)
        turned = np.stack(
            [
                self._cos * at[..., 0] - self._sin * at[..., 1],
                self._sin * at[..., 0] + self._cos * at[..., 1],
            ],
            axis=-1,
        )
        return turned * self._zoom + self._shift


def _ground(tracks: Tracks) -> tuple[NDArray[np.float64], list[Colour], list[int]]:
    """Patches of grass, tiles and kerbs in the order of painting.

    Returns:
        Corners (n, 4, 2) in m, colours, and for each the index of its tile, -1 for the others.
    """
    shapes: list[list[Point]] = []
    colours: list[Colour] = []
    for x in range(-20, 20, 2):
        for y in range(-20, 20, 2):
            left, low = _GRASS * x, _GRASS * y
            right, high = left + _GRASS, low + _GRASS
            shapes.append([(right, low), (left, low), (left, high), (right, high)])
            colours.append(_PATCH)
    line = tracks.line
    tiles = [-1] * len(shapes)
    for i in range(len(line)):
        tiles.append(i)
        shapes.append(_strip(line[i], line[i - 1], -HALF_WIDTH, HALF_WIDTH))
        # tiles differ a little as long as no wheel has touched them
        grey = int(_ROAD[0] + 2.55 * (i % 3))
        colours.append((grey, grey, grey))
        if tracks.has_border[i]:
            side = float(np.sign(line[i - 1, 1] - line[i, 1]))
            shapes.append(
                _strip(line[i], line[i - 1], side * HALF_WIDTH, side * (HALF_WIDTH + BORDER))
            )
            colours.append(_KERBS[i % 2])
            tiles.append(-1)
    return np.array(shapes), colours, tiles


def _strip(
    end: NDArray[np.float64], start: NDArray[np.float64], left: float, right: float
) -> list[Point]:
    """The part of the road between two distances from the centre line."""

    def across(point: NDArray[np.float64], distance: float) -> Point:
        _, beta, x, y = point.tolist()
        return x + distance * math.cos(beta), y + distance * math.sin(beta)

    return [across(end, left), across(end, right), across(start, right), across(start, left)]


def _placed(
    points: NDArray[np.float32] | list[Point], body: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points of a body's frame in the world."""
    at = np.asarray(points, dtype=np.float64)
    sin, cos = math.sin(body[2]), math.cos(body[2])
    x, y = cos * at[:, 0] - sin * at[:, 1], sin * at[:, 0] + cos * at[:, 1]
    return np.stack([x + body[0], y + body[1]], axis=1)


def _paint_car(canvas: pygame.Surface, camera: _Camera, scene: Scene) -> None:
    for body, phase in zip(scene.bodies[1:], scene.phases.tolist(), strict=True):
        pygame.draw.polygon(canvas, _WHEEL, camera.see(_placed(WHEEL_POLYGON, body)).tolist())
        mark = _wheel_mark(phase)
        if mark:
            pygame.draw.polygon(canvas, _MARK, camera.see(_placed(mark, body)).tolist())
    for polygon in HULL_POLYGONS:
        corners = camera.see(_placed(polygon, scene.bodies[0])).tolist()
        pygame.draw.polygon(canvas, _HULL, corners)


def _wheel_mark(phase: float) -> list[Point]:
    """The bright mark on a rolling wheel, as far as it is on the upper side; none below."""
    sines = [math.sin(phase), math.sin(phase + _WHEEL_MARK)]
    cosines = [math.cos(phase), math.cos(phase + _WHEEL_MARK)]
    if min(sines) > 0.0:
        return []
    low, high = (
        WHEEL_RADIUS * (math.copysign(1.0, c) if s > 0.0 else c)
        for s, c in zip(sines, cosines, strict=True)
    )
    half = _WHEEL_HALF_WIDTH
    return [(-half, low), (half, low), (half, high), (-half, high)]


def _paint_instruments(canvas: pygame.Surface, scene: Scene) -> None:
    """A black strip with bars: speed, spin of the wheels, steering angle and yaw rate."""
    s, h = WIDTH / 40.0, HEIGHT / 40.0
    top, base = HEIGHT - 5 * h, HEIGHT - h
    pygame.draw.polygon(canvas, _BLACK, [(WIDTH, HEIGHT), (WIDTH, top), (0, top), (0, HEIGHT)])
    hull = scene.bodies[0]
    upright = [(5, 0.02, math.hypot(hull[3], hull[4]), _WHITE)]
    upright += [
        (7 + j, 0.01, spin, _BLUE if j < 2 else _VIOLET)
        for j, spin in enumerate(scene.spins.tolist())
    ]
    for place, scale, value, colour in upright:
        if abs(value) > 1e-4:
            end = HEIGHT - (h + h * scale * value)
            left, right = place * s, (place + 1) * s
            pygame.draw.polygon(
                canvas, colour, [(left, end), (right, end), (right, base), (left, base)]
            )
    lying = [(20, -10.0, scene.steering, _GREEN), (30, -0.8, float(hull[5]), _RED)]
    for place, scale, value, colour in lying:
        if abs(value) > 1e-4:
            left, right = place * s, (place + scale * value) * s
            upper, lower = HEIGHT - 4 * h, HEIGHT - 2 * h
            pygame.draw.polygon(
                canvas, colour, [(left, upper), (right, upper), (right, lower), (left, lower)]
            )
