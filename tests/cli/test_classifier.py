"""A run on a classification task, and the verbs that use its champions."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.cli.runs import evolve
from wann.cli.main import main
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.network import network_from_connections
from wann.run.metrics import Row
from wann.run.progress import _numbers
from wann.run.structures import structures_of_run
from wann.tasks.measure import ACCURACY
from wann.tasks.registry import make_task
from wann.view.panels import save_figure

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
    pictures = ("champion", "profile", "classes", "confusion", "fitness", "fronts")
    assert {path.stem for path in run.glob("*.png")} >= {*pictures}


def test_progress_tells_losses_and_samples(tmp_path, capsys):
    assert evolve(*SETTINGS, "--out", tmp_path / "run") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "generation" in line]
    assert "loss " in lines[0]
    assert "predictions/s" in lines[0]
    assert "return" not in lines[0]
    # the bar shows it in a terminal of 80 columns
    row = Row(5999, *[10**9] * 3, *[-0.2137] * 6, 2378, 2377.0, 2500, 999, 999.0, 999, 500.0)
    assert len(_numbers(row, ACCURACY, 2.84e8, 0)) <= 80


def test_a_run_has_the_softmax_of_its_preset_also_when_it_goes_on(run, tmp_path):
    assert "temperature_power = 2.0" in (run / "config.toml").read_text(encoding="utf-8")
    part = tmp_path / "part"
    assert evolve(*SETTINGS, "--out", part, "--quiet", "--set", "weights.temperature=1") == 0
    scores = [(path / "metrics.csv").read_text(encoding="utf-8") for path in (run, part)]
    assert scores[0] != scores[1]
    half = tmp_path / "half"
    assert evolve(*SETTINGS, "--generations", 2, "--out", half, "--quiet") == 0
    resume = ("evolve", "--resume", half, "--generations", 3, "--workers", 1, "--quiet")
    assert main([*map(str, resume)]) == 0
    assert without_seconds(half / "metrics.csv") == without_seconds(run / "metrics.csv")
    assert structures_of_run(run)


def without_seconds(path):
    return [line.rpartition(",")[0] for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_evaluation_has_the_documented_keys_and_those_of_the_run(run, tmp_path, capsys):
    champion = load_champion(run / "champion.json")
    tuned = (0.5,) * champion.network.n_connections
    file = tmp_path / "tuned.json"
    save_champion(type(champion)(**vars(champion) | {"tuned_weights": tuned}), file)
    assert main(["evaluate", str(file), "--seed", "0", "--json"]) == 0
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


# plot


def images_of(figure):
    """The arrays of the images by their names."""
    return {
        image.get_gid(): np.asarray(image.get_array())
        for axes in figure.axes
        for image in axes.images
    }


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, by the name of their file."""
    drawn = {}

    def keep(draw, path):
        save_figure(lambda: drawn.setdefault(path.name, draw()), path)

    for module in ("class_plots", "profile", "curves", "fronts"):
        monkeypatch.setattr(f"wann.view.{module}.save_figure", keep)
    return drawn


