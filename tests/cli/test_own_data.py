"""Runs on data of one's own, and where the data of a task are looked for."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.cli.runs import evolve
from wann.cli.main import main
from wann.formats.champion import load_champion
from wann.run.start import RunRequest, resolve_config
from wann.search.config_file import config_from_table, read_table
from wann.tasks import data
from wann.tasks.data import DataPlace

SHORT = ("--population", 24, "--generations", 3, "--workers", 1, "--quiet")


def write(path, n=150, **changes):
    """Three clouds of points with five coordinates."""
    rng = np.random.default_rng(1)
    y = np.arange(n) % 3
    x = rng.normal(size=(n, 5)) + 2.0 * np.eye(5)[y]
    np.savez(path, **{name: a for name, a in ({"x": x, "y": y} | changes).items() if a is not None})
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    file = write(folder / "clouds.npz")
    assert evolve("--task", "classify", "--data", file, *SHORT, "--out", folder / "run") == 0
    return folder / "run", file


@pytest.fixture
def moved(made, tmp_path):
    """A copy of the run whose data have gone, and where they are now."""
    run, file = made
    shutil.copytree(run, tmp_path / "run")
    here = shutil.copy(file, tmp_path / "elsewhere.npz")
    text = (tmp_path / "run" / "config.toml").read_text(encoding="utf-8")
    gone = text.replace(str(file), str(tmp_path / "gone.npz"))
    (tmp_path / "run" / "config.toml").write_text(gone, encoding="utf-8")
    for champion in (tmp_path / "run").glob("champion*.json"):
        text = champion.read_text(encoding="utf-8").replace(str(file), str(tmp_path / "gone.npz"))
        champion.write_text(text, encoding="utf-8")
    return tmp_path / "run", here


def failure(capsys, *arguments):
    capsys.readouterr()
    assert main([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    return captured.err


def test_run_and_champion_remember_the_file_and_its_content(made):
    run, file = made
    known = config_from_table(read_table(run / "config.toml")).data
    assert known.file == str(file)
    assert len(known.sha256) == 64
    champion = load_champion(run / "champion.json")
    assert champion.provenance["config"]["data"] == {"file": str(file), "sha256": known.sha256}
    assert champion.input_names == ("x0", "x1", "x2", "x3", "x4")
    assert champion.output_names == ("0", "1", "2")
    assert champion.scores["tuned_shared_weight"]["samples"] == 30


def test_a_relative_path_is_remembered_as_absolute(made, tmp_path, monkeypatch):
    monkeypatch.chdir(made[1].parent)
    options = ("--task", "classify", "--data", made[1].name, *SHORT)
    assert evolve(*options, "--out", tmp_path / "run") == 0
    assert config_from_table(read_table(tmp_path / "run" / "config.toml")).data.file == str(made[1])


def test_the_default_config_fits_the_size_of_the_data(made):
    config = config_from_table(read_table(made[0] / "config.toml"))
    # 120 samples to train with; 18 connections to choose from
    assert config.episodes.per_weight == 120
    assert config.search.initial_enable_probability == 0.5


def test_settings_of_ones_own_are_kept(made, tmp_path):
    settings = ("--set", "per_weight=70", "--set", "initial_enable_probability=0.3")
    options = ("--task", "classify", "--data", made[1], *settings, *SHORT)
    assert evolve(*options, "--out", tmp_path / "run") == 0
    config = config_from_table(read_table(tmp_path / "run" / "config.toml"))
    assert config.episodes.per_weight == 70
    assert config.search.initial_enable_probability == 0.3


def test_every_verb_finds_the_data_again(made, tmp_path, capsys):
    run, _ = made
    assert main(["evaluate", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["task"] == "classify"
    assert told["ensemble"]["samples"] == 30
    out = tmp_path / "tuned.json"
    options = ("--method", "adam", "--evaluations", "5000", "--workers", "1", "--quiet")
    assert main(["tune", str(run), *options, "-o", str(out)]) == 0
    assert main(["evaluate", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tuned_weights"]["samples"] == 30
    assert main(["plot", str(run), "--what", "profile", "-o", str(tmp_path / "p.png")]) == 0
    shutil.copytree(run, tmp_path / "run")
    assert evolve("--resume", tmp_path / "run", "--generations", 4, "--quiet") == 0


def test_where_the_file_has_gone_another_place_can_be_named(moved, capsys, tmp_path):
    run, here = moved
    picture = ("plot", run, "--what", "profile", "-o", tmp_path / "p.png")
    tune = ("tune", run, "--method", "adam", "--evaluations", 3000, "--workers", 1)
    for command in (("evaluate", run), tune, picture, ("evolve", "--resume", run)):
        text = failure(capsys, *command)
        assert "gone.npz cannot be read: No such file or directory" in text
        assert "--data FILE" in text
        assert main([*map(str, command), "--data", str(here)]) == 0
    # a run that went on remembers where the data are now
    assert main(["evaluate", str(run)]) == 0


def test_a_file_that_has_changed_is_refused(moved, capsys, tmp_path):
    run, _ = moved
    other = write(tmp_path / "other.npz", n=160)
    for command in (("evaluate", run), ("evolve", "--resume", run)):
        text = failure(capsys, *command, "--data", other)
        assert f"{other} is not the file that the run was made with" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y": None}, "array 'y' is missing"),
        ({"y": np.zeros(7, int)}, "y has shape (7,): expected (150,)"),
        ({"y": np.arange(150) % 3 * 2}, "y has labels up to 4 but none of class 1"),
        ({"x": np.zeros(150)}, "x has shape (150,): expected (n, d)"),
        ({"x_test": np.zeros((4, 3)), "y_test": np.zeros(4, int)}, "x_test has shape (4, 3)"),
    ],
)
def test_wrong_arrays_are_an_error_of_one_line(changes, words, capsys, tmp_path):
    file = write(tmp_path / "wrong.npz", **changes)
    out = tmp_path / "run"
    text = failure(capsys, "evolve", "--task", "classify", "--data", file, "--out", out)
    assert words in text
    assert str(file) in text
    assert not out.exists()


def test_the_task_cannot_do_without_data(capsys, tmp_path):
    text = failure(capsys, "evolve", "--task", "classify", "--out", tmp_path / "run")
    assert "--data FILE" in text


@pytest.mark.parametrize("task", ["digits", "mnist", "cartpole_swingup"])
def test_other_tasks_refuse_data_of_ones_own(task, made, capsys, tmp_path):
    options = ("--task", task, "--data", made[1], "--out", tmp_path / "run")
    text = failure(capsys, "evolve", *options)
    assert f"--data (data.file) does not go with task {task!r}, but with classify" in text
    setting = ("--config", task, "--set", f"data.file={made[1]}", *options[-2:])
    assert "--data (data.file) does not go with task" in failure(capsys, "evolve", *setting)


def test_a_name_that_is_not_utf_8_is_refused(made, tmp_path, capsys):
    strange = tmp_path / os.fsdecode(b"sm\xff.npz")
    try:
        shutil.copy(made[1], strange)
    except OSError:
        pytest.skip("the file system takes no such names")
    out = tmp_path / "new"
    shutil.copytree(made[0], tmp_path / "run")
    for options in (("--task", "classify", "--out", out), ("--resume", tmp_path / "run")):
        text = failure(capsys, "evolve", *options, "--data", strange)
        assert "sm\\udcff.npz' is no name in UTF-8" in text
    assert not out.exists()
    # what remembers nothing can do with it
    assert main(["evaluate", str(made[0]), "--data", str(strange)]) == 0


def test_the_file_is_read_and_hashed_once_at_the_start(made, monkeypatch):
    calls = []

    def counted(name):
        function = getattr(data, name)
        monkeypatch.setattr(data, name, lambda *args: calls.append(name) or function(*args))

    counted("load_npz")
    counted("sha256_of")
    place = DataPlace(file=made[1])
    for request in (RunRequest(task="classify", data=place), RunRequest(config="classify")):
        calls.clear()
        config = resolve_config(replace(request, data=place))
        assert sorted(calls) == ["load_npz", "sha256_of"]
        assert config.data.file == str(made[1])


def test_a_new_run_with_the_config_of_another_may_have_other_data(made, tmp_path, capsys):
    other = write(tmp_path / "other.npz", n=160)
    config = ("--config", made[0] / "config.toml")
    out = tmp_path / "run"
    assert evolve(*config, "--data", other, *SHORT, "--out", out) == 0
    found = config_from_table(read_table(out / "config.toml")).data
    assert found.file == str(other)
    assert found.sha256 == hashlib.sha256(other.read_bytes()).hexdigest()
    # without --data it is that file which counts, and its content
    copied = tmp_path / "copied.toml"
    text = (made[0] / "config.toml").read_text(encoding="utf-8")
    copied.write_text(text.replace(str(made[1]), str(other)), encoding="utf-8")
    text = failure(capsys, "evolve", "--config", copied, "--out", tmp_path / "none")
    assert "is not the file that the run was made with" in text


def test_the_quick_preset_fits_the_size_of_the_data_too(made):
    config = resolve_config(RunRequest(config="classify_quick", data=DataPlace(file=made[1])))
    assert config.episodes.per_weight == 120
    assert config.search.initial_enable_probability == 0.5


def test_a_drawing_refuses_data_that_are_not_the_champions(made, tmp_path, capsys):
    picture = ("draw", made[0], "-o", tmp_path / "champion.svg")
    other = write(tmp_path / "other.npz", n=160)
    for option, words in (
        (("--data", tmp_path / "none.npz"), "none.npz cannot be read"),
        (("--data", other), "is not the file that the run was made with"),
        (("--data-dir", tmp_path), "--data-dir does not go with task 'classify'"),
    ):
        assert words in failure(capsys, *picture, *option)
    assert not (tmp_path / "champion.svg").exists()
    assert main([*map(str, picture), "--data", str(made[1])]) == 0


def test_a_champion_of_other_data_does_not_fit(made, tmp_path, capsys):
    text = (made[0] / "champion.json").read_text(encoding="utf-8")
    content = json.loads(text)
    content["provenance"]["config"].pop("data")
    (tmp_path / "champion.json").write_text(json.dumps(content), encoding="utf-8")
    assert "--data FILE" in failure(capsys, "evaluate", tmp_path / "champion.json")
    other = write(tmp_path / "other.npz", x=np.random.default_rng(1).normal(size=(150, 4)))
    text = failure(capsys, "evaluate", tmp_path / "champion.json", "--data", other)
    assert "has 5 inputs and 3 outputs; task 'classify' has 4 and 3" in text


def naming(champion, path, file):
    """A copy of a champion that wants a file; nobody has signed it."""
    content = json.loads(champion.read_text(encoding="utf-8"))
    content["provenance"]["config"]["data"] = {"file": str(path)}
    content.pop("digest", None)
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link", "missing", "nul", "long"])
def test_what_a_champion_names_is_opened_only_if_it_is_a_file(made, tmp_path, capsys, kind):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    paths = {"device": "/dev/zero", "folder": tmp_path, "nul": "a\0b", "long": "x" * 5000}
    path = paths.get(kind, tmp_path / kind)
    champion = naming(made[0] / "champion.json", path, tmp_path / "champion.json")
    for command in (("evaluate",), ("tune", "--seconds", "1"), ("plot", "--what", "classes")):
        text = failure(capsys, command[0], champion, *command[1:])
        assert "cannot be read" in text
        assert "reads" not in text
        assert len(text) < 1700


def test_what_a_champion_names_is_told_before_it_is_read(made, tmp_path, capsys, monkeypatch):
    run, file = made
    other = shutil.copy(file, tmp_path / "odd\x1b[31mname.npz")
    champion = naming(run / "champion.json", other, tmp_path / "champion.json")
    told = []

    def hashed(path):
        told.append(capsys.readouterr().err)
        return sha256_of(path)

    sha256_of = data.sha256_of
    monkeypatch.setattr(data, "sha256_of", hashed)
    assert main(["evaluate", str(champion), "--json"]) == 0
    line = f"wann: reads {tmp_path}/odd\\x1b[31mname.npz, which the champion names\n"
    assert told == [line]
    # of a run once, for all its champions
    told.clear()
    assert main(["evaluate", str(run), "--json"]) == 0
    assert [text for text in told if text] == [f"wann: reads {file}, which the champion names\n"]
    # what the user names needs no word
    told.clear()
    assert main(["evaluate", str(champion), "--json", "--data", str(file)]) == 0
    assert told == [""]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_a_config_is_read_only_if_it_is_a_file_of_a_reasonable_size(made, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(made[0], run)
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "large.toml").write_text("seed = " + "1" * 200_000, encoding="utf-8")
    (tmp_path / "deep.toml").write_text("a" + ".a" * 40_000 + " = 1", encoding="utf-8")
    (tmp_path / "digits.toml").write_text("seed = " + "1" * 90_000, encoding="utf-8")
    for name in ("pipe.toml", "large.toml", "deep.toml", "digits.toml", "."):
        text = failure(capsys, "evolve", "--config", tmp_path / name, "--out", tmp_path / "x")
        assert len(text) < 400
    for path in ("/dev/zero", "x" * 5000 + ".toml"):
        assert len(failure(capsys, "evolve", "--config", path)) < 6000
    (run / "config.toml").unlink()
    os.mkfifo(run / "config.toml")
    failure(capsys, "evolve", "--resume", run)


def test_a_refusal_says_both_digests_and_names(moved, capsys, tmp_path):
    run, _ = moved
    other = write(tmp_path / "other.npz", n=160)
    text = failure(capsys, "evaluate", run, "--data", other)
    known = config_from_table(read_table(run / "config.toml")).data
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    for words in (str(other), digest[:12], str(tmp_path / "gone.npz"), known.sha256[:12]):
        assert words in text


def test_classes_too_small_to_test_have_no_samples_and_no_accuracy(tmp_path, capsys):
    rng = np.random.default_rng(1)
    y = np.array([0] * 60 + [1] * 60 + [2] * 3 + [3])
    file = tmp_path / "small.npz"
    np.savez(file, x=rng.normal(size=(len(y), 4)) + np.eye(4)[y], y=y)
    run = tmp_path / "run"
    assert evolve("--task", "classify", "--data", file, *SHORT, "--out", run) == 0
    capsys.readouterr()
    assert main(["evaluate", str(run / "champion.json"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    by_class = made["per_class"]
    for row in (by_class["ensemble"], by_class["tuned_shared_weight"], *by_class["accuracy"]):
        assert [value is None for value in row] == [False, False, False, True]
        assert row[2] in (0.0, 100.0)
    assert [sum(row) for row in made["confusion"]["ensemble"]] == [12, 12, 1, 0]
    assert main(["evaluate", str(run / "champion.json")]) == 0
    out = capsys.readouterr().out
    assert "no samples in the test part of class 3" in out
    assert "nan" not in out
    assert main(["plot", str(run)]) == 0
    for name in ("classes.png", "confusion.png"):
        assert (run / name).stat().st_size > 1000


def test_data_that_are_too_wide_for_the_population_are_refused_at_once(tmp_path, capsys):
    file = tmp_path / "wide.npz"
    np.savez_compressed(file, x=np.zeros((20, 20_000), np.uint8), y=np.arange(20) % 2)
    options = ("--task", "classify", "--data", file, "--out", tmp_path / "run")
    text = failure(capsys, "evolve", *options, "--population", 1000)
    assert "search.population = 1000: 40002 possible connections each" in text
    assert not (tmp_path / "run").exists()


def test_data_dir_says_where_mnist_lies(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("WANN_DATA_DIR", raising=False)
    nowhere = tmp_path / "nowhere"
    options = ("--data-dir", nowhere)
    out = ("--out", tmp_path / "run")
    for command in (("evolve", "--task", "mnist", *out), ("bench", "mnist")):
        text = failure(capsys, *command, *options)
        assert f"--data-dir {nowhere}: there is no such folder" in text
    for command in (("evolve", "--task", "digits", *out), ("bench", "digits")):
        assert "--data-dir" in failure(capsys, *command, *options)


@pytest.mark.skipif("WANN_DATA_DIR" not in os.environ, reason="WANN_DATA_DIR")
def test_a_run_on_mnist_needs_only_the_option(tmp_path, monkeypatch, capsys):
    data_dir = ("--data-dir", os.environ["WANN_DATA_DIR"])
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path / "nowhere"))
    run = tmp_path / "run"
    settings = ("--task", "mnist", "--set", "per_weight=100", "--set", "schedule=[]")
    assert evolve(*settings, *SHORT, "--out", run, *data_dir) == 0
    assert "WANN_DATA_DIR" in failure(capsys, "evaluate", run)
    assert evolve("--resume", run, "--generations", 4, "--quiet", *data_dir) == 0
    champion = str(run / "champion.json")
    assert main(["evaluate", champion, *data_dir]) == 0
    tuning = ("--method", "adam", "--evaluations", "60000", "--quiet", "--workers", "1")
    assert main(["tune", champion, *tuning, *data_dir]) == 0


@pytest.mark.skipif("WANN_DATA_DIR" not in os.environ, reason="WANN_DATA_DIR")
def test_mnist_as_it_is_has_a_preset(tmp_path):
    settings = ("--task", "mnist784", "--set", "per_weight=100", "--set", "schedule=[]")
    assert evolve(*settings, *SHORT, "--out", tmp_path / "run") == 0
    champion = load_champion(tmp_path / "run")
    assert (champion.network.n_inputs, champion.network.n_outputs) == (784, 10)
