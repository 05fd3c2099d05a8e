"""Velocities of many cars at once: sixteen lanes are solved by one stream of vector operations.

A round over the joints is one long chain of dependent operations, so that a single car leaves most
of the processor idle. Lanes of a block go through the same rounds. After some rounds those lanes
whose state repeats are finished, see ``velocity``, and the others move together into fewer blocks.
The bits are those of ``velocity.solve_velocities``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann_envs.car_racing import rigid_body as rb
from wann_envs.car_racing import velocity as v
from wann_envs.car_racing.state import AT_LOWER, N_WORK, SPIN, VX, VY
from wann_envs.jit import inner_kernel

LANES = 16
# rounds between two looks for finished lanes; all even, since a repetition may have two rounds
_STAGES = (6, 18, 36, 48, 72)
_PLANE = 4 * LANES
# after the rows of Cars.work: what the last two rounds added, and the state two rounds ago
_X0, _Y0, _X1, _Y1, _SAVED = range(N_WORK, N_WORK + 5)
_N_ROWS = _SAVED + v.N_CHANGING

_F = np.float32
_ZERO = _F(0.0)
_MASS_A, _MASS_B = rb.HULL_INVERSE_MASS, rb.WHEEL_INVERSE_MASS
_INERTIA_A, _INERTIA_B = rb.HULL_INVERSE_INERTIA, rb.WHEEL_INVERSE_INERTIA
_INERTIA_SUM, _MOTOR_MASS = rb.INVERSE_INERTIA_SUM, rb.MOTOR_MASS
_MAX_MOTOR = rb.MAX_MOTOR_IMPULSE
_AT_LOWER = _F(AT_LOWER)
_N_ROUNDS = rb.VELOCITY_ITERATIONS

# Where the rows begin in a flat block. An unsigned index needs no check for wrapping around,
# without which the loops over lanes become vector operations.
_U = np.uint64
_BVX, _BVY, _BW = _U(v.BVX * _PLANE), _U(v.BVY * _PLANE), _U(v.BW * _PLANE)
_MOTOR, _SPEED, _STATE = _U(v.MOTOR * _PLANE), _U(v.SPEED * _PLANE), _U(v.STATE * _PLANE)
_IX, _IY, _IZ = _U(v.IX * _PLANE), _U(v.IY * _PLANE), _U(v.IZ * _PLANE)
_RX, _RY, _DET = _U(v.RX * _PLANE), _U(v.RY * _PLANE), _U(v.DET * _PLANE)
_K11, _K12, _K22 = _U(v.K11 * _PLANE), _U(v.K12 * _PLANE), _U(v.K22 * _PLANE)
_K13, _K23, _DET33 = _U(v.K13 * _PLANE), _U(v.K23 * _PLANE), _U(v.DET33 * _PLANE)
_PX0, _PY0 = _U(_X0 * _PLANE), _U(_Y0 * _PLANE)
_PX1, _PY1 = _U(_X1 * _PLANE), _U(_Y1 * _PLANE)
_N, _VX, _VY, _W = _U(LANES), _U(0), _U(LANES), _U(2 * LANES)


class Blocks(NamedTuple):
    """Scratch for the lanes of one thread.

    Attributes:
        joint: (blocks, rows, 4, LANES) float32: rows as in Cars.work and a few more.
        hull: (blocks, 6, LANES) float32: vx, vy, spin of the hulls, and two rounds ago.
        flat_joint, flat_hull: (blocks, numbers of a block): the same memory.
        owner: (lanes,) int32: the lane of Cars that a place of the blocks belongs to.
    """

    joint: NDArray[np.float32]
    hull: NDArray[np.float32]
    flat_joint: NDArray[np.float32]
    flat_hull: NDArray[np.float32]
    owner: NDArray[np.int32]


def new_blocks(n_lanes: int) -> Blocks:
    """Scratch for at most ``n_lanes`` lanes."""
    n = -(-n_lanes // LANES)
    joint = np.zeros((n, _N_ROWS, 4, LANES), np.float32)
    hull = np.zeros((n, 6, LANES), np.float32)
    return Blocks(
        joint=joint,
        hull=hull,
        flat_joint=joint.reshape(n, -1),
        flat_hull=hull.reshape(n, -1),
        owner=np.zeros(n * LANES, np.int32),
    )


@inner_kernel(nogil=True, error_model="numpy")
def _motor(before, difference):
    """The impulse of a motor after a round, within its bounds."""
    motor = before + -_MOTOR_MASS * difference
    motor = motor if motor < _MAX_MOTOR else _MAX_MOTOR
    return motor if motor > -_MAX_MOTOR else -_MAX_MOTOR


@inner_kernel(nogil=True, error_model="numpy")
def _solve_free(w, h, o):
    """One joint where no lane stands at a limit; o is its offset in a plane of the block."""
    for k in range(_N):
        a = o + k
        vx, vy, spin, bw = h[_VX + k], h[_VY + k], h[_W + k], w[_BW + a]
        motor = _motor(w[_MOTOR + a], bw - spin - w[_SPEED + a])
        turn = motor - w[_MOTOR + a]
        w[_MOTOR + a] = motor
        spin -= _INERTIA_A * turn
        w[_BW + a] = bw + _INERTIA_B * turn
        rx, ry, k12 = w[_RX + a], w[_RY + a], w[_K12 + a]
        cx = (w[_BVX + a] - vx) + spin * ry
        cy = (w[_BVY + a] - vy) - spin * rx
        x = w[_DET + a] * (w[_K22 + a] * -cx - k12 * -cy)
        y = w[_DET + a] * (w[_K11 + a] * -cy - k12 * -cx)
        h[_VX + k], h[_VY + k] = vx - _MASS_A * x, vy - _MASS_A * y
        h[_W + k] = spin - _INERTIA_A * (rx * y - ry * x)
        w[_BVX + a] += _MASS_B * x
        w[_BVY + a] += _MASS_B * y
        w[_IX + a] += x
        w[_IY + a] += y
        w[_PX1 + a], w[_PY1 + a] = w[_PX0 + a], w[_PY0 + a]
        w[_PX0 + a], w[_PY0 + a] = x, y


@inner_kernel(nogil=True, error_model="numpy")
def _solve_limited(w, h, o):
    """One joint where some lane stands at a limit; as in ``velocity``, but without branches."""
    for k in range(_N):
        a = o + k
        vx, vy, spin, bw = h[_VX + k], h[_VY + k], h[_W + k], w[_BW + a]
        motor = _motor(w[_MOTOR + a], bw - spin - w[_SPEED + a])
        turn = motor - w[_MOTOR + a]
        w[_MOTOR + a] = motor
        spin -= _INERTIA_A * turn
        bw += _INERTIA_B * turn
        rx, ry, state = w[_RX + a], w[_RY + a], w[_STATE + a]
        k11, k12, k22 = w[_K11 + a], w[_K12 + a], w[_K22 + a]
        k13, k23, k33 = w[_K13 + a], w[_K23 + a], _INERTIA_SUM
        cx = (w[_BVX + a] - vx) + spin * ry
        cy = (w[_BVY + a] - vy) - spin * rx
        cz = bw - spin
        det = w[_DET33 + a]
        x3 = cx * (k22 * k33 - k23 * k23) + cy * (k23 * k13 - k12 * k33)
        x3 = -(det * (x3 + cz * (k12 * k23 - k22 * k13)))
        y3 = k11 * (cy * k33 - cz * k23) + k12 * (cz * k13 - cx * k33)
        y3 = -(det * (y3 + k13 * (cx * k23 - cy * k13)))
        z3 = k11 * (k22 * cz - k23 * cy) + k12 * (k23 * cx - k12 * cz)
        z3 = -(det * (z3 + k13 * (k12 * cy - k22 * cx)))
        total = w[_IZ + a]
        after = total + z3
        pulls = after if state == _AT_LOWER else -after
        is_point = (pulls < _ZERO) | (state == _ZERO)
        # where the limit is inactive its sum is zero, and this is the point alone
        bx, by = -cx + total * k13, -cy + total * k23
        x = w[_DET + a] * (k22 * bx - k12 * by)
        y = w[_DET + a] * (k11 * by - k12 * bx)
        x = x if is_point else x3
        y = y if is_point else y3
        z = -total if is_point else z3
        w[_IZ + a] = _ZERO if is_point else after
        h[_VX + k], h[_VY + k] = vx - _MASS_A * x, vy - _MASS_A * y
        h[_W + k] = spin - _INERTIA_A * ((rx * y - ry * x) + z)
        w[_BW + a] = bw + _INERTIA_B * z
        w[_BVX + a] += _MASS_B * x
        w[_BVY + a] += _MASS_B * y
        w[_IX + a] += x
        w[_IY + a] += y
        w[_PX1 + a], w[_PY1 + a] = w[_PX0 + a], w[_PY0 + a]
        w[_PX0 + a], w[_PY0 + a] = x, y


@inner_kernel(nogil=True, error_model="numpy")
def _run(w, h, n):
    """n rounds of one block; keeps the state before the last two."""
    has_limit = np.zeros(4, np.bool_)
    for j in range(4):
        for k in range(LANES):
            has_limit[j] |= w[_STATE + _U(j * LANES + k)] != _ZERO
    for r in range(n):
        if r == n - 2:
            for a in range(v.N_CHANGING * _PLANE):
                w[_SAVED * _PLANE + a] = w[a]
            for a in range(3 * LANES):
                h[3 * LANES + a] = h[a]
        for j in range(3, -1, -1):
            if has_limit[j]:
                _solve_limited(w, h, _U(j * LANES))
            else:
                _solve_free(w, h, _U(j * LANES))


@inner_kernel(nogil=True, error_model="numpy")
def _is_repeating(joint, hull, k):
    """Whether the state of a lane is that of two rounds ago."""
    for i in range(3):
        if hull[i, k] != hull[3 + i, k]:
            return False
    is_same = True
    for row in range(v.N_CHANGING):
        for j in range(4):
            is_same &= joint[row, j, k] == joint[_SAVED + row, j, k]
    return is_same


@inner_kernel(nogil=True, error_model="numpy")
def _finish(body, lane, joint, hull, k, n_left):
    """Adds the point impulses of the rounds that are left and writes the lane back."""
    for j in range(4):
        for row in range(2):
            value = joint[v.IX + row, j, k]
            last, before = joint[_X0 + row, j, k], joint[_X1 + row, j, k]
            if last == before:
                value = v.add_again(value, last, n_left)
            else:
                for _ in range(n_left // 2):
                    value = (value + before) + last
            joint[v.IX + row, j, k] = value
    body[VX, lane], body[VY, lane], body[SPIN, lane] = hull[0, k], hull[1, k], hull[2, k]
    v.store(body, lane, joint[:, :, k])


@inner_kernel(nogil=True, error_model="numpy")
def _move_lane(blocks, source, target):
    """Copies a place of the blocks onto another."""
    a, b, c, d = source // LANES, source % LANES, target // LANES, target % LANES
    for row in range(N_WORK):
        for j in range(4):
            blocks.joint[c, row, j, d] = blocks.joint[a, row, j, b]
    for i in range(3):
        blocks.hull[c, i, d] = blocks.hull[a, i, b]
    blocks.owner[target] = blocks.owner[source]


@inner_kernel(nogil=True, error_model="numpy")
def solve_lanes(body, flag, is_running, blocks):
    """Solves the joints of all running lanes for velocities, with the bits of the exact solver.

    Args:
        body, flag: of Cars; forces are integrated already. Velocities and impulses are changed.
        is_running: (L,) bool.
        blocks: scratch for L lanes.
    """
    n = 0
    for lane in range(is_running.size):
        if is_running[lane]:
            joint, k = blocks.joint[n // LANES], n % LANES
            v.prepare(body, flag, lane, joint[:, :, k])
            hull = blocks.hull[n // LANES]
            hull[0, k], hull[1, k], hull[2, k] = body[VX, lane], body[VY, lane], body[SPIN, lane]
            blocks.owner[n] = lane
            n += 1
    n_left = _N_ROUNDS
    for n_rounds in _STAGES:
        n_left -= n_rounds
        for b in range((n + LANES - 1) // LANES):
            _run(blocks.flat_joint[b], blocks.flat_hull[b], n_rounds)
        for place in range(n - 1, -1, -1):
            joint, hull, k = (
                blocks.joint[place // LANES],
                blocks.hull[place // LANES],
                place % LANES,
            )
            if n_left == 0 or _is_repeating(joint, hull, k):
                _finish(body, blocks.owner[place], joint, hull, k, n_left)
                n -= 1
                if place != n:
                    _move_lane(blocks, n, place)
