"""The list of the kernels that a run calls: right types, nothing forgotten."""

from dataclasses import replace

import pytest
from numba import config as numba_config

from wann.run.kernels import breeding_kernels, kernels_of, ranking_kernels
from wann.search.presets import load_config
from wann.search.search import Search
from wann.search.task import task_of_config
from wann.tasks.base import CompiledTask, sweep
from wann_envs.beside import missing
from wann_envs.compiling import PROGRESS

needs_jit = pytest.mark.skipif(bool(numba_config.DISABLE_JIT), reason="is about compiled code")


@needs_jit
@pytest.mark.parametrize("preset", ["cartpole_swingup_quick", "digits_quick"])
def test_a_search_calls_no_other_kernels(preset):
    config = load_config(preset)
    config = replace(config, search=replace(config.search, population=12, generations=2))
    task = task_of_config(config)
    assert isinstance(task, CompiledTask)
    now, later = kernels_of(config, task)
    for one in [*now, *later]:
        one.kernel.compile(one.signature)
    assert missing([*now, *later]) == []
    n_compiled, n_variants = PROGRESS.n_compiled, count(now)
    search = Search(config, task)
    for _ in range(2):
        generation = search.ask()
        returns = sweep(
            task,
            generation.networks,
            generation.weights,
            generation.trials,
            precision=config.episodes.precision,
        ).returns
        search.tell(returns.mean(axis=2))
    assert PROGRESS.n_compiled == n_compiled
    assert count(now) == n_variants


def count(variants):
    """Variants of the listed kernels that this process has: none came by another call."""
    return sum(
        len(kernel.overloads) for kernel in {id(v.kernel): v.kernel for v in variants}.values()
    )


@needs_jit
def test_the_list_of_car_racing_has_the_types_of_its_calls():
    config = load_config("car_racing_quick")
    task = task_of_config(config)
    (now, later) = task.kernels(config.episodes.precision)
    assert not later
    (one,) = now
    assert [str(kind).split("(")[0] for kind in one.signature] == [
        "NetworkArrays", "array", "array", "array", "Tracks", "array", "Cars", "Blocks", "int64",
        "int64", "array", "array",
    ]  # fmt: skip


def test_without_the_jit_there_is_nothing_to_compile():
    config = load_config("cartpole_swingup_quick")
    variants = [*breeding_kernels(), *ranking_kernels(config)]
    plain = [one._replace(kernel=getattr(one.kernel, "py_func", one.kernel)) for one in variants]
    assert missing(plain) == []


def test_a_search_without_lexicase_does_not_compile_it():
    config = load_config("cartpole_swingup_quick")
    without = replace(config, search=replace(config.search, lexicase_fraction=0.0))
    assert len(ranking_kernels(without)) == len(ranking_kernels(config)) - 1
