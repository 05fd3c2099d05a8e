"""Policies: copies, threads, and what they refuse."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import gymnasium
import numpy as np
import pytest

import wann_envs  # noqa: F401
from tests import naive
from wann.errors import NetworkError
from wann.tasks.policy import NetworkPolicy

NETWORK = naive.random_network(np.random.default_rng(3), 5, 2, 6, 22)
INDIVIDUAL = np.random.default_rng(4).normal(size=NETWORK.n_connections)
OBSERVATIONS = np.random.default_rng(5).normal(size=(400, 5))


def in_pickle(policy):
    return pickle.loads(pickle.dumps(policy))


def of_subclass(policy):
    class Named(NetworkPolicy):
        pass

    named = Named(policy.network, policy.weights)
    named.name = "mine"
    made = copy.deepcopy(named)
    assert (type(made), made.name) == (Named, "mine")
    return made


COPIES = [copy.copy, copy.deepcopy, in_pickle, of_subclass]


@pytest.mark.parametrize("make", COPIES)
@pytest.mark.parametrize("weight", [-1.3, INDIVIDUAL])
@pytest.mark.parametrize("is_called_before", [False, True])
def test_copies_are_equal_and_independent(make, weight, is_called_before):
    policy = NetworkPolicy(NETWORK, weight)
    expected = [NetworkPolicy(NETWORK, weight)(o).tobytes() for o in OBSERVATIONS]
    if is_called_before:
        policy(OBSERVATIONS[7])
    made = make(policy)
    assert made == policy
    assert hash(made) == hash(policy)
    assert not made.weights.flags.writeable
    # called in turn, each with observations of its own
    for k, other in enumerate(OBSERVATIONS[::-1]):
        assert made(OBSERVATIONS[k]).tobytes() == expected[k]
        assert policy(other).tobytes() == expected[-1 - k]


def test_a_copy_survives_its_original():
    policy = NetworkPolicy(NETWORK, 0.7)
    expected = policy(OBSERVATIONS[0])
    made = copy.deepcopy(policy)
    del policy
    assert made(OBSERVATIONS[0]).tobytes() == expected.tobytes()


def test_the_answer_of_a_policy_is_the_callers():
    policy = NetworkPolicy(NETWORK, 0.7)
    first = policy(OBSERVATIONS[0])
    kept = first.copy()
    policy(OBSERVATIONS[1])
    assert first.tobytes() == kept.tobytes()
    first[:] = 5.0
    assert policy(OBSERVATIONS[0]).tobytes() == kept.tobytes()


def test_policies_differ_by_network_and_weights():
    policy = NetworkPolicy(NETWORK, 0.7)
    other = naive.random_network(np.random.default_rng(9), 5, 2, 6, 22)
    assert policy == NetworkPolicy(NETWORK, np.array(0.7))
    assert policy != NetworkPolicy(NETWORK, 0.8)
    assert policy != NetworkPolicy(other, 0.7)
    assert policy != NetworkPolicy(NETWORK, INDIVIDUAL)
    assert policy != 0.7


@pytest.mark.parametrize("weight", [0.9, INDIVIDUAL])
def test_one_policy_may_be_called_by_several_threads(weight):
    policy = NetworkPolicy(NETWORK, weight)
    expected = [policy(o).tobytes() for o in OBSERVATIONS]

    def wrong(first):
        order = np.roll(np.arange(len(OBSERVATIONS)), first)
        return sum(
            policy(OBSERVATIONS[k]).tobytes() != expected[k] for _ in range(12) for k in order
        )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(wrong, range(0, 400, 100))) == 0


def test_a_call_within_a_call_changes_nothing():
    """As from a signal handler, or an observation that computes itself."""
    policy = NetworkPolicy(NETWORK, 0.9)
    expected = policy(OBSERVATIONS[0])

    class Nested:
        def __array__(self, dtype=None, copy=None):
            policy(OBSERVATIONS[1])
            return OBSERVATIONS[0].astype(dtype or float)

    assert policy(Nested()).tobytes() == expected.tobytes()


@pytest.mark.parametrize("make", [copy.deepcopy, in_pickle])
def test_an_episode_with_a_copy_gives_the_same_return(make):
    network = naive.random_network(np.random.default_rng(9), 5, 1, 6, 22)
    totals = []
    for policy in (NetworkPolicy(network, 0.7), make(NetworkPolicy(network, 0.7))):
        env = gymnasium.make("wann/CartPoleSwingUp-v0")
        observation, _ = env.reset(seed=5)
        total = 0.0
        is_over = False
        while not is_over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            total, is_over = total + reward, terminated or truncated
        totals.append(total)
    assert totals[0] == totals[1]


def test_observations_of_any_type_of_number_are_taken():
    policy = NetworkPolicy(NETWORK, 0.9)
    whole = np.array([1, 0, 2, -1, 3])
    expected = policy(whole.astype(float)).tobytes()
    for observation in (whole, whole.tolist(), tuple(whole), whole.astype(np.float32)):
        assert policy(observation).tobytes() == expected
    assert np.isfinite(policy(whole > 0)).all()
    # a row that is not contiguous, and one that is read-only
    strided = np.repeat(whole.astype(float), 3)[::3]
    strided.flags.writeable = False
    assert policy(strided).tobytes() == expected
    # finite, though their sum is not
    assert np.isfinite(policy(np.full(5, 1.7e308))).all()


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        ([0.1], r"shape \(1,\), not \(5,\)"),
        (0.1, r"shape \(\), not \(5,\)"),
        (np.zeros((1, 5)), r"shape \(1, 5\), not \(5,\)"),
        (np.zeros((5, 1)), r"shape \(5, 1\), not \(5,\)"),
        (np.zeros(6), r"shape \(6,\), not \(5,\)"),
        ([0.0, np.nan, 0.0, 0.0, 0.0], "nan at 1"),
        ([0.0, 0.0, 0.0, 0.0, -np.inf], "-inf at 4"),
        (np.float32([np.inf, 0, 0, 0, 0]), "inf at 0"),
        (["1", "2", "3", "4", "5"], "must be numbers"),
        (np.array(["1", "2", "3", "4", "5"]), "must be numbers"),
        ([1, 2, 3, 4, None], "must be numbers"),
        (np.zeros(5, complex), "must be numbers"),
        ([[1], [2, 3]], "must be an array"),
        (None, "must be numbers"),
        ("12345", "must be numbers"),
    ],
)
def test_wrong_observations_are_an_error_and_leave_no_trace(observation, message):
    policy = NetworkPolicy(NETWORK, 0.9)
    expected = policy(OBSERVATIONS[0]).tobytes()
    with pytest.raises(ValueError, match=message) as caught:
        policy(observation)
    assert "\n" not in str(caught.value)
    assert policy(OBSERVATIONS[0]).tobytes() == expected


@pytest.mark.parametrize(
    "weight",
    [
        *(np.nan, np.inf, -np.inf, None, True, np.True_, "0.5", b"1", 1j, 10**400, object()),
        *([*INDIVIDUAL[:-1], np.nan], [*INDIVIDUAL[:-1], None], INDIVIDUAL.astype(str)),
        *(INDIVIDUAL[None], INDIVIDUAL > 0, [True] * NETWORK.n_connections, [[1.0], [1.0, 2.0]]),
        *([], INDIVIDUAL[:-1], np.append(INDIVIDUAL, 1.0)),
    ],
)
def test_wrong_weights_are_an_error(weight):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        NetworkPolicy(NETWORK, weight)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_weights_may_be_numbers_of_numpy():
    expected = NetworkPolicy(NETWORK, 0.5)
    for weight in (np.float64(0.5), np.float32(0.5), np.array(0.5)):
        assert NetworkPolicy(NETWORK, weight) == expected
    assert NetworkPolicy(NETWORK, 1) == NetworkPolicy(NETWORK, np.int8(1))


def test_the_policy_keeps_weights_of_its_own():
    weights = INDIVIDUAL.copy()
    policy = NetworkPolicy(NETWORK, weights)
    expected = policy(OBSERVATIONS[0]).tobytes()
    weights[:] = 0.0
    assert copy.copy(policy)(OBSERVATIONS[0]).tobytes() == expected
    with pytest.raises(ValueError, match="read-only"):
        policy.weights[0] = 1.0


def test_a_network_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="NoneType, must be a Network"):
        NetworkPolicy(None, 1.0)
    with pytest.raises(NetworkError, match="3 weights for a network with"):
        NetworkPolicy(NETWORK, [1.0, 2.0, 3.0])
