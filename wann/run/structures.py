"""The structures that a run has found, not its champions only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wann.genome.compile import network_at
from wann.genome.network import Network
from wann.genome.population import population_size
from wann.kernels.variation import PopulationArrays
from wann.run.reading import read_run
from wann.search.search import Search
from wann.search.state import bests_by_heat
from wann.tasks.data import USUAL_PLACE, DataPlace


def search_of_run(
    path: Path, place: DataPlace = USUAL_PLACE, say: Callable[[str], None] = lambda _: None
) -> Search:
    """The search of a run, where its last checkpoint left it; arguments as ``structures_of_run``.

    Raises:
        RunError, ConfigError, TaskError: as ``read_run``.
    """
    return read_run(path, place, say).search()


def structures_of_run(
    path: Path, place: DataPlace = USUAL_PLACE, say: Callable[[str], None] = lambda _: None
) -> list[list[Network]]:
    """The structures of a run by their lineage.

    The first lineage is what the champions were chosen from: the Pareto front of the last
    generation, its best by mean, and the hall of fame. After heats the best of each heat follow.
    Structures without any connection are left out, and lineages without structures.

    Args:
        path: a run directory.
        place: of the task's data.
        say: is told if the last checkpoint is damaged and the one before is taken.

    Raises:
        RunError, ConfigError, TaskError: as ``read_run``.
    """
    return structures_of(read_run(path, place, say).search())


def structures_of(search: Search) -> list[list[Network]]:
    """The same of a search."""
    lineages = [search.champion_candidates(), *bests_by_heat(search.state, search.config.search)]
    made = [_networks(search, lineage) for lineage in lineages]
    return [networks for networks in made if networks]


def _networks(search: Search, genomes: PopulationArrays) -> list[Network]:
    compiled = search.compile(genomes)
    sizes = len(search.task.input_names), len(search.task.output_names)
    networks = [network_at(compiled, p, *sizes) for p in range(population_size(genomes))]
    return [network for network in networks if network.n_connections]
