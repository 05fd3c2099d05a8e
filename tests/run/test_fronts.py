"""The fronts of ``fronts.csv``."""

import csv
import signal

import numpy as np
import pytest

from tests.cli.runs import TINY, evolve
from wann.errors import FormatError, RunError
from wann.run.fronts import (
    COLUMNS,
    FrontsFile,
    front_of,
    is_recorded,
    recorded_generations,
)
from wann.run.loop import Run
from wann.run.metrics import MetricsFile
from wann.search.ranking import Objectives
from wann.view.fronts import read_fronts

N = 21


def objectives_of(generation):
    """Twelve individuals."""
    rng = np.random.default_rng(generation)
    mean = rng.normal(size=12)
    return Objectives(mean, mean + np.abs(rng.normal(size=12)), rng.integers(0, 6, 12))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fronts.csv"


def write(path, generations, n_kept=0, has_end=True):
    """Writes fronts as a run does; returns how many were lost."""
    fronts = FrontsFile(path, n_kept)
    for generation in generations:
        fronts.append(generation, objectives_of(generation))
    if has_end and len(generations):
        fronts.append_last(generations[-1], objectives_of(generations[-1]))
    fronts.close()
    return fronts.n_lost


def generations_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(int(row["generation"]) for row in csv.DictReader(file)))


def naive_front(objectives):
    """Points that no other is at least as good as in everything and better in something."""
    values = list(
        zip(
            objectives.mean, objectives.maximum, -np.maximum(objectives.connections, 1), strict=True
        )
    )
    return {
        (objectives.mean[i], objectives.maximum[i], objectives.connections[i])
        for i, a in enumerate(values)
        if not any(all(x >= y for x, y in zip(b, a, strict=True)) and b != a for b in values)
    }


@pytest.mark.parametrize("seed", range(20))
def test_front_is_what_nobody_dominates(seed):
    assert set(front_of(objectives_of(seed))) == naive_front(objectives_of(seed))


def test_equal_points_of_a_front_are_one_in_the_order_of_connections():
    objectives = Objectives(
        np.array([3.0, 1.0, 3.0, 0.5]), np.array([4.0, 2.0, 4.0, 0.5]), np.array([9, 2, 9, 2])
    )
    assert front_of(objectives) == [(1.0, 2.0, 2), (3.0, 4.0, 9)]


def test_no_point_of_a_front_has_a_max_below_its_mean():
    """Estimates may; raised to its mean the first point is as good as the second, and better."""
    objectives = Objectives(
        np.array([5.0, 4.0, 1.0]), np.array([3.0, 4.5, 0.999]), np.array([7, 7, 2])
    )
    assert front_of(objectives) == [(1.0, 1.0, 2), (5.0, 5.0, 7)]


def test_recorded_generations_are_all_at_first_and_then_eight_in_each_doubling():
    recorded = list(recorded_generations(100_000))
    assert recorded[:16] == list(range(16))
    counts = np.array(recorded) + 1
    for low in (16, 64, 1024, 32768):
        assert np.count_nonzero((counts >= low) & (counts < 2 * low)) == 8
    assert recorded == [k for k in range(100_000) if is_recorded(k)]


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1000])
def test_recorded_generations_do_not_depend_on_the_length_of_the_run(n):
    assert list(recorded_generations(n)) == [k for k in recorded_generations(5000) if k < n]


def test_file_stays_small_in_the_longest_runs():
    assert len(list(recorded_generations(10_000_000))) < 200


def test_file_has_the_columns_and_the_numbers_of_the_front(path):
    write(path, range(3))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS
    wanted = [(k, *point) for k in range(3) for point in front_of(objectives_of(k))]
    assert [tuple(map(float, row)) for row in rows[1:]] == wanted


def test_last_generation_is_there_whatever_its_number(path):
    write(path, range(20))
    assert generations_of(path) == [*range(16), 17, 19]
    write(path, range(19))
    assert generations_of(path) == [*range(16), 17, 18]


@pytest.mark.parametrize("n_kept", [1, 7, 16, 17, 19, 20])
def test_resumed_file_equals_that_of_an_uninterrupted_run(path, tmp_path, n_kept):
    write(path, range(20))
    assert write(path, range(n_kept, 40), n_kept=n_kept) == 0
    write(tmp_path / "whole.csv", range(40))
    assert path.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_resumed_file_has_the_last_front_again_if_no_generation_is_left(path):
    write(path, range(19))
    before = path.read_bytes()
    fronts = FrontsFile(path, 19)
    fronts.append_last(18, objectives_of(18))
    fronts.close()
    assert (fronts.n_lost, path.read_bytes()) == (0, before)


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (lambda _: b"", []),
        (lambda _: b"\xff\xfe\x00" * 99, []),
        (lambda text: text[:-3], [0, 1, 2]),
        (lambda text: text[: text.rfind(b"\n3,") + 2], [0, 1]),
        (lambda text: text[: text.rfind(b"\n1,") + 5], [0]),
        (lambda text: text.replace(b"\n2,", b"\n2;", 1), [0]),
        (lambda text: b"".join(x for x in text.splitlines(True) if x[:1] != b"1"), [0, 2, 3]),
    ],
    ids=[
        "empty",
        "binary",
        "cut off",
        "in the number",
        "within a front",
        "a row garbled",
        "a front missing",
    ],
)
def test_damaged_fronts_are_counted_and_the_others_kept(path, damage, kept):
    write(path, range(4))
    path.write_bytes(damage(path.read_bytes()))
    assert write(path, [], n_kept=4) == 4 - len(kept)
    assert generations_of(path) == kept


