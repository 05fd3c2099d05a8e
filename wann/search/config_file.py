"""Settings read from tables, TOML files and ``key=value`` words, checked, and written to TOML."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w

from wann.errors import ConfigError, near_hint
from wann.formats.parsing import parsing
from wann.kernels.activation import ACTIVATION_NAMES
from wann.limits import LARGEST_CONFIG, MOST_ENTRANTS
from wann.printable import printable, shown
from wann.search.config import EPISODES_RANGE, Config
from wann.search.toml_text import parse_toml
from wann_envs.files import read_regular

_SCHEDULE = tuple[tuple[int, int], ...]
_LONGEST_SHOWN = 60
# the setting that limits where a step of a schedule may be
_LAST_GENERATION = 10_000_000


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(value) for value in typing.get_args(kind))
    if kind == _SCHEDULE:
        return "a list of pairs [generation, episodes]"
    if typing.get_origin(kind) is tuple:
        return f"a list of {_describe(typing.get_args(kind)[0]).removeprefix('a ')}s"
    return {int: "an integer", float: "a number", str: "a string", bool: "true or false"}[kind]


def _shown(value: Any) -> str:
    return shown(repr(value), _LONGEST_SHOWN)


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
        if not before < start <= _LAST_GENERATION:
            raise ConfigError(
                f"{key}[{i}] = {_shown([start, n])}: generation must be above {before} and at most "
                f"{_LAST_GENERATION}"
            )
        _check_range(f"{key}[{i}][1]", n, EPISODES_RANGE)
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
    hint = ""
    if len(key) <= _LONGEST_SHOWN:
        hint = near_hint(key, allowed, lambda name: name.rpartition(".")[2])
    known = ", ".join(sorted(allowed))
    return ConfigError(f"unknown key {_shown(key)}{hint}; allowed: {known}")


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
                f"search.activations: unknown activation {_shown(name)}; "
                f"allowed: {', '.join(ACTIVATION_NAMES)}"
            )
    if not config.weights.low < config.weights.high:
        raise ConfigError(
            f"weights.low = {config.weights.low}: must be below "
            f"weights.high = {config.weights.high}"
        )
    if not sum(config.odds) > 0:
        raise ConfigError("mutation: at least one operator must have odds above 0")
    entrants = config.search.population * config.search.tournament_size
    if entrants > MOST_ENTRANTS:
        raise ConfigError(
            f"search.population = {config.search.population} and search.tournament_size = "
            f"{config.search.tournament_size}: their product must be at most {MOST_ENTRANTS}"
        )


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
    """The config as plain tables, every key included; of ``data`` what is not empty."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, tuple) else value

    table: dict[str, Any] = plain(dataclasses.asdict(config))
    table["data"] = {key: value for key, value in table["data"].items() if value}
    if not table["data"]:
        del table["data"]
    return table


def checked(config: Config) -> Config:
    """The config, after the checks that one from a file has to pass.

    Raises:
        ConfigError: a wrong type or an impossible value.
    """
    return config_from_table(config_to_table(config))


def config_to_toml(config: Config) -> str:
    """The config as a TOML file that reads back as the same config; ``data`` only if there are."""
    table = config_to_table(config)
    if "data" in table:
        table["data"] = dataclasses.asdict(config.data)
    return tomli_w.dumps(table)


def read_table(path: Path) -> dict[str, Any]:
    """Parses a TOML file.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """
    try:
        text = read_regular(path, LARGEST_CONFIG)
    except OSError as error:
        raise ConfigError(
            f"cannot read config {printable(path)}: {printable(error.strerror)}"
        ) from error
    with parsing(f"config {printable(path)} is not TOML", ConfigError):
        return parse_toml(text.decode("utf-8"))


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
        return parse_toml(f"value = {text}")["value"]
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
            raise ConfigError(f"--set {shown(setting)}: must be key=value")
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
