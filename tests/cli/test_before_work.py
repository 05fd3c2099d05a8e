"""What cannot be written is found before there is work that could be lost."""

import shutil
from pathlib import Path

import pytest

from tests.cli.runs import TINY
from wann.cli.main import main

ROOT = Path(__file__).parents[2]
CHAMPION = ROOT / "results/champions/cartpole_swingup/champion.json"


@pytest.fixture
def places(tmp_path):
    """Places where nothing can be written, by name."""
    (tmp_path / "file").write_text("kept")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "x")
    return {
        "a system's folder": Path("/proc/wann"),
        "below a file": tmp_path / "file" / "x",
        "link to nowhere": tmp_path / "nowhere",
    }


@pytest.fixture
def refused(capsys, tmp_path):
    def run(*arguments):
        before = sorted(tmp_path.rglob("*"))
        assert main([*map(str, arguments)]) == 2
        errors = capsys.readouterr().err
        assert errors.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == before
        return errors

    return run


def never(*_, **__):
    pytest.fail("the work has begun")


PLACES = ("a system's folder", "below a file", "link to nowhere")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the system's")
@pytest.mark.parametrize("place", PLACES)
def test_run_directory_is_looked_at_before_the_data_are_loaded(monkeypatch, places, refused, place):
    monkeypatch.setattr("wann.run.start._resolved", never)
    assert str(places[place]) in refused("evolve", "--task", "mnist", "--out", places[place])


def test_existing_run_is_found_before_the_data_are_loaded(monkeypatch, refused, tmp_path):
    monkeypatch.setattr("wann.run.start._resolved", never)
    shutil.copy(CHAMPION, tmp_path)
    assert "--overwrite" in refused("evolve", "--task", "mnist", "--out", tmp_path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the system's")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("option", ["--out", "--runs"])
def test_folders_of_a_reproduction_are_looked_at_before_the_first_seed(
    monkeypatch, places, refused, tmp_path, place, option
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wann.reproduce.reproduction.reproduce_seed", never)
    assert str(places[place]) in refused("reproduce", "digits", option, places[place])


@pytest.mark.parametrize("name", ["table.md", "champion_small.svg"])
def test_folder_in_the_place_of_a_table_is_found_before_the_first_seed(
    monkeypatch, refused, tmp_path, name
):
    monkeypatch.setattr("wann.reproduce.reproduction.reproduce_seed", never)
    (tmp_path / "out" / name).mkdir(parents=True)
    options = ("--out", tmp_path / "out", "--runs", tmp_path / "runs", "--overwrite")
    assert name in refused("reproduce", "digits", *options)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the system's")
@pytest.mark.parametrize("place", PLACES)
def test_champion_file_is_looked_at_before_the_tuning(monkeypatch, places, refused, place):
    monkeypatch.setattr("wann.tuning.tune.tune_champion", never)
    refused("tune", CHAMPION, "-o", places[place])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the system's")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("suffix", ["gif", "mp4"])
def test_film_is_looked_at_before_the_first_step(monkeypatch, places, refused, place, suffix):
    monkeypatch.setattr("wann.view.replay.replay", never)
    path = places[place].with_name(f"{places[place].name}.{suffix}")
    if place == "link to nowhere":
        path.symlink_to(path.parent / "gone" / "x")
    refused("replay", CHAMPION, f"--{suffix}", path)


def test_missing_package_is_told_before_the_work(monkeypatch, refused):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    assert "onnx" in refused("export", CHAMPION, "-o", "x.onnx")


def test_run_goes_where_a_link_to_a_folder_leads(tmp_path, capsys):
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    words = ["evolve", *TINY, "--generations", "1", "--out", str(tmp_path / "run"), "--quiet"]
    assert main(words) == 0
    assert (tmp_path / "run").is_symlink()
    assert (tmp_path / "disk" / "champion.json").exists()
    assert main([*words, "--overwrite"]) == 0
    assert (tmp_path / "run").is_symlink()
    assert capsys.readouterr().err == ""


def test_overwrite_keeps_what_links_in_the_run_lead_to(tmp_path, capsys):
    """A planted link must not lose a file elsewhere."""
    words = ["evolve", *TINY, "--generations", "1", "--out", str(tmp_path / "run"), "--quiet"]
    assert main(words) == 0
    precious = tmp_path / "precious"
    precious.write_text("kept")
    for name in ("champion.json", "champion.png", "metrics.csv"):
        (tmp_path / "run" / name).unlink()
        (tmp_path / "run" / name).symlink_to(precious)
    assert main([*words, "--overwrite"]) == 0
    assert precious.read_text() == "kept"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_overwrite_refuses_what_is_no_file(tmp_path, refused, kind):
    import os

    words = ["evolve", *TINY, "--generations", "1", "--out", str(tmp_path / "run"), "--quiet"]
    assert main(words) == 0
    path = tmp_path / "run" / "fronts.csv"
    path.unlink()
    (path.mkdir if kind == "folder" else lambda: os.mkfifo(path))()
    assert "fronts.csv" in refused(*words, "--overwrite")
    assert path.exists()
