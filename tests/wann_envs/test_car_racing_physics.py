"""The kernels of the car race: shortcuts against the long way, lanes against single cars."""

import math

import numpy as np
import pytest

from wann_envs.car_racing import dynamics, rigid_body
from wann_envs.car_racing.distance import distance
from wann_envs.car_racing.lanes import LANES, new_blocks
from wann_envs.car_racing.state import (
    ANGLE,
    INACTIVE,
    LIMIT,
    N_VISITED,
    ON_ROAD,
    VX,
    VY,
    X,
    Y,
    new_cars,
)
from wann_envs.car_racing.track import HALF_WIDTH, seeded_tracks
from wann_envs.car_racing.velocity import ALL_ROUNDS, EXACT, add_again

PERCENT = dynamics.LAP_COMPLETE_PERCENT
N_TRACKS = 3


@pytest.fixture(scope="module")
def tracks():
    return seeded_tracks(50, N_TRACKS)


def started(tracks, n_lanes, mode=EXACT):
    cars = new_cars(n_lanes, np.diff(tracks.first).max())
    for lane in range(n_lanes):
        dynamics.start(cars, lane, tracks, lane % N_TRACKS, PERCENT, mode)
    return cars


def smooth_actions(n_steps, n_lanes, seed):
    """(steps, 3, lanes): random actions that often turn the wheels to their limits."""
    rng = np.random.default_rng(seed)
    actions = np.zeros((n_steps, 3, n_lanes))
    mean, spread = np.array([[0.0], [0.8], [-0.3]]), np.array([[5.0], [1.5], [1.0]])
    low = np.array([[-1.0], [0.0], [0.0]])
    for k in range(1, n_steps):
        drawn = rng.normal(mean, spread, (3, n_lanes))
        actions[k] = np.clip(0.9 * actions[k - 1] + 0.1 * drawn, low, 1.0)
    return actions


def bits(cars, lane):
    parts = (cars.body[:, lane], cars.drive[:, lane], cars.flag[:, lane], cars.visited[lane])
    return b"".join(part.tobytes() for part in parts)


def test_masses_are_those_that_the_engine_reports():
    assert float(1 / rigid_body.HULL_INVERSE_MASS) == pytest.approx(7.06)
    assert float(1 / rigid_body.HULL_INVERSE_INERTIA) == pytest.approx(18.212276)
    centre = rigid_body.HULL_CENTRE_X, rigid_body.HULL_CENTRE_Y
    assert centre == (np.float32(1.4774524e-9), np.float32(-0.082530886))
    assert float(1 / rigid_body.WHEEL_INVERSE_MASS) == pytest.approx(0.06048)
    assert float(1 / rigid_body.WHEEL_INVERSE_INERTIA) == pytest.approx(0.0074592)


def test_leaving_the_solver_early_changes_no_bit(tracks):
    early, whole = started(tracks, 1), started(tracks, 1, ALL_ROUNDS)
    n_at_limit = 0
    for action in smooth_actions(500, 1, seed=1)[:, :, 0]:
        outcomes = [
            dynamics.step(cars, 0, tracks, 0, *action, PERCENT, mode)
            for cars, mode in ((early, EXACT), (whole, ALL_ROUNDS))
        ]
        assert outcomes[0] == outcomes[1]
        assert np.array_equal(early.body, whole.body)
        n_at_limit += (early.flag[LIMIT : LIMIT + 4, 0] != INACTIVE).any()
    assert n_at_limit > 50


def test_lanes_meet_the_bits_of_single_cars(tracks):
    n = LANES + 5
    single, lanes, blocks = started(tracks, n), started(tracks, n), new_blocks(n)
    track_of = np.arange(n, dtype=np.int32) % N_TRACKS
    rewards, endings = np.zeros(n), np.zeros(n, np.int32)
    rng = np.random.default_rng(2)
    for k, actions in enumerate(smooth_actions(300, n, seed=3)):
        # lanes end at different times
        is_running = np.arange(n) % 7 != 0 if k > 100 else np.ones(n, np.bool_)
        is_running &= (rng.random(n) < 0.9) | (k < 200)
        rewards[:] = -1.0
        dynamics.step_lanes(
            lanes, tracks, track_of, actions, is_running, rewards, endings, PERCENT, blocks
        )
        for lane in np.flatnonzero(is_running):
            outcome = dynamics.step(
                single, lane, tracks, track_of[lane], *actions[:, lane], PERCENT, EXACT
            )
            assert outcome == (rewards[lane], endings[lane])
        assert (rewards[~is_running] == -1.0).all()
        for name in ("body", "drive", "flag", "visited"):
            assert np.array_equal(getattr(single, name), getattr(lanes, name)), (k, name)


def test_a_lane_does_not_depend_on_its_neighbours(tracks):
    actions = smooth_actions(60, 1, seed=4)[:, :, 0]
    results = set()
    for lane, n in ((0, 1), (2, 5)):
        cars = new_cars(n, np.diff(tracks.first).max())
        dynamics.start(cars, lane, tracks, 1, PERCENT, EXACT)
        for action in actions:
            dynamics.step(cars, lane, tracks, 1, *action, PERCENT, EXACT)
        results.add(bits(cars, lane))
    assert len(results) == 1


