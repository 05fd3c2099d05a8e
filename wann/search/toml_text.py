"""Parses TOML of which nothing is believed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from wann.limits import LARGEST_CONFIG
from wann_envs.files import in_words

# no key of a config has more than two parts; the parser's time grows as their square
_DEEPEST = 20
_MOST_DIGITS = 400  # a float in full has 309 before the point
# to the end of the line where the closing one is missing
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"?|\'[^\'\n]*\'?|#[^\n]*')
# both begin where a word does, and take no step back: the time is that of reading
_LONG_KEY = re.compile(rf'(?<![A-Za-z0-9_"-])(?:[A-Za-z0-9_"-]++[ \t]*+\.[ \t]*+){{{_DEEPEST}}}')
_LONG_NUMBER = re.compile(rf"(?<![0-9a-zA-Z_])[0-9][0-9a-zA-Z_]{{{_MOST_DIGITS}}}")


def parse_toml(text: str) -> dict[str, Any]:
    """Parses TOML, in time and memory that its length bounds.

    Raises:
        ValueError, RecursionError: it is not TOML, too long, or holds a key or a number that nobody
            needs.
    """
    if len(text) > LARGEST_CONFIG:
        raise ValueError(f"it has {in_words(len(text))}, more than {in_words(LARGEST_CONFIG)}")
    bare = _TEXT.sub('""', text)
    if _LONG_KEY.search(bare):
        raise ValueError(f"a key has more than {_DEEPEST} parts")
    if _LONG_NUMBER.search(bare):
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return tomllib.loads(text)
