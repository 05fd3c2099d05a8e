"""Config and checkpoint of a run are read in one place, and must belong together."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.runs import TINY, evolve, results
from wann.cli.main import main
from wann.errors import RunError
from wann.formats.digest import digest_of_arrays
from wann.run.reading import read_run
from wann.run.settings import difference, fingerprint
from wann.search.config import DataConfig
from wann.search.config_file import config_from_table

OLD = Path(__file__).parent / "old"
DIGITS = [
    *("--task", "digits", "--population", "8", "--generations", "2", "--workers", "1"),
    *("--set", "weights.n=2", "--set", "episodes.per_weight=50"),
    *("--set", "champion.validation_episodes=200", "--set", "champion.final_episodes=200"),
]


@pytest.fixture(autouse=True, scope="module")
def _without_slow_parts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
        patch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs that differ in their task or seed only."""
    folder = tmp_path_factory.mktemp("runs")
    for name, arguments in {
        "swingup": [*TINY, "--generations", "3"],
        "seed": [*TINY, "--generations", "3", "--seed", "9"],
        "digits": DIGITS,
    }.items():
        assert evolve(*arguments, "--out", folder / name, "--quiet") == 0
    return folder


@pytest.fixture
def run(runs, tmp_path):
    def copy(name):
        shutil.copytree(runs / name, tmp_path / name)
        return tmp_path / name

    return copy


def change_arrays(path, **changes):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "digest"}
    arrays |= {name: change(arrays[name]) for name, change in changes.items()}
    np.savez(path, **arrays, digest=np.array(digest_of_arrays(arrays)))


# other runs


@pytest.mark.parametrize("other", ["seed", "digits"])
@pytest.mark.parametrize("verb", ["resume", "tune"])
def test_a_checkpoint_of_another_run_is_one_line(runs, run, capsys, other, verb):
    directory = run("swingup")
    shutil.copy(runs / other / "checkpoint.npz", directory)
    arguments = {
        "resume": ["evolve", "--resume", str(directory)],
        "tune": ["tune", str(directory), "--structure", "front", "--evaluations", "10"],
    }[verb]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "another run's (" in error
    assert ("seed = 0, not 9" if other == "seed" else "task = 'cartpole_swingup'") in error or (
        "seed = " in error or "task = " in error
    )


