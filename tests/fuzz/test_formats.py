"""Damaged champions, weight files and tables are read, or refused with one line."""

import contextlib
import functools
import json
import random
import warnings

import numpy as np
import pytest

from tests.fuzz.mutations import mutate_json_file, mutate_text_file
from wann.errors import EditedFileWarning, TaskError, WannError
from wann.formats.champion import Champion, champion_to_json, load_champion, save_champion
from wann.formats.export import FORMATS, export_champion
from wann.formats.release2019 import champion_of_release, release_of_champion, release_to_text
from wann.formats.zoo2019 import weight_offset, with_zoo_weights, zoo_weights_to_json
from wann.genome.network import network_from_connections
from wann.tasks.policy import NetworkPolicy
from wann.tasks.registry import make_task
from wann.tuning.fit import check_fits

# of each kind of file, in the tests; the whole fuzz job takes more
BUDGET = 150


def example_champion(weights=(0.5, -1.25, 3.0, 1e-17, 0.0, 2.5)):
    """A champion of the swing-up with everything that a file may hold."""
    network = network_from_connections(
        5, 1, [1] * 6 + [3, 6, 5], [(1, 6), (3, 6), (6, 7), (0, 7), (7, 8), (5, 8)]
    )
    scores = {
        "random_shared_weight": {"mean": 1.5, "std": 2, "episodes": 100, "protocol": "text"},
        "tuned_shared_weight": {"mean": 700.5, "std": 3.0, "episodes": 100, "weight": 0.66},
        "tuned_weights": {"mean": 931.0, "std": 6.0, "episodes": 100},
        "profile": {"weights": [-1.0, 1.0], "mean": [1, 2], "std": [0.1, 0.2], "episodes": 9},
    }
    provenance = {
        "seed": 3,
        "chosen_for": "individual weights",
        "config": {"weights": {"low": -2, "high": 2}, "data": {"file": "x.npz", "sha256": "00"}},
        "format": "release2019",
        "connections": 6,
        "values": "1.0 2.0 3.0 4.0 5.0 6.0",
        "disabled": "1>8",
        "weights": {"published_score": 5.0, "published_std": 1.0},
    }
    task = make_task("cartpole_swingup")
    return Champion(
        network, task.name, task.input_names, task.output_names, scores, provenance, weights
    )


def use_champion(path):
    """Reads a champion and does with it what needs no time: all of it must end well or be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EditedFileWarning)
        champion = load_champion(path)
    # what was read can be written, and is read again as it was
    save_champion(champion, path)
    assert load_champion(path) == champion
    for name in FORMATS:
        if name != "onnx":
            check_export(champion, name)
    with contextlib.suppress(WannError):
        zoo_weights_to_json(champion, weight_offset(champion.task))
    with contextlib.suppress(TaskError):
        check_fits(champion, make_task("cartpole_swingup"))
    n = champion.network.n_inputs
    for weight in (0.7, champion.tuned_weights):
        if weight is not None:
            assert np.isfinite(NetworkPolicy(champion.network, weight)(np.linspace(-1, 1, n))).all()


def check_export(champion, name):
    data = export_champion(champion, name)
    if name == "python":
        compile(data, "champion.py", "exec")
    if name == "json":
        json.loads(data)


def use_table(path, tmp_path):
    names = tuple(f"i{k}" for k in range(5)), ("force",)
    champion, release = champion_of_release(path, "cartpole_swingup", *names)
    assert release_of_champion(champion).network == release.network
    save_champion(champion, tmp_path / "imported.json")
    again = champion_of_release(path, "cartpole_swingup", *names, use_values=True)[0]
    assert load_champion(tmp_path / "imported.json") == champion
    export_champion(again, "release2019")


def use_weights(path):
    champion = example_champion(None)
    with_zoo_weights(champion, release_of_champion(champion), path, -1.5)


def outcome(use, path):
    """What became of a file: "" if it was read, else the line that says why not."""
    try:
        use(path)
    except WannError as error:
        message = str(error)
        assert message.isprintable(), message
        assert len(message) < 1000
        return message
    return ""


def fuzz(original, mutate, use, path, seeds):
    """Damages a file in as many ways as there are seeds; returns how many were read."""
    n_read = 0
    for seed in seeds:
        data = mutate(original, random.Random(seed))
        path.write_bytes(data)
        try:
            n_read += outcome(use, path) == ""
        except Exception as error:
            raise AssertionError(f"seed {seed}: {data[:300]!r}") from error
    return n_read


def champion_file():
    return champion_to_json(example_champion()).encode()


def table_file():
    return release_to_text(release_of_champion(example_champion())).encode()


def weights_file():
    return zoo_weights_to_json(example_champion(), -1.5).encode()


@pytest.mark.parametrize("kind", ["champion", "table", "weights"])
def test_damaged_files_are_read_or_refused_with_one_line(tmp_path, kind):
    original, mutate, use = {
        "champion": (champion_file(), mutate_json_file, use_champion),
        "table": (
            table_file(),
            mutate_text_file,
            functools.partial(use_table, tmp_path=tmp_path),
        ),
        "weights": (weights_file(), mutate_json_file, use_weights),
    }[kind]
    (path := tmp_path / "file").write_bytes(original)
    assert outcome(use, path) == ""
    n_read = fuzz(original, mutate, use, path, range(BUDGET))
    # some damages do no harm, most do
    assert 0 < n_read < BUDGET
