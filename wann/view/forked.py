"""Runs two functions that only write files at a time, where a process can be forked."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# the other half takes about as long as this one; longer, and it hangs
_LEAST_PATIENCE, _PATIENCE = 10.0, 5.0
_LOOK_EVERY = 0.002
# whether this process is ours alone
_is_allowed = [False]


@contextmanager
def forks(are_allowed: bool) -> Iterator[None]:
    """Within the block, forks are allowed or not; outside they are not.

    What else a process runs, a notebook's server say, may not survive a fork; the ``wann`` command
    knows.
    """
    _is_allowed.append(are_allowed)
    try:
        yield
    finally:
        _is_allowed.pop()


def run_both(here: Callable[[], object], beside: Callable[[], object]) -> None:
    """Calls both functions: one here, one in a forked child, whose files are all that is left.

    Where the child fails, or does not come to an end, and where there are no forks that are safe,
    both are called here: errors are those of calling one after the other.
    """
    if not _is_allowed[-1] or not sys.platform.startswith("linux"):
        here()
        beside()
        return
    started = time.monotonic()
    child = _forked(beside)
    try:
        here()
    except BaseException:
        _end(child)
        raise
    patience = max(_LEAST_PATIENCE, _PATIENCE * (time.monotonic() - started))
    if not _has_done_it(child, time.monotonic() + patience):
        beside()


def _forked(function: Callable[[], object]) -> int:
    """The process that calls the function; 0 if there is none."""
    with warnings.catch_warnings():
        # other threads wait for work and hold nothing that drawing needs
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            child = os.fork()
        except OSError:
            return 0
    if child:
        return child
    code = 1
    try:
        # what this one prints would be printed twice
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        function()
        code = 0
    finally:
        os._exit(code)


def _has_done_it(child: int, deadline: float) -> bool:
    if not child:
        return False
    while time.monotonic() < deadline:
        try:
            ended, status = os.waitpid(child, os.WNOHANG)
        except ChildProcessError:  # somebody else has waited for it
            return False
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(_LOOK_EVERY)
    _end(child)
    return False


def _end(child: int) -> None:
    if child:
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
