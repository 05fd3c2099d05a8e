"""Weight agnostic neural networks: evolve, evaluate, draw and replay them.

Gaier & Ha 2019, "Weight Agnostic Neural Networks", https://arxiv.org/abs/1906.04358
"""

from __future__ import annotations

# as in typing: the command line must be able to take a Ctrl-C a moment after its start
TYPE_CHECKING = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    import typing

    from wann.errors import WannError as WannError
    from wann.formats.champion import Champion as Champion
    from wann.formats.champion import load_champion as load_champion
    from wann.formats.champion import save_champion as save_champion
    from wann.genome.genome import Genome as Genome
    from wann.genome.network import Network as Network
    from wann.search.champion import champion_of as champion_of
    from wann.search.config import Config as Config
    from wann.search.presets import load_config as load_config
    from wann.search.search import Search as Search
    from wann.search.task import task_of_config as task_of_config
    from wann.tasks.base import Task as Task
    from wann.tasks.base import sweep as sweep
    from wann.tasks.policy import NetworkPolicy as NetworkPolicy
    from wann.tasks.registry import make_task as make_task
    from wann.tuning.evaluation import evaluate_network as evaluate_network
    from wann.view.graph import save_network as save_network

# loaded on first use: the command line must answer --help without importing numba
_PLACES = {
    "WannError": "wann.errors",
    "Champion": "wann.formats.champion",
    "load_champion": "wann.formats.champion",
    "save_champion": "wann.formats.champion",
    "Genome": "wann.genome.genome",
    "Network": "wann.genome.network",
    "champion_of": "wann.search.champion",
    "Config": "wann.search.config",
    "load_config": "wann.search.presets",
    "Search": "wann.search.search",
    "task_of_config": "wann.search.task",
    "Task": "wann.tasks.base",
    "sweep": "wann.tasks.base",
    "NetworkPolicy": "wann.tasks.policy",
    "make_task": "wann.tasks.registry",
    "evaluate_network": "wann.tuning.evaluation",
    "save_network": "wann.view.graph",
}
__all__ = sorted([*_PLACES, "__version__"])


def __getattr__(name: str) -> typing.Any:
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
