"""Ctrl-C and its kin end a command with one line, from its first moment to its last.

The signal is raised as KeyboardInterrupt in the main thread, so that files are closed and temporary
ones removed. Where that is lost, or the thread is in compiled code, a watching thread ends the
process a little later. While a search runs, ``wann.run.interrupt`` takes the signals instead.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_GRACE_SECONDS = 1.0
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

# of the first signal
signal_number: int | None = None
_taken: list[int] = []
_label = "wann"
_is_told = False


def begin() -> None:
    """Takes the signals that this system has and that the process does not ignore."""
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            _taken.append(number)
            signal.signal(number, _take)
    sys.unraisablehook = _take_again


def end() -> None:
    """There is nothing left to be interrupted: a signal would only spoil the exit code."""
    for number in _taken:
        signal.signal(number, signal.SIG_IGN)


def watch(label: str) -> None:
    """From now on a signal ends the process, if it does not end by itself.

    Args:
        label: begins the line that is printed.
    """
    global _label
    _label = label
    if not _taken or os.name == "nt":  # no descriptor but a socket's can be written to there
        return
    import threading

    reader, writer = os.pipe()
    for descriptor in (reader, writer):
        os.set_blocking(descriptor, descriptor == reader)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()


def _watch(reader: int) -> None:
    import time

    while True:
        for number in os.read(reader, 64):
            # another handler: a search that goes on to the end of its generation
            if signal.getsignal(number) is _take:
                time.sleep(_GRACE_SECONDS)
                os._exit(_told(number))


def told(label: str) -> int:
    """Prints that a command was interrupted; returns the exit code, as the shell counts it."""
    global _label
    _label = label
    if _taken:
        return _told(signal_number or signal.SIGINT)
    # called from a Python program, which may have a standard error of its own
    from wann.output import say

    say(f"{label}: interrupted", to="stderr")
    return 128 + signal.SIGINT


def _told(number: int) -> int:
    global _is_told
    if not _is_told:
        _is_told = True
        word = "interrupted" if number == signal.SIGINT else "terminated"
        with suppress(OSError):
            os.write(2, f"{_label}: {word}\n".encode("ascii", "backslashreplace"))
    return 128 + number


def _take(number: int, _frame: FrameType | None) -> None:
    global signal_number
    # a second one must not disturb what the first has begun
    if signal_number is None:
        signal_number = number
        raise KeyboardInterrupt


def _take_again(lost: Any) -> None:
    """Python drops exceptions of some places, such as destructors: raise it somewhere else."""
    global signal_number
    if signal_number is None or not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    import threading

    number, signal_number = signal_number, None
    threading.Timer(0.02, _signal_main_thread, [number]).start()


def _signal_main_thread(number: int) -> None:
    import threading

    thread = threading.main_thread().ident
    if thread is not None and hasattr(signal, "pthread_kill"):  # ends a sleep or a read, too
        signal.pthread_kill(thread, number)
    else:
        signal.raise_signal(number)
