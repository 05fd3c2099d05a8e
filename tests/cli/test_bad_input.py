"""Bad input: one line on stderr, exit code 2, no traceback, and every file as it was."""

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from wann.cli.main import main

TINY = [
    *("--task", "cartpole_swingup", "--population", "16", "--generations", "4", "--workers", "1"),
    *("--set", "weights.n=4", "--set", "episodes.per_weight=1"),
    *("--set", "champion.validation_episodes=200", "--set", "champion.final_episodes=200"),
]
CHAMPION = {
    "format": "wann-champion",
    "version": 1,
    "task": "cartpole_swingup",
    "nodes": [
        {"id": 0, "kind": "bias", "name": "bias", "activation": "linear"},
        *(
            {"id": i + 1, "kind": "input", "name": name, "activation": "linear"}
            for i, name in enumerate(["x", "x'", "cos θ", "sin θ", "θ'"])
        ),
        {"id": 20, "kind": "hidden", "activation": "tanh"},
        {"id": 21, "kind": "hidden", "activation": "sin"},
        {"id": 30, "kind": "output", "name": "force", "activation": "linear"},
    ],
    "connections": [
        {"source": 1, "target": 20},
        {"source": 4, "target": 20},
        {"source": 20, "target": 21},
        {"source": 20, "target": 30},
        {"source": 21, "target": 30},
    ],
    "scores": {},
    "provenance": {},
}


def content(directory):
    return {
        path: path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def run(capsys):
    """Runs a command line: exit code and output; an exception is a traceback."""

    def run_main(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as error:
            code = error.code
        return code, capsys.readouterr()

    return run_main


@pytest.fixture
def refused(run, tmp_path, monkeypatch):
    """Runs a command line that must be refused; returns the line on stderr."""
    monkeypatch.chdir(tmp_path)

    def check(*arguments):
        before = content(tmp_path)
        code, captured = run(*arguments)
        assert code == 2
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert captured.err.endswith("\n")
        assert captured.err.startswith("wann")
        assert content(tmp_path) == before
        return captured.err

    return check


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bad_input") / "run"
    assert main(["evolve", *TINY, "--out", str(directory), "--quiet"]) == 0
    return directory


def write_champion(path, **changes):
    path.write_text(json.dumps(CHAMPION | changes), encoding="utf-8")
    return path


# the command line


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["evolv"],
        ["evaluate"],
        ["evolve", "--taks", "cartpole_swingup"],
        ["evaluate", "a", "b"],
        ["evaluate", "a", "b\nc"],
        ["evolve", "--task", "cartpole_swingup", "--seed", "-1"],
        ["evolve", "--task", "cartpole_swingup", "--seed", "1.5"],
        ["evolve", "--task", "cartpole_swingup", "--workers", "0"],
        ["evolve", "--task", "cartpole_swingup", "--workers", "two"],
        ["evolve", "--task", "cartpole_swingup", "--generations", "0"],
        ["evolve", "--task", "cartpole_swingup", "--population", "1"],
        ["evolve", "--task", "cartpole_swingup", "--population", ""],
        ["evaluate", "champion.json", "--episodes", "0"],
        ["evaluate", "champion.json", "--seed", "-1"],
        ["replay", "champion.json", "--episodes", "nan"],
        ["replay", "champion.json", "--seed", "-1"],
        ["replay", "champion.json", "--weight", "nan"],
        ["replay", "champion.json", "--weight", "inf"],
        ["replay", "champion.json", "--weight", "1e999"],
        ["replay", "champion.json", "--weight", "wurst"],
        ["replay", "champion.json", "--human", "--gif", "a.gif"],
        ["replay", "champion.json", "--mp4", "a.mp4", "--gif", "a.gif"],
        ["draw", "champion.json", "-o"],
    ],
    ids=lambda arguments: repr(" ".join(arguments)),
)
def test_wrong_arguments_name_the_place_where_help_is(refused, tmp_path, arguments):
    write_champion(tmp_path / "champion.json")
    error = refused(*arguments)
    assert "error: " in error
    assert "--help" in error


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seed", "-1"), ("--workers", "0"), ("--generations", "0"), ("--population", "x")],
)
def test_wrong_numbers_are_named_with_their_option(refused, option, value):
    error = refused("evolve", "--task", "cartpole_swingup", option, value)
    assert option in error
    assert repr(value) in error


