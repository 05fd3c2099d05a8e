"""A tuning that was interrupted goes on, and ends with the same bits."""

import time
from dataclasses import replace

import numpy as np
import pytest

from wann.errors import FormatError
from wann.executor import Serial
from wann.executors.threads import Threads
from wann.formats.champion import Champion, champion_to_json, save_champion
from wann.genome.network import network_from_connections
from wann.tasks.classify import digits_task
from wann.tasks.swingup import SwingUpTask
from wann.tuning.journal import Entry, Journal, Kind
from wann.tuning.partial import (
    PartialFile,
    check_partial,
    fingerprint,
    load_partial,
    open_partial,
    partial_path,
)
from wann.tuning.tune import TuneSettings, tune_champion

TASK, DIGITS = SwingUpTask(), digits_task()
NETWORK = network_from_connections(5, 1, [1] * 6 + [5, 1], [(1, 6), (4, 6), (5, 6), (6, 7)])
OTHER = network_from_connections(5, 1, [1] * 6 + [3, 1], [(1, 6), (3, 6), (6, 7)])
CHAMPION = Champion(NETWORK, TASK.name, TASK.input_names, TASK.output_names)
PAIRS = [(k, 65 + j) for j in range(10) for k in range(j, 65, 7)]
CLASSIFIER = Champion(
    network_from_connections(64, 10, [1] * 75, PAIRS),
    DIGITS.name,
    DIGITS.input_names,
    DIGITS.output_names,
    {"tuned_shared_weight": {"weight": 0.5, "mean": 10.0}},
)
CASES = {
    "cma": (CHAMPION, TuneSettings("cma", 3000, seed=1, episodes=5), ()),
    "pepg": (CHAMPION, TuneSettings("pepg", 3000, seed=2, episodes=5), ()),
    "front": (CHAMPION, TuneSettings("cma", 3000, seed=3, episodes=5), ([OTHER],)),
    "shared": (CHAMPION, TuneSettings("shared", 2000, seed=4, episodes=5), ()),
    "adam": (CLASSIFIER, TuneSettings("adam", 6000, seed=5), ()),
    "classifier cma": (CLASSIFIER, TuneSettings("cma", 120_000, seed=6), ()),
    "classifier pepg": (CLASSIFIER, TuneSettings("pepg", 200_000, seed=7), ()),
}


class Killed(BaseException):
    """Nothing after it is done."""


def tune(name, journal=None, executor=None, **more):
    champion, settings, lineages = CASES[name]
    return tune_champion(
        champion,
        settings,
        executor=executor or Serial(),
        lineages=lineages,
        open_journal=lambda _: journal or Journal(),
        **more,
    )


def written(made):
    return champion_to_json(made.champion)


def until(n):
    """A journal whose tuning is killed when it has been told something for the n-th time."""
    journal = Journal()
    count = 0

    def save(_):
        nonlocal count
        count += 1
        if count == n:
            raise Killed

    journal.save = save
    return journal


