"""A run directory: its files, and the claim of one process on it."""

from __future__ import annotations

import stat
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from wann.errors import RunError
from wann.formats.output import check_folder
from wann.formats.parsing import parsing
from wann.printable import printable
from wann.run.checkpoint import previous_path
from wann_envs.files import check_replaceable, sync_folder

# the pictures of what no longer is in a run are removed; they are drawn anew
PICTURES_OF_CHAMPION = {
    "champion.json": (
        *("champion.png", "champion.svg", "fronts.png"),
        *("profile.png", "classes.png", "confusion.png"),
    ),
    "champion_tuned.json": ("champion_tuned.png", "champion_tuned.svg", "fronts.png"),
    "champion_small.json": ("champion_small.png", "champion_small.svg", "fronts.png"),
}
PICTURES_OF_COURSE = ("fitness.png", "fronts.png")
# what a run writes; --overwrite removes nothing else
_FILES = (
    *("config.toml", "meta.json", "metrics.csv", "fronts.csv"),
    *("champion.json", "champion.png", "champion.svg"),
    *("champion_tuned.json", "champion_tuned.png", "champion_tuned.svg"),
    *("champion_small.json", "champion_small.png", "champion_small.svg"),
    *("fitness.png", "fronts.png", "profile.png", "classes.png", "confusion.png"),
    *("checkpoint.npz", "checkpoint.previous.npz"),
)


class RunDirectory:
    """The files of a run; a context manager that keeps other processes out.

    Args:
        path: of the directory.

    Attributes:
        config, meta, metrics, fronts, champion, champion_tuned, champion_small, checkpoint: paths
            of the files.
        champions: the three champion files, in the order of ``Champions``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.meta = path / "meta.json"
        self.metrics = path / "metrics.csv"
        self.fronts = path / "fronts.csv"
        self.champion = path / "champion.json"
        self.champion_tuned = path / "champion_tuned.json"
        self.champion_small = path / "champion_small.json"
        self.champions = (self.champion, self.champion_tuned, self.champion_small)
        self.checkpoint = path / "checkpoint.npz"
        # beside the run, hidden: the system frees it when the process ends, however it ends
        self._lock_path = path / ".lock"
        self._lock = FileLock(self._lock_path)

    @property
    def is_run(self) -> bool:
        """Whether a run has been started here."""
        return bool(self.files())

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint, or the one before it."""
        return self.checkpoint.exists() or previous_path(self.checkpoint).exists()

    def create(self, overwrite: bool) -> None:
        """Makes the directory ready for a new run.

        Raises:
            RunError: it holds a run and ``overwrite`` is false, or it cannot be written.
        """
        self.check_free(overwrite)
        with parsing(f"cannot create {printable(self.path)}", RunError):
            _make_folder(self.path)

    def check_free(self, overwrite: bool) -> None:
        """Finds out whether ``create`` could make it ready, and leaves all as it is.

        Raises:
            RunError: it could not; as ``create``.
        """
        with parsing(f"cannot create {printable(self.path)}", RunError):
            if self.path.exists() and not self.path.is_dir():
                raise RunError(
                    f"{printable(self.path)} is a file, not a directory: choose another --out"
                )
            self.refuse_run(overwrite)
            check_folder(self.path)

    def refuse_run(self, overwrite: bool) -> None:
        """Raises RunError if there is a run and it may not be replaced."""
        if self.is_run and not overwrite:
            where = printable(self.path)
            raise RunError(
                f"{where} holds a run: go on with --resume {where}, "
                "replace it with --overwrite, or choose another --out"
            )

    def files(self) -> list[Path]:
        """The files of the run that exist."""
        return [self.path / name for name in _FILES if (self.path / name).exists()]

    def is_own(self, path: Path) -> bool:
        """Whether the run itself writes a file of that name."""
        return path.name in _FILES

    def check_files(self) -> None:
        """Finds out, before there is work that could be lost, whether all files can be replaced.

        Raises:
            RunError: in the place of a file lies a folder, a device or a pipe.
        """
        for name in _FILES:
            with parsing(f"cannot write {printable(self.path / name)}", RunError):
                check_replaceable(self.path / name)

    def clear(self) -> None:
        """Removes the files of an earlier run but its config and checkpoints, and no others.

        On the disk too: what lies here still goes on as that run.
        """
        kept = {self.config.name, self.checkpoint.name, previous_path(self.checkpoint).name}
        self.remove([name for name in _FILES if name not in kept])

    def clear_checkpoints(self) -> None:
        """Removes the checkpoints of an earlier run: what is left starts anew."""
        self.remove([self.checkpoint.name, previous_path(self.checkpoint).name])

    def remove(self, names: list[str]) -> None:
        """Removes files of the run, where they exist.

        Raises:
            RunError: one cannot be removed.
        """
        try:
            for name in names:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"cannot replace {error.filename}: {error.strerror}") from error
        sync_folder(self.path)

    def remove_leftovers(self) -> None:
        """Removes the temporary files of a process that was killed while it wrote.

        Raises:
            RunError: one cannot be removed.
        """
        for name in _FILES:
            file = Path(name)
            for leftover in self.path.glob(f".{file.stem}.*.tmp{file.suffix}"):
                if not leftover.is_dir():
                    with parsing(f"cannot remove {printable(leftover)}", RunError):
                        leftover.unlink(missing_ok=True)

    def require_resumable(self) -> None:
        """Raises RunError unless a run can go on here."""
        where = printable(self.path)
        if not self.path.is_dir():
            raise RunError(f"cannot resume {where}: there is no such run directory")
        if not (self.config.exists() or self.has_checkpoint):
            raise RunError(f"cannot resume {where}: it holds no config.toml")
        # the first champion is written after the first checkpoint
        if self.champion.exists() and not self.has_checkpoint:
            raise RunError(f"cannot resume {where}: it holds no {self.checkpoint.name}")

    def __enter__(self) -> RunDirectory:
        try:
            # the lock empties its file: a link would lead to another
            if not _is_free_for_lock(self._lock_path):
                raise RunError(f"{printable(self._lock_path)} is no regular file: remove it")
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(f"{printable(self.path)} is in use by a running process") from error
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunError(
                f"cannot write to {printable(self.path)}: {printable(reason)}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


def _make_folder(path: Path) -> None:
    """Makes a folder and those that it lies in; their names are on the disk then."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def _is_free_for_lock(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True
