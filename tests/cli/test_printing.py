"""What is printed never fails a command, and never reaches a terminal as an order."""

import errno
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import TINY
from wann import output
from wann.cli.main import main
from wann.run.progress import PlainLines, make_reporter

ROOT = Path(__file__).parents[2]
CHAMPION = ROOT / "results/champions/cartpole_swingup/champion.json"

# words, and the file that is written; {} stands for the name of the condition
VERBS = {
    "evolve": ([*TINY, "--generations", "1", "--out", "new{}"], "new{}/champion.json"),
    "evaluate": (["run", "--episodes", "1"], None),
    "replay": (["run"], None),
    "draw": (["run", "-o", "d{}.svg"], "d{}.svg"),
    "plot": (
        [*("run/champion.json", "--what", "profile", "--episodes", "1"), *("-o", "p{}.svg")],
        "p{}.svg",
    ),
    "tune": (["run", "-o", "t{}.json"], "t{}.json"),
    "import": (["a.out", "--task", "cartpole_swingup", "-o", "i{}.json"], "i{}.json"),
    "export": (["run", "-o", "e{}.py"], "e{}.py"),
    "reproduce": (["digits"], None),
    "tasks": ([], None),
    "bench": ([], None),
}
STREAMS = {
    "closed": {"stdout": "closed"},
    "full": {"stdout": "full"},
    "gone": {"stdout": "gone"},
    "no-errors": {"stderr": "closed"},
    "full-errors": {"stderr": "full"},
    "nothing": {"stdout": "closed", "stderr": "closed"},
    "ascii": {"encoding": "ascii"},
    "cp1252": {"encoding": "cp1252"},
}
WITH_JSON = ("evolve", "evaluate", "replay", "tune", "reproduce", "tasks", "bench")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose name most code pages lack, with a run and a network of the release."""
    folder = tmp_path_factory.mktemp("printing") / "θ–ń ±"
    (folder / "run").mkdir(parents=True)
    shutil.copy(CHAMPION, folder / "run")
    assert main(["export", str(folder / "run"), "-o", str(folder / "a.out")]) == 0
    return folder


@pytest.fixture(scope="module")
def outcomes(folder, tmp_path_factory):
    """Exit code, stdout and stderr of every verb with every kind of stream."""
    cases = [
        [f"{verb} {condition}", [verb, *(word.format(condition) for word in words)], streams]
        for condition, streams in STREAMS.items()
        for verb, (words, _) in VERBS.items()
    ]
    for verb in WITH_JSON:
        words = [word.format("json") for word in VERBS[verb][0]]
        cases.append([f"{verb} json", [verb, *words, "--json"], {"encoding": "ascii"}])
    # absolute, so that the name of the folder is printed
    absolute = [str(folder / "run"), "-o", str(folder / "absolute.svg")]
    for encoding in ("ascii", "cp1252"):
        cases.append([f"path {encoding}", ["draw", *absolute], {"encoding": encoding}])
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("forked_verbs.py"))],
        input=json.dumps(
            {
                "folder": str(tmp_path_factory.mktemp("streams")),
                "first": [
                    [verb, *(word.format("-first") for word in words)]
                    for verb, (words, _) in VERBS.items()
                ],
                "cases": cases,
            }
        ),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=500,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


def check_files(folder, verb, condition):
    written = VERBS[verb][1]
    if written is not None:
        assert (folder / written.format(condition)).stat().st_size > 100
    assert not list(folder.rglob(".*.tmp*"))


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("condition", ["closed", "nothing"])
def test_nobody_listens(folder, outcomes, verb, condition):
    assert outcomes[f"{verb} {condition}"] == [0, "", ""]
    check_files(folder, verb, condition)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("verb", VERBS)
def test_full_output_is_one_line_and_the_files_are_there(folder, outcomes, verb):
    code, _, errors = outcomes[f"{verb} full"]
    message = "cannot write to the standard output: No space left on device"
    assert (code, errors) == (2, f"wann {verb}: error: {message}\n")
    check_files(folder, verb, "full")


@pytest.mark.parametrize("verb", VERBS)
def test_reader_that_goes_away_ends_no_work_and_is_not_worth_a_word(folder, outcomes, verb):
    code, _, errors = outcomes[f"{verb} gone"]
    assert (code, errors) == (1, "")
    check_files(folder, verb, "gone")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("condition", ["no-errors", "full-errors"])
def test_standard_error_is_not_needed(folder, outcomes, verb, condition):
    code, out, errors = outcomes[f"{verb} {condition}"]
    assert (code, errors) == (0, "")
    assert out
    check_files(folder, verb, condition)


@pytest.mark.parametrize("verb", VERBS)
def test_ascii_is_enough(folder, outcomes, verb):
    code, out, errors = outcomes[f"{verb} ascii"]
    assert (code, errors) == (0, "")
    assert out.isascii()
    if verb in ("evaluate", "tune", "reproduce"):
        assert "+-" in out
    check_files(folder, verb, "ascii")


@pytest.mark.parametrize("verb", VERBS)
def test_code_page_is_enough_and_keeps_what_it_has(folder, outcomes, verb):
    code, out, errors = outcomes[f"{verb} cp1252"]
    assert (code, errors) == (0, "")
    if verb in ("evaluate", "tune"):
        assert "±" in out
    check_files(folder, verb, "cp1252")


@pytest.mark.parametrize("verb", WITH_JSON)
def test_json_is_json_in_every_code_page(outcomes, verb):
    code, out, _ = outcomes[f"{verb} json"]
    assert code == 0
    assert json.loads(out)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_path_outside_the_code_page_is_printed_as_well_as_it_can_be(outcomes, encoding):
    code, out, errors = outcomes[f"path {encoding}"]
    assert (code, errors) == (0, "")
    assert "theta-\\u0144" in out


# the process itself: real shells close and fill streams in other ways than a fork


@pytest.mark.parametrize(
    ("line", "code", "errors"),
    [
        ("tasks >&-", 0, ""),
        ("tasks 2>&- >&- <&-", 0, ""),
        ("tasks | true", 1, ""),
        ("--help | true", 1, ""),
        ("--version | true", 1, ""),
        ("--version >&-", 0, ""),
        ("--help >/dev/full", 2, "wann: error: cannot write to the standard output: "),
        ("evaluate none.json 2>&-", 2, ""),
        ("evaluate none.json 2>/dev/full", 2, ""),
        ("tasks 2>&- >/dev/full", 2, ""),
        ("export CHAMPION -o - | true", 1, ""),
        ("export CHAMPION -o - >&-", 2, "wann export: error: the standard output: it is closed"),
        ("export CHAMPION -o - >/dev/full", 2, "wann export: error: "),
    ],
    ids=lambda value: value if isinstance(value, str) and ">" in value else "",
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device and a shell")
def test_shell_closes_what_it_likes(line, code, errors):
    words = line.replace("CHAMPION", f"{CHAMPION} --format python")
    process = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m wann {words}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert process.returncode == code
    assert process.stderr.startswith(errors)
    assert process.stderr.count("\n") == bool(errors)


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["ascii", "C"],
)
def test_locale_without_letters_is_enough(variables, folder):
    """Also for names of files, which then hold bytes that are no letters."""
    process = subprocess.run(
        [sys.executable, "-m", "wann", "draw", "run", "-o", "ń.svg", "--title", "θ ±"],
        capture_output=True,
        cwd=folder,
        env=os.environ | variables,
        timeout=60,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout.startswith(b"wrote ")
    assert process.stdout.isascii()
    assert (folder / "ń.svg").exists()


# one place prints


HOSTILE = "a\x1b[31mb\x07\x9b2J\u202ec\nwann: error: no\r\x7f\ud800[bold]:smile:\x85\u2028"


def test_a_line_stays_one_line_without_orders(capsys):
    output.say(HOSTILE)
    captured = capsys.readouterr().out
    assert captured.count("\n") == 1
    assert captured[:-1].isprintable()
    assert r"\x1b[31m" in captured
    assert "[bold]:smile:" in captured


def test_json_holds_no_orders_and_means_the_same(capsys):
    output.say_json({HOSTILE: [HOSTILE, float("nan"), {"x": float("inf")}]})
    captured = capsys.readouterr().out
    assert all(line.isprintable() and line.isascii() for line in captured.splitlines())
    assert json.loads(captured) == {HOSTILE: [HOSTILE, None, {"x": None}]}


def test_messages_are_cut_but_keep_their_ends():
    line = output.one_line("no file " + "x" * 5000 + ": too long; " + "word " * 5000 + "the end")
    assert len(line) <= 1600
    assert line.startswith("no file xxx")
    assert line.endswith("the end")


class Broken:
    """A stream that somebody else has closed."""

    encoding = "utf-8"

    def __init__(self, error):
        self.error = error

    def write(self, _):
        raise self.error

    def flush(self):
        raise self.error

    def isatty(self):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EIO, "gone"), ValueError("I/O operation on closed file"), BrokenPipeError()],
)
def test_progress_goes_on_without_a_stream(monkeypatch, error):
    output.begin()
    monkeypatch.setattr(sys, "stdout", Broken(error))
    reporter = PlainLines(output.Stream("stdout"))
    reporter.say("generation 1")
    reporter.say("generation 2")
    output.begin()


def test_stream_that_is_none_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output.begin()
    for is_json in (False, True):
        reporter = make_reporter(is_quiet=False, is_json=is_json)
        assert isinstance(reporter, PlainLines)
        reporter.say("x")
    assert main(["tasks"]) == 0
    assert output.failure_of("stdout") is None


def run_on_terminal(words, folder):
    """Runs a command on a terminal of its own; returns exit code and what the terminal got."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-m", "wann", *words])
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            chunk = b""
        if not chunk:
            break
        chunks.append(chunk)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), b"".join(chunks)


def test_bar_shows_names_as_they_are(folder):
    """A message above the bar takes neither markup nor orders from a name of a folder."""
    name = "[bold]\x1b]0;title\x07:smile:"
    words = ["evolve", *TINY, "--generations", "2", "--out", name]
    assert run_on_terminal(words, folder)[0] == 0
    # the run lacks rows: the warning names the file
    (folder / name / "metrics.csv").unlink()
    code, shown = run_on_terminal(["evolve", "--resume", name, "--generations", "3"], folder)
    assert code == 0
    assert b"\x1b]0;" not in shown
    assert b"\x07" not in shown
    assert rb"[bold]\x1b]0;title\x07:smile:" in shown.replace(b"\r\n", b"")


def test_terminal_that_is_closed_does_not_end_the_work(folder):
    """The window is closed during a run that ignores it, as after nohup."""
    words = ["evolve", *TINY, "--generations", "3", "--out", "closed-terminal"]
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 2)
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execv(sys.executable, [sys.executable, "-m", "wann", *words])
    os.read(terminal, 1)
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 1)
    assert (folder / "closed-terminal" / "champion.json").exists()