@pytest.mark.parametrize("name", CASES)
def test_an_interrupted_tuning_ends_with_the_same_bits(name, tmp_path):
    counted = Journal()
    n_saves = 0

    def save(_):
        nonlocal n_saves
        n_saves += 1

    counted.save = save
    whole = tune(name, counted)
    assert n_saves > 3
    for n in sorted({1, 2, n_saves // 3, 2 * n_saves // 3, n_saves - 1, n_saves}):
        journal = until(n)
        with pytest.raises(Killed):
            tune(name, journal)
        # through a file, as after a kill
        PartialFile(tmp_path / "x.npz", "mine", print).begin(journal)
        again = load_partial(tmp_path / "x.npz", "mine")
        assert len(again.entries) == len(journal.entries)
        made = tune(name, again)
        assert written(made) == written(whole)
        assert (made.evaluations, made.ended_by) == (whole.evaluations, whole.ended_by)


def test_a_tuning_may_be_interrupted_many_times():
    whole, journal = tune("cma"), Journal()
    for n in (2, 5, 3, 4):
        journal.save = until(n).save
        with pytest.raises(Killed):
            tune("cma", journal)
        journal = Journal(journal.entries, seconds=1.0)
    assert len(journal.entries) == 14
    with Threads(3) as threads:
        assert written(tune("cma", journal, threads)) == written(whole)


def test_what_is_known_is_not_computed_again(monkeypatch):
    journal = Journal()
    whole = tune("cma", journal)
    calls = []
    monkeypatch.setattr("wann.tuning.individual.sweep_weighted", lambda *_, **__: calls.append(1))
    assert written(tune("cma", Journal(journal.entries))) == written(whole)
    assert not calls


@pytest.mark.parametrize("name", CASES)
def test_after_a_request_to_stop_it_goes_on_as_if_there_had_been_none(name):
    whole = tune(name)
    for n in (1, 4, 15):
        journal, asked = Journal(), 0

        def should_stop(n=n):
            nonlocal asked
            asked += 1
            return asked > n

        stopped = tune(name, journal, should_stop=should_stop)
        assert stopped.ended_by == "stop" or asked <= n
        again = Journal(journal.entries, journal.state)
        assert written(tune(name, again)) == written(whole)


def test_a_request_to_stop_while_old_scores_are_told_loses_none():
    journal = Journal()
    whole = tune("cma", journal)
    again = Journal(list(journal.entries))
    asked = 0

    def should_stop():
        nonlocal asked
        asked += 1
        return asked > 5

    assert tune("cma", again, should_stop=should_stop).ended_by == "stop"
    assert len(again.entries) == len(journal.entries)
    assert written(tune("cma", Journal(again.entries))) == written(whole)


@pytest.mark.parametrize("champion", [CHAMPION, CLASSIFIER])
@pytest.mark.parametrize("method", ["cma", "adam"])
def test_the_seconds_before_an_interruption_count(champion, method):
    if champion is CHAMPION and method == "adam":
        return
    settings = TuneSettings(method, seconds=1.0, episodes=5)
    journal = until(4)
    with pytest.raises(Killed):
        tune_champion(champion, settings, executor=Serial(), open_journal=lambda _: journal)
    again = Journal(journal.entries, journal.state, seconds=0.9)
    begin = time.perf_counter()
    made = tune_champion(champion, settings, executor=Serial(), open_journal=lambda _: again)
    assert time.perf_counter() - begin < 0.9
    assert made.seconds >= 0.9
    assert made.ended_by in ("seconds", "patience")


def test_an_entry_of_another_kind_is_an_error():
    journal = Journal([Entry(Kind.CHOICE, np.zeros(3))])
    with pytest.raises(FormatError, match="not of this version"):
        tune("cma", journal)


def test_a_journal_that_grows_too_long_is_kept_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr("wann.tuning.journal.LARGEST_JOURNAL", 500)
    whole, journal = tune("cma"), Journal()
    tune("cma", journal)
    assert sum(len(entry.values) for entry in journal.entries) < 600
    assert written(tune("cma", Journal(journal.entries))) == written(whole)


# the file


@pytest.fixture
def partial(tmp_path):
    journal = Journal()
    tune("cma", journal)
    journal.state = {"x": np.arange(3.0)}
    path = tmp_path / "x.partial.npz"
    PartialFile(path, "mine", print).begin(journal)
    return path


def test_a_file_holds_the_journal(partial):
    journal = Journal()
    tune("cma", journal)
    made = load_partial(partial, "mine")
    for mine, other in zip(made.entries, journal.entries, strict=True):
        assert mine.kind == other.kind
        assert mine.values.tobytes() == other.values.tobytes()
    assert made.state["x"].tolist() == [0.0, 1.0, 2.0]
    assert 0.0 <= made.seconds < 60.0


def test_a_file_of_another_tuning_is_refused(partial):
    with pytest.raises(FormatError, match=r"another champion, or with other settings"):
        load_partial(partial, "yours")


def load_or_message(path):
    try:
        return "", load_partial(path, "mine")
    except FormatError as error:
        return str(error), None


def test_damaged_files_are_refused_in_one_line(partial):
    content = partial.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [
        b"",
        content[:100],
        content[: len(content) // 2],
        content[:-1],
        content + b"x",
        b"{}",
    ]
    for _ in range(60):
        changed = bytearray(content)
        changed[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(changed))
    n_refused = 0
    whole = load_partial(partial, "mine")
    for other in damaged:
        partial.write_bytes(other)
        message, made = load_or_message(partial)
        if made is None:
            n_refused += 1
            assert "\n" not in message
            assert str(partial) in message
            continue
        # a bit that says nothing, such as a date
        assert len(made.entries) == len(whole.entries)
        for mine, yours in zip(made.entries, whole.entries, strict=True):
            assert mine.values.tobytes() == yours.values.tobytes()
    assert n_refused > 40


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": np.array([99], np.int8), "length": np.array([1]), "values": np.ones(1)},
        {"kind": np.array([4], np.int8), "length": np.array([2]), "values": np.ones(1)},
        {"kind": np.array([4], np.int8), "length": np.array([-1]), "values": np.ones(0)},
        {"kind": np.array([4], np.int8), "length": np.array([1]), "values": np.array([np.nan])},
        {"kind": np.array([4.0]), "length": np.array([1]), "values": np.ones(1)},
        {"values": np.ones((2, 2))},
        {"seconds": np.array(-1.0)},
        {"seconds": np.array(np.nan)},
        {"version": np.array(9)},
        {"version": np.array("one")},
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(partial, changes):
    """With a digest that is right, as who makes such a file would write it."""
    from wann.formats.digest import digest_of_arrays

    with np.load(partial) as file:
        arrays = {name: file[name] for name in file.files if name != "digest"} | changes
    np.savez(partial, **arrays, digest=np.array(digest_of_arrays(arrays)))
    with pytest.raises(FormatError) as caught:
        load_partial(partial, "mine")
    assert "\n" not in str(caught.value)


def test_states_that_do_not_fit_are_refused():
    journal = Journal()
    tune("adam", journal)
    for name, value in (
        ("weights", np.zeros(3, np.float32)),
        ("average", np.full_like(journal.state["average"], np.nan)),
        ("first", journal.state["first"].astype(np.float32)),
        ("rng", np.array("{}")),
        ("rng", np.array("nonsense")),
        ("used", np.array("many")),
        ("step", np.array(1.5)),
    ):
        again = Journal(journal.entries, {**journal.state, name: value})
        with pytest.raises(FormatError, match="damaged"):
            tune("adam", again)
    missing = {name: value for name, value in journal.state.items() if name != "second"}
    with pytest.raises(FormatError, match="damaged"):
        tune("adam", Journal(journal.entries, missing))


def test_a_fingerprint_tells_tunings_apart():
    settings = TuneSettings("cma", 3000)
    made = fingerprint(TASK, CHAMPION, settings)
    assert made == fingerprint(TASK, CHAMPION, replace(settings, episodes=7))
    others = [
        fingerprint(TASK, replace(CHAMPION, network=OTHER), settings),
        fingerprint(TASK, replace(CHAMPION, scores={"x": {"weight": 1.0}}), settings),
        *(
            fingerprint(TASK, CHAMPION, replace(settings, **change))
            for change in ({"seed": 1}, {"method": "pepg"}, {"evaluations": 3001})
        ),
        fingerprint(TASK, CHAMPION, TuneSettings("cma", seconds=3.0)),
        fingerprint(TASK, CHAMPION, settings, [[OTHER]]),
        fingerprint(TASK, CHAMPION, settings, [[OTHER, NETWORK]]),
        fingerprint(TASK, CHAMPION, settings, [[NETWORK, OTHER]]),
        fingerprint(TASK, CHAMPION, settings, [[NETWORK], [OTHER]]),
    ]
    assert len({made, *others}) == 1 + len(others)


def test_an_unfinished_tuning_is_not_lost_by_accident(tmp_path):
    output = tmp_path / "x.json"
    assert not check_partial(output, resume=False, overwrite=False)
    assert not check_partial(output, resume=True, overwrite=False)
    partial_path(output).write_bytes(b"")
    with pytest.raises(FormatError, match=r"--resume goes on with it, --overwrite discards it"):
        check_partial(output, resume=False, overwrite=False)
    assert check_partial(output, resume=True, overwrite=False)
    assert not check_partial(output, resume=False, overwrite=True)


def test_an_output_of_another_tuning_is_kept(tmp_path):
    output = tmp_path / "x.json"
    options = {"overwrite": False, "say": lambda _: None}
    journal, file = open_partial(output, "mine", goes_on=False, **options)
    file.save(journal)
    save_champion(CHAMPION, output)
    with pytest.raises(FormatError, match="--overwrite replaces it"):
        open_partial(output, "mine", goes_on=True, **options)
    mine = replace(CHAMPION, provenance={"tuning": {"id": "mine"}})
    save_champion(mine, output)
    assert open_partial(output, "mine", goes_on=True, **options)[0].tuning == "mine"


def test_a_full_disk_is_told_once_and_ends_nothing(tmp_path):
    told = []
    journal, file = open_partial(
        tmp_path / "x.json", "mine", goes_on=False, overwrite=False, say=told.append
    )
    file.path = tmp_path / "nowhere" / "x.npz"
    file.save(journal)
    file.save(journal)
    assert len(told) == 1
    assert "an interruption would lose this tuning" in told[0]
