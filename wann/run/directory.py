"""A run directory: its files, and the claim of one process on it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from wann.errors import RunError
from wann.run.checkpoint import previous_path

# what a run writes; --overwrite removes nothing else
_FILES = (
    "config.toml",
    "meta.json",
    "metrics.csv",
    "fronts.csv",
    "champion.json",
    "champion.png",
    "champion.svg",
    "champion_tuned.json",
    "champion_tuned.png",
    "champion_tuned.svg",
    "champion_small.json",
    "champion_small.png",
    "champion_small.svg",
    "fitness.png",
    "fronts.png",
    "profile.png",
    "classes.png",
    "confusion.png",
    "checkpoint.npz",
    "checkpoint.previous.npz",
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
        self._lock = FileLock(path / ".lock")

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
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is a file, not a directory: choose another --out")
        self.refuse_run(overwrite)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot create {self.path}: {error.strerror}") from error

    def refuse_run(self, overwrite: bool) -> None:
        """Raises RunError if there is a run and it may not be replaced."""
        if self.is_run and not overwrite:
            raise RunError(
                f"{self.path} holds a run: go on with --resume {self.path}, "
                "replace it with --overwrite, or choose another --out"
            )

    def files(self) -> list[Path]:
        """The files of the run that exist."""
        return [self.path / name for name in _FILES if (self.path / name).exists()]

    def clear(self) -> None:
        """Removes the files of an earlier run but its config, and no others."""
        self._remove([name for name in _FILES if name != self.config.name])

    def clear_checkpoints(self) -> None:
        """Removes the checkpoints of an earlier run: what is left starts anew."""
        self._remove([self.checkpoint.name, previous_path(self.checkpoint).name])

    def _remove(self, names: list[str]) -> None:
        try:
            for name in names:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"cannot replace {error.filename}: {error.strerror}") from error

    def remove_leftovers(self) -> None:
        """Removes the temporary files of a process that was killed while it wrote."""
        for name in _FILES:
            file = Path(name)
            for leftover in self.path.glob(f".{file.stem}.*.tmp{file.suffix}"):
                leftover.unlink(missing_ok=True)

    def require_resumable(self) -> None:
        """Raises RunError unless a run can go on here."""
        if not self.path.is_dir():
            raise RunError(f"cannot resume {self.path}: there is no such run directory")
        if not self.config.exists():
            raise RunError(f"cannot resume {self.path}: it holds no config.toml")
        # the first champion is written after the first checkpoint
        if self.champion.exists() and not self.has_checkpoint:
            raise RunError(f"cannot resume {self.path}: it holds no {self.checkpoint.name}")

    def __enter__(self) -> RunDirectory:
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(f"{self.path} is in use by a running process") from error
        except OSError as error:
            raise RunError(f"cannot write to {self.path}: {error.strerror}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()
