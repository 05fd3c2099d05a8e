"""Which champion of a run is tuned: the one whose structure suits individual weights best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from wann.executor import Executor
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Task
from wann.tasks.data import DataPlace
from wann.tuning.tune import TunedChampion, TuneSettings, tune_champion

# by the kind of the task's measure: gradients are so fast that more than one can be tried
_CANDIDATES = {"return": ("champion_tuned",), "accuracy": ("champion", "champion_tuned")}


def tune_the_best(
    task: Task,
    champions: Mapping[str, Champion],
    settings: TuneSettings,
    *,
    executor: Executor,
    lineages: Sequence[Sequence[Network]],
    place: DataPlace,
    should_stop: Callable[[], bool],
) -> TunedChampion:
    """Tunes champions of a run and takes the best by what the weights were tuned on.

    Of a classifier that is the accuracy on training samples that were held back: the test part has
    no say.

    Args:
        task: the task.
        champions: by the stems of their files.
        settings, executor, lineages, place, should_stop: as for ``tune_champion``; each has the
            same budget, and after a stop no further one begins.
    """
    different = {champions[stem].network: stem for stem in _CANDIDATES[task.measure.kind]}
    made: list[TunedChampion] = []
    for stem in different.values():
        if made and should_stop():
            break
        made.append(
            tune_champion(
                champions[stem],
                settings,
                executor=executor,
                lineages=lineages,
                place=place,
                should_stop=should_stop,
            )
        )
    # of a single one nobody needs to know the merit
    return max(made, key=lambda tuned: tuned.merit)
