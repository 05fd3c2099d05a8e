"""A champion is run on its task only if inputs and outputs are those of the task, in its order."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from wann.cli.main import main
from wann.errors import TaskError
from wann.formats.champion import Champion, champion_from_json, champion_to_json, load_champion
from wann.genome.network import network_from_connections
from wann.tasks.registry import make_task
from wann.tuning.champion import task_of_champion
from wann.tuning.fit import check_fits

CHAMPIONS = sorted(Path(__file__).parents[2].glob("results/champions/**/champion*.json"))
TASK = SimpleNamespace(name="some task", input_names=("a", "b"), output_names=("c", "d"))


def champion(inputs=("a", "b"), outputs=("c", "d"), **changes):
    n = 1 + len(inputs) + len(outputs)
    network = network_from_connections(len(inputs), len(outputs), [1] * n, [(1, n - 1)])
    return Champion(network, "some task", tuple(inputs), tuple(outputs), **changes)


@pytest.mark.parametrize("file", CHAMPIONS, ids=lambda file: "/".join(file.parts[-2:]))
def test_committed_champions_fit_their_tasks(file):
    kept = load_champion(file)
    check_fits(kept, make_task(kept.task))


def test_names_in_the_order_of_the_task_fit():
    check_fits(champion(), TASK)


@pytest.mark.parametrize(
    ("inputs", "outputs", "fragment"),
    [
        ("ba", "cd", "input 1 of the champion is 'b', that of task 'some task' is 'a'"),
        ("ab", "dc", "output 1 of the champion is 'd'"),
        ("ax", "cd", "input 2 of the champion is 'x'"),
        (("a", "\x1b[2J"), "cd", r"input 2 of the champion is '\x1b"),
        ("abc", "cd", "has 3 inputs and 2 outputs"),
        ("ab", "c", "has 2 inputs and 1 outputs"),
    ],
)
def test_other_names_or_another_order_are_refused(inputs, outputs, fragment):
    with pytest.raises(TaskError) as caught:
        check_fits(champion(inputs, outputs), TASK)
    assert fragment in str(caught.value)
    assert str(caught.value).isprintable()


def test_of_an_imported_champion_only_the_numbers_count():
    imported = {"provenance": {"format": "release2019"}}
    check_fits(champion(("z1", "z2"), **imported), TASK)
    with pytest.raises(TaskError, match="has 3 inputs"):
        check_fits(champion("abc", **imported), TASK)


def test_nodes_without_names_fit():
    data = json.loads(champion_to_json(champion()))
    for node in data["nodes"]:
        node.pop("name", None)
    check_fits(champion_from_json(json.dumps(data)), TASK)


@pytest.fixture
def swapped(tmp_path):
    """A champion of the swing-up whose first two inputs have changed their names."""
    source = next(
        file for file in CHAMPIONS if file.parts[-2:] == ("cartpole_swingup", "champion.json")
    )
    data = json.loads(source.read_text(encoding="utf-8"))
    names = [data["nodes"][k]["name"] for k in (1, 2)]
    for k, name in zip((2, 1), names, strict=True):
        data["nodes"][k]["name"] = name
    path = tmp_path / "swapped.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line",
    ["evaluate {}", "replay {}", "tune {} -o {}.tuned.json", "plot {} --what profile -o {}.png"],
)
def test_every_verb_that_runs_a_champion_refuses_swapped_names(swapped, capsys, line):
    assert main([word.format(swapped) for word in line.split()]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "input 1 of the champion is \"x'\", that of task 'cartpole_swingup' is 'x'" in error
    assert [file.name for file in swapped.parent.iterdir()] == ["swapped.json"]


def test_swapped_names_are_refused_in_python_too(swapped):
    with pytest.raises(TaskError, match="names and their order"):
        task_of_champion(load_champion(swapped))
