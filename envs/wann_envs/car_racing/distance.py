"""The distance of two convex polygons by GJK, in float32 and in the physics engine's order.

Source: Gilbert, Johnson & Keerthi 1988; the order of operations is that of Box2D 2.3 by Erin Catto
(zlib licence), the code is not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wann_envs.car_racing.rigid_body import EPSILON

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TINY = EPSILON * EPSILON
_MAX_ROUNDS = 20


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
