"""Random closed tracks: the same tiles as CarRacing-v3 builds from the same random numbers.

Source: ``_create_track`` in Gymnasium's ``car_racing.py`` (MIT licence); sines, cosines and sums
are taken in its order, in float64. Tiles are rounded to float32 where the physics engine does.
Units: m, rad.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wann_envs.car_racing.rigid_body import convex_hull
from wann_envs.car_racing.state import Tracks
from wann_envs.jit import inner_kernel, kernel

SCALE = 6.0
RADIUS = 900 / SCALE
DETAIL_STEP = 21 / SCALE
TURN_RATE = 0.31
HALF_WIDTH = 40 / SCALE
BORDER = 8 / SCALE
PLAYFIELD = 2000 / SCALE
_N_CHECKPOINTS = 12
_N_LAPS = 4
_MAX_STEPS = 2500
_BORDER_MIN_COUNT = 4
_START_ALPHA = 2 * math.pi * (-0.5) / _N_CHECKPOINTS
# one attempt draws angle noise and radius of every checkpoint, also where they are not used
_LOW = np.array([0.0, RADIUS / 3] * _N_CHECKPOINTS)
_HIGH = np.array([2 * math.pi * 1 / _N_CHECKPOINTS, RADIUS] * _N_CHECKPOINTS)


@inner_kernel(nogil=True, error_model="numpy")
def _checkpoints(uniform):
    """(12, 3): alpha, x, y of the points that the track aims at."""
    points = np.empty((_N_CHECKPOINTS, 3))
    for c in range(_N_CHECKPOINTS):
        alpha = 2 * math.pi * c / _N_CHECKPOINTS + uniform[2 * c]
        radius = uniform[2 * c + 1]
        if c == 0:
            alpha, radius = 0.0, 1.5 * RADIUS
        if c == _N_CHECKPOINTS - 1:
            alpha, radius = 2 * math.pi * c / _N_CHECKPOINTS, 1.5 * RADIUS
        points[c, 0] = alpha
        points[c, 1], points[c, 2] = radius * math.cos(alpha), radius * math.sin(alpha)
    return points


@inner_kernel(nogil=True, error_model="numpy")
def _walk(points, path):
    """Drives from checkpoint to checkpoint for some laps; returns the number of steps.

    Args:
        path: (_MAX_STEPS, 4), receives alpha, beta, x, y.
    """
    x, y, beta = 1.5 * RADIUS, 0.0, 0.0
    goal, n_laps, n = 0, 0, 0
    was_beyond = False
    while True:
        alpha = math.atan2(y, x)
        if was_beyond and alpha > 0:
            n_laps += 1
            was_beyond = False
        if alpha < 0:
            was_beyond = True
            alpha += 2 * math.pi
        # the first checkpoint ahead, if need be after the turn of the lap
        while alpha > points[goal, 0]:
            goal += 1
            if goal == _N_CHECKPOINTS:
                goal = 0
                alpha -= 2 * math.pi
        heading_x, heading_y = math.cos(beta), math.sin(beta)
        to_x, to_y = points[goal, 1] - x, points[goal, 2] - y
        across = heading_x * to_x + heading_y * to_y
        while beta - alpha > 1.5 * math.pi:
            beta -= 2 * math.pi
        while beta - alpha < -1.5 * math.pi:
            beta += 2 * math.pi
        before = beta
        across *= SCALE
        if across > 0.3:
            beta -= min(TURN_RATE, abs(0.001 * across))
        if across < -0.3:
            beta += min(TURN_RATE, abs(0.001 * across))
        x += -heading_y * DETAIL_STEP
        y += heading_x * DETAIL_STEP
        path[n, 0], path[n, 1] = alpha, before * 0.5 + beta * 0.5
        path[n, 2], path[n, 3] = x, y
        n += 1
        if n_laps > _N_LAPS or n == _MAX_STEPS:
            return n


@inner_kernel(nogil=True, error_model="numpy")
def _last_lap(path, n):
    """The steps (start, end) of the last closed lap; (0, 0) where there is none."""
    end = -1
    i = n
    while True:
        i -= 1
        if i == 0:
            return 0, 0
        passes_start = path[i, 0] > _START_ALPHA and path[i - 1, 0] <= _START_ALPHA
        if passes_start and end == -1:
            end = i
        elif passes_start:
            break
    first, last = path[i], path[end - 2]
    across_x, across_y = math.cos(first[1]), math.sin(first[1])
    jump_x, jump_y = across_x * (first[2] - last[2]), across_y * (first[3] - last[3])
    if math.sqrt(jump_x * jump_x + jump_y * jump_y) > DETAIL_STEP:
        return 0, 0
    return i, end - 1


@kernel(nogil=True, error_model="numpy")
def _centre_line(uniform):
    """(tiles, 4) alpha, beta, x, y of a track; no tiles where the attempt fails."""
    path = np.empty((_MAX_STEPS, 4))
    n = _walk(_checkpoints(uniform), path)
    start, end = _last_lap(path, n)
    return path[start:end].copy()


@kernel(nogil=True, error_model="numpy")
def _borders(line):
    """(tiles,) whether a kerb runs along a tile: on hard turns and a little before them."""
    n = line.shape[0]
    has_border = np.zeros(n, np.bool_)
    for i in range(n):
        is_hard = True
        side = 0.0
        for back in range(_BORDER_MIN_COUNT):
            turn = line[i - back, 1] - line[i - back - 1, 1]
            is_hard &= abs(turn) > TURN_RATE * 0.2
            side += np.sign(turn)
        has_border[i] = is_hard and abs(side) == _BORDER_MIN_COUNT
    # in place: a kerb that was set here is seen again, as in the original
    for i in range(n):
        for back in range(_BORDER_MIN_COUNT):
            has_border[i - back] |= has_border[i]
    return has_border


@kernel(nogil=True, error_model="numpy")
def _tiles(line, corner, normal, n_corners, circle):
    """Fills in the shapes of the tiles; tile i lies between the ends of tiles i - 1 and i."""
    x, y = np.empty(4, np.float32), np.empty(4, np.float32)
    order = np.empty(4, np.int32)
    for i in range(line.shape[0]):
        ends = ((i, -1.0), (i, 1.0), (i - 1, 1.0), (i - 1, -1.0))
        for k, (end, side) in enumerate(ends):
            beta = line[end, 1]
            x[k] = np.float32(line[end, 2] + side * (HALF_WIDTH * math.cos(beta)))
            y[k] = np.float32(line[end, 3] + side * (HALF_WIDTH * math.sin(beta)))
        n = convex_hull(x, y, order)
        n_corners[i] = n
        middle_x, middle_y = x.mean(), y.mean()
        radius = 0.0
        for k in range(4):
            # an unused corner repeats the first
            a, b = order[k % n if k < n else 0], order[(k + 1) % n if k < n else 0]
            corner[i, k, 0], corner[i, k, 1] = x[a], y[a]
            dx, dy = x[b] - x[a], y[b] - y[a]
            length = max(math.hypot(dx, dy), 1e-9)
            normal[i, k, 0], normal[i, k, 1] = dy / length, -dx / length
            radius = max(radius, math.hypot(x[a] - middle_x, y[a] - middle_y))
        circle[i, 0], circle[i, 1], circle[i, 2] = middle_x, middle_y, radius


def random_line(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws a centre line; the same numbers as CarRacing-v3's ``reset`` draws.

    Args:
        rng: advanced by 24 uniform numbers for every attempt; about one in twenty fails.

    Returns:
        (tiles, 4) float64, see ``Tracks.line``.
    """
    while True:
        line = _centre_line(rng.uniform(_LOW, _HIGH))
        if line.shape[0] > 0:
            return line


