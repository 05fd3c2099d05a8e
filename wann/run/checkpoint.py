"""The state of a search in a file: a resumed run equals the uninterrupted one, bit for bit."""

from __future__ import annotations

import io
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import ConfigError, RunError
from wann.formats.atomic import atomic_path
from wann.genome.innovation import InnovationCounter
from wann.genome.population import empty_population, population_size
from wann.kernels.variation import PopulationArrays
from wann.search.config import CheckpointConfig, Config
from wann.search.config_file import config_from_table, config_to_toml
from wann.search.hall_of_fame import HallOfFame
from wann.search.lifetime import Lifetime
from wann.search.ranking import Objectives
from wann.search.species import Species
from wann.search.state import EvolutionState

VERSION = 3
# version 1 has no species and no heats; version 2 no lifetime
_POPULATIONS = {
    1: ("population", "scored", "hall"),
    2: ("population", "scored", "hall", "species", "heats"),
    3: ("population", "scored", "hall", "species", "heats"),
}


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run.

    Attributes:
        state: of the search.
        totals: evaluations, episodes and steps so far.
        seconds: wall time so far by part, stops left out.
        config: ``fingerprint`` of the settings that led to the state.
    """

    state: EvolutionState
    totals: tuple[int, int, int] = (0, 0, 0)
    seconds: Mapping[str, float] | None = None
    config: str = ""


def _arrays(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    state = checkpoint.state
    hall, species = state.hall_of_fame, state.species
    seconds = checkpoint.seconds or {}
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION),
        "config": np.array(checkpoint.config),
        "generation": np.array(state.generation),
        "counter": np.array([state.counter.next_node_id, state.counter.next_innovation]),
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
    populations = (
        state.population,
        state.scored,
        hall.genomes,
        species.representatives,
        state.heats,
    )
    for name, population in zip(_POPULATIONS[VERSION], populations, strict=True):
        arrays |= {f"{name}_{k}": v for k, v in population._asdict().items()}
    return arrays


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Writes a checkpoint; the one before it stays beside it as ``*.previous.npz``.

    Raises:
        FormatError: it cannot be written; the last one stays as it was.
    """
    previous = previous_path(path)
    with atomic_path(path) as temporary:
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **_arrays(checkpoint))
        with temporary.open("wb") as file:
            file.write(buffer.getvalue())
            os.fsync(file.fileno())
        # between the two renames a kill leaves the previous one, which is read then;
        # a damaged file does not take the place of a sound one
        if _is_sound(path):
            path.replace(previous)


def fingerprint(config: Config) -> str:
    """The settings that a state depends on.

    All but how long the run is, when it is saved, and where the file of its data lies.
    """
    search, data = replace(config.search, generations=1), config.data.content
    same = replace(config, search=search, data=data, checkpoint=CheckpointConfig())
    return config_to_toml(same)


def has_same_settings(text: str, config: Config) -> bool:
    """Whether a checkpoint's fingerprint is that of a config; keys that are new have defaults."""
    try:
        return fingerprint(config_from_table(tomllib.loads(text))) == fingerprint(config)
    except (ConfigError, ValueError):
        return False


def previous_path(path: Path) -> Path:
    """Where the checkpoint before the last one lies."""
    return path.with_suffix(f".previous{path.suffix}")


def _check_population(population: PopulationArrays) -> None:
    """Raises ValueError for arrays that the kernels would read beyond."""
    for starts, arrays in (
        (population.node_start, population[1:3]),
        (population.gene_start, population[4:]),
    ):
        is_whole = starts[0] == 0 and (np.diff(starts) >= 0).all()
        if not is_whole or any(array.shape != (starts[-1],) for array in arrays):
            raise ValueError("a population is not whole")
    expected = [a.dtype for a in empty_population()]
    if [array.dtype for array in population] != expected:
        raise ValueError("a population has arrays of other types")


def _read(path: Path) -> Checkpoint:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    version = int(arrays["version"])
    if version not in _POPULATIONS:
        raise RunError(f"{path} has version {version}; this package reads versions up to {VERSION}")
    population, scored, hall, *rest = (
        PopulationArrays(*(arrays[f"{name}_{k}"] for k in PopulationArrays._fields))
        for name in _POPULATIONS[version]
    )
    for part in (population, scored, hall, *rest):
        _check_population(part)
    state = EvolutionState(
        int(arrays["generation"]),
        population,
        InnovationCounter(*map(int, arrays["counter"])),
        HallOfFame(hall, arrays["hall_key"], arrays["hall_score"], arrays["hall_count"]),
        scored,
        Objectives(arrays["mean"], arrays["maximum"], arrays["connections"]),
        _species(arrays, rest[0]) if rest else Species(),
        rest[1] if rest else empty_population(),
        _lifetime(arrays, population_size(population)) if version >= 3 else Lifetime(),
    )
    evaluations, episodes, steps = map(int, arrays["totals"])
    seconds = dict(zip(arrays["seconds_part"].tolist(), arrays["seconds"].tolist(), strict=True))
    return Checkpoint(state, (evaluations, episodes, steps), seconds, str(arrays["config"]))


def _species(arrays: Mapping[str, NDArray[Any]], representatives: PopulationArrays) -> Species:
    return Species(
        float(arrays["species_threshold"]),
        int(arrays["species_next_id"]),
        arrays["species_id"],
        representatives,
        arrays["species_best"],
        arrays["species_improved"],
        arrays["species_founded"],
    )


def _lifetime(arrays: Mapping[str, NDArray[Any]], n: int) -> Lifetime:
    """Raises ValueError where it is of neither none nor n individuals."""
    names = ("estimate", "age", "parent")
    lifetime = Lifetime(*(arrays[f"lifetime_{name}"] for name in names))
    n = n if len(lifetime.age) else 0
    if [getattr(lifetime, name).shape for name in names] != [(n, 2), (n,), (n,)]:
        raise ValueError("the estimates are not those of the population")
    return lifetime


def _is_sound(path: Path) -> bool:
    try:
        _read(path)
    except Exception:  # a damaged archive fails in many ways
        return False
    return True


def load_checkpoint(path: Path) -> tuple[Checkpoint, str | None]:
    """Reads a checkpoint, or the one before it where the last is damaged.

    Returns:
        The checkpoint, and a warning if it is not the last one.

    Raises:
        RunError: neither can be read.
    """
    problems = []
    for candidate in (path, previous_path(path)):
        try:
            checkpoint = _read(candidate)
        except FileNotFoundError:
            problems.append(f"{candidate.name} is missing")
        except RunError:
            raise
        except Exception:  # a damaged archive fails in many ways
            problems.append(f"{candidate.name} is damaged")
        else:
            warning = f"{problems[0]}; going on from {candidate.name}" if problems else None
            return checkpoint, warning
    raise RunError(f"cannot resume {path.parent}: {' and '.join(problems)}")
