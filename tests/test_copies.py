"""Copies and pickles of what Python users hold are equal to it, and independent of it."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest

import wann_envs  # noqa: F401
from tests.search.toy import ToyTask, configured
from wann.executors.threads import Threads
from wann.formats.champion import Champion
from wann.genome.compile import stack_networks
from wann.genome.genome import minimal_genome
from wann.genome.network import network_from_connections
from wann.search.search import Search
from wann.tasks.registry import make_task
from wann.tuning.cma_es import CmaEs
from wann.tuning.pepg import Pepg


def in_pickle(value):
    return pickle.loads(pickle.dumps(value))


both_ways = pytest.mark.parametrize("make", [copy.deepcopy, in_pickle])
NETWORK = network_from_connections(2, 1, [1, 1, 1, 5, 1], [(0, 3), (1, 3), (2, 4), (3, 4)])


@both_ways
def test_arrays_of_records_stay_read_only(make):
    genome, data = make(minimal_genome(2, 1)), make(make_task("digits").data)
    network = make(NETWORK)
    assert network == NETWORK
    assert hash(network) == hash(NETWORK)
    assert genome == minimal_genome(2, 1)
    arrays = [
        *(network.activation, network.edge_start, network.edge_source, network.edge_target),
        *vars(genome.nodes).values(),
        *vars(genome.connections).values(),
        *(data.x_train, data.y_train, data.x_test, data.y_test),
    ]
    assert not any(array.flags.writeable for array in arrays)


@both_ways
def test_a_network_that_has_told_its_layers_is_copied_with_them(make):
    expected = NETWORK.layer.tolist()
    made = make(NETWORK)
    assert made.layer.tolist() == expected
    assert not made.layer.flags.writeable


@both_ways
def test_champions_are_copied(make):
    champion = Champion(NETWORK, "t", ("a", "b"), ("y",), {"s": {"mean": 1.0}}, {}, (1.0,) * 4)
    assert make(champion) == champion


@both_ways
@pytest.mark.parametrize("name", ["cartpole_swingup", "car_racing", "digits", "mnist"])
def test_tasks_are_copied(make, name):
    made = make(make_task(name))
    assert (made.name, made.input_names) == (name, make_task(name).input_names)
    if name == "digits":
        assert np.array_equal(made.data.x_train, make_task(name).data.x_train)


@both_ways
@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_search_and_its_copy_go_on_alike_and_apart(make, n_workers):
    with Threads(n_workers) as executor:
        search = Search(configured(), ToyTask(), executor=executor)
        run(search, 2)
        search.ask()  # in the middle of a generation
        made, twin = make(search), make(search)
        made.executor = twin.executor = None
        run(made, 3)
        run(search, 3)
        run(twin, 3)
    assert made.state.generation == search.state.generation == twin.state.generation
    for other in (made, twin):
        for mine, yours in zip(search.state.population, other.state.population, strict=True):
            assert np.array_equal(mine, yours)


def run(search, n):
    for _ in range(n):
        generation = search.ask()
        sizes = np.diff(generation.networks.edge_start[generation.networks.node_start])
        search.tell(sizes[:, None] + generation.weights)


@both_ways
def test_copied_threads_have_workers_of_their_own(make):
    with Threads(3) as threads:
        made = make(threads)
        assert made.n_workers == 3
    done = []
    made.run(done.append, range(10))  # those of the original have ended
    made.close()
    assert sorted(done) == list(range(10))


@both_ways
@pytest.mark.parametrize("method", [CmaEs, Pepg])
def test_a_copied_optimiser_asks_as_the_original_would(make, method):
    optimiser = method(np.zeros(3), np.random.default_rng(0))
    for _ in range(3):
        step(optimiser)
    made = make(optimiser)
    expected = [step(optimiser) for _ in range(4)]
    # the original has gone on: its generator is not that of the copy
    assert [step(made) for _ in range(4)] == expected


def step(optimiser):
    candidates = optimiser.ask()
    optimiser.tell(candidates, -((candidates - 1.0) ** 2).sum(axis=1))
    return candidates.tobytes()


@both_ways
@pytest.mark.parametrize(
    ("env_id", "action"),
    [("wann/CartPoleSwingUp-v0", [0.3]), ("wann/CarRacing-v0", [0.2, 0.6, 0.0])],
)
@pytest.mark.parametrize("render_mode", [None, "rgb_array"])
def test_a_copied_environment_goes_on_alike_and_apart(make, env_id, action, render_mode):
    env = gymnasium.make(env_id, render_mode=render_mode).unwrapped
    env.reset(seed=4)
    for _ in range(5):
        env.step(np.array(action))
    if render_mode:
        env.render()
    made = make(env)
    for _ in range(5):
        env.step(-np.array(action))
    env.reset(seed=4)
    for _ in range(5):
        env.step(np.array(action))
    for _ in range(10):
        mine, yours = env.step(np.array(action)), made.step(np.array(action))
        assert np.array_equal(mine[0], yours[0])
        assert mine[1:3] == yours[1:3]
    if render_mode:
        assert np.array_equal(env.render(), made.render())
    # what is drawn next is drawn by each alone
    assert np.array_equal(env.reset()[0], made.reset()[0])


def test_stacked_networks_are_copies():
    stacked = stack_networks([NETWORK])
    stacked.activation[:] = 3
    assert NETWORK.activation.tolist() == [1, 1, 1, 5, 1]
