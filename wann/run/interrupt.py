"""Ctrl-C asks a run to stop after its generation; a second one stops it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

# what asks: Ctrl-C, kill, a terminal that is closed (not after nohup), Ctrl-Break on Windows
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class StopRequest:
    """A context manager that turns SIGINT, SIGTERM, SIGHUP and SIGBREAK into a request.

    Attributes:
        signal_number: the signal that asked, or None.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._former: dict[int, Any] = {}

    @property
    def is_made(self) -> bool:
        """Whether somebody has asked."""
        return self.signal_number is not None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.is_made and number == signal.SIGINT:
            former = self._former.get(number)
            if callable(former):
                former(number, frame)
            raise KeyboardInterrupt
        self.signal_number = number

    def __enter__(self) -> StopRequest:
        # only the main thread may set handlers; elsewhere a run cannot be interrupted this way
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in (getattr(signal, name, None) for name in _NAMES):
            if number is None:  # this system has no such signal
                continue
            former = signal.getsignal(number)
            is_ignored = former is signal.SIG_IGN and number not in (signal.SIGINT, signal.SIGTERM)
            if not is_ignored:
                self._former[number] = former
                signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            # a handler that was not set from Python is None, and cannot be set again
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
