"""Ctrl-C asks a run to stop after its generation; a second one stops it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class StopRequest:
    """A context manager that turns SIGINT and SIGTERM into a request.

    Attributes:
        signal_number: the signal that asked, or None.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._former: dict[int, object] = {}

    @property
    def is_made(self) -> bool:
        """Whether somebody has asked."""
        return self.signal_number is not None

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.is_made and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal_number = number

    def __enter__(self) -> StopRequest:
        # only the main thread may set handlers; elsewhere a run cannot be interrupted this way
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
