"""The weight files of the 2019 release's zoo: tuned weights for the genes of a ``.out`` file.

A file is JSON: ``[weights, score]`` or ``[weights, score, std]``. The weights follow the entries
of the ``.out`` file that are not 0, row by row; the release adds a constant to each, by task.

Source: google/brain-tokyo-workshop, WANNRelease (Gaier & Ha 2019).
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NoReturn

from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.formats.parsing import parsing
from wann.formats.release2019 import ReleaseNetwork, text_of
from wann.formats.release2019_table import read_bytes
from wann.printable import printable, shown

# what the release adds to the weights of a task, by what the name of the task holds
_OFFSETS = {"swingup": -1.5, "swing_up": -1.5, "biped": -1.87, "racer": -0.7, "racing": -0.7}
_LARGEST_WEIGHT = 1e300
# digits that tell any two float64 apart; a file may have more
_DOUBLE_DIGITS = 17
# enough for the sum of any two float64, and of one and what vanishes
_EXACT = Context(prec=1200)
_VANISHING = Decimal("1e-400")


def weight_offset(task: str) -> float:
    """What the release adds to the weights of a task: -1.5, -1.87, -0.7 or 0."""
    name = task.lower()
    return next((offset for word, offset in _OFFSETS.items() if word in name), 0.0)


@dataclass(frozen=True)
class ZooWeights:
    """What a weight file holds.

    Attributes:
        weights: as written, without the constant of the task.
        score, std: of the release with these weights; None: not in the file.
        sha256: of the file.
    """

    weights: tuple[Decimal, ...]
    score: float | None
    std: float | None
    sha256: str


# reading


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{shown(text, 40)} is too large a number") from error


def _score(items: list[Any], place: int, file: str) -> float | None:
    if len(items) <= place or items[place] is None:
        return None
    if not isinstance(items[place], Decimal) or not math.isfinite(float(items[place])):
        raise FormatError(f"{file}: item {place + 1} of the list must be a number")
    return float(items[place])


def load_zoo_weights(path: Path) -> ZooWeights:
    """Reads a weight file.

    Raises:
        FormatError: it cannot be read, or is no such file.
    """
    data = read_bytes(path)
    file = printable(path)
    with parsing(f"{file} is no weight file"):
        items = json.loads(
            data, parse_constant=_refuse_constant, parse_float=_decimal, parse_int=_decimal
        )
        if (
            not isinstance(items, list)
            or len(items) not in (2, 3)
            or not isinstance(items[0], list)
        ):
            raise ValueError("it must be a list [weights, score] or [weights, score, std]")
        for k, weight in enumerate(items[0], 1):
            _check_weight(weight, k, file)
        return ZooWeights(
            tuple(items[0]),
            _score(items, 1, file),
            _score(items, 2, file),
            hashlib.sha256(data).hexdigest(),
        )


def _check_weight(weight: Any, k: int, file: str) -> None:
    """Refuses the k-th weight of a file if it is none."""
    if not isinstance(weight, Decimal):
        found = shown(repr(str(weight)[:30]))
        raise FormatError(f"{file}: weight {k} is {found}, must be a number")
    if weight.copy_abs() > _LARGEST_WEIGHT:  # abs would round, and overflow
        raise FormatError(
            f"{file}: weight {k} is {str(weight)[:20]}, must be from "
            f"{-_LARGEST_WEIGHT:g} to {_LARGEST_WEIGHT:g}"
        )


def _shifted(weight: Decimal, offset: float) -> float:
    """The weight plus the constant.

    As the release adds them, in float64; a number with more digits than a float64 needs comes from
    ``zoo_weights_to_json`` and is added exactly.
    """
    if len(weight.as_tuple().digits) <= _DOUBLE_DIGITS:
        return float(weight) + offset
    return float(_EXACT.add(weight, Decimal(repr(offset))))


def with_zoo_weights(
    champion: Champion, release: ReleaseNetwork, path: Path, offset: float
) -> Champion:
    """A champion with the weights of a file.

    Args:
        champion: of the same file as ``release``.
        release: the genes that the weights belong to.
        path: the weight file.
        offset: the constant that is added to each weight.

    Raises:
        FormatError: there are neither as many weights as enabled genes, nor as enabled and
            disabled genes together; or the file is none.
    """
    zoo = load_zoo_weights(path)
    network, disabled = release.network, release.disabled
    enabled = list(zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True))
    n_all = len(enabled) + len(disabled)
    if len(zoo.weights) not in (len(enabled), n_all):
        genes = f"{len(enabled)} enabled genes"
        if disabled:
            genes += f" (with the disabled ones {n_all})"
        raise FormatError(
            f"{printable(path)} has {len(zoo.weights)} weights; "
            f"{shown(champion.provenance.get('file'))} has {genes}"
        )
    # row by row: by source, then by target
    genes_of_weights = sorted(
        enabled if len(zoo.weights) == len(enabled) else [*enabled, *disabled]
    )
    weight_of = dict(zip(genes_of_weights, zoo.weights, strict=True))
    origin: dict[str, Any] = {"file": text_of(path.name), "sha256": zoo.sha256, "offset": offset}
    if zoo.score is not None:
        origin["published_score"] = zoo.score
    if zoo.std is not None:
        origin["published_std"] = zoo.std
    return replace(
        champion,
        tuned_weights=tuple(_shifted(weight_of[gene], offset) for gene in enabled),
        provenance={**champion.provenance, "weights": origin},
    )


# writing


def _unshifted(weight: float, offset: float) -> str:
    """The number that ``_shifted`` reads as the weight."""
    near = weight - offset
    for digits in range(1, _DOUBLE_DIGITS + 1):
        number = float(f"{near:.{digits}g}")
        if repr(number + offset) == repr(weight):
            return repr(number)
    exact = Decimal(repr(weight))
    if weight == 0.0:
        # no sum of two float64 is -0.0: something so small that it becomes 0, and keeps its sign
        exact = _VANISHING.copy_sign(exact)
    text = format(_EXACT.subtract(exact, Decimal(repr(offset))), "f")
    missing = _DOUBLE_DIGITS + 1 - len(Decimal(text).as_tuple().digits)
    return (text if "." in text else text + ".") + "0" * max(missing, 0)


def _number(value: Any) -> float | None:
    """A number that JSON holds; None: it is none."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and abs(value) <= sys.float_info.max else None


