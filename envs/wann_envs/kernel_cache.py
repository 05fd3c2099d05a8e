"""The cache of one compiled kernel: a file for each signature.

It replaces numba's, which keeps an index that two processes damage, takes a kernel for fresh when
only a function that it calls has changed, and ends the program over a file that is damaged or
cannot be written. A cache is never needed: what cannot be read is compiled, and what cannot be
written is compiled again the next time.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from wann_envs.files import read_regular, write_file
from wann_envs.kernel_folder import kernel_folder, make_folder

_MAGIC = b"wann kernel 1\n"
_DIGEST_SIZE = 32
_MOST_BYTES = 100_000_000
_PLAIN = (int, float, complex, str, bytes, type(None), np.generic)


def _digest(content: bytes, size: int = _DIGEST_SIZE) -> bytes:
    return hashlib.blake2b(content, digest_size=size).digest()


def _globals_of(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)


def _codes(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
        else:
            # the order of a set changes from start to start
            is_set = isinstance(constant, frozenset)
            yield repr(sorted(constant, key=repr) if is_set else constant).encode()


def _value(value: Any, seen: set[int]) -> Iterator[bytes]:
    """What a constant adds to the code of a kernel."""
    if hasattr(value, "py_func"):
        yield from _function(value.py_func, seen)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode() + value.tobytes()
    elif isinstance(value, _PLAIN):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, tuple):
        yield f"{type(value).__name__} {len(value)}".encode()
        for item in value:
            yield from _value(item, seen)
    elif isinstance(value, type) and issubclass(value, Enum):
        yield repr([(member.name, member.value) for member in value]).encode()
    else:  # a module, a type, what writes LLVM code: the sources tell
        yield getattr(value, "__qualname__", type(value).__qualname__).encode()


def _function(function: Any, seen: set[int]) -> Iterator[bytes]:
    if id(function) in seen:
        return
    seen.add(id(function))
    code = function.__code__
    yield function.__qualname__.encode()
    yield from _codes(code)
    for name in _globals_of(code):
        if name in function.__globals__:
            yield name.encode()
            yield from _value(function.__globals__[name], seen)
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # not filled yet
            yield from _value(cell.cell_contents, seen)


def constants_hash(function: Any) -> str:
    """A hash of the code of a function and of all it calls, with the values of their constants.

    A constant may come from a file without a kernel, or have been changed in this process.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in _function(function, set()):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


class KernelCache(_Cache):
    """Keeps the compiled code of one function; numba calls the methods of its own caches.

    Args:
        function: the Python function.
        options: what it is compiled with.
        before_compiling: is called with a signature that is not there, and says whether to look
            again.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        options: dict[str, Any],
        before_compiling: Callable[[Any], bool],
    ) -> None:
        self._function, self._options = function, sorted(options.items())
        self._before_compiling = before_compiling
        self._is_enabled = True

    @property
    def cache_path(self) -> str | None:
        """The folder; None without a place for it."""
        folder = self._folder()
        return None if folder is None else str(folder)

    def _folder(self) -> Path | None:
        return kernel_folder(self._function.__module__.partition(".")[0])

    def _place(self, signature: Any) -> tuple[Path | None, Any]:
        """The file of a signature, and what it must say it is for."""
        constants = constants_hash(self._function)
        names = (self._function.__module__, self._function.__qualname__)
        purpose = (*names, constants, self._options, signature)
        folder = self._folder()
        if folder is None:
            return None, purpose
        name = self._function.__qualname__.rpartition(".")[2]
        return folder / f"{name}-{_digest(repr(purpose).encode(), 12).hex()}.nbc", purpose

    def has(self, signature: Any) -> bool:
        """Whether there is a file for the signature."""
        path = self._place(signature)[0]
        return path is not None and path.is_file()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature; None: there is none, and it will be compiled."""
        target_context.refresh()
        result = self._load(sig, target_context)
        if result is None and self._before_compiling(sig):
            result = self._load(sig, target_context)
        return result

    def _load(self, signature: Any, context: Any) -> Any:
        if not self._is_enabled:
            return None
        try:
            path, purpose = self._place(signature)
            if path is None:
                return None
            content = read_regular(path, _MOST_BYTES)
            start = len(_MAGIC) + _DIGEST_SIZE
            digest, body = content[len(_MAGIC) : start], content[start:]
            if not content.startswith(_MAGIC) or digest != _digest(body):
                return None  # damaged
            stored, code = pickle.loads(body)
            if stored != purpose:
                return None  # somebody has renamed files
            return CompileResult._rebuild(context, *pickle.loads(code))
        except Exception:  # whatever is wrong with it, it can be compiled
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Writes compiled code, where it can be."""
        if not self._is_enabled or data.library.has_dynamic_globals or data.lifted:
            return
        with suppress(OSError):
            path, purpose = self._place(sig)
            if path is None:
                return
            make_folder(path.parent)
            body = dumps((purpose, dumps(data._reduce())))
            # what a power cut leaves behind is seen by its digest
            write_file(path, _MAGIC + _digest(body) + body, is_synced=False)

    def enable(self) -> None:
        """Uses the cache."""
        self._is_enabled = True

    def disable(self) -> None:
        """Does without."""
        self._is_enabled = False

    def flush(self) -> None:
        """Nothing is kept in memory."""
