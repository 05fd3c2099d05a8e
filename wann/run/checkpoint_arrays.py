"""A checkpoint as arrays, and back: each array has the type and shape that it is read with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.genome.innovation import InnovationCounter
from wann.genome.population import empty_population, population_size
from wann.kernels.variation import PopulationArrays
from wann.search.hall_of_fame import HallOfFame
from wann.search.lifetime import Lifetime
from wann.search.ranking import Objectives
from wann.search.species import Species
from wann.search.state import EvolutionState

VERSION = 4
# version 1 has no species and no heats, version 2 no lifetime, version 3 no rows and settings
POPULATIONS = {
    1: ("population", "scored", "hall"),
    2: ("population", "scored", "hall", "species", "heats"),
    3: ("population", "scored", "hall", "species", "heats"),
    4: ("population", "scored", "hall", "species", "heats"),
}
_MOST_PARTS = 100
_LARGEST = 2**62


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run.

    Attributes:
        state: of the search.
        totals: evaluations, episodes and steps so far.
        seconds: wall time so far by part, stops left out.
        config: ``fingerprint`` of the settings that led to the state.
        settings: the whole ``config.toml``; "": not known.
        metrics, fronts: the rows of these tables so far, each with its line end; None: they lie in
            their files only.
    """

    state: EvolutionState
    totals: tuple[int, int, int] = (0, 0, 0)
    seconds: Mapping[str, float] | None = None
    config: str = ""
    settings: str = ""
    metrics: str | None = None
    fronts: str | None = None


def to_arrays(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """The arrays of a checkpoint by their names."""
    state = checkpoint.state
    hall, species = state.hall_of_fame, state.species
    seconds = checkpoint.seconds or {}
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION, np.int64),
        "config": np.array(checkpoint.config),
        "settings": _bytes_of(checkpoint.settings),
        "generation": np.array(state.generation, np.int64),
        "counter": np.array([state.counter.next_node_id, state.counter.next_innovation], np.int64),
        "mean": state.objectives.mean,
        "maximum": state.objectives.maximum,
        "connections": state.objectives.connections,
        "hall_key": hall.key,
        "hall_score": hall.score,
        "hall_count": hall.count,
        "species_threshold": np.array(species.threshold, np.float64),
        "species_next_id": np.array(species.next_id, np.int64),
        "species_id": species.species_id,
        "species_best": species.best,
        "species_improved": species.improved,
        "species_founded": species.founded,
        "lifetime_estimate": state.lifetime.estimate,
        "lifetime_age": state.lifetime.age,
        "lifetime_parent": state.lifetime.parent,
        "totals": np.array(checkpoint.totals, np.int64),
        "seconds_part": np.array(list(seconds), "U32"),
        "seconds": np.array(list(seconds.values()), np.float64),
    }
    for name in ("metrics", "fronts"):
        rows = getattr(checkpoint, name)
        if rows is not None:
            arrays[f"{name}_rows"] = _bytes_of(rows)
    populations = (
        state.population,
        state.scored,
        hall.genomes,
        species.representatives,
        state.heats,
    )
    for name, population in zip(POPULATIONS[VERSION], populations, strict=True):
        arrays |= {f"{name}_{k}": v for k, v in population._asdict().items()}
    return arrays


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Checkpoint:
    """The checkpoint of some arrays, whose types and shapes are checked.

    Raises:
        ValueError: one is missing, or is not what it should be; names it.
    """
    taken = _Arrays(arrays)
    version = taken.number("version", 1, VERSION)
    population, scored, hall, *rest = map(taken.population, POPULATIONS[version])
    n_scored, n_hall = population_size(scored), population_size(hall)
    evaluations, episodes, steps = map(int, taken.array("totals", np.int64, 3))
    state = EvolutionState(
        taken.number("generation", 0, _LARGEST),
        population,
        InnovationCounter(*map(int, taken.array("counter", np.int64, 2))),
        HallOfFame(
            hall,
            taken.array("hall_key", np.int64, n_hall),
            taken.array("hall_score", np.float64, n_hall),
            taken.array("hall_count", np.int64, n_hall),
        ),
        scored,
        Objectives(
            taken.array("mean", np.float64, n_scored),
            taken.array("maximum", np.float64, n_scored),
            taken.array("connections", np.int64, n_scored),
        ),
        _species(taken, rest[0]) if rest else Species(),
        rest[1] if rest else empty_population(),
        _lifetime(taken, population_size(population)) if version >= 3 else Lifetime(),
    )
    return Checkpoint(
        state,
        (evaluations, episodes, steps),
        _seconds(taken),
        taken.text("config"),
        taken.long_text("settings") if version >= 4 else "",
        taken.long_text("metrics_rows") if "metrics_rows" in arrays else None,
        taken.long_text("fronts_rows") if "fronts_rows" in arrays else None,
    )