@pytest.mark.parametrize("other", ["swingup", "seed"])
def test_the_bench_refuses_a_checkpoint_of_another_run(runs, run, capsys, other):
    directory = run("digits")
    shutil.copy(runs / other / "checkpoint.npz", directory)
    assert main(["bench", "digits", "--run", str(directory)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_setting_that_differs_is_named():
    config = config_from_table({"task": "cartpole_swingup", "search": {"population": 16}})
    other = replace(config, search=replace(config.search, population=32))
    assert difference(fingerprint(config), config) is None
    assert difference(fingerprint(config), other) == "search.population = 32, not 16"
    assert difference('task = "cartpole_swingup"\nnew_key = 3', config).startswith("unknown key")


def test_how_long_a_run_is_and_where_its_data_lie_makes_no_difference():
    config = config_from_table({"task": "cartpole_swingup"})
    longer = replace(config, search=replace(config.search, generations=9))
    assert difference(fingerprint(config), longer) is None
    moved = replace(config, data=DataConfig("elsewhere.npz", ""))
    assert difference(fingerprint(config), moved) is None
    # a run that remembers no data goes with any; one that does, with these only
    known = replace(config, data=DataConfig("file.npz", "12"))
    assert difference(fingerprint(config), known) is None
    other = replace(config, data=DataConfig("file.npz", "34"))
    assert difference(fingerprint(known), other) == "data.sha256 = 34, not 12"


# old runs


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_run_of_an_older_version_goes_on_as_if_it_had_been_made_today(tmp_path, version):
    shutil.copytree(OLD / f"v{version}", tmp_path / "run")
    with np.load(tmp_path / "run" / "checkpoint.npz") as file:
        assert int(file["version"]) == version
        assert "digest" not in file.files
    assert evolve("--resume", tmp_path / "run", "--generations", 7, "--quiet") == 0
    new = ["--config", OLD / f"v{version}" / "config.toml", "--out", tmp_path / "new"]
    assert evolve(*new, "--generations", 7, "--quiet") == 0
    champions, metrics, fronts = results(tmp_path / "run")
    assert (champions, metrics) == results(tmp_path / "new")[:2]
    if version > 1:  # which had no fronts yet
        assert fronts == results(tmp_path / "new")[2]


# arrays


def other_byte(flags):
    flags = flags.copy()
    flags.view(np.uint8)[3] = 200
    return flags


def at(place, value):
    def change(array):
        array = array.copy()
        array.flat[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("population_source", at(2, 10**6)),
        ("population_source", at(2, -1)),
        ("scored_target", at(1, 2**31 - 1)),
        ("hall_target", at(0, 0)),
        ("population_node_id", at(-1, 2**31 - 1)),
        ("population_activation", at(0, 99)),
        ("population_is_enabled", other_byte),
        ("population_node_start", at(1, 10**12)),
        ("population_gene_start", at(1, -5)),
        ("population_innovation", lambda array: array[::-1].copy()),
        ("population_innovation", lambda array: array.astype(np.int64)),
        ("counter", at(0, 2**40)),
        ("counter", at(1, 0)),
        ("mean", at(0, np.nan)),
        ("maximum", at(0, np.inf)),
        ("connections", at(0, 10**6)),
        ("hall_key", at(0, 5)),
        ("hall_score", at(0, -np.inf)),
        ("hall_count", at(0, 0)),
        ("totals", at(0, 5)),
        ("generation", lambda _: np.array(-1)),
        ("metrics_rows", lambda array: array[:-5]),
        ("fronts_rows", at(0, ord("7"))),
        ("seconds", at(0, np.nan)),
        ("species_id", lambda _: np.array([4])),
        ("lifetime_parent", lambda _: np.array([4])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_array_that_cannot_be_is_named_and_the_checkpoint_before_is_taken(run, name, change):
    directory = run("swingup")
    path = directory / "checkpoint.npz"
    change_arrays(path, **{name: change})
    said = []
    if (directory / "checkpoint.previous.npz").exists():
        read_run(directory, say=said.append)
        assert said[0].startswith("warning: checkpoint.npz is damaged (")
        (directory / "checkpoint.previous.npz").unlink()
    with pytest.raises(RunError, match=r"checkpoint\.npz is damaged \(") as caught:
        read_run(directory)
    assert str(caught.value).isprintable()
    words = str(caught.value).partition("damaged (")[2]
    # of ends and sizes the array that does not go with it
    assert words.split("[")[0].split(":")[0].split(" ")[0].startswith(name.partition("_")[0])


def test_a_wrong_digest_is_damage(run):
    directory = run("swingup")
    path = directory / "checkpoint.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    # of no meaning, and yet another content
    np.savez(path, **arrays | {"totals": arrays["totals"] + [0, 1, 0]})
    said = []
    read_run(directory, say=said.append)
    assert "its digest is that of another content" in said[0]


def test_a_checkpoint_without_digest_is_checked_otherwise(run):
    directory = run("swingup")
    path = directory / "checkpoint.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "digest"}
    np.savez(path, **arrays)
    said = []
    read_run(directory, say=said.append)
    assert said == []
    np.savez(path, **arrays | {"mean": arrays["mean"] * np.nan})
    read_run(directory, say=said.append)
    assert "mean: must be below" in said[0]


def test_an_archive_that_unpacks_to_more_than_is_allowed_is_one_line(run, monkeypatch):
    directory = run("swingup")
    monkeypatch.setattr("wann.run.checkpoint.LARGEST_CHECKPOINT", 1000)
    with pytest.raises(RunError, match="unpacks to"):
        read_run(directory)
