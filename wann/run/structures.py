"""The structures that a run has found, not its champions only."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from wann.errors import RunError
from wann.genome.compile import network_at
from wann.genome.network import Network
from wann.run.checkpoint import load_checkpoint
from wann.run.directory import RunDirectory
from wann.search.config import config_from_table, read_table
from wann.search.search import Search
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import make_task


def structures_of_run(path: Path, place: DataPlace = USUAL_PLACE) -> list[Network]:
    """The Pareto front of the last generation of a run, its best by mean, and its hall of fame.

    Those without any connection are left out.

    Args:
        path: a run directory.
        place: of the task's data.

    Raises:
        RunError: it is none, or holds no checkpoint.
        ConfigError: its config cannot be read.
    """
    directory = RunDirectory(path)
    if not directory.has_checkpoint:
        raise RunError(f"{path} holds no checkpoint, and so no structures but its champions")
    config = config_from_table(read_table(directory.config))
    task = make_task(config.task, place.or_of(asdict(config.data)))
    search = Search(config, task, state=load_checkpoint(directory.checkpoint)[0].state)
    compiled = search.compile(search.champion_candidates())
    sizes = len(task.input_names), len(task.output_names)
    networks = [network_at(compiled, p, *sizes) for p in range(len(compiled.node_start) - 1)]
    return [network for network in networks if network.n_connections]
