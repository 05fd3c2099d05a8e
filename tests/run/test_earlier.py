"""Files of an earlier champion do not lie beside a new one as if they were its own."""

import json
from dataclasses import replace

import pytest

from tests.cli.runs import TINY, evolve, results
from wann.formats.champion import load_champion, save_champion

FEW, MANY = 2, 30


@pytest.fixture(autouse=True)
def _without_slow_parts(monkeypatch):
    monkeypatch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", draw)


def draw(directory, champions, _):
    for path in ("champion.png", "fitness.png"):
        (directory / path).write_text(str(champions.best.network.n_connections), encoding="utf-8")


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "run"
    assert evolve(*TINY, "--generations", FEW, "--out", directory, "--quiet") == 0
    return directory


def add_weights(directory, name, champion):
    network = champion.network
    weights = tuple(float(k) for k in range(network.n_connections))
    save_champion(replace(champion, tuned_weights=weights), directory / name)
    return (directory / name).read_bytes()


def names(directory):
    return {path.name for path in directory.iterdir()}


def test_weights_of_the_champion_before_are_renamed_when_a_run_is_extended(run, capsys):
    champion = load_champion(run / "champion.json")
    weights = add_weights(run, "champion_tuned_weights.json", champion)
    shared = add_weights(run, "champion_shared.json", champion)
    for name in ("champion_tuned_weights.png", "champion.pdf", "champion.gif", "fitness.svg"):
        (run / name).write_text("of the earlier end", encoding="utf-8")
    (run / "notes.json").write_text("{}", encoding="utf-8")
    assert evolve("--resume", run, "--generations", MANY) == 0
    out = capsys.readouterr().out
    assert load_champion(run / "champion.json").network != champion.network
    assert "champion_tuned_weights.json is now champion_tuned_weights.old.json" in out
    assert sum(line.startswith("note: of earlier champions") for line in out.splitlines()) <= 2
    assert (run / "champion_tuned_weights.old.json").read_bytes() == weights
    assert (run / "champion_shared.old.json").read_bytes() == shared
    left = names(run)
    assert {"champion_tuned_weights.old.png", "champion.old.pdf", "champion.old.gif"} <= left
    assert {"fitness.old.svg", "notes.json"} <= left
    assert not left & {"champion_tuned_weights.json", "champion.pdf", "fitness.svg"}
    # the run's own pictures are those of the new champion
    network = load_champion(run / "champion.json").network
    assert (run / "champion.png").read_text(encoding="utf-8") == str(network.n_connections)


def test_a_second_earlier_file_gets_another_name(run):
    champion = load_champion(run / "champion.json")
    (run / "champion_tuned_weights.old.json").write_text("the first", encoding="utf-8")
    weights = add_weights(run, "champion_tuned_weights.json", champion)
    assert evolve("--resume", run, "--generations", MANY, "--quiet") == 0
    assert (run / "champion_tuned_weights.old.json").read_text(encoding="utf-8") == "the first"
    assert (run / "champion_tuned_weights.old2.json").read_bytes() == weights


def test_weights_of_the_champion_stay_when_a_complete_run_is_resumed(run):
    champion = load_champion(run / "champion.json")
    add_weights(run, "champion_tuned_weights.json", champion)
    (run / "champion_tuned_weights.png").write_text("fits", encoding="utf-8")
    (run / "champion.pdf").write_text("fits", encoding="utf-8")
    before, left = results(run), names(run)
    assert evolve("--resume", run, "--quiet") == 0
    assert (results(run), names(run)) == (before, left)


def test_weights_of_the_front_stay_while_the_run_has_their_structure(run, capsys):
    from wann.run.structures import structures_of_run

    champion = load_champion(run / "champion.json")
    first = structures_of_run(run)[0]
    add_weights(run, "front_tuned_weights.json", replace(champion, network=first[-1]))
    assert evolve("--resume", run, "--quiet") == 0
    assert "front_tuned_weights.json" in names(run)
    assert evolve("--resume", run, "--generations", MANY) == 0
    has_structure = first[-1] in structures_of_run(run)[0]
    assert ("front_tuned_weights.json" in names(run)) == has_structure
    assert ("front_tuned_weights.old.json" in capsys.readouterr().out) != has_structure


def test_overwriting_removes_pictures_and_renames_weights(run, capsys):
    champion = load_champion(run / "champion.json")
    weights = add_weights(run, "champion_small_tuned_weights.json", champion)
    for name in ("reproduction.json", "profile.svg"):
        (run / name).write_text("{}", encoding="utf-8")
    (run / "classes.png").write_text("of the earlier run", encoding="utf-8")
    new = [*TINY, "--seed", "5", "--generations", FEW]
    assert evolve(*new, "--out", run, "--overwrite") == 0
    assert "champion_small_tuned_weights.old.json" in capsys.readouterr().out
    assert (run / "champion_small_tuned_weights.old.json").read_bytes() == weights
    assert {"reproduction.old.json", "profile.old.svg"} <= names(run)
    assert not names(run) & {"classes.png", "reproduction.json", "profile.svg"}


def test_pictures_that_fail_leave_none_of_an_earlier_champion(run, monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError("FT_Load_Glyph: too large\nmore")

    monkeypatch.setattr("wann.view.pictures.save_run_pictures", fail)
    assert evolve("--resume", run, "--generations", MANY) == 0
    assert "warning: the pictures cannot be drawn: FT_Load_Glyph: too large; all" in (
        capsys.readouterr().out
    )
    assert not names(run) & {"champion.png", "fitness.png"}
    meta = json.loads((run / "meta.json").read_text(encoding="utf-8"))
    assert meta["is_complete"] is True


@pytest.mark.parametrize("error", [RuntimeError("no font"), MemoryError(), RecursionError("deep")])
def test_pictures_never_fail_a_run_and_can_be_made_later(tmp_path, monkeypatch, capsys, error):
    def fail(*_):
        raise error

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("wann.view.pictures.save_run_pictures", fail)
        assert evolve(*TINY, "--generations", FEW, "--out", run, "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("warning: the pictures cannot be drawn")
    assert captured.err.count("\n") == 1
    assert json.loads((run / "meta.json").read_text(encoding="utf-8"))["is_complete"] is True
    before = results(run)
    assert evolve("--resume", run, "--quiet") == 0
    assert results(run) == before
    assert "champion.png" in names(run)
