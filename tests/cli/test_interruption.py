"""A signal at any moment of a command: one line, the exit code of a shell, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.runs import TINY
from wann.cli.main import main

ROOT = Path(__file__).parents[2]
CHAMPION = str(ROOT / "results/champions/cartpole_swingup/champion.json")
COMMANDS = {
    "evolve": [*TINY, "--generations", "2", "--out", "run"],
    "evaluate": [CHAMPION, "--episodes", "1000000"],
    "draw": [CHAMPION, "-o", "x.svg"],
    "tasks": [],
}

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="looks at signals in /proc"
)


def takes_signals(pid):
    """Whether a process handles SIGTERM, as Python does not by itself."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return True
    (caught,) = (line.split()[1] for line in lines if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def take_signals():
    """What whoever runs the tests ignores is not ignored: Ctrl-C in the background, nohup."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start(folder, verb, *words, code=None):
    """Starts a command; returns when it takes signals."""
    program = ["-m", "wann"] if code is None else ["-c", code]
    process = subprocess.Popen(
        [sys.executable, *program, verb, *(words or COMMANDS[verb])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        # as in a terminal, also where these tests run in the background
        preexec_fn=take_signals,
    )
    while not takes_signals(process.pid) and process.poll() is None:
        time.sleep(0.001)
    return process


MOMENTS = [
    ("evolve", 0.0, [signal.SIGINT]),
    ("evolve", 0.4, [signal.SIGINT, signal.SIGINT]),
    ("evolve", 1.0, [signal.SIGHUP]),
    ("evaluate", 0.05, [signal.SIGTERM, signal.SIGTERM]),
    ("evaluate", 0.7, [signal.SIGINT]),
    ("evaluate", 2.5, [signal.SIGINT, signal.SIGINT]),
    ("draw", 0.2, [signal.SIGTERM]),
    ("draw", 1.3, [signal.SIGINT, signal.SIGINT, signal.SIGINT]),
    ("tasks", 0.02, [signal.SIGHUP, signal.SIGHUP]),
    ("tasks", 0.5, [signal.SIGINT]),
]


@pytest.mark.parametrize(
    ("verb", "seconds", "signals"),
    MOMENTS,
    ids=lambda v: "-".join(n.name for n in v) if isinstance(v, list) else str(v),
)
def test_signal_at_any_moment_is_one_line(tmp_path, verb, seconds, signals):
    process = start(tmp_path, verb)
    time.sleep(seconds)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.01)
    sent = time.perf_counter()
    out, errors = process.communicate(timeout=60)
    if process.returncode == 0 or "champion.json" in out:
        # it was done already, or a search that ended its generation and told of its champions
        assert errors == ""
    else:
        assert process.returncode == 128 + signals[0]
        assert errors.startswith("wann")
        assert errors.endswith((": interrupted\n", ": terminated\n"))
        assert errors.count("\n") == 1
        assert time.perf_counter() - sent < 20
    hidden = {path.name for path in tmp_path.rglob(".*")}
    assert hidden <= {".lock"}


def test_handlers_come_before_everything_that_takes_time():
    code = (
        "import sys; before = set(sys.modules)\n"
        "import wann.cli.main, wann.cli.process\n"
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"argparse", "pathlib", "typing", "json", "shutil", "tempfile", "numba"}
    assert not heavy & set(done.stdout.split())


# what else may become of an interruption: the program that runs stands for a verb

PROGRAM = """
import sys, time
from wann.cli import evaluate, interruption
from wann.cli.main import main

def run(args):
    {body}

evaluate.run = run
sys.exit(main())
"""


def interrupted_in(tmp_path, body, number=signal.SIGINT):
    process = start(tmp_path, "evaluate", "x", code=PROGRAM.format(body=body))
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    process.send_signal(number)
    started = time.perf_counter()
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors, time.perf_counter() - started


READY = "print('ready', flush=True)"


def test_import_that_makes_another_exception_of_it_is_interrupted_all_the_same(tmp_path):
    body = f"""
    try:
        {READY}
        time.sleep(20)
    except KeyboardInterrupt as error:
        raise ImportError("numpy.core.multiarray failed to import") from error
    """
    code, errors, _ = interrupted_in(tmp_path, body)
    assert (code, errors) == (130, "wann evaluate: interrupted\n")


def test_interruption_that_a_destructor_swallows_comes_again(tmp_path):
    body = f"""
    class Slow:
        def __del__(self):
            {READY}
            time.sleep(20)
    slow = Slow()
    del slow
    try:
        time.sleep(20)
    finally:
        open("cleaned", "w").close()
    """
    code, errors, seconds = interrupted_in(tmp_path, body)
    assert (code, errors) == (130, "wann evaluate: interrupted\n")
    assert (tmp_path / "cleaned").exists()
    assert seconds < 10


def test_exit_code_is_that_of_the_signal_wherever_it_arrives(tmp_path):
    """Python remembers an interruption of an ``exec``, and ends itself by SIGINT at its end."""
    body = f"""
    exec("{READY.replace('"', "'")}; time.sleep(20)")
    """
    code, errors, _ = interrupted_in(tmp_path, body, signal.SIGHUP)
    assert (code, errors) == (129, "wann evaluate: terminated\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_compiled_code_that_does_not_come_back_is_ended(tmp_path, number):
    body = f"""
    import ctypes
    {READY}
    ctypes.CDLL(None).sleep(5) or ctypes.CDLL(None).sleep(20)
    """
    code, errors, seconds = interrupted_in(tmp_path, body, number)
    word = "interrupted" if number == signal.SIGINT else "terminated"
    assert (code, errors) == (128 + number, f"wann evaluate: {word}\n")
    assert seconds < 10


def test_signal_while_the_interpreter_ends_does_not_spoil_the_exit_code(tmp_path):
    body = f"""
    import atexit
    def late():
        {READY}
        time.sleep(0.5)
    atexit.register(late)
    return 0
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        assert interrupted_in(tmp_path, body, number)[:2] == (0, "")


def test_signals_that_are_ignored_stay_ignored(tmp_path):
    """As after nohup, and of what a shell script starts in the background."""
    code = (
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    )
    body = f"{READY}; time.sleep(0.5); return 0"
    process = start(tmp_path, "evaluate", "x", code=code + PROGRAM.format(body=body))
    assert process.stdout.readline() == "ready\n"
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_python_program_that_calls_the_command_keeps_its_handlers(monkeypatch, capsys):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("wann.cli.tasks.run", run)
    for _ in range(2):
        assert main(["tasks"]) == 130
        assert capsys.readouterr().err == "wann tasks: interrupted\n"
    assert before == {number: signal.getsignal(number) for number in before}
    assert os.environ["WANN_DEBUG"]


# what nobody expected


def test_unexpected_exception_is_one_line_that_says_what_to_report(monkeypatch, capsys):
    monkeypatch.delenv("WANN_DEBUG")

    def names():
        raise ZeroDivisionError("a \x1b[31m\nb")

    monkeypatch.setattr("wann.tasks.registry.task_names", names)
    assert main(["tasks"]) == 70
    errors = capsys.readouterr().err
    assert errors.startswith(
        r"wann tasks: internal error: ZeroDivisionError: a \x1b[31m b (at wann/"
    )
    assert "WANN_DEBUG=1" in errors
    assert errors.count("\n") == 1


def test_unexpected_exception_shows_its_traceback_to_who_wants_it(monkeypatch):
    def names():
        raise ZeroDivisionError

    monkeypatch.setattr("wann.tasks.registry.task_names", names)
    monkeypatch.setenv("WANN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["tasks"])
