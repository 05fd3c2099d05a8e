"""The settings that the state of a run depends on, as text: who reads a state compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wann.errors import ConfigError
from wann.printable import shown
from wann.search.config import CheckpointConfig, Config, DataConfig
from wann.search.config_file import config_from_table, config_to_table, config_to_toml
from wann.search.toml_text import parse_toml


def _state_settings(config: Config) -> Config:
    """The config without how long the run is, when it is saved, and where its data lie."""
    search, data = replace(config.search, generations=1), config.data.content
    return replace(config, search=search, data=data, checkpoint=CheckpointConfig())


def fingerprint(config: Config) -> str:
    """The settings that a state depends on.

    All but how long the run is, when it is saved, and where the file of its data lies.
    """
    return config_to_toml(_state_settings(config))


def difference(text: str, config: Config) -> str | None:
    """The first setting in which a state's fingerprint differs from a config.

    Keys that are newer than the fingerprint have their defaults. One that knows nothing of the
    content of its data goes with any.

    Args:
        text: as ``fingerprint`` gives it.
        config: the settings.

    Returns:
        Words such as ``search.population = 16, not 32``; None: there is no difference.

    Raises:
        ValueError, RecursionError: the text is not TOML.
    """
    table = parse_toml(text)
    try:
        known = _state_settings(config_from_table(table))
    except ConfigError as error:
        return str(error)
    if known.data == DataConfig():
        config = replace(config, data=DataConfig())
    theirs, ours = _flat(config_to_table(known)), _flat(config_to_table(_state_settings(config)))
    for key in ours | theirs:
        mine, yours = ours.get(key), theirs.get(key)
        if mine != yours:
            return f"{key} = {shown(mine)}, not {shown(yours)}"
    return None


def has_same_settings(text: str, config: Config) -> bool:
    """Whether a checkpoint's fingerprint is that of a config; keys that are new have defaults."""
    try:
        return difference(text, config) is None
    except (ValueError, RecursionError):
        return False


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys and their values."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
