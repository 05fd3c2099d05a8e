"""Velocities of a car whose four wheels hang on revolute joints.

The engine solves the joints one after another, newest first, 180 times, in float32. Each joint has
a motor, which turns the wheel at MOTOR_SPEED, a limit at +-0.4 rad and a point that holds the wheel
in its place.

``EXACT`` leaves the loop early without changing a bit: once velocities and the impulses that are
compared with a bound repeat, with a period of a few rounds, so does everything else; what is left
is to go on adding the same point impulses.

Source: sequential impulses as in Box2D 2.3 by Erin Catto (zlib licence): the order of operations
is the engine's, the code is not. Here wheels have their centre of mass at the joint, so that terms
with its arm are gone.
"""

from __future__ import annotations

import numpy as np

from wann_envs.car_racing import rigid_body as rb
from wann_envs.car_racing.state import (
    ANGLE,
    AT_LOWER,
    AT_UPPER,
    COS,
    FORCE_X,
    FORCE_Y,
    IMPULSE_LIMIT,
    IMPULSE_MOTOR,
    IMPULSE_X,
    IMPULSE_Y,
    INACTIVE,
    LIMIT,
    MOTOR_SPEED,
    SIN,
    SPIN,
    VX,
    VY,
)
from wann_envs.jit import inner_kernel

ALL_ROUNDS, EXACT, FAST = 0, 1, 2
_FAST_TOLERANCE = np.float32(1e-7)

_F = np.float32
_ZERO, _ONE = _F(0.0), _F(1.0)
_H = rb.TIME_STEP
_MASS_A, _MASS_B = rb.HULL_INVERSE_MASS, rb.WHEEL_INVERSE_MASS
_INERTIA_A, _INERTIA_B = rb.HULL_INVERSE_INERTIA, rb.WHEEL_INVERSE_INERTIA
_INERTIA_SUM, _MASS_SUM, _MOTOR_MASS = rb.INVERSE_INERTIA_SUM, rb.INVERSE_MASS_SUM, rb.MOTOR_MASS
_MAX_MOTOR = rb.MAX_MOTOR_IMPULSE
_N_VELOCITY = rb.VELOCITY_ITERATIONS
_LOWER, _UPPER = rb.LOWER_ANGLE, rb.UPPER_ANGLE
_ANCHOR_X, _ANCHOR_Y = rb.ANCHOR_X, rb.ANCHOR_Y

# rows of Cars.work; a round changes the first five and depends on them
BVX, BVY, BW, MOTOR, IZ, IX, IY = range(7)
N_CHANGING = 5
RX, RY, K11, K12, K22, DET, K13, K23, DET33, SPEED, STATE = range(7, 18)


@inner_kernel(nogil=True, error_model="numpy")
def integrate_forces(body, lane):
    """Adds what the friction forces give in one time step to the wheels' velocities."""
    for j in range(4):
        b = 1 + j
        body[VX + b, lane] += _H * (_MASS_B * body[FORCE_X + j, lane])
        body[VY + b, lane] += _H * (_MASS_B * body[FORCE_Y + j, lane])


@inner_kernel(nogil=True, error_model="numpy")
def prepare(body, flag, lane, work):
    """Sets up the four joints: arms, effective masses and limits; applies last step's impulses.

    Args:
        work: (N_WORK, 4), filled; the hull's velocity is changed in ``body``, the wheels' in work.
    """
    vx, vy, w = body[VX, lane], body[VY, lane], body[SPIN, lane]
    sin, cos = body[SIN, lane], body[COS, lane]
    for j in range(3, -1, -1):
        b = 1 + j
        ax, ay = _ANCHOR_X[j], _ANCHOR_Y[j]
        rx, ry = cos * ax - sin * ay, sin * ax + cos * ay
        k11, k22 = _MASS_SUM + ry * ry * _INERTIA_A, _MASS_SUM + rx * rx * _INERTIA_A
        k12, k13, k23 = -ry * rx * _INERTIA_A, -ry * _INERTIA_A, rx * _INERTIA_A
        det = k11 * k22 - k12 * k12
        work[DET, j] = _ONE / det if det != _ZERO else det
        work[RX, j], work[RY, j] = rx, ry
        work[K11, j], work[K12, j], work[K22, j] = k11, k12, k22
        work[K13, j], work[K23, j] = k13, k23
        state = _limit_state(body[ANGLE + b, lane] - body[ANGLE, lane])
        if state == INACTIVE or state != flag[LIMIT + j, lane]:
            body[IMPULSE_LIMIT + j, lane] = _ZERO
        flag[LIMIT + j, lane] = state
        work[STATE, j] = _F(state)
        cross_x = k22 * _INERTIA_SUM - k23 * k23
        cross_y = k23 * k13 - k12 * _INERTIA_SUM
        cross_z = k12 * k23 - k22 * k13
        det = k11 * cross_x + k12 * cross_y + k13 * cross_z
        work[DET33, j] = _ONE / det if det != _ZERO else det
        px, py = body[IMPULSE_X + j, lane], body[IMPULSE_Y + j, lane]
        motor, limit = body[IMPULSE_MOTOR + j, lane], body[IMPULSE_LIMIT + j, lane]
        vx -= _MASS_A * px
        vy -= _MASS_A * py
        w -= _INERTIA_A * ((rx * py - ry * px) + motor + limit)
        work[BVX, j] = body[VX + b, lane] + _MASS_B * px
        work[BVY, j] = body[VY + b, lane] + _MASS_B * py
        work[BW, j] = body[SPIN + b, lane] + _INERTIA_B * (motor + limit)
        work[SPEED, j], work[MOTOR, j] = body[MOTOR_SPEED + j, lane], motor
        work[IX, j], work[IY, j], work[IZ, j] = px, py, limit
    body[VX, lane], body[VY, lane], body[SPIN, lane] = vx, vy, w


