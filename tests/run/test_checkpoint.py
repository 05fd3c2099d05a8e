"""Checkpoints: the same bits come back, and damage is told from health."""

import random
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from wann.errors import FormatError, RunError
from wann.genome.population import empty_population
from wann.run.checkpoint import Checkpoint, load_checkpoint, previous_path, save_checkpoint
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.state import bests_by_heat
from wann.tasks.base import sweep
from wann.tasks.registry import make_task

CONFIG = config_from_table(
    {
        "task": "cartpole_swingup",
        "seed": 11,
        "search": {"population": 12, "generations": 9},
        "weights": {"n": 3},
        "episodes": {"per_weight": 1},
    }
)
DAMAGED = re.compile(r"checkpoint\.npz is damaged \(.+\); going on from checkpoint\.previous\.npz")
HEATS = replace(CONFIG, search=replace(CONFIG.search, heats=3, heat_generations=2))
LIFETIME = replace(CONFIG, search=replace(CONFIG.search, fitness="lifetime"))


def advance(search, n_generations):
    for _ in range(n_generations):
        generation = search.ask()
        rollouts = sweep(search.task, generation.networks, generation.weights, generation.trials)
        search.tell(rollouts.returns.mean(axis=2))
    return search


@pytest.fixture(scope="module")
def search():
    return advance(Search(CONFIG, make_task("cartpole_swingup")), 3)


@pytest.fixture(scope="module")
def checkpoint(search):
    return Checkpoint(search.state, (36, 108, 50_000), {"evaluate": 0.1 + 0.2, "rank": 1e-300})


