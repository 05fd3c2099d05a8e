"""Warnings of the package as lines of the command line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wann.errors import WannWarning
from wann.output import one_line, say
from wann.printable import printable


@contextmanager
def held_warnings(verb: str) -> Iterator[Callable[[], None]]:
    """Holds back the package's warnings; yields the function that prints each once, as one line.

    A verb that fails prints one line, its error, so that warnings come when it has not. Warnings of
    other packages are shown as they come, each as one line.
    """
    lines: dict[str, None] = {}  # a set that keeps the order

    def tell() -> None:
        for line in lines:
            say(f"wann {verb}: warning: {line}", to="stderr")
        lines.clear()

    def one_of_others(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> str:
        return f"wann {verb}: warning: {one_line(f'{category.__name__}: {message}')}\n"

    format_before = warnings.formatwarning
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def hold(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, WannWarning):
                lines[printable(message)] = None
            else:
                shown(message, category, *rest, **more)

        warnings.simplefilter("always", WannWarning)
        warnings.showwarning = hold
        warnings.formatwarning = one_of_others
        try:
            yield tell
        finally:
            warnings.formatwarning = format_before