@inner_kernel(nogil=True, error_model="numpy")
def _limit_state(angle):
    if angle <= _LOWER:
        return AT_LOWER
    return AT_UPPER if angle >= _UPPER else INACTIVE


@inner_kernel(nogil=True, error_model="numpy")
def _with_limit(work, j, vx, vy, w, bw):
    """The impulse (x, y, z) of a joint that stands at its limit; adds z to the sum in work."""
    k11, k12, k22 = work[K11, j], work[K12, j], work[K22, j]
    k13, k23, k33 = work[K13, j], work[K23, j], _INERTIA_SUM
    cx = (work[BVX, j] - vx) + w * work[RY, j]
    cy = (work[BVY, j] - vy) - w * work[RX, j]
    cz = bw - w
    det = work[DET33, j]
    # the rows of the inverse by cross products, in the engine's order
    x = -(
        det
        * (
            cx * (k22 * k33 - k23 * k23)
            + cy * (k23 * k13 - k12 * k33)
            + cz * (k12 * k23 - k22 * k13)
        )
    )
    y = -(
        det
        * (k11 * (cy * k33 - cz * k23) + k12 * (cz * k13 - cx * k33) + k13 * (cx * k23 - cy * k13))
    )
    z = -(
        det
        * (k11 * (k22 * cz - k23 * cy) + k12 * (k23 * cx - k12 * cz) + k13 * (k12 * cy - k22 * cx))
    )
    total = work[IZ, j]
    after = total + z
    pulls = after < _ZERO if work[STATE, j] == _F(AT_LOWER) else after > _ZERO
    if pulls:
        # a limit only pushes: solve the point alone, with the limit's impulse taken back
        bx, by = -cx + total * k13, -cy + total * k23
        det = work[DET, j]
        x, y, z = det * (k22 * bx - k12 * by), det * (k11 * by - k12 * bx), -total
        after = _ZERO
    work[IZ, j] = after
    return x, y, z


@inner_kernel(nogil=True, error_model="numpy")
def _sweep(work, increment, vx, vy, w):
    """One round over the joints; returns the hull's velocity.

    Args:
        increment: (8,), receives what the round adds to the point impulses.
    """
    for j in range(3, -1, -1):
        bw = work[BW, j]
        before = work[MOTOR, j]
        motor = before + -_MOTOR_MASS * (bw - w - work[SPEED, j])
        motor = motor if motor < _MAX_MOTOR else _MAX_MOTOR
        motor = motor if motor > -_MAX_MOTOR else -_MAX_MOTOR
        work[MOTOR, j] = motor
        turn = motor - before
        w -= _INERTIA_A * turn
        bw += _INERTIA_B * turn
        rx, ry = work[RX, j], work[RY, j]
        if work[STATE, j] != _ZERO:
            x, y, z = _with_limit(work, j, vx, vy, w, bw)
            w -= _INERTIA_A * ((rx * y - ry * x) + z)
            bw += _INERTIA_B * z
        else:
            cx = (work[BVX, j] - vx) + w * ry
            cy = (work[BVY, j] - vy) - w * rx
            det, k12 = work[DET, j], work[K12, j]
            x = det * (work[K22, j] * -cx - k12 * -cy)
            y = det * (work[K11, j] * -cy - k12 * -cx)
            w -= _INERTIA_A * (rx * y - ry * x)
        increment[2 * j], increment[2 * j + 1] = x, y
        vx -= _MASS_A * x
        vy -= _MASS_A * y
        work[BVX, j] += _MASS_B * x
        work[BVY, j] += _MASS_B * y
        work[BW, j] = bw
    return vx, vy, w


@inner_kernel(nogil=True, error_model="numpy")
def _is_same(work, saved, tolerance):
    """Whether what a round depends on, beside the hull's velocity, is as it was."""
    is_same = True
    for row in range(N_CHANGING):
        for j in range(4):
            is_same &= abs(work[row, j] - saved[row, j]) <= tolerance
    return is_same


