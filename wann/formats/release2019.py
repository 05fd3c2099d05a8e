"""The ``.out`` files of the 2019 release.

A file is CSV text without a header: N rows of N + 1 columns, a row and a column for each node and
the activation ids in the last column. The nodes are the bias, the inputs, the hidden nodes in
topological order and the outputs. The entry in row s, column t is the gene from node s to node t:
0 is no gene, ``nan`` a disabled one, anything else an enabled one. How many nodes are inputs and
outputs is not in the file.

The value of an entry is a weight that the search happened to carry along; the shared weight
replaces it. The release writes three digits of it, and reads any number of them. ``wann export``
writes the tuned weights of a champion there, at full precision, so that an entry with more than
three digits tells a file with tuned weights.

Source: google/brain-tokyo-workshop, WANNRelease (Gaier & Ha 2019).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.genome.network import Network, network_from_connections
from wann.kernels.activation import Activation

FORMAT = "release2019"
# 100 MB are 5000 nodes; the largest file of the release has fewer than a thousand
_LARGEST_FILE = 100_000_000
# an entry of 0 is no gene: a tuned weight of 0 is written as the smallest number that is not
_ZERO = 5e-324

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ReleaseNetwork:
    """What a ``.out`` file holds.

    Attributes:
        network: the enabled genes between all nodes of the file, also those that lead nowhere.
        values: the entries of the connections, in the order of ``network``; never 0.
        disabled: (source, target) of the disabled genes, in the order of the file.
    """

    network: Network
    values: tuple[float, ...]
    disabled: Pairs = ()

    @property
    def has_tuned_weights(self) -> bool:
        """Whether a value has more digits than the release writes."""
        return any(float(f"{value:.2e}") != value for value in self.values)

    @property
    def tuned_weights(self) -> tuple[float, ...]:
        """The values as weights."""
        return tuple(
            math.copysign(0.0, value) if abs(value) == _ZERO else value for value in self.values
        )


# reading


def read_bytes(path: Path) -> bytes:
    """The content of a file of the release.

    Raises:
        FormatError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error
    if len(data) > _LARGEST_FILE:
        raise FormatError(f"{path} has more than {_LARGEST_FILE // 1_000_000} MB")
    return data


