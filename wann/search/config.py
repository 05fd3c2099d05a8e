"""The settings of a run: checked records, read from TOML and written back to it."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tomli_w

from wann.errors import ConfigError
from wann.genome.mutation import HIDDEN_ACTIVATIONS
from wann.kernels.activation import ACTIVATION_NAMES
from wann.tasks.base import Precision
from wann.tasks.weights import Sweep

Ranking = Literal["paper", "three"]
Complexity = Literal["live", "enabled"]
Fitness = Literal["generation", "lifetime"]


_EPISODES_RANGE = (1, 1_000_000)
_SCHEDULE = tuple[tuple[int, int], ...]


def _limited(low: float, high: float, default: Any) -> Any:
    """A number field with an allowed range."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class SearchConfig:
    """How a generation makes the next one.

    Attributes:
        population: number of individuals.
        generations: number of generations of the whole run.
        initial_enable_probability: of each gene from bias or input to output at the start.
        ranking: "paper": each generation, mean and connections with
            ``connections_probability``, else mean and max; "three": all three objectives at once.
        connections_probability: see ``ranking``.
        complexity: connections that count: "live" ones, on a path from the bias or an input to an
            output, or all "enabled" ones, as in the 2019 release.
        fitness: mean and max of an individual: those of the "generation", as in the 2019 release,
            or running means over its "lifetime"; see ``wann.search.lifetime``.
        lifetime: generations that the running mean of an elite is over, about.
        inheritance: how much of its lead on its parent, on one batch, a child starts with.
        cull_fraction: share of the worst that have no children.
        elite_fraction: share of the survivors that goes on unchanged.
        tournament_size: survivors that compete to be a parent; each of two tournaments.
        lexicase_fraction: share of the children whose parents are chosen by epsilon-lexicase over
            the shared weights instead.
        lexicase_epsilon: how far behind the best of a case a parent may be, in median absolute
            deviations of the case.
        crossover_probability: that a child has two parents.
        heats: searches that start anew, one after another, before the last populations of all
            meet and the search goes on with the best of them; 1: none.
        heat_generations: of each heat; ``generations`` counts them too.
        activations: names that hidden nodes may have.
    """

    population: int = _limited(2, 1_000_000, 192)
    generations: int = _limited(1, 10_000_000, 1024)
    initial_enable_probability: float = _limited(0.0, 1.0, 0.5)
    ranking: Ranking = "three"
    connections_probability: float = _limited(0.0, 1.0, 0.8)
    complexity: Complexity = "live"
    fitness: Fitness = "generation"
    lifetime: int = _limited(1, 1_000_000, 20)
    inheritance: float = _limited(0.0, 1.0, 0.5)
    cull_fraction: float = _limited(0.0, 0.99, 0.2)
    elite_fraction: float = _limited(0.0, 1.0, 0.2)
    tournament_size: int = _limited(1, 1_000_000, 8)
    lexicase_fraction: float = _limited(0.0, 1.0, 0.0)
    lexicase_epsilon: float = _limited(0.0, 1000.0, 1.0)
    crossover_probability: float = _limited(0.0, 1.0, 0.0)
    heats: int = _limited(1, 1000, 1)
    heat_generations: int = _limited(1, 1_000_000, 150)
    activations: tuple[str, ...] = tuple(a.name.lower() for a in HIDDEN_ACTIVATIONS)


@dataclass(frozen=True)
class MutationConfig:
    """Odds of the operators; they need not add up to 1."""

    add_connection: float = _limited(0.0, math.inf, 0.20)
    add_node: float = _limited(0.0, math.inf, 0.25)
    enable_connection: float = _limited(0.0, math.inf, 0.05)
    change_activation: float = _limited(0.0, math.inf, 0.50)


