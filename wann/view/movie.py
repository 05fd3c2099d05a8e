"""Movies of frames: GIF with Pillow, MP4 with ffmpeg."""

from __future__ import annotations

import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wann.errors import FormatError, RunError
from wann.printable import printable
from wann_envs.files import check_replaceable, replaced

# (height, width, 3)
Frame = NDArray[np.uint8]

_HOLD_SECONDS = 1.0
_N_COLOURS = 255
_PALETTE_FRAMES = 24
_EXACT_COLOURS = 128


def check_movie_path(path: Path, suffix: str, sources: Sequence[Path] = ()) -> None:
    """Raises unless a movie can be written there: better now than after the episodes.

    Args:
        path: of the movie.
        suffix: of its kind.
        sources: the files that are replayed.

    Raises:
        FormatError: the name has another suffix, or is that of a source.
        RunError: the folder does not exist or cannot be written to, or something other than a file
            lies there.
    """
    name = printable(path)
    if path.suffix.lower() != suffix:
        raise FormatError(f"{name}: the name must end in {suffix}")
    with _one_line_errors(path):
        if not path.parent.is_dir():
            raise RunError(f"{name}: there is no folder {printable(path.parent)}")
        check_replaceable(path)
        if path.exists() and any(file.exists() and path.samefile(file) for file in sources):
            raise FormatError(f"{name} is what is replayed: name another file")
        if not os.access(path.parent, os.W_OK):
            raise RunError(f"{name}: {printable(path.parent)} cannot be written")


class MovieWriter(ABC):
    """Writes frames of one size to a temporary file that takes the path's place at the end.

    A context manager: an exception inside leaves whatever was at the path before.

    Args:
        path: ends in the suffix of the kind; its folder exists.
        frame_seconds: how long a frame is shown.

    Raises:
        FormatError: the path has another suffix.
        RunError: on entering or leaving, the file cannot be written or no frame was.
    """

    suffix: ClassVar[str]

    def __init__(self, path: str | Path, frame_seconds: float) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() != self.suffix:
            raise FormatError(f"{path}: the name must end in {self.suffix}")
        self.frame_seconds = frame_seconds
        self.n_frames = 0
        self._shape: tuple[int, ...] = ()
        self._replacing: AbstractContextManager[Path] = replaced(self.path)
        # beside the path (a rename across disks is a copy), from entering on
        self._temporary = self.path

    def __enter__(self) -> Self:
        with _one_line_errors(self.path):
            self._temporary = self._replacing.__enter__()
        return self

    def write(self, frame: Frame) -> None:
        """Appends a frame (height, width, 3) uint8."""
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(
                f"a frame is (height, width, 3) uint8, not {frame.shape} {frame.dtype}"
            )
        if self.n_frames and frame.shape != self._shape:
            raise ValueError(f"frame of shape {frame.shape} after frames of {self._shape}")
        self._shape = frame.shape
        with _one_line_errors(self.path):
            self._append(np.ascontiguousarray(frame))
        self.n_frames += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._abandon()
            self._replacing.__exit__(kind, error, traceback)
            return
        with _one_line_errors(self.path):
            try:
                if self.n_frames == 0:
                    raise RunError(f"{self.path}: no frame was written")
                self._finish()
            except BaseException as failure:
                self._replacing.__exit__(type(failure), failure, failure.__traceback__)
                raise
            self._replacing.__exit__(None, None, None)

    @abstractmethod
    def _append(self, frame: Frame) -> None:
        """Takes a contiguous frame."""

    @abstractmethod
    def _finish(self) -> None:
        """Completes the temporary file."""

    @abstractmethod
    def _abandon(self) -> None:
        """Lets go of the temporary file; never raises."""


