"""Classification: networks name the class of samples, and are scored by their cross-entropy."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from wann.checks import array_of, described
from wann.errors import InputError, TaskError
from wann.executor import Executor, Serial
from wann.kernels.classify import pair_losses
from wann.kernels.forward import NetworkArrays
from wann.printable import printable
from wann.tasks.base import (
    EpisodeNumbers,
    Precision,
    Rollouts,
    check_fit,
    check_rollout,
    check_weighted,
    shares_of_work,
)
from wann.tasks.cross_entropy import (
    PAPER_SOFTMAX,
    Samples,
    Temperature,
    cross_entropies,
    cross_entropy_kernels,
    outputs_kernel,
)
from wann.tasks.data import OPTION, USUAL_PLACE, DataPlace, load_folder, load_own, with_content
from wann.tasks.measure import ACCURACY
from wann_envs.beside import Variant
from wann_envs.classify import (
    MNIST_SHA256,
    DataError,
    Dataset,
    load_digits,
    load_mnist256,
    load_mnist784,
)

# the task of data of one's own, and its preset
OWN_DATA = "classify"


class ClassifyTask:
    """Naming the class of samples: an "episode" is one sample of the training part.

    The return of an episode is minus the cross-entropy of the network's softmax: at most 0, and
    ``-log(classes)`` for a network that knows nothing. A trial is the number of a sample.

    Args:
        name, description: of the task.
        input_names, output_names: of inputs and classes.
        load: gives the data, when they are first needed.
        place: where they lie; of a file with its sha256.
        temperature: of the softmax in the cross-entropy with shared weights; individual weights
            have the plain softmax, and so has the ensemble. Accuracies do not depend on it.

    Source: Gaier & Ha 2019, section 4.2.
    """

    episode_steps = 1
    env_id = ""
    episode_numbers = EpisodeNumbers()
    measure = ACCURACY

    def __init__(
        self,
        name: str,
        description: str,
        input_names: tuple[str, ...],
        output_names: tuple[str, ...],
        load: Callable[[], Dataset],
        place: DataPlace = USUAL_PLACE,
        temperature: Temperature = PAPER_SOFTMAX,
    ) -> None:
        self.name, self.description = name, description
        self.input_names, self.output_names = input_names, output_names
        self._load, self.place = load, place
        self.temperature = temperature

    def with_temperature(self, temperature: Temperature) -> ClassifyTask:
        """The same task, with another temperature; data that are loaded are shared."""
        other = copy.copy(self)
        other.temperature = temperature
        return other

    @cached_property
    def data(self) -> Dataset:
        """The data.

        Raises:
            TaskError: they cannot be found or read, or are others than those that are meant.
        """
        try:
            return self._load()
        except DataError as error:
            raise TaskError(f"task {self.name!r}: {printable(error)}") from error

    def data_record(self) -> dict[str, str]:
        """What a run remembers of the data: where they lie, and their digest.

        Of MNIST itself the digest alone, for it may lie anywhere; nothing of data that come with
        the package.

        Raises:
            TaskError: as for ``data``.
        """
        if self.place.file is not None:
            return {"file": str(self.place.file.resolve()), "sha256": self.place.sha256}
        data = self.data
        if not data.sha256:
            return {}
        folder = "" if data.sha256 == MNIST_SHA256 else data.folder
        return {"folder": folder, "sha256": data.sha256}

    @cached_property
    def samples(self) -> Samples:
        """The training part, for the evaluators; as for ``data``."""
        return Samples.of(self.data.x_train, self.data.y_train, self.data.n_classes)

    @cached_property
    def test_samples(self) -> Samples:
        """The test part; no choice may depend on it.

        Raises:
            TaskError: as for ``data``, or there is no such part.
        """
        if len(self.data.y_test) == 0:
            raise TaskError(f"task {self.name!r}: the data have no samples for testing")
        return Samples.of(self.data.x_test, self.data.y_test, self.data.n_classes)

    def prepare(self) -> None:
        """Loads the data; see ``Task.prepare``."""
        _ = self.samples

    def action(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The outputs as they are: there is no environment that takes them."""
        return outputs

    def kernels(self, precision: Precision) -> tuple[list[Variant], list[Variant]]:  # noqa: ARG002
        """Those of the cross-entropy, then of the accuracy; see ``CompiledTask``."""
        return cross_entropy_kernels(self.samples), [outputs_kernel(self.samples)]

    def draw_trials(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draws (n,) different training samples; all of them as often as that can be."""
        size = len(self.samples.y)
        all_of_them = [rng.permutation(size) for _ in range(n // size)]
        return np.concatenate([*all_of_them, rng.choice(size, n % size, replace=False)])

    def trials_of_seeds(self, first_seed: int, n: int) -> NDArray[np.int64]:
        """The samples by number: that of seed k is k, modulo the size of the training part."""
        return (first_seed + np.arange(n)) % len(self.samples.y)

    def sweep(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: NDArray[np.int64],
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """Scores every network with every shared weight on a batch of samples.

        Nodes that several networks share are computed once. Arithmetic is float32 whatever the
        precision: the loss is a mean over many samples, and is within 1e-5 of that in float64.

        Returns:
            (P, W, 1): the mean over the batch, and the number of samples as ``steps``.
        """
        check_fit(networks, self)
        self._check_samples(trials)
        losses = cross_entropies(
            networks,
            weights,
            self.samples,
            trials,
            executor=executor,
            temperature=self.temperature,
        )
        returns = -losses[:, :, None].astype(np.dtype(precision))
        return Rollouts(returns, np.full(returns.shape, len(trials), np.int32))

    def rollout(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: NDArray[np.int64],
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """Scores every network on all (weight, sample) pairs; see ``Task.rollout``."""
        check_rollout(networks, self, weights, trials, ())
        self._check_samples(trials)
        none = np.empty((0, 0), np.dtype(precision))
        temperatures = self.temperature.of(weights)
        return self._pairs(
            networks, weights.astype(none.dtype), temperatures, none, trials, executor
        )

    def rollout_weighted(
        self,
        network: NetworkArrays,
        edge_weights: NDArray[np.float64],
        trials: NDArray[np.int64],
        *,
        precision: Precision = "float64",
    ) -> Rollouts:
        """Scores one network with individual weights; see ``Task.rollout_weighted``."""
        check_weighted(network, self, edge_weights, trials, ())
        self._check_samples(trials)
        individual = np.ascontiguousarray(edge_weights, np.dtype(precision))
        # there is no shared weight that the temperature could depend on
        shared, temperatures = np.zeros(len(trials), individual.dtype), np.ones(len(trials))
        return self._pairs(network, shared, temperatures, individual, trials, None)

    def _check_samples(self, trials: NDArray[np.int64]) -> None:
        """Raises ValueError for trials that are no numbers of training samples."""
        array, n = array_of(trials, "trials", "iu"), len(self.samples.y)
        if array.ndim != 1 or (array.size and not 0 <= array.min() <= array.max() < n):
            raise InputError(
                f"trials are {described(trials)}: must be (n,) numbers of samples, 0 to {n - 1}"
            )

    def _pairs(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.floating],
        temperatures: NDArray[np.float64],
        edge_weights: NDArray[np.floating],
        trials: NDArray[np.int64],
        executor: Executor | None,
    ) -> Rollouts:
        losses = np.empty((len(networks.node_start) - 1, len(trials)), weights.dtype)
        samples, executor = self.samples, executor or Serial()
        executor.run(
            lambda which: pair_losses(
                networks,
                which,
                samples.n_fixed,
                samples.n_classes,
                weights,
                1.0 / temperatures,
                edge_weights,
                samples.x,
                samples.y,
                trials,
                losses,
            ),
            shares_of_work(networks, executor.n_workers),
        )
        largest = np.finfo(losses.dtype).max
        return Rollouts(-np.minimum(losses, largest), np.ones(losses.shape, np.int32))


def _digits(
    name: str,
    side: int,
    what: str,
    load: Callable[[], Dataset],
    place: DataPlace = USUAL_PLACE,
) -> ClassifyTask:
    """A task of square images of digits."""
    pixels = tuple(f"{row},{column}" for row in range(side) for column in range(side))
    classes = tuple(map(str, range(10)))
    return ClassifyTask(name, what, pixels, classes, load, place)


def digits_task() -> ClassifyTask:
    """The 8 × 8 digits that come with the package."""
    what = "name handwritten digits of 8 × 8 pixels"
    return _digits("digits", 8, what, partial(load_digits, "float32"))


def mnist_task(place: DataPlace = USUAL_PLACE) -> ClassifyTask:
    """MNIST as in the paper, or other data of its format; the file of the place does not count."""
    what = "name handwritten digits of 16 × 16 pixels, deskewed MNIST"
    return _digits("mnist", 16, what, partial(load_folder, place, load_mnist256), place)


def mnist784_task(place: DataPlace = USUAL_PLACE) -> ClassifyTask:
    """The same, pixels as they are."""
    what = "name handwritten digits of 28 × 28 pixels, MNIST"
    return _digits("mnist784", 28, what, partial(load_folder, place, load_mnist784), place)


def _given(data: Dataset) -> Dataset:
    """Data that are loaded already; unlike a lambda it can be pickled."""
    return data


def own_data_task(place: DataPlace = USUAL_PLACE) -> ClassifyTask:
    """Data of one's own, of the place's file.

    Without a file the task has no inputs and no outputs, and ``prepare`` tells how to name one.

    Raises:
        TaskError: the file cannot be read, is not the one that is meant, or its arrays are wrong.
    """
    what = f"name the class of samples of your own ({OPTION} FILE.npz)"
    if place.file is not None:
        place = with_content(place, place.file)
    nameless = ClassifyTask(OWN_DATA, what, (), (), partial(load_own, place.file), place)
    if place.file is None:
        return nameless
    data = nameless.data
    classes = tuple(map(str, range(data.n_classes)))
    return ClassifyTask(OWN_DATA, what, data.input_names, classes, partial(_given, data), place)
