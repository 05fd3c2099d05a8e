"""Budgets smaller than the usual examinations and choice, and what no tuner falls below."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest

import wann.tuning.allowance as allowance
import wann.tuning.tune as tune_module
from tests.tuning.test_partial import CHAMPION, CLASSIFIER, NETWORK, OTHER
from wann.executor import Serial
from wann.executors.threads import Threads
from wann.tasks.base import EpisodeNumbers, Rollouts
from wann.tasks.car_racing import CarRacingTask
from wann.tasks.measure import RETURN
from wann.tasks.swingup import SwingUpTask
from wann.tuning.adam import AdamPlan
from wann.tuning.batches import BatchPlan
from wann.tuning.budget import Budget
from wann.tuning.individual import tune_structures
from wann.tuning.pepg import Pepg
from wann.tuning.plan import Plan, plan_for
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.shared import tune_shared
from wann.tuning.small import fitting, usual_cost
from wann.tuning.tune import TuneSettings, tune_champion

KNOWN = replace(CHAMPION, scores={"tuned_shared_weight": {"weight": -0.5, "mean": 1.0}})
UNKNOWN = replace(CLASSIFIER, scores={})


def tune(champion, settings, **more):
    return tune_champion(champion, replace(settings, episodes=5), executor=Serial(), **more)


@pytest.mark.parametrize("evaluations", [1, 2, 7, 64, 100, 130, 999, 5000])
@pytest.mark.parametrize("method", ["cma", "pepg", "shared"])
@pytest.mark.parametrize("champion", [CHAMPION, KNOWN])
def test_all_of_a_tuning_stays_within_a_small_budget(champion, method, evaluations):
    made = tune(champion, TuneSettings(method, evaluations, seed=1))
    assert made.evaluations <= evaluations
    assert made.champion.tuned_weights or method == "shared"


@pytest.mark.parametrize("evaluations", [1, 10, 100, 1000, 5000])
def test_a_front_stays_within_a_small_budget(evaluations):
    lineages = [[OTHER] * 3, [OTHER, NETWORK]]
    made = tune(CHAMPION, TuneSettings("cma", evaluations, seed=1), lineages=lineages)
    assert made.evaluations <= evaluations


@pytest.mark.parametrize("evaluations", [1, 9, 70, 100, 500, 799])
@pytest.mark.parametrize("method", ["adam", "cma", "pepg"])
@pytest.mark.parametrize("champion", [CLASSIFIER, UNKNOWN])
def test_classifiers_stay_within_a_small_budget(champion, method, evaluations):
    made = tune(champion, TuneSettings(method, evaluations, seed=1))
    assert made.evaluations <= evaluations


@pytest.mark.parametrize("method", ["cma", "pepg", "shared", "adam"])
def test_a_second_is_a_second(method):
    champion = CLASSIFIER if method == "adam" else KNOWN
    tune(champion, TuneSettings(method, 100))  # compiles
    begin = time.perf_counter()
    made = tune(champion, TuneSettings(method, seconds=0.5))
    assert made.seconds < 1.5
    assert time.perf_counter() - begin < 3.0


def test_small_budgets_find_better_weights_too():
    made = tune(CHAMPION, TuneSettings("cma", 20_000, seed=1))
    assert made.after.mean > made.before.mean + 100.0


@pytest.mark.parametrize("task", [SwingUpTask(), CarRacingTask()])
def test_a_plan_that_fits_stays_as_it_is(task):
    plan = plan_for(task)
    for evaluations in (usual_cost(plan), 10 * usual_cost(plan), math.inf):
        assert fitting(plan, evaluations) is plan
    small = fitting(plan, usual_cost(plan) - 1)
    assert small != plan
    assert 0 < small.reserved < usual_cost(plan) / 2


@pytest.mark.parametrize("evaluations", [1, 3, 50, 400, 3000, 20_000, 100_000])
def test_small_plans_leave_most_to_the_search(evaluations):
    small = fitting(Plan(), evaluations)
    assert min(small.examination, small.choice, small.starts, small.finalists) >= 1
    if evaluations >= 50:
        assert usual_cost(small) <= 0.3 * evaluations
    assert small.refining_shares[-1] <= 1.0


@pytest.mark.parametrize("plan", [AdamPlan(), BatchPlan()])
def test_plans_of_classifiers_that_fit_stay_as_they_are(plan):
    n = 55_000
    sizes = (n,) if isinstance(plan, AdamPlan) else (n, 32)
    held = 5000 * 2 + (512 if isinstance(plan, AdamPlan) else 32_000)
    for evaluations in (held, 10 * held):
        assert plan.within(Budget(evaluations), *sizes) is plan
    assert plan.within(Budget(seconds=1.0), *sizes) is plan
    assert plan.within(Budget(held - 1), *sizes).counts_examinations
    # what nobody has set may be as small as it is
    usual = Budget(held - 1)
    usual.is_given = False
    assert plan.within(usual, *sizes) is plan


def test_the_usual_budget_of_a_large_network_shrinks_nothing(monkeypatch):
    plans = []

    def tune_structures(*_, plan, **__):
        plans.append(plan)
        raise KeyboardInterrupt

    tuner = tune_module.TUNERS["return"]["cma"]._replace(tune=tune_structures)
    monkeypatch.setitem(tune_module.TUNERS["return"], "cma", tuner)
    for settings, most in ((TuneSettings(), 100), (TuneSettings(evaluations=100), 100)):
        for module in (tune_module, allowance):
            monkeypatch.setattr(module, "default_evaluations", lambda *_, most=most: most)
        with pytest.raises(KeyboardInterrupt):
            tune(KNOWN, settings)
    assert plans[0] == plan_for(SwingUpTask())
    assert plans[1].reserved > 0


# what no tuner falls below


class Trap:
    """Trials tell which structure and weights do well on them; the search is misled.

    The return is 10 where all weights are ``good``, and else what the trials say: in exploring and
    refining 50, in the choice 0. Trials of the choice are drawn with another generator.
    """

    name = "trap"
    input_names, output_names = ("a",) * 5, ("y",)
    episode_numbers = EpisodeNumbers()
    measure = RETURN

    def __init__(self, good, n_connections):
        self.good, self.n_connections = good, n_connections
        state = tuning_rng(0, TuningStream.CHOICE).bit_generator.state
        self.choice = state["state"]

    def draw_trials(self, n, rng):
        is_choice = rng.bit_generator.state["state"] == self.choice
        return np.full((n, 1), float(is_choice))

    def rollout_weighted(self, network, edge_weights, trials, *, precision="float64"):
        is_good = (edge_weights == self.good).all(axis=0)
        is_good &= len(network.edge_source) == self.n_connections
        returns = np.where(is_good, 10.0, np.where(trials[:, 0] == 1.0, 0.0, 50.0))
        return Rollouts(returns[None].astype(precision), np.ones((1, len(trials)), np.int32))


@pytest.mark.parametrize("evaluations", [500, 8000])
@pytest.mark.parametrize("is_among_them", [True, False])
def test_the_result_is_never_below_the_champion_on_the_last_choice(evaluations, is_among_them):
    network, weight = NETWORK, 0.37
    structures = [OTHER, network] if is_among_them else [OTHER]
    options = {
        "start_weights": [1.0] * len(structures),
        "seed": 0,
        "plan": Plan(starts=2, exploring_generations=(3,), examination=16, choice=32),
    }
    task = Trap(weight, network.n_connections)
    without = tune_structures(task, structures, Pepg, budget=Budget(evaluations), **options)
    assert without.merit == 0.0
    made = tune_structures(
        task, structures, Pepg, budget=Budget(evaluations), incumbent=(network, weight), **options
    )
    assert made.merit == 10.0
    assert set(made.weights) == {weight}
    assert made.structure == 1
    assert made.start_weight == (1.0 if is_among_them else weight)


def test_without_a_win_of_the_champion_its_place_in_the_choice_changes_nothing():
    options = {"start_weights": [1.0], "seed": 3, "plan": replace(Plan(), starts=2, choice=64)}
    task = SwingUpTask()
    alone, defended = (
        tune_structures(task, [OTHER], Pepg, budget=Budget(20_000), incumbent=incumbent, **options)
        for incumbent in (None, (NETWORK, 0.0))
    )
    assert defended.weights.tobytes() == alone.weights.tobytes()
    assert defended.merit == alone.merit
    assert (defended.structure, defended.start_weight) == (0, 1.0)


def test_the_champion_of_a_run_takes_part_in_the_choice_among_its_structures(monkeypatch):
    given = []

    def tune_structures(*_, incumbent, **__):
        given.append(incumbent)
        raise KeyboardInterrupt

    tuner = tune_module.TUNERS["return"]["cma"]._replace(tune=tune_structures)
    monkeypatch.setitem(tune_module.TUNERS["return"], "cma", tuner)
    for lineages in ([[OTHER]], []):
        with pytest.raises(KeyboardInterrupt):
            tune(KNOWN, TuneSettings("cma", 6000), lineages=lineages)
    assert given == [(NETWORK, -0.5)] * 2


def test_the_best_shared_weight_so_far_takes_part_in_the_last_choice():
    class Peak:
        """The sweep sees a peak at 1; the choice knows better."""

        name = "peak"
        input_names, output_names = ("a",) * 5, ("y",)
        episode_numbers = EpisodeNumbers(sweep=2, sweep_finalists=2, refine=2, choice=7)
        measure = RETURN

        def draw_trials(self, n, rng):  # noqa: ARG002
            return np.full((n, 1), float(n == 7))

        def rollout(self, networks, weights, trials, *, precision="float64", executor=None):  # noqa: ARG002
            returns = np.where(trials[:, 0] == 1.0, weights == -0.25, -np.abs(weights - 1.0))
            return Rollouts(returns[None].astype(precision), np.ones((1, len(weights)), np.int32))

    assert tune_shared(Peak(), NETWORK, seed=0) == pytest.approx(1.0, abs=1e-3)
    assert tune_shared(Peak(), NETWORK, seed=0, start_weight=-0.25) == -0.25


def test_a_request_to_stop_ends_a_search_for_one_weight():
    with Threads(2) as executor:
        made = tune_champion(
            KNOWN,
            TuneSettings("shared", episodes=5),
            executor=executor,
            should_stop=lambda: True,
        )
    assert made.ended_by == "stop"
    assert made.champion.scores["tuned_shared_weight"]["weight"] == -0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "sgd"},
        {"method": None},
        {"evaluations": 0},
        {"evaluations": 1.5},
        {"evaluations": True},
        {"seconds": 0.0},
        {"seconds": math.nan},
        {"seconds": "1"},
        {"seed": -1},
        {"seed": None},
        {"episodes": 0},
    ],
)
def test_settings_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TuneSettings(**wrong)
