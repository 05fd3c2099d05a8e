"""Runs that are stopped, killed or damaged, and go on to the result of an uninterrupted run."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import TINY, evolve, results
from wann.cli.main import main
from wann.executor import pieces
from wann.genome import breed
from wann.run.metrics import MetricsFile
from wann_envs.beside import Beside

# a checkpoint after each generation
SAVING = [*TINY, "--set", "checkpoint.seconds=0"]
N = 8


def results_lines(directory):
    return (directory / "metrics.csv").read_text(encoding="utf-8").splitlines()[1:]


def content(directory):
    return {
        path.relative_to(directory): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module", autouse=True)
def _without_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    directory = tmp_path_factory.mktemp("resume") / "uninterrupted"
    assert evolve(*SAVING, "--generations", N, "--out", directory, "--quiet") == 0
    return directory


def raise_in_generation(monkeypatch, generation, *signals):
    """Has signals arrive at this process in the midst of a generation."""
    append = MetricsFile.append

    def append_and_signal(file, row):
        append(file, row)
        if row.generation == generation:
            for number in signals:
                signal.raise_signal(number)

    monkeypatch.setattr(MetricsFile, "append", append_and_signal)


@pytest.fixture
def stopped(tmp_path, capsys):
    """A run that was asked to stop in its fourth generation."""
    directory = tmp_path / "stopped"
    with pytest.MonkeyPatch.context() as patch:
        raise_in_generation(patch, 3, signal.SIGINT)
        assert evolve(*SAVING, "--generations", N, "--out", directory, "--quiet") == 130
    capsys.readouterr()
    return directory


@pytest.mark.parametrize("generation", [0, 3, N - 2])
def test_interrupt_finishes_the_generation_saves_and_says_how_to_resume(
    uninterrupted, tmp_path, monkeypatch, capsys, generation
):
    directory = tmp_path / "a run"
    with monkeypatch.context() as patch:
        raise_in_generation(patch, generation, signal.SIGINT)
        assert evolve(*SAVING, "--generations", N, "--out", directory) == 130
    captured = capsys.readouterr()
    assert captured.err == ""
    assert len(results(directory)[1]) == 1 + generation + 1
    assert f"stopped after generation {generation + 1}" in captured.out
    meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
    assert (meta["is_complete"], meta["generations"]) == (False, generation + 1)
    shown = next(line for line in captured.out.splitlines() if "--resume" in line)
    command = shlex.split(shown[shown.index("wann ") :])
    assert main(command[1:]) == 0
    assert results(directory) == results(uninterrupted)
    meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
    assert (meta["is_complete"], meta["generations"]) == (True, N)


def test_interrupt_in_the_last_generation_leaves_a_complete_run(
    uninterrupted, tmp_path, monkeypatch
):
    raise_in_generation(monkeypatch, N - 1, signal.SIGINT)
    evolve(*SAVING, "--generations", N, "--out", tmp_path / "run", "--quiet")
    assert results(tmp_path / "run") == results(uninterrupted)


def test_interrupt_while_the_kernels_are_compiled_can_be_resumed(
    uninterrupted, tmp_path, monkeypatch
):
    directory = tmp_path / "run"
    compile_ = Beside.compile
    with monkeypatch.context() as patch:
        patch.setattr(Beside, "compile", lambda b: (compile_(b), signal.raise_signal(2)))
        assert evolve(*SAVING, "--generations", N, "--out", directory, "--quiet") == 130
    assert evolve("--resume", directory, "--quiet") == 0
    assert results(directory) == results(uninterrupted)


def test_second_interrupt_stops_at_once_and_can_be_resumed(
    uninterrupted, tmp_path, monkeypatch, capsys
):
    directory = tmp_path / "run"
    with monkeypatch.context() as patch:
        raise_in_generation(patch, 4, signal.SIGINT, signal.SIGINT)
        assert evolve(*SAVING, "--generations", N, "--out", directory, "--quiet") == 130
    assert capsys.readouterr().err.count("\n") == 1
    assert evolve("--resume", directory, "--quiet") == 0
    assert results(directory) == results(uninterrupted)


def test_termination_saves_too_and_exits_as_the_shell_counts(uninterrupted, tmp_path, monkeypatch):
    directory = tmp_path / "run"
    with monkeypatch.context() as patch:
        raise_in_generation(patch, 2, signal.SIGTERM)
        code = evolve(*SAVING, "--generations", N, "--out", directory, "--quiet")
    assert code == 128 + signal.SIGTERM
    assert evolve("--resume", directory, "--quiet") == 0
    assert results(directory) == results(uninterrupted)


def test_signal_handlers_are_given_back(tmp_path, monkeypatch):
    former = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    raise_in_generation(monkeypatch, 0, signal.SIGINT)
    evolve(*TINY, "--generations", 2, "--out", tmp_path / "run", "--quiet")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == former


@pytest.mark.usefixtures("uninterrupted")
def test_interrupted_run_tells_so_in_json(tmp_path, monkeypatch, capsys):
    raise_in_generation(monkeypatch, 1, signal.SIGINT)
    code = evolve(*SAVING, "--generations", N, "--out", tmp_path / "run", "--json", "--quiet")
    told = json.loads(capsys.readouterr().out)
    assert (code, told["is_complete"], told["generations"]) == (130, False, 2)


def test_resume_of_a_finished_run_changes_no_result(uninterrupted, tmp_path):
    shutil.copytree(uninterrupted, tmp_path / "run")
    assert evolve("--resume", tmp_path / "run", "--quiet") == 0
    assert results(tmp_path / "run") == results(uninterrupted)


def test_finished_run_without_its_checkpoints_is_not_run_anew(uninterrupted, tmp_path, capsys):
    directory = tmp_path / "run"
    shutil.copytree(uninterrupted, directory)
    for name in ("checkpoint.npz", "checkpoint.previous.npz"):
        (directory / name).unlink()
    before = content(directory)
    assert evolve("--resume", directory) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "checkpoint.npz" in captured.err
    assert content(directory) == before


def test_more_generations_extend_a_finished_run_as_if_it_had_been_longer(uninterrupted, tmp_path):
    extended, longer = tmp_path / "extended", tmp_path / "longer"
    shutil.copytree(uninterrupted, extended)
    assert evolve("--resume", extended, "--generations", N + 5, "--quiet") == 0
    assert evolve(*SAVING, "--generations", N + 5, "--out", longer, "--quiet") == 0
    assert results(extended) == results(longer)
    assert (extended / "config.toml").read_bytes() == (longer / "config.toml").read_bytes()


def test_fewer_generations_than_were_run_are_refused(uninterrupted, capsys):
    before = content(uninterrupted)
    assert evolve("--resume", uninterrupted, "--generations", N - 1) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(N) in error
    assert content(uninterrupted) == before


def test_resumed_run_may_have_another_number_of_workers(uninterrupted, stopped):
    assert evolve("--resume", stopped, "--workers", 3, "--quiet") == 0
    assert results(stopped) == results(uninterrupted)


def test_workers_of_a_run_breed_and_do_not_change_it(uninterrupted, tmp_path, monkeypatch):
    n_workers = []

    def pieces_and_note(numbers, executor, per_worker):
        n_workers.append(executor.n_workers)
        return pieces(numbers, executor, per_worker)

    monkeypatch.setattr(breed, "_FEW_GENES", 0)
    monkeypatch.setattr(breed, "pieces", pieces_and_note)
    directory = tmp_path / "run"
    evolve(*SAVING, "--generations", N, "--workers", 3, "--out", directory, "--quiet")
    assert n_workers.count(3) >= N - 1
    assert results(directory) == results(uninterrupted)


def test_resume_records_all_starts(stopped):
    assert evolve("--resume", stopped, "--quiet") == 0
    meta = json.loads((stopped / "meta.json").read_text(encoding="utf-8"))
    assert len(meta["commands"]) == len(meta["started"]) == 2
    assert meta["evaluations"] == 16 * N


def test_seconds_of_a_resumed_run_go_on_from_where_they_were(stopped):
    before = [float(line.split(",")[-1]) for line in results_lines(stopped)]
    evolve("--resume", stopped, "--quiet")
    after = [float(line.split(",")[-1]) for line in results_lines(stopped)]
    assert after[: len(before)] == before
    assert after == sorted(after)


@pytest.mark.parametrize(
    "options",
    [
        ["--config", "cartpole_swingup_quick"],
        ["--set", "search.tournament_size=4"],
        ["--seed", "0"],
        ["--population", "16"],
        ["--out", "elsewhere"],
        ["--overwrite"],
        ["--task", "cartpole"],
    ],
    ids=lambda options: options[0],
)
def test_options_that_contradict_resume_are_refused(uninterrupted, capsys, options):
    before = content(uninterrupted)
    assert evolve("--resume", uninterrupted, *options) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert options[-1].strip("-") in error or options[0] in error
    assert content(uninterrupted) == before


def test_resume_may_name_the_task_that_the_run_has(uninterrupted, stopped):
    assert evolve("--resume", stopped, "--task", "cartpole_swingup", "--quiet") == 0
    assert results(stopped) == results(uninterrupted)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:100],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b"\0" * len(data),
        None,
    ],
    ids=["empty", "start", "half", "all but a byte", "zeros", "missing"],
)
def test_damaged_checkpoint_gives_way_to_the_one_before_with_a_warning(
    uninterrupted, stopped, capsys, damage
):
    checkpoint = stopped / "checkpoint.npz"
    if damage is None:
        checkpoint.unlink()
    else:
        checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    assert evolve("--resume", stopped) == 0
    captured = capsys.readouterr()
    warning = next(line for line in (captured.out + captured.err).splitlines() if "warning" in line)
    assert "checkpoint.npz" in warning
    assert "checkpoint.previous.npz" in warning
    assert results(stopped) == results(uninterrupted)


def test_damaged_checkpoint_never_takes_the_place_of_the_good_one(tmp_path, monkeypatch):
    directory, checkpoint = tmp_path / "run", tmp_path / "run" / "checkpoint.npz"
    with monkeypatch.context() as patch:
        raise_in_generation(patch, 3, signal.SIGINT)
        assert evolve(*TINY, "--generations", N, "--out", directory, "--quiet") == 130
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with monkeypatch.context() as patch:
        raise_in_generation(patch, 2, signal.SIGINT)
        assert evolve("--resume", directory, "--quiet") == 130
    # the power fails, and the newest checkpoint is lost
    checkpoint.write_bytes(b"")
    assert evolve("--resume", directory, "--quiet") == 0


def test_two_damaged_checkpoints_are_one_line_and_change_nothing(stopped, capsys):
    for name in ("checkpoint.npz", "checkpoint.previous.npz"):
        (stopped / name).write_bytes((stopped / name).read_bytes()[:2000])
    before = content(stopped)
    assert evolve("--resume", stopped) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "checkpoint.npz is damaged" in captured.err
    assert content(stopped) == before


@pytest.mark.parametrize(
    "broken",
    ["", "{", "[]", '{"commands": 5, "started": null, "memory_mb_at_generation": 3}', "[" * 99999],
    ids=["empty", "truncated", "list", "other types", "deep"],
)
def test_broken_meta_file_does_not_hinder_resuming(uninterrupted, stopped, broken):
    (stopped / "meta.json").write_text(broken, encoding="utf-8")
    assert evolve("--resume", stopped, "--quiet") == 0
    assert results(stopped) == results(uninterrupted)
    meta = json.loads((stopped / "meta.json").read_text(encoding="utf-8"))
    assert meta["is_complete"] is True


@pytest.mark.parametrize(
    "broken", [b"\xff\xfe\x00" * 200, None, b"generation,eval"], ids=["binary", "missing", "cut"]
)
def test_broken_metrics_are_told_of_and_never_lose_rows_in_silence(
    uninterrupted, stopped, capsys, broken
):
    (stopped / "metrics.csv").unlink()
    if broken is not None:
        (stopped / "metrics.csv").write_bytes(broken)
    code = evolve("--resume", stopped)
    captured = capsys.readouterr()
    assert code in (0, 2)
    if code == 2:
        assert captured.err.count("\n") == 1
    else:
        assert results(stopped)[0] == results(uninterrupted)[0]
    lines = (captured.out + captured.err).splitlines()
    assert any("metrics.csv" in line and not line.startswith("files in") for line in lines)


# Runs a search over and over, each time in a child that kills itself before another of the
# operations on the files of the run, and then goes on with what the child has left.
CRASHES = """
import json, os, signal, sys
from pathlib import Path
import wann.view.pictures
from wann.cli.main import main

