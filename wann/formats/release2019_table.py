"""The ``.out`` files of the 2019 release.

A file is CSV text without a header: N rows of N + 1 columns, a row and a column for each node and
the activation ids in the last column. The nodes are the bias, the inputs, the hidden nodes in
topological order and the outputs. The entry in row s, column t is the gene from node s to node t:
0 is no gene, ``nan`` a disabled one, anything else an enabled one. How many nodes are inputs and
outputs is not in the file.

The value of an entry is a weight that the search happened to carry along; the shared weight
replaces it. The release writes three digits of it, and reads any number of them. ``wann export``
writes the tuned weights of a champion there, at full precision, and marks such a file: its very
first entry, which can be no gene, is ``+0`` instead of ``0``. A weight of 0 would be no gene; it is
written as ``5e-324``, the smallest number that is not 0, and that number itself with more digits.
In a file without the mark, an entry of more than three digits tells that it holds tuned weights.

Where activations saturate, the release computes something else than the package: its sigmoid below
-37 and its gauss beyond 38.6 are 0, and its sin(pi) and cos(pi / 2) are 1e-16, so that a ``step``
(or a wave) after such a node may do there what it does not do here. A ``.out`` file holds no
arithmetic: it cannot say which is meant.

Source: google/brain-tokyo-workshop, WANNRelease (Gaier & Ha 2019).
"""

from __future__ import annotations

import errno
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.genome.network import Network, network_from_connections
from wann.kernels.activation import Activation
from wann.limits import MOST_CONNECTIONS
from wann.printable import printable, shown
from wann_envs.files import read_regular

# 100 MB are 5000 nodes; the largest file of the release has fewer than a thousand
_LARGEST_FILE = 100_000_000
# an entry of 0 is no gene: a tuned weight of 0 is written as the smallest number that is not
ZERO = 5e-324
# the texts of a weight of 0, and of the smallest number where it is a weight
_ZERO_TEXT, _SMALLEST_TEXT = "5e-324", "4.940656458412465e-324"
# before the first entry of a file with tuned weights
_MARK = "+"

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ReleaseNetwork:
    """What a ``.out`` file holds.

    Attributes:
        network: the enabled genes between all nodes of the file, also those that lead nowhere.
        values: the entries of the connections, in the order of ``network``; never 0.
        disabled: (source, target) of the disabled genes, in the order of the file.
        weights: the tuned weights, if the file says that it holds some; as ``values``.
    """

    network: Network
    values: tuple[float, ...]
    disabled: Pairs = ()
    weights: tuple[float, ...] | None = None

    @property
    def has_tuned_weights(self) -> bool:
        """Whether the file says so, or a value has more digits than the release writes."""
        if self.weights is not None:
            return True
        return any(float(f"{value:.2e}") != value for value in self.values)

    @property
    def tuned_weights(self) -> tuple[float, ...]:
        """The tuned weights of the file, or its values as weights."""
        if self.weights is not None:
            return self.weights
        return tuple(
            math.copysign(0.0, value) if abs(value) == ZERO else value for value in self.values
        )


# reading


