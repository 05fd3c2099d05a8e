"""The run directory and the output of ``wann evolve``."""

import csv
import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import tomllib
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

import wann
from tests.cli import runs
from tests.cli.runs import evolve, results
from wann.cli.main import make_parser
from wann.formats.champion import load_champion
from wann.search.config_file import config_from_table
from wann_envs.beside import Beside

TINY = [*runs.TINY, "--generations", "6"]
DOCUMENTED_FILES = {
    *("config.toml", "meta.json", "metrics.csv", "fronts.csv", "checkpoint.npz"),
    *("fitness.png", "fronts.png", "profile.png"),
    *(
        f"champion{which}.{suffix}"
        for which in ("", "_tuned", "_small")
        for suffix in ("json", "png", "svg")
    ),
}
OBJECTIVES = ("mean", "max", "connections", "nodes")


def content(directory):
    return {
        path.relative_to(directory): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("evolve") / "a run"
    assert evolve(*TINY, "--seed", "5", "--out", directory, "--quiet") == 0
    return directory


@pytest.fixture
def without_pictures(monkeypatch):
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)


def test_a_run_leaves_the_documented_files_and_no_others(finished):
    names = {path.name for path in finished.iterdir()}
    # the checkpoint before the last one and the claim of the process
    assert names - {"checkpoint.previous.npz", ".lock"} == DOCUMENTED_FILES


def test_pictures_can_be_read(finished):
    for name in ("champion.png", "champion_tuned.png", "champion_small.png", "fitness.png"):
        with Image.open(finished / name) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert min(picture.size) > 200
    assert ET.parse(finished / "champion.svg").getroot().tag.endswith("svg")


def test_run_that_was_stopped_before_its_first_generation_has_all_files_too(
    tmp_path, monkeypatch, capsys
):
    compile_ = Beside.compile
    monkeypatch.setattr(
        Beside, "compile", lambda beside: (compile_(beside), signal.raise_signal(signal.SIGINT))
    )
    assert evolve(*TINY, "--out", tmp_path / "run") == 130
    captured = capsys.readouterr()
    assert captured.err == ""
    assert f"wann evolve --resume {tmp_path / 'run'}" in captured.out
    # the profile is measured when the run is complete
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= DOCUMENTED_FILES - {"profile.png"}
    assert load_champion(tmp_path / "run").task == "cartpole_swingup"


def test_config_holds_every_setting_of_the_run(finished):
    table = tomllib.loads((finished / "config.toml").read_text(encoding="utf-8"))
    config = config_from_table(table)
    assert (config.task, config.seed) == ("cartpole_swingup", 5)
    assert (config.search.population, config.search.generations) == (16, 6)
    assert (config.weights.n, config.episodes.per_weight) == (4, 1)
    sections = {"search", "species", "mutation", "weights", "episodes", "champion"}
    sections.add("checkpoint")
    assert set(table) == {"task", "seed", *sections}
    # the preset of the task, not only the defaults
    assert config.search.ranking == "three"


@pytest.mark.usefixtures("without_pictures")
def test_config_of_a_run_makes_the_same_run_again(finished, tmp_path):
    evolve("--config", finished / "config.toml", "--out", tmp_path / "again", "--quiet")
    assert results(tmp_path / "again") == results(finished)


@pytest.mark.usefixtures("without_pictures")
def test_another_seed_makes_another_run(finished, tmp_path):
    evolve(*TINY, "--seed", "6", "--out", tmp_path / "other", "--quiet")
    assert results(tmp_path / "other")[1] != results(finished)[1]


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("n_workers", [2, 3])
def test_any_number_of_workers_makes_the_same_run(finished, tmp_path, n_workers):
    evolve(*TINY, "--seed", "5", "--workers", n_workers, "--out", tmp_path / "run", "--quiet")
    assert results(tmp_path / "run") == results(finished)


