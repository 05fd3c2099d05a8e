"""``wann plot``: which pictures go where, and what is said of the others."""

import json
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from tests.cli.runs import TINY, evolve
from wann.cli.main import main
from wann.run.metrics import MetricsFile
from wann.view.curves import read_columns
from wann.view.panels import save_figure

PICTURES = {"learning": "fitness", "front": "fronts", "profile": "profile"}


def plot(*arguments):
    return main(["plot", *map(str, arguments), "--episodes", "2"])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("plot") / "a run"
    assert evolve(*TINY, "--generations", "18", "--out", directory, "--quiet") == 0
    return directory


@pytest.fixture
def run(finished, tmp_path):
    """A copy of a run."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def champion_file(finished, tmp_path):
    """A champion on its own."""
    file = tmp_path / "files" / "my champion.json"
    file.parent.mkdir()
    shutil.copy(finished / "champion.json", file)
    return file


@pytest.fixture
def refused(capsys):
    def check(*arguments):
        assert plot(*arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert captured.err.startswith("wann plot: error: ")
        return captured.err

    return check


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, by the name of their file."""
    drawn = {}

    def keep(draw, path):
        save_figure(lambda: drawn.setdefault(path.name, draw()), path)

    for module in ("curves", "fronts", "profile"):
        monkeypatch.setattr(f"wann.view.{module}.save_figure", keep)
    return drawn


def lines_of(figure):
    return {line.get_gid(): line.get_data() for axes in figure.axes for line in axes.lines}


def test_run_leaves_its_three_plots(finished):
    for name in PICTURES.values():
        with Image.open(finished / f"{name}.png") as picture:
            picture.load()
            assert min(picture.size) > 400


def test_plots_of_a_run_replace_its_pictures_and_nothing_else(run, capsys):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for name in PICTURES.values():
        (run / f"{name}.png").write_bytes(b"old")
    assert plot(run) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [f"wrote {run / name}.png" for name in PICTURES.values()]
    assert captured.err == ""
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    assert set(after) == set(before)
    changed = {name for name in after if after[name] != before[name]}
    # measured over more weights than at the end of the run; the title has the directory's name
    assert changed <= {"fitness.png", "fronts.png", "profile.png"}
    assert all(after[f"{name}.png"].startswith(b"\x89PNG") for name in PICTURES.values())


def test_plots_show_the_numbers_of_the_run(run, figures):
    assert plot(run) == 0
    metrics = read_columns(run / "metrics.csv")
    x, y = lines_of(figures["fitness.png"])["mean_best, as it is"]
    assert (x - 1).tolist() == metrics["generation"].tolist()
    assert y.tolist() == metrics["mean_best"].tolist()
    fronts = read_columns(run / "fronts.csv")
    lines = lines_of(figures["fronts.png"])
    last = fronts["generation"] == 17
    for name in ("mean", "max"):
        x, y = lines[f"{name} of generation 17"]
        # the best of the front is the end of the staircase
        assert y[-1] == fronts[name][last].max()
        assert set(x) <= set(np.maximum(fronts["connections"][last], 1))
    weights, _ = lines_of(figures["profile.png"])["mean"]
    assert (len(weights), weights[0], weights[-1]) == (61, -3, 3)


def test_profile_at_the_end_of_a_run_is_that_of_the_champion_file(tmp_path, figures):
    evolve(*TINY, "--generations", "2", "--out", tmp_path / "run", "--quiet")
    profile = json.loads((tmp_path / "run" / "champion.json").read_text())["scores"]["profile"]
    weights, mean = lines_of(figures["profile.png"])["mean"]
    assert (weights.tolist(), mean.tolist()) == (profile["weights"], profile["mean"])


