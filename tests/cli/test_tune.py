"""``wann tune``, and what replay and evaluate do with tuned weights."""

import json
import shutil

import numpy as np
import pytest

from tests.cli.runs import TINY, evolve
from wann.cli.main import main
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.network import network_from_connections
from wann.run.structures import structures_of_run
from wann.tasks.registry import make_task
from wann.tasks.swingup import SwingUpTask

SHORT = ("--evaluations", "3000", "--episodes", "30", "--workers", "1")


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


@pytest.mark.parametrize("method", ["cma", "pepg"])
def test_tuned_weights_are_written_reported_and_replayed(capsys, champion, method):
    code, out, err = run(capsys, "tune", champion, *SHORT, "--method", method, "--json")
    assert code == 0
    assert "exploring" in err
    told = json.loads(out)
    file = champion.with_name("agent_tuned_weights.json")
    assert told["file"] == str(file)
    tuned = load_champion(file)
    assert tuned.network == load_champion(champion).network
    assert len(tuned.tuned_weights) == 4
    assert tuned.scores["tuned_weights"]["mean"] == told["after"]["mean"]
    assert told["after"]["mean"] >= told["before"]["mean"]
    assert told["ended_by"] == "evaluations"
    # the score of the file is that of wann evaluate with the same seed and episodes
    code, out, _ = run(capsys, "evaluate", file, "--episodes", 30, "--seed", 0, "--json")
    assert json.loads(out)["tuned_weights"]["mean"] == told["after"]["mean"]
    assert "tuned weights" in run(capsys, "evaluate", file, "--episodes", 5)[1]
    code, out, _ = run(capsys, "replay", file, "--weight", "tuned", "--seed", 3, "--json")
    assert code == 0
    replayed = json.loads(out)
    assert replayed["weight"] == "tuned"
    shared = json.loads(run(capsys, "replay", file, "--weight", 1, "--seed", 3, "--json")[1])
    assert replayed["episodes"][0]["return"] != shared["episodes"][0]["return"]


def test_the_same_seed_writes_the_same_file(capsys, champion, tmp_path):
    files = [tmp_path / f"{k}.json" for k in range(3)]
    for file, seed, workers in zip(files, (1, 1, 2), (1, 2, 1), strict=True):
        options = ("--seed", seed, "--workers", workers, "-o", file, "--quiet")
        assert run(capsys, "tune", champion, *SHORT, *options) == (0, "", "")
    first, second, other = (file.read_bytes() for file in files)
    assert first == second
    assert first != other


def test_evaluate_gives_the_same_numbers_whatever_the_workers(capsys, champion):
    told = [
        run(capsys, "evaluate", champion, "--episodes", 150, *workers)
        for workers in ((), ("--workers", 1), ("--workers", 2), ("--workers", 3))
    ]
    assert told[0][0] == 0
    assert "shared weight" in told[0][1]
    assert told == [told[0]] * 4


def test_method_shared_refines_the_best_shared_weight(capsys, champion):
    code, out, _ = run(capsys, "tune", champion, "--method", "shared", "--episodes", 50)
    assert code == 0
    assert "best shared weight" in out
    tuned = load_champion(champion.with_name("agent_shared.json"))
    assert tuned.tuned_weights is None
    assert -2 <= tuned.scores["tuned_shared_weight"]["weight"] <= 2


def test_a_time_budget_ends_the_tuning(capsys, champion):
    code, out, _ = run(capsys, "tune", champion, "--seconds", "0.2", "--episodes", "5", "--json")
    assert (code, json.loads(out)["ended_by"]) == (0, "seconds")


def test_existing_files_are_kept_unless_told_otherwise(capsys, champion):
    file = champion.with_name("agent_tuned_weights.json")
    file.write_text("mine", encoding="utf-8")
    code, out, err = run(capsys, "tune", champion, *SHORT)
    assert (code, out) == (2, "")
    assert "--overwrite" in err
    assert file.read_text(encoding="utf-8") == "mine"
    assert run(capsys, "tune", champion, *SHORT, "--overwrite")[0] == 0
    assert load_champion(file).tuned_weights is not None


def test_a_folder_that_is_not_there_is_told_before_the_work(capsys, champion, tmp_path):
    output = tmp_path / "nowhere" / "x.json"
    code, out, err = run(capsys, "tune", champion, "-o", output)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "nowhere" in err


@pytest.mark.parametrize(
    "options",
    [
        ("--seconds", "0"),
        ("--seconds", "nan"),
        ("--evaluations", "0"),
        ("--evaluations", "5", "--seconds", "5"),
        ("--method", "sgd"),
    ],
)
def test_wrong_options_are_refused_in_one_line(capsys, champion, options):
    with pytest.raises(SystemExit) as stop:
        main(["tune", str(champion), *options])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_replay_without_tuned_weights_says_how_to_get_some(capsys, champion):
    code, out, err = run(capsys, "replay", champion, "--weight", "tuned")
    assert (code, out) == (2, "")
    assert "wann tune" in err
    assert err.count("\n") == 1


