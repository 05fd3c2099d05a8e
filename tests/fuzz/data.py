"""Damages files of data, caches, configs and records of a reproduction, and reads what is left.

``python -m tests.fuzz.data SEED N`` does each N times, and prints what came of it: the same as
the test, with other seeds and more of them.
"""

import gzip
import io
import json
import random
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from tests.fuzz.mutations import mutate_bytes, mutate_json_file, mutate_text_file
from wann.errors import ConfigError, FormatError
from wann.formats.digest import digest_of_json
from wann.reproduce.record import read_record, write_record
from wann.search.config_file import config_from_table, read_table
from wann_envs.classify import DataError, load_npz
from wann_envs.classify.cache import load_cached, save_cached
from wann_envs.classify.idx import read_idx

_TYPES = (
    *("<f8", ">f8", "<f4", "<f2", "<i8", ">i4", "|u1", "<u8", "|b1", "<c16", "<U3", ">U2", "|S4"),
    *("|O", "<M8[s]", "<m8[D]", "|V8", "<U0", "|S0", "f16", "i3", "<f8,", "(2,)<f8", "\x1b[31m"),
)
_HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (60, 4), 'more': 1}",
    "{'descr': '<f8', 'fortran_order': 0, 'shape': (60, 4)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (60L, 4L), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 240)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': 240}",
    "__import__('os').abort()",
    "(" * 5000,
    "[" * 90 + "]" * 90,
    "",
    "\0",
    "{'descr': '\\d', 'fortran_order': False, 'shape': (1if 1else 2,)}",
)
_SIZES = (0, 1, 2, 3, 4, 59, 61, 240, 255, 256, 10_001, 2**31, 2**32 - 1, 2**63, 2**64, -1)


def example_arrays():
    """Data of one's own: 60 samples of four columns and three classes."""
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(60, 4)), "y": np.arange(60) % 3}


def packed(arrays, is_compressed=False):
    """The bytes of an npz file."""
    content = io.BytesIO()
    (np.savez_compressed if is_compressed else np.savez)(content, **arrays)
    return content.getvalue()


def _npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def _headed(header, data, version=(1, 0)):
    """An npy file with any header."""
    text = header.encode("latin1", "replace") + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text) % 65536)
    return b"\x93NUMPY" + bytes(version) + length + text + data


def _odd_array(array, rng):
    """An array of the same name that is something else."""
    if array.dtype.kind not in "iuf":
        return np.array(rng.choice(("", "0" * 32, "\ud800", 7, 1.5)))
    flat = array.copy()
    flat.flat[rng.randrange(flat.size)] = rng.choice((-1, 2**31, 2**40, 300))
    options = (
        lambda: flat,
        lambda: array.astype(float) * rng.choice((np.nan, np.inf, 1e300, -1.0, 0.0)),
        lambda: array.astype(rng.choice(("f2", "f4", "f16", "c16", "u1", "b", "U5", "S3", ">f8"))),
        lambda: array.astype(object),
        lambda: np.zeros(rng.choice(((), (0,), (0, 4), (60, 0), (60, 1, 4), (1,) * 20, (61, 4)))),
        lambda: np.zeros(rng.choice(((3, 300_000), (20_001,), (1, 20_001), (60, 60_000))), "u1"),
        lambda: np.zeros(5, [("a", "f8"), ("b", "i4")]),
        lambda: np.asfortranarray(array),
        lambda: array[::-1],
        lambda: np.arange(60) if array.ndim == 1 else array[:, :1],
        lambda: np.full(array.shape, np.datetime64("2020-01-01")),
    )
    with np.errstate(all="ignore"):
        return rng.choice(options)()


def _member(array, rng):
    """The bytes of an array, damaged in one way."""
    whole = _npy(array)
    shape = tuple(rng.choice(_SIZES) for _ in range(rng.choice((0, 1, 2, 2, 5))))
    header = {"descr": rng.choice(_TYPES), "fortran_order": rng.random() < 0.5, "shape": shape}
    options = (
        lambda: _npy(_odd_array(array, rng)),
        lambda: _npy(_odd_array(array, rng)),
        lambda: _headed(
            repr(header), array.tobytes(), rng.choice(((1, 0), (2, 0), (3, 0), (9, 9)))
        ),
        lambda: _headed(rng.choice(_HEADERS), array.tobytes()),
        lambda: mutate_bytes(whole, rng),
        lambda: whole[: rng.randrange(len(whole))],
        lambda: whole + bytes(rng.choice((1, 8, 5000))),
        lambda: rng.choice((b"", b"text", b"\x93NUMPY", b"PK\x03\x04")),
    )
    return rng.choice(options)()


def mutate_npz(content, rng):
    """A damaged npz file.

    Args:
        content: of a whole one.
        rng: a ``random.Random``.
    """
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    if rng.random() < 0.25:
        return _mutate_archive(content, rng)
    members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    name = rng.choice(list(members))
    members[name] = _member(arrays[name.removesuffix(".npy")], rng)
    if rng.random() < 0.2:
        odd = ("x_test.npy", "z.npy", "x", "../x.npy", "\x1b[2J.npy", "x\u202e.npy", "a" * 3000)
        members[rng.choice(odd)] = rng.choice(list(members.values()))
    if rng.random() < 0.1:
        del members[rng.choice(list(members))]
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", rng.choice(kinds[:2] if rng.random() < 0.7 else kinds)) as file:
        for key, value in members.items():
            file.writestr(key, value)
    return made.getvalue()


