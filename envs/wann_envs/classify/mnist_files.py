"""Where the four files of MNIST come from: a folder of the user, the cache, or a mirror."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wann_envs.classify.cache import cache_folder
from wann_envs.classify.errors import DataError
from wann_envs.files import read_regular
from wann_envs.limits import LARGEST_IDX

VARIABLE = "WANN_DATA_DIR"
OPTION = "--data-dir"

# sha256 of the gzipped files as LeCun, Cortes and Burges published them; all mirrors hold these
SHA256 = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://azureopendatastorage.blob.core.windows.net/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
# a mirror that does not answer shall not hold up the next
_TIMEOUT_SECONDS = 15
# where people keep the files, and where torchvision puts them
_SUBFOLDERS = ("", "mnist", "MNIST/raw")


@dataclass(frozen=True)
class MnistFiles:
    """The four files as they lie on disk, gzipped or not, each with a name for errors."""

    train_images: tuple[str, bytes]
    train_labels: tuple[str, bytes]
    test_images: tuple[str, bytes]
    test_labels: tuple[str, bytes]


def read_mnist_files(data_dir: str | os.PathLike[str] | None = None) -> MnistFiles:
    """Reads the four files.

    Args:
        data_dir: a folder that holds them, or whose folder ``mnist`` or ``MNIST/raw`` does; they
            are named ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, with or without
            ``.gz``, and so on. None: the folder that WANN_DATA_DIR names; without that variable the
            files are downloaded once and kept in the cache.

    Raises:
        DataError: a file is missing, too large or no regular file, or the download has failed.
    """
    folder, origin = named_folder(data_dir)
    if folder is not None:
        try:
            return _read(_find(folder, origin))
        except OSError as error:
            raise DataError(f"{origin} {folder}: {error.strerror}: {error.filename}") from error
    with _download_folder() as folder:
        return _read([_download(name, folder) for name in SHA256])


def named_folder(data_dir: str | os.PathLike[str] | None = None) -> tuple[Path | None, str]:
    """The folder that ``read_mnist_files`` looks into, and who names it; None: it downloads.

    Raises:
        DataError: it is no name of a folder.
    """
    named = data_dir or os.environ.get(VARIABLE)
    if not named:
        return None, ""
    origin = OPTION if data_dir else VARIABLE
    try:
        folder = Path(named).expanduser()
        folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # no such home, or NUL in the name
        raise DataError(f"{origin} {os.fspath(named)!r} is no folder: {error}") from error
    return folder, origin


def mnist_is_here() -> bool:
    """Whether ``read_mnist_files()`` would download nothing."""
    if os.environ.get(VARIABLE):
        return True
    return all((cache_folder() / "mnist" / f"{name}.gz").is_file() for name in SHA256)


def _read(paths: list[Path]) -> MnistFiles:
    return MnistFiles(*((str(path), read_regular(path, LARGEST_IDX)) for path in paths))


def _find(folder: Path, origin: str) -> list[Path]:
    """Paths of the four files, in the order of ``SHA256``, all from one folder."""
    if not folder.is_dir():
        raise DataError(f"{origin} {folder}: there is no such folder")
    best: list[Path | None] = [None] * len(SHA256)
    for subfolder in _SUBFOLDERS:
        found = [_find_file(folder / subfolder, name) for name in SHA256]
        if None not in found:
            return [path for path in found if path]
        best = min(best, found, key=lambda paths: paths.count(None))
    missing = list(SHA256)[best.index(None)]
    raise DataError(
        f"{origin} {folder}: {missing} is missing, with or without .gz; the folder or its "
        f"sub-folder {_SUBFOLDERS[1]} must hold the four idx files of MNIST"
    )


def _find_file(folder: Path, name: str) -> Path | None:
    for variant in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            path = folder / (variant + suffix)
            if path.is_file():
                return path
    return None


@contextmanager
def _download_folder() -> Iterator[Path]:
    """The folder in the cache, or one for the moment where the cache cannot be written."""
    folder = cache_folder() / "mnist"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK)
    except OSError:
        is_writable = False
    if is_writable:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="wann-") as temporary:
        yield Path(temporary)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keeps the lines for each mirror off the screen: a failure is told once, in the error."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _download(name: str, folder: Path) -> Path:
    """Path of a file in ``folder``, downloaded from the first mirror that has it."""
    import pooch  # slow to import, and rarely needed

    failures = []
    for mirror in MIRRORS:
        try:
            with _quiet(pooch.get_logger()):
                path = pooch.retrieve(
                    f"{mirror}{name}.gz",
                    known_hash=f"sha256:{SHA256[name]}",
                    fname=f"{name}.gz",
                    path=folder,
                    downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS),
                )
            return Path(path)
        except OSError as error:  # the base of all that requests raises
            failures.append(f"{urlsplit(mirror).netloc}: {type(error).__name__}")
        except ValueError:  # of pooch: another hash
            failures.append(f"{urlsplit(mirror).netloc}: not the file that was published")
    raise DataError(
        f"cannot download MNIST; put its four idx files into a folder and name it with "
        f"{OPTION} or {VARIABLE} ({'; '.join(failures)})"
    )
