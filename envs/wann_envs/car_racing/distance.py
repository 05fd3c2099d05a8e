"""The distance of two convex polygons by GJK, in float32 and in the physics engine's order.

Source: Gilbert, Johnson & Keerthi 1988; the order of operations is that of Box2D 2.3 by Erin Catto
(zlib licence), the code is not.
"""

from __future__ import annotations

import numpy as np

from wann_envs.car_racing.rigid_body import EPSILON
from wann_envs.jit import inner_kernel

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TINY = EPSILON * EPSILON
_MAX_ROUNDS = 20
# rows of the simplex
_AX, _AY, _BX, _BY, _WX, _WY, _SHARE = range(7)


@inner_kernel(nogil=True, error_model="numpy")
def _support(x, y, n, dx, dy):
    """The corner that lies farthest in a direction; the first of equals."""
    best = 0
    best_value = x[0] * dx + y[0] * dy
    for i in range(1, n):
        value = x[i] * dx + y[i] * dy
        if value > best_value:
            best, best_value = i, value
    return best


@inner_kernel(nogil=True, error_model="numpy")
def distance(ax, ay, n, bx, by, px, py, sin, cos):
    """Distance of polygon A, given in the world, from polygon B, given in its own frame.

    Args:
        ax, ay: (n,) float32 corners of A.
        bx, by: (4,) float32 corners of B; its frame lies at (px, py), turned by (sin, cos).

    Returns:
        float32; 0 where they overlap.
    """
    # simplex: corners of A and B, their places, B's minus A's, and the share in the closest point
    corner = np.zeros((2, 3), np.int64)
    point = np.zeros((7, 3), np.float32)
    saved = np.zeros((2, 3), np.int64)
    order = np.zeros(3, np.int64)
    _add_corners(corner, point, 0, 0, 0, ax, ay, bx, by, px, py, sin, cos)
    point[_SHARE, 0] = _ONE
    count = 1
    for _ in range(_MAX_ROUNDS):
        n_saved = count
        for k in range(count):
            saved[0, k], saved[1, k] = corner[0, k], corner[1, k]
        if count == 2:
            count = _closest_on_segment(point, order)
            _keep(corner, point, order, count)
        elif count == 3:
            count = _closest_on_triangle(point, order)
            _keep(corner, point, order, count)
        if count == 3:
            return _ZERO
        dx, dy = _direction(point, count)
        if dx * dx + dy * dy < _TINY:
            break
        i = _support(ax, ay, n, -dx, -dy)
        j = _support(bx, by, 4, cos * dx + sin * dy, -sin * dx + cos * dy)
        _add_corners(corner, point, count, i, j, ax, ay, bx, by, px, py, sin, cos)
        is_known = False
        for k in range(n_saved):
            is_known |= saved[0, k] == i and saved[1, k] == j
        if is_known:
            break
        count += 1
    if count == 3:
        return _ZERO
    if count == 1:
        x, y = point[_AX, 0] - point[_BX, 0], point[_AY, 0] - point[_BY, 0]
    else:
        s, t = point[_SHARE, 0], point[_SHARE, 1]
        x = (s * point[_AX, 0] + t * point[_AX, 1]) - (s * point[_BX, 0] + t * point[_BX, 1])
        y = (s * point[_AY, 0] + t * point[_AY, 1]) - (s * point[_BY, 0] + t * point[_BY, 1])
    return np.sqrt(x * x + y * y)


@inner_kernel(nogil=True, error_model="numpy")
def _add_corners(corner, point, k, i, j, ax, ay, bx, by, px, py, sin, cos):
    """Writes corner i of A and corner j of B into place k of the simplex."""
    corner[0, k], corner[1, k] = i, j
    point[_AX, k], point[_AY, k] = ax[i], ay[i]
    point[_BX, k] = (cos * bx[j] - sin * by[j]) + px
    point[_BY, k] = (sin * bx[j] + cos * by[j]) + py
    point[_WX, k] = point[_BX, k] - point[_AX, k]
    point[_WY, k] = point[_BY, k] - point[_AY, k]


@inner_kernel(nogil=True, error_model="numpy")
def _direction(point, count):
    """From the simplex, a point or a segment, towards the origin."""
    wx, wy = point[_WX, 0], point[_WY, 0]
    if count == 1:
        return -wx, -wy
    ex, ey = point[_WX, 1] - wx, point[_WY, 1] - wy
    if ex * -wy - ey * -wx > _ZERO:
        return -ey, ex
    return ey, -ex


@inner_kernel(nogil=True, error_model="numpy")
def _keep(corner, point, order, count):
    """Moves the members of the simplex that ``order`` names to the front."""
    # order never moves a member behind a later one that is still needed
    for k in range(count):
        for row in range(2):
            corner[row, k] = corner[row, order[k]]
        for row in range(7):
            point[row, k] = point[row, order[k]]


@inner_kernel(nogil=True, error_model="numpy")
def _closest_on_segment(point, order):
    """Which of two points hold the point closest to the origin, and their shares in it."""
    wx, wy, share = point[_WX], point[_WY], point[_SHARE]
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


@inner_kernel(nogil=True, error_model="numpy")
def _on_edge(share, order, first, second, s1, s2):
    """Writes the shares of the edge between two of three points."""
    inverse = _ONE / (s1 + s2)
    share[first], share[second] = s1 * inverse, s2 * inverse
    order[0], order[1] = first, second
    return 2


@inner_kernel(nogil=True, error_model="numpy")
def _closest_on_triangle(point, order):
    """As ``_closest_on_segment``, of three points; 3 when the origin lies inside."""
    wx, wy, share = point[_WX], point[_WY], point[_SHARE]
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