@dataclass(frozen=True)
class SpeciesConfig:
    """Species: individuals compete within their own, so that new structures get time.

    The compatibility distance is the weighted sum of four shares; see ``compatibility``.

    Attributes:
        target: number of species that ``threshold`` is steered to; 0: no species, as in the 2019
            release.
        threshold: individuals nearer than this to its representative belong to a species; of the
            first generation.
        threshold_step: relative change of the threshold in each generation with too many or too
            few species; 0: it stays.
        excess_coefficient: weight of the genes newer than all of the other genome.
        disjoint_coefficient: weight of the other genes that only one of two genomes has.
        activation_coefficient: weight of shared hidden nodes with different activations.
        enabled_coefficient: weight of shared genes that one genome has enabled only.
        stagnation: generations after which a species that did not better its best mean dies out.
        protected: number of the best species by mean that never die out.
    """

    target: int = _limited(0, 1_000_000, 0)
    threshold: float = _limited(1e-6, 1e6, 1.0)
    threshold_step: float = _limited(0.0, 1.0, 0.05)
    excess_coefficient: float = _limited(0.0, 1e6, 1.0)
    disjoint_coefficient: float = _limited(0.0, 1e6, 1.0)
    activation_coefficient: float = _limited(0.0, 1e6, 0.5)
    enabled_coefficient: float = _limited(0.0, 1e6, 0.5)
    stagnation: int = _limited(1, 10_000_000, 64)
    protected: int = _limited(1, 1_000_000, 2)

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """In the order of ``compatibility``."""
        return (
            self.excess_coefficient,
            self.disjoint_coefficient,
            self.activation_coefficient,
            self.enabled_coefficient,
        )


@dataclass(frozen=True)
class WeightsConfig:
    """The shared weights that every individual of a generation is scored with.

    Attributes:
        sweep: "fixed": ``values``; "uniform": ``n`` draws from [low, high]; "stratified": one draw
            in each n-th of [low, high], anew each generation.
        values: the weights of the "fixed" sweep.
        n, low, high: the other sweeps; the champion is chosen with weights of this range too.
        temperature, temperature_power: in classification the softmax that a search sees divides
            outputs by temperature * abs(weight)^temperature_power (below 0.03 it falls no faster
            than the weight); 1 and 0 in the paper, where small weights say next to nothing.
    """

    sweep: Sweep = "stratified"
    values: tuple[float, ...] = _limited(-1e6, 1e6, (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0))
    n: int = _limited(1, 100_000, 16)
    low: float = _limited(-1e6, 1e6, -2.0)
    high: float = _limited(-1e6, 1e6, 2.0)
    temperature: float = _limited(1e-6, 1e6, 1.0)
    temperature_power: float = _limited(0.0, 8.0, 0.0)


@dataclass(frozen=True)
class EpisodesConfig:
    """How individuals are scored.

    Attributes:
        per_weight: episodes with each shared weight; the samples of a batch in classification.
        schedule: pairs [generation, episodes] in order: ``per_weight`` from that generation on.
        precision: "float32" or "float64" arithmetic in the search; reported scores use float64. In
            car racing "float32" gives up drivers that find no new tile for five seconds.
    """

    per_weight: int = _limited(*_EPISODES_RANGE, 4)
    schedule: tuple[tuple[int, int], ...] = ()
    precision: Precision = "float32"

    def at(self, generation: int) -> int:
        """Episodes with each shared weight in a generation."""
        passed = [n for start, n in self.schedule if start <= generation]
        return passed[-1] if passed else self.per_weight


@dataclass(frozen=True)
class ChampionConfig:
    """How the champion is chosen, on episodes that the search has not seen.

    Attributes:
        candidates: the Pareto front of the last population is filled up to this number with the
            best by mean.
        hall_of_fame: structures that were the best of a generation and are kept.
        validation_episodes: for each candidate, with random shared weights.
        finalists: the best candidates meet ``final_episodes`` more.
        final_episodes: of each finalist; then as many again, of which the champion's score is
            reported.
    """

    candidates: int = _limited(1, 100_000, 32)
    hall_of_fame: int = _limited(0, 100_000, 48)
    validation_episodes: int = _limited(200, 10_000_000, 512)
    finalists: int = _limited(1, 100_000, 8)
    final_episodes: int = _limited(200, 10_000_000, 2048)


