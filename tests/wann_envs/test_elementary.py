"""The elementary functions against references that reduce their arguments exactly."""

import math

import numpy as np
import pytest
from numba import njit

from wann_envs.elementary import cospi, exp, sinpi

# without the JIT a fused multiply-add rounds twice
PI_TOLERANCE = {np.float32: 3e-7, np.float64: 1e-15}
EXP_TOLERANCE = {np.float32: 2e-7, np.float64: 6e-16}
EXP_LIMIT = {np.float32: 87.0, np.float64: 708.0}


@njit
def map_sinpi(x, out):
    for i in range(x.size):
        out[i] = sinpi(x[i])


@njit
def map_cospi(x, out):
    for i in range(x.size):
        out[i] = cospi(x[i])


@njit
def map_exp(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


def mapped(function, x):
    out = np.empty_like(x)
    function(x, out)
    return out


def exact_sinpi(x, quarter_turns):
    """sin(pi x + quarter_turns pi / 2); the remainder and the quarter turns are exact."""
    rest = math.fmod(x, 2.0)
    quarters = round(2.0 * rest)
    angle = math.pi * (rest - 0.5 * quarters)
    choices = (math.sin(angle), math.cos(angle), -math.sin(angle), -math.cos(angle))
    return choices[(quarters + quarter_turns) % 4]


def angles(dtype):
    """Half turns: small, ordinary, near the turning points, and up to the largest number."""
    rng = np.random.default_rng(1)
    turning = np.arange(-8, 9) / 2.0
    signs = rng.choice([-1.0, 1.0], 300)
    return np.concatenate(
        [
            rng.uniform(-1.0, 1.0, 300),
            rng.uniform(-100.0, 100.0, 300),
            signs * 10.0 ** rng.uniform(-30.0, 37.0, 300),
            turning,
            np.nextafter(turning.astype(dtype), dtype(9.0)),
            [0.0, -0.0, np.finfo(dtype).max, -np.finfo(dtype).max, np.finfo(dtype).tiny],
        ]
    ).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("function", "quarter_turns"), [(map_sinpi, 0), (map_cospi, 1)])
def test_sine_and_cosine_of_half_turns_are_accurate_for_every_size(function, quarter_turns, dtype):
    x = angles(dtype)
    expected = np.array([exact_sinpi(float(v), quarter_turns) for v in x])
    error = np.abs(mapped(function, x).astype(np.float64) - expected)
    assert error.max() <= PI_TOLERANCE[dtype], x[error.argmax()]


@pytest.mark.parametrize("function", [map_sinpi, map_cospi])
def test_float64_sine_and_cosine_stay_within_one(function):
    x = np.concatenate([0.5 + np.linspace(-1e-7, 1e-7, 4001), np.linspace(-2.0, 2.0, 4001)])
    assert np.abs(mapped(function, x)).max() <= 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sine_is_odd_and_cosine_even(dtype):
    x = angles(dtype)
    assert np.array_equal(mapped(map_sinpi, -x), -mapped(map_sinpi, x))
    assert np.array_equal(mapped(map_cospi, -x), mapped(map_cospi, x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exponential_is_accurate_where_the_result_is_normal(dtype):
    limit = EXP_LIMIT[dtype]
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [rng.uniform(-limit, limit, 500), rng.uniform(-1.0, 1.0, 500), [0.0, limit, -limit]]
    ).astype(dtype)
    expected = np.array([math.exp(float(v)) for v in x])
    error = np.abs(mapped(map_exp, x).astype(np.float64) / expected - 1.0)
    assert error.max() <= EXP_TOLERANCE[dtype], x[error.argmax()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exponential_is_finite_and_positive_for_huge_arguments(dtype):
    huge = np.array([np.inf, np.finfo(dtype).max, 1e4, -1e4, -np.inf]).astype(dtype)
    limit = np.array([EXP_LIMIT[dtype], -EXP_LIMIT[dtype]]).astype(dtype)
    top, bottom = mapped(map_exp, limit)
    assert mapped(map_exp, huge).tolist() == [top, top, top, bottom, bottom]
    assert 0.0 < bottom < top < np.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [map_sinpi, map_cospi, map_exp])
def test_a_long_row_and_single_numbers_give_the_same_bits(function, dtype):
    x = (angles(dtype)[:667]).copy()
    single = np.concatenate([mapped(function, x[i : i + 1]) for i in range(x.size)])
    assert mapped(function, x).tobytes() == single.tobytes()


@pytest.mark.parametrize("function", [sinpi, cospi, exp])
def test_plain_python_keeps_the_precision_of_its_argument(function):
    assert function(np.float32(0.1)).dtype == np.float32
    assert function(np.float64(0.1)).dtype == np.float64
    assert function(np.float32(0.1)) == pytest.approx(function(0.1), abs=3e-7)
