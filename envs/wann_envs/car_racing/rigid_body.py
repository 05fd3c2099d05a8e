"""The five rigid bodies of the car: shapes, masses and the constants of the physics engine.

The numbers are computed as the engine does, in float32 and in its order, since a mass that differs
in the last bit changes every later bit. Units: m, kg, s, rad, N.

Source: Gymnasium's ``car_dynamics.py`` (MIT licence) for the car; Box2D 2.3 by Erin Catto (zlib
licence) for mass, inertia and the constants. Nothing here is copied from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann_envs.jit import kernel

F32 = np.float32
Point = tuple[float, float]

# the drawing board of the car: one unit is 2 cm
SIZE = 0.02
WHEEL_RADIUS = 27 * SIZE
_WHEEL_HALF_WIDTH, _WHEEL_HALF_LENGTH = 14, 27
_WHEEL_AT = ((-55, 80), (55, 80), (-55, -82), (55, -82))
_HULL = (
    ((-60, 130), (60, 130), (60, 110), (-60, 110)),
    ((-15, 120), (15, 120), (20, 20), (-20, 20)),
    ((25, 20), (50, -10), (50, -40), (20, -90), (-20, -90), (-50, -40), (-50, -10), (-25, 20)),
    ((-50, -120), (50, -120), (50, -90), (-50, -90)),
)
_HULL_DENSITY, _WHEEL_DENSITY = F32(1.0), F32(0.1)

# float64 products, as in the original: front left, front right, rear left, rear right
WHEEL_OFFSET = np.array([(x * SIZE, y * SIZE) for x, y in _WHEEL_AT])

TIME_STEP = F32(1.0 / 50.0)
VELOCITY_ITERATIONS = 180
POSITION_ITERATIONS = 60
LOWER_ANGLE, UPPER_ANGLE = F32(-0.4), F32(0.4)
MAX_MOTOR_IMPULSE = F32(TIME_STEP * F32(180 * 900 * SIZE * SIZE))
PI = F32(3.14159265359)
LINEAR_SLOP = F32(0.005)
ANGULAR_SLOP = F32(F32(F32(2.0) / F32(180.0)) * PI)
MAX_ANGULAR_CORRECTION = F32(F32(F32(8.0) / F32(180.0)) * PI)
MAX_TRANSLATION = F32(2.0)
MAX_ROTATION = F32(F32(0.5) * PI)
TIME_TO_SLEEP = F32(0.5)
SLEEP_SPEED_SQUARED = F32(F32(0.01) * F32(0.01))
SLEEP_SPIN_SQUARED = F32(ANGULAR_SLOP * ANGULAR_SLOP)
# polygons wear a skin; two skins that touch are a contact
CONTACT_DISTANCE = F32(F32(0.01) + F32(0.01))
EPSILON = F32(np.finfo(np.float32).eps)


@kernel(nogil=True, error_model="numpy")
def convex_hull(x, y, order):
    """Wraps points by the engine's gift wrapping, counter-clockwise from the rightmost point.

    Args:
        x, y: (n,) float32, n >= 3.
        order: (n,) int32, receives the indices of the corners.

    Returns:
        The number of corners.
    """
    first = 0
    for i in range(1, x.size):
        if x[i] > x[first] or (x[i] == x[first] and y[i] < y[first]):
            first = i
    n, here = 0, first
    while True:
        order[n] = here
        n += 1
        end = 0
        for j in range(1, x.size):
            if end == here:
                end = j
                continue
            rx, ry = x[end] - x[here], y[end] - y[here]
            vx, vy = x[j] - x[here], y[j] - y[here]
            turn = rx * vy - ry * vx
            is_longer = vx * vx + vy * vy > rx * rx + ry * ry
            if turn < 0.0 or (turn == 0.0 and is_longer):
                end = j
        here = end
        if here == first or n == x.size:
            return n


def _polygon(points: Sequence[Point]) -> NDArray[np.float32]:
    """The corners (n, 2) in the engine's order."""
    corners = np.array([(x * SIZE, y * SIZE) for x, y in points], dtype=F32)
    order = np.empty(len(corners), np.int32)
    # a few points: not worth compiling; without the JIT it is a plain function already
    plain = getattr(convex_hull, "py_func", convex_hull)
    n = plain(corners[:, 0], corners[:, 1], order)
    return corners[order[:n]]