@pytest.fixture(scope="module")
def intact(checkpoint, tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "checkpoint.npz"
    save_checkpoint(checkpoint, path)
    return path.read_bytes()


def arrays_of(state):
    """Every array and number of a state by its name."""
    hall, species = state.hall_of_fame, state.species
    named = {"generation": state.generation, "counter": state.counter}
    named |= {"species.threshold": species.threshold, "species.next_id": species.next_id}
    for field in ("species_id", "best", "improved", "founded"):
        named[f"species.{field}"] = getattr(species, field)
    for field in ("estimate", "age", "parent"):
        named[f"lifetime.{field}"] = getattr(state.lifetime, field)
    named |= {"hall.key": hall.key, "hall.score": hall.score, "hall.count": hall.count}
    for name, population in (
        ("population", state.population),
        ("scored", state.scored),
        ("hall.genomes", hall.genomes),
        ("species.representatives", species.representatives),
        ("heats", state.heats),
    ):
        named |= {f"{name}.{field}": array for field, array in population._asdict().items()}
    return named


def assert_same_bits(state, other):
    expected, found = arrays_of(state), arrays_of(other)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        if isinstance(value, np.ndarray):
            assert found[name].dtype == value.dtype, name
            assert found[name].shape == value.shape, name
            assert found[name].tobytes() == value.tobytes(), name
        else:
            assert found[name] == value, name
            assert type(found[name]) is type(value), name


def test_state_comes_back_bit_for_bit(checkpoint, tmp_path):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(checkpoint, path)
    again, warning = load_checkpoint(path)
    assert warning is None
    assert_same_bits(checkpoint.state, again.state)
    assert again.totals == checkpoint.totals
    assert dict(again.seconds) == dict(checkpoint.seconds)


def test_state_before_the_first_generation_comes_back(tmp_path):
    state = Search(CONFIG, make_task("cartpole_swingup")).state
    save_checkpoint(Checkpoint(state), tmp_path / "checkpoint.npz")
    again, _ = load_checkpoint(tmp_path / "checkpoint.npz")
    assert_same_bits(state, again.state)
    assert again.totals == (0, 0, 0)
    assert dict(again.seconds) == {}


def genomes_by_heat(state):
    """The arrays of the best of each heat."""
    kept = bests_by_heat(state, HEATS.search)
    return [[array.tobytes() for array in genomes] for genomes in kept]


# within a heat, when the heats meet, and twice after it
@pytest.mark.parametrize("n_scored", [3, 6, 7, 8])
def test_a_checkpoint_of_a_run_with_heats_holds_the_best_of_each(n_scored, tmp_path):
    task = make_task("cartpole_swingup")
    search = advance(Search(HEATS, task), n_scored)
    save_checkpoint(Checkpoint(search.state), tmp_path / "checkpoint.npz")
    again = load_checkpoint(tmp_path / "checkpoint.npz")[0].state
    assert_same_bits(search.state, again)
    assert genomes_by_heat(again) == genomes_by_heat(search.state)
    assert len(genomes_by_heat(again)) == (3 if n_scored > 6 else 0)
    resumed = advance(Search(HEATS, task, state=again), 9 - n_scored)
    whole = advance(Search(HEATS, task), 9)
    assert_same_bits(whole.state, resumed.state)
    assert len(genomes_by_heat(resumed.state)) == 3


def test_a_checkpoint_that_kept_nothing_of_the_heats_has_no_best_of_them(tmp_path):
    state = advance(Search(HEATS, make_task("cartpole_swingup")), 7).state
    older = replace(state, heats=empty_population())
    save_checkpoint(Checkpoint(older), tmp_path / "checkpoint.npz")
    again = load_checkpoint(tmp_path / "checkpoint.npz")[0].state
    assert_same_bits(older, again)
    assert bests_by_heat(again, HEATS.search) == []


@pytest.mark.parametrize("config", [CONFIG, LIFETIME])
def test_search_goes_on_from_a_checkpoint_as_if_nothing_had_been(config, tmp_path):
    task = make_task("cartpole_swingup")
    half = advance(Search(config, task), 3)
    save_checkpoint(Checkpoint(half.state), tmp_path / "checkpoint.npz")
    again, _ = load_checkpoint(tmp_path / "checkpoint.npz")
    assert_same_bits(half.state, again.state)
    resumed = advance(Search(config, task, state=again.state), 3)
    whole = advance(Search(config, task), 6)
    assert_same_bits(whole.state, resumed.state)
    assert len(whole.state.lifetime.age) == (12 if config is LIFETIME else 0)


def test_estimates_of_another_number_of_individuals_are_damage(tmp_path):
    state = advance(Search(LIFETIME, make_task("cartpole_swingup")), 2).state
    few = replace(state.lifetime, age=state.lifetime.age[:-1])
    save_checkpoint(Checkpoint(replace(state, lifetime=few)), tmp_path / "checkpoint.npz")
    with pytest.raises(RunError, match="damaged"):
        load_checkpoint(tmp_path / "checkpoint.npz")


@pytest.mark.parametrize(
    ("version", "unknown"), [(1, ("species", "heats", "lifetime")), (2, ("lifetime",))]
)
def test_old_checkpoint_is_read_as_a_state_without_what_it_does_not_know(
    pair, checkpoint, version, unknown
):
    with np.load(pair) as file:
        arrays = {
            name: file[name]
            for name in file.files
            if not name.startswith((*unknown, "digest", "settings"))
        }
    np.savez(pair, **(arrays | {"version": np.array(version)}))
    again, warning = load_checkpoint(pair)
    assert warning is None
    assert_same_bits(checkpoint.state, again.state)
    np.savez(pair, **arrays)
    assert DAMAGED.fullmatch(load_checkpoint(pair)[1])


def test_file_holds_plain_arrays_only(checkpoint, tmp_path):
    save_checkpoint(checkpoint, tmp_path / "checkpoint.npz")
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "biufU" for name in file.files)
        assert int(file["version"]) == 4


def test_same_state_makes_the_same_file(checkpoint, intact, tmp_path):
    save_checkpoint(checkpoint, tmp_path / "checkpoint.npz")
    assert (tmp_path / "checkpoint.npz").read_bytes() == intact


def test_checkpoint_before_the_last_one_is_kept(search, tmp_path):
    path = tmp_path / "checkpoint.npz"
    for k in range(3):
        save_checkpoint(Checkpoint(search.state, (k, 0, 0)), path)
    assert load_checkpoint(path)[0].totals[0] == 2
    path.unlink()
    again, warning = load_checkpoint(path)
    assert again.totals[0] == 1
    assert warning == "checkpoint.npz is missing; going on from checkpoint.previous.npz"
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"checkpoint.previous.npz"}


