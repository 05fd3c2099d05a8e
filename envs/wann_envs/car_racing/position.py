"""Positions of a car: integration, correction of the joints, and sleep.

The engine solves the joints one after another, newest first, until all are close enough, at most
60 times, in float32.

Source: the order of operations is that of Box2D 2.3 by Erin Catto (zlib licence), the code is not.
"""

from __future__ import annotations

import math

import numpy as np

from wann_envs.car_racing import rigid_body as rb
from wann_envs.car_racing.state import (
    ANGLE,
    AT_LOWER,
    COS,
    INACTIVE,
    LIMIT,
    SIN,
    SLEEP,
    SPIN,
    VX,
    VY,
    X,
    Y,
)
from wann_envs.jit import inner_kernel

_F = np.float32
_ZERO, _ONE = _F(0.0), _F(1.0)
_H = rb.TIME_STEP
_MASS_A, _MASS_B, _MASS_SUM = rb.HULL_INVERSE_MASS, rb.WHEEL_INVERSE_MASS, rb.INVERSE_MASS_SUM
_INERTIA_A, _INERTIA_B = rb.HULL_INVERSE_INERTIA, rb.WHEEL_INVERSE_INERTIA
_MOTOR_MASS = rb.MOTOR_MASS
_N_POSITION = rb.POSITION_ITERATIONS
_LOWER, _UPPER = rb.LOWER_ANGLE, rb.UPPER_ANGLE
_SLOP, _MAX_TURN = rb.ANGULAR_SLOP, rb.MAX_ANGULAR_CORRECTION
_LINEAR_SLOP = rb.LINEAR_SLOP
_ANCHOR_X, _ANCHOR_Y = rb.ANCHOR_X, rb.ANCHOR_Y


@inner_kernel(nogil=True, error_model="numpy")
def move(body, flag, lane):
    """Moves the bodies, corrects their positions, and lets a car that stands still sleep."""
    for b in range(5):
        _move_body(body, lane, b)
    is_solved = False
    for _ in range(_N_POSITION):
        is_solved = True
        for j in range(3, -1, -1):
            is_solved &= _correct(body, lane, j, flag[LIMIT + j, lane])
        if is_solved:
            break
    for b in range(5):
        body[SIN + b, lane] = math.sin(body[ANGLE + b, lane])
        body[COS + b, lane] = math.cos(body[ANGLE + b, lane])
    _rest(body, lane, is_solved)


@inner_kernel(nogil=True, error_model="numpy")
def _move_body(body, lane, b):
    """Integrates the position of one body; the engine bounds the way of one step."""
    vx, vy, w = body[VX + b, lane], body[VY + b, lane], body[SPIN + b, lane]
    dx, dy, turn = _H * vx, _H * vy, _H * w
    way = dx * dx + dy * dy
    if way > rb.MAX_TRANSLATION * rb.MAX_TRANSLATION:
        ratio = rb.MAX_TRANSLATION / np.sqrt(way)
        vx, vy = vx * ratio, vy * ratio
    if turn * turn > rb.MAX_ROTATION * rb.MAX_ROTATION:
        w *= rb.MAX_ROTATION / abs(turn)
    body[VX + b, lane], body[VY + b, lane], body[SPIN + b, lane] = vx, vy, w
    body[X + b, lane] += _H * vx
    body[Y + b, lane] += _H * vy
    body[ANGLE + b, lane] += _H * w


@inner_kernel(nogil=True, error_model="numpy")
def _correct(body, lane, j, state):
    """Moves the hull and one wheel towards their joint; returns whether they were close enough."""
    b = 1 + j
    angle_a, angle_b = body[ANGLE, lane], body[ANGLE + b, lane]
    error = _ZERO
    if state != INACTIVE:
        c = angle_b - angle_a
        if state == AT_LOWER:
            c -= _LOWER
            error = -c
            c = min(max(c + _SLOP, -_MAX_TURN), _ZERO)
        else:
            c -= _UPPER
            error = c
            c = min(max(c - _SLOP, _ZERO), _MAX_TURN)
        impulse = -_MOTOR_MASS * c
        angle_a -= _INERTIA_A * impulse
        angle_b += _INERTIA_B * impulse
    sin, cos = math.sin(angle_a), math.cos(angle_a)
    ax, ay = _ANCHOR_X[j], _ANCHOR_Y[j]
    rx, ry = cos * ax - sin * ay, sin * ax + cos * ay
    cx = body[X + b, lane] - body[X, lane] - rx
    cy = body[Y + b, lane] - body[Y, lane] - ry
    k11 = _MASS_SUM + _INERTIA_A * ry * ry
    k12 = -_INERTIA_A * rx * ry
    k22 = _MASS_SUM + _INERTIA_A * rx * rx
    det = k11 * k22 - k12 * k12
    if det != _ZERO:
        det = _ONE / det
    x, y = -(det * (k22 * cx - k12 * cy)), -(det * (k11 * cy - k12 * cx))
    body[X, lane] -= _MASS_A * x
    body[Y, lane] -= _MASS_A * y
    body[ANGLE, lane] = angle_a - _INERTIA_A * (rx * y - ry * x)
    body[X + b, lane] += _MASS_B * x
    body[Y + b, lane] += _MASS_B * y
    body[ANGLE + b, lane] = angle_b
    return np.sqrt(cx * cx + cy * cy) <= _LINEAR_SLOP and error <= _SLOP


@inner_kernel(nogil=True, error_model="numpy")
def _rest(body, lane, is_solved):
    """Counts the time that each body has been slow; stops all when the shortest is long enough.

    The next step's motors and forces wake the bodies, so that sleep is only this stop.
    """
    shortest = _F(np.inf)
    for b in range(5):
        vx, vy, w = body[VX + b, lane], body[VY + b, lane], body[SPIN + b, lane]
        if w * w > rb.SLEEP_SPIN_SQUARED or vx * vx + vy * vy > rb.SLEEP_SPEED_SQUARED:
            body[SLEEP + b, lane] = _ZERO
        else:
            body[SLEEP + b, lane] += _H
        shortest = min(shortest, body[SLEEP + b, lane])
    if shortest >= rb.TIME_TO_SLEEP and is_solved:
        for b in range(5):
            body[VX + b, lane] = body[VY + b, lane] = body[SPIN + b, lane] = _ZERO
            body[SLEEP + b, lane] = _ZERO
