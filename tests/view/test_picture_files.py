"""Pictures and films are written where and how the old file lay, and never over what they show."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from wann.cli.main import main
from wann.errors import FormatError, RunError
from wann.formats.champion import Champion, save_champion
from wann.genome.network import network_from_connections
from wann.view.movie import GifWriter, Mp4Writer, check_movie_path
from wann.view.saving import check_picture

NETWORK = network_from_connections(5, 1, [1] * 6 + [5, 1], [(1, 6), (6, 7), (2, 7)])
NAMES = ("x", "x'", "cos θ", "sin θ", "θ'")


@pytest.fixture
def champion(tmp_path):
    path = tmp_path / "c.json"
    save_champion(Champion(NETWORK, "cartpole_swingup", NAMES, ("force",)), path)
    return path


def refused(capsys, *args) -> str:
    try:
        code = main([str(arg) for arg in args])
    except SystemExit as stop:  # the words themselves are wrong
        code = stop.code
    assert code == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_drawing_follows_a_link_and_keeps_the_mode(tmp_path, champion, suffix):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    old, link = folder / f"old{suffix}", tmp_path / f"link{suffix}"
    old.write_text("old")
    old.chmod(0o600)
    link.symlink_to(old)
    assert main(["draw", str(champion), "-o", str(link)]) == 0
    assert link.is_symlink()
    assert old.stat().st_size > 1000
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [old]


@pytest.mark.parametrize("writer", [GifWriter, Mp4Writer])
def test_film_follows_a_link_and_keeps_the_mode(tmp_path, writer):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    old, link = folder / f"old{writer.suffix}", tmp_path / f"link{writer.suffix}"
    old.write_text("old")
    old.chmod(0o600)
    link.symlink_to(old)
    with writer(link, 0.05) as film:
        for k in range(3):
            film.write(np.full((16, 16, 3), 50 * k, np.uint8))
    assert link.is_symlink()
    assert old.read_bytes() != b"old"
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [old]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_drawing_replaces_no_pipe(tmp_path, champion, capsys, suffix):
    path = tmp_path / f"a{suffix}"
    os.mkfifo(path)
    assert "no regular file" in refused(capsys, "draw", champion, "-o", path)
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_film_replaces_no_pipe_and_says_so_before_the_episodes(
    tmp_path, champion, capsys, monkeypatch, suffix
):
    monkeypatch.setattr("wann.view.replay.record", lambda *_, **__: pytest.fail("played"))
    path = tmp_path / f"a{suffix}"
    os.mkfifo(path)
    args = ("replay", champion, f"--{suffix[1:]}", path, "--weight", "1")
    assert "no regular file" in refused(capsys, *args)
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_plot_replaces_no_pipe_and_says_so_before_the_work(tmp_path, champion, capsys, monkeypatch):
    monkeypatch.setattr("wann.view.plots.measure_profile", lambda *_, **__: pytest.fail("worked"))
    path = tmp_path / "a.png"
    os.mkfifo(path)
    args = ("plot", champion, "--what", "profile", "-o", path, "--overwrite")
    assert "no regular file" in refused(capsys, *args)


@pytest.mark.parametrize("kind", ["itself", "hard link", "symbolic link"])
def test_drawing_never_replaces_its_champion(tmp_path, champion, capsys, kind):
    source, path = tmp_path / "c.png", tmp_path / "c.png"
    champion.rename(source)
    before = source.read_bytes()
    if kind == "hard link":
        path = tmp_path / "other.png"
        path.hardlink_to(source)
    elif kind == "symbolic link":
        path = tmp_path / "other.png"
        path.symlink_to(source)
    assert "is what is drawn" in refused(capsys, "draw", source, "-o", path)
    assert source.read_bytes() == before
    args = ("plot", source, "--what", "profile", "-o", path, "--overwrite")
    assert "is what is drawn" in refused(capsys, *args)
    assert source.read_bytes() == before


def test_drawing_a_run_never_replaces_one_of_its_champions(tmp_path, champion, capsys):
    run = tmp_path / "run"
    run.mkdir()
    champion.rename(run / "champion.json")
    (tmp_path / "a.png").hardlink_to(run / "champion.json")
    assert "is what is drawn" in refused(capsys, "draw", run, "-o", tmp_path / "a.png")


def test_film_never_replaces_its_champion(tmp_path, champion):
    path = tmp_path / "a.gif"
    path.hardlink_to(champion)
    with pytest.raises(FormatError, match="is what is replayed"):
        check_movie_path(path, ".gif", [champion])


def test_champion_file_is_no_picture(champion, capsys):
    before = champion.read_bytes()
    assert "allowed: .png, .svg, .pdf" in refused(capsys, "draw", champion, "-o", champion)
    assert champion.read_bytes() == before


@pytest.mark.parametrize("name", ["a.png", "none/a.png", "a.bmp", "folder.svg"])
def test_place_of_a_picture_is_looked_at_before_the_work(
    tmp_path, champion, capsys, monkeypatch, name
):
    (tmp_path / "folder.svg").mkdir()
    if name == "a.png":
        (tmp_path / name).symlink_to(tmp_path / name)
    monkeypatch.setattr("wann.view.drawing.save_drawing", lambda *_, **__: pytest.fail("worked"))
    refused(capsys, "draw", champion, "-o", tmp_path / name)


@pytest.mark.parametrize("name", ["a\0.png", "a\ud800.png", "x" * 300 + ".png"])
def test_names_that_no_file_has_are_one_line(tmp_path, name):
    with pytest.raises(FormatError) as error:
        check_picture(tmp_path / "none" / name)
    assert str(error.value).isprintable()


def test_film_over_a_folder_is_refused(tmp_path):
    (tmp_path / "a.gif").mkdir()
    with pytest.raises(RunError, match="folder"):
        check_movie_path(tmp_path / "a.gif", ".gif")


def test_order_is_an_option_of_the_command(tmp_path, champion):
    for order in ("free", "fixed"):
        path = tmp_path / f"{order}.svg"
        assert main(["draw", str(champion), "-o", str(path), "--order", order]) == 0
    assert (tmp_path / "free.svg").read_bytes() != (tmp_path / "fixed.svg").read_bytes()