def pack(lines: Sequence[NDArray[np.float64]]) -> Tracks:
    """Builds the tiles of tracks from their centre lines."""
    line = np.concatenate(lines) if len(lines) else np.empty((0, 4))
    first = np.cumsum([0, *(len(one) for one in lines)], dtype=np.int32)
    n = line.shape[0]
    tracks = Tracks(
        first=first,
        line=line,
        has_border=np.zeros(n, np.bool_),
        corner=np.empty((n, 4, 2), np.float32),
        normal=np.empty((n, 4, 2), np.float32),
        n_corners=np.empty(n, np.int32),
        circle=np.empty((n, 3), np.float32),
    )
    for start, end in pairwise(first):
        part = slice(start, end)
        tracks.has_border[part] = _borders(line[part])
        shapes = (tracks.corner, tracks.normal, tracks.n_corners, tracks.circle)
        _tiles(line[part], *(array[part] for array in shapes))
    return tracks


def random_tracks(rng: np.random.Generator, n: int) -> Tracks:
    """Draws n tracks; the same as n calls of ``reset`` on a generator in this state."""
    return pack([random_line(rng) for _ in range(n)])


def seeded_tracks(first_seed: int, n: int) -> Tracks:
    """The tracks of ``reset(seed=first_seed + k)``, for k in [0, n).

    Gymnasium's generator of a seed is NumPy's ``default_rng`` of that seed.
    """
    seeds = range(first_seed, first_seed + n)
    return pack([random_line(np.random.default_rng(seed)) for seed in seeds])