root, *new = sys.argv[1:]
wann.view.pictures.save_run_pictures = lambda *_: None

def in_child(function):
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = function()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def run_until(moment, directory):
    count = 0
    def hook(event, details):
        nonlocal count
        if event == "open":
            name, _, flags = details
            if not flags & (os.O_WRONLY | os.O_RDWR):
                return
        elif event in ("os.rename", "os.remove"):
            name = details[0]
        else:
            return
        name = str(name)
        if not name.startswith(directory + os.sep) or name.endswith(".lock"):
            return
        if event == "os.remove" and not os.path.exists(name):
            return
        if count == moment:
            Path(directory + ".moment").write_text(f"{event} {os.path.basename(name)}")
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
    sys.addaudithook(hook)
    return main(["evolve", *new, "--out", directory])

main(["evolve", *new, "--out", root + "/loads-the-kernels"])
crashes = []
for moment in range(1000):
    directory = f"{root}/{moment:03d}"
    code = in_child(lambda: run_until(moment, directory))
    if code == 0:
        break
    files = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    has_config = "config.toml" in files
    next = ["--resume", directory, "--quiet"] if has_config else [*new, "--out", directory]
    crashes.append({
        "moment": Path(directory + ".moment").read_text(),
        "directory": directory,
        "code": code,
        "has_checkpoint": any(name.startswith("checkpoint") for name in files),
        "code_of_next": in_child(lambda: main(["evolve", *next])),
    })
