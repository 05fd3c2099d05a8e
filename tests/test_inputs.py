"""What Python users may give wrongly: a ValueError of one line that names it."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

import wann
import wann_envs  # noqa: F401
from tests.search.toy import ToyTask, configured
from wann.errors import ConfigError, CycleError, InputError, NetworkError, TaskError
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.genome import ConnectionGenes, Genome, NodeGenes
from wann.genome.network import Network, network_from_connections
from wann.search.config import (
    Config,
    EpisodesConfig,
    MutationConfig,
    SearchConfig,
    WeightsConfig,
)
from wann.tasks.base import sweep_weighted
from wann.tuning.evaluation import shared_score, tuned_weights_score, weight_profile

SWINGUP, DIGITS = wann.make_task("cartpole_swingup"), wann.make_task("digits")
CONNECTIONS = [(0, 6), (1, 6), (4, 6), (6, 7)]
NETWORK = network_from_connections(5, 1, [1] * 6 + [5, 1], CONNECTIONS)
NETWORKS = stack_networks([NETWORK])
CLASSIFIER = network_from_connections(64, 10, [1] * 75, [(5, 65), (9, 70)])
TRIALS = SWINGUP.draw_trials(3, np.random.default_rng(0))
NAN, INF = float("nan"), float("inf")


def message_of(function, *arguments, **named):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        function(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message
    assert 10 < len(message) < 300
    return message


def test_the_errors_of_values_are_value_errors():
    for error in (InputError, ConfigError, NetworkError, CycleError, TaskError):
        assert issubclass(error, ValueError)
        assert issubclass(error, wann.WannError)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, NAN], "nan at 1"),
        ([-INF], "-inf at 0"),
        (0.5, r"shape \(\), not \(n,\)"),
        (np.ones((2, 2)), r"shape \(2, 2\), not \(n,\)"),
        (["1"], "must be numbers"),
        ([True], "must be numbers"),
        ([None], "must be numbers"),
        (None, "must be numbers"),
    ],
)
def test_a_sweep_wants_finite_weights(weights, words):
    for task, networks, trials in (
        (SWINGUP, NETWORKS, TRIALS),
        (DIGITS, stack_networks([CLASSIFIER]), np.arange(3)),
    ):
        with pytest.raises(ValueError, match=words):
            wann.sweep(task, networks, weights, trials)


@pytest.mark.parametrize(
    "trials", [TRIALS[:, :3], TRIALS[0], TRIALS[:0], TRIALS * NAN, None, "abc", TRIALS > 0]
)
def test_a_sweep_wants_trials_of_the_task(trials):
    assert "trials" in message_of(wann.sweep, SWINGUP, NETWORKS, np.ones(2), trials)


@pytest.mark.parametrize(
    "trials",
    [[-1], [0, 10**6], [0.5], [[0]], np.array([NAN]), [True], np.array([2**63], np.uint64)],
)
def test_a_sweep_wants_numbers_of_samples(trials):
    """Others would be read beyond the end of the samples."""
    networks, trials = stack_networks([CLASSIFIER]), np.asarray(trials)
    assert "trials" in message_of(wann.sweep, DIGITS, networks, np.ones(2), trials)
    for task_method in (DIGITS.rollout,):
        message_of(task_method, networks, np.ones(len(trials)), trials)


def test_a_sweep_wants_networks_of_the_task():
    weights = np.ones(2)
    assert "NetworkArrays" in message_of(wann.sweep, SWINGUP, [NETWORK], weights, TRIALS)
    assert "NetworkArrays" in message_of(wann.sweep, SWINGUP, NETWORK, weights, TRIALS)
    message_of(wann.sweep, DIGITS, NETWORKS, weights, np.arange(2))
    assert "precision" in message_of(
        wann.sweep, SWINGUP, NETWORKS, weights, TRIALS, precision="float16"
    )


def test_lists_are_taken_for_arrays():
    made = wann.sweep(SWINGUP, NETWORKS, [1, 0.5], TRIALS.tolist()).returns
    assert np.array_equal(made, wann.sweep(SWINGUP, NETWORKS, np.array([1, 0.5]), TRIALS).returns)


@pytest.mark.parametrize("weights", [np.ones((2, 3)), np.full((2, 4), NAN), np.ones(4)])
def test_individual_weights_are_finite_and_one_for_each_connection(weights):
    message_of(sweep_weighted, SWINGUP, NETWORKS, weights, TRIALS)


@pytest.mark.parametrize(
    ("episodes", "seed", "words"),
    [
        (0, 0, "episodes = 0"),
        (-5, 0, "episodes = -5"),
        (2.5, 0, "episodes = 2.5: must be an integer"),
        ("10", 0, "episodes = '10'"),
        (True, 0, "episodes = True"),
        (None, 0, "episodes = None"),
        (10**12, 0, "episodes = 1000000000000"),
        (10, -1, "seed = -1"),
        (10, 0.5, "seed = 0.5"),
        (10, None, "seed = None"),
        (10, NAN, "seed = nan"),
    ],
)
def test_an_evaluation_wants_numbers_of_episodes_and_seeds(episodes, seed, words):
    assert words in message_of(wann.evaluate_network, SWINGUP, NETWORK, episodes, seed)


def test_an_evaluation_wants_a_network_of_the_task():
    for task, network in ((SWINGUP, CLASSIFIER), (DIGITS, NETWORK), (SWINGUP, None)):
        for function, more in (
            (wann.evaluate_network, (10, 0)),
            (weight_profile, (10, 0)),
            (shared_score, (1.0, 10, 0)),
            (tuned_weights_score, ([1.0] * 4, 10, 0)),
        ):
            assert "network" in message_of(function, task, network, *more)


@pytest.mark.parametrize("weight", [NAN, INF, None, True, "1", [1.0, 2.0]])
def test_scores_want_finite_weights(weight):
    assert "weight" in message_of(shared_score, SWINGUP, NETWORK, weight, 10, 0)
    # a truth value among floats is a number to NumPy
    individual = weight if weight is True else [1.0, 1.0, 1.0, weight]
    assert "weight" in message_of(tuned_weights_score, SWINGUP, NETWORK, individual, 10, 0)
    low = {} if weight == [1.0, 2.0] else {"low": weight}
    message_of(weight_profile, SWINGUP, NETWORK, 10, 0, **low or {"n": 0})


@pytest.mark.parametrize(
    "scores", [None, "abc", [["1"] * 16] * 40, np.ones((40, 16), bool), [[1, 2], [3]], 5.0]
)
def test_a_search_is_told_numbers(scores):
    search = wann.Search(configured(), ToyTask())
    search.ask()
    assert "scores" in message_of(search.tell, scores)
    for wrong in (NAN, INF):
        values = np.ones((40, 16))
        values[3, 5] = wrong
        assert f"{wrong} at (3, 5)" in message_of(search.tell, values)
    search.tell(np.ones((40, 16)))  # nothing was lost


CONFIG = Config("cartpole_swingup")


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, seed=-1),
        replace(CONFIG, seed=1.0),
        replace(CONFIG, seed=True),
        replace(CONFIG, seed=NAN),
        replace(CONFIG, task=7),
        replace(CONFIG, search=None),
        replace(CONFIG, search=SearchConfig(population=0)),
        replace(CONFIG, search=SearchConfig(population=2.5)),
        replace(CONFIG, search=SearchConfig(cull_fraction=NAN)),
        replace(CONFIG, search=SearchConfig(activations=())),
        replace(CONFIG, search=SearchConfig(activations="tanh")),
        replace(CONFIG, weights=WeightsConfig(low=INF)),
        replace(CONFIG, weights=WeightsConfig(low="-2")),
        replace(CONFIG, weights=WeightsConfig(low=2.0, high=-2.0)),
        replace(CONFIG, weights=WeightsConfig(values=(NAN,))),
        replace(CONFIG, episodes=EpisodesConfig(schedule=((2, 3), (1, 3)))),
        replace(CONFIG, episodes=EpisodesConfig(per_weight=None)),
        replace(CONFIG, mutation=MutationConfig(add_node=-1.0)),
        {"task": "cartpole_swingup"},
        None,
    ],
)
def test_a_config_made_in_python_is_checked(config):
    message_of(wann.Search, config, SWINGUP)
    message_of(wann.task_of_config, config)


@pytest.mark.parametrize("name", [None, 3, "", "cartpole", b"digits", ["digits"]])
def test_a_task_is_made_by_its_name(name):
    assert "known" in message_of(wann.make_task, name)


def test_a_task_takes_a_place():
    assert "DataPlace" in message_of(wann.make_task, "mnist", "/tmp")


ARRAYS = {"n_inputs": 2, "n_outputs": 1, "activation": [1, 1, 1, 1]}
EDGES = {"edge_start": [0, 0, 0, 0, 2], "edge_source": [0, 1]}


@pytest.mark.parametrize(
    "changes",
    [
        {"n_inputs": 2.5},
        {"n_inputs": True},
        {"n_outputs": "1"},
        {"activation": [1, 1, 1, NAN]},
        {"activation": [1, 1, 1, 1.5]},
        {"activation": [1, 1, 1, 257]},  # 1 in eight bits
        {"activation": np.array([1, 1, 1, 257])},
        {"activation": ["1", "1", "1", "1"]},
        {"activation": [[1, 1, 1, 1]]},
        {"activation": None},
        {"edge_source": [0, 2**32 + 1]},  # 1 in 32 bits
        {"edge_source": np.array([0, 2**32 + 1])},
        {"edge_source": [0, 1.2]},
        {"edge_source": [[0, 1]]},
        {"edge_source": [False, True]},
        {"edge_start": [0, 0, 0, 0, 2**80]},
        {"edge_start": [0, 0, 0, 0, None]},
    ],
)
def test_a_network_wants_integers_that_its_arrays_can_hold(changes):
    assert Network(**ARRAYS, **EDGES).n_connections == 2
    with pytest.raises(NetworkError) as caught:
        Network(**{**ARRAYS, **EDGES, **changes})
    assert next(iter(changes)) in str(caught.value) or "activation" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"innovation": [0, 2**32 + 1]},
        {"source": [0, 0.5]},
        {"target": [2, NAN]},
        {"target": np.array([2, 2 + 2**32])},
        {"is_enabled": [1, 2]},
        {"is_enabled": ["yes", "no"]},
        {"is_enabled": [[True, True]]},
    ],
)
def test_genes_want_integers_that_their_arrays_can_hold(changes):
    genes = {"innovation": [0, 1], "source": [0, 1], "target": [2, 2], "is_enabled": [1, True]}
    assert ConnectionGenes(**genes).is_enabled.all()
    with pytest.raises(NetworkError):
        ConnectionGenes(**{**genes, **changes})


def test_a_genome_wants_genes():
    nodes, none = NodeGenes([0, 1, 2], [1, 1, 1]), ConnectionGenes([], [], [], [])
    for arguments in ((1.5, 1, nodes, none), (1, 1, None, none), (1, 1, nodes, nodes)):
        with pytest.raises(NetworkError):
            Genome(*arguments)
    with pytest.raises(NetworkError):
        NodeGenes([0, 1, 2], [1, 1, 1.5])


@pytest.mark.parametrize("n", [0, -1, 1.5, True, None, "2", 10**9])
def test_threads_want_a_number_of_workers(n):
    assert "n_workers" in message_of(Threads, n)


ENVIRONMENTS = {"wann/CartPoleSwingUp-v0": 1, "wann/CarRacing-v0": 3}


@pytest.mark.parametrize(("env_id", "size"), ENVIRONMENTS.items())
def test_environments_refuse_wrong_actions_seeds_and_options(env_id, size):
    env = gymnasium.make(env_id).unwrapped
    env.reset(seed=3)
    expected = env.step(np.zeros(size))[0]
    env.reset(seed=3)
    row = [0.0] * size
    for action in (
        *(0.0, np.zeros(size + 1), np.zeros((1, size)), [], None, "x", ["0"] * size),
        *([NAN] * size, [None] * size, [True] * size, np.zeros(size, complex), [row, [1.0]]),
    ):
        assert "action" in message_of(env.step, action)
    for seed in (-1, 1.5, "3", True, NAN, [1]):
        assert "seed" in message_of(env.reset, seed=seed)
    for options in ({"no": 1}, {3: 4}, "state", [1], 5):
        assert "option" in message_of(env.reset, options=options)
    # what was refused has changed nothing
    assert np.array_equal(env.step(np.zeros(size))[0], expected)
    assert np.array_equal(env.reset(seed=np.int64(3))[0], env.reset(seed=3)[0])


@pytest.mark.parametrize("state", [None, "abcd", [1, 2, 3], [[0, 0, 0, 0]], [NAN] * 4, ["0"] * 4])
def test_swing_up_starts_from_possible_states(state):
    env = gymnasium.make("wann/CartPoleSwingUp-v0").unwrapped
    assert "state" in message_of(env.reset, options={"state": state})


@pytest.mark.parametrize("share", [NAN, INF, "0.9", None, [0.5]])
def test_car_racing_wants_a_share_of_tiles(share):
    message_of(gymnasium.make, "wann/CarRacing-v0", lap_complete_percent=share)
