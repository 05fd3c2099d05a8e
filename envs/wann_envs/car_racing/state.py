"""The arrays that hold cars and tracks, and the names of their rows.

A lane is one car on one track. Fields are rows and lanes are columns, so that a solver may take
many lanes at once; one car is one lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann_envs.car_racing.rigid_body import VELOCITY_ITERATIONS
from wann_envs.jit import inner_kernel

# rows of Cars.body; five bodies each: the hull, then the wheels as in WHEEL_OFFSET
X, Y, ANGLE, VX, VY, SPIN, SIN, COS, SLEEP = range(0, 45, 5)
# four joints each
IMPULSE_X, IMPULSE_Y, IMPULSE_LIMIT, IMPULSE_MOTOR, MOTOR_SPEED, FORCE_X, FORCE_Y = range(45, 73, 4)
N_BODY = 73
# rows of Cars.drive; OMEGA and PHASE have four
STEER, GAS, BRAKE, REWARD, PREVIOUS_REWARD, TIME, OMEGA, PHASE = 0, 1, 2, 3, 4, 5, 6, 10
N_DRIVE = 14
# rows of Cars.flag; LIMIT, ON_ROAD and SKID have four
N_VISITED, IS_NEW_LAP, LIMIT, ON_ROAD, SKID, NEAREST = 0, 1, 2, 6, 10, 14
N_FLAG = 15
# values of LIMIT
INACTIVE, AT_LOWER, AT_UPPER = 0, 1, 2
MAX_NEAR = 96
N_WORK = 18


class Cars(NamedTuple):
    """L cars; every array is changed in place by a step.

    Attributes:
        body: (N_BODY, L) float32: X, Y (m, centre of mass), ANGLE (rad), VX, VY (m/s), SPIN
            (rad/s), SIN, COS of the angle, SLEEP (s at rest) of the five bodies; IMPULSE_X,
            IMPULSE_Y (N s), IMPULSE_LIMIT, IMPULSE_MOTOR (N m s), MOTOR_SPEED (rad/s) of the four
            joints and the friction FORCE_X, FORCE_Y (N) on the four wheels.
        drive: (N_DRIVE, L) float64: STEER (rad, positive is left), GAS, BRAKE as the wheels have
            them; REWARD, PREVIOUS_REWARD (sums), TIME (s); OMEGA (rad/s) and PHASE (rad) of the
            wheels.
        flag: (N_FLAG, L) int32: N_VISITED tiles, IS_NEW_LAP, LIMIT of the joints, ON_ROAD (wheels
            that touched a tile at the last look), SKID (wheels that leave a trace),
            NEAREST tile (as last observed).
        visited: (L, tiles of the longest track) bool.
        near: (L, 1 + MAX_NEAR) int32: a number of tiles and their indices, see ``contact``.
        near_at: (2, L) float32: where the hull was when ``near`` was made.
        work, saved, increment: scratch of the solver.
    """

    body: NDArray[np.float32]
    drive: NDArray[np.float64]
    flag: NDArray[np.int32]
    visited: NDArray[np.bool_]
    near: NDArray[np.int32]
    near_at: NDArray[np.float32]
    work: NDArray[np.float32]
    saved: NDArray[np.float32]
    increment: NDArray[np.float32]


class Tracks(NamedTuple):
    """T tracks; tiles of all tracks lie behind each other.

    Attributes:
        first: (T + 1,) int32: track t has the tiles first[t] to first[t + 1] - 1.
        line: (tiles, 4) float64: alpha, beta (rad), x, y (m) of the centre line at a tile's end;
            beta is the heading, 0 along y, and alpha the angle seen from the middle of the field.
        has_border: (tiles,) bool: whether a kerb is drawn.
        corner: (tiles, 4, 2) float32: counter-clockwise.
        normal: (tiles, 4, 2) float32: outward, of the edge that starts at the corner, length 1.
        n_corners: (tiles,) int32: 4, or 3 where corners coincide.
        circle: (tiles, 3) float32: x, y and radius of a circle around the tile.
    """

    first: NDArray[np.int32]
    line: NDArray[np.float64]
    has_border: NDArray[np.bool_]
    corner: NDArray[np.float32]
    normal: NDArray[np.float32]
    n_corners: NDArray[np.int32]
    circle: NDArray[np.float32]


def new_cars(n_lanes: int, n_tiles: int) -> Cars:
    """Arrays for cars on tracks of at most ``n_tiles`` tiles; ``dynamics.start`` fills a lane."""
    return Cars(
        body=np.zeros((N_BODY, n_lanes), np.float32),
        drive=np.zeros((N_DRIVE, n_lanes)),
        flag=np.zeros((N_FLAG, n_lanes), np.int32),
        visited=np.zeros((n_lanes, n_tiles), np.bool_),
        near=np.zeros((n_lanes, 1 + MAX_NEAR), np.int32),
        near_at=np.zeros((2, n_lanes), np.float32),
        work=np.zeros((N_WORK, 4), np.float32),
        saved=np.zeros((2, 5, 4), np.float32),
        increment=np.zeros((VELOCITY_ITERATIONS + 1, 8), np.float32),
    )


@inner_kernel(nogil=True, error_model="numpy")
def clear(cars, lane):
    """Empties a lane."""
    for row in range(N_BODY):
        cars.body[row, lane] = np.float32(0.0)
    for row in range(N_DRIVE):
        cars.drive[row, lane] = 0.0
    for row in range(N_FLAG):
        cars.flag[row, lane] = 0
    for i in range(cars.visited.shape[1]):
        cars.visited[lane, i] = False
    # NaN is far from everywhere: the first look makes a new list
    cars.near_at[0, lane] = np.float32(np.nan)