print(json.dumps(crashes))
"""


@pytest.fixture(scope="module")
def crashes(tmp_path_factory):
    """Runs of two generations that were killed at every operation on their files."""
    root = tmp_path_factory.mktemp("crashes")
    process = subprocess.run(
        [
            *(sys.executable, "-c", CRASHES, str(root)),
            *(*SAVING, "--generations", "2", "--quiet"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        # a fork takes no threads along
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
    )
    assert process.returncode == 0, process.stderr[-3000:]
    found = json.loads(process.stdout)
    assert len(found) > 20
    assert {crash["code"] for crash in found} == {-signal.SIGKILL}
    return root / "loads-the-kernels", found, process.stderr


@pytest.mark.parametrize("has_checkpoint", [True, False], ids=["running", "starting"])
def test_kill_at_any_moment_leaves_a_directory_that_goes_on_to_the_same_result(
    crashes, has_checkpoint
):
    reference, found, errors = crashes
    chosen = [crash for crash in found if crash["has_checkpoint"] == has_checkpoint]
    assert len(chosen) >= 3
    lost = [crash["moment"] for crash in chosen if crash["code_of_next"] != 0]
    assert not lost, f"killed before {lost}: {errors[-500:]}"
    for crash in chosen:
        assert results(reference.parent / crash["directory"]) == results(reference), crash["moment"]


def test_kill_leaves_no_temporary_files_after_the_run_has_gone_on(crashes):
    _, found, _ = crashes
    for crash in found:
        if crash["code_of_next"] == 0:
            hidden = [path.name for path in Path(crash["directory"]).glob(".*")]
            assert hidden == [".lock"], crash["moment"]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A run in another process that stands still in one of its first generations."""
    directory = tmp_path_factory.mktemp("held") / "run"
    process = subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "wann", "evolve", *TINY),
            *("--generations", "100000", "--out", str(directory)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not process.stdout.readline().startswith("generation 1/"):
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGSTOP)
    yield directory, process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("request_", ["new", "overwrite", "resume"])
