"""The kernels that a search will call, with the types of their arguments.

They are compiled before the first generation, some here and some in a second process. The list is
no promise: what it lacks is compiled when it is called.
"""

from __future__ import annotations

import numpy as np

from wann.genome.compile import room_for_networks
from wann.genome.innovation import InnovationCounter, open_generation
from wann.genome.population import empty_population
from wann.kernels.breed import find_origins, join_networks, start_networks, write_and_compile
from wann.kernels.compile import compile_population, count_enabled
from wann.kernels.decide import decide
from wann.kernels.lexicase import epsilon_lexicase
from wann.kernels.pareto import sort_into_fronts
from wann.kernels.variation import Changes, number_changes
from wann.search.config import Config
from wann.tasks.base import CompiledTask, Task
from wann_envs.beside import Variant

_FLOATS, _TABLE = np.empty(0), np.empty((0, 0))
_INTEGERS = np.empty(0, np.int64)


def breeding_kernels() -> list[Variant]:
    """What breeds and compiles a population, the most costly first."""
    population, networks = empty_population(), room_for_networks(0, 0, 0)
    changes = Changes(
        np.empty((0, 2), np.int64),
        np.empty(0, np.uint64),
        np.empty(0, np.int8),
        *np.empty((4, 0), np.int64),
    )
    innovations = open_generation(InnovationCounter(0, 0), 0)
    which, order, sizes = _INTEGERS, np.empty(0, np.uint32), np.empty((0, 2), np.int64)
    choices = np.empty(0, np.int8)
    origin = edge_start = _INTEGERS
    return [
        Variant.of(decide, population, 1, 1, _FLOATS, choices, which, changes),
        Variant.of(
            write_and_compile, population, 1, 1, changes, which, origin, 1, population, edge_start,
            networks, order, sizes,
        ),
        Variant.of(compile_population, population, 1, 1, networks),
        Variant.of(
            join_networks, changes, which, origin, networks, population, networks, order,
            edge_start, networks,
        ),
        Variant.of(number_changes, population, changes, innovations),
        Variant.of(start_networks, changes, origin, networks, sizes),
        Variant.of(find_origins, population, changes, 1),
        Variant.of(count_enabled, population),
    ]  # fmt: skip


def ranking_kernels(config: Config) -> list[Variant]:
    """What ranks a population and chooses parents."""
    variants = [Variant.of(sort_into_fronts, _TABLE, _INTEGERS)]
    if config.search.lexicase_fraction > 0:
        orders = np.empty((0, 0), np.int64)
        variants.append(Variant.of(epsilon_lexicase, _TABLE, _FLOATS, orders, _FLOATS))
    return variants


def kernels_of(config: Config, task: Task) -> tuple[list[Variant], list[Variant]]:
    """What a search needs at once, and what it needs at its end."""
    if not isinstance(task, CompiledTask):
        return [*breeding_kernels(), *ranking_kernels(config)], []
    now, later = task.kernels(config.episodes.precision)
    return [*breeding_kernels(), *ranking_kernels(config), *now], later
