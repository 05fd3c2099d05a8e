"""Any command line ends with a result or one line, at once, and loses nothing."""

import io
import os
import random
import shlex
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fuzz.command_lines import make_corpus, random_command_line
from wann.cli.main import main

ROOT = Path(__file__).parents[2]
CHAMPION = ROOT / "results/champions/cartpole_swingup/champion_small.json"
N = 150 * int(os.environ.get("WANN_FUZZ_FACTOR", "1"))
SEED = int(os.environ.get("WANN_FUZZ_SEED", "0"))
MOST_SECONDS = 60
RATES = {"a": 1.0, "b": 2.0}

# what once failed
FAILED = [
    ["evolve", "--task", "digits", "--seed=--"],
    ["tune", "champion.json", "--seconds=--"],
    ["evaluate", "--", "--"],
]

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")


@pytest.fixture(autouse=True)
def _without_what_takes_minutes(monkeypatch):
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
    monkeypatch.setattr("wann.reproduce.reproduction.reproduce_seed", _no_seed)
    monkeypatch.setattr(
        "wann.bench.swingup.measure_swingup",
        lambda: {
            "network": {"computing_nodes": 1, "connections": 2},
            "steps_per_second": RATES,
            "ratio_to_numpy_reference": RATES,
            "speedup_of_2_workers": 1.5,
            "milliseconds_per_generation_of_192": RATES,
        },
    )
    for name in ("mnist.measure_mnist", "car_racing.measure_car_racing"):
        monkeypatch.setattr(f"wann.bench.{name}", _not_measured)
    monkeypatch.setattr("wann.bench.car_racing.measure_fidelity", _not_measured)
    monkeypatch.delenv("DISPLAY", raising=False)


def _no_seed(*_, **__):
    from wann.errors import RunError

    raise RunError("no seed is run here")


_not_measured = _no_seed


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder, CHAMPION)
    return folder


class TooLongError(BaseException):
    """A command works for longer than any should."""


@contextmanager
def at_most(seconds):
    """Raises TooLongError in code that goes on for longer."""

    def stop(*_):
        raise TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def contents(folder):
    """What must not be lost: all files but pictures."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".png", ".svg", ".gif", ".mp4")
    }


def run(monkeypatch, words):
    """Runs a command line with streams of its own: exit code, stdout, stderr."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    try:
        with at_most(MOST_SECONDS):
            code = main(words)
    except SystemExit as stop:
        code = stop.code
    return code, *(stream.buffer.getvalue().decode("utf-8", "replace") for stream in streams)


def check(monkeypatch, corpus, folder, words):
    """Runs a command line in a copy of the corpus; returns its exit code."""
    shutil.copytree(corpus, folder, symlinks=True, ignore=lambda *_: ["pipe"])
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)
    before = contents(folder)
    start = time.perf_counter()
    code, out, errors = run(monkeypatch, words)
    seconds = time.perf_counter() - start
    after = contents(folder)

    assert code in (0, 2), (code, errors)
    lines = errors.splitlines()
    # progress goes to the standard error with --json
    said = [line for line in lines if line.startswith("wann") and "warning: " not in line]
    if code == 2:
        assert len(said) == 1, errors
        assert said[0].startswith("wann"), errors
        assert len(said[0]) < 1700
    assert all(line.isprintable() for line in lines), errors
    if "-o" not in words and "--output" not in " ".join(words):  # "-o -" writes a file
        assert all(line.isprintable() for line in out.splitlines()), out
    if "argument" in errors and code == 2:
        assert seconds < 5
    if not {"--overwrite", "--resume"} & set(words) and "--resume=" not in " ".join(words):
        assert {name: after.get(name) for name in before} == before
    assert not list(folder.rglob(".*.tmp*"))
    return code


def test_random_command_lines_end_with_a_result_or_one_line(monkeypatch, corpus, tmp_path):
    counts = {0: 0, 2: 0}
    for k in range(N):
        words = random_command_line(random.Random(f"{SEED} {k}"))
        folder = tmp_path / str(k)
        try:
            counts[check(monkeypatch, corpus, folder, words)] += 1
        except BaseException as error:
            error.add_note(f"{k}: wann {shlex.join(words)!r}")
            raise
        shutil.rmtree(folder)
    # both kinds are there
    assert min(counts.values()) > N / 20, counts


@pytest.mark.parametrize("words", FAILED, ids=shlex.join)
def test_command_lines_that_once_failed(monkeypatch, corpus, tmp_path, words):
    check(monkeypatch, corpus, tmp_path / "copy", words)