def test_plots_of_a_run_replace_its_pictures_and_nothing_else(run, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    before = {path.name for path in copy.iterdir()}
    names = ("fitness", "fronts", "profile", "classes", "confusion")
    for name in names:
        (copy / f"{name}.png").write_bytes(b"old")
    assert main(["plot", str(copy)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [f"wrote {copy / name}.png" for name in names]
    assert captured.err == ""
    assert {path.name for path in copy.iterdir()} == before
    for name in names:
        with Image.open(copy / f"{name}.png") as picture:
            picture.load()
            assert min(picture.size) > 400


def test_plots_show_what_an_evaluation_measures(run, tmp_path, capsys, figures):
    champion = run / "champion.json"
    assert main(["plot", str(champion), "-o", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(champion), "--seed", "0", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    images = images_of(figures["champion_classes.png"])
    by_class = scores["per_class"]
    # from -3 to 3 where the evaluation goes from -2 to 2, both in steps of 0.1
    np.testing.assert_array_equal(images["accuracy of classes"][10:51], by_class["accuracy"])
    np.testing.assert_array_equal(images["ensemble of classes"][0], by_class["ensemble"])
    mean = scores["profile"]["mean"]
    np.testing.assert_allclose(images["accuracy of all"][10:51, 0], mean, rtol=1e-12)
    (axes,) = figures["champion_profile.png"].axes
    lines = {line.get_gid(): line.get_data() for line in axes.lines}
    np.testing.assert_allclose(lines["mean"][1][10:51], mean, rtol=1e-12)
    assert lines["ensemble"][1][0] == pytest.approx(scores["ensemble"]["mean"], rel=1e-12)
    (axes,) = figures["champion_confusion.png"].axes
    written = {text.get_position(): text.get_text() for text in axes.texts}
    for row, counts in enumerate(scores["confusion"]["ensemble"]):
        for column, count in enumerate(counts):
            assert written.get((column, row), "0") == str(count)
    assert f"{scores['ensemble']['mean']:.1f} %" in axes.get_title(loc="left")


def test_pictures_of_a_run_are_those_of_its_champion_file(tmp_path, figures):
    assert evolve(*SETTINGS, "--out", tmp_path / "run", "--quiet") == 0
    scores = load_champion(tmp_path / "run").scores
    images = images_of(figures["classes.png"])
    np.testing.assert_array_equal(images["accuracy of classes"], scores["per_class"]["accuracy"])
    assert "confusion.png" in figures
    for name in ("fitness.png", "fronts.png"):
        axes = figures[name].axes[0]
        assert axes.get_yscale() == "log"
        assert "cross-entropy" in axes.get_ylabel()


@pytest.mark.parametrize("what", ["profile", "classes", "confusion"])
def test_one_plot_alone_goes_where_it_is_told(run, tmp_path, capsys, what):
    file = tmp_path / "mine.svg"
    assert main(["plot", str(run), "--what", what, "-o", str(file)]) == 0
    assert capsys.readouterr().out == f"wrote {file}\n"
    assert file.read_text(encoding="utf-8").startswith("<?xml")


def test_champion_file_without_scores_is_measured(run, tmp_path, figures):
    champion = load_champion(run)
    file = tmp_path / "bare.json"
    save_champion(type(champion)(**vars(champion) | {"scores": {}, "provenance": {}}), file)
    assert main(["plot", str(file)]) == 0
    assert {path.name for path in tmp_path.glob("*.png")} == {
        f"bare_{name}.png" for name in ("profile", "classes", "confusion")
    }
    # the task tells that they are accuracies, where the file says nothing
    (axes,) = figures["bare_profile.png"].axes
    assert axes.get_ylabel() == "accuracy in %, ± standard error,\n355 test samples"


def test_plot_without_the_data_is_an_error_of_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path / "none"))
    task = make_task("mnist")
    network = network_from_connections(256, 10, [1] * 267, [(1, 257)])
    file = tmp_path / "champion.json"
    save_champion(Champion(network, "mnist", task.input_names, task.output_names), file)
    assert main(["plot", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1].startswith("wann plot: error: ")
    assert "WANN_DATA_DIR" in captured.err
    assert not list(tmp_path.glob("*.png"))
    # a drawing needs no data
    assert main(["draw", str(file)]) == 0
    assert (tmp_path / "champion.png").exists()


# draw


def test_champion_is_drawn_as_a_grid_and_on_demand_as_a_graph(run, tmp_path):
    champion = run / "champion.json"
    for style in ("auto", "grid", "graph"):
        file = str(tmp_path / f"{style}.svg")
        assert main(["draw", str(champion), "--style", style, "-o", file]) == 0
    made = {path.stem: path.read_bytes() for path in tmp_path.iterdir()}
    assert made["auto"] == made["grid"] == (run / "champion.svg").read_bytes()
    assert b"pixels of output 9" in made["grid"]
    assert b"pixels of output" not in made["graph"]


def test_the_bench_can_measure_the_population_of_a_run(run, capsys):
    assert main(["bench", "digits", "--run", str(run), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["settings"] == {"task": "digits", "population": 24, "weights": 6, "batch": 300}
    assert made["late"]["unique_nodes"] < made["late"]["nodes"]
    for arguments in (["bench", "mnist", "--run", str(run)], ["bench", "--run", str(run)]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1
