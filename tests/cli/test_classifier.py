"""A run on a classification task, and the verbs that use its champions."""

import json

import pytest

from tests.cli.runs import evolve
from wann.cli.main import main
from wann.formats.champion import load_champion, save_champion

SETTINGS = (
    *("--task", "digits", "--population", 24, "--generations", 3, "--workers", 1),
    *("--set", "episodes.per_weight=300"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("classifier") / "run"
    assert evolve(*SETTINGS, "--out", directory, "--quiet") == 0
    return directory


def test_a_run_writes_test_accuracies_and_how_they_were_measured(run):
    for name in ("champion", "champion_tuned", "champion_small"):
        scores = load_champion(run / f"{name}.json").scores
        for key in ("random_shared_weight", "tuned_shared_weight", "ensemble"):
            assert 0 <= scores[key]["mean"] <= 100
            assert scores[key]["samples"] == 355
            assert "test part" in scores[key]["protocol"]
    assert {path.name for path in run.glob("*.png")} >= {"champion.png", "profile.png"}


def test_an_evaluation_has_the_documented_keys_and_those_of_the_run(run, tmp_path, capsys):
    champion = load_champion(run / "champion.json")
    tuned = (0.5,) * champion.network.n_connections
    file = tmp_path / "tuned.json"
    save_champion(type(champion)(**vars(champion) | {"tuned_weights": tuned}), file)
    assert main(["evaluate", str(file), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {*made} == {
        *("task", "seed", "network", "profile", "per_class", "confusion"),
        *("random_shared_weight", "tuned_shared_weight", "ensemble", "tuned_weights"),
    }
    assert {"mean", "std"} <= {*made["random_shared_weight"]}
    assert {"mean", "weight"} <= {*made["tuned_shared_weight"]}
    assert {"mean", "majority_vote"} <= {*made["ensemble"]}
    assert 0 <= made["tuned_weights"]["mean"] <= 100
    for key in ("random_shared_weight", "tuned_shared_weight", "ensemble"):
        assert made[key]["mean"] == champion.scores[key]["mean"]


def test_the_table_shows_scores_classes_and_confusion(run, capsys):
    assert main(["evaluate", str(run / "champion.json")]) == 0
    text = capsys.readouterr().out
    for words in ("random shared weight", "ensemble, majority vote", "accuracy at weight"):
        assert words in text
    assert text.count("a row for each label") == 2
    assert main(["evaluate", str(run)]) == 0
    assert "accuracy on the test part in per cent" in capsys.readouterr().out


def test_a_replay_is_an_error_of_one_line(run, capsys):
    assert main(["replay", str(run)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "task 'digits' has no environment to replay" in captured.err