# tasks, presets, keys and values


def test_unknown_options_are_told_by_the_verb_with_the_nearest_known_one(refused):
    error = refused("evolve", "--taks", "cartpole_swingup")
    assert error.startswith("wann evolve: error: unrecognized arguments: --taks")
    assert "did you mean '--task'?" in error


def test_evolve_without_task_or_config_says_what_to_give(refused):
    assert "--task" in refused("evolve")


def test_unknown_task_is_told_with_the_known_ones(refused, tmp_path):
    error = refused("evolve", "--task", "cartpole_swngup", "--out", tmp_path / "run")
    assert "'cartpole_swngup'" in error
    assert "did you mean 'cartpole_swingup'?" in error
    assert not (tmp_path / "run").exists()


def test_unknown_preset_is_told_with_the_known_ones(refused, tmp_path):
    error = refused("evolve", "--config", "cartpole_quick", "--out", tmp_path / "run")
    assert "'cartpole_quick'" in error
    assert "cartpole_swingup_quick" in error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "fragments"),
    [
        ("search.populatoin=8", ["'search.populatoin'", "did you mean 'search.population'"]),
        ("search=8", ["'search'", "allowed"]),
        ("wurst=8", ["'wurst'", "mutation.add_node"]),
        ("=8", ["''", "allowed"]),
        ("population", ["key=value"]),
        ("population=1", ["search.population = 1", "from 2"]),
        ("population=many", ["search.population = 'many'", "an integer"]),
        ("population=8.0", ["search.population = 8.0", "an integer"]),
        ("population=true", ["search.population = True", "an integer"]),
        ("seed=-1", ["seed = -1", "from 0"]),
        ("seed=9223372036854775808", ["seed = 9223372036854775808"]),
        ("cull_fraction=1.0", ["search.cull_fraction = 1.0", "0.99"]),
        ("elite_fraction=-0.1", ["search.elite_fraction = -0.1", "from 0"]),
        ("initial_enable_probability=1.5", ["search.initial_enable_probability = 1.5"]),
        ("checkpoint.seconds=nan", ["checkpoint.seconds = nan", "finite"]),
        ("add_node=inf", ["mutation.add_node = inf", "finite"]),
        ("add_node=-1", ["mutation.add_node = -1", "from 0"]),
        ("ranking=best", ["search.ranking = 'best'", "'paper', 'three'"]),
        ("precision=float16", ["episodes.precision = 'float16'", "'float32'"]),
        ("activations=['tanh', 'swish']", ["unknown activation 'swish'", "sigmoid"]),
        ("activations=[]", ["search.activations = []", "a list"]),
        ("activations=tanh", ["search.activations = 'tanh'", "a list"]),
        ("weights.values=[1.0, nan]", ["weights.values", "finite"]),
        ("weights.values=[1e300]", ["weights.values"]),
        ("weights.low=2", ["weights.low = 2", "below"]),
        ("validation_episodes=199", ["champion.validation_episodes = 199", "from 200"]),
        ("task=cartpole", ["unknown task 'cartpole'"]),
        ("seed=" + "9" * 5000, ["seed"]),
        ("checkpoint.seconds=" + "9" * 400, ["checkpoint.seconds"]),
        ("seed=" + "[" * 5000, ["seed"]),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_wrong_settings_are_told_with_key_value_and_what_is_allowed(
    refused, tmp_path, setting, fragments
):
    preset = ["--config", "cartpole_swingup_quick"]
    error = refused("evolve", *preset, "--set", setting, "--out", tmp_path / "run")
    for fragment in fragments:
        assert fragment in error
    assert len(error) < 1500
    assert not (tmp_path / "run").exists()


def test_a_softmax_where_there_is_none_is_refused(refused):
    error = refused("evolve", "--task", "cartpole_swingup", "--set", "weights.temperature_power=2")
    assert "weights.temperature_power = 2" in error
    assert "task 'cartpole_swingup' has no softmax with a temperature" in error


def test_no_operator_with_odds_is_refused(refused):
    operators = ("add_connection", "add_node", "enable_connection", "change_activation")
    settings = [part for name in operators for part in ("--set", f"mutation.{name}=0")]
    assert "mutation" in refused("evolve", *TINY, *settings)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        (b"\xff\xfe\x00\x81" * 50, "not TOML"),
        (b"\x7fELF\x02\x01\x01\x00", "not TOML"),
        (b"task = ", "not TOML"),
        (b'{"task": "cartpole_swingup"}', "not TOML"),
        (b"seed = 3\n", "task is missing"),
        (b"task = 5\n", "task = 5"),
        (b'task = "other"\n', "unknown task 'other'"),
        (b'task = "cartpole_swingup"\nspeed = 3\n', "unknown key 'speed'"),
        (b'task = "cartpole_swingup"\n[search]\nspeed = 3\n', "unknown key 'search.speed'"),
        (b'task = "cartpole_swingup"\nsearch = 5\n', "search = 5"),
        (b'task = "cartpole_swingup"\n[[search]]\npopulation = 5\n', "search"),
        (b'task = "cartpole_swingup"\nseed = ' + b"9" * 5000, "seed.toml"),
        (b'task = "cartpole_swingup"\nseed = ' + b"[" * 5000, "seed.toml"),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else "",
)
def test_wrong_config_files_are_refused(refused, tmp_path, text, fragment):
    path = tmp_path / "seed.toml"
    path.write_bytes(text)
    # the options are applied to the table of the file
    assert fragment in refused("evolve", "--config", path, "--population", "16")
    assert not (tmp_path / "results").exists()


