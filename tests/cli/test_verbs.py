"""The verbs that use a champion, and the help."""

import importlib.metadata
import json
import math
import re
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

import wann
from wann.cli.main import VERBS, main, make_parser
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.registry import make_task

INPUTS = ("x", "x'", "cos θ", "sin θ", "θ'")


def champion_of(hidden, connections, weight=None):
    """A champion whose nodes 6, 7, ... are hidden; the last node is the output."""
    activations = [Activation.LINEAR] * 6 + hidden + [Activation.LINEAR]
    network = network_from_connections(5, 1, activations, connections)
    scores = {} if weight is None else {"tuned_shared_weight": {"weight": weight}}
    return Champion(network, "cartpole_swingup", INPUTS, ("force",), scores)


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    """A champion file with nodes of many kinds, in a folder of its own."""
    path = tmp_path_factory.mktemp("verbs") / "run" / "champion.json"
    path.parent.mkdir()
    kinds = [Activation.TANH, Activation.SIN, Activation.GAUSS, Activation.ABS, Activation.INVERSE]
    connections = [
        *((5, 6), (3, 6), (1, 7), (6, 7), (4, 8), (0, 8), (7, 9), (2, 9), (8, 10)),
        *((6, 11), (7, 11), (9, 11), (10, 11)),
    ]
    save_champion(champion_of(kinds, connections, weight=-0.66), path)
    return path


@pytest.fixture(scope="module")
def runaway(tmp_path_factory):
    """A champion that pushes to one side until the cart leaves the track."""
    path = tmp_path_factory.mktemp("runaway") / "champion.json"
    save_champion(champion_of([], [(0, 6)], weight=2.0), path)
    return path


