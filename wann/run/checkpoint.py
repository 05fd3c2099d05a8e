"""The state of a search in a file: a resumed run equals the uninterrupted one, bit for bit."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import RunError
from wann.formats.atomic import atomic_path
from wann.formats.digest import digest_of_arrays
from wann.limits import LARGEST_CHECKPOINT
from wann.printable import printable, shown
from wann.run.checkpoint_arrays import VERSION, Checkpoint, from_arrays, settings_of, to_arrays
from wann_envs.arrays import ArraysError, load_arrays, pack_arrays
from wann_envs.files import replace_file

__all__ = [
    "Checkpoint",
    "load_checkpoint",
    "previous_path",
    "save_checkpoint",
    "saved_settings",
]
_DIGEST = "digest"
_LONGEST_REASON = 160


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Writes a checkpoint; the one before it stays beside it as ``*.previous.npz``.

    Raises:
        FormatError: it cannot be written; the last one stays as it was.
    """
    previous = previous_path(path)
    arrays = to_arrays(checkpoint)
    arrays[_DIGEST] = np.array(digest_of_arrays(arrays))
    with atomic_path(path) as temporary:
        buffer = io.BytesIO()
        pack_arrays(buffer, arrays)
        with temporary.open("wb") as file:
            file.write(buffer.getvalue())
            os.fsync(file.fileno())
        # between the two renames a kill leaves the previous one, which is read then;
        # a damaged file does not take the place of a sound one
        if _is_sound(path):
            replace_file(path, previous)


def previous_path(path: Path) -> Path:
    """Where the checkpoint before the last one lies."""
    return path.with_suffix(f".previous{path.suffix}")


def _load(path: Path) -> tuple[dict[str, NDArray[Any]], bool]:
    """The arrays of a file, and whether a digest says that they are as they were written.

    Raises:
        RunError: they are of another version.
        ValueError, OSError: the file is damaged; says how.
    """
    arrays = load_arrays(path, most_bytes=LARGEST_CHECKPOINT)
    digest = arrays.pop(_DIGEST, None)
    version = arrays.get("version", np.empty(0))
    if version.shape or version.dtype.kind not in "iu":
        raise ArraysError("version is no whole number")
    if not 1 <= version <= VERSION:
        raise RunError(
            f"{printable(path)} has version {version}; this package reads versions up to {VERSION}"
        )
    # versions up to 3 have none
    if digest is not None and (digest.shape or str(digest) != digest_of_arrays(arrays)):
        raise ArraysError("its digest is that of another content")
    return arrays, digest is not None


def _is_sound(path: Path) -> bool:
    try:
        arrays, has_digest = _load(path)
        if not has_digest:
            from_arrays(arrays)
    except Exception:  # a damaged archive fails in many ways
        return False
    return True


def load_checkpoint(
    path: Path, check: Callable[[Checkpoint], None] = lambda _: None
) -> tuple[Checkpoint, str | None]:
    """Reads a checkpoint, or the one before it where the last is damaged.

    Args:
        path: of the checkpoint.
        check: raises ValueError for one that is damaged, RunError for one that is another's.

    Returns:
        The checkpoint, and a warning if it is not the last one.

    Raises:
        RunError: neither can be read.
    """
    problems = []
    for candidate in (path, previous_path(path)):
        try:
            checkpoint = from_arrays(_load(candidate)[0])
            check(checkpoint)
        except FileNotFoundError:
            problems.append(f"{candidate.name} is missing")
        except RunError:
            raise
        except Exception as error:  # a damaged archive fails in many ways
            problems.append(f"{candidate.name} is damaged ({_reason(error)})")
        else:
            warning = f"{problems[0]}; going on from {candidate.name}" if problems else None
            return checkpoint, warning
    raise RunError(f"cannot resume {printable(path.parent)}: {' and '.join(problems)}")


def _reason(error: Exception) -> str:
    """What is wrong, in a few words."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shown(text.partition("\n")[0] or type(error).__name__, _LONGEST_REASON)


def saved_settings(path: Path) -> str | None:
    """The ``config.toml`` of a run as a checkpoint, or the one before it, remembers it; else None.

    It is compared with the whole checkpoint when that is read.
    """
    for candidate in (path, previous_path(path)):
        try:
            text = settings_of(load_arrays(candidate, ["settings"]))
        except Exception:  # as above; what is wrong is told when the whole is read
            continue
        if text:
            return text
    return None