def test_config_of_another_task_is_refused(refused, tmp_path):
    (tmp_path / "other.toml").write_text('task = "other"\n', encoding="utf-8")
    error = refused("evolve", "--task", "cartpole_swingup", "--config", tmp_path / "other.toml")
    assert "'other'" in error
    assert "'cartpole_swingup'" in error


def test_missing_config_file_is_named(refused, tmp_path):
    assert "none.toml" in refused("evolve", "--config", tmp_path / "none.toml")


# champion files

VERBS = ("evaluate", "replay", "draw")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"not JSON",
        b"[]",
        b"5",
        b"{}",
        b'{"format": "genome", "version": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        json.dumps(CHAMPION).encode()[:-200],
        json.dumps(CHAMPION).encode("utf-16"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_files_that_are_no_champions_are_refused(refused, tmp_path, verb, text):
    path = tmp_path / "file.json"
    path.write_bytes(text)
    error = refused(verb, path)
    assert "file.json is no champion file" in error
    assert len(error) < 500


@pytest.mark.parametrize("verb", VERBS)
def test_missing_champion_file_is_named(refused, tmp_path, verb):
    assert "none.json" in refused(verb, tmp_path / "none.json")


@pytest.mark.parametrize("verb", VERBS)
def test_directory_without_a_champion_is_told_so(refused, tmp_path, verb):
    (tmp_path / "folder").mkdir()
    assert "champion.json" in refused(verb, tmp_path / "folder")


def test_path_that_no_file_can_have_is_refused(refused):
    refused("evaluate", "x" * 300)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("version", "fragment"),
    [(2, "upgrade"), (0, "version 0"), (-1, "version -1"), ("1", "version"), (True, "version")],
)
def test_champions_of_other_versions_are_refused(refused, tmp_path, verb, version, fragment):
    path = write_champion(tmp_path / "champion.json", version=version)
    assert fragment in refused(verb, path)


@pytest.mark.parametrize("verb", ["evaluate", "replay"])
def test_champion_of_another_task_is_refused(refused, tmp_path, verb):
    path = write_champion(tmp_path / "champion.json", task="bipedal_walker")
    error = refused(verb, path)
    assert "unknown task 'bipedal_walker'" in error
    assert "cartpole_swingup" in error


@pytest.mark.parametrize("verb", ["evaluate", "replay"])
def test_champion_with_other_inputs_than_the_task_is_refused(refused, tmp_path, verb):
    extra = {"id": 9, "kind": "input", "name": "wind", "activation": "linear"}
    nodes = [*CHAMPION["nodes"][:6], extra, *CHAMPION["nodes"][6:]]
    error = refused(verb, write_champion(tmp_path / "champion.json", nodes=nodes))
    assert "6 inputs" in error
    assert "has 5" in error