def _mutate_archive(content, rng):
    """Damages the bytes of the archive itself: its headers and directory more than its data."""
    places = [k for k in range(len(content) - 4) if content[k : k + 2] == b"PK"]
    place = rng.choice(places) + rng.randrange(46)
    value = rng.choice((0, 1, 8, 9, 12, 14, 97, 255))
    changed = content[:place] + bytes((value,)) + content[place + 1 :]
    options = (changed, changed, mutate_bytes(content, rng), content[: rng.randrange(len(content))])
    return rng.choice(options)


def mutate_idx(content, rng):
    """A damaged idx file; ``content`` is that of a whole one, not gzipped."""
    n = content[3]
    sizes = struct.pack(f">{n}I", *(rng.choice(_SIZES) % 2**32 for _ in range(n)))
    head = bytes((*rng.choices((0, 8, 9, 13, 255), k=3), rng.choice((0, 1, 2, 3, 200))))
    options = (
        lambda: mutate_bytes(content, rng),
        lambda: content[:4] + sizes + content[4 + 4 * n :],
        lambda: head + content[4:],
        lambda: content[: rng.randrange(len(content))],
        lambda: content + bytes(rng.choice((1, 100_000))),
        lambda: rng.choice((b"", b"<html>", b"\x1f\x8b", b"\x1f\x8b\x08" + bytes(20))),
    )
    made = rng.choice(options)()
    if rng.random() < 0.5:
        made = gzip.compress(made, mtime=0)
        if rng.random() < 0.4:
            made = mutate_bytes(made, rng)
    return made


def _is_one_line(error):
    text = str(error)
    assert text, "an error says something"
    assert "\n" not in text, text
    assert len(text) < 1500, text
    return type(error).__name__


def read_damaged_npz(folder, rng):
    """Reads damaged data: they are right, or refused with one line."""
    path = folder / "data.npz"
    path.write_bytes(mutate_npz(packed(example_arrays(), rng.random() < 0.5), rng))
    try:
        data = load_npz(path, rng.choice(("float32", "float64")))
    except DataError as error:
        return _is_one_line(error)
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert np.isfinite(x).all()
        assert len(x) == len(y) > 0
        assert 0 <= y.min() <= y.max() < data.n_classes
    return "read"


def read_damaged_idx(_folder, rng):
    """Reads a damaged idx file."""
    shape = (5, 28, 28) if rng.random() < 0.5 else (40,)
    content = bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
    content += bytes(k % 251 for k in range(int(np.prod(shape))))
    try:
        array = read_idx(mutate_idx(content, rng), len(shape), "images")
    except DataError as error:
        return _is_one_line(error)
    assert array.ndim == len(shape)
    return "read"


def read_damaged_cache(folder, rng):
    """Reads a damaged cache: what it holds is what was saved, or it counts for nothing."""
    arrays, path = example_arrays(), folder / "cache.npz"
    save_cached(path, arrays)
    path.write_bytes(mutate_npz(path.read_bytes(), rng))
    found = load_cached(path, ("x", "y"))
    if found is None:
        return "computed anew"
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    return "read"


def example_record():
    """What was measured of a seed."""
    score = {"mean": 500.5, "std": 20.0, "episodes": 20}
    names = ("random_weights", "random_shared_weight", "tuned_shared_weight")
    champions = ("champion", "champion_tuned", "champion_small")
    scores = dict.fromkeys(names, score) | {"network": {"connections": 20, "nodes": 9}}
    return {
        "key": "00",
        "scores": dict.fromkeys(champions, scores),
        "tuned_weights": score | {"connections": 20},
        "merits": dict.fromkeys((*champions, "champion_tuned_weights"), 500.5),
        "seconds": {"evaluate": 1.5, "tune": 2.5},
        "files": {"champion.json": "00"},
    }


def read_damaged_record(folder, rng):
    """Reads a damaged record of a reproduction: no figure changes without a word."""
    path = folder / "reproduction.json"
    record = write_record(path, example_record())
    text = mutate_json_file(path.read_bytes(), rng)
    path.write_bytes(text)
    try:
        found = read_record(path, "return")
    except FormatError as error:
        return _is_one_line(error)
    assert found is not None
    if found.digest:
        assert digest_of_json(found.content) == found.digest
    else:
        assert found.notes
    return "read" if found == record else "read, with a note"


def read_damaged_config(folder, rng):
    """Reads a damaged config."""
    path = folder / "config.toml"
    presets = sorted(Path(__file__).parents[2].glob("configs/*.toml"))
    text = mutate_text_file(rng.choice(presets).read_bytes(), rng)
    path.write_bytes(text)
    try:
        config_from_table(read_table(path))
    except ConfigError as error:
        return _is_one_line(error)
    return "read"


READERS = (
    read_damaged_npz,
    read_damaged_idx,
    read_damaged_cache,
    read_damaged_record,
    read_damaged_config,
)


def damage(reader, seeds):
    """What came of each seed, counted."""
    outcomes = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            try:
                outcomes[reader(Path(folder), random.Random(seed))] += 1
            except Exception as error:
                error.add_note(f"{reader.__name__}, seed {seed}")
                raise
    return outcomes


if __name__ == "__main__":
    first, count = map(int, sys.argv[1:])
    for one in READERS:
        print(one.__name__, json.dumps(damage(one, range(first, first + count))))
