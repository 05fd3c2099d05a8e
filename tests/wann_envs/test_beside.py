"""Two processes share the compiling; the second is never needed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from numba import config as numba_config

from wann_envs import beside
from wann_envs.beside import Beside, Variant, missing
from wann_envs.compiling import PROGRESS, Progress
from wann_envs.jit import Kernel, kernel
from wann_envs.swingup import dynamics

pytestmark = pytest.mark.skipif(bool(numba_config.DISABLE_JIT), reason="is about compiled code")


@pytest.fixture
def cold(tmp_path, monkeypatch):
    """An empty cache; four kernels as after a fresh start."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    names = ("sin_cos", "advance", "reward", "is_on_track")
    for name in names:
        old = getattr(dynamics, name)
        monkeypatch.setattr(dynamics, name, Kernel(old.py_func, False, old._options))

    def variants(value=1.0):
        n_arguments = {"sin_cos": 1, "advance": 7, "reward": 2, "is_on_track": 1}
        return [Variant.of(getattr(dynamics, name), *[value] * n_arguments[name]) for name in names]

    return variants


@pytest.fixture
def compiled_here(monkeypatch):
    """The names of the kernels that this process compiles."""
    names = []
    begins = Progress.begins
    monkeypatch.setattr(Progress, "begins", lambda self: (names.append(1), begins(self))[1])
    return names


def test_what_is_there_needs_no_child(cold, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    for one in cold():
        one.kernel.compile(one.signature)
    assert missing(cold()) == []
    with Beside(cold()) as both:
        both.compile()


def test_the_child_compiles_from_the_end_and_this_process_takes_it_over(cold, compiled_here):
    variants = cold()
    with Beside(variants) as both:
        deadline = time.monotonic() + 60
        while len(both._finished) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert both._finished == variants[::-1]
        both.compile()
    assert not compiled_here
    assert dynamics.sin_cos(0.0) == (0.0, 1.0)


def test_both_share_the_work(cold):
    variants = cold()
    with Beside(variants, cold(np.float32(1.0))) as both:
        both.compile()
    assert all(one.signature in one.kernel.overloads for one in variants)


@pytest.mark.parametrize("is_alone", [True, False])
def test_without_a_child_all_is_compiled_here(cold, compiled_here, monkeypatch, is_alone):
    if not is_alone:
        monkeypatch.setattr(sys, "executable", "/usr/bin/blender")
    with Beside(cold(), is_alone=is_alone) as both:
        both.compile()
    assert len(compiled_here) == 4


@pytest.mark.parametrize(
    "child", ["import os; os._exit(3)", "import sys; sys.stdin.read()", "syntax error", "print(1)"]
)
def test_a_child_that_fails_or_hangs_is_done_without(cold, monkeypatch, compiled_here, child):
    monkeypatch.setattr(beside, "_CHILD", child)
    with Beside(cold()) as both:
        both.compile()
    assert len(compiled_here) == 4


def test_a_child_that_is_late_is_not_waited_for(cold, monkeypatch, compiled_here):
    late = "import sys; sys.stdout.write('+'); sys.stdout.flush(); sys.stdin.read()"
    monkeypatch.setattr(beside, "_CHILD", late)
    monkeypatch.setattr(beside, "_PATIENCE", 0.3)
    with Beside(cold()) as both:
        while both._underway is None:
            time.sleep(0.01)
        both.compile()
        assert both._waited > 0.2
    assert len(compiled_here) == 4


def test_a_cache_that_cannot_be_written_means_no_child(cold, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(subprocess, "Popen", None)
    with Beside(cold()) as both:
        both.compile()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs ps-like signals")
def test_the_child_ends_with_a_parent_that_is_killed(tmp_path):
    code = """
import time, os
from wann_envs.beside import Beside, Variant
from wann_envs.swingup import dynamics as d
with Beside([Variant.of(d.sin_cos, 1.0), Variant.of(d.step, 1.0, 1.0, 1.0, 1.0, 1.0)]) as both:
    print(both._process.pid, flush=True)
    time.sleep(60)
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 30
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process):
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return not os.path.isdir("/proc/self")  # noqa: PTH112


# what is said


@pytest.fixture
def heard(monkeypatch):
    lines = []
    monkeypatch.setattr(PROGRESS, "seconds", 2.0)
    monkeypatch.setattr(PROGRESS, "_ended", time.perf_counter())
    monkeypatch.setattr(PROGRESS, "_last", -100.0)
    with PROGRESS.heard_by(lines.append):
        yield lines


def test_compiling_is_said_with_how_far_it_is(cold, heard):
    with Beside(cold(), is_alone=True) as both:
        both.compile()
    assert heard[0] == "compiling kernels, which happens once: 0 of 4"


def test_nothing_is_said_when_nothing_compiles(cold, heard):
    for one in cold():
        one.kernel.compile(one.signature)
    heard.clear()
    PROGRESS._last = -100.0
    for one in cold():
        Kernel(one.kernel.py_func, False, one.kernel._options)(*[1.0] * len(one.signature))
    assert not heard


@pytest.mark.parametrize(("switch", "expected"), [("1", True), ("0", False), (None, True)])
def test_python_users_read_it_on_the_standard_error(monkeypatch, capsys, switch, expected):
    monkeypatch.delenv("WANN_NOTICES", raising=False)
    if switch is not None:
        monkeypatch.setenv("WANN_NOTICES", switch)
    progress = Progress()
    progress.seconds = 2.0
    progress._ended = time.perf_counter()
    progress.begins()
    progress.ends()
    captured = capsys.readouterr()
    assert captured.err.startswith("wann: compiling kernels") is expected
    assert not captured.out


def test_a_short_compilation_is_not_worth_a_line(capsys, monkeypatch):
    monkeypatch.setenv("WANN_NOTICES", "1")
    progress = Progress()
    progress.begins()
    progress.ends()
    assert not capsys.readouterr().err


def test_a_failing_compilation_leaves_no_trace():
    @kernel
    def wrong(x):
        return x.no_such_attribute

    depth = PROGRESS._depth
    with pytest.raises(Exception, match="no_such_attribute"):
        wrong(1.0)
    assert PROGRESS._depth == depth
