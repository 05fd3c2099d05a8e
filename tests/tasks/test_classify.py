"""Classification tasks: batches, scores, data that are missing, a short search."""

import os

import numpy as np
import pytest

from tests.families import family
from wann.errors import TaskError
from wann.executors.threads import Threads
from wann.genome.compile import compile_population, stack_networks
from wann.genome.network import network_from_connections
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.task import task_of_config
from wann.tasks.base import sweep, sweep_weighted
from wann.tasks.classify import ClassifyTask, digits_task
from wann.tasks.cross_entropy import Temperature
from wann.tasks.registry import make_task, task_names
from wann_envs.classify import DataError

TASK = digits_task()
WEIGHTS = np.array([-2.0, -0.5, 1.0])
needs_mnist = pytest.mark.skipif("WANN_DATA_DIR" not in os.environ, reason="WANN_DATA_DIR")


def networks(n=5, seed=0):
    rng = np.random.default_rng(seed)
    return stack_networks([d.network(rng) for d in family(rng, n, 64, 10, (1, 4, 5, 6, 9), 60)])


@pytest.mark.parametrize("n", [1, 1000, 1442, 1443, 4000])
def test_a_batch_has_every_sample_as_often_as_that_can_be(n):
    trials = TASK.draw_trials(n, np.random.default_rng(0))
    counts = np.bincount(trials, minlength=1442)
    assert len(trials) == n
    assert counts.max() - counts.min() <= 1
    assert trials.tolist() == TASK.draw_trials(n, np.random.default_rng(0)).tolist()
    assert trials.tolist() != sorted(trials.tolist()) or n == 1


def test_the_names_fit_the_data():
    for name in ("digits", *(["mnist", "mnist784"] if "WANN_DATA_DIR" in os.environ else [])):
        task = make_task(name)
        assert task.name == name
        assert task.input_names == task.data.input_names
        assert len(task.output_names) == task.data.n_classes


def test_a_sweep_gives_the_mean_of_the_rollouts():
    stacked, trials = networks(), TASK.draw_trials(130, np.random.default_rng(1))
    made = sweep(TASK, stacked, WEIGHTS, trials, precision="float32")
    assert made.returns.shape == made.steps.shape == (5, 3, 1)
    assert made.returns.dtype == np.float32
    assert (made.steps == 130).all()
    for precision, tolerance in (("float64", 1e-5), ("float32", 2e-5)):
        for w, weight in enumerate(WEIGHTS):
            pairs = TASK.rollout(stacked, np.full(130, weight), trials, precision=precision)
            assert pairs.returns.dtype == precision
            right = pairs.returns.mean(axis=1)
            assert made.returns[:, w, 0] == pytest.approx(right, rel=tolerance, abs=tolerance)


def test_workers_do_not_change_rollouts():
    stacked, rng = networks(9), np.random.default_rng(2)
    weights, trials = rng.uniform(-2, 2, 70), TASK.draw_trials(70, rng)
    serial = TASK.rollout(stacked, weights, trials)
    with Threads(2) as threads:
        made = TASK.rollout(stacked, weights, trials, executor=threads)
    assert made.returns.tobytes() == serial.returns.tobytes()


def test_equal_individual_weights_are_a_shared_weight():
    one, trials = networks(1), TASK.draw_trials(80, np.random.default_rng(3))
    shared = TASK.rollout(one, np.full(80, 0.7), trials)
    individual = np.full((len(one.edge_source), 80), 0.7)
    made = TASK.rollout_weighted(one, individual, trials)
    assert made.returns == pytest.approx(shared.returns, rel=1e-9, abs=1e-9)
    rows = sweep_weighted(TASK, one, individual[:, :2].T, trials)
    assert rows.returns.shape == (2, 80)
    assert rows.returns[0] == pytest.approx(shared.returns[0], rel=1e-9, abs=1e-9)


def test_huge_outputs_give_finite_returns():
    squares = network_from_connections(
        64, 10, [1] * 65 + [11] * 12, [(0, 65), (10, 65), (65, 66), (66, 67), (0, 68)]
    )
    trials = TASK.draw_trials(100, np.random.default_rng(4))
    for precision in ("float32", "float64"):
        rollouts = TASK.rollout(
            stack_networks([squares]), np.full(100, 1e9), trials, precision=precision
        )
        assert np.isfinite(rollouts.returns).all()
    made = sweep(TASK, stack_networks([squares]), np.array([1e9]), trials, precision="float32")
    assert np.isfinite(made.returns).all()