def test_directory_of_a_running_process_is_one_line_and_stays_as_it_is(held, capsys, request_):
    directory, _ = held
    arguments = {
        "new": [*TINY, "--out", directory],
        "overwrite": [*TINY, "--out", directory, "--overwrite"],
        "resume": ["--resume", directory],
    }[request_]
    before = content(directory)
    assert evolve(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert str(directory) in captured.err
    if request_ != "new":
        assert "in use by a running process" in captured.err
    assert content(directory) == before


def test_interrupted_process_can_be_resumed_to_the_same_result(held, tmp_path):
    directory, process = held
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    assert "\x1b" not in output
    assert f"wann evolve --resume {directory}" in output
    n = len(results_lines(directory))
    assert f"stopped after generation {n};" in output
    assert evolve("--resume", directory, "--generations", n + 3, "--quiet") == 0
    evolve(*TINY, "--generations", n + 3, "--out", tmp_path / "whole", "--quiet")
    assert results(directory) == results(tmp_path / "whole")


def test_config_that_was_edited_since_is_refused(stopped, capsys):
    config = stopped / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("tournament_size = 8", "tournament_size = 4"), encoding="utf-8")
    before = content(stopped)
    assert evolve("--resume", stopped) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "has been changed" in captured.err
    assert content(stopped) == before
