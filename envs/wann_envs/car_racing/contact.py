"""Which road tiles the wheels touch.

Two convex polygons touch when the distance between them is at most two skins. The engine measures
it in float32, and a wheel at the edge of a tile meets its rounding; so ``distance`` takes the same
steps. It is slow, and a separating edge or an overlap that no rounding can undo decides nearly
every case before.
"""

from __future__ import annotations

import numpy as np

from wann_envs.car_racing.distance import distance
from wann_envs.car_racing.rigid_body import CONTACT_DISTANCE, EPSILON, WHEEL_POLYGON
from wann_envs.car_racing.state import (
    COS,
    IS_NEW_LAP,
    MAX_NEAR,
    N_VISITED,
    ON_ROAD,
    REWARD,
    SIN,
    X,
    Y,
)
from wann_envs.jit import inner_kernel

_TOLERANCE = np.float32(10.0) * EPSILON
_WHEEL = WHEEL_POLYGON
# no part of a wheel is farther from its centre, nor from the hull's; both with room to spare
_WHEEL_REACH = np.float32(0.64)
_CAR_REACH = np.float32(3.2)
# a list of near tiles holds until the hull has moved so far
_NEAR_MARGIN = np.float32(10.0)
# far above the rounding of coordinates of some hundred metres
_SURE = np.float32(0.005)


@inner_kernel(nogil=True, error_model="numpy")
def _list_near(cars, lane, tracks, first, n, x, y):
    """Lists the tiles that the car can reach before it has moved by the margin."""
    near = cars.near[lane]
    count = 0
    for i in range(n):
        dx, dy = tracks.circle[first + i, 0] - x, tracks.circle[first + i, 1] - y
        reach = tracks.circle[first + i, 2] + (_CAR_REACH + _NEAR_MARGIN)
        if dx * dx + dy * dy < reach * reach:
            count += 1
            if count > MAX_NEAR:
                break
            near[count] = i
    near[0] = count
    cars.near_at[0, lane], cars.near_at[1, lane] = x, y


@inner_kernel(nogil=True, error_model="numpy")
def _is_touching(tracks, tile, x, y, sin, cos):
    """Whether a wheel at (x, y) touches a tile."""
    n = tracks.n_corners[tile]
    corner, normal = tracks.corner[tile], tracks.normal[tile]
    outside = -np.float32(1e9)
    for i in range(n):
        d = normal[i, 0] * (x - corner[i, 0]) + normal[i, 1] * (y - corner[i, 1])
        if d > outside:
            outside = d
            edge = i
    if outside > _WHEEL_REACH:
        return False
    if outside < -_SURE:
        return True
    # the wheel's extent across the edge that the centre is farthest outside of
    nx, ny = normal[edge, 0], normal[edge, 1]
    along = abs(nx * cos + ny * sin) * _WHEEL[0, 0] + abs(ny * cos - nx * sin) * -_WHEEL[0, 1]
    if outside - along > CONTACT_DISTANCE + _SURE:
        return False
    for k in range(4):
        cx = (cos * _WHEEL[k, 0] - sin * _WHEEL[k, 1]) + x
        cy = (sin * _WHEEL[k, 0] + cos * _WHEEL[k, 1]) + y
        deepest = -np.float32(1e9)
        for i in range(n):
            d = normal[i, 0] * (cx - corner[i, 0]) + normal[i, 1] * (cy - corner[i, 1])
            deepest = max(deepest, d)
        if deepest < -_SURE:
            return True
    gap = distance(corner[:, 0], corner[:, 1], n, _WHEEL[:, 0], _WHEEL[:, 1], x, y, sin, cos)
    return gap <= CONTACT_DISTANCE or gap - CONTACT_DISTANCE < _TOLERANCE


@inner_kernel(nogil=True, error_model="numpy")
def look(cars, lane, tracks, track, lap_complete_percent):
    """Finds what the wheels touch now; new tiles pay their reward.

    Args:
        cars: ON_ROAD, N_VISITED, REWARD, IS_NEW_LAP, ``visited`` and ``near`` are written.
        lane, track: indices.
        lap_complete_percent: the share of tiles after which tile 0 begins a new lap; it is
            visited in ``reset``, so that this rarely happens.
    """
    first = tracks.first[track]
    n = tracks.first[track + 1] - first
    body, flag = cars.body, cars.flag
    x, y = body[X, lane], body[Y, lane]
    dx, dy = x - cars.near_at[0, lane], y - cars.near_at[1, lane]
    if not dx * dx + dy * dy < _NEAR_MARGIN * _NEAR_MARGIN:
        _list_near(cars, lane, tracks, first, n, x, y)
    near = cars.near[lane]
    is_listed = near[0] <= MAX_NEAR
    for wheel in range(4):
        flag[ON_ROAD + wheel, lane] = 0
    # Newest tile first: the engine's contacts are in that order, which the lap rule can see. In a
    # world that was used before the order varies; it matters to a lap_complete_percent below 2 / N.
    for k in range(near[0] if is_listed else n, 0, -1):
        i = near[k] if is_listed else k - 1
        tile = first + i
        dx, dy = tracks.circle[tile, 0] - x, tracks.circle[tile, 1] - y
        reach = tracks.circle[tile, 2] + _CAR_REACH
        if dx * dx + dy * dy > reach * reach:
            continue
        outside = -np.float32(1e9)
        for e in range(tracks.n_corners[tile]):
            cx, cy = tracks.corner[tile, e, 0], tracks.corner[tile, e, 1]
            d = tracks.normal[tile, e, 0] * (x - cx) + tracks.normal[tile, e, 1] * (y - cy)
            outside = max(outside, d)
        if outside > _CAR_REACH:
            continue
        is_visited = cars.visited[lane, i]
        for wheel in range(4):
            if is_visited and flag[ON_ROAD + wheel, lane] != 0:
                continue
            b = 1 + wheel
            if not _is_touching(
                tracks,
                tile,
                body[X + b, lane],
                body[Y + b, lane],
                body[SIN + b, lane],
                body[COS + b, lane],
            ):
                continue
            flag[ON_ROAD + wheel, lane] = 1
            if not is_visited:
                is_visited = True
                cars.visited[lane, i] = True
                cars.drive[REWARD, lane] += 1000.0 / n
                flag[N_VISITED, lane] += 1
                if i == 0 and flag[N_VISITED, lane] / n > lap_complete_percent:
                    flag[IS_NEW_LAP, lane] = 1
