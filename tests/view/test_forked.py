"""Two halves drawn at a time, or one after the other: the same files, the same errors."""

import os
import signal
import sys
import time

import pytest

from wann.view import forked
from wann.view.forked import forks, run_both

needs_forks = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no forks there")


@pytest.fixture
def half(tmp_path):
    """A function that makes the functions that write who they were."""

    def make(name):
        return lambda: (tmp_path / name).write_text(str(os.getpid()), encoding="utf-8")

    with forks(True):
        yield tmp_path, make


def writer(folder, name):
    return int((folder / name).read_text(encoding="utf-8"))


@needs_forks
def test_one_half_is_done_by_another_process(half):
    folder, make = half
    run_both(make("here"), make("beside"))
    assert writer(folder, "here") == os.getpid() != writer(folder, "beside")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_both_are_done_here(half, monkeypatch, platform):
    folder, make = half
    monkeypatch.setattr(sys, "platform", platform)
    run_both(make("here"), make("beside"))
    assert writer(folder, "here") == writer(folder, "beside") == os.getpid()


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_process_that_is_not_ours_alone_is_not_forked(monkeypatch, is_asked):
    monkeypatch.setattr(os, "fork", None)
    names = []
    if is_asked:
        with forks(False):
            run_both(lambda: names.append("here"), lambda: names.append("beside"))
    else:
        run_both(lambda: names.append("here"), lambda: names.append("beside"))
    assert names == ["here", "beside"]


@needs_forks
@pytest.mark.parametrize("failing", ["fork", "child", "killed", "hanging"])
def test_a_child_that_fails_is_made_up_for(half, monkeypatch, failing):
    folder, make = half
    parent = os.getpid()

    def fail():
        raise OSError("no more processes")

    def beside():
        if os.getpid() != parent:
            if failing == "child":
                raise MemoryError
            if failing == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        make("beside")()

    if failing == "fork":
        monkeypatch.setattr(os, "fork", fail)
    if failing == "hanging":
        monkeypatch.setattr(forked, "_LEAST_PATIENCE", 0.2)
    run_both(make("here"), beside)
    assert writer(folder, "beside") == parent


@needs_forks
def test_an_error_of_either_half_is_raised_here(half):
    _, make = half

    def wrong():
        raise ValueError("wrong")

    for halves in ((wrong, make("beside")), (make("here"), wrong)):
        with pytest.raises(ValueError, match="wrong"):
            run_both(*halves)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
