"""``wann reproduce``: seeds, table and champions, and what is not done twice."""

import json
import os
import shutil

import numpy as np
import pytest

from wann.cli.main import main
from wann.errors import RunError
from wann.executor import Serial
from wann.formats.champion import Champion, load_champion
from wann.genome.network import network_from_connections
from wann.reproduce.record import RESULT
from wann.reproduce.reproduction import ReproduceRequest, output_names, reproduce
from wann.reproduce.seed import Protocol, reproduce_seed
from wann.reproduce.tuned import tune_the_best
from wann.run.progress import Quiet
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.measure import ACCURACY, RETURN
from wann.tasks.registry import make_task
from wann.tuning.score import Score
from wann.tuning.tune import TunedChampion, TuneSettings
from wann_envs.classify import load_digits

CONFIG = """
task = "cartpole_swingup"
[search]
population = 16
generations = 6
[weights]
n = 4
[episodes]
per_weight = 1
[champion]
validation_episodes = 200
final_episodes = 200
"""


class Listener(Quiet):
    def __init__(self):
        self.said = []
        self.generations = 0

    def generation(self, row, steps_per_second):  # noqa: ARG002
        self.generations += 1

    def say(self, text):
        self.said.append(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reproduce")
    (folder / "tiny.toml").write_text(CONFIG, encoding="utf-8")
    request = ReproduceRequest(
        task="cartpole_swingup",
        preset=str(folder / "tiny.toml"),
        seeds=(1, 2),
        protocol=Protocol(episodes=20, tuning_evaluations=2000),
        out=folder / "out",
        runs=folder / "runs",
        n_workers=1,
        command="wann reproduce here",
    )
    listener = Listener()
    table, results = reproduce(request, listener)
    shutil.copytree(request.runs, folder / "kept")  # another test measures them anew
    return request, table, results, listener


def test_table_and_best_champions_are_written(made):
    request, table, results, _ = made
    assert {path.name for path in request.out.iterdir()} == set(output_names(RETURN))
    assert (request.out / "table.md").read_text(encoding="utf-8") == table
    best = max(results, key=lambda r: r.scores["champion"]["random_shared_weight"]["mean"])
    source = best.directory / "champion.json"
    assert (request.out / "champion.json").read_bytes() == source.read_bytes()
    tuned = load_champion(request.out / "champion_tuned_weights.json")
    assert tuned.tuned_weights is not None
    assert "| seed 1 |" in table
    assert "`wann reproduce here`" in table
    assert [result.seed for result in results] == [1, 2]


def test_what_has_been_done_is_not_done_again(made):
    request, table, results, first = made
    assert first.generations == 12
    listener = Listener()
    again = ReproduceRequest(**{**vars(request), "overwrite": True})
    table_again, results_again = reproduce(again, listener)
    assert listener.generations == 0
    assert table_again == table
    assert results_again == results


def test_champions_are_measured_anew_with_another_protocol(made, tmp_path):
    request, _, results, _ = made
    changed = {
        "protocol": Protocol(episodes=10, tuning_evaluations=2000),
        "out": tmp_path / "other",
        "seeds": (1,),
    }
    listener = Listener()
    _, other = reproduce(ReproduceRequest(**{**vars(request), **changed}), listener)
    assert listener.generations == 0
    assert other[0].scores["champion"]["random_shared_weight"]["episodes"] == 10
    assert results[0].scores["champion"]["random_shared_weight"]["episodes"] == 20


def reproduced_again(made, folder, change):
    """The table, results and words of one seed, done again after a change of its run directory."""
    request = made[0]
    runs = folder / "runs"
    shutil.copytree(request.runs.with_name("kept"), runs)
    change(runs / "tiny-seed1")
    changed = {"runs": runs, "out": folder / "out", "seeds": (1,)}
    listener = Listener()
    table, (result,) = reproduce(ReproduceRequest(**{**vars(request), **changed}), listener)
    assert listener.generations == 0
    return table, result, [text for text in listener.said if text.startswith("warning")]


def edited(**changes):
    """Changes parts of the record of a seed."""

    def change(run):
        content = json.loads((run / RESULT).read_text(encoding="utf-8"))
        for key, value in changes.items():
            if value is None:
                del content[key]
            else:
                content[key] = value
        (run / RESULT).write_text(json.dumps(content), encoding="utf-8")

    return change


def measured(result):
    return result.scores, result.tuned_weights, result.merits


@pytest.mark.parametrize(
    "change",
    [
        edited(tuned_weights={"mean": 999.0, "std": 1.0, "episodes": 20, "connections": 3}),
        edited(merits={}),
        edited(digest="00"),
        lambda run: (run / RESULT).write_text('{"key": ', encoding="utf-8"),
        lambda run: (run / RESULT).write_text("[" * 10_000, encoding="utf-8"),
    ],
    ids=["figure", "part", "digest", "cut", "deep"],
)
def test_figures_that_were_edited_are_measured_anew_and_that_is_said(made, tmp_path, change):
    table, result, warnings = reproduced_again(made, tmp_path, change)
    assert measured(result) == measured(made[2][0])
    assert "999" not in table
    (warning,) = warnings
    assert RESULT in warning
    assert "measured anew" in warning


def test_a_table_says_of_figures_without_a_digest_that_nobody_knows(made, tmp_path):
    change = edited(digest=None)
    table, result, warnings = reproduced_again(made, tmp_path, change)
    assert measured(result) == measured(made[2][0])
    assert not warnings
    words = " ".join(table.split())
    assert "**Seed 1: `reproduction.json` carries no digest: nobody can tell whether" in words
    assert result.digest == ""


def test_a_table_says_that_a_champion_is_not_its_runs(made, tmp_path):
    def change(run):
        shutil.copyfile(run / "champion_small.json", run / "champion.json")

    table, result, warnings = reproduced_again(made, tmp_path / "a", change)
    assert any("champion.json is missing or not the file" in text for text in warnings)
    note = "**Seed 1: `champion.json` is not the file that its run has written.**"
    assert note in " ".join(table.split())
    # once more: it is said for ever
    request = made[0]
    changed = {"runs": tmp_path / "a" / "runs", "out": tmp_path / "b", "seeds": (1,)}
    again, _ = reproduce(ReproduceRequest(**{**vars(request), **changed}), Listener())
    assert note in " ".join(again.split())
    assert result.digest[:12] in again


def test_tuned_weights_that_were_changed_are_tuned_again(made, tmp_path):
    def change(run):
        shutil.copyfile(run / "champion_tuned.json", run / "champion_tuned_weights.json")

    table, result, warnings = reproduced_again(made, tmp_path, change)
    assert len(warnings) == 1
    assert "champion_tuned_weights.json" in warnings[0]
    assert measured(result) == measured(made[2][0])
    assert "is not the file" not in table
    run = made[0].runs.with_name("kept") / "tiny-seed1"
    first, again = (
        load_champion(d / "champion_tuned_weights.json") for d in (run, result.directory)
    )
    assert (again.network, again.tuned_weights) == (first.network, first.tuned_weights)


def test_a_table_holds_the_digests_of_its_figures(made):
    _, table, results, _ = made
    for result in results:
        assert f"seed {result.seed} {result.digest[:12]}" in " ".join(table.split())


@pytest.mark.parametrize("place", ["out", "runs"])
@pytest.mark.parametrize("kind", ["file", "below a file", "link to nothing"])
def test_what_cannot_be_written_is_told_before_the_first_seed(tmp_path, capsys, place, kind):
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "deep")
    folder = {"file": file, "below a file": file / "x", "link to nothing": tmp_path / "link"}[kind]
    places = {"out": tmp_path / "out", "runs": tmp_path / "runs"} | {place: folder}
    words = [f"--{name}={path}" for name, path in places.items()]
    assert main(["reproduce", "cartpole_swingup", "--quick", "--overwrite", *words]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert str(folder) in captured.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_what_is_no_file_is_never_replaced(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "table.md")
    options = ("--quick", "--overwrite", "--out", str(out), "--runs", str(tmp_path / "runs"))
    assert main(["reproduce", "cartpole_swingup", *options]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert "table.md" in captured.err


def test_existing_results_are_kept_unless_told_otherwise(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "champion.json").write_text("mine", encoding="utf-8")
    assert main(["reproduce", "cartpole_swingup", "--quick", "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert "--overwrite" in captured.err
    assert captured.err.count("\n") == 1
    assert (out / "champion.json").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("seeds", ["", "a", "3-1", "1,1", "1-", "-2", "1-99999999"])
def test_wrong_seeds_are_refused_in_one_line(seeds, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["reproduce", "cartpole_swingup", f"--seeds={seeds}"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_task_is_refused(tmp_path, capsys):
    assert main(["reproduce", "chess", "--out", str(tmp_path / "x")]) == 2
    assert "cartpole_swingup" in capsys.readouterr().err


def test_data_of_ones_own_are_asked_for_before_the_first_seed(tmp_path, capsys):
    assert main(["reproduce", "classify", "--runs", str(tmp_path / "runs")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "wann reproduce: error: task 'classify': name your data with --data FILE.npz\n"
    )


def test_data_of_a_run_may_have_moved_but_not_changed(tmp_path):
    digits = load_digits()
    x, y = digits.x_train[:200, 20:26], digits.y_train[:200]
    config = CONFIG.replace("cartpole_swingup", "classify").replace("per_weight = 1", "")
    (tmp_path / "tiny.toml").write_text(config, encoding="utf-8")

    def reproduce_with(file):
        listener = Listener()
        result = reproduce_seed(
            str(tmp_path / "tiny.toml"),
            1,
            tmp_path / "run",
            Protocol(tuning_evaluations=500),
            listener,
            n_workers=1,
            overwrite=False,
            command="",
            place=DataPlace(file=file),
        )
        return result, listener

    here, there, other = (tmp_path / f"{name}.npz" for name in ("here", "there", "other"))
    np.savez(here, x=x, y=y)
    np.savez(other, x=x + 1, y=y)
    first, listener = reproduce_with(here)
    assert listener.generations == 6
    here.rename(there)
    again, listener = reproduce_with(there)
    assert listener.generations == 0
    assert f"{tmp_path / 'run'} is complete already" in listener.said
    assert again == first
    with pytest.raises(RunError, match="holds a run with other settings"):
        reproduce_with(other)


def test_after_a_stop_no_other_champion_is_tuned(monkeypatch):
    tuned = []

    def tune(champion, settings, **_):  # noqa: ARG001
        tuned.append(champion)
        score = Score(0.0, 0.0, 1, {})
        return TunedChampion(champion, score, score, 0.0, 1, "stop", merit=float(len(tuned)))

    monkeypatch.setattr("wann.reproduce.tuned.tune_champion", tune)
    task = make_task("digits")
    champions = {
        name: Champion(network, "digits", task.input_names, task.output_names)
        for name, network in (
            (name, network_from_connections(64, 10, [1] * 75, [(k, 65)]))
            for k, name in enumerate(("champion", "champion_tuned"))
        )
    }
    for is_stopped, expected in ((False, 2), (True, 1)):
        tuned.clear()
        made = tune_the_best(
            task,
            champions,
            TuneSettings(),
            executor=Serial(),
            lineages=[],
            place=USUAL_PLACE,
            should_stop=lambda is_stopped=is_stopped: is_stopped,
        )
        assert len(tuned) == expected
        assert made.champion is tuned[-1]


def test_json_is_one_object(made, monkeypatch, capsys):
    request, _, results, _ = made
    monkeypatch.setattr("wann.reproduce.reproduction.reproduce", lambda *_: ("the table", results))
    assert main(["reproduce", "cartpole_swingup", "--json", "--out", str(request.out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["seed"] for row in told["seeds"]] == [1, 2]


def test_digits_are_reproduced_by_their_accuracy(tmp_path, capsys):
    out = tmp_path / "out"
    places = ("--out", str(out), "--runs", str(tmp_path / "runs"))
    options = ("--quick", "--seeds", "1", "--workers", "1", *places)
    assert main(["reproduce", "digits", *options]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "tuning individual weights by Adam" in text
    assert "Test accuracy in per cent, 355 test images; weights chosen on training data" in text
    assert {path.name for path in out.iterdir()} == {*output_names(ACCURACY)}
    tuned = load_champion(out / "champion_tuned_weights.json")
    assert tuned.provenance["tuning"]["method"] == "adam"
    score = tuned.scores["tuned_weights"]
    assert (score["samples"], score["unit"]) == (355, "per cent")
    champions = [load_champion(out / f"{name}.json") for name in ("champion", "champion_tuned")]
    assert tuned.network in [champion.network for champion in champions]
    # nothing is measured twice
    assert main(["reproduce", "digits", *options, "--overwrite", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seeds"][0]["tuned_weights"]["mean"] == score["mean"]