@dataclass(frozen=True)
class DataConfig:
    """Data of one's own, for the task ``classify``.

    Attributes:
        file: path of the npz file.
        sha256: of the file; a file with another content is refused. "": any will do.
    """

    file: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class CheckpointConfig:
    """When the state is saved.

    Attributes:
        seconds: between checkpoints; 0: after every generation.
    """

    seconds: float = _limited(0.0, 1e9, 30.0)


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Attributes:
        task: name of the task.
        seed: of all random numbers.
    """

    task: str
    seed: int = _limited(0, 2**63 - 1, 0)
    search: SearchConfig = SearchConfig()
    mutation: MutationConfig = MutationConfig()
    species: SpeciesConfig = SpeciesConfig()
    weights: WeightsConfig = WeightsConfig()
    episodes: EpisodesConfig = EpisodesConfig()
    champion: ChampionConfig = ChampionConfig()
    data: DataConfig = DataConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()

    @property
    def odds(self) -> tuple[float, float, float, float]:
        """Odds in the order of the operators."""
        return dataclasses.astuple(self.mutation)


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(value) for value in typing.get_args(kind))
    if kind == _SCHEDULE:
        return "a list of pairs [generation, episodes]"
    if typing.get_origin(kind) is tuple:
        return f"a list of {_describe(typing.get_args(kind)[0]).removeprefix('a ')}s"
    return {int: "an integer", float: "a number", str: "a string", bool: "true or false"}[kind]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _convert(key: str, value: Any, kind: Any) -> Any:
    """Checks the type of a value and returns it; an integer passes for a number."""
    origin = typing.get_origin(kind)
    if kind == _SCHEDULE:
        return _convert_schedule(key, value)
    if origin is Literal:
        is_right = value in typing.get_args(kind)
    elif origin is tuple:
        if isinstance(value, (list, tuple)) and len(value) > 0:
            item = typing.get_args(kind)[0]
            return tuple(_convert(f"{key}[{i}]", v, item) for i, v in enumerate(value))
        is_right = False
    elif kind is float:
        is_right = isinstance(value, (int, float)) and not isinstance(value, bool)
        value = _to_float(value) if is_right else value
    else:
        is_right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not is_right:
        raise ConfigError(f"{key} = {_shown(value)}: must be {_describe(kind)}")
    return value


def _convert_schedule(key: str, value: Any) -> tuple[tuple[int, int], ...]:
    """Checks pairs of integers, of which there may be none."""
    is_right = isinstance(value, (list, tuple)) and all(
        isinstance(pair, (list, tuple))
        and len(pair) == 2
        and all(isinstance(n, int) and not isinstance(n, bool) for n in pair)
        for pair in value
    )
    if not is_right:
        raise ConfigError(f"{key} = {_shown(value)}: must be {_describe(_SCHEDULE)}")
    pairs = tuple((start, n) for start, n in value)
    before = 0
    for i, (start, n) in enumerate(pairs):
        if start <= before:
            raise ConfigError(f"{key}[{i}] = {[start, n]}: generation must be above {before}")
        _check_range(f"{key}[{i}][1]", n, _EPISODES_RANGE)
        before = start
    return pairs


def _to_float(value: float) -> float:
    """The number as a float; an integer beyond the range of floats is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _check_range(key: str, value: Any, limits: tuple[float, float] | None) -> None:
    if isinstance(value, tuple):
        for item in value:
            _check_range(key, item, limits)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{key} = {value}: must be finite")
    elif limits and not limits[0] <= value <= limits[1]:
        raise ConfigError(f"{key} = {_shown(value)}: must be from {limits[0]:g} to {limits[1]:g}")


def _unknown_key(key: str, allowed: Sequence[str]) -> ConfigError:
    # the section is the same for all: only the last parts are compared
    names = {name.rpartition(".")[2]: name for name in allowed}
    near = difflib.get_close_matches(key.rpartition(".")[2], names, 1)
    hint = f" (did you mean {names[near[0]]!r}?)" if near else ""
    return ConfigError(f"unknown key {key!r}{hint}; allowed: {', '.join(sorted(allowed))}")


