"""Compiles kernels in two processes at a time: numba lets only one thread of a process in.

There is a list of kernels. This process takes them from the front, a child process from the back,
and what the child has compiled comes here by the cache of kernels. The child is never needed: what
it has not finished when its time is up, or when it has ended, is compiled here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from numba import typeof
from numba.core.serialize import dumps

from wann_envs.compiling import PROGRESS
from wann_envs.jit import Kernel, asking, called_kernels

# seconds in all that this process waits for the child to finish what it has begun, or as long as
# it has compiled itself, if that is longer: on a machine that others use both take longer
_PATIENCE = 5.0
_LOOK_EVERY = 0.2
_READY = b"+"
_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from wann_envs.beside import serve; serve()"
)


class Variant(NamedTuple):
    """A kernel, and the types of the arguments that it will be called with."""

    kernel: Any
    signature: tuple[Any, ...]

    @staticmethod
    def of(kernel: Any, *examples: Any) -> Variant:
        """From examples of the arguments."""
        return Variant(kernel, tuple(typeof(example) for example in examples))


def missing(variants: Iterable[Variant]) -> list[Variant]:
    """Those that have to be compiled; without the JIT there are none."""
    return [
        one
        for one in variants
        if isinstance(one.kernel, Kernel) and not one.kernel.is_there(one.signature)
    ]


def can_have_child() -> bool:
    """Whether a second Python can be started, and the cache brings here what it compiles."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return False
    # another program may have Python within
    return Path(sys.executable).stem.lower().startswith(("python", "pypy"))


class Beside:
    """Compiles variants of kernels here and in a child process; a context manager.

    Args:
        variants: those needed first, roughly the more costly first; the child begins at the end.
        later: those that are needed later, for the child.
        is_alone: whether to do without a child.
    """

    def __init__(
        self, variants: Sequence[Variant], later: Sequence[Variant] = (), *, is_alone: bool = False
    ) -> None:
        self._left = deque(missing(variants))
        self._later = deque(missing(later))
        self._all = [*self._left]
        self._finished: list[Variant] = []
        self._underway: Variant | None = None
        self._changed = threading.Condition()
        self._waited = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._stack = ExitStack()
        wanted = [*self._left, *self._later]
        self._is_alone = (
            is_alone
            or len(wanted) < 2
            or not can_have_child()
            or not all(one.kernel.can_be_kept() for one in wanted)
        )

    def __enter__(self) -> Beside:
        if not self._is_alone:
            self._start()
        return self

    def _start(self) -> None:
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=flags,
            )
        except (OSError, ValueError):
            return
        self._stack.enter_context(asking(self._is_there_by_now))
        self._thread = threading.Thread(target=self._hand_out, daemon=True)
        self._thread.start()

    def _hand_out(self) -> None:
        """Gives the child one variant after another, until none is left or it has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        # where modules are found here, they are found there
        places = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100
        with suppress(OSError, ValueError):
            pickle.dump(places, process.stdin)
            process.stdin.flush()
            while process.stdout.read(1) == _READY:
                with self._changed:
                    if self._underway is not None:
                        self._finished.append(self._underway)
                    self._underway = None
                    if self._left:
                        self._underway = self._left.pop()
                    elif self._later:
                        self._underway = self._later.popleft()
                    self._changed.notify_all()
                    one = self._underway
                if one is None:
                    break
                names = (one.kernel.py_func.__module__, one.kernel.py_func.__name__)
                pickle.dump(dumps((*names, one.signature)), process.stdin)
                process.stdin.flush()
        with self._changed:
            self._underway = None
            self._changed.notify_all()
        with suppress(OSError):
            process.stdin.close()  # tells the child to end
        process.wait()

    def _is_there_by_now(self, kernel: Any, signature: Any) -> bool:
        """Waits for the child if it is at this variant; else it is not for the child any more."""
        one = Variant(kernel, tuple(signature))
        with self._changed:
            if one in self._finished:
                return True
            for waiting in (self._left, self._later):
                if one in waiting:
                    waiting.remove(one)
            patience = max(_PATIENCE, PROGRESS.seconds)
            while self._underway == one and self._waited < patience:
                begin = time.perf_counter()
                self._changed.wait(_LOOK_EVERY)
                self._waited += time.perf_counter() - begin
                PROGRESS.tell()
            return one in self._finished

    def _count(self) -> tuple[int, int]:
        """How many kernels are there, of all that the list needs."""
        needed = called_kernels(one.kernel for one in self._all)
        there = {id(kernel) for kernel in needed if kernel.overloads}
        finished = [one.kernel for one in self._finished]
        there |= {id(kernel) for kernel in called_kernels(finished)}
        return len(there), len(needed)

    def _next(self) -> Variant | None:
        with self._changed:
            return self._left.popleft() if self._left else None

    def compile(self) -> None:
        """Compiles all that is needed now, or takes it over from the child."""
        with PROGRESS.counting(self._count):
            while (one := self._next()) is not None:
                one.kernel.compile(one.signature)
            for one in self._all:
                one.kernel.compile(one.signature)

    def close(self) -> None:
        """Ends the child."""
        self._stack.close()
        if self._process is not None:
            with suppress(OSError):
                self._process.kill()
        if self._thread is not None:
            self._thread.join()
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = self._thread = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


# ---- in the child -----------------------------------------------------------------------------


def serve() -> None:
    """Compiles what it is given, and says when it is done; ends with its parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    say = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    given: deque[bytes] = deque()
    is_given = threading.Semaphore(0)

    def listen() -> None:
        with suppress(Exception):
            while True:
                given.append(pickle.load(sys.stdin.buffer))
                is_given.release()
        os._exit(0)  # the parent has ended, perhaps in the middle of our work

    threading.Thread(target=listen, daemon=True).start()
    while True:
        say.write(_READY)
        is_given.acquire()
        with suppress(Exception):
            module, name, signature = pickle.loads(given.popleft())
            __import__(module)
            getattr(sys.modules[module], name).compile(signature)
