"""``wann tune --resume``: kills, interruptions, and files that are no unfinished tuning."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.runs import TINY, evolve
from wann.cli.main import main
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.network import network_from_connections
from wann.tasks.swingup import SwingUpTask

OPTIONS = ("--evaluations", "30000", "--episodes", "10", "--workers", "1", "--quiet")


@pytest.fixture
def champion(tmp_path):
    network = network_from_connections(5, 1, [1] * 6 + [5, 1], [(1, 6), (4, 6), (5, 6), (6, 7)])
    path = tmp_path / "agent.json"
    task = SwingUpTask
    save_champion(Champion(network, task.name, task.input_names, task.output_names), path)
    return path


def run(capsys, *arguments):
    code = main([*map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def files_of(champion):
    output = champion.with_name("agent_tuned_weights.json")
    return output, output.with_name(output.name + ".partial.npz")


def interrupted(capsys, monkeypatch, champion, *options, after=3):
    """A tuning that ends, with all its process, after it was told something for the n-th time."""
    count = 0

    class Killed(BaseException):
        pass

    def take(file, journal):
        nonlocal count
        count += 1
        file.save(journal)
        if count == after:
            raise Killed

    monkeypatch.setattr("wann.tuning.partial.PartialFile.take", take)
    with pytest.raises(Killed):
        main(["tune", str(champion), *map(str, options)])
    monkeypatch.undo()
    capsys.readouterr()


def test_a_finished_tuning_leaves_no_partial_file(capsys, champion):
    output, partial = files_of(champion)
    assert run(capsys, "tune", champion, *OPTIONS) == (0, "", "")
    assert output.exists()
    assert not partial.exists()


@pytest.mark.parametrize("after", [1, 2, 20])
def test_an_interrupted_tuning_goes_on_to_the_same_file(capsys, monkeypatch, champion, after):
    output, partial = files_of(champion)
    run(capsys, "tune", champion, *OPTIONS)
    whole = output.read_bytes()
    output.unlink()
    interrupted(capsys, monkeypatch, champion, *OPTIONS, after=after)
    assert partial.exists()
    assert not output.exists()
    code, _, err = run(capsys, "tune", champion, *OPTIONS, "--resume")
    assert (code, err) == (0, "")
    assert output.read_bytes() == whole
    assert not partial.exists()


def test_an_unfinished_tuning_is_not_discarded_silently(capsys, monkeypatch, champion):
    output, partial = files_of(champion)
    interrupted(capsys, monkeypatch, champion, *OPTIONS)
    content = partial.read_bytes()
    code, out, err = run(capsys, "tune", champion, *OPTIONS)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--resume goes on with it, --overwrite discards it" in err
    assert partial.read_bytes() == content
    assert not output.exists()
    assert run(capsys, "tune", champion, *OPTIONS, "--overwrite")[0] == 0
    assert output.exists()
    assert not partial.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--seed", "1"), "other settings"),
        (("--method", "pepg"), "other settings"),
        (("--evaluations", "30001"), "other settings"),
    ],
)
def test_a_tuning_goes_on_with_its_own_settings_only(capsys, monkeypatch, champion, options, words):
    _, partial = files_of(champion)
    interrupted(capsys, monkeypatch, champion, *OPTIONS)
    content = partial.read_bytes()
    code, out, err = run(capsys, "tune", champion, *OPTIONS, *options, "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert partial.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"nonsense", "half"])
def test_a_damaged_partial_file_is_one_line(capsys, monkeypatch, champion, content):
    _, partial = files_of(champion)
    interrupted(capsys, monkeypatch, champion, *OPTIONS)
    whole = partial.read_bytes()
    partial.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    code, out, err = run(capsys, "tune", champion, *OPTIONS, "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert partial.name in err


def test_there_may_be_nothing_to_go_on_with(capsys, champion):
    output, _ = files_of(champion)
    assert run(capsys, "tune", champion, *OPTIONS, "--resume") == (0, "", "")
    code, _, err = run(capsys, "tune", champion, *OPTIONS, "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert "--overwrite replaces it" in err
    assert output.exists()


def test_a_file_of_somebody_else_is_not_replaced_by_a_tuning_that_goes_on(
    capsys, monkeypatch, champion
):
    output, _ = files_of(champion)
    interrupted(capsys, monkeypatch, champion, *OPTIONS)
    for content in (b"mine", champion.read_bytes()):
        output.write_bytes(content)
        code, _, err = run(capsys, "tune", champion, *OPTIONS, "--resume")
        assert (code, err.count("\n")) == (2, 1)
        assert output.read_bytes() == content
    assert run(capsys, "tune", champion, *OPTIONS, "--resume", "--overwrite")[0] == 0
    assert load_champion(output).tuned_weights


def test_the_structures_of_a_run_go_on_too(capsys, monkeypatch, tmp_path):
    directory = tmp_path / "run"
    assert evolve(*TINY, "--generations", 3, "--out", directory, "--quiet") == 0
    options = (*OPTIONS, "--structure", "front")
    run(capsys, "tune", directory, *options)
    output = directory / "front_tuned_weights.json"
    whole = output.read_bytes()
    output.unlink()
    interrupted(capsys, monkeypatch, directory, *options, after=6)
    assert run(capsys, "tune", directory, *options, "--resume") == (0, "", "")
    assert output.read_bytes() == whole


@pytest.mark.parametrize("option", [(), ("--method", "shared")])
def test_what_cannot_be_written_is_told_before_anything_is_read(capsys, tmp_path, option):
    champion = tmp_path / "agent.json"
    champion.write_text("no champion", encoding="utf-8")
    for output in (tmp_path / "nowhere" / "x.json", tmp_path):
        code, _, err = run(capsys, "tune", champion, "-o", output, *option)
        assert (code, err.count("\n")) == (2, 1)
        assert "no champion file" not in err


def start(champion, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "wann", "tune", str(champion), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    )


def wait_for(condition, process, seconds=100.0):
    end = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    assert condition(), process.communicate()


LONG = ("--evaluations", "150000", "--episodes", "10", "--workers", "1", "--quiet")


def test_a_process_that_is_killed_loses_nothing_that_was_written(capsys, champion):
    output, partial = files_of(champion)
    run(capsys, "tune", champion, *LONG)
    whole = output.read_bytes()
    output.unlink()
    for delay in (0.0, 0.5):
        process = start(champion, *LONG, *(("--resume",) if partial.exists() else ()))
        wait_for(partial.exists, process)
        time.sleep(delay)
        process.kill()
        process.communicate()
        # it may have been done before
        assert partial.exists() or output.exists()
    if partial.exists():
        assert run(capsys, "tune", champion, *LONG, "--resume")[0] == 0
    assert output.read_bytes() == whole
    assert sorted(path.name for path in champion.parent.iterdir()) == [champion.name, output.name]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT for another process")
def test_ctrl_c_writes_the_best_so_far_and_may_go_on(champion):
    output, partial = files_of(champion)
    options = ("--evaluations", "3000000", *LONG[2:])
    process = start(champion, *options[:-1])
    wait_for(partial.exists, process)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert "--resume goes on" in out
    stopped = load_champion(output)
    assert stopped.provenance["tuning"]["ended_by"] == "stop"
    assert partial.exists()
    # the file that is replaced is that of this very tuning
    process = start(champion, *options[:-1], "--resume")
    assert "going on with the tuning of" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert process.returncode == 143
    assert partial.exists()