def _read_record(kind: type, table: Mapping[str, Any], prefix: str) -> Any:
    types = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    values = {}
    for name, value in table.items():
        key = prefix + name
        if name not in fields:
            raise _unknown_key(key, [prefix + n for n in fields])
        if dataclasses.is_dataclass(types[name]):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{key} = {_shown(value)}: must be a table")
            values[name] = _read_record(typing.cast(type, types[name]), value, f"{key}.")
        else:
            values[name] = _convert(key, value, types[name])
            _check_range(key, values[name], fields[name].metadata.get("range"))
    return kind(**values)


def _check_together(config: Config) -> None:
    """Checks what several keys say together."""
    for name in config.search.activations:
        if name not in ACTIVATION_NAMES:
            raise ConfigError(
                f"search.activations: unknown activation {name!r}; "
                f"allowed: {', '.join(ACTIVATION_NAMES)}"
            )
    if not config.weights.low < config.weights.high:
        raise ConfigError(
            f"weights.low = {config.weights.low}: must be below "
            f"weights.high = {config.weights.high}"
        )
    if not sum(config.odds) > 0:
        raise ConfigError("mutation: at least one operator must have odds above 0")


def config_from_table(table: Mapping[str, Any]) -> Config:
    """Makes a config of a parsed TOML table; what it leaves out keeps its default.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value.
    """
    if "task" not in table:
        raise ConfigError("task is missing: the config must name the task")
    config: Config = _read_record(Config, table, "")
    _check_together(config)
    return config


def config_to_table(config: Config) -> dict[str, Any]:
    """The config as plain tables, every key included; ``data`` only where there are some."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, tuple) else value

    table: dict[str, Any] = plain(dataclasses.asdict(config))
    if config.data == DataConfig():
        del table["data"]
    return table


def checked(config: Config) -> Config:
    """The config, after the checks that one from a file has to pass.

    Raises:
        ConfigError: a wrong type or an impossible value.
    """
    return config_from_table(config_to_table(config))


def config_to_toml(config: Config) -> str:
    """The config as a TOML file that reads back as the same config."""
    return tomli_w.dumps(config_to_table(config))


def read_table(path: Path) -> dict[str, Any]:
    """Parses a TOML file.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read config {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"config {path} is not TOML: {error}") from error


def _leaves() -> dict[str, str]:
    """Dotted keys, and bare names that only one section has, to dotted keys."""
    found: dict[str, list[str]] = {}
    for f in dataclasses.fields(Config):
        kind = typing.get_type_hints(Config)[f.name]
        if dataclasses.is_dataclass(kind):
            for leaf in dataclasses.fields(kind):
                found.setdefault(leaf.name, []).append(f"{f.name}.{leaf.name}")
        else:
            found.setdefault(f.name, []).append(f.name)
    keys = {name: dotted[0] for name, dotted in found.items() if len(dotted) == 1}
    return keys | {dotted: dotted for names in found.values() for dotted in names}


def _parse_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        pass
    try:
        return float(text)  # TOML knows no .5
    except ValueError:
        return text


def apply_settings(table: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Applies ``key=value`` settings to a parsed config.

    Args:
        table: not changed.
        settings: a key is ``section.name``, or ``name`` alone where one section has it; a value is
            TOML, or a string without quotes.

    Raises:
        ConfigError: no ``=``, or an unknown key.
    """
    result = {k: dict(v) if isinstance(v, Mapping) else v for k, v in table.items()}
    known = _leaves()
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise ConfigError(f"--set {setting}: must be key=value")
        if key not in known:
            raise _unknown_key(key, list(set(known.values())))
        section, dot, name = known[key].partition(".")
        if dot:
            table_of_section = result.setdefault(section, {})
            if not isinstance(table_of_section, dict):
                raise ConfigError(f"{section} = {_shown(table_of_section)}: must be a table")
            table_of_section[name] = _parse_value(text.strip())
        else:
            result[section] = _parse_value(text.strip())
    return result