def test_metrics_have_the_documented_columns_and_a_row_a_generation(finished):
    with (finished / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {
        *("generation", "evaluations", "episodes", "steps", "seconds"),
        *(f"{name}_{which}" for name in OBJECTIVES for which in ("best", "median", "max")),
    }
    assert [int(row["generation"]) for row in rows] == list(range(6))
    assert [int(row["evaluations"]) for row in rows] == [16 * (k + 1) for k in range(6)]
    # 4 weights, 1 episode of each
    assert [int(row["episodes"]) for row in rows] == [16 * 4 * (k + 1) for k in range(6)]


def test_metrics_are_ordered_and_grow(finished):
    with (finished / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    steps = [0.0, *(row["steps"] for row in rows)]
    for row, before, after in zip(rows, steps, steps[1:], strict=False):
        assert 16 * 4 < after - before <= 16 * 4 * 1000
        # the best individual is the one with the largest mean
        assert row["mean_best"] == row["mean_max"] >= row["mean_median"] >= 0
        assert row["max_max"] >= row["max_best"] >= row["mean_best"]
        assert row["connections_max"] >= max(row["connections_best"], row["connections_median"])
        # bias, inputs and output at least
        assert row["nodes_max"] >= row["nodes_best"] >= 7
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


def test_champion_file_can_be_read_by_a_person_and_by_the_package(finished):
    text = (finished / "champion.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert (data["format"], data["version"], data["task"]) == (
        "wann-champion",
        1,
        "cartpole_swingup",
    )
    champion = load_champion(finished)
    assert len(data["connections"]) == champion.network.n_connections
    # one node and one connection a line
    for item in [*data["nodes"], *data["connections"]]:
        assert json.dumps(item, ensure_ascii=False) in text
    names = [node["name"] for node in data["nodes"] if node["kind"] in ("input", "output")]
    assert names == ["x", "x'", "cos θ", "sin θ", "θ'", "force"]
    assert all(node["activation"] for node in data["nodes"])


@pytest.mark.parametrize(
    ("file", "chosen_for"),
    [
        ("champion.json", "random shared weight"),
        ("champion_tuned.json", "best shared weight"),
        ("champion_small.json", "few connections"),
    ],
)
def test_champion_files_hold_scores_with_protocol_and_provenance(finished, file, chosen_for):
    data = json.loads((finished / file).read_text(encoding="utf-8"))
    assert data["provenance"]["chosen_for"] == chosen_for
    scores = data["scores"]
    for name in ("random_shared_weight", "tuned_shared_weight", "random_weights"):
        assert scores[name]["episodes"] >= 200
        assert 0 <= scores[name]["mean"] <= 1000
        assert scores[name]["std"] >= 0
        assert len(scores[name]["protocol"]) > 20
    assert scores["random_shared_weight"]["std_within_weight"] >= 0
    assert -2 <= scores["tuned_shared_weight"]["weight"] <= 2
    assert {len(scores["profile"][key]) for key in ("weights", "mean", "std")} == {41}
    provenance = data["provenance"]
    assert (provenance["seed"], provenance["generation"]) == (5, 6)
    assert provenance["wann"] == wann.__version__
    config = tomllib.loads((finished / "config.toml").read_text(encoding="utf-8"))
    assert provenance["config"] == config


@pytest.mark.usefixtures("without_pictures")
def test_protocol_in_the_champion_file_names_the_weights_that_were_drawn(tmp_path):
    evolve(
        *TINY,
        *("--generations", "2", "--set", "weights.low=-3", "--set", "weights.high=0.5"),
        *("--out", tmp_path / "run", "--quiet"),
    )
    data = json.loads((tmp_path / "run" / "champion.json").read_text(encoding="utf-8"))
    protocol = data["scores"]["random_shared_weight"]["protocol"]
    assert "-3" in protocol
    assert "U(-2, 2)" not in protocol


def test_meta_tells_versions_seed_machine_and_wall_time(finished):
    meta = json.loads((finished / "meta.json").read_text(encoding="utf-8"))
    assert meta["is_complete"] is True
    assert (meta["task"], meta["seed"], meta["generations"]) == ("cartpole_swingup", 5, 6)
    assert meta["workers"] == 1
    assert {"wann", "python", "numpy", "numba", "gymnasium"} <= set(meta["versions"])
    assert meta["machine"]["cores"] >= 1
    parts = meta["seconds"]
    assert {"evaluate", "vary", "rank", "record", "validate"} <= set(parts)
    assert all(value >= 0 for value in parts.values())
    assert meta["wall_seconds"] == pytest.approx(sum(parts.values()), abs=0.01)
    with (finished / "metrics.csv").open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert [meta[key] for key in ("evaluations", "episodes", "steps")] == [
        int(last[key]) for key in ("evaluations", "episodes", "steps")
    ]


def test_meta_holds_the_command_line_that_was_run(finished):
    meta = json.loads((finished / "meta.json").read_text(encoding="utf-8"))
    arguments = ["evolve", *TINY, "--seed", "5", "--out", str(finished), "--quiet"]
    assert meta["commands"] == [shlex.join(["wann", *arguments])]


def test_existing_run_is_refused_and_untouched(finished, capsys):
    before = content(finished)
    assert evolve(*TINY, "--seed", "6", "--out", finished) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    for way_out in ("--resume", "--overwrite", "--out"):
        assert way_out in captured.err
    assert content(finished) == before


@pytest.mark.usefixtures("without_pictures")
def test_overwrite_replaces_the_run_and_keeps_foreign_files(finished, tmp_path):
    directory = tmp_path / "run"
    evolve(*TINY, "--out", directory, "--quiet", "--generations", "8")
    (directory / "notes.txt").write_text("mine", encoding="utf-8")
    (directory / "films").mkdir()
    (directory / "films" / "champion.json").write_text("mine too", encoding="utf-8")
    assert evolve(*TINY, "--seed", "5", "--out", directory, "--overwrite", "--quiet") == 0
    assert results(directory) == results(finished)
    assert (directory / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (directory / "films" / "champion.json").read_text(encoding="utf-8") == "mine too"


@pytest.mark.usefixtures("without_pictures")
def test_a_run_may_go_into_a_directory_that_holds_other_things(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert evolve(*TINY, "--generations", "2", "--out", tmp_path, "--quiet") == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "champion.json").exists()


@pytest.mark.usefixtures("without_pictures")
def test_default_run_directory_is_named_by_task_and_seed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evolve(*TINY, "--generations", "2", "--seed", "12", "--quiet")
    assert (tmp_path / "results" / "cartpole_swingup-seed12" / "champion.json").exists()
    evolve(*TINY, "--generations", "2", "--quiet")
    assert (tmp_path / "results" / "cartpole_swingup-seed0" / "champion.json").exists()


@pytest.mark.usefixtures("without_pictures")
def test_options_go_before_settings_and_settings_before_the_preset(tmp_path):
    settings = [option for option in TINY if option not in ("--task", "cartpole_swingup")]
    evolve(
        *("--config", "cartpole_swingup_paper", *settings, "--generations", "2"),
        *("--set", "generations=3", "--set", "tournament_size=3", "--set", "tournament_size=4"),
        *("--set", "search.activations=['tanh', 'relu']", "--out", tmp_path / "run", "--quiet"),
    )
    table = tomllib.loads((tmp_path / "run" / "config.toml").read_text(encoding="utf-8"))
    config = config_from_table(table)
    assert config.search.ranking == "paper"
    assert config.search.generations == 2
    assert config.search.tournament_size == 4
    assert config.search.activations == ("tanh", "relu")


@pytest.mark.usefixtures("without_pictures")
def test_smallest_searches_run_to_their_end(tmp_path):
    smallest = ["--population", "2", "--generations", "1"]
    few = ["champion.candidates=1", "champion.finalists=1", "hall_of_fame=0", "weights.n=1"]
    options = [part for setting in few for part in ("--set", setting)]
    assert evolve(*TINY, *smallest, *options, "--out", tmp_path / "run", "--quiet") == 0
    assert load_champion(tmp_path / "run").task == "cartpole_swingup"


@pytest.mark.usefixtures("without_pictures")
def test_json_is_one_object_on_stdout_and_nothing_else(tmp_path, capsys):
    directory = tmp_path / "run"
    assert evolve(*TINY, "--out", directory, "--json") == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["run"], told["is_complete"], told["generations"]) == (str(directory), True, 6)
    champion = load_champion(told["champion"])
    assert told["scores"] == champion.scores
    assert told["network"] == {
        "nodes": champion.network.n_nodes,
        "hidden": champion.network.n_hidden,
        "connections": champion.network.n_connections,
    }
    for name in ("champion_tuned", "champion_small"):
        other = load_champion(told[name]["champion"])
        assert told[name]["scores"] == other.scores
        assert told[name]["network"]["connections"] == other.network.n_connections
    assert set(told["files"]) == {
        str(path) for path in directory.iterdir() if not path.name.startswith(".")
    }
    assert "generation 6/6" in captured.err


@pytest.mark.usefixtures("without_pictures")
def test_quiet_prints_nothing(tmp_path, capsys):
    evolve(*TINY, "--out", tmp_path / "run", "--quiet")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("without_pictures")
def test_quiet_json_prints_the_object_alone(tmp_path, capsys):
    evolve(*TINY, "--out", tmp_path / "run", "--quiet", "--json")
    captured = capsys.readouterr()
    assert json.loads(captured.out)["generations"] == 6
    assert captured.err == ""


@pytest.mark.usefixtures("finished")  # the kernels are compiled
def test_output_without_a_terminal_is_plain_lines(tmp_path, capsys):
    directory = tmp_path / "a run"
    evolve(*TINY, "--out", directory)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    assert "\r" not in captured.out
    lines = captured.out.splitlines()
    assert lines[0].startswith("generation 1/6 ")
    assert lines[1].startswith("generation 6/6 ")
    for number in ("mean", "median", "max", "connections", "steps/s", "left"):
        assert number in lines[1]
    for file in ("champion.json", "champion_tuned.json", "champion_small.json"):
        assert re.search(rf"{file} +\d+\.\d ± \d+\.\d +\d+\.\d ± \d+\.\d \(-?\d", captured.out)
    files = next(line for line in lines if line.startswith("files in "))
    assert all(name in files for name in DOCUMENTED_FILES)


@pytest.mark.usefixtures("without_pictures")
def test_lines_name_the_heat(tmp_path, capsys):
    heats = ("--set", "search.heats=2", "--set", "search.heat_generations=2")
    evolve(*TINY, *heats, "--out", tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("generation 1/6 (heat 1/2) ")
    assert lines[1].startswith("generation 6/6 (after the heats) ")


@pytest.mark.usefixtures("without_pictures")
def test_commands_shown_at_the_end_can_be_typed(tmp_path, capsys):
    directory = tmp_path / "a run"
    evolve(*TINY, "--generations", "2", "--out", directory)
    output = capsys.readouterr().out
    # the shell of the tests may or may not find the command
    commands = re.findall(r"^  .*?\bwann (\w+ .*)$", output.partition("next:")[2], re.MULTILINE)
    verbs = set()
    for command in commands:
        args = make_parser().parse_args(shlex.split(command))
        assert args.champion == directory
        verbs.add(args.verb)
    assert verbs == {"replay", "evaluate", "draw"}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """What a run prints on a terminal of 80 columns."""
    directory = tmp_path_factory.mktemp("terminal") / "run"
    own, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "wann", "evolve", *TINY, "--out", str(directory)],
        stdin=other,
        stdout=other,
        stderr=other,
        env=environment | {"TERM": "xterm-256color"},
    )
    os.close(other)
    pieces = []
    while True:
        try:
            piece = os.read(own, 65536)
        except OSError:  # Linux, when the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(own)
    assert process.wait() == 0
    return b"".join(pieces).decode()


def test_a_terminal_gets_a_progress_bar(terminal):
    assert "\x1b[" in terminal
    assert "━" in terminal
    assert re.search(r"6\s*/\s*6", terminal)
    # the cursor is shown again
    assert terminal.rindex("\x1b[?25h") > terminal.rindex("\x1b[?25l")


def test_progress_bar_shows_all_its_numbers_on_80_columns(terminal):
    progress = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.split("three champions")[0])
    assert max(map(len, re.split(r"[\r\n]", progress))) <= 80
    for number in (
        r"mean +-?\d",
        r"median +-?\d",
        r"max +-?\d",
        r"conn[a-z]* +\d",
        r"\d+ M ?steps/s",
        "left",
    ):
        assert re.search(number, progress), f"{number} is not in {progress!r}"