def read_bytes(path: Path) -> bytes:
    """The content of a file of the release.

    Raises:
        FormatError: it cannot be read, or is too large.
    """
    try:
        return read_regular(path, _LARGEST_FILE)
    except OSError as error:
        if error.errno == errno.EFBIG:
            most = f"{_LARGEST_FILE // 1_000_000} MB"
            raise FormatError(f"{printable(path)} has more than {most}") from error
        reason = printable(error.strerror or error)
        raise FormatError(f"cannot read {printable(path)}: {reason}") from error


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _lines_of(data: bytes, file: str) -> list[tuple[int, str]]:
    """The lines of a file that are not empty, each with its number: N of N + 1 columns."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{file} is no .out file: it is not text") from error
    lines = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise FormatError(f"{file} is no .out file: it is empty")
    n = len(lines)
    for k, line in lines:
        n_columns = line.count(",") + 1
        if n_columns != n + 1:
            raise FormatError(
                f"{file}, row {k}: {n_columns} columns, must be {n + 1}: "
                f"one for each of the {n} rows, and the activation"
            )
    return lines


def _table(lines: list[tuple[int, str]], file: str) -> NDArray[np.float64]:
    """The numbers (N, N + 1) of a file."""
    table = np.empty((len(lines), len(lines) + 1))
    for row, (k, line) in zip(table, lines, strict=True):
        cells = line.split(",")
        with suppress(ValueError):  # the fast way, where there is no fault
            row[:] = list(map(float, cells))
            if not np.isinf(row).any() and "_" not in line:
                continue
        for column, cell in enumerate(cells):
            number = _number(cell)
            if number is None or math.isinf(number):
                raise FormatError(
                    f"{file}, row {k}, column {column + 1}: {shown(repr(cell.strip()), 40)} "
                    "is not a finite number or nan"
                )
            row[column] = number
    return table


def _check_activations(ids: NDArray[np.float64], lines: list[tuple[int, str]], file: str) -> None:
    known = set(map(int, Activation))
    for (k, _), number in zip(lines, ids.tolist(), strict=True):
        if number not in known:
            raise FormatError(
                f"{file}, row {k}, column {len(ids) + 1}: unknown activation {number:g}; "
                f"allowed: {', '.join(map(str, known))}"
            )


def _check_genes(
    pairs: Pairs, n: int, sizes: tuple[int, int], lines: list[tuple[int, str]], file: str
) -> None:
    """The enabled genes lead from a node to a later one, to no input and from no output."""
    n_inputs, n_outputs = sizes
    for source, target in pairs:
        if source >= target:
            fault = (
                f"a gene from node {source} to node {target}; "
                "genes must lead to a later node, above the diagonal"
            )
        elif target <= n_inputs:
            fault = f"a gene leads into input {target}: are there {n_inputs} inputs?"
        elif source >= n - n_outputs:
            number = source - (n - n_outputs) + 1
            fault = f"a gene comes from output {number}: are there {n_outputs} outputs?"
        else:
            continue
        raise FormatError(f"{file}, row {lines[source][0]}, column {target + 1}: {fault}")


def release_from_bytes(
    data: bytes, n_inputs: int, n_outputs: int, path: Path | str = "network.out"
) -> ReleaseNetwork:
    """Reads the content of a ``.out`` file.

    The release applies no activation to the bias and the inputs; theirs are read as linear.

    Args:
        data: the content.
        n_inputs, n_outputs: of the task, without the bias.
        path: named in errors.

    Raises:
        FormatError: it is no such file, or does not fit the inputs and outputs; names the row and
            the column.
    """
    file = printable(path)
    lines = _lines_of(data, file)
    table = _table(lines, file)
    genes, ids = table[:, :-1], table[:, -1]
    n, n_first = len(genes), 1 + n_inputs
    _check_activations(ids, lines, file)
    if n < n_first + n_outputs:
        raise FormatError(
            f"{file}: {n} nodes cannot hold a bias, {n_inputs} inputs and {n_outputs} outputs"
        )
    is_disabled = np.isnan(genes)
    rows, columns = np.nonzero((genes != 0.0) & ~is_disabled)
    if len(rows) > MOST_CONNECTIONS:
        raise FormatError(f"{file} has {len(rows)} connections, more than {MOST_CONNECTIONS}")
    pairs = tuple(zip(rows.tolist(), columns.tolist(), strict=True))
    _check_genes(pairs, n, (n_inputs, n_outputs), lines, file)
    activation = [int(Activation.LINEAR)] * n_first + ids[n_first:].astype(int).tolist()
    network = network_from_connections(n_inputs, n_outputs, activation, pairs)
    # a file goes by source, a network by target
    values = tuple(genes.T[(genes.T != 0.0) & ~is_disabled.T].tolist())
    disabled = tuple((source, target) for source, target in np.argwhere(is_disabled).tolist())
    is_marked = lines[0][1].lstrip().startswith(_MARK)
    weights = _marked_weights(network, values, lines) if is_marked else None
    return ReleaseNetwork(network, values, disabled, weights)


def _marked_weights(
    network: Network, values: tuple[float, ...], lines: list[tuple[int, str]]
) -> tuple[float, ...]:
    """The weights of a file that says that it holds some: the text tells 0 from the smallest."""
    weights = list(values)
    for edge, value in enumerate(values):
        if abs(value) == ZERO:
            row, column = int(network.edge_source[edge]), int(network.edge_target[edge])
            text = lines[row][1].split(",")[column].strip()
            if text.lstrip("+-") == _ZERO_TEXT:
                weights[edge] = math.copysign(0.0, value)
    return tuple(weights)


# writing


def _cell(weight: float) -> str:
    """A tuned weight as text, which is never 0."""
    sign = "-" if math.copysign(1.0, weight) < 0.0 else ""
    if weight == 0.0:
        return sign + _ZERO_TEXT
    if abs(weight) == ZERO:
        return sign + _SMALLEST_TEXT
    return repr(weight).removesuffix(".0")


def release_to_text(release: ReleaseNetwork) -> str:
    """The text of a ``.out`` file; numbers are written so that they are read as they were.

    Raises:
        FormatError: the network is too large for the format: a row and a column for each node.
    """
    network = release.network
    n = network.n_nodes
    if 2 * n * (n + 1) > _LARGEST_FILE:
        raise FormatError(
            f"a network of {n} nodes is too large for a .out file: with a row and a column for "
            f"each node it has more than {_LARGEST_FILE // 1_000_000} MB"
        )
    if release.weights is None:
        cells = [repr(float(value)).removesuffix(".0") for value in release.values]
    else:
        cells = list(map(_cell, release.weights))
    rows = [["0"] * n for _ in range(n)]
    for source, target in release.disabled:
        rows[source][target] = "nan"
    ends = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    for (source, target), cell in zip(ends, cells, strict=True):
        rows[source][target] = cell
    if release.weights is not None:
        rows[0][0] = _MARK + rows[0][0]
    lines = [
        ",".join([*row, str(number)])
        for row, number in zip(rows, network.activation.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"
