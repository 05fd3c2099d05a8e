"""Champions in the formats of other programs."""

from __future__ import annotations

from pathlib import Path

from wann.errors import FormatError
from wann.formats.champion import Champion, check_names
from wann.formats.graphml import champion_to_graphml
from wann.formats.node_link import node_link_json
from wann.formats.onnx_model import champion_to_onnx
from wann.formats.output import check_output as check_output
from wann.formats.output import write_output as write_output
from wann.formats.parsing import parsing
from wann.formats.python_source import champion_to_python
from wann.formats.release2019 import release_of_champion, release_to_text
from wann.printable import printable, shown

SUFFIXES = {
    ".out": "release2019",
    ".graphml": "graphml",
    ".json": "json",
    ".py": "python",
    ".onnx": "onnx",
}
FORMATS = tuple(SUFFIXES.values())


def format_of(path: Path) -> str:
    """The format that the suffix of a file stands for.

    Raises:
        FormatError: it stands for none.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise FormatError(
            f"{printable(path)}: which format? give --format ({', '.join(FORMATS)}) "
            f"or a name that ends in {', '.join(SUFFIXES)}"
        )
    return SUFFIXES[path.suffix.lower()]


def export_champion(champion: Champion, name: str, weight: float | str | None = None) -> bytes:
    """The champion as the content of a file.

    Args:
        champion: the champion.
        name: one of ``FORMATS``.
        weight: only for onnx, see ``champion_to_onnx``.

    Raises:
        FormatError: there is no such format, or the champion does not fit it.
    """
    if name != "onnx" and weight is not None:
        raise FormatError(f"only the format onnx takes a weight, not {name}")
    with parsing("cannot export the champion"):
        check_names(champion, nul=False)
        return _content(champion, name, weight)


def _content(champion: Champion, name: str, weight: float | str | None) -> bytes:
    match name:
        case "onnx":
            return champion_to_onnx(champion, weight)
        case "release2019":
            text = release_to_text(release_of_champion(champion))
        case "graphml":
            text = champion_to_graphml(champion)
        case "json":
            text = node_link_json(champion)
        case "python":
            text = champion_to_python(champion)
        case _:
            raise FormatError(f"unknown format {shown(repr(name))}; known: {', '.join(FORMATS)}")
    return text.encode()
