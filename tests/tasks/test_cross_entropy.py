"""Losses of populations against one network, one node at a time in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.families import ALL, BOUNDED, SMOOTH, Draft, family
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.kernels.program import make_program
from wann.tasks import cross_entropy
from wann.tasks.accuracy import probabilities
from wann.tasks.cross_entropy import (
    Samples,
    Temperature,
    class_outputs,
    cross_entropies,
)

LARGEST = float(np.finfo(np.float32).max)
WEIGHTS = np.array([-2.0, -0.5, 0.25, 1.0, 2.0])


def half_turns(x, quarters=0):
    """sin(pi x + quarters pi / 2), exact where it is 0 or 1."""
    rest = np.remainder(x, 2.0)
    turned = np.round(2.0 * rest)
    angle = np.pi * (rest - 0.5 * turned)
    choices = np.array([np.sin(angle), np.cos(angle), -np.sin(angle), -np.cos(angle)])
    return np.take_along_axis(choices, ((turned + quarters) % 4).astype(int)[None], 0)[0]


def activation(number, x):
    if number == Activation.SIN:
        return half_turns(x)
    if number == Activation.COS:
        return half_turns(x, 1)
    return {
        Activation.LINEAR: lambda: x,
        Activation.STEP: lambda: 1.0 * (x > 0),
        Activation.GAUSS: lambda: np.exp(-0.5 * np.minimum(x * x, 1e4)),
        Activation.TANH: lambda: np.tanh(x),
        Activation.SIGMOID: lambda: 0.5 + 0.5 * np.tanh(0.5 * x),
        Activation.INVERSE: lambda: -x,
        Activation.ABS: lambda: np.abs(x),
        Activation.RELU: lambda: np.maximum(x, 0.0),
        Activation.SQUARE: lambda: np.minimum(x * x, LARGEST),
    }[Activation(number)]()


def oracle(network, weight, x, y, temperature=1.0):
    """Mean cross-entropy of one network with one weight."""
    values = [np.ones(len(x)), *x.T.astype(np.float64)]
    for node in range(1 + network.n_inputs, network.n_nodes):
        sources = network.edge_source[network.edge_target == node]
        total = weight * sum((values[s] for s in sources), np.zeros(len(x)))
        values.append(activation(network.activation[node], np.clip(total, -LARGEST, LARGEST)))
    outputs = np.array(values[-network.n_outputs :])
    distance = (outputs - outputs.max(axis=0)) / temperature
    loss = np.log(np.exp(distance).sum(axis=0)) - distance[y, np.arange(len(x))]
    return min(loss.mean(), LARGEST)


def oracles(networks, weights, samples, chosen):
    x, y = samples.x[chosen], samples.y[chosen]
    return np.array([[oracle(network, w, x, y) for w in weights] for network in networks])


def random_samples(rng, n=90, n_inputs=6, n_classes=4):
    """Inputs in eighths: sums of them are exact, so that a step sees the same in any order."""
    x = rng.integers(0, 9, (n, n_inputs)) / 8
    return Samples.of(x, rng.integers(0, n_classes, n), n_classes)


def assert_right(networks, samples, chosen, weights=WEIGHTS):
    """Shared and separate losses are those of the oracle, to 1e-5.

    Where float32 is not enough even for one network after another (a sine of something large), the
    shared losses may be as far away as that.
    """
    stacked, right = stack_networks(networks), oracles(networks, weights, samples, chosen)
    made = cross_entropies(stacked, weights, samples, chosen)
    separate = cross_entropies(stacked, weights, samples, chosen, is_shared=False)
    scale = np.maximum(1.0, np.abs(right))
    assert made.shape == separate.shape == (len(networks), len(weights))
    assert (np.abs(made - right) <= 1e-5 * scale + 4.0 * np.abs(separate - right)).all()
    return np.abs(separate - right) / scale, np.abs(made - right) / scale


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("activations", [SMOOTH, BOUNDED, ALL])
def test_losses_match_the_oracle_on_relatives(activations, seed):
    rng = np.random.default_rng(seed)
    samples = random_samples(rng)
    n_changes = 40 if activations != ALL else 12
    networks = [d.network(rng) for d in family(rng, 12, 6, 4, activations, n_changes)]
    separate, shared = assert_right(networks, samples, rng.integers(0, 90, 70))
    if activations != ALL:
        # here float32 is enough
        assert max(separate.max(), shared.max()) <= 1e-5


TEMPERATURES = {
    0.0: [2.5, 2.5, 2.5, 2.5, 2.5, 2.5],
    1.0: [3.75, 1.0, 2.5e-6, 0.0075, 0.25, 5.0],
    2.0: [5.625, 0.4, 7.5e-8, 0.000225, 0.025, 10.0],
}


@pytest.mark.parametrize("power", TEMPERATURES)
def test_a_temperature_depends_on_the_weight(power):
    rng = np.random.default_rng(3)
    samples, chosen = random_samples(rng), np.arange(90)
    networks = [d.network(rng) for d in family(rng, 12, 6, 4, SMOOTH, 40)]
    weights = np.array([-1.5, -0.4, 0.0, 0.003, 0.1, 2.0])
    temperature = Temperature(2.5, power)
    assert temperature.of(weights) == pytest.approx(TEMPERATURES[power])
    cases = list(zip(weights, TEMPERATURES[power], strict=True))
    right = np.array(
        [[oracle(network, w, samples.x, samples.y, t) for w, t in cases] for network in networks]
    )
    stacked = stack_networks(networks)
    for is_shared in (True, False):
        made = cross_entropies(
            stacked, weights, samples, chosen, is_shared=is_shared, temperature=temperature
        )
        assert made == pytest.approx(right, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_losses_match_the_oracle_where_nothing_is_shared(seed):
    rng = np.random.default_rng(seed)
    samples = random_samples(rng)
    networks = [naive.random_network(rng, 6, 4, 6, 25, (1, 4, 5, 6, 7, 8, 9)) for _ in range(8)]
    separate, shared = assert_right(networks, samples, np.arange(64))
    assert max(separate.max(), shared.max()) <= 1e-5


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    n_changes=st.integers(0, 25),
    n_inputs=st.integers(1, 8),
    n_classes=st.integers(2, 5),
    batch=st.sampled_from([1, 63, 64, 65, 130]),
    n_weights=st.integers(1, 7),
)
def test_any_population_of_bounded_nodes_gets_the_losses_of_the_oracle(
    seed, n, n_changes, n_inputs, n_classes, batch, n_weights
):
    rng = np.random.default_rng(seed)
    samples = random_samples(rng, 30, n_inputs, n_classes)
    drafts = family(rng, n, n_inputs, n_classes, BOUNDED, n_changes)
    weights = rng.integers(-8, 9, n_weights) / 4
    networks = [draft.network(rng) for draft in drafts]
    assert_right(networks, samples, rng.integers(0, 30, batch), weights)


def test_networks_without_connections_know_nothing():
    rng = np.random.default_rng(0)
    samples = random_samples(rng)
    empty = network_from_connections(6, 4, [1] * 11, [])
    made = cross_entropies(stack_networks([empty] * 3), WEIGHTS, samples, np.arange(90))
    assert made == pytest.approx(np.full((3, 5), np.log(4.0)), rel=1e-6)
    assert cross_entropies(stack_networks([]), WEIGHTS, samples, np.arange(9)).shape == (0, 5)


def test_duplicates_have_the_same_bits():
    rng = np.random.default_rng(1)
    samples = random_samples(rng)
    drafts = family(rng, 6)
    networks = [drafts[k].network(rng) for k in (0, 1, 2, 1, 3, 0, 0, 4, 5, 5)]
    made = cross_entropies(stack_networks(networks), WEIGHTS, samples, np.arange(80))
    for first, second in ((0, 5), (0, 6), (1, 3), (8, 9)):
        assert made[first].tobytes() == made[second].tobytes()


def test_dead_nodes_change_nothing():
    rng = np.random.default_rng(2)
    samples = random_samples(rng)
    live = network_from_connections(
        6, 4, [1] * 7 + [5] + [1] * 4, [(0, 7), (1, 7), (2, 7), (7, 8), (3, 9), (0, 10), (4, 11)]
    )
    dead = network_from_connections(
        6,
        4,
        [1] * 7 + [3, 5, 11] + [1] * 4,
        [(5, 7), (0, 8), (1, 8), (2, 8), (8, 9), (8, 10), (3, 11), (0, 12), (4, 13)],
    )
    made = cross_entropies(stack_networks([live, dead, live]), WEIGHTS, samples, np.arange(90))
    assert made[0].tobytes() == made[1].tobytes() == made[2].tobytes()


def test_company_changes_a_loss_by_rounding_only():
    rng = np.random.default_rng(3)
    samples = random_samples(rng)
    networks = [draft.network(rng) for draft in family(rng, 25, activations=BOUNDED)]
    together = cross_entropies(stack_networks(networks), WEIGHTS, samples, np.arange(90))
    for p in range(0, 25, 6):
        alone = cross_entropies(stack_networks([networks[p]]), WEIGHTS, samples, np.arange(90))
        assert np.abs(together[p] - alone[0]).max() <= 2e-6


@pytest.mark.parametrize("size", [1e3, 1e15, 1e38])
def test_huge_sums_are_computed_exactly_for_the_individual(size):
    """Outputs far from the first individual's, and pre-activations beyond the range of float32."""
    rng = np.random.default_rng(4)
    samples = random_samples(rng)
    samples = samples._replace(x=(samples.x * np.float32(size)), largest=size)
    networks = []
    for k in range(6):
        draft = Draft(6, 4)
        draft.hidden = [("hidden", i) for i in range(3)]
        draft.activation |= {node: int(rng.choice([1, 5, 7, 8, 9, 11])) for node in draft.hidden}
        draft.pairs = {(("in", i), ("hidden", i % 3)) for i in range(1 + k)}
        draft.pairs |= {(("hidden", i), ("out", i)) for i in range(3)}
        networks.append(draft.network())
    networks.insert(0, network_from_connections(6, 4, [1] * 11, [(0, 7), (0, 8)]))
    made = cross_entropies(stack_networks(networks), WEIGHTS, samples, np.arange(90))
    right = oracles(networks, WEIGHTS, samples, np.arange(90))
    assert np.isfinite(made).all()
    assert np.isfinite(made.astype(np.float32)).all()
    # the sum of a block may be too large where its mean is not
    is_right = np.abs(made - right) <= 1e-5 * np.maximum(1.0, right)
    assert (is_right | ((right > 1e36) & (made == LARGEST))).all()