def test_failing_write_keeps_both_checkpoints(search, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    for k in range(2):
        save_checkpoint(Checkpoint(search.state, (k, 0, 0)), path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(FormatError, match=r"checkpoint\.npz: No space left"):
            save_checkpoint(Checkpoint(search.state, (2, 0, 0)), path)
    assert {p.name for p in tmp_path.iterdir()} == {path.name, previous_path(path).name}
    assert load_checkpoint(path)[0].totals[0] == 1
    path.unlink()
    assert load_checkpoint(path)[0].totals[0] == 0


@pytest.fixture
def pair(checkpoint, intact, tmp_path):
    """A checkpoint and the one before it; the latter is marked by its totals."""
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(Checkpoint(checkpoint.state, (-1, 0, 0)), path)
    path.rename(previous_path(path))
    path.write_bytes(intact)
    return path


def is_whole_or_given_up(path, checkpoint):
    """Loads a checkpoint that may be damaged; returns whether it passed for whole."""
    again, warning = load_checkpoint(path)
    if warning is None:
        # what was changed carried no meaning
        assert_same_bits(checkpoint.state, again.state)
        assert again.totals == checkpoint.totals
        return True
    assert DAMAGED.fullmatch(warning)
    assert again.totals[0] == -1
    return False


def test_every_truncation_is_noticed(pair, checkpoint, intact):
    for length in [*range(0, len(intact), 97), len(intact) - 1]:
        pair.write_bytes(intact[:length])
        assert not is_whole_or_given_up(pair, checkpoint)


def test_every_flipped_bit_is_noticed_or_harmless(pair, checkpoint, intact):
    generator = random.Random(0)
    # the heads of the archive's entries, where a bit means the most, and all over the file
    heads = [i for i in range(len(intact)) if intact[i : i + 2] == b"PK"][::5]
    places = [i + k for i in heads for k in range(30) if i + k < len(intact)]
    places += generator.choices(range(len(intact)), k=200)
    n_whole = 0
    for place in places:
        data = bytearray(intact)
        data[place] ^= 1 << generator.randrange(8)
        pair.write_bytes(data)
        n_whole += is_whole_or_given_up(pair, checkpoint)
    assert 0 < n_whole < len(places)


def test_lost_block_in_the_middle_is_noticed(pair, checkpoint, intact):
    middle = len(intact) // 2
    pair.write_bytes(intact[:middle] + bytes(512) + intact[middle + 512 :])
    assert not is_whole_or_given_up(pair, checkpoint)


@pytest.mark.parametrize("change", ["one array", "other arrays", "single array", "pickle"])
def test_archives_with_other_contents_are_damaged(pair, checkpoint, change):
    with np.load(pair) as file:
        arrays = {name: file[name] for name in file.files}
    if change == "one array":
        del arrays["hall_score"]
        np.savez(pair, **arrays)
    elif change == "other arrays":
        np.savez(pair, weights=np.ones(3))
    elif change == "single array":
        with pair.open("wb") as file:
            np.save(file, np.ones(3))
    else:
        arrays["counter"] = np.array([{"a": 1}, None], dtype=object)
        np.savez(pair, **arrays)
    assert not is_whole_or_given_up(pair, checkpoint)


def test_two_damaged_checkpoints_are_a_run_error_that_names_both(pair):
    for path in (pair, previous_path(pair)):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError) as caught:
        load_checkpoint(pair)
    assert re.fullmatch(
        rf"cannot resume {re.escape(str(pair.parent))}: checkpoint\.npz is damaged \(.+\) and "
        r"checkpoint\.previous\.npz is damaged \(.+\)",
        str(caught.value),
    )


def test_missing_checkpoints_are_a_run_error(tmp_path):
    with pytest.raises(RunError, match=r"checkpoint\.npz is missing and .*\.previous\.npz"):
        load_checkpoint(tmp_path / "checkpoint.npz")


@pytest.mark.parametrize("version", [0, 5])
def test_other_version_is_a_run_error_and_no_damage(pair, version):
    with np.load(pair) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(pair, **(arrays | {"version": np.array(version)}))
    with pytest.raises(RunError, match=f"version {version}"):
        load_checkpoint(pair)


def test_previous_path_lies_beside(tmp_path):
    assert previous_path(tmp_path / "checkpoint.npz") == tmp_path / "checkpoint.previous.npz"


def test_reading_leaves_the_files_as_they_are(pair):
    before = {path.name: path.read_bytes() for path in pair.parent.iterdir()}
    load_checkpoint(pair)
    pair.write_bytes(b"")
    load_checkpoint(pair)
    shutil.copy(previous_path(pair), pair)
    assert {path.name for path in pair.parent.iterdir()} == before.keys()
    assert previous_path(pair).read_bytes() == before[previous_path(pair).name]