def settings_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """The ``settings`` of a checkpoint of which no more is wanted; errors as ``from_arrays``."""
    return _Arrays(arrays).long_text("settings")


def _bytes_of(text: str) -> NDArray[np.uint8]:
    # a quarter of what numpy takes for text
    return np.frombuffer(text.encode(), np.uint8)


def _species(taken: _Arrays, representatives: PopulationArrays) -> Species:
    n = population_size(representatives)
    threshold = taken.array("species_threshold", np.float64)
    return Species(
        float(threshold),
        taken.number("species_next_id", 0, _LARGEST),
        taken.array("species_id", np.int64, n),
        representatives,
        taken.array("species_best", np.float64, n),
        taken.array("species_improved", np.int64, n),
        taken.array("species_founded", np.int64, n),
    )


def _lifetime(taken: _Arrays, n: int) -> Lifetime:
    """Estimates of none or n individuals."""
    n = n if taken.array("lifetime_age", np.int64, None).size else 0
    return Lifetime(
        taken.array("lifetime_estimate", np.float64, n, 2),
        taken.array("lifetime_age", np.int64, n),
        taken.array("lifetime_parent", np.int64, n),
    )


def _seconds(taken: _Arrays) -> dict[str, float]:
    parts = taken.words("seconds_part")
    values = taken.array("seconds", np.float64, len(parts)).tolist()
    if len(parts) > _MOST_PARTS or len({*parts}) < len(parts):
        raise ValueError("seconds_part: parts of the time occur twice")
    if not all(part.isprintable() for part in parts):
        raise ValueError("seconds_part: names of parts must be printable")
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError("seconds: times must be finite and not negative")
    return dict(zip(parts, values, strict=True))


class _Arrays:
    """Arrays that are checked for type and shape when they are taken."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def _named(self, name: str) -> NDArray[Any]:
        if name not in self._arrays:
            raise ValueError(f"{name} is missing")
        return self._arrays[name]

    def array(self, name: str, dtype: type[np.generic], *shape: int | None) -> NDArray[Any]:
        """An array of a type and shape, of which None is any length."""
        array = self._named(name)
        if array.dtype != np.dtype(dtype):
            raise ValueError(f"{name} has the type {array.dtype}, not {np.dtype(dtype)}")
        is_right = len(array.shape) == len(shape) and all(
            wanted in (None, found) for wanted, found in zip(shape, array.shape, strict=True)
        )
        if not is_right:
            wanted = tuple("any" if n is None else n for n in shape)
            raise ValueError(f"{name} has shape {array.shape}, not {wanted}")
        return array

    def number(self, name: str, low: int, high: int) -> int:
        value = int(self.array(name, np.int64))
        if not low <= value <= high:
            raise ValueError(f"{name} = {value}: must be from {low} to {high}")
        return value

    def words(self, name: str) -> list[str]:
        array = self._named(name)
        if array.dtype.kind != "U" or array.ndim != 1 or array.dtype.byteorder == ">":
            raise ValueError(f"{name} has the type {array.dtype}, not text")
        words: list[str] = array.tolist()
        return words

    def text(self, name: str) -> str:
        array = self._named(name)
        if array.dtype.kind != "U" or array.ndim:
            raise ValueError(f"{name} has the type {array.dtype}, not text")
        return str(array)

    def long_text(self, name: str) -> str:
        try:
            return self.array(name, np.uint8, None).tobytes().decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} is no text") from error

    def population(self, name: str) -> PopulationArrays:
        """Genomes whose arrays have the types and lengths that belong together."""
        expected = empty_population()
        population = PopulationArrays(
            *(
                self.array(f"{name}_{field}", getattr(expected, field).dtype.type, None)
                for field in PopulationArrays._fields
            )
        )
        for field, arrays in (
            ("node_start", population[1:3]),
            ("gene_start", population[4:]),
        ):
            starts = getattr(population, field)
            # compared, not subtracted: differences of large numbers wrap around
            is_whole = len(starts) and starts[0] == 0 and (starts[1:] >= starts[:-1]).all()
            if not is_whole:
                raise ValueError(f"{name}_{field}: must rise from 0")
            if any(len(array) != starts[-1] for array in arrays):
                raise ValueError(f"{name}_{field}: ends at {starts[-1]}, not with its arrays")
        if len(population.node_start) != len(population.gene_start):
            raise ValueError(f"{name}_gene_start: of another number of genomes than node_start")
        if (population.is_enabled.view(np.uint8) > 1).any():
            raise ValueError(f"{name}_is_enabled: must hold 0 and 1 only")
        return population