class GifWriter(MovieWriter):
    """Writes a GIF that loops for ever and holds its last frame for a second more.

    GIF counts time in 10 ms: frame times are rounded, their sum does not drift. All frames share
    one palette without dithering. The same frames give the same bytes.
    """

    suffix = ".gif"

    def __init__(self, path: str | Path, frame_seconds: float) -> None:
        super().__init__(path, frame_seconds)
        if frame_seconds < 0.02:
            raise ValueError(f"frame_seconds {frame_seconds}: viewers need at least 0.02")
        # the palette needs all frames; deflated they take a few kB each
        self._deflated: list[bytes] = []

    def _abandon(self) -> None:
        self._deflated.clear()

    def _append(self, frame: Frame) -> None:
        self._deflated.append(zlib.compress(frame.tobytes(), level=1))

    def _frame(self, k: int) -> Frame:
        return np.frombuffer(zlib.decompress(self._deflated[k]), np.uint8).reshape(self._shape)

    def _finish(self) -> None:
        sample = np.unique(np.linspace(0, self.n_frames - 1, _PALETTE_FRAMES).astype(int))
        palette = _choose_palette([_colour_codes(self._frame(k)) for k in sample])
        swatch = Image.new("P", (1, 1))
        swatch.putpalette(palette.astype(np.uint8).tobytes())
        images = (
            Image.fromarray(self._frame(k)).quantize(palette=swatch, dither=Image.Dither.NONE)
            for k in range(self.n_frames)
        )
        next(images).save(
            self._temporary,
            save_all=True,
            append_images=images,
            duration=[self._milliseconds(k) for k in range(self.n_frames)],
            loop=0,
            optimize=False,
        )

    def _milliseconds(self, k: int) -> int:
        start, end = round(100 * k * self.frame_seconds), round(100 * (k + 1) * self.frame_seconds)
        hold = round(100 * _HOLD_SECONDS) if k == self.n_frames - 1 else 0
        return 10 * (end - start + hold)


class Mp4Writer(MovieWriter):
    """Writes H.264 in yuv420p, which every browser plays; an odd last row or column is doubled."""

    suffix = ".mp4"

    def __init__(self, path: str | Path, frame_seconds: float) -> None:
        super().__init__(path, frame_seconds)
        self._ffmpeg: Generator[None, Any, None] | None = None

    def _append(self, frame: Frame) -> None:
        height, width = frame.shape[:2]
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._ffmpeg is None:
            self._ffmpeg = imageio_ffmpeg.write_frames(
                str(self._temporary),
                (even.shape[1], even.shape[0]),
                fps=1.0 / self.frame_seconds,
                quality=7,
                codec="libx264",
                macro_block_size=2,
                ffmpeg_log_level="error",
                output_params=["-movflags", "+faststart"],
            )
            self._ffmpeg.send(None)
        self._ffmpeg.send(even)

    def _finish(self) -> None:
        assert self._ffmpeg is not None
        self._ffmpeg.close()
        if self._temporary.stat().st_size == 0:
            raise RunError(f"{self.path}: ffmpeg wrote nothing")

    def _abandon(self) -> None:
        if self._ffmpeg is not None:
            self._ffmpeg.close()


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    """Turns an error of the system, or of ffmpeg, into a RunError of one line."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().split("\n")[0]
        raise RunError(f"{printable(path)}: cannot be written: {printable(reason)}") from error


def _colour_codes(frame: Frame) -> NDArray[np.int32]:
    """(height, width): red, green and blue in one number."""
    wide = frame.astype(np.int32)
    codes: NDArray[np.int32] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return codes


def _colours(codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n, 3): red, green and blue of (n,) codes."""
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)


def _choose_palette(samples: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Chooses at most 255 colours: the most frequent exactly, the others by median cut.

    A GIF needs one more index for what is transparent.

    Returns:
        (n, 3) red, green and blue.
    """
    codes, counts = np.unique(np.concatenate([s.ravel() for s in samples]), return_counts=True)
    codes = codes[np.argsort(-counts, kind="stable")]
    if len(codes) <= _N_COLOURS:
        return _colours(codes)
    rest = Image.fromarray(_colours(codes[_EXACT_COLOURS:]).astype(np.uint8)[None])
    cut = rest.quantize(_N_COLOURS - _EXACT_COLOURS, Image.Quantize.MEDIANCUT).getpalette("RGB")
    return np.concatenate(
        [_colours(codes[:_EXACT_COLOURS]), np.array(cut, dtype=np.int32).reshape(-1, 3)]
    )[:_N_COLOURS]
