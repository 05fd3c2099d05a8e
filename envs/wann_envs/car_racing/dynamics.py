"""One step of CarRacing-v3: friction of the wheels, contacts, rigid bodies, reward.

Friction and rewards are float64, bodies float32, as in the original; there is no fused
multiply-add, and sine and cosine are libm's.

A compiled rollout gets its tracks from outside (``track.random_tracks``) and calls by name::

    cars = state.new_cars(n_lanes, int(np.diff(tracks.first).max()))  # one set for a thread
    blocks = lanes.new_blocks(n_lanes)                                # likewise; tracks are shared
    # in the kernel, for every lane
    start(cars, lane, tracks, track_of[lane], LAP_COMPLETE_PERCENT, velocity.EXACT)
    # then for every step
    observation.observe(cars, lane, tracks, track_of[lane], seen[:, lane])
    step_lanes(cars, tracks, track_of, actions, is_running, rewards, endings,
               LAP_COMPLETE_PERCENT, blocks)

Source: Gymnasium's ``car_racing.py`` and ``car_dynamics.py`` (MIT licence).
"""

from __future__ import annotations

import math

import numpy as np

from wann_envs.car_racing import rigid_body as rb
from wann_envs.car_racing.contact import look
from wann_envs.car_racing.lanes import solve_lanes
from wann_envs.car_racing.position import move
from wann_envs.car_racing.state import (
    ANGLE,
    BRAKE,
    COS,
    FORCE_X,
    FORCE_Y,
    GAS,
    IS_NEW_LAP,
    MOTOR_SPEED,
    N_VISITED,
    OMEGA,
    ON_ROAD,
    PHASE,
    PREVIOUS_REWARD,
    REWARD,
    SIN,
    SKID,
    STEER,
    TIME,
    VX,
    VY,
    X,
    Y,
    clear,
)
from wann_envs.car_racing.track import PLAYFIELD
from wann_envs.car_racing.velocity import integrate_forces, prepare, solve_velocities, store
from wann_envs.jit import inner_kernel, kernel

EPISODE_STEPS = 1000
FRAMES_PER_SECOND = 50
LAP_COMPLETE_PERCENT = 0.95
# how an episode stands after a step
DRIVING, LAP_FINISHED, OFF_PLAYFIELD = 0, 1, 2

_SIZE = rb.SIZE
_DT = 1.0 / FRAMES_PER_SECOND
_POWER = 100000000 * _SIZE * _SIZE
_WHEEL_INERTIA = 4000 * _SIZE * _SIZE
_GRIP = 1000000 * _SIZE * _SIZE
_GRASS_GRIP = _GRIP * 0.6
_STIFFNESS = 205000
_RADIUS = rb.WHEEL_RADIUS
_MAX_GAS_CHANGE = 0.1
_BRAKE_SPEED = 15
_CENTRE_X, _CENTRE_Y = rb.HULL_CENTRE_X, rb.HULL_CENTRE_Y
_OFFSET = rb.WHEEL_OFFSET


@kernel(nogil=True, error_model="numpy")
def start(cars, lane, tracks, track, lap_complete_percent, mode):
    """Puts a new car at the start of a track and makes the step without an action of ``reset``.

    Args:
        cars: one lane is overwritten.
        lane, track: indices.
        lap_complete_percent: see ``contact.look``.
        mode: of the solver: EXACT or FAST.
    """
    clear(cars, lane)
    body = cars.body
    line = tracks.line[tracks.first[track]]
    beta, x, y = line[1], line[2], line[3]
    angle = np.float32(beta)
    sin, cos = math.sin(angle), math.cos(angle)
    body[X, lane] = (cos * _CENTRE_X - sin * _CENTRE_Y) + np.float32(x)
    body[Y, lane] = (sin * _CENTRE_X + cos * _CENTRE_Y) + np.float32(y)
    # the original does not turn the wheels' places by the angle; the first step pulls them in
    for j in range(4):
        body[X + 1 + j, lane] = np.float32(x + _OFFSET[j, 0])
        body[Y + 1 + j, lane] = np.float32(y + _OFFSET[j, 1])
    for b in range(5):
        body[ANGLE + b, lane] = angle
        body[SIN + b, lane], body[COS + b, lane] = sin, cos
    _advance(cars, lane, tracks, track, lap_complete_percent, mode)


@kernel(nogil=True, error_model="numpy")
def step(cars, lane, tracks, track, steer, gas, brake, lap_complete_percent, mode):
    """One step of one lane, 0.02 s.

    Args:
        cars: one lane is changed.
        lane, track: indices.
        steer: in [-1, 1], negative to the left; not clipped.
        gas: clipped to [0, 1]; rises by at most 0.1 a step.
        brake: in [0, 1], not clipped; from 0.9 on it blocks the wheels.
        lap_complete_percent: see ``contact.look``.
        mode: of the solver: EXACT or FAST.

    Returns:
        The reward and DRIVING, LAP_FINISHED or OFF_PLAYFIELD.
    """
    control(cars.drive, lane, steer, gas, brake)
    _advance(cars, lane, tracks, track, lap_complete_percent, mode)
    return judge(cars, lane, tracks, track)