def test_wrong_shapes_and_networks_are_refused():
    stacked, trials = networks(1), np.arange(6)
    with pytest.raises(ValueError, match=r"\(6,\), not \(5,\)"):
        TASK.rollout(stacked, np.zeros(5), trials)
    with pytest.raises(ValueError, match="weights have shape"):
        TASK.rollout_weighted(stacked, np.zeros((1, 6)), trials)
    small = stack_networks([network_from_connections(3, 10, [1] * 14, [])])
    with pytest.raises(TaskError, match="64 inputs"):
        sweep(TASK, small, WEIGHTS, trials)


def test_sweeps_and_rollouts_have_the_same_temperature():
    task, rng = TASK.with_temperature(Temperature(0.5, 2.0)), np.random.default_rng(5)
    stacked = stack_networks([d.network(rng) for d in family(rng, 4, 64, 10, (1, 4, 5, 6), 40)])
    weights, trials = np.array([-1.5, -0.3, 0.1]), task.draw_trials(50, rng)
    made = sweep(task, stacked, weights, trials).returns[:, :, 0]
    right = task.rollout(stacked, np.repeat(weights, 50), np.tile(trials, 3)).returns
    assert made == pytest.approx(right.reshape(4, 3, 50).mean(axis=2), abs=1e-5)
    assert made != pytest.approx(sweep(TASK, stacked, weights, trials).returns[:, :, 0])
    assert task.samples is TASK.samples
    network = stack_networks([family(rng, 1, 64, 10, (1, 4), 20)[0].network(rng)])
    individual = rng.normal(size=(len(network.edge_source), 50))
    plain = TASK.rollout_weighted(network, individual, trials).returns
    assert task.rollout_weighted(network, individual, trials).returns.tolist() == plain.tolist()


def test_a_search_wants_the_task_of_its_config():
    table = {"task": "digits", "weights": {"temperature": 0.5}}
    config = config_from_table(table)
    with pytest.raises(TaskError, match="task_of_config"):
        Search(config, TASK)
    assert Search(config, task_of_config(config)).task.temperature == Temperature(0.5)
    with pytest.raises(TaskError, match="'cartpole_swingup' has no softmax with a temperature"):
        task_of_config(config_from_table(table | {"task": "cartpole_swingup"}))


def test_data_are_loaded_when_they_are_needed_and_their_errors_name_the_task():
    def fail():
        raise DataError("no data here")

    task = ClassifyTask("mine", "", ("a",), ("0", "1"), fail)
    for use in (task.prepare, lambda: task.draw_trials(1, np.random.default_rng(0))):
        with pytest.raises(TaskError, match="task 'mine': no data here"):
            use()
    assert {"digits", "mnist", "mnist784"} <= set(task_names())


def test_a_missing_folder_is_a_task_error(monkeypatch, tmp_path):
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path / "nothing"))
    task = make_task("mnist")
    assert len(task.input_names) == 256
    with pytest.raises(TaskError, match="nothing"):
        task.prepare()


def short_search(executor=None, generations=12):
    """The best score of each generation of a search on the digits."""
    config = config_from_table(
        {
            "task": "digits",
            "search": {"population": 60, "initial_enable_probability": 0.05},
            "weights": {"n": 4},
            "episodes": {"per_weight": 500},
        }
    )
    search, best = Search(config, TASK), []
    for _ in range(generations):
        generation = search.ask()
        rollouts = sweep(
            TASK, generation.networks, generation.weights, generation.trials, executor=executor
        )
        search.tell(rollouts.returns.mean(axis=2))
        best.append(float(rollouts.returns.mean(axis=(1, 2)).max()))
    return best, compile_population(search.state.population, 64, 10)


def test_a_short_search_gets_better_and_knows_no_workers():
    best, last = short_search()
    assert max(best[-3:]) > best[0]
    with Threads(3) as threads:
        again, same = short_search(threads)
    assert again == best
    for one, other in zip(last, same, strict=True):
        assert one.tobytes() == other.tobytes()


@needs_mnist
def test_mnist_is_scored_as_one_network_after_another():
    task, rng = make_task("mnist"), np.random.default_rng(6)
    stacked = stack_networks([d.network(rng) for d in family(rng, 6, 256, 10, (1, 4, 5, 6), 80)])
    trials = task.draw_trials(100, rng)
    made = sweep(task, stacked, WEIGHTS, trials)
    right = task.rollout(stacked, np.repeat(WEIGHTS, 100), np.tile(trials, 3)).returns
    assert made.returns[:, :, 0] == pytest.approx(right.reshape(6, 3, 100).mean(axis=2), abs=1e-5)