def text_of(name: str) -> str:
    """A file name that can be written to a file."""
    return name.encode(errors="replace").decode()


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _table(data: bytes, path: Path) -> tuple[NDArray[np.float64], list[int]]:
    """The numbers (N, N + 1) of a file, and the line number of each row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no .out file: it is not text") from error
    lines = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise FormatError(f"{path} is no .out file: it is empty")
    n = len(lines)
    for k, line in lines:
        n_columns = line.count(",") + 1
        if n_columns != n + 1:
            raise FormatError(
                f"{path}, row {k}: {n_columns} columns, must be {n + 1}: "
                f"one for each of the {n} rows, and the activation"
            )
    table = np.empty((n, n + 1))
    for row, (k, line) in zip(table, lines, strict=True):
        for column, cell in enumerate(line.split(",")):
            number = _number(cell)
            if number is None or math.isinf(number):
                shown = repr(cell.strip()[:30])
                raise FormatError(
                    f"{path}, row {k}, column {column + 1}: {shown} is not a finite number or nan"
                )
            row[column] = number
    return table, [k for k, _ in lines]


def _check_activations(ids: NDArray[np.float64], lines: list[int], path: Path) -> None:
    known = list(map(int, Activation))
    for k, number in zip(lines, ids, strict=True):
        if number not in known:
            raise FormatError(
                f"{path}, row {k}, column {len(ids) + 1}: unknown activation {number:g}; "
                f"allowed: {', '.join(map(str, known))}"
            )


def _check_genes(
    pairs: Pairs, n: int, sizes: tuple[int, int], lines: list[int], path: Path
) -> None:
    """The enabled genes lead from a node to a later one, to no input and from no output."""
    n_inputs, n_outputs = sizes
    for source, target in pairs:
        where = f"{path}, row {lines[source]}, column {target + 1}"
        if source >= target:
            raise FormatError(
                f"{where}: a gene from node {source} to node {target}; "
                "genes must lead to a later node, above the diagonal"
            )
        if target <= n_inputs:
            raise FormatError(
                f"{where}: a gene leads into input {target}: are there {n_inputs} inputs?"
            )
        if source >= n - n_outputs:
            raise FormatError(
                f"{where}: a gene comes from output {source - (n - n_outputs) + 1}: "
                f"are there {n_outputs} outputs?"
            )


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
    path = Path(path)
    table, lines = _table(data, path)
    genes, ids = table[:, :-1], table[:, -1]
    n, n_first = len(genes), 1 + n_inputs
    _check_activations(ids, lines, path)
    if n < n_first + n_outputs:
        raise FormatError(
            f"{path}: {n} nodes cannot hold a bias, {n_inputs} inputs and {n_outputs} outputs"
        )
    is_disabled = np.isnan(genes)
    rows, columns = np.nonzero((genes != 0.0) & ~is_disabled)
    pairs = tuple(zip(rows.tolist(), columns.tolist(), strict=True))
    _check_genes(pairs, n, (n_inputs, n_outputs), lines, path)
    activation = [int(Activation.LINEAR)] * n_first + ids[n_first:].astype(int).tolist()
    return ReleaseNetwork(
        network_from_connections(n_inputs, n_outputs, activation, pairs),
        # a file goes by source, a network by target
        tuple(genes.T[(genes.T != 0.0) & ~is_disabled.T].tolist()),
        tuple((source, target) for source, target in np.argwhere(is_disabled).tolist()),
    )


# writing


def release_to_text(release: ReleaseNetwork) -> str:
    """The text of a ``.out`` file; numbers are written so that they are read as they were."""
    network = release.network
    rows = [["0"] * network.n_nodes for _ in range(network.n_nodes)]
    for source, target in release.disabled:
        rows[source][target] = "nan"
    for source, target, value in zip(
        network.edge_source, network.edge_target, release.values, strict=True
    ):
        rows[source][target] = repr(float(value)).removesuffix(".0")
    lines = [
        ",".join([*row, str(number)])
        for row, number in zip(rows, network.activation.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"


# champions


def champion_of_release(
    path: Path,
    task: str,
    input_names: tuple[str, ...],
    output_names: tuple[str, ...],
    *,
    use_values: bool = False,
) -> tuple[Champion, ReleaseNetwork]:
    """Reads a ``.out`` file as a champion.

    All nodes and all enabled genes are kept, so that the network computes what the release
    computes: a hidden node without connections into it is constantly ``activation(0)``. Disabled
    genes, and values that are no tuned weights, are noted in the provenance for
    ``release_of_champion``.

    Args:
        path: the file.
        task, input_names, output_names: of the champion.
        use_values: the values are tuned weights, even if none has more than three digits.

    Raises:
        FormatError: as ``release_from_bytes``, or the file cannot be read.
    """
    data = read_bytes(path)
    release = release_from_bytes(data, len(input_names), len(output_names), path)
    is_tuned = use_values or release.has_tuned_weights
    provenance: dict[str, Any] = {
        "format": FORMAT,
        "file": text_of(path.name),
        "sha256": hashlib.sha256(data).hexdigest(),
        "connections": release.network.n_connections,
    }
    if not is_tuned and set(release.values) - {1.0}:
        provenance["values"] = " ".join(map(repr, release.values))
    if release.disabled:
        provenance["disabled"] = " ".join(f"{s}>{t}" for s, t in release.disabled)
    return (
        Champion(
            release.network,
            task,
            input_names,
            output_names,
            provenance=provenance,
            tuned_weights=release.tuned_weights if is_tuned else None,
        ),
        release,
    )


def release_of_champion(champion: Champion) -> ReleaseNetwork:
    """A champion as the content of a ``.out`` file.

    The values are the tuned weights (a weight of 0 as 5e-324, the smallest number that is not 0);
    without any, those of the file that the champion came from, else 1. Disabled genes are those of
    the file that it came from.
    """
    network = champion.network
    values, disabled = _noted(champion.provenance, network)
    if champion.tuned_weights is not None:
        values = tuple(w or math.copysign(_ZERO, w) for w in champion.tuned_weights)
    return ReleaseNetwork(network, values, disabled)


def _noted(provenance: Mapping[str, Any], network: Network) -> tuple[tuple[float, ...], Pairs]:
    """Values and disabled genes of the file that the network came from, if it is the same."""
    plain: tuple[tuple[float, ...], Pairs] = ((1.0,) * network.n_connections, ())
    if (provenance.get("format"), provenance.get("connections")) != (FORMAT, network.n_connections):
        return plain
    try:
        disabled = [gene.split(">") for gene in str(provenance.get("disabled", "")).split()]
        pairs = tuple((int(source), int(target)) for source, target in disabled)
        words = str(provenance.get("values", "1 " * network.n_connections)).split()
        values = tuple(map(float, words))
    except ValueError:
        return plain
    enabled = set(zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True))
    is_valid = (
        len(values) == network.n_connections
        and all(value != 0.0 and math.isfinite(value) for value in values)
        and all(0 <= node < network.n_nodes for pair in pairs for node in pair)
        and not enabled & set(pairs)
    )
    return (values, pairs) if is_valid else plain
