"""Damages checkpoints as a disk, a person or an enemy does, and sees what becomes of them.

``python -m tests.fuzz.checkpoints SEED N`` does it N times, and prints what came of it: the same
as the test, with another seed and more of them.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from wann.errors import RunError
from wann.formats.digest import digest_of_arrays
from wann.run.checkpoint import save_checkpoint
from wann.run.checkpoint_arrays import Checkpoint
from wann.run.directory import RunDirectory
from wann.run.reading import read_checkpoint
from wann.run.settings import fingerprint
from wann.run.structures import structures_of
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.task import task_of_config
from wann.tasks.base import sweep

_BASE = {
    "task": "cartpole_swingup",
    "seed": 11,
    "weights": {"n": 2},
    "episodes": {"per_weight": 1},
}
_SEARCH = {"population": 10, "generations": 30}
# a plain run, one with all that a state can hold, and one within its heats
RUNS = (
    ({}, 6),
    ({"fitness": "lifetime", "heats": 2, "heat_generations": 3, "crossover_probability": 0.5}, 8),
    ({"heats": 3, "heat_generations": 3}, 5),
)
_INTEGERS = (-1, 0, 1, 2, 127, 128, 255, 10**6, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63))
_FLOATS = (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0, 1.0, 1e16)
_TEXTS = ("", "\0", "\ud800", "[" * 5000, "x = 1e999", "task = 'digits'", "é" * 100)


def _some_value(array, rng):
    """A value to put into an array: an extreme one, one nearby, or one from elsewhere in it."""
    kind = array.dtype.kind
    if kind == "U":
        return _TEXTS[rng.integers(len(_TEXTS))]
    if array.size and rng.random() < 0.4:
        near = array.flat[rng.integers(array.size)]
        if kind == "f":
            return near * (1 + 1e-9) if rng.random() < 0.5 else near
        return int(near) + int(rng.integers(-1, 2))
    return (_FLOATS if kind == "f" else _INTEGERS)[
        rng.integers(len(_FLOATS if kind == "f" else _INTEGERS))
    ]


def _with_values(array, rng):
    """One element, or some, or all, replaced; numbers wrap around as their bits do."""
    changed = np.array(array)
    n = int(rng.choice([1, 1, 1, 1, 3, changed.size]))
    for _ in range(min(n, 50)):
        value = _some_value(array, rng)
        if changed.dtype.kind == "b":
            # other bytes than 0 and 1, which numpy never writes
            changed.view(np.uint8).flat[rng.integers(changed.size)] = rng.integers(256)
        elif changed.dtype.kind in "iu":
            bits = 8 * changed.dtype.itemsize
            value = int(value) % 2**bits
            if changed.dtype.kind == "i" and value >= 2 ** (bits - 1):
                value -= 2**bits
            changed.flat[rng.integers(changed.size)] = value
        else:
            changed.flat[rng.integers(changed.size)] = value
    return changed


def _with_shape(array, rng):
    """The same, shorter, longer, in another order, of another shape or type."""
    flat = np.array(array).ravel()
    way = rng.integers(12)
    if way == 0:
        return flat[: rng.integers(flat.size + 1)]
    if way == 1:
        return np.append(flat, flat[: rng.integers(1, 5)])
    if way == 2:
        return flat[:0]
    if way == 3:
        return flat[::-1].copy()
    if way == 4:
        return rng.permutation(flat)
    if way == 5:
        return flat.reshape(1, -1)
    if way == 6:
        return flat[:1].reshape(()) if flat.size else np.array(0)
    if way == 7:
        return np.roll(flat, int(rng.integers(1, 4)))
    if way == 8:
        return np.full_like(array, flat[rng.integers(flat.size)] if flat.size else 0)
    if way == 9:
        return array.astype(array.dtype.newbyteorder(">"))
    types = [np.int8, np.int32, np.int64, np.uint8, np.float32, np.float64, np.bool_, "S3"]
    if array.dtype.kind == "U":
        return np.array(["1"] * max(array.size, 1))
    with np.errstate(all="ignore"):
        return array.astype(types[rng.integers(len(types))])


def mutate_arrays(arrays, rng):
    """A damaged copy of the arrays of a checkpoint.

    Args:
        arrays: by their names; not changed.
        rng: a NumPy generator.

    Returns:
        The copy, of which one to three arrays differ, are missing, or are others.
    """
    changed = {name: np.array(array) for name, array in arrays.items()}
    names = [name for name in arrays if name != "digest"]
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        name = names[rng.integers(len(names))]
        array = changed.get(name)
        if array is None:
            continue
        way = rng.random()
        if way < 0.6 and array.size:
            changed[name] = _with_values(array, rng)
        elif way < 0.85:
            changed[name] = _with_shape(array, rng)
        elif way < 0.95:
            changed[name] = np.array(arrays[names[rng.integers(len(names))]])
        else:
            del changed[name]
    return changed


def advance(search, n):
    """Goes on for n generations."""
    for _ in range(n):
        generation = search.ask()
        rollouts = sweep(search.task, generation.networks, generation.weights, generation.trials)
        search.tell(rollouts.returns.mean(axis=2))
    return search


def make_runs(folder):
    """Small runs: their directory, config, task and the arrays of their checkpoint."""
    runs = []
    for k, (changes, n) in enumerate(RUNS):
        table = _BASE | {"search": _SEARCH | changes}
        if k == 1:
            table["species"] = {"target": 3}
        config = config_from_table(table)
        task = task_of_config(config)
        search = advance(Search(config, task), n)
        evaluations = sum([10] * n) + (10 if k == 1 else 0)
        directory = RunDirectory(folder / str(k))
        directory.path.mkdir()
        checkpoint = Checkpoint(
            search.state, (evaluations, 20, 30), {"rank": 0.5}, fingerprint(config), "", "", ""
        )
        save_checkpoint(checkpoint, directory.checkpoint)
        with np.load(directory.checkpoint) as file:
            arrays = {name: file[name] for name in file.files}
        runs.append((directory, config, task, arrays))
    return runs


def _is_same(arrays, changed):
    return arrays.keys() == changed.keys() and all(
        (arrays[k].dtype, arrays[k].shape, arrays[k].tobytes())
        == (changed[k].dtype, changed[k].shape, changed[k].tobytes())
        for k in arrays
    )


def fuzz(seed, n):
    """Damages checkpoints n times, reads them, and goes on with those that are accepted.

    Returns:
        Numbers of those that were refused and accepted, by what became of the digest, and what
        should not have been.
    """
    counts = {digest: {"refused": 0, "accepted": 0} for digest in ("stale", "none", "fresh")}
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        runs = make_runs(Path(folder))
        for k in range(n):
            # who is killed by a signal has said where
            print(k, file=sys.stderr, flush=True)
            rng = np.random.default_rng([seed, k])
            directory, config, task, arrays = runs[k % len(runs)]
            changed = mutate_arrays(arrays, rng)
            digest = ("stale", "none", "fresh")[k // len(runs) % 3]
            if digest != "stale":
                del changed["digest"]
            if digest == "fresh":
                changed["digest"] = np.array(digest_of_arrays(changed))
            np.savez(directory.checkpoint, **changed)
            try:
                checkpoint = read_checkpoint(directory, config, task)
            except RunError as error:
                counts[digest]["refused"] += 1
                if str(error).count("\n") or not str(error).isprintable():
                    wrong.append(f"{k}: {error!r}")
                continue
            except Exception as error:
                wrong.append(f"{k}: {error!r}")
                continue
            counts[digest]["accepted"] += 1
            if digest == "stale" and not _is_same(arrays, changed):
                wrong.append(f"{k}: accepted although its digest is wrong")
            try:
                search = Search(config, task, state=checkpoint.state)
                structures_of(advance(search, 3))
            except Exception as error:
                wrong.append(f"{k}: {error!r}")
    return {"seed": seed, "n": n, "counts": counts, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(fuzz(int(sys.argv[1]), int(sys.argv[2]))))
