"""Files beside a run that belong to a champion that it has no longer.

They are renamed, never removed: weights may have taken hours. The pictures that the run draws
itself are removed, for it draws them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from wann.errors import RunError, WannError
from wann.formats.champion import load_champion
from wann.formats.parsing import parsing
from wann.genome.network import Network
from wann.printable import printable
from wann.run.directory import PICTURES_OF_CHAMPION, PICTURES_OF_COURSE, RunDirectory
from wann_envs.files import replace_file, sync_folder

# whose they are, with which weights, and of which plot
_NAME = re.compile(
    r"(champion_tuned|champion_small|champion|front)(_tuned_weights|_shared)?"
    r"(_profile|_classes|_confusion)?"
)
_OF_COURSE = ("fitness", "fronts")
_OF_CHAMPION = ("profile", "classes", "confusion")
# the table of a reproduction is measured on the champions
_TABLES = ("reproduction.json",)
_SUFFIXES = {
    *(".json", ".png", ".svg", ".pdf", ".gif", ".mp4"),
    *(".out", ".graphml", ".py", ".onnx"),
}


def set_aside_all(directory: RunDirectory) -> str:
    """Renames all that belongs to the champions of a run that is replaced.

    Returns:
        A line that says what was renamed; "": nothing was.
    """
    return _set_aside(directory, list(_beside(directory)))


def set_aside_outdated(
    directory: RunDirectory,
    champions: Sequence[tuple[Path, Network]],
    structures: Callable[[], Collection[Network]],
    has_gone_on: bool,
) -> str:
    """Renames what no longer belongs to the champions of a run, before these are written.

    Weights belong to a champion while it has the structure that they are for; weights named after
    the front, while the run still has theirs. Pictures, films and exports go with the file that
    they are named after. Files with other names are left alone.

    Args:
        directory: of the run.
        champions: those that are going to be written, with their places.
        structures: of the run's front, hall of fame and heats.
        has_gone_on: whether there are generations that the pictures of the course lack.

    Returns:
        A line that says what was renamed; "": nothing was.
    """
    changed = {path.stem for path, network in champions if _network_of(path) != network}
    own = [name for stem in changed for name in PICTURES_OF_CHAMPION[f"{stem}.json"]]
    own += PICTURES_OF_COURSE if has_gone_on else ()
    if own:
        directory.remove(own)
    networks = {path.stem: network for path, network in champions}
    outdated = [
        path
        for path in _beside(directory)
        if _is_outdated(path, changed, networks, structures, has_gone_on)
    ]
    return _set_aside(directory, outdated)


def _is_outdated(
    path: Path,
    changed: Collection[str],
    networks: dict[str, Network],
    structures: Callable[[], Collection[Network]],
    has_gone_on: bool,
) -> bool:
    if path.name in _TABLES:
        return bool(changed)
    if path.stem in _OF_COURSE:
        return has_gone_on
    if path.stem in _OF_CHAMPION:
        return "champion" in changed
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return False
    owner, end, _ = match.groups()
    if owner != "front" and owner not in changed:
        return False
    network = None if end is None else _network_of(path.with_name(f"{owner}{end}.json"))
    if network is None:
        # nothing says what it is of; weights that cannot be read are left alone
        return end is None or path.suffix != ".json"
    return network not in (structures() if owner == "front" else [networks[owner]])


def _network_of(path: Path) -> Network | None:
    """The network of a champion file; None: there is none that can be read."""
    try:
        return load_champion(path).network
    except WannError:
        return None


def _beside(directory: RunDirectory) -> Iterable[Path]:
    """Files in a run directory that are named after its champions or plots."""
    with suppress(OSError):
        for path in sorted(directory.path.iterdir()):
            is_named = (
                path.name in _TABLES
                or path.stem in (*_OF_COURSE, *_OF_CHAMPION)
                or _NAME.fullmatch(path.stem)
            )
            is_ours = is_named and path.suffix.lower() in _SUFFIXES
            if is_ours and not directory.is_own(path) and path.is_file():
                yield path


def _set_aside(directory: RunDirectory, paths: Sequence[Path]) -> str:
    renamed = []
    for path in paths:
        target = _free_name(path)
        with parsing(f"cannot rename {printable(path)}", RunError):
            replace_file(path, target)
        renamed.append(f"{printable(path.name)} is now {printable(target.name)}")
    if not renamed:
        return ""
    sync_folder(directory.path)
    return f"of earlier champions of {printable(directory.path)}: {', '.join(renamed)}"


def _free_name(path: Path) -> Path:
    """A name beside it that nothing has."""
    number = 1
    while True:
        end = f".old{number if number > 1 else ''}{path.suffix}"
        target = path.with_name(f"{path.stem}{end}")
        if not target.is_symlink() and not target.exists():
            return target
        number += 1
