"""One place that turns whatever a parser raises into an error of one line."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from wann.errors import FormatError, WannError
from wann.printable import printable, shown
from wann_envs.files import read_regular

_LONGEST_REASON = 200


@contextmanager
def parsing(what: str, error_class: type[WannError] = FormatError) -> Iterator[None]:
    """Turns each exception of the block into one error; those of this package pass.

    Damaged files make parsers raise more than anybody can list: this is the only place that
    catches all of it.

    Args:
        what: the beginning of the message: ``"x.json is no champion file"``.
        error_class: of the error.

    Raises:
        WannError: of ``error_class``.
    """
    try:
        yield
    except WannError:
        raise
    except OSError as error:
        raise error_class(f"{what}: {printable(error.strerror or error)}") from error
    except MemoryError as error:
        raise error_class(f"{what}: it takes more memory than there is") from error
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise error_class(f"{what}: {shown(reason, _LONGEST_REASON)}") from error


def read_text(
    path: Path,
    most_bytes: int,
    error_class: type[WannError] = FormatError,
    what: str = "text in UTF-8",
) -> str:
    """The text of a regular file in UTF-8.

    Args:
        path: of the file.
        most_bytes: that it may have.
        error_class: of the error.
        what: a file that holds something else than text is not, as the message says it.

    Raises:
        WannError: of ``error_class``: it cannot be read, is too large, or no text.
    """
    with parsing(f"cannot read {printable(path)}", error_class):
        content = read_regular(path, most_bytes)
    with parsing(f"{printable(path)} is no {what}", error_class):
        return content.decode("utf-8")


def parse_json(text: str, *, any_integers: bool = False) -> Any:
    """Parses JSON strictly: no NaN, no infinity, no number that a float cannot hold, no key twice.

    Args:
        text: the text.
        any_integers: integers beyond what a float holds are let through, up to Python's own limit:
            whoever checks the fields can say which one is too large.

    Raises:
        ValueError, RecursionError: it is none.
    """
    text.encode()  # no lone surrogates
    return json.loads(
        text,
        parse_constant=_refuse_constant,
        parse_float=_finite_float,
        parse_int=int if any_integers else _finite_int,
        object_pairs_hook=_without_twins,
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(text, 40)} is not a finite number")
    return value


def _finite_int(text: str) -> int:
    # no file of this package has a number of more digits than a float's exponent allows
    if len(text) > 310 or not math.isfinite(float(text)):
        raise ValueError(f"{shown(text, 40)} is too large a number")
    return int(text)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twin = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shown(repr(twin), 40)} occurs twice")
    return table
