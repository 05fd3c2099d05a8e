"""Car racing at the command line: the original as a backend, the comparison, 2019 racers."""

import json

import numpy as np
import pytest
from gymnasium.error import DependencyNotInstalled

from tests import naive
from wann.cli.main import main
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.tasks.registry import make_task
from wann_envs.car_racing import original

TASK = make_task("car_racing")
STEERER = network_from_connections(16, 3, [1] * 20, [(8, 17), (0, 18)])


def champion_of(network, path, **fields):
    save_champion(Champion(network, TASK.name, TASK.input_names, TASK.output_names, **fields), path)
    return path


def told(capsys, *words):
    assert main([*map(str, words)]) == 0
    return capsys.readouterr().out


def refused(capsys, *words):
    assert main([*map(str, words)]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    return error


@pytest.mark.parametrize("is_random", [False, True])
def test_both_backends_have_the_same_returns(capsys, tmp_path, is_random):
    network = naive.random_network(np.random.default_rng(3), 16, 3, 4, 20) if is_random else STEERER
    path = champion_of(network, tmp_path / "champion.json")
    words = ["replay", path, "--weight", "-0.8", "--seed", 11, "--episodes", 2, "--json"]
    ours = json.loads(told(capsys, *words))
    theirs = json.loads(told(capsys, *words, "--backend", "gymnasium"))
    assert ours["episodes"] == theirs["episodes"]
    assert theirs["env_id"] != ours["env_id"]
    rollouts = TASK.rollout(
        stack_networks([network]), np.full(2, -0.8), TASK.trials_of_seeds(11, 2)
    ).returns[0]
    assert [row["return"] for row in ours["episodes"]] == rollouts.tolist()


def test_tuned_weights_drive_the_original(capsys, tmp_path):
    path = champion_of(STEERER, tmp_path / "champion.json", tuned_weights=(-0.9, -0.7))
    words = ["replay", path, "--weight", "tuned", "--json"]
    ours = json.loads(told(capsys, *words))
    theirs = json.loads(told(capsys, *words, "--backend", "gymnasium"))
    assert ours["episodes"] == theirs["episodes"]


def test_a_task_without_another_backend_says_so(capsys, tmp_path):
    network = network_from_connections(5, 1, [1] * 7, [(0, 6)])
    task = make_task("cartpole_swingup")
    path = tmp_path / "champion.json"
    save_champion(Champion(network, task.name, task.input_names, task.output_names), path)
    error = refused(capsys, "replay", path, "--weight", "1", "--backend", "gymnasium")
    assert "no other backend" in error


@pytest.fixture
def without_box2d(monkeypatch):
    def make(*_, **__):
        raise DependencyNotInstalled("Box2D is not installed")

    monkeypatch.setattr(original, "_make_car_racing", make)


@pytest.mark.usefixtures("without_box2d")
def test_a_missing_box2d_is_one_line_with_the_command(capsys, tmp_path):
    path = champion_of(STEERER, tmp_path / "champion.json")
    words = ["replay", path, "--weight", "1", "--backend", "gymnasium"]
    for line in (words, ["bench", "car_racing", "--fidelity", "1"]):
        assert "pip install '.[box2d]'" in refused(capsys, *line)


def test_fidelity_is_reported(capsys):
    content = json.loads(told(capsys, "bench", "car_racing", "--fidelity", 2, "--json"))
    assert (content["episodes"], content["identical"], content["differences"]) == (2, 2, [])
    assert "2 of 2 episodes identical" in told(capsys, "bench", "car_racing", "--fidelity", 2)


def test_a_difference_is_told_and_fails(capsys, monkeypatch):
    from wann_envs.car_racing import fidelity

    monkeypatch.setattr(fidelity, "_difference", lambda *_: "visited tiles")
    assert main(["bench", "car_racing", "--fidelity", "1"]) == 1
    text = capsys.readouterr().out
    assert "visited tiles" in text
    assert "0 of 1 episodes identical" in text


def test_fidelity_belongs_to_car_racing(capsys):
    assert "car_racing" in refused(capsys, "bench", "--fidelity", 1)


@pytest.mark.parametrize("task", ["car_racing", "racer"])
def test_racers_of_2019_can_be_drawn_but_not_run(capsys, tmp_path, task):
    n = 20
    rows = [["0"] * n for _ in range(n)]
    rows[3][17] = rows[4][18] = rows[5][19] = "1"
    text = "".join(f"{','.join(row)},1\n" for row in rows)
    (tmp_path / "racer.out").write_text(text)
    path = tmp_path / "champion.json"
    sizes = () if task == "car_racing" else ("--inputs", 16, "--outputs", 3)
    told(capsys, "import", tmp_path / "racer.out", "--task", task, *sizes, "-o", path)
    if task == "car_racing":
        assert load_champion(path).input_names[:2] == ("z1", "z2")
    told(capsys, "draw", path, "-o", tmp_path / "racer.svg")
    for line in (["evaluate", path], ["replay", path, "--weight", "1"], ["tune", path]):
        assert "VAE" in refused(capsys, *line)