def test_a_lane_can_be_started_again(tracks):
    cars = started(tracks, 1)
    fresh = bits(cars, 0)
    for action in smooth_actions(50, 1, seed=5)[:, :, 0]:
        dynamics.step(cars, 0, tracks, 0, *action, PERCENT, EXACT)
    assert bits(cars, 0) != fresh
    dynamics.start(cars, 0, tracks, 0, PERCENT, EXACT)
    assert bits(cars, 0) == fresh


def test_adding_many_times_at_once_rounds_like_one_by_one():
    rng = np.random.default_rng(6)
    for _ in range(3000):
        value = np.float32(rng.normal() * 10.0 ** rng.integers(-6, 3))
        term = np.float32(rng.normal() * 10.0 ** rng.integers(-9, 1))
        if rng.random() < 0.3:
            # ties: the term lies between two multiples of the spacing
            term = np.float32(np.spacing(value) * (rng.integers(0, 5) + 0.5))
        n = int(rng.integers(0, 180))
        expected = value
        for _ in range(n):
            expected = np.float32(expected + term)
        assert add_again(value, term, n) == expected


def naive_distance(a, b):
    """Of two convex polygons (n, 2): 0 where they overlap, else from a corner to an edge."""

    def separation(p, q):
        edges = np.roll(p, -1, axis=0) - p
        normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
        return max(((q - corner) @ normal).min() for corner, normal in zip(p, normals, strict=True))

    if separation(a, b) < 0.0 and separation(b, a) < 0.0:
        return 0.0
    best = math.inf
    for p, q in ((a, b), (b, a)):
        for start, end in zip(q, np.roll(q, -1, axis=0), strict=True):
            along = np.clip((p - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            nearest = start + along[:, None] * (end - start)
            best = min(best, np.hypot(*(p - nearest).T).min())
    return best


def test_distance_matches_naive_on_random_quadrilaterals():
    rng = np.random.default_rng(7)
    wheel = rigid_body.WHEEL_POLYGON
    n_apart = 0
    for _ in range(300):
        angles = np.sort(rng.uniform(0.0, 2.0 * math.pi, 4))
        if np.diff(angles, append=angles[0] + 2.0 * math.pi).max() > 2.5:
            continue
        tile = np.stack([3.0 * np.cos(angles), 2.0 * np.sin(angles)], axis=1).astype(np.float32)
        x, y = rng.uniform(-4.5, 4.5, 2).astype(np.float32)
        turn = rng.uniform(-4.0, 4.0)
        sin, cos = np.float32(math.sin(turn)), np.float32(math.cos(turn))
        placed = wheel @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
        expected = naive_distance(tile.astype(float), placed.astype(float))
        corners = (np.ascontiguousarray(tile[:, 0]), np.ascontiguousarray(tile[:, 1]))
        found = distance(*corners, 4, wheel[:, 0], wheel[:, 1], x, y, sin, cos)
        assert found == pytest.approx(expected, abs=1e-4)
        n_apart += expected > 0.0
    assert 20 < n_apart < 280


def test_wheels_touch_the_road_where_they_are_on_it(tracks):
    cars = started(tracks, 1)
    line = tracks.line[: tracks.first[1]]
    rng = np.random.default_rng(8)
    for _ in range(300):
        k = int(rng.integers(5, len(line) - 5))
        _, beta, x, y = line[k]
        # well on the road or well beside it; the road does not come back so near here
        across = rng.choice([rng.uniform(-4.5, 4.5), 9.3, -9.3])
        others = np.delete(np.arange(len(line)), range(k - 5, k + 6))
        place = np.array([x + across * math.cos(beta), y + across * math.sin(beta)])
        if np.hypot(*(line[others, 2:] - place).T).min() < HALF_WIDTH + 4.0:
            continue
        for b in range(5):
            cars.body[X + b, 0], cars.body[Y + b, 0] = place
            cars.body[ANGLE + b, 0] = 0.0
        dynamics.look(cars, 0, tracks, 0, PERCENT)
        on_road = cars.flag[ON_ROAD : ON_ROAD + 4, 0]
        assert on_road.tolist() == [int(abs(across) < 5.0)] * 4
    assert cars.flag[N_VISITED, 0] == cars.visited.sum()


def test_wheels_stay_in_their_places(tracks):
    cars = started(tracks, 1)
    for action in smooth_actions(300, 1, seed=9)[:, :, 0]:
        dynamics.step(cars, 0, tracks, 0, *action, PERCENT, EXACT)
        body = cars.body[:, 0].astype(float)
        sin, cos = math.sin(body[ANGLE]), math.cos(body[ANGLE])
        for j in range(4):
            ax, ay = rigid_body.ANCHOR_X[j], rigid_body.ANCHOR_Y[j]
            x = body[X] + cos * ax - sin * ay
            y = body[Y] + sin * ax + cos * ay
            assert math.hypot(body[X + 1 + j] - x, body[Y + 1 + j] - y) < 0.006
        assert np.isfinite(body).all()
        assert math.hypot(body[VX], body[VY]) < 120.0