def _published(champion: Champion) -> tuple[float | None, float | None]:
    """Mean and deviation with tuned weights: as measured, else as published."""
    measured = champion.scores.get("tuned_weights")
    if isinstance(measured, Mapping) and "mean" in measured:
        return _number(measured["mean"]), _number(measured.get("std"))
    origin = champion.provenance.get("weights")
    if isinstance(origin, Mapping):
        return _number(origin.get("published_score")), _number(origin.get("published_std"))
    return None, None


def zoo_weights_to_json(champion: Champion, offset: float) -> str:
    """The tuned weights of a champion as the text of a weight file.

    Args:
        champion: with tuned weights.
        offset: the constant that readers add to each weight.

    Raises:
        FormatError: the champion has no tuned weights.
    """
    if champion.tuned_weights is None:
        raise FormatError("the champion has no tuned weights")
    network = champion.network
    by_source = sorted(
        zip(
            network.edge_source.tolist(),
            network.edge_target.tolist(),
            champion.tuned_weights,
            strict=True,
        )
    )
    weights = ",\n".join(_unshifted(weight, offset) for _, _, weight in by_source)
    score, std = _published(champion)
    rest = [json.dumps(score), *([] if std is None else [json.dumps(std)])]
    return f"[\n[\n{weights}\n],\n" + ",\n".join(rest) + "\n]\n"
