"""The configs that come with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wann
from wann.errors import ConfigError
from wann.printable import shown
from wann.search.config import Config
from wann.search.config_file import apply_settings, config_from_table, read_table
from wann_envs.classify import Dataset

# of a network in the first generation on data of one's own, about
_FIRST_CONNECTIONS = 32


def _folder() -> Path:
    """Inside an installed package, or beside it in a source tree."""
    package = Path(wann.__file__).parent
    shipped = package / "configs"
    return shipped if shipped.is_dir() else package.parent / "configs"


def preset_names() -> list[str]:
    """Names of the presets."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def is_preset(name_or_path: str) -> bool:
    """Whether it is the name of a preset, as ``load_table`` takes it."""
    return name_or_path in preset_names()


def load_table(name_or_path: str) -> dict[str, Any]:
    """Reads a preset by its name, or a config file by its path.

    Raises:
        ConfigError: it is neither, or not TOML.
    """
    preset = _folder() / f"{name_or_path}.toml"
    if is_preset(name_or_path):
        return read_table(preset)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not _exists(path):
        raise ConfigError(
            f"unknown preset {shown(repr(name_or_path))}; presets: {', '.join(preset_names())}; "
            "or give a .toml file"
        )
    return read_table(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name that a file could have
        return False


def fitted_to_data(table: Mapping[str, Any], data: Dataset) -> dict[str, Any]:
    """A preset for data of one's own, with the settings that depend on their size.

    No batch is larger than the training part, and the first networks have about 32 connections: the
    more inputs and classes, the smaller a part of the connections there may be, to 0.05.

    Args:
        table: of the preset; not changed.
        data: the data.
    """
    n_genes = (data.n_inputs + 1) * data.n_classes
    enabled = min(0.5, max(0.05, _FIRST_CONNECTIONS / n_genes))
    samples = min(len(data.y_train), int(table["episodes"]["per_weight"]))
    settings = (
        f"search.initial_enable_probability={enabled:.3g}",
        f"episodes.per_weight={samples}",
    )
    return apply_settings(table, settings)


def load_config(name_or_path: str, settings: Sequence[str] = ()) -> Config:
    """Reads a preset or a config file.

    Args:
        name_or_path: name of a preset, or path of a TOML file.
        settings: ``key=value`` changes, as for ``wann evolve --set``.

    Raises:
        ConfigError: there is no such config, or something in it is wrong.
    """
    return config_from_table(apply_settings(load_table(name_or_path), settings))