@pytest.mark.parametrize(("what", "name"), PICTURES.items())
def test_one_plot_alone_goes_where_it_is_told(finished, tmp_path, capsys, what, name):
    file = tmp_path / f"my {what}.svg"
    assert plot(finished, "--what", what, "-o", file) == 0
    assert capsys.readouterr().out == f"wrote {file}\n"
    assert file.read_text(encoding="utf-8").startswith("<?xml")
    directory = tmp_path / "new" / "figures"
    assert plot(finished, "--what", what, "-o", directory, "--format", "pdf") == 0
    assert [path.name for path in directory.iterdir()] == [f"{name}.pdf"]
    assert (directory / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_profile_has_the_same_bytes_each_time(finished, tmp_path):
    for name in ("a", "b"):
        assert plot(finished, "--what", "profile", "-o", tmp_path / f"{name}.png") == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_directory_with_a_point_in_its_name_is_a_directory(finished, tmp_path):
    (tmp_path / "v1.2").mkdir()
    assert plot(finished, "-o", tmp_path / "v1.2") == 0
    assert {path.stem for path in (tmp_path / "v1.2").iterdir()} == set(PICTURES.values())


def test_champion_file_has_a_profile_alone(champion_file, capsys):
    assert plot(champion_file) == 0
    captured = capsys.readouterr()
    file = champion_file.with_name("my champion_profile.png")
    assert captured.out == f"wrote {file}\n"
    assert captured.err.count("\n") == 1
    assert "only a profile" in captured.err
    assert file.exists()


@pytest.mark.parametrize("what", ["learning", "front"])
def test_course_of_a_champion_file_is_refused(refused, champion_file, what):
    error = refused(champion_file, "--what", what)
    assert str(champion_file) in error
    assert "run directory" in error


@pytest.mark.parametrize("what", ["classes", "confusion"])
def test_classes_of_another_task_are_refused_and_no_part_of_all(
    refused, finished, champion_file, what
):
    for source in (finished, champion_file):
        assert "no classes" in refused(source, "--what", what)
        assert not (source.parent / f"{what}.png").exists()
    assert not (finished / f"{what}.png").exists()


def test_run_of_an_older_version_has_the_other_plots_and_a_word_of_the_fronts(run, capsys, refused):
    for name in ("fronts.csv", "fronts.png"):
        (run / name).unlink()
    assert plot(run) == 0
    captured = capsys.readouterr()
    assert captured.out.count("wrote") == 2
    assert captured.err.startswith("note: no fronts: ")
    assert captured.err.count("\n") == 1
    assert "before runs recorded their fronts" in captured.err
    assert not (run / "fronts.png").exists()
    assert "before runs recorded their fronts" in refused(run, "--what", "front")


@pytest.mark.parametrize("case", ["beside a champion", "another folder", "another format"])
def test_pictures_of_others_are_replaced_only_if_that_is_said(
    refused, run, champion_file, tmp_path, case
):
    arguments, file = {
        "beside a champion": ([champion_file], champion_file.with_name("my champion_profile.png")),
        "another folder": ([run, "-o", tmp_path], tmp_path / "profile.png"),
        "another format": ([run, "--format", "svg"], run / "profile.svg"),
    }[case]
    file.write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    error = refused(*arguments)
    assert f"{file} exists" in error
    assert "--overwrite" in error
    assert file.read_text(encoding="utf-8") == "mine"
    assert sorted(tmp_path.rglob("*")) == before
    assert plot(*arguments, "--overwrite") == 0
    assert file.stat().st_size > 1000


def test_file_that_is_named_is_replaced(finished, tmp_path):
    file = tmp_path / "mine.png"
    file.write_text("mine", encoding="utf-8")
    assert plot(finished, "--what", "learning", "-o", file) == 0
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["-o", "x.png"], "--what"),
        (["--what", "front", "-o", "x.jpg"], ".svg"),
        (["--what", "front", "-o", "x.png", "--format", "svg"], "--format"),
    ],
)
def test_places_that_do_not_fit_are_refused(
    refused, finished, tmp_path, monkeypatch, arguments, fragment
):
    monkeypatch.chdir(tmp_path)
    assert fragment in refused(finished, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_of_a_file_is_named_and_not_made(refused, finished, tmp_path):
    file = tmp_path / "none" / "x.png"
    assert str(file) in refused(finished, "--what", "learning", "-o", file)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_run_is_refused(refused, tmp_path):
    assert "no-such-run" in refused(tmp_path / "no-such-run")
    assert "is it a run directory?" in refused(tmp_path)
    assert "is it a run directory?" in refused(tmp_path, "--what", "front")


@pytest.mark.parametrize(
    ("what", "name"),
    [("learning", "metrics.csv"), ("front", "fronts.csv"), ("profile", "champion.json")],
)
def test_damaged_files_of_a_run_are_named_and_their_picture_stays(refused, run, what, name):
    before = (run / f"{PICTURES[what]}.png").read_bytes()
    (run / name).write_bytes(b"\xff\xfe,\n\0")
    assert name in refused(run, "--what", what)
    assert (run / f"{PICTURES[what]}.png").read_bytes() == before


def test_resumed_run_that_is_stopped_again_keeps_no_profile_of_an_older_champion(run, monkeypatch):
    append = MetricsFile.append
    monkeypatch.setattr(
        MetricsFile,
        "append",
        lambda file, row: (append(file, row), signal.raise_signal(signal.SIGINT)),
    )
    assert (run / "profile.png").exists()
    assert evolve("--resume", run, "--generations", 25, "--quiet") == 130
    assert not (run / "profile.png").exists()
    assert (run / "fronts.png").exists()


def test_overwritten_run_leaves_no_plot_of_the_older_one(run, monkeypatch):
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
    assert evolve(*TINY, "--generations", 2, "--out", run, "--overwrite", "--quiet") == 0
    assert not [name for name in PICTURES.values() if (run / f"{name}.png").exists()]