@pytest.mark.parametrize("verb", ["evaluate", "replay"])
def test_champion_with_other_outputs_than_the_task_is_refused(refused, tmp_path, verb):
    extra = {"id": 31, "kind": "output", "name": "brake", "activation": "linear"}
    error = refused(
        verb, write_champion(tmp_path / "champion.json", nodes=[*CHAMPION["nodes"], extra])
    )
    assert "2 outputs" in error


def joined(*pairs):
    return [
        *CHAMPION["connections"],
        *({"source": source, "target": target} for source, target in pairs),
    ]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("connections", "fragment"),
    [
        (joined((21, 20)), "cycle"),
        (joined((20, 20)), "cycle"),
        (joined((30, 20)), "cycle"),
        (joined((20, 99)), "99"),
        (joined((99, 30)), "99"),
        (joined((1, 20)), "twice"),
        (joined((20, 3)), "input"),
        (joined((1, 0)), "bias"),
        (CHAMPION["connections"][:-1], "21"),
        (CHAMPION["connections"][:2] + CHAMPION["connections"][3:], "21"),
        ([{"source": 1}], "target"),
        ([[1, 20]], "object"),
        ({"source": 1, "target": 20}, "a list"),
        (None, "a list"),
    ],
    ids=[
        *("cycle", "loop", "cycle through the output", "to no node", "from no node"),
        *("duplicate", "into an input", "into the bias", "dangling end", "dangling start"),
        *("no target", "a pair", "an object", "null"),
    ],
)
def test_impossible_connections_are_refused(refused, tmp_path, verb, connections, fragment):
    path = write_champion(tmp_path / "champion.json", connections=connections)
    error = refused(verb, path)
    assert "champion.json" in error
    assert fragment in error


def changed_node(i, **changes):
    nodes = [dict(node) for node in CHAMPION["nodes"]]
    nodes[i].update(changes)
    return nodes


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("nodes", "fragment"),
    [
        (changed_node(6, activation="swish"), "unknown activation 'swish'"),
        (changed_node(6, activation=5), "activation"),
        (changed_node(2, activation="sin"), "activation"),
        (changed_node(6, id=21), "21 occurs twice"),
        (changed_node(6, id="20"), "id"),
        (changed_node(6, id=20.0), "id"),
        (changed_node(6, kind="memory"), "'memory'"),
        (changed_node(1, kind="bias"), "one bias"),
        (CHAMPION["nodes"][:-1], "outputs"),
        ([CHAMPION["nodes"][-1], *CHAMPION["nodes"][:-1]], "nodes must be"),
        ([], "nodes must be"),
        ([1, 2], "nodes[0]"),
        ("nodes", "a list"),
    ],
    ids=[
        *("unknown activation", "number as activation", "input with an activation"),
        *("duplicate id", "string as id", "fraction as id", "unknown kind", "two biases"),
        *("no output", "output first", "none", "numbers", "string"),
    ],
)
def test_impossible_nodes_are_refused(refused, tmp_path, verb, nodes, fragment):
    assert fragment in refused(verb, write_champion(tmp_path / "champion.json", nodes=nodes))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(refused, tmp_path, verb, number):
    text = json.dumps(CHAMPION | {"scores": {"random_weights": {"mean": "@"}}})
    path = tmp_path / "champion.json"
    path.write_text(text.replace('"@"', number), encoding="utf-8")
    assert number in refused(verb, path)


@pytest.mark.parametrize(
    "score",
    [None, 5, [], {"weight": None}, {"weight": "1"}, {"weight": True}, {"weight": 10**400}],
    ids=repr,
)
def test_replay_with_a_strange_tuned_weight_sweeps_or_says_what_is_wrong(run, tmp_path, score):
    path = write_champion(tmp_path / "champion.json", scores={"tuned_shared_weight": score})
    code, captured = run("replay", path, "--json")
    if code == 0:
        assert -2 <= json.loads(captured.out)["weight"] <= 2
    else:
        assert code == 2
        assert captured.err.count("\n") == 1


