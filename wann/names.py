"""Names of files and commands that the systems of this world accept."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import PureWindowsPath

ON_WINDOWS = os.name == "nt"

_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_LONGEST_NAME = 100
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def problem_on_windows(path: PureWindowsPath) -> str:
    """Why Windows cannot give a file this name; "": it can."""
    for part in path.parts[1:] if path.anchor else path.parts:
        sign = _FORBIDDEN.search(part)
        if sign:
            return f"Windows has no names with {sign[0]!r}"
        if part not in (".", "..") and part[-1] in ". ":
            return "on Windows no name ends in a dot or a space"
        # with any ending, too: nul.json is the device
        if part.partition(".")[0].rstrip(" ").lower() in _DEVICES:
            return f"{part!r} is the name of a device on Windows"
    return ""


def folder_name(text: str) -> str:
    """The name of a folder that we make, of a text such as ``gymnasium:Walker-v3``."""
    name = "".join(c if c.isprintable() and not _FORBIDDEN.match(c) else "_" for c in text)
    name = name.rstrip(". ")[:_LONGEST_NAME]
    return f"_{name}" if not name or problem_on_windows(PureWindowsPath(name)) else name


def quoted(*words: str) -> str:
    """Words of a command such as the shell of this system takes them."""
    if not ON_WINDOWS:
        return shlex.join(words)
    import subprocess

    return subprocess.list2cmdline(words)