@inner_kernel(nogil=True, error_model="numpy")
def _save(work, saved):
    for row in range(N_CHANGING):
        for j in range(4):
            saved[row, j] = work[row, j]


@inner_kernel(nogil=True, error_model="numpy")
def _add_point_impulses(work, increment, n, first, period):
    """Adds up the point impulses of all rounds: n that were computed, then repeated ones.

    Args:
        first, period: rounds first to first + period - 1 are repeated until the last round;
            period 0 repeats nothing.
    """
    sums = increment[_N_VELOCITY]
    for j in range(4):
        sums[2 * j], sums[2 * j + 1] = work[IX, j], work[IY, j]
    for k in range(n):
        for i in range(8):
            sums[i] += increment[k, i]
    # the computed rounds end with a whole period, so that the next round is the first of one
    while period == 2 and n < _N_VELOCITY:
        for k in range(first, first + 2):
            for i in range(8):
                sums[i] += increment[k, i]
        n += 2
    if period == 1:
        for i in range(8):
            sums[i] = add_again(sums[i], increment[first, i], _N_VELOCITY - n)
    for j in range(4):
        work[IX, j], work[IY, j] = sums[2 * j], sums[2 * j + 1]


@inner_kernel(nogil=True, error_model="numpy")
def add_again(value, term, n):
    """Adds a term n times, with a float32 rounding each time.

    Between two powers of two every addition is rounded to the same multiple of the spacing; only
    the first may differ, where the term lies half-way and the value is odd. So the rest is one
    exact product in float64, unless a power of two is passed on the way.
    """
    if n < 3:
        for _ in range(n):
            value += term
        return value
    first = value + term
    second = first + term
    change = np.float64(second) - np.float64(first)
    last = np.float64(second) + np.float64(n - 2) * change
    exponent = _exponent(first)
    if exponent == _exponent(second) and exponent == _exponent(_F(last)):
        return _F(last)
    for _ in range(n):
        value += term
    return value


@inner_kernel(nogil=True, error_model="numpy")
def _exponent(value):
    """Sign and exponent of a float32."""
    return np.float32(value).view(np.int32) >> 23


@inner_kernel(nogil=True, error_model="numpy")
def solve_velocities(body, lane, work, saved, increment, mode):
    """Solves the joints for velocities.

    Args:
        work: as ``prepare`` left it; wheels' velocities and impulses are changed.
        saved: (2, 5, 4) float32 scratch.
        increment: (VELOCITY_ITERATIONS + 1, 8) float32 scratch.
        mode: ALL_ROUNDS, EXACT (the same bits, sooner) or FAST (ends when nearly the same).

    Returns:
        The number of rounds that were computed.
    """
    vx, vy, w = body[VX, lane], body[VY, lane], body[SPIN, lane]
    tolerance = _FAST_TOLERANCE if mode == FAST else _ZERO
    # one and two rounds ago: nearly every cycle has one of these periods
    x1 = y1 = w1 = x2 = y2 = w2 = _F(np.nan)
    n, period = _N_VELOCITY, 0
    k = 0
    while k < n:
        x1, y1, w1, x2, y2, w2 = vx, vy, w, x1, y1, w1
        if mode != ALL_ROUNDS:
            _save(work, saved[k % 2])
        vx, vy, w = _sweep(work, increment[k], vx, vy, w)
        k += 1
        if mode == ALL_ROUNDS or period != 0:
            continue
        change = max(abs(vx - x1), abs(vy - y1), abs(w - w1))
        if change <= tolerance and _is_same(work, saved[(k - 1) % 2], tolerance):
            period = 1
            n = k
        elif vx == x2 and vy == y2 and w == w2 and _is_same(work, saved[k % 2], _ZERO):
            period = 2
            # whole periods bring the state back; a single round that is left is computed
            n = k + (_N_VELOCITY - k) % 2
    if mode == FAST:
        period = 0
    _add_point_impulses(work, increment, k, k - period, period)
    body[VX, lane], body[VY, lane], body[SPIN, lane] = vx, vy, w
    return k


@inner_kernel(nogil=True, error_model="numpy")
def store(body, lane, work):
    """Writes the wheels' velocities and the joints' impulses back."""
    for j in range(4):
        b = 1 + j
        body[VX + b, lane], body[VY + b, lane] = work[BVX, j], work[BVY, j]
        body[SPIN + b, lane] = work[BW, j]
        body[IMPULSE_X + j, lane], body[IMPULSE_Y + j, lane] = work[IX, j], work[IY, j]
        body[IMPULSE_LIMIT + j, lane] = work[IZ, j]
        body[IMPULSE_MOTOR + j, lane] = work[MOTOR, j]