def _mass_of_polygon(corners: NDArray[np.float32], density: np.float32) -> tuple[F32, ...]:
    """Mass, centre x and y, and inertia about the body's origin of one polygon, in float32."""
    third = F32(F32(1.0) / F32(3.0))
    sx = sy = F32(0.0)
    for x, y in corners:
        sx, sy = sx + x, sy + y
    share = F32(F32(1.0) / F32(len(corners)))
    sx, sy = sx * share, sy * share
    cx = cy = area = inertia = F32(0.0)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ax, ay, bx, by = x1 - sx, y1 - sy, x2 - sx, y2 - sy
        cross = ax * by - ay * bx
        triangle = F32(0.5) * cross
        area = area + triangle
        cx = cx + triangle * third * (ax + bx)
        cy = cy + triangle * third * (ay + by)
        square_x = ax * ax + bx * ax + bx * bx
        square_y = ay * ay + by * ay + by * by
        inertia = inertia + (F32(0.25) * third * cross) * (square_x + square_y)
    mass = density * area
    inverse = F32(1.0) / area
    cx, cy = cx * inverse, cy * inverse
    x, y = cx + sx, cy + sy
    inertia = density * inertia + mass * ((x * x + y * y) - (cx * cx + cy * cy))
    return mass, x, y, inertia


def _mass_of_body(
    polygons: Sequence[NDArray[np.float32]], density: np.float32
) -> tuple[np.float32, ...]:
    """Inverse mass, centre of mass x and y, and inverse inertia about it.

    The engine keeps the newest polygon first, hence the reversed order.
    """
    mass = x = y = inertia = F32(0.0)
    for polygon in reversed(polygons):
        m, cx, cy, i = _mass_of_polygon(polygon, density)
        mass, inertia = mass + m, inertia + i
        x, y = x + m * cx, y + m * cy
    inverse = F32(1.0) / mass
    x, y = x * inverse, y * inverse
    inertia = inertia - mass * (x * x + y * y)
    return inverse, x, y, F32(1.0) / inertia


HULL_POLYGONS = tuple(_polygon(points) for points in _HULL)
WHEEL_POLYGON = _polygon(
    [
        (sx * _WHEEL_HALF_WIDTH, sy * _WHEEL_HALF_LENGTH)
        for sx, sy in ((-1, 1), (1, 1), (1, -1), (-1, -1))
    ]
)
HULL_INVERSE_MASS, HULL_CENTRE_X, HULL_CENTRE_Y, HULL_INVERSE_INERTIA = _mass_of_body(
    HULL_POLYGONS, _HULL_DENSITY
)
# a wheel's centre of mass is its origin, exactly; the solvers rely on it
WHEEL_INVERSE_MASS, _, _, WHEEL_INVERSE_INERTIA = _mass_of_body([WHEEL_POLYGON], _WHEEL_DENSITY)
# what one joint turns and moves
INVERSE_MASS_SUM = F32(HULL_INVERSE_MASS + WHEEL_INVERSE_MASS)
INVERSE_INERTIA_SUM = F32(HULL_INVERSE_INERTIA + WHEEL_INVERSE_INERTIA)
MOTOR_MASS = F32(F32(1.0) / INVERSE_INERTIA_SUM)

# where the wheels hang, seen from the hull's centre of mass: (4,) float32 each
ANCHOR_X = np.array([F32(x) - HULL_CENTRE_X for x in WHEEL_OFFSET[:, 0]], dtype=F32)
ANCHOR_Y = np.array([F32(y) - HULL_CENTRE_Y for y in WHEEL_OFFSET[:, 1]], dtype=F32)