def test_run_that_never_recorded_fronts_records_those_to_come(path):
    assert write(path, range(10, 20), n_kept=10) == 10
    assert generations_of(path) == [*range(10, 16), 17, 19]
    # and keeps them when it goes on once more
    assert write(path, range(20, 24), n_kept=20) == 10
    assert generations_of(path) == [*range(10, 16), 17, 19, 21, 23]


def test_missing_folder_is_an_error_of_the_package(tmp_path):
    with pytest.raises((FormatError, RunError), match=r"fronts\.csv"):
        FrontsFile(tmp_path / "none" / "fronts.csv")


@pytest.fixture(scope="module")
def _without_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wann.view.pictures.save_run_pictures", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def uninterrupted(_without_pictures, tmp_path_factory):
    directory = tmp_path_factory.mktemp("fronts") / "run"
    assert evolve(*TINY, "--generations", N, "--out", directory, "--quiet") == 0
    return directory


def stop_after(monkeypatch, generation):
    """Has the run stop once the generation is recorded."""
    append = MetricsFile.append

    def append_and_interrupt(file, row):
        append(file, row)
        if row.generation == generation:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(MetricsFile, "append", append_and_interrupt)


def test_run_records_the_fronts_of_its_scores(uninterrupted, tmp_path, monkeypatch):
    told = {}
    generation = Run._generation

    def watch(run, *others):
        generation(run, *others)
        told[run.search.state.generation - 1] = front_of(run.search.state.objectives)

    monkeypatch.setattr(Run, "_generation", watch)
    evolve(*TINY, "--generations", N, "--out", tmp_path / "run", "--quiet")
    fronts = read_fronts(tmp_path / "run" / "fronts.csv")
    assert [front.generation for front in fronts] == [*range(16), 17, 19, 20]
    for front in fronts:
        points = zip(front.mean, front.max, front.connections, strict=True)
        assert list(points) == told[front.generation]
    assert (tmp_path / "run" / "fronts.csv").read_bytes() == (
        uninterrupted / "fronts.csv"
    ).read_bytes()


@pytest.mark.parametrize("generation", [0, 8, 16, 17])
def test_interrupted_and_resumed_run_has_the_fronts_of_an_uninterrupted_one(
    uninterrupted, tmp_path, monkeypatch, capsys, generation
):
    directory = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_after(patch, generation)
        assert evolve(*TINY, "--generations", N, "--out", directory, "--quiet") == 130
    assert read_fronts(directory / "fronts.csv")[-1].generation == generation
    assert evolve("--resume", directory) == 0
    assert "warning" not in capsys.readouterr().out
    assert (directory / "fronts.csv").read_bytes() == (uninterrupted / "fronts.csv").read_bytes()


def test_extended_run_has_the_fronts_of_a_longer_one(uninterrupted, tmp_path):
    directory = tmp_path / "run"
    assert evolve(*TINY, "--generations", 17, "--out", directory, "--quiet") == 0
    assert evolve("--resume", directory, "--quiet", "--generations", N) == 0
    assert (directory / "fronts.csv").read_bytes() == (uninterrupted / "fronts.csv").read_bytes()


def test_resume_of_a_finished_run_changes_no_front(uninterrupted):
    before = (uninterrupted / "fronts.csv").read_bytes()
    assert evolve("--resume", uninterrupted, "--quiet") == 0
    assert (uninterrupted / "fronts.csv").read_bytes() == before


def test_missing_fronts_come_from_the_checkpoint(uninterrupted, capsys):
    before = (uninterrupted / "fronts.csv").read_bytes()
    (uninterrupted / "fronts.csv").unlink()
    assert evolve("--resume", uninterrupted) == 0
    assert f"warning: {uninterrupted / 'fronts.csv'} was damaged" in capsys.readouterr().out
    assert (uninterrupted / "fronts.csv").read_bytes() == before


@pytest.mark.usefixtures("_without_pictures")
def test_overwrite_replaces_the_fronts_of_the_older_run(tmp_path):
    assert evolve(*TINY, "--generations", 3, "--out", tmp_path, "--quiet") == 0
    assert (
        evolve(*TINY, "--generations", 2, "--seed", 3, "--out", tmp_path, "--quiet", "--overwrite")
        == 0
    )
    assert [front.generation for front in read_fronts(tmp_path / "fronts.csv")] == [0, 1]
