"""A run directory holds files: devices, pipes, links and folders in their places are one line."""

import errno
import fcntl
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import TINY, evolve, results
from wann.errors import RunError
from wann.run.directory import RunDirectory
from wann_envs import files

NAMES = (
    *("config.toml", "meta.json", "metrics.csv", "fronts.csv", "champion.json", "champion.png"),
    *("checkpoint.npz", "checkpoint.previous.npz", "fitness.png", ".lock"),
)


@pytest.fixture(autouse=True)
def _without_slow_parts(monkeypatch):
    monkeypatch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("directory") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
        patch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
        assert evolve(*TINY, "--generations", "3", "--out", directory, "--quiet") == 0
    return directory


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("request_", ["resume", "overwrite"])
def test_what_is_no_file_is_one_line_and_stays(run, capsys, kind, name, request_):
    path = run / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    mode = path.lstat().st_mode
    options = (
        ["--resume", run, "--generations", "4"]
        if request_ == "resume"
        else [*TINY, "--generations", "2", "--out", run, "--overwrite"]
    )
    assert evolve(*options, "--quiet") == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert name in captured.err
    assert stat.S_IFMT(path.lstat().st_mode) == stat.S_IFMT(mode)
    assert (run / "champion_tuned.json").exists()


@pytest.mark.parametrize("name", ["config.toml", "metrics.csv", "checkpoint.npz", "meta.json"])
def test_a_loop_of_links_is_one_line(run, capsys, name):
    (run / name).unlink()
    (run / name).symlink_to(name)
    assert evolve("--resume", run, "--quiet") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_lock_that_is_a_link_does_not_empty_another_file(run, tmp_path, capsys):
    victim = tmp_path / "victim"
    victim.write_text("content", encoding="utf-8")
    (run / ".lock").unlink(missing_ok=True)
    (run / ".lock").symlink_to(victim)
    assert evolve("--resume", run) == 2
    assert ".lock is no regular file" in capsys.readouterr().err
    assert victim.read_text(encoding="utf-8") == "content"


def test_structures_of_a_run_with_a_pipe_as_config_do_not_wait(run):
    (run / "config.toml").unlink()
    os.mkfifo(run / "config.toml")
    process = subprocess.run(
        [sys.executable, "-m", "wann", "tune", str(run), "--structure", "front"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (process.returncode, process.stderr.count("\n")) == (2, 1)


# config.toml


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b"\0" * len(data),
        lambda data: data[:100] + b"\xff\xfe" + data[100:],
        None,
    ],
    ids=["empty", "half", "all but a byte", "zeros", "binary", "missing"],
)
def test_damaged_config_comes_from_the_checkpoint(whole, run, capsys, damage):
    if damage is None:
        (run / "config.toml").unlink()
    else:
        (run / "config.toml").write_bytes(damage((run / "config.toml").read_bytes()))
    assert evolve("--resume", run) == 0
    assert "config.toml" in capsys.readouterr().out.splitlines()[0]
    assert results(run) == results(whole)
    assert (run / "config.toml").read_bytes() == (whole / "config.toml").read_bytes()


def test_neither_config_nor_checkpoint_is_one_line(run, capsys):
    for name in ("config.toml", "checkpoint.npz", "checkpoint.previous.npz"):
        (run / name).unlink(missing_ok=True)
    assert evolve("--resume", run) == 2
    assert "holds no config.toml" in capsys.readouterr().err


# tables


@pytest.mark.parametrize("name", ["metrics.csv", "fronts.csv"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:-20],
        lambda data: data + b"7,garbage",
        lambda data: data + b"\0" * 300,
        lambda data: data[:150] + b"\0" * (len(data) - 150),
        lambda data: data.replace(b"\n1,", b"\n5,"),
        lambda _: b"\xff" * 99,
        None,
    ],
    ids=["empty", "torn", "garbage", "zeros added", "zeros", "other", "binary", "missing"],
)
def test_damaged_tables_come_from_the_checkpoint(whole, run, name, damage):
    if damage is None:
        (run / name).unlink()
    else:
        (run / name).write_bytes(damage((run / name).read_bytes()))
    assert evolve("--resume", run) == 0
    assert results(run) == results(whole)


# as Windows does it


@pytest.fixture
def windows(monkeypatch):
    """Descriptors that are only for reading cannot be synced, and folders not at all."""
    monkeypatch.setattr(files, "_IS_WINDOWS", True)
    sync = os.fsync

    def sync_as_windows(descriptor):
        is_for_reading = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        if is_for_reading or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, "Bad file descriptor")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", sync_as_windows)


@pytest.mark.usefixtures("windows")
def test_a_run_needs_no_sync_that_windows_refuses(whole, tmp_path):
    settings = ["--generations", "3", "--set", "checkpoint.seconds=0"]
    assert evolve(*TINY, *settings, "--out", tmp_path / "run", "--quiet") == 0
    # champions remember how often they were saved
    assert results(tmp_path / "run")[1:] == results(whole)[1:]
    assert evolve("--resume", tmp_path / "run", "--quiet") == 0


@pytest.mark.usefixtures("windows")
def test_no_file_of_a_run_is_renamed_over_while_the_run_has_it_open(tmp_path, monkeypatch):
    def open_files():
        return {os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()}

    rename = os.replace
    renamed = []

    def rename_as_windows(path, target):
        renamed.append(Path(target).name)
        if {os.path.realpath(path), os.path.realpath(target)} & open_files():
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        rename(path, target)

    monkeypatch.setattr(os, "replace", rename_as_windows)
    settings = ["--generations", "3", "--set", "checkpoint.seconds=0"]
    assert evolve(*TINY, *settings, "--out", tmp_path / "run", "--quiet") == 0
    assert evolve("--resume", tmp_path / "run", "--generations", "4", "--quiet") == 0
    assert "checkpoint.previous.npz" in renamed


@pytest.mark.usefixtures("windows")
def test_a_reader_who_has_a_file_open_is_waited_for(tmp_path, monkeypatch):
    rename, refused = os.replace, []

    def refuse_thrice(path, target):
        if len(refused) < 3:
            refused.append(target)
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        rename(path, target)

    monkeypatch.setattr(os, "replace", refuse_thrice)
    monkeypatch.setattr("time.sleep", lambda _: None)
    files.write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert len(refused) == 3


def test_a_directory_with_a_name_that_is_none_is_one_line(tmp_path):
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(RunError) as caught:
            RunDirectory(tmp_path / name).create(overwrite=False)
        assert str(caught.value).isprintable()
