"""The sixteen numbers that a driver sees, against plain geometry."""

import cmath
import math

import numpy as np
import pytest

from wann_envs.car_racing.env import CarRacingEnv
from wann_envs.car_racing.fidelity import follower
from wann_envs.car_racing.observation import N_OBSERVED, describe, nearest_tile
from wann_envs.car_racing.track import HALF_WIDTH, seeded_tracks


@pytest.fixture(scope="module")
def line():
    return seeded_tracks(60, 1).line


def naive_view(x, y, angle, vx, vy, spin, steering, line, at):
    """With complex numbers: the car's nose is the direction i of its own frame."""
    nose = 1j * cmath.exp(1j * angle)
    velocity = complex(vx, vy) / nose
    road = 1j * cmath.exp(1j * line[at, 1])
    offset = (complex(x, y) - complex(*line[at, 2:])) / road
    view = [velocity.real / 40, velocity.imag / 10, spin / 2, steering / 0.4]
    view += [offset.imag / HALF_WIDTH, cmath.phase(nose / road)]
    n = len(line)
    for ahead in (2, 4, 6, 10, 16):
        goal = complex(*line[(at + ahead) % n, 2:]) - complex(x, y)
        view.append(cmath.phase(goal / nose) / 0.5)
    for start, end in ((0, 4), (4, 8), (8, 14), (14, 22), (22, 32)):
        turn = line[(at + end) % n, 1] - line[(at + start) % n, 1]
        view.append(cmath.phase(cmath.exp(1j * turn)) / 0.5)
    return view


def test_view_matches_naive_geometry_on_random_states(line):
    rng = np.random.default_rng(0)
    for _ in range(200):
        at = int(rng.integers(len(line)))
        x, y = line[at, 2:] + rng.normal(0.0, 5.0, 2)
        angle = line[at, 1] + rng.normal(0.0, 1.0) + 2.0 * math.pi * rng.integers(-2, 3)
        hull = (x, y, angle, *rng.normal(0.0, 30.0, 2), rng.normal())
        out = np.empty(N_OBSERVED)
        describe(*hull, 0.3, line, at, out)
        assert out == pytest.approx(naive_view(*hull, 0.3, line, at), abs=1e-9)


def test_left_is_positive(line):
    at = 5
    beta = line[at, 1]
    left = np.array([-math.cos(beta), -math.sin(beta)])
    out = np.empty(N_OBSERVED)
    describe(
        *(line[at, 2:] + HALF_WIDTH * left), beta + 0.2, *(3.0 * left), 1.0, 0.1, line, at, out
    )
    assert out[4] == pytest.approx(1.0)
    assert out[5] == pytest.approx(0.2)
    assert (out[[1, 2, 3]] > 0.0).all()
    # seen from the left edge the road ahead lies to the right
    assert out[6] < 0.0


def test_nearest_tile_goes_along_the_road_and_stays_on_its_branch(line):
    n = len(line)
    at = 0
    for k in range(2 * n):
        at = nearest_tile(*line[k % n, 2:], line, at)
        assert at == k % n
    crossing = line.copy()
    # another branch passes exactly through the place of the car
    crossing[n // 2, 2:] = line[10, 2:] + 0.01
    assert nearest_tile(*(line[10, 2:] + 0.01), crossing, 9) == 10


def test_views_while_driving_are_of_order_one():
    env = CarRacingEnv()
    views = [env.reset(seed=1)[0]]
    driver = follower(np.random.default_rng(1))
    for _ in range(600):
        views.append(env.step(driver(env))[0])
    views = np.array(views)
    assert views.shape == (601, 16)
    assert np.isfinite(views).all()
    assert np.abs(views).mean() < 1.0
    assert (views.std(axis=0) > 0.05).all()
    assert (views.std(axis=0) < 2.0).all()