@pytest.fixture
def told(capsys):
    """Runs a verb that must succeed; returns what it prints, parsed where it is JSON."""

    def run(*arguments):
        assert main([str(argument) for argument in arguments]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return json.loads(captured.out) if "--json" in arguments else captured.out

    return run


# evaluate


@pytest.fixture(scope="module")
def evaluation(champion):
    process = subprocess.run(
        [
            *(sys.executable, "-m", "wann", "evaluate", str(champion)),
            *("--episodes", "30", "--seed", "7", "--json"),
        ],
        capture_output=True,
        text=True,
    )
    assert (process.returncode, process.stderr) == (0, "")
    return json.loads(process.stdout)


def test_evaluation_has_the_documented_keys_and_shapes(evaluation):
    assert set(evaluation) == {
        *("task", "seed", "network", "profile"),
        *("random_weights", "random_shared_weight", "tuned_shared_weight"),
    }
    score = {"mean", "std", "episodes"}
    assert set(evaluation["random_weights"]) == score
    assert set(evaluation["random_shared_weight"]) == score | {"std_within_weight"}
    assert set(evaluation["tuned_shared_weight"]) == score | {"weight"}
    assert set(evaluation["profile"]) == {"weights", "mean", "std", "episodes"}
    assert {len(evaluation["profile"][key]) for key in ("weights", "mean", "std")} == {41}
    assert (evaluation["task"], evaluation["seed"]) == ("cartpole_swingup", 7)
    assert evaluation["network"] == {"nodes": 12, "hidden": 5, "connections": 13}


def test_evaluation_tells_its_episodes_and_plausible_scores(evaluation):
    for name in ("random_weights", "random_shared_weight", "tuned_shared_weight"):
        score = evaluation[name]
        assert score["episodes"] == 30
        assert 0 <= score["mean"] <= 1000
        assert 0 <= score["std"] <= 500
    weight = evaluation["tuned_shared_weight"]["weight"]
    assert -2 <= weight <= 2
    assert weight / 0.02 == pytest.approx(round(weight / 0.02), abs=1e-9)
    profile = evaluation["profile"]
    assert profile["weights"] == pytest.approx(np.linspace(-2, 2, 41), abs=1e-9)
    within = math.sqrt(np.mean(np.square(profile["std"])))
    assert evaluation["random_shared_weight"]["std_within_weight"] == pytest.approx(within)


def test_evaluation_of_the_same_seed_is_the_same_in_another_process(evaluation, told, champion):
    again = told("evaluate", champion, "--episodes", 30, "--seed", 7, "--json")
    assert again == evaluation


def test_evaluation_of_another_seed_differs(evaluation, told, champion):
    other = told("evaluate", champion, "--episodes", 30, "--seed", 8, "--json")
    for name in ("random_weights", "random_shared_weight", "profile"):
        assert other[name]["mean"] != evaluation[name]["mean"]


def test_run_directory_and_champion_file_are_evaluated_alike(evaluation, told, champion):
    again = told("evaluate", champion.parent, "--episodes", 30, "--seed", 7, "--json")
    assert again == evaluation


def test_evaluation_as_text_shows_the_same_numbers(evaluation, told, champion):
    text = told("evaluate", champion, "--episodes", 30, "--seed", 7)
    assert "5 hidden nodes, 13 connections" in text
    for name in ("random_weights", "random_shared_weight", "tuned_shared_weight"):
        line = next(line for line in text.splitlines() if name.replace("_", " ") in line)
        mean, std = evaluation[name]["mean"], evaluation[name]["std"]
        assert re.search(rf" {mean:.1f} ± +{std:.1f} +30$", line)
    assert f"({evaluation['tuned_shared_weight']['weight']:.2f})" in text


def test_all_champions_of_a_run_are_evaluated_side_by_side(told, tmp_path, champion, runaway):
    files = {"champion": champion, "champion_tuned": runaway, "champion_small": champion}
    for name, file in files.items():
        (tmp_path / f"{name}.json").write_bytes(file.read_bytes())
    options = ("--episodes", 20, "--seed", 3)
    content = told("evaluate", tmp_path, *options, "--json")
    best = told("evaluate", champion, *options, "--json")
    other = told("evaluate", runaway, *options, "--json")
    assert content["champion_tuned"] == {k: other[k] for k in content["champion_tuned"]}
    assert content["champion_small"] == {k: best[k] for k in content["champion_small"]}
    assert {k: v for k, v in content.items() if not k.startswith("champion_")} == best
    text = told("evaluate", tmp_path, *options)
    for name, scores in (("champion", best), ("champion_tuned", other), ("champion_small", best)):
        line = next(line for line in text.splitlines() if line.startswith(f"  {name}.json"))
        for score in ("random_shared_weight", "tuned_shared_weight", "random_weights"):
            assert f"{scores[score]['mean']:.1f} ± {scores[score]['std']:.1f}" in line
        assert line.split()[-2:] == [
            str(scores["network"]["hidden"]),
            str(scores["network"]["connections"]),
        ]


def test_evaluation_leaves_no_files(told, runaway):
    told("evaluate", runaway, "--episodes", 1)
    assert [path.name for path in runaway.parent.iterdir()] == ["champion.json"]


# replay


@pytest.mark.parametrize(("weight", "seed"), [(1.5, 0), (-0.66, 40), (-2.0, 123_456)])
def test_replay_has_the_bits_of_the_compiled_rollout(told, champion, weight, seed):
    told_ = told(
        *("replay", champion, f"--weight={weight}", "--seed", seed, "--episodes", 3, "--json")
    )
    task = make_task("cartpole_swingup")
    rollouts = task.rollout(
        stack_networks([load_champion(champion).network]),
        np.full(3, weight),
        task.trials_of_seeds(seed, 3),
    )
    assert [episode["return"] for episode in told_["episodes"]] == rollouts.returns[0].tolist()
    assert [episode["steps"] for episode in told_["episodes"]] == rollouts.steps[0].tolist()
    assert [episode["seed"] for episode in told_["episodes"]] == [seed, seed + 1, seed + 2]
    assert told_["weight"] == weight


def test_replay_prints_a_line_for_each_episode(told, runaway):
    text = told("replay", runaway, "--weight", "2", "--episodes", 2, "--seed", 5)
    rows = told("replay", runaway, "--weight", "2", "--episodes", 2, "--seed", 5, "--json")
    lines = [line for line in text.splitlines() if "episode" in line]
    assert "shared weight 2" in text
    assert len(lines) == len(rows["episodes"]) == 2
    for line, row in zip(lines, rows["episodes"], strict=True):
        assert f"{row['return']:.3f}" in line
        assert f"seed {row['seed']}" in line
        assert f"steps {row['steps']}" in line
        assert row["steps"] < 200


@pytest.mark.parametrize("options", [[], ["--weight", "best"]])
def test_best_weight_is_the_tuned_one_of_the_file(told, champion, options):
    assert told("replay", champion, *options, "--json")["weight"] == -0.66


def test_best_weight_is_found_by_a_sweep_where_the_file_has_none(told, evaluation, tmp_path):
    # the network of the evaluation, without its scores
    path = tmp_path / "champion.json"
    save_champion(champion_of([Activation.TANH], [(3, 6), (6, 7), (5, 7)]), path)
    tuned = told("evaluate", path, "--episodes", 1, "--json")["tuned_shared_weight"]["weight"]
    assert told("replay", path, "--weight", "best", "--json")["weight"] == tuned
    assert evaluation["tuned_shared_weight"]["weight"] != tuned


@pytest.mark.parametrize("weight", ["-1.5", "-.5", "-1e-1", "-2E0"])
def test_negative_weights_can_be_given_as_separate_words(told, runaway, weight):
    assert told("replay", runaway, "--weight", weight, "--json")["weight"] == float(weight)


def test_weights_beyond_any_sense_give_the_return_of_the_rollout(told, champion):
    row = told("replay", champion, "--weight", "1e300", "--json")["episodes"][0]
    task = make_task("cartpole_swingup")
    rollouts = task.rollout(
        stack_networks([load_champion(champion).network]),
        np.array([1e300]),
        task.trials_of_seeds(0, 1),
    )
    assert row["return"] == rollouts.returns[0, 0]


def test_gif_has_the_frames_of_the_episode(told, runaway, tmp_path):
    path = tmp_path / "away.gif"
    rows = told("replay", runaway, "--weight", "2", "--gif", path, "--json")
    assert rows["file"] == str(path)
    steps = rows["episodes"][0]["steps"]
    with Image.open(path) as film:
        assert film.format == "GIF"
        assert film.n_frames >= steps / 100 * 20
        milliseconds = 0
        for k in range(film.n_frames):
            film.seek(k)
            milliseconds += film.info["duration"]
        first, last = film.size, film.convert("RGB").getextrema()
    # in real time, and a last frame that stays
    assert 10 * steps <= milliseconds <= 10 * steps + 2500
    assert min(first) >= 200
    assert max(high - low for low, high in last) > 100
    assert [p.name for p in tmp_path.iterdir()] == ["away.gif"]


def test_mp4_has_the_frames_of_the_episode(told, runaway, tmp_path):
    path = tmp_path / "away.mp4"
    text = told("replay", runaway, "--weight", "2", "--mp4", path)
    assert f"wrote {path}" in text
    steps = int(re.search(r"steps (\d+)", text)[1])
    n_frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert n_frames >= steps / 100 * 20
    assert seconds == pytest.approx(steps / 100, abs=0.2)


def test_film_replaces_an_older_one(told, runaway, tmp_path):
    path = tmp_path / "away.gif"
    path.write_bytes(b"old")
    told("replay", runaway, "--weight", "2", "--gif", path)
    assert path.read_bytes().startswith(b"GIF8")


def test_window_without_a_screen_names_the_way_out(champion, capsys, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert main(["replay", str(champion), "--human"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "screen" in captured.err
    assert "--gif" in captured.err


# draw


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG\r\n\x1a\n"), (".svg", b"<?xml"), (".pdf", b"%PDF-")]
)
def test_drawing_has_the_kind_that_its_name_says(told, champion, tmp_path, suffix, start):
    path = tmp_path / f"network{suffix}"
    assert told("draw", champion, "-o", path) == f"wrote {path}\n"
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_grid_of_a_champion_without_an_image_is_an_error_of_one_line(capsys, champion, tmp_path):
    file = tmp_path / "x.png"
    assert main(["draw", str(champion), "--style", "grid", "-o", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("wann draw: error: ")
    assert "--style graph" in captured.err
    assert not file.exists()


def test_drawing_of_the_same_champion_has_the_same_bytes(told, champion, tmp_path):
    for name in ("a.svg", "b.svg"):
        told("draw", champion.parent, "-o", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_title_changes_the_drawing(told, champion, tmp_path):
    for name, title in (("plain.svg", []), ("titled.svg", ["--title", "swing $ up"])):
        told("draw", champion, "-o", tmp_path / name, *title)
        assert ET.parse(tmp_path / name).getroot().tag.endswith("svg")
    assert (tmp_path / "plain.svg").read_bytes() != (tmp_path / "titled.svg").read_bytes()


def test_drawing_goes_beside_the_champion_if_nobody_says_where(told, runaway, tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes(runaway.read_bytes())
    told("draw", path)
    with Image.open(tmp_path / "mine.png") as picture:
        picture.load()


def test_drawing_of_a_run_replaces_its_picture(told, runaway, tmp_path):
    (tmp_path / "champion.json").write_bytes(runaway.read_bytes())
    (tmp_path / "champion.png").write_bytes(b"old")
    told("draw", tmp_path)
    assert (tmp_path / "champion.png").read_bytes().startswith(b"\x89PNG")


# tasks


def test_tasks_tell_inputs_outputs_and_episode_length(told):
    text = told("tasks")
    for word in ("cartpole_swingup", *INPUTS, "force", "1000", "cartpole_swingup_paper"):
        assert word in text


def test_tasks_as_json_can_be_made_and_their_presets_read(told):
    rows = {row["name"]: row for row in told("tasks", "--json")}
    for name, row in rows.items():
        task = make_task(name)
        assert tuple(row["inputs"]) == task.input_names
        assert tuple(row["outputs"]) == task.output_names
        # wann evolve --task and wann reproduce --quick
        assert {name, f"{name}_quick"} <= set(row["presets"])
    row = rows["cartpole_swingup"]
    assert tuple(row["inputs"]) == INPUTS
    assert (row["episode_steps"], row["env_id"]) == (1000, "wann/CartPoleSwingUp-v0")
    assert set(row["presets"]) >= {
        *("cartpole_swingup", "cartpole_swingup_paper", "cartpole_swingup_quick")
    }


# help

VERB_NAMES = [verb.__name__.rpartition(".")[2].rstrip("_") for verb in VERBS]


def test_verbs_are_those_of_the_specification():
    assert set(VERB_NAMES) == {
        *("evolve", "evaluate", "replay", "draw", "plot", "tune"),
        *("import", "export", "reproduce", "tasks", "bench"),
    }


@pytest.mark.parametrize("verb", VERB_NAMES)
def test_help_of_every_verb_has_an_example_that_can_be_typed(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text
    command = next(line for line in text.splitlines() if line.startswith(f"  wann {verb}"))
    assert make_parser().parse_args(shlex.split(command)[1:]).verb == verb


def test_help_names_every_verb_and_where_to_start(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for verb in VERB_NAMES:
        assert re.search(rf"^ +{verb} +\w", text, re.MULTILINE)
    command = re.search(r"wann evolve .*", text)[0]
    assert make_parser().parse_args(shlex.split(command)[1:]).verb == "evolve"


def test_version_is_shown(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"wann {wann.__version__}\n"


def test_help_is_fast_and_imports_nothing_heavy():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "wann", "--help"],
            capture_output=True,
            text=True,
        )
        seconds.append(time.perf_counter() - start)
        assert process.returncode == 0
        assert process.stdout.startswith("usage: wann")
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in process.stderr.splitlines()
    }
    heavy = {"numpy", "numba", "matplotlib", "gymnasium", "networkx", "rich", "pygame", "PIL"}
    assert not imported & heavy
    assert min(seconds) < 0.3


def test_console_script_is_the_command_line():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="wann")
    assert script.load() is main