@pytest.mark.parametrize("verb", VERBS)
def test_names_that_no_font_has_end_in_a_result_or_one_line(run, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    path = write_champion(tmp_path / "champion.json", nodes=changed_node(1, name="\ud800"))
    code, captured = run(verb, path)
    assert code in (0, 2)
    assert captured.err.count("\n") == (1 if code == 2 else 0)


# places to write to


@pytest.mark.parametrize("suffix", [".jpg", "", ".svg.gz"])
def test_pictures_of_unknown_kinds_are_refused(refused, finished, suffix):
    error = refused("draw", finished, "-o", f"picture{suffix}")
    for allowed in (".png", ".svg", ".pdf"):
        assert allowed in error


@pytest.mark.parametrize(
    "output",
    [
        ["draw", "-o", "none/picture.png"],
        ["replay", "--gif", "none/film.gif"],
        ["replay", "--mp4", "none/film.mp4"],
        ["draw", "-o", "/proc/picture.svg"],
    ],
    ids=lambda output: output[-1],
)
def test_missing_folders_are_named(refused, finished, output):
    verb, option, path = output
    error = refused(verb, finished, option, path)
    assert str(Path(path).parent) in error


@pytest.mark.parametrize(
    ("option", "name"), [("--gif", "a.png"), ("--gif", "a"), ("--mp4", "a.gif")]
)
def test_films_of_another_kind_are_refused(refused, finished, option, name):
    assert f".{option.strip('-')}" in refused("replay", finished, option, name)


def test_picture_beside_a_champion_file_is_not_overwritten(refused, tmp_path):
    path = write_champion(tmp_path / "champion.json")
    (tmp_path / "champion.png").write_bytes(b"mine")
    assert "champion.png exists" in refused("draw", path)


@pytest.mark.parametrize(
    ("out", "fragment"),
    [
        ("file", "file"),
        ("file/run", "Not a directory"),
        ("/proc/run", "/proc/run"),
        ("/dev/null", "/dev/null"),
        ("x" * 300, "name too long"),
        ("", "--out"),
    ],
    ids=["a file", "below a file", "below /proc", "a device", "long name", "empty"],
)
def test_run_directories_that_cannot_be_are_refused(refused, tmp_path, out, fragment):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert fragment in refused("evolve", *TINY, "--out", out)


def test_existing_run_is_refused_before_anything_is_computed(refused, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    assert "--overwrite" in refused("evolve", *TINY, "--out", tmp_path / "run")


@pytest.mark.parametrize("name", ["nothing", "file", "folder"])
def test_resume_of_what_is_no_run_is_refused(refused, tmp_path, name):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    assert f"cannot resume {name}" in refused("evolve", "--resume", name)


def test_resume_with_a_broken_config_is_refused(refused, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "config.toml").write_text("task = ", encoding="utf-8")
    assert "config.toml" in refused("evolve", "--resume", "run")


def without_rights():
    """For a child process: root, too, may write only where the modes say so."""
    drop_from_bounding_set, rights = 24, (1, 2)  # PR_CAPBSET_DROP; CAP_DAC_*
    for right in rights:
        ctypes.CDLL(None).prctl(drop_from_bounding_set, right)


@pytest.mark.skipif(sys.platform != "linux", reason="rights of root are dropped as Linux does it")
def test_unwritable_run_directory_is_one_line_and_stays_as_it_is(finished, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(finished, directory)
    before = content(directory)
    directory.chmod(0o555)
    try:
        for options in (["--out", directory, "--overwrite"], ["--resume", directory]):
            process = subprocess.run(
                [sys.executable, "-m", "wann", "evolve", *(TINY if "--out" in options else [])]
                + [str(option) for option in options],
                capture_output=True,
                text=True,
                preexec_fn=without_rights,
            )
            assert (process.returncode, process.stdout) == (2, ""), process.stderr
            assert process.stderr.count("\n") == 1
            assert "Permission denied" in process.stderr
            assert content(directory) == before
    finally:
        directory.chmod(0o755)


# no space, no memory


@contextmanager
def room_for(n_bytes):
    """Writing beyond ``n_bytes`` of a file fails, as on a full disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize(
    ("n_bytes", "name"),
    [(0, "config.toml"), (600, "config.toml"), (5000, "checkpoint.npz")],
)
def test_no_space_for_a_new_run_is_one_line_that_names_the_file(run, tmp_path, n_bytes, name):
    directory = tmp_path / "run"
    with room_for(n_bytes):
        code, captured = run("evolve", *TINY, "--out", directory, "--quiet")
    assert (code, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    assert name in captured.err
    # nothing half written
    assert not (directory / name).exists()
    assert not list(directory.glob(".*.tmp*"))


@pytest.mark.usefixtures("finished")
def test_no_space_for_a_picture_is_a_warning_and_the_run_is_complete(run, tmp_path):
    directory = tmp_path / "run"
    with room_for(40_000):
        code, captured = run("evolve", *TINY, "--out", directory, "--quiet")
    assert (code, captured.out) == (0, "")
    assert captured.err.count("\n") == 1
    assert "warning: the pictures cannot be drawn" in captured.err
    assert json.loads((directory / "meta.json").read_text(encoding="utf-8"))["is_complete"] is True
    assert not list(directory.glob(".*.tmp*"))


def test_no_space_for_metrics_is_one_line_and_the_run_can_go_on(run, finished, tmp_path):
    assert finished.exists()
    directory = tmp_path / "run"
    settings = ["--population", "2", "--generations", "600", "--set", "checkpoint.seconds=1e9"]
    with room_for(26_000):
        code, captured = run("evolve", *TINY, *settings, "--out", directory, "--quiet")
    assert (code, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    assert "metrics.csv" in captured.err
    assert run("evolve", "--resume", directory, "--quiet")[0] == 0
    lines = (directory / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(k) for k in range(600)]


def test_no_space_while_resuming_keeps_the_checkpoint(run, finished, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(finished, directory)
    with room_for(3000):
        code, captured = run("evolve", "--resume", directory, "--generations", "6", "--quiet")
    assert (code, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    assert "checkpoint.npz" in captured.err
    assert (directory / "champion.json").read_bytes() == (finished / "champion.json").read_bytes()
    assert run("evolve", "--resume", directory, "--quiet")[0] == 0
    assert len((directory / "metrics.csv").read_text(encoding="utf-8").splitlines()) == 7


@pytest.mark.parametrize(
    "output",
    [["draw", "-o", "picture.png"], ["draw", "-o", "picture.pdf"], ["replay", "--gif", "film.gif"]],
    ids=lambda output: output[-1],
)
def test_no_space_for_a_picture_keeps_the_old_one(refused, tmp_path, capsys, output):
    verb, option, name = output
    # full speed to one side: the episode ends early
    away = [{"source": 0, "target": 30}]
    champion = write_champion(
        tmp_path / "champion.json",
        nodes=[node for node in CHAMPION["nodes"] if node["kind"] != "hidden"],
        connections=away,
        scores={"tuned_shared_weight": {"weight": 2.0}},
    )
    if verb == "replay":
        assert main(["replay", str(champion), "--json"]) == 0
        capsys.readouterr()
    (tmp_path / name).write_bytes(b"old")
    with room_for(100):
        assert name in refused(verb, champion, option, name)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("unbuffered", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_no_space_for_the_output_is_one_line(unbuffered):
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, *unbuffered, "-m", "wann", "tasks"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "No space left" in process.stderr


def test_reader_that_goes_away_is_no_error_worth_a_word():
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "wann", "tasks"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert process.returncode != 0
    assert process.stderr == ""


def test_more_random_weights_than_fit_into_memory_are_one_line(refused, tmp_path):
    hidden = [{"id": 100 + k, "kind": "hidden", "activation": "tanh"} for k in range(200)]
    pairs = [(i, 100 + k) for k in range(200) for i in range(6)] + [
        (100 + k, 30) for k in range(200)
    ]
    path = write_champion(
        tmp_path / "champion.json",
        nodes=[*CHAMPION["nodes"][:6], *hidden, CHAMPION["nodes"][-1]],
        connections=[{"source": source, "target": target} for source, target in pairs],
    )
    error = refused("evaluate", path, "--episodes", 10**6)
    assert "memory" in error
    assert "1400 random weights" in error
