"""A task without dynamics, for tests of the search."""

from numba import config as numba_config

from wann.search.config_file import config_from_table
from wann.tasks.base import EpisodeNumbers
from wann.tasks.measure import RETURN

N_GENERATIONS = 6 if numba_config.DISABLE_JIT else 20


class ToyTask:
    """Two inputs, one output; episodes are single numbers."""

    name = "toy"
    description = "a made-up problem"
    input_names = ("a", "b")
    output_names = ("y",)
    episode_steps = 1
    env_id = ""
    episode_numbers = EpisodeNumbers()
    measure = RETURN

    def draw_trials(self, n, rng):
        return rng.normal(size=(n, 1))


def configured(**tables):
    small = {"population": 40, "generations": N_GENERATIONS}
    tables["search"] = small | tables.get("search", {})
    return config_from_table({"task": "toy"} | tables)
