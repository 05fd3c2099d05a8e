"""After a power cut at any moment a run goes on, to the bits of one that was not interrupted."""

import os
import random
import shutil

import pytest

from tests.cli.runs import TINY, evolve, results
from tests.fuzz.power_cut import after_power_cut, recording

FACTOR = int(os.environ.get("WANN_FUZZ_FACTOR", "1"))
SEED = int(os.environ.get("WANN_FUZZ_SEED", "0"))
SMALL = [
    *(*TINY, "--population", "6", "--set", "weights.n=2", "--set", "checkpoint.seconds=0"),
    *("--set", "champion.candidates=1", "--set", "champion.finalists=1"),
    *("--set", "champion.hall_of_fame=1"),
]
RUN = [*SMALL, "--generations", "4", "--seed", "1"]
OTHER = [*SMALL, "--generations", "3", "--seed", "2"]


@pytest.fixture(autouse=True)
def _without_slow_parts(monkeypatch):
    monkeypatch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
    monkeypatch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
    monkeypatch.setattr("wann.run.loop.Beside.compile", lambda _: None)


def start(arguments, directory, *more):
    assert evolve(*arguments, "--out", directory, *more, "--quiet") == 0


def go_on(directory, arguments):
    """Resumes what lies in a directory, or starts it where nothing does."""
    is_run = any((directory / name).exists() for name in ("config.toml", "checkpoint.npz"))
    with pytest.MonkeyPatch.context() as patch:
        # no second power cut comes
        patch.setattr(os, "fsync", lambda _: None)
        if is_run:
            return evolve("--resume", directory, "--quiet")
        return evolve(*arguments, "--out", directory, "--quiet")


def after_cuts(moments, folder, arguments, n):
    """Goes on after n power cuts; returns what came of each."""
    rng = random.Random(SEED)
    chosen = [moments[round(k)] for k in _spread(len(moments), n, rng)]
    for k, moment in enumerate(chosen):
        directory = folder / f"cut{k}"
        after_power_cut(moment, directory, rng)
        before = sorted(path.name for path in directory.iterdir())
        code = go_on(directory, arguments)
        yield f"{k}, before {moment.operation}, with {before}", code, directory
        shutil.rmtree(directory)


def _spread(n_moments, n, rng):
    """n moments, all parts of the run among them."""
    return sorted(rng.uniform(0, n_moments - 1) for _ in range(n))


def test_a_run_goes_on_after_power_cuts(tmp_path, monkeypatch, capsys):
    whole = tmp_path / "whole"
    with recording(tmp_path / "run", monkeypatch) as recorder:
        start(RUN, tmp_path / "run")
    start(RUN, whole)
    lost = []
    for what, code, directory in after_cuts(recorder.moments, tmp_path, RUN, 35 * FACTOR):
        if code != 0 or results(directory) != results(whole):
            lost.append(f"{what}: {code} {capsys.readouterr().err}")
    assert not lost


def test_an_extended_run_goes_on_after_power_cuts(tmp_path, monkeypatch, capsys):
    run, whole, shorter = tmp_path / "run", tmp_path / "whole", tmp_path / "shorter"
    start(OTHER, run)
    start(OTHER, shorter)
    start([*OTHER, "--generations", "5"], whole)
    with recording(run, monkeypatch) as recorder:
        assert evolve("--resume", run, "--generations", "5", "--quiet") == 0
    lost = []
    for what, code, directory in after_cuts(recorder.moments, tmp_path, OTHER, 15 * FACTOR):
        # where the new config is not on the disk yet, it is complete already
        if code != 0 or results(directory) not in (results(whole), results(shorter)):
            lost.append(f"{what}: {code} {capsys.readouterr().err}")
    assert not lost


def test_an_overwritten_run_is_the_old_or_the_new_one_after_power_cuts(
    tmp_path, monkeypatch, capsys
):
    run, old, new = tmp_path / "run", tmp_path / "old", tmp_path / "new"
    start(RUN, old)
    start(OTHER, new)
    start(RUN, run)
    with recording(run, monkeypatch) as recorder:
        start(OTHER, run, "--overwrite")
    lost, found = [], []
    for what, code, directory in after_cuts(recorder.moments, tmp_path, OTHER, 60 * FACTOR):
        made = None if code else results(directory)
        found.append(made == results(old))
        if made not in (results(old), results(new)):
            lost.append(f"{what}: {code} {capsys.readouterr().err}")
    assert not lost
    # both have been met
    assert {*found} == {True, False}
