"""Champions of the 2019 release's ``.out`` files, and such files of champions.

What a file holds, and where the release computes something else, is told in ``release2019_table``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wann.formats.champion import Champion
from wann.formats.release2019_table import ZERO, Pairs, read_bytes
from wann.formats.release2019_table import ReleaseNetwork as ReleaseNetwork
from wann.formats.release2019_table import release_from_bytes as release_from_bytes
from wann.formats.release2019_table import release_to_text as release_to_text
from wann.genome.network import Network

FORMAT = "release2019"


def text_of(name: str) -> str:
    """A file name that can be written to a file."""
    return name.encode(errors="replace").decode()


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
        use_values: the values are tuned weights, even if nothing in the file says so.

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

    The entries are the tuned weights; without any, those of the file that the champion came from,
    else 1. Disabled genes are those of the file that it came from.
    """
    values, disabled = _noted(champion.provenance, champion.network)
    weights = champion.tuned_weights
    if weights is not None:
        values = tuple(w or math.copysign(ZERO, w) for w in weights)
    return ReleaseNetwork(champion.network, values, disabled, weights)


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