def test_the_same_bits_come_from_any_number_of_workers():
    rng = np.random.default_rng(5)
    samples = random_samples(rng, 400)
    networks = [draft.network(rng) for draft in family(rng, 20)]
    networks.append(network_from_connections(6, 4, [1] * 7 + [11] * 4, [(k, 7) for k in range(7)]))
    stacked, chosen = stack_networks(networks), rng.integers(0, 400, 777)
    # the last network is computed on its own: its outputs are far from the first's
    weights = np.array([-1.0, 0.5, 30.0])
    serial = cross_entropies(stacked, weights, samples, chosen)
    separate = cross_entropies(stacked, weights, samples, chosen, is_shared=False)
    for n_workers in (2, 3):
        with Threads(n_workers) as threads:
            for is_shared, right in ((True, serial), (False, separate)):
                made = cross_entropies(
                    stacked, weights, samples, chosen, executor=threads, is_shared=is_shared
                )
                assert made.tobytes() == right.tobytes()


def test_the_sum_of_an_output_starts_from_a_relatives(monkeypatch):
    """Without bases there are more terms, and the same losses."""
    rng = np.random.default_rng(6)
    samples = random_samples(rng)
    networks = stack_networks(
        [d.network(rng) for d in family(rng, 30, activations=BOUNDED, n_changes=120)]
    )
    programs = []

    def without_bases(unique, *others):
        alone = unique._replace(relative=np.full_like(unique.relative, -1))
        programs.extend([make_program(unique, *others), make_program(alone, *others)])
        return programs[-1]

    with_bases = cross_entropies(networks, WEIGHTS, samples, np.arange(90))
    monkeypatch.setattr(cross_entropy, "make_program", without_bases)
    made = cross_entropies(networks, WEIGHTS, samples, np.arange(90))
    assert len(programs[0].rows) < 0.95 * len(programs[1].rows)
    assert np.abs(made - with_bases).max() <= 2e-6


def test_probabilities_are_those_of_the_losses():
    rng = np.random.default_rng(7)
    samples, chosen = random_samples(rng), rng.integers(0, 90, 75)
    networks = stack_networks([d.network(rng) for d in family(rng, 3, activations=SMOOTH)])
    outputs = class_outputs(networks, WEIGHTS, samples, chosen)
    made = probabilities(outputs)
    assert made.shape == (3, 5, 75, 4)
    assert made.sum(axis=-1) == pytest.approx(np.ones((3, 5, 75)))
    right = np.take_along_axis(made, samples.y[chosen][None, None, :, None], -1)
    losses = -np.log(np.maximum(right[..., 0], 1e-300)).mean(axis=2)
    assert losses == pytest.approx(
        cross_entropies(networks, WEIGHTS, samples, chosen), rel=1e-5, abs=1e-5
    )
    with Threads(2) as threads:
        again = class_outputs(networks, WEIGHTS, samples, chosen, executor=threads)
    assert outputs.dtype == np.float32
    assert outputs.tobytes() == again.tobytes()
