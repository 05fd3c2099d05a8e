"""Which road tiles the wheels touch.

Two convex polygons touch when the distance between them is at most two skins. The engine measures
it by GJK in float32, and a wheel at the edge of a tile meets its rounding; so ``distance`` takes
the same steps. It is slow, and a separating edge or an overlap that no rounding can undo decides
nearly every case before.

Source: Gilbert, Johnson & Keerthi 1988; the order of operations is that of Box2D 2.3 by Erin Catto
(zlib licence), the code is not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

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

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TOLERANCE = np.float32(10.0) * EPSILON
_TINY = EPSILON * EPSILON
_MAX_ROUNDS = 20
_WHEEL = WHEEL_POLYGON
# no part of a wheel is farther from its centre, nor from the hull's; both with room to spare
_WHEEL_REACH = np.float32(0.64)
_CAR_REACH = np.float32(3.2)
# a list of near tiles holds until the hull has moved so far
_NEAR_MARGIN = np.float32(10.0)
# far above the rounding of coordinates of some hundred metres
_SURE = np.float32(0.005)


@njit(cache=True, nogil=True, error_model="numpy")
def _support(x, y, n, dx, dy):
    """The corner that lies farthest in a direction; the first of equals."""
    best = 0
    best_value = x[0] * dx + y[0] * dy
    for i in range(1, n):
        value = x[i] * dx + y[i] * dy
        if value > best_value:
            best, best_value = i, value
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def distance(ax, ay, n, bx, by, px, py, sin, cos):
    """Distance of polygon A, given in the world, from polygon B, given in its own frame.

    Args:
        ax, ay: (n,) float32 corners of A.
        bx, by: (4,) float32 corners of B; its frame lies at (px, py), turned by (sin, cos).

    Returns:
        float32; 0 where they overlap.
    """
    # simplex: corner of A, of B, their difference, and the share in the closest point
    ia, ib = np.zeros(3, np.int64), np.zeros(3, np.int64)
    wax, way = np.zeros(3, np.float32), np.zeros(3, np.float32)
    wbx, wby = np.zeros(3, np.float32), np.zeros(3, np.float32)
    share = np.zeros(3, np.float32)
    order = np.zeros(3, np.int64)
    wax[0], way[0] = ax[0], ay[0]
    wbx[0] = (cos * bx[0] - sin * by[0]) + px
    wby[0] = (sin * bx[0] + cos * by[0]) + py
    share[0] = _ONE
    count = 1
    for _ in range(_MAX_ROUNDS):
        saved = count
        saved_a, saved_b = ia.copy(), ib.copy()
        if count == 2:
            count = _closest_on_segment(wbx - wax, wby - way, share, order)
            _keep(ia, ib, wax, way, wbx, wby, share, order, count)
        elif count == 3:
            count = _closest_on_triangle(wbx - wax, wby - way, share, order)
            _keep(ia, ib, wax, way, wbx, wby, share, order, count)
        if count == 3:
            return _ZERO
        w1x, w1y = wbx[0] - wax[0], wby[0] - way[0]
        dx, dy = -w1x, -w1y
        if count == 2:
            ex, ey = wbx[1] - wax[1] - w1x, wby[1] - way[1] - w1y
            if ex * -w1y - ey * -w1x > _ZERO:
                dx, dy = -ey, ex
            else:
                dx, dy = ey, -ex
        if dx * dx + dy * dy < _TINY:
            break
        i = _support(ax, ay, n, -dx, -dy)
        j = _support(bx, by, 4, cos * dx + sin * dy, -sin * dx + cos * dy)
        ia[count], ib[count] = i, j
        wax[count], way[count] = ax[i], ay[i]
        wbx[count] = (cos * bx[j] - sin * by[j]) + px
        wby[count] = (sin * bx[j] + cos * by[j]) + py
        is_known = False
        for k in range(saved):
            is_known |= saved_a[k] == i and saved_b[k] == j
        if is_known:
            break
        count += 1
    if count == 1:
        x, y = wax[0] - wbx[0], way[0] - wby[0]
    elif count == 2:
        x = (share[0] * wax[0] + share[1] * wax[1]) - (share[0] * wbx[0] + share[1] * wbx[1])
        y = (share[0] * way[0] + share[1] * way[1]) - (share[0] * wby[0] + share[1] * wby[1])
    else:
        return _ZERO
    return np.sqrt(x * x + y * y)


@njit(cache=True, nogil=True, error_model="numpy")
def _keep(ia, ib, wax, way, wbx, wby, share, order, count):
    """Moves the members of the simplex that ``order`` names to the front."""
    # order never moves a member behind a later one that is still needed
    for k in range(count):
        m = order[k]
        ia[k], ib[k] = ia[m], ib[m]
        wax[k], way[k] = wax[m], way[m]
        wbx[k], wby[k] = wbx[m], wby[m]
        share[k] = share[m]


@njit(cache=True, nogil=True, error_model="numpy")
def _closest_on_segment(wx, wy, share, order):
    """Which of two points hold the point closest to the origin, and their shares in it."""
    ex, ey = wx[1] - wx[0], wy[1] - wy[0]
    s2 = -(wx[0] * ex + wy[0] * ey)
    s1 = wx[1] * ex + wy[1] * ey
    if s2 <= _ZERO:
        share[0] = _ONE
        order[0] = 0
        return 1
    if s1 <= _ZERO:
        share[1] = _ONE
        order[0] = 1
        return 1
    inverse = _ONE / (s1 + s2)
    share[0], share[1] = s1 * inverse, s2 * inverse
    order[0], order[1] = 0, 1
    return 2


@njit(cache=True, nogil=True, error_model="numpy")
def _on_edge(share, order, first, second, s1, s2):
    """Writes the shares of the edge between two of three points."""
    inverse = _ONE / (s1 + s2)
    share[first], share[second] = s1 * inverse, s2 * inverse
    order[0], order[1] = first, second
    return 2


@njit(cache=True, nogil=True, error_model="numpy")
def _closest_on_triangle(wx, wy, share, order):
    """As ``_closest_on_segment``, of three points; 3 when the origin lies inside."""
    x1, x2, x3 = wx[0], wx[1], wx[2]
    y1, y2, y3 = wy[0], wy[1], wy[2]
    ax, ay = x2 - x1, y2 - y1
    bx, by = x3 - x1, y3 - y1
    cx, cy = x3 - x2, y3 - y2
    a1, a2 = x2 * ax + y2 * ay, -(x1 * ax + y1 * ay)
    b1, b2 = x3 * bx + y3 * by, -(x1 * bx + y1 * by)
    c1, c2 = x3 * cx + y3 * cy, -(x2 * cx + y2 * cy)
    area = ax * by - ay * bx
    t1 = area * (x2 * y3 - y2 * x3)
    t2 = area * (x3 * y1 - y3 * x1)
    t3 = area * (x1 * y2 - y1 * x2)
    if a2 <= _ZERO and b2 <= _ZERO:
        share[0] = _ONE
        order[0] = 0
        return 1
    if a1 > _ZERO and a2 > _ZERO and t3 <= _ZERO:
        return _on_edge(share, order, 0, 1, a1, a2)
    if b1 > _ZERO and b2 > _ZERO and t2 <= _ZERO:
        return _on_edge(share, order, 0, 2, b1, b2)
    if a1 <= _ZERO and c2 <= _ZERO:
        share[1] = _ONE
        order[0] = 1
        return 1
    if b1 <= _ZERO and c1 <= _ZERO:
        share[2] = _ONE
        order[0] = 2
        return 1
    if c1 > _ZERO and c2 > _ZERO and t1 <= _ZERO:
        _on_edge(share, order, 1, 2, c1, c2)
        # the engine puts the third point in the first one's place
        order[0], order[1] = 2, 1
        return 2
    order[0], order[1], order[2] = 0, 1, 2
    return 3


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
    # newest tile first: the engine's contacts are in that order, which the lap rule can see
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