@kernel(nogil=True, error_model="numpy")
def step_lanes(
    cars, tracks, track_of, actions, is_running, rewards, endings, lap_complete_percent, blocks
):
    """One step of many lanes, with the bits of ``step`` in exact mode.

    Args:
        cars: L lanes; those that run are changed.
        track_of: (L,) index of the track of a lane.
        actions: (3, L) float64: steer, gas, brake.
        is_running: (L,) bool; the other lanes are left alone.
        rewards: (L,) float64, written where the lane runs.
        endings: (L,) int32, written likewise: DRIVING, LAP_FINISHED or OFF_PLAYFIELD.
        lap_complete_percent: see ``contact.look``.
        blocks: scratch for L lanes.
    """
    body, drive, flag = cars.body, cars.drive, cars.flag
    for lane in range(is_running.size):
        if is_running[lane]:
            control(drive, lane, actions[0, lane], actions[1, lane], actions[2, lane])
            push(body, drive, flag, lane)
            look(cars, lane, tracks, track_of[lane], lap_complete_percent)
            integrate_forces(body, lane)
    solve_lanes(body, flag, is_running, blocks)
    for lane in range(is_running.size):
        if is_running[lane]:
            move(body, flag, lane)
            drive[TIME, lane] += _DT
            rewards[lane], endings[lane] = judge(cars, lane, tracks, track_of[lane])


@inner_kernel(nogil=True, error_model="numpy")
def control(drive, lane, steer, gas, brake):
    """Passes an action on to the wheels."""
    drive[STEER, lane] = -steer
    gas = min(max(gas, 0.0), 1.0)
    drive[GAS, lane] += min(gas - drive[GAS, lane], _MAX_GAS_CHANGE)
    drive[BRAKE, lane] = brake


@inner_kernel(nogil=True, error_model="numpy")
def _advance(cars, lane, tracks, track, lap_complete_percent, mode):
    """Friction, contacts and the rigid bodies of one lane."""
    body, flag, work = cars.body, cars.flag, cars.work
    push(body, cars.drive, flag, lane)
    look(cars, lane, tracks, track, lap_complete_percent)
    integrate_forces(body, lane)
    prepare(body, flag, lane, work)
    solve_velocities(body, lane, work, cars.saved, cars.increment, mode)
    store(body, lane, work)
    move(body, flag, lane)
    cars.drive[TIME, lane] += _DT


@inner_kernel(nogil=True, error_model="numpy")
def push(body, drive, flag, lane):
    """Turns engine, brakes and friction into a force on every wheel, and steers the front ones."""
    for j in range(4):
        b = 1 + j
        angle = np.float64(body[ANGLE + b, lane] - body[ANGLE, lane])
        error = (drive[STEER, lane] if j < 2 else 0.0) - angle
        body[MOTOR_SPEED + j, lane] = np.float32(np.sign(error) * min(50.0 * abs(error), 3.0))
        sin, cos = np.float64(body[SIN + b, lane]), np.float64(body[COS + b, lane])
        vx, vy = np.float64(body[VX + b, lane]), np.float64(body[VY + b, lane])
        forward, sideways = -sin * vx + cos * vy, cos * vx + sin * vy
        gas = drive[GAS, lane] if j >= 2 else 0.0
        omega = _spin(drive[OMEGA + j, lane], gas, drive[BRAKE, lane])
        drive[PHASE + j, lane] += omega * _DT
        f = (-forward + omega * _RADIUS) * (_STIFFNESS * _SIZE * _SIZE)
        p = -sideways * (_STIFFNESS * _SIZE * _SIZE)
        force = math.sqrt(f * f + p * p)
        grip = _GRIP if flag[ON_ROAD + j, lane] != 0 else _GRASS_GRIP
        flag[SKID + j, lane] = force > 2.0 * grip
        if force > grip:
            f, p = f / force * grip, p / force * grip
        drive[OMEGA + j, lane] = omega - _DT * f * _RADIUS / _WHEEL_INERTIA
        body[FORCE_X + j, lane] = np.float32(p * cos + f * -sin)
        body[FORCE_Y + j, lane] = np.float32(p * sin + f * cos)


@inner_kernel(nogil=True, error_model="numpy")
def _spin(omega, gas, brake):
    """The speed of a wheel after engine and brake."""
    omega += _DT * _POWER * gas / _WHEEL_INERTIA / (abs(omega) + 5.0)
    if brake >= 0.9:
        return 0.0
    if brake > 0.0:
        omega += -np.sign(omega) * min(_BRAKE_SPEED * brake, abs(omega))
    return omega


@inner_kernel(nogil=True, error_model="numpy")
def judge(cars, lane, tracks, track):
    """The reward of a step and whether it ends the episode."""
    drive = cars.drive
    drive[REWARD, lane] -= 0.1
    reward = drive[REWARD, lane] - drive[PREVIOUS_REWARD, lane]
    drive[PREVIOUS_REWARD, lane] = drive[REWARD, lane]
    n = tracks.first[track + 1] - tracks.first[track]
    ending = DRIVING
    if cars.flag[N_VISITED, lane] == n or cars.flag[IS_NEW_LAP, lane] != 0:
        ending = LAP_FINISHED
    x, y = hull_position(cars.body, lane)
    if abs(np.float64(x)) > PLAYFIELD or abs(np.float64(y)) > PLAYFIELD:
        return -100.0, OFF_PLAYFIELD
    return reward, ending


@kernel(nogil=True, error_model="numpy")
def hull_position(body, lane):
    """Where the hull's origin is; its centre of mass lies 8 cm behind it. float32, m."""
    sin, cos = body[SIN, lane], body[COS, lane]
    x = body[X, lane] - (cos * _CENTRE_X - sin * _CENTRE_Y)
    y = body[Y, lane] - (sin * _CENTRE_X + cos * _CENTRE_Y)
    return x, y
