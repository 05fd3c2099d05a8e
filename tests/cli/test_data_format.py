"""Runs on data in MNIST's format: which data they had is remembered, and others are refused."""

import gzip
import json
import os
import shutil
import struct

import numpy as np
import pytest

from tests.cli.runs import evolve
from wann.cli.main import main
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.network import network_from_connections
from wann.search.config_file import config_from_table, read_table
from wann.tasks.registry import make_task
from wann_envs.classify import MNIST_SHA256, mnist_files

NAMES = tuple(mnist_files.SHA256)
SHORT = (
    *("--task", "mnist784", "--set", "per_weight=100", "--set", "schedule=[]", "--quiet"),
    *("--population", 12, "--generations", 2, "--workers", 1),
)
REAL = os.environ.get("WANN_DATA_DIR")


def idx(array):
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes((0, 0, 8, array.ndim)) + shape + array.astype(np.uint8).tobytes()


def write(folder, seed, is_packed=False):
    """Two hundred images for training and fifty for testing."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    arrays = [part for n in (200, 50) for part in (rng.integers(0, 256, (n, 28, 28)), np.arange(n))]
    for name, array in zip(NAMES, arrays, strict=True):
        content = idx(array if array.ndim == 3 else array % 10)
        packed = gzip.compress(content) if is_packed else content
        (folder / f"{name}{'.gz' if is_packed else ''}").write_bytes(packed)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run on the data of the folder A, beside others of the same format."""
    folder = tmp_path_factory.mktemp("format")
    write(folder / "A", 1)
    write(folder / "packed", 1, is_packed=True)
    write(folder / "B", 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WANN_DATA_DIR", raising=False)
        assert evolve(*SHORT, "--data-dir", folder / "A", "--out", folder / "run") == 0
    return folder


@pytest.fixture(autouse=True)
def usual(monkeypatch, made):
    """The variable names other data."""
    monkeypatch.setenv("WANN_DATA_DIR", str(made / "B"))


def told(capsys, *arguments):
    """Exit code, output and errors of a command."""
    capsys.readouterr()
    code = main([*map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def commands(folder, run):
    """Everything that needs the data of a run."""
    yield "evaluate", run
    yield "plot", run, "--what", "profile", "-o", folder / "p.png"
    yield "tune", run, "--method", "adam", "--evaluations", 2000, "--workers", 1, "--quiet"
    yield "evolve", "--resume", run, "--generations", 3, "--quiet"


def test_run_and_champion_remember_folder_and_digest(made):
    config = config_from_table(read_table(made / "run" / "config.toml"))
    assert config.data.folder == str(made / "A")
    champion = load_champion(made / "run")
    known = champion.provenance["config"]["data"]
    assert known == {"folder": str(made / "A"), "sha256": config.data.sha256}
    assert len(config.data.sha256) == 64


def test_the_folder_is_found_again_and_named_before_it_is_read(made, capsys, tmp_path):
    run = shutil.copytree(made / "run", tmp_path / "run")
    for command in commands(tmp_path, run):
        code, _, err = told(capsys, *command)
        assert code == 0
        owner = "the run" if command[0] == "evolve" else "the champion"
        assert f"wann: reads {made / 'A'}, which {owner} names" in err.splitlines()
        assert err.count("wann: reads") == 1


def test_other_data_are_refused_with_both_digests_and_names(made, capsys, tmp_path):
    run = shutil.copytree(made / "run", tmp_path / "run")
    config = config_from_table(read_table(run / "config.toml"))
    for command in (*commands(tmp_path, run), ("draw", run, "-o", tmp_path / "d.png")):
        code, out, err = told(capsys, *command, "--data-dir", made / "B")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"the data of {made / 'B'} are not those that the run was made with" in err
        assert f"meant is {made / 'A'} (sha256 {config.data.sha256[:12]})" in err
        assert err.count("sha256") == 2
        assert "--data-dir DIR" in err


def test_the_same_data_may_lie_elsewhere_packed_or_not(made, capsys, tmp_path, monkeypatch):
    run = shutil.copytree(made / "run", tmp_path / "run")
    expected = told(capsys, "evaluate", run, "--json")[1]
    code, out, err = told(capsys, "evaluate", run, "--json", "--data-dir", made / "packed")
    assert (code, out, err) == (0, expected, "")
    for file in (run / "config.toml", *run.glob("champion*.json")):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(str(made / "A"), str(tmp_path / "gone")), encoding="utf-8")
    # of what has gone, the usual place may hold the same
    assert "are not those that the run was made with" in told(capsys, "evaluate", run)[2]
    monkeypatch.setenv("WANN_DATA_DIR", str(made / "packed"))
    code, _, err = told(capsys, "evolve", "--resume", run, "--generations", 3, "--quiet")
    assert code == 0
    assert "wann: reads" not in err
    monkeypatch.delenv("WANN_DATA_DIR")
    config = config_from_table(read_table(run / "config.toml"))
    assert config.data.folder == str(made / "packed")


def test_a_folder_that_has_gone_is_named(made, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("WANN_DATA_DIR")
    file = tmp_path / "champion.json"
    text = (made / "run" / "champion.json").read_text(encoding="utf-8")
    file.write_text(text.replace(str(made / "A"), str(tmp_path / "gone")), encoding="utf-8")
    code, _, err = told(capsys, "evaluate", file)
    assert code == 2
    assert f"there is no folder {tmp_path / 'gone'}, which the champion names" in err


def without_record(made, tmp_path):
    """A champion as older versions wrote them."""
    champion = load_champion(made / "run")
    config = {k: v for k, v in champion.provenance["config"].items() if k != "data"}
    provenance = {**champion.provenance, "config": config}
    path = tmp_path / "old.json"
    save_champion(type(champion)(**vars(champion) | {"provenance": provenance}), path)
    return path


def test_who_says_nothing_of_its_data_is_warned_of(made, capsys, tmp_path):
    code, _, err = told(capsys, "evaluate", without_record(made, tmp_path))
    assert code == 0
    assert "the champion does not say which data it was made with" in err
    assert f"those of {made / 'B'} are not MNIST (sha256 " in err
    assert err.count("\n") == 1


def test_a_run_that_says_nothing_of_its_data_goes_on_as_it_was(made, capsys, tmp_path):
    """Runs of older versions, and their checkpoints, know nothing of the content."""
    run = tmp_path / "run"
    shutil.copytree(made / "run", run)
    text = (run / "config.toml").read_text(encoding="utf-8").partition("[data]")
    rest = text[2].partition("\n[")
    (run / "config.toml").write_text(f"{text[0]}[{rest[2]}", encoding="utf-8")
    (run / "checkpoint.npz").unlink()
    (run / "checkpoint.previous.npz").unlink(missing_ok=True)
    for file in run.glob("champion*"):
        file.unlink()
    code, _, err = told(capsys, "evolve", "--resume", run, "--quiet")
    assert code == 0
    assert "the run does not say which data it was made with" in err
    assert "[data]" not in (run / "config.toml").read_text(encoding="utf-8")


def test_a_new_run_with_the_config_of_another_has_its_data_or_those_named(made, tmp_path, capsys):
    config = ("--config", made / "run" / "config.toml", "--quiet")
    assert evolve(*config, "--out", tmp_path / "a") == 0
    assert read_table(tmp_path / "a" / "config.toml")["data"]["folder"] == str(made / "A")
    assert evolve(*config, "--data-dir", made / "B", "--out", tmp_path / "b") == 0
    assert read_table(tmp_path / "b" / "config.toml")["data"]["folder"] == str(made / "B")
    assert capsys.readouterr().err == ""


def test_a_champion_of_mnist_refuses_other_data_by_their_content(made, tmp_path, capsys):
    for options in ((), ("--data-dir", made / "A")):
        code, _, err = told(capsys, "evaluate", champion_of_mnist(tmp_path), *options)
        assert (code, err.count("\n")) == (2, 1)
        assert f"meant is MNIST (sha256 {MNIST_SHA256[:12]})" in err


@pytest.mark.skipif(REAL is None, reason="WANN_DATA_DIR names no folder")
def test_mnist_itself_is_remembered_by_its_content_only(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WANN_DATA_DIR", REAL)
    assert told(capsys, "evaluate", champion_of_mnist(tmp_path))[2] == ""
    assert evolve(*SHORT, "--out", tmp_path / "run") == 0
    data = config_from_table(read_table(tmp_path / "run" / "config.toml")).data
    assert (data.folder, data.file, data.sha256) == ("", "", MNIST_SHA256)


def champion_of_mnist(tmp_path):
    """A champion that was made with MNIST, which lies anywhere."""
    task = make_task("mnist784")
    network = network_from_connections(784, 10, [1] * 795, [(1, 785), (400, 790)])
    provenance = {"config": {"data": {"sha256": MNIST_SHA256}}}
    champion = Champion(
        network, "mnist784", task.input_names, task.output_names, {}, provenance, None
    )
    save_champion(champion, tmp_path / "mnist.json")
    return tmp_path / "mnist.json"


def test_json_of_a_champion_holds_no_empty_keys_of_data(made):
    content = json.loads((made / "run" / "champion.json").read_text(encoding="utf-8"))
    assert "" not in content["provenance"]["config"]["data"].values()
