"""Sixteen numbers of order 1 that a driver sees: how the car moves and where the road goes.

| place | number | one is |
|---|---|---|
| 0 | forward speed | 40 m/s |
| 1 | sideways speed, positive to the left | 10 m/s |
| 2 | yaw rate, positive to the left | 2 rad/s |
| 3 | steering angle of the left front wheel, positive to the left | 0.4 rad |
| 4 | offset from the centre line, positive to the left | half the road, 6.7 m |
| 5 | heading against the road, positive when the car points to its left | 1 rad |
| 6-10 | bearing of the centre line 2, 4, 6, 10, 16 tiles ahead, positive to the left | 0.5 rad |
| 11-15 | turn of the road over tiles 0-4, 4-8, 8-14, 14-22, 22-32 ahead, likewise | 0.5 rad |

A tile is 3.5 m long. Nothing is clipped; angles lie within half a turn.
"""

from __future__ import annotations

import math

import numpy as np

from wann_envs.car_racing.dynamics import hull_position
from wann_envs.car_racing.state import ANGLE, NEAREST, SPIN, VX, VY
from wann_envs.car_racing.track import HALF_WIDTH
from wann_envs.jit import inner_kernel, kernel

N_OBSERVED = 16
OBSERVED_NAMES = (
    *("speed", "sideways", "yaw rate", "steering", "offset", "heading"),
    *("bearing 2", "bearing 4", "bearing 6", "bearing 10", "bearing 16"),
    *("turn 0-4", "turn 4-8", "turn 8-14", "turn 14-22", "turn 22-32"),
)
BEARING_TILES = np.array([2, 4, 6, 10, 16])
TURN_TILES = np.array([0, 4, 8, 14, 22, 32])
_PER_SPEED, _PER_SIDEWAYS, _PER_YAW, _PER_STEERING = 1.0 / 40.0, 1.0 / 10.0, 1.0 / 2.0, 1.0 / 0.4
_PER_OFFSET, _PER_TURN = 1.0 / HALF_WIDTH, 1.0 / 0.5
_FIRST_BEARING, _FIRST_TURN = 6, 11
_TURN = 2.0 * math.pi


@inner_kernel(nogil=True, error_model="numpy")
def _within_half_turn(angle):
    return angle - _TURN * np.rint(angle / _TURN)


@kernel(nogil=True, error_model="numpy")
def nearest_tile(x, y, line, at):
    """The end of a tile that is nearest to a place, found downhill from another.

    Where the road crosses itself the car stays on the branch that it came along.

    Args:
        x, y: the place, m.
        line: (N, 4) centre line of one track.
        at: index to begin with.
    """
    n = line.shape[0]
    best = (line[at, 2] - x) ** 2 + (line[at, 3] - y) ** 2
    while True:
        before = at
        for k in range(before - 3, before + 4):
            i = k % n
            distance = (line[i, 2] - x) ** 2 + (line[i, 3] - y) ** 2
            if distance < best:
                best, at = distance, i
        if at == before:
            return at


@kernel(nogil=True, error_model="numpy")
def describe(x, y, angle, vx, vy, spin, steering, line, at, out):
    """Writes the sixteen numbers.

    Args:
        x, y, angle, vx, vy, spin: of the hull, float64.
        steering: angle of the left front wheel against the hull, rad.
        line: (N, 4) centre line of one track.
        at: index of the nearest tile, see ``nearest_tile``.
        out: (16,), written.
    """
    n = line.shape[0]
    sin, cos = math.sin(angle), math.cos(angle)
    beta = line[at, 1]
    out[0] = (cos * vy - sin * vx) * _PER_SPEED
    out[1] = -(cos * vx + sin * vy) * _PER_SIDEWAYS
    out[2] = spin * _PER_YAW
    out[3] = steering * _PER_STEERING
    right = (x - line[at, 2]) * math.cos(beta) + (y - line[at, 3]) * math.sin(beta)
    out[4] = -right * _PER_OFFSET
    out[5] = _within_half_turn(angle - beta)
    for k in range(BEARING_TILES.size):
        i = (at + BEARING_TILES[k]) % n
        dx, dy = line[i, 2] - x, line[i, 3] - y
        bearing = math.atan2(-(cos * dx + sin * dy), cos * dy - sin * dx)
        out[_FIRST_BEARING + k] = bearing * _PER_TURN
    for k in range(TURN_TILES.size - 1):
        i, j = (at + TURN_TILES[k]) % n, (at + TURN_TILES[k + 1]) % n
        out[_FIRST_TURN + k] = _within_half_turn(line[j, 1] - line[i, 1]) * _PER_TURN


@kernel(nogil=True, error_model="numpy")
def observe(cars, lane, tracks, track, out):
    """Writes what the driver of one lane sees.

    Args:
        cars: NEAREST of the lane is brought up to date.
        lane, track: indices.
        out: (16,), written; a column of a larger array will do.
    """
    body, flag = cars.body, cars.flag
    line = tracks.line[tracks.first[track] : tracks.first[track + 1]]
    x32, y32 = hull_position(body, lane)
    x, y = np.float64(x32), np.float64(y32)
    at = nearest_tile(x, y, line, flag[NEAREST, lane])
    flag[NEAREST, lane] = at
    angle, steering = body[ANGLE, lane], body[ANGLE + 1, lane] - body[ANGLE, lane]
    vx, vy, spin = body[VX, lane], body[VY, lane], body[SPIN, lane]
    describe(
        x,
        y,
        np.float64(angle),
        np.float64(vx),
        np.float64(vy),
        np.float64(spin),
        np.float64(steering),
        line,
        at,
        out,
    )
