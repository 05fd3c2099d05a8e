"""The decorators of compiled functions.

``kernel`` is for functions that Python calls, ``inner_kernel`` for those that only kernels call:
they get no code that translates Python's objects, which costs more to compile than many of them.
Both keep their code in a cache of their own, whatever numba's is set to.
"""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba.core import config, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.core.sigutils import normalize_signature
from numba.extending import lower_builtin, type_callable

from wann_envs.compiling import PROGRESS
from wann_envs.kernel_cache import KernelCache
from wann_envs.kernel_folder import make_folder

# the compiler makes many small objects that live: looking through them all takes 7 % of its time
_GC_THRESHOLD = 200_000
# whom to ask before a kernel is compiled here: it may be on its way elsewhere
_helpers: list[Callable[[Kernel, Any], bool]] = []


@contextmanager
def asking(helper: Callable[[Kernel, Any], bool]) -> Iterator[None]:
    """Within the block, ``helper`` is asked for each kernel that is not in the cache.

    Args:
        helper: is called with the kernel and the types of its arguments; says whether it is there
            by now.
    """
    _helpers.append(helper)
    try:
        yield
    finally:
        _helpers.remove(helper)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    threshold = gc.get_threshold()
    if threshold[0] == 0 or threshold[0] >= _GC_THRESHOLD:  # a caller has decided
        yield
        return
    gc.set_threshold(_GC_THRESHOLD, *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


class Kernel(CPUDispatcher):
    """A compiled function, of which there is a variant for each tuple of types.

    Args:
        function: the Python function.
        is_inner: whether Python is not expected to call it.
        options: of numba's ``njit``.
    """

    def __init__(self, function: Callable[..., Any], is_inner: bool, options: dict[str, Any]):
        self.is_inner, self._options = is_inner, options
        self._n_begun = 0
        target = {"nopython": True, "boundscheck": None, "no_cfunc_wrapper": True, **options}
        if is_inner:
            target["no_cpython_wrapper"] = True
        super().__init__(py_func=function, locals={}, targetoptions=target)
        self._cache = KernelCache(function, target, self._before_compiling)

    def _before_compiling(self, signature: Any) -> bool:
        if any(helper(self, signature) for helper in _helpers):
            return True
        self._n_begun += 1
        PROGRESS.begins()
        return False

    def is_there(self, signature: Any) -> bool:
        """Whether the variant for these types is compiled already, here or in the cache."""
        return tuple(signature) in self.overloads or self._cache.has(tuple(signature))

    def can_be_kept(self) -> bool:
        """Whether there is a cache that can be written."""
        place = self._cache.cache_path
        if place is None:
            return False
        with suppress(OSError):
            make_folder(Path(place))
            return os.access(place, os.W_OK)
        return False

    def compile(self, sig: Any) -> Any:
        """The variant for the types ``sig``, from the cache or compiled."""
        if tuple(normalize_signature(sig)[0]) in self.overloads:
            return super().compile(sig)
        with global_compiler_lock, _seldom_collected(), PROGRESS.counting(self._progress):
            n_before = self._n_begun
            try:
                return super().compile(sig)
            finally:
                if self._n_begun > n_before:
                    self._n_begun = n_before
                    PROGRESS.ends()

    def _progress(self) -> tuple[int, int]:
        kernels = called_kernels([self])
        return sum(bool(kernel.overloads) for kernel in kernels), len(kernels)


class InnerKernel(Kernel):
    """One that only kernels call; where Python does, a twin is compiled that it can call.

    Without the twin the process would end: numba jumps to a translation that is not there.
    """

    _twin: Any = None

    def __call__(self, *args: Any) -> Any:
        """Calls the twin."""
        if self._twin is None:
            self._twin = Kernel(self.py_func, False, self._options)
        return self._twin(*args)


def called_kernels(entries: Any) -> list[Kernel]:
    """The kernels given, and all that they call."""
    found: dict[int, Kernel] = {}
    waiting = list(entries)
    while waiting:
        one = waiting.pop()
        if isinstance(one, Kernel) and id(one) not in found:
            found[id(one)] = one
            names, values = one.py_func.__code__.co_names, one.py_func.__globals__
            waiting += [values[name] for name in names if name in values]
    return list(found.values())


def _decorated(function: Callable[..., Any] | None, is_inner: bool, options: dict[str, Any]) -> Any:
    if function is None:
        return lambda function: _decorated(function, is_inner, options)
    if getattr(config, "DISABLE_JIT", 0):
        return function
    return (InnerKernel if is_inner else Kernel)(function, is_inner, options)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compiles a function that Python calls; options as of ``numba.njit``."""
    return _decorated(function, False, options)


def inner_kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compiles a function that other kernels call; options as of ``numba.njit``."""
    return _decorated(function, True, options)


def emitted(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a Python function LLVM code, for calls in kernels.

    The decorated function takes the types of the arguments, and returns the signature and what
    writes the code, as of ``numba.extending.intrinsic``; None: not for these types. Less is
    compiled than with ``overload``, which makes a function of its own of each.
    """

    def decorate(define: Callable[..., Any]) -> Callable[..., Any]:
        def typed(*kinds: Any) -> Any:
            made = define(*kinds)
            return None if made is None else made[0]

        # numba asks for the names of the arguments
        typed.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]

        @type_callable(function)
        def _type(_context: Any) -> Any:
            return typed

        @lower_builtin(function, types.VarArg(types.Any))
        def _lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return define(*signature.args)[1](context, builder, signature, args)

        return define

    return decorate
