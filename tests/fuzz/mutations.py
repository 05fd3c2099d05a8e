"""Damages values, texts and bytes as real and hostile files are damaged; by seeds, so that it can
be done again.

Each function takes what is whole and a generator, and returns a damaged copy.
"""

import json
import math
import random
from collections.abc import Callable
from typing import Any

# texts that some reader may take for something else
TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\r\nsecond line",
    "\u202ereversed",
    "\ufeff",
    "\x85\u2028\u2029",
    "'''\"\"\"\\",
    "\\N{BULLET}\\x00",
    "coding: unicode_escape",
    "-*- coding: utf-7 -*- +AGkAbQBwAG8AcgB0-",
    "*/ ]]> --> </script><script>",
    "&#0; &lt; <x>",
    "%s%n{0}{x!r}",
    "/dev/zero",
    "../../../etc/hostname",
    "x" * 10_000,
    "NaN",
    "1e999",
    "linear",
    "0",
    "نص 文 👍",
)
# numbers at the ends of what types hold
NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    2,
    255,
    256,
    -128,
    2**31 - 1,
    2**31,
    2**63 - 1,
    2**63,
    2**64,
    10**400,
    -(10**400),
    5e-324,
    1e-300,
    1e300,
    1.7976931348623157e308,
    math.inf,
    -math.inf,
    math.nan,
    0.5,
    1e16,
)
# raw numbers that no Python value has; they replace digits of a text
TOKENS = (
    "1e400",
    "-1e400",
    "1e-400",
    "1e999999999999999999999",
    "0." + "0" * 500 + "1",
    "9" * 400,
    "9" * 5000,
    "NaN",
    "Infinity",
    "-Infinity",
    "01",
    "1_000",
    "0x10",
    "1.",
    ".5",
    "+1",
    "١",
    "true",
    "null",
    '"1"',
    "nan",
    "inf",
    "[" * 100_000,
    '{"a":' * 100_000,
)


def _deep(rng: random.Random) -> Any:
    """Lists or objects, one in the other."""
    value: Any = 1
    for _ in range(rng.choice((2, 10, 60))):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def junk(rng: random.Random) -> Any:
    """A value that nobody expects."""
    return rng.choice(
        (
            lambda: rng.choice(TEXTS),
            lambda: rng.choice(NUMBERS),
            lambda: rng.choice((None, True, False)),
            lambda: rng.choice(([], {}, [[]], [None], {"": None}, [1, "2", None])),
            lambda: _deep(rng),
            lambda: {rng.choice(TEXTS): rng.choice(NUMBERS) for _ in range(3)},
        )
    )()


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all parts of a value, itself first."""
    found = [path]
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, part in items:
        found += _places(part, (*path, key))
    return found


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, (list, tuple)) else value


def _near(value: Any, rng: random.Random) -> Any:
    """A value of the same kind that is a little wrong."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 2, 1000, -1000))
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0.0
        return rng.choice((-value, value * 1e10, value + 1.0, int(value), str(value)))
    if isinstance(value, str):
        return mutate_text(value, rng)
    parts = list(value.items()) if isinstance(value, dict) else list(value)
    rng.shuffle(parts)
    return dict(parts) if isinstance(value, dict) else parts


def _mutate_once(value: Any, rng: random.Random) -> Any:
    places = _places(value)
    # parts near the top are few, and matter most
    depth = rng.randint(0, max(map(len, places)))
    path = rng.choice([p for p in places if len(p) <= depth] if depth else places)
    if not path:
        return junk(rng) if rng.random() < 0.3 else _near(value, rng)
    owner = value
    for key in path[:-1]:
        owner = owner[key]
    key = path[-1]
    match rng.randrange(6):
        case 0:
            del owner[key]
        case 1 | 2:
            owner[key] = junk(rng)
        case 3:
            owner[key] = _near(owner[key], rng)
        case 4 if isinstance(owner, list):
            owner.insert(rng.randint(0, len(owner)), _copy(owner[key]))
        case 4:
            owner[rng.choice(TEXTS)] = owner.pop(key)
        case _:
            other: Any = value
            for step in rng.choice(places):
                other = other[step]
            owner[key] = _copy(other)
    return value


def mutate_json(value: Any, rng: random.Random) -> Any:
    """A value as JSON has it, with one to four damages; ``value`` itself stays.

    The result may hold what JSON cannot: infinities, huge integers, lone surrogates.
    """
    value = _copy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = _mutate_once(value, rng)
    return value


def _cut(text: Any, rng: random.Random) -> tuple[int, int]:
    """A piece of a text or of bytes: where it begins and ends."""
    begin = rng.randint(0, len(text))
    return begin, min(len(text), begin + rng.choice((0, 1, 1, 2, 5, 50, 1000)))


def _token_of(text: str, rng: random.Random) -> str:
    """The text with one run of digits replaced by an odd number."""
    starts = [k for k in range(len(text)) if text[k].isdigit() and not text[k - 1 : k].isdigit()]
    if not starts:
        return text + rng.choice(TOKENS)
    begin = end = rng.choice(starts)
    while end < len(text) and text[end] in "0123456789.eE+-":
        end += 1
    return text[:begin] + rng.choice(TOKENS) + text[end:]


def mutate_text(text: str, rng: random.Random) -> str:
    """A text with one to three damages: pieces lost, doubled, moved, or replaced by odd ones."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        begin, end = _cut(text, rng)
        match rng.randrange(7):
            case 0:
                text = text[:begin] + text[end:]
            case 1:
                text = text[:end] + text[begin:]
            case 2:
                text = text[:begin] + rng.choice(TEXTS) + text[end:]
            case 3:
                text = text[:begin]
            case 4:
                text = _token_of(text, rng)
            case 5:
                text = text[:begin] + rng.choice('{}[],:"\\\n\t\0 ;<>&-.e') + text[end:]
            case _:
                place = rng.randint(0, len(text))
                text = text[:place] + text[begin:end] + text[place:]
    return text


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Bytes with one to four damages: bits flipped, pieces lost, zeroed, doubled or made up."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        begin, end = _cut(content, rng)
        match rng.randrange(7):
            case 0 if content:
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            case 1 if content:
                content[rng.randrange(len(content))] = rng.choice((0, 1, 127, 128, 255))
            case 2:
                del content[begin:end]
            case 3:
                content[begin:end] = bytes(end - begin)
            case 4:
                content[begin:begin] = content[begin:end]
            case 5:
                del content[begin:]
            case _:
                content[begin:end] = rng.randbytes(rng.choice((1, 2, 4, 8, 100)))
    return bytes(content)


def json_bytes(value: Any, rng: random.Random) -> bytes:
    """A damaged value as the bytes of a file, whatever it holds."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


Mutation = Callable[[bytes, random.Random], bytes]


def mutate_json_file(data: bytes, rng: random.Random) -> bytes:
    """A JSON file that is damaged as a value, as a text, or as bytes."""
    chance = rng.random()
    if chance < 0.7:
        return json_bytes(mutate_json(json.loads(data), rng), rng)
    if chance < 0.9:
        return mutate_text(data.decode(), rng).encode("utf-8", "surrogatepass")
    return mutate_bytes(data, rng)


def mutate_text_file(data: bytes, rng: random.Random) -> bytes:
    """A file of text that is damaged as a text, or as bytes."""
    if rng.random() < 0.7:
        return mutate_text(data.decode(), rng).encode("utf-8", "surrogatepass")
    return mutate_bytes(data, rng)