def test_a_champion_without_connections_is_refused(capsys, tmp_path):
    network = network_from_connections(5, 1, [1] * 7, [])
    path = tmp_path / "empty.json"
    task = SwingUpTask
    save_champion(Champion(network, task.name, task.input_names, task.output_names), path)
    code, _, err = run(capsys, "tune", path)
    assert (code, err.count("\n")) == (2, 1)
    assert "no connections" in err


def test_adam_is_for_classification_only(capsys, champion):
    code, out, err = run(capsys, "tune", champion, "--method", "adam", "--evaluations", 100)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "classification" in err
    assert "shared, cma, pepg" in err
    assert not champion.with_name("agent_tuned_weights.json").exists()


@pytest.fixture(scope="module")
def run_directory(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tuning") / "run"
    assert evolve(*TINY, "--generations", 4, "--out", directory, "--quiet") == 0
    return directory


def test_the_structures_of_a_run_are_tuned_together(capsys, run_directory):
    code, out, _ = run(capsys, "tune", run_directory, *SHORT, "--structure", "front", "--json")
    assert code == 0
    told = json.loads(out)
    file = run_directory / "front_tuned_weights.json"
    assert told["file"] == str(file)
    tuned = load_champion(file)
    assert tuned.network in structures_of_run(run_directory)[0]
    assert told["connections"] == tuned.network.n_connections == len(tuned.tuned_weights)
    code, out, _ = run(capsys, "evaluate", file, "--episodes", 30, "--seed", 0, "--json")
    assert json.loads(out)["tuned_weights"]["mean"] == told["after"]["mean"]


def test_the_first_lineage_of_a_run_is_what_its_champions_were_chosen_from(run_directory):
    lineages = structures_of_run(run_directory)
    assert len(lineages) == 1
    for name in ("champion", "champion_tuned", "champion_small"):
        assert load_champion(run_directory / f"{name}.json").network in lineages[0]
    assert all(network.n_connections for network in lineages[0])


def test_each_heat_of_a_run_is_a_lineage_of_its_own(tmp_path):
    options = ("--set", "heats=3", "--set", "heat_generations=2", "--quiet", "--out", tmp_path)
    assert evolve(*TINY, "--generations", 10, *options) == 0
    lineages = structures_of_run(tmp_path)
    assert len(lineages) == 4
    assert all(1 <= len(lineage) <= 8 for lineage in lineages[1:])


def test_one_champion_has_no_front(capsys, champion, tmp_path):
    code, out, err = run(capsys, "tune", champion, "--structure", "front")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "run directory" in err
    lone = tmp_path / "lone"
    lone.mkdir()
    shutil.copy(champion, lone / "champion.json")
    code, out, err = run(capsys, "tune", lone, "--structure", "front")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "checkpoint" in err


def test_a_shared_weight_is_of_one_structure(capsys, run_directory):
    options = ("--structure", "front", "--method", "shared")
    code, out, err = run(capsys, "tune", run_directory, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "cma, pepg" in err


@pytest.fixture
def classifier(tmp_path):
    """Every class adds some pixels up."""
    task = make_task("digits")
    rng = np.random.default_rng(1)
    pairs = [(int(s), 65 + k) for k in range(10) for s in rng.choice(65, 20, replace=False)]
    network = network_from_connections(64, 10, [1] * 75, pairs)
    path = tmp_path / "digits.json"
    save_champion(Champion(network, task.name, task.input_names, task.output_names), path)
    return path


@pytest.mark.parametrize(("method", "budget"), [("adam", 30000), ("cma", 60000), ("pepg", 60000)])
def test_a_classifier_is_scored_by_its_test_accuracy(capsys, classifier, method, budget):
    options = ("--method", method, "--evaluations", budget, "--workers", 1)
    code, out, err = run(capsys, "tune", classifier, *options, "--json")
    assert code == 0
    assert "%" in err
    told = json.loads(out)
    champion, task = load_champion(told["file"]), make_task("digits")
    x, y = task.data.x_test, task.data.y_test
    rows = np.concatenate([np.ones((len(x), 1)), x], axis=1, dtype=np.float64)
    outputs = np.zeros((len(x), 10))
    network = champion.network
    for edge, weight in enumerate(champion.tuned_weights):
        target = network.edge_target[edge] - 65
        outputs[:, target] += weight * rows[:, network.edge_source[edge]]
    accuracy = 100 * np.mean(outputs.argmax(axis=1) == y)
    assert told["after"]["mean"] == pytest.approx(accuracy)
    assert told["after"] == {"mean": told["after"]["mean"], "samples": 355, "unit": "per cent"}
    score = dict(champion.scores["tuned_weights"])
    assert "on the training samples" in score.pop("protocol")
    # the file says what wann evaluate says
    assert score == told["after"]
    assert run(capsys, "evaluate", told["file"], "--json")[0] == 0
    if method == "adam":
        assert told["after"]["mean"] > max(80, told["before"]["mean"])
