"""The choice of the champions on episodes that the search has not seen."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from tests.search.toy import ToyTask, configured
from wann.executor import Serial
from wann.genome.compile import network_at, stack_networks
from wann.genome.network import network_from_connections
from wann.search.config import ChampionConfig
from wann.search.validation import choose_champion, choose_small, choose_tuned
from wann.tasks.base import Rollouts


class Call(NamedTuple):
    """What a rollout was asked for; ``number`` counts the calls from 1."""

    kinds: list
    weights: np.ndarray
    trials: np.ndarray
    precision: str
    executor: object
    number: int


class ScriptedTask(ToyTask):
    """Returns are a function of the first hidden activation of a network and of the call."""

    def __init__(self, returns):
        self.returns = returns
        self.calls = []

    def rollout(self, networks, weights, trials, *, precision="float64", executor=None):
        n_networks = len(networks.node_start) - 1
        kinds = [int(network_at(networks, p, 2, 1).activation[3]) for p in range(n_networks)]
        call = Call(kinds, weights, trials[:, 0], precision, executor, len(self.calls) + 1)
        self.calls.append(call)
        rows = [np.broadcast_to(self.returns(kind, call), len(weights)) for kind in kinds]
        returns = np.array(rows, precision)
        return Rollouts(returns, np.ones(returns.shape, np.int32))


def candidates(*kinds):
    connections = [(0, 3), (1, 3), (2, 3), (3, 4)]
    return stack_networks(
        [network_from_connections(2, 1, [1, 1, 1, k, 1], connections) for k in kinds]
    )


CHAMPION = {"validation_episodes": 512, "final_episodes": 2048, "finalists": 3}


def test_the_champion_is_truly_the_best_and_its_score_comes_from_other_episodes():
    quality = {2: 100.0, 3: 104.0, 4: 96.0, 5: 60.0, 6: 103.0, 7: 10.0, 8: 0.0}

    def returns(kind, call):
        return quality[kind] + 10.0 * call.weights + 40.0 * np.sin(1e3 * kind * call.trials)

    for seed in range(3):
        task, executor = ScriptedTask(returns), Serial()
        config = configured(champion=CHAMPION, seed=seed)
        made = choose_champion(task, candidates(*quality), config, 7, executor)
        assert made.chosen == 1
        first, second, last = task.calls
        assert first.kinds == list(quality)
        assert set(second.kinds) == {3, 6, 2}
        assert last.kinds == [3]
        assert [len(call.weights) for call in task.calls] == [512, 2048, 2048]
        assert [call.precision for call in task.calls] == ["float32", "float32", "float64"]
        assert all(call.executor is executor for call in task.calls)
        met = [set(call.trials.tolist()) for call in task.calls]
        assert not met[0] & met[1]
        assert not met[2] & (met[0] | met[1])
        assert not set(last.weights.tolist()) & {*first.weights.tolist(), *second.weights.tolist()}
        final = returns(3, last)
        assert (made.mean, made.std, made.episodes) == (final.mean(), final.std(), 2048)
        assert made.mean == pytest.approx(104.0, abs=6.0)


def test_candidates_meet_stratified_weights_and_the_champion_plain_ones_of_the_whole_range():
    task = ScriptedTask(lambda kind, _: float(kind))
    config = configured(champion=CHAMPION, weights={"low": -1.0, "high": 3.0})
    choose_champion(task, candidates(2, 3), config, 0, Serial())
    *choosing, last = (call.weights for call in task.calls)
    for weights in choosing:
        strata = np.floor((weights + 1.0) / 4.0 * len(weights))
        assert strata.tolist() == list(range(len(weights)))
    assert -1.0 <= last.min() < -0.98
    assert 2.98 < last.max() < 3.0
    assert (np.diff(last) < 0).any()


def test_one_lucky_weight_does_not_make_a_champion():
    def returns(kind, call):
        return np.where(np.abs(call.weights - 1.0) < 0.1, 900.0, 0.0) if kind == 3 else 60.0

    task = ScriptedTask(returns)
    made = choose_champion(task, candidates(3, 5), configured(champion=CHAMPION), 0, Serial())
    assert (made.chosen, made.mean, made.std) == (1, 60.0, 0.0)


def test_both_rounds_count_for_the_finalists_and_neither_for_the_score():
    # 2 wins the first round and 3 the second, by less than 5 is ahead of it over both
    script = {1: {2: 50.0, 3: 40.0, 4: 30.0, 5: 45.0}, 2: {2: 0.0, 3: 20.0, 5: 19.0}, 3: {5: 7.0}}
    task = ScriptedTask(lambda kind, call: script[call.number][kind])
    made = choose_champion(task, candidates(4, 2, 5, 3), configured(champion=CHAMPION), 0, Serial())
    assert task.calls[1].kinds == [2, 5, 3]
    assert (made.chosen, made.mean) == (2, 7.0)


def test_the_choice_is_reproducible_and_depends_on_seed_and_generation():
    def choose(seed, generation):
        task = ScriptedTask(lambda kind, call: kind + call.trials)
        config = configured(champion=CHAMPION, seed=seed)
        return choose_champion(task, candidates(2, 3), config, generation, Serial())

    assert choose(1, 5) == choose(1, 5)
    assert len({choose(1, 5).mean, choose(2, 5).mean, choose(1, 6).mean}) == 3


def test_fewer_candidates_than_finalists_are_enough():
    task = ScriptedTask(lambda kind, call: kind + call.trials)
    config = replace(configured(), champion=ChampionConfig(finalists=10))
    assert choose_champion(task, candidates(4), config, 0, Serial()).chosen == 0


# the champion for one weight


def peak(kind, call):
    """Best at weight 0.1 * kind, and the higher the larger the kind."""
    return 10.0 * kind - 50.0 * (call.weights - 0.1 * kind) ** 2 + 3.0 * np.sin(1e3 * call.trials)


def test_the_tuned_champion_is_the_best_at_its_best_weight_and_scored_on_other_episodes():
    task, executor = ScriptedTask(peak), Serial()
    made = choose_tuned(task, candidates(2, 7, 3, 5), configured(champion=CHAMPION), 3, executor)
    assert (made.chosen, made.weight) == (1, pytest.approx(0.7))
    assert made.mean == pytest.approx(70.0, abs=0.5)
    *choosing, last = task.calls
    assert (last.precision, last.kinds, made.episodes) == ("float64", [7], 2048)
    assert set(last.weights.tolist()) == {made.weight}
    assert {call.precision for call in choosing} == {"float32"}
    assert not set(last.trials.tolist()) & {t for call in choosing for t in call.trials.tolist()}
    assert all(call.executor is executor for call in task.calls)


def test_a_network_that_is_good_with_one_weight_only_is_the_tuned_champion():
    def returns(kind, call):
        return np.where(np.abs(call.weights + 1.5) < 0.04, 900.0, 0.0) if kind == 3 else 600.0

    task = ScriptedTask(returns)
    made = choose_tuned(task, candidates(5, 3), configured(champion=CHAMPION), 0, Serial())
    assert (made.chosen, made.weight, made.mean) == (1, pytest.approx(-1.5), 900.0)


def test_weights_of_the_tuned_champion_lie_in_the_configured_range():
    config = configured(champion=CHAMPION, weights={"low": 1.0, "high": 3.0})
    task = ScriptedTask(lambda _, call: call.weights)
    assert choose_tuned(task, candidates(2), config, 0, Serial()).weight == 3.0
    assert min(call.weights.min() for call in task.calls) == 1.0


# the small champion


def chains(*lengths):
    """Networks with as many hidden nodes in a chain, the first of activation 2, 3, ..."""
    return stack_networks(
        [
            network_from_connections(
                2,
                1,
                [1, 1, 1, 2 + k, *[1] * (n - 1), 1],
                [(1, 3), (2, 3), *((3 + i, 4 + i) for i in range(n))],
            )
            for k, n in enumerate(lengths)
        ]
    )


def chosen_as_small(quality, lengths, best, **champion):
    task = ScriptedTask(lambda kind, call: quality[kind - 2] + np.sin(1e3 * call.trials))
    config = configured(champion=CHAMPION | champion)
    return choose_small(task, chains(*lengths), best, config, 0, Serial()), task


def test_the_small_champion_is_the_smallest_with_nine_tenths_of_the_best():
    made, task = chosen_as_small([100.0, 85.0, 95.0, 93.0], [9, 2, 5, 4], best=0)
    assert made.chosen == 3
    assert made.mean == pytest.approx(93.0, abs=0.5)
    last = task.calls[-1]
    assert (last.precision, last.kinds, made.episodes) == ("float64", [5], 2048)
    earlier = {t for call in task.calls[:-1] for t in call.trials.tolist()}
    assert not set(last.trials.tolist()) & earlier


def test_the_best_is_the_small_champion_where_no_smaller_one_is_nearly_as_good():
    assert chosen_as_small([100.0, 80.0, 99.0], [4, 2, 6], best=0)[0].chosen == 0
    assert chosen_as_small([100.0], [4], best=0)[0].chosen == 0


def test_a_small_network_that_was_lucky_at_first_is_not_the_small_champion():
    # only the first of the two rounds favours the smallest
    def returns(kind, call):
        return {2: 100.0, 3: 95.0 if call.number == 1 else 50.0, 4: 92.0}[kind]

    task = ScriptedTask(returns)
    config = configured(champion=CHAMPION)
    assert choose_small(task, chains(9, 2, 5), 0, config, 0, Serial()).chosen == 2
