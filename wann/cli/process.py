"""The process of a command: its streams and its signals, before, while and after it works."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from contextlib import suppress

from wann.cli import interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_GC_THRESHOLD = 50_000


def run_process() -> int:
    """Runs the command line of this process; returns the exit code."""
    interruption.begin()
    code = _run()
    if interruption.signal_number is not None:
        _leave(code)
    gc.freeze()  # nothing that is left needs to be looked through once more
    return code


def _run() -> int:
    try:
        try:
            _open_streams()
            from wann.cli.command_line import run_command

            # imports make many objects that stay: looking through them again and again takes long
            gc.set_threshold(max(gc.get_threshold()[0], _GC_THRESHOLD))
            return run_command(sys.argv[1:], is_own_process=True)
        finally:
            interruption.end()
    except BaseException:
        # the imports of a command may turn an interruption into any other exception
        if interruption.signal_number is None:
            raise
        interruption.end()
        return interruption.told("wann")


def _leave(code: int) -> NoReturn:
    """Ends the process without waiting for threads, which may be in the midst of long work.

    And with this code: Python ends itself by SIGINT where an interruption has passed an ``exec``.
    """
    import atexit

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    atexit._run_exitfuncs()
    os._exit(code)


class _Closed(io.RawIOBase):
    """A standard stream that was closed before the process began."""

    def writable(self) -> bool:
        """It takes part in a text stream."""
        return True

    def write(self, _data: object) -> int:
        """Raises OSError."""
        raise OSError(errno.EBADF, "it is closed", "the standard output")


def _open_streams() -> None:
    """Makes the three standard streams such as anybody may write to them.

    The next file that is opened must not become the standard output of a process that we start.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # as good as the real one for whoever prints, but who writes a file to it is told
            setattr(sys, name, io.TextIOWrapper(_Closed(), "utf-8", write_through=True))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
