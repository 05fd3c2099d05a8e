"""The pictures of a run."""

from __future__ import annotations

from pathlib import Path

from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.view.curves import read_columns, save_learning_curve
from wann.view.graph import save_network


def picture_beside(champion: Path) -> Path:
    """Where the picture of a champion goes that nobody named a place for.

    Args:
        champion: a run directory, whose own picture is made anew, or a champion file.

    Raises:
        FormatError: there is such a file already.
    """
    if champion.is_dir():
        return champion / "champion.png"
    path = champion.with_suffix(".png")
    if path.exists():
        raise FormatError(f"{path} exists: name the picture with -o FILE")
    return path


def save_run_pictures(directory: Path, champion: Champion) -> None:
    """Writes ``champion.png``, ``champion.svg`` and ``fitness.png`` into a run directory."""
    save_network(
        champion.network,
        [directory / "champion.png", directory / "champion.svg"],
        champion.input_names,
        champion.output_names,
    )
    save_learning_curve(
        read_columns(directory / "metrics.csv"), directory / "fitness.png", directory.name
    )
