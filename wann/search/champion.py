"""The champion of a search."""

from __future__ import annotations

import wann
from wann.formats.champion import Champion
from wann.genome.compile import network_at
from wann.search.config import config_to_table
from wann.search.search import Search
from wann.search.validation import choose_champion
from wann.tasks.base import Executor, Serial


def champion_of(search: Search, executor: Executor | None = None) -> Champion:
    """Chooses the champion of a search on episodes that it has not seen.

    Args:
        search: at any generation; it is not changed.
        executor: runs the rollouts; None: in this thread.

    Returns:
        The champion with its ``random_shared_weight`` score, from episodes that did not choose it.
    """
    task, config = search.task, search.config
    networks = search.compile(search.champion_candidates())
    validation = choose_champion(
        task, networks, config, search.state.generation, executor or Serial()
    )
    return Champion(
        network_at(networks, validation.chosen, len(task.input_names), len(task.output_names)),
        task.name,
        task.input_names,
        task.output_names,
        {
            "random_shared_weight": {
                "mean": validation.mean,
                "std": validation.std,
                "episodes": validation.episodes,
            }
        },
        {
            "wann": wann.__version__,
            "seed": config.seed,
            "generation": search.state.generation,
            "config": config_to_table(config),
            "source": "Gaier & Ha 2019, https://arxiv.org/abs/1906.04358",
        },
    )
