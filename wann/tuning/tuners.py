"""The ways to weights, by the kind of the task, and what a person may ask of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, get_args

from wann.checks import described, number, whole_number
from wann.errors import InputError, TaskError
from wann.genome.network import Network
from wann.tasks.base import Task
from wann.tuning.adam import tune_adam
from wann.tuning.batches import tune_on_batches
from wann.tuning.cma_es import DIAGONAL, CmaEs
from wann.tuning.individual import tune_structures
from wann.tuning.optimiser import MakeOptimiser
from wann.tuning.pepg import Pepg
from wann.tuning.plan import Tuning

Method = Literal["shared", "cma", "pepg", "adam"]


METHOD_NAMES = {"cma": "CMA-ES", "pepg": "PEPG", "adam": "Adam"}


class Tuner(NamedTuple):
    """A way to individual weights.

    Attributes:
        tune: takes the task and the named arguments of ``tune_structures``, or those of
            ``tune_individual``.
        work: episodes times connections of the default budget.
        most: episodes of the default budget, at most.
        takes_structures: whether it tunes several structures together.
    """

    tune: Callable[..., Tuning]
    work: int
    most: int = 20_000_000
    takes_structures: bool = False


_OPTIMISERS: tuple[tuple[Method, MakeOptimiser], ...] = (("cma", CmaEs), ("pepg", Pepg))
_BATCHES = 50_000_000_000, 60_000_000

# by the kind of the task's measure and by the method. About a hundred seconds on two cores for the
# networks of the paper's size; by gradients about twenty for 1500 connections
TUNERS: Mapping[str, Mapping[Method, Tuner]] = {
    "return": {
        name: Tuner(
            partial(tune_structures, make_optimiser=optimiser),
            1_000_000_000,
            takes_structures=True,
        )
        for name, optimiser in _OPTIMISERS
    },
    "accuracy": {
        "cma": Tuner(partial(tune_on_batches, make_optimiser=DIAGONAL), *_BATCHES),
        "pepg": Tuner(partial(tune_on_batches, make_optimiser=Pepg), *_BATCHES),
        "adam": Tuner(tune_adam, 30_000_000_000),
    },
}


def tunes_structures(task: Task, method: Method) -> bool:
    """Whether a method tunes several structures together on a task."""
    tuner = TUNERS[task.measure.kind].get(method)
    return tuner is not None and tuner.takes_structures


def default_evaluations(task: Task, networks: Sequence[Network], method: Method = "cma") -> int:
    """Episodes of a tuning that nobody set a budget for: the task's, or fewer for larger networks.

    Args:
        task: of the networks.
        networks: that are tuned together: their mean size counts.
        method: of the tuning.
    """
    if task.episode_numbers.tuning:
        return task.episode_numbers.tuning
    total = sum(network.n_connections for network in networks)
    tuners = TUNERS[task.measure.kind]
    tuner = tuners.get(method, tuners["cma"])
    return min(tuner.most, tuner.work // max(total // len(networks), 1))


@dataclass(frozen=True)
class TuneSettings:
    """How a champion is tuned.

    Attributes:
        method: "shared": one weight; "cma", "pepg", "adam": a weight for each connection; "adam"
            is for classification only, where "cma" is diagonal and meets batches of samples.
        evaluations: budget in episodes; None with ``seconds`` None too: the default.
        seconds: budget in wall time; with it the result depends on the machine.
        seed: of all random numbers.
        episodes: fresh ones, of the scores that are reported; None: the task's number.
    """

    method: Method = "cma"
    evaluations: int | None = None
    seconds: float | None = None
    seed: int = 0
    episodes: int | None = None

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            known = ", ".join(get_args(Method))
            raise InputError(f"method {described(self.method)}: allowed are {known}")
        whole_number(self.seed, "seed", 0)
        for name in ("evaluations", "episodes"):
            if getattr(self, name) is not None:
                whole_number(getattr(self, name), name, 1)
        if self.seconds is not None and number(self.seconds, "seconds") <= 0:
            raise InputError(f"seconds = {self.seconds}: must be above 0")


def check_method(task: Task, method: Method, has_structures: bool) -> None:
    """Raises TaskError for a method that the task, or several structures, do not go with."""
    if method != "shared" and method not in TUNERS[task.measure.kind]:
        raise TaskError(
            f"method {method!r} needs a classification task, and {task.name!r} is none; "
            f"allowed here: {', '.join(['shared', *TUNERS[task.measure.kind]])}"
        )
    if has_structures and not tunes_structures(task, method):
        several = [name for name in TUNERS[task.measure.kind] if tunes_structures(task, name)]
        raise TaskError(
            f"method {method!r} tunes a single structure of task {task.name!r}, not the best of a "
            f"run's structures; methods that do: {', '.join(several) or 'none'}"
        )
