"""A run that is killed, damaged, resumed, extended and overwritten in any order.

It is refused in one line, or it ends with the bits of a run that nothing has happened to.
"""

import os
import random
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.cli.runs import results
from wann.errors import WannError
from wann.run.directory import RunDirectory
from wann.run.metrics import MetricsFile
from wann.run.progress import Quiet
from wann.run.reading import read_config
from wann.run.start import RunRequest, execute
from wann.run.structures import structures_of_run

FACTOR = int(os.environ.get("WANN_FUZZ_FACTOR", "1"))
FILES = (
    *("config.toml", "meta.json", "metrics.csv", "fronts.csv", "champion.json"),
    *("champion_tuned.json", "checkpoint.npz", "checkpoint.previous.npz"),
)
DAMAGES = ("empty", "cut", "zeros", "zeros at the end", "binary", "deleted", "appended")
SETTINGS = (
    *("search.population=6", "weights.n=2", "episodes.per_weight=1", "checkpoint.seconds=0"),
    *("champion.validation_episodes=200", "champion.final_episodes=200"),
    *("champion.finalists=2", "search.fitness=lifetime"),
)
references = {}


class Killed(BaseException):
    """What is left of the process is what was on the disk when it was killed."""


@pytest.fixture(autouse=True)
def _without_slow_parts(monkeypatch):
    monkeypatch.setattr("wann.run.loop.evaluate_network", lambda *_, **__: {})
    monkeypatch.setattr("wann.run.loop.Beside.compile", lambda _: None)


def request(**options):
    return RunRequest(n_workers=1, **options)


def new(seed, generations, out, overwrite=False):
    return request(
        task="cartpole_swingup",
        settings=SETTINGS,
        seed=seed,
        generations=generations,
        out=out,
        overwrite=overwrite,
    )


def reference(folder, seed, generations):
    """The results of a run that nothing has happened to."""
    if (seed, generations) not in references:
        directory = folder / f"reference{seed}-{generations}"
        execute(new(seed, generations, directory), Quiet(), lambda *_: None)
        references[seed, generations] = results(directory)
    return references[seed, generations]


@contextmanager
def killed_at(moment, directory):
    """Kills the block at an operation on files, if it comes so far; the files stay as they are."""
    count, copy = 0, directory.with_name("killed")
    shutil.rmtree(copy, ignore_errors=True)

    def before(function):
        def run(*args, **options):
            nonlocal count
            if count == moment:
                count += 1
                if directory.exists():
                    shutil.copytree(directory, copy, ignore=shutil.ignore_patterns(".lock"))
                raise Killed
            count += 1
            return function(*args, **options)

        return run

    with pytest.MonkeyPatch.context() as patch:
        if moment is not None:
            for name in ("fsync", "replace", "unlink"):
                patch.setattr(os, name, before(getattr(os, name)))
            patch.setattr(MetricsFile, "append", before(MetricsFile.append))
        try:
            yield
        except Killed:
            patch.undo()
            shutil.rmtree(directory, ignore_errors=True)
            if copy.exists():
                copy.rename(directory)


class Lifecycle(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 1), generations=st.integers(1, 3))
    def start(self, seed, generations):
        self.folder = Path(tempfile.mkdtemp())
        self.run = self.folder / "run"
        self.asked = {(seed, generations)}
        self.execute(new(seed, generations, self.run))

    def teardown(self):
        shutil.rmtree(self.folder)

    def execute(self, wanted, moment=None):
        """Does what is asked for, unless it is refused or killed, and compares the result."""
        is_done, refusal = False, ""
        with killed_at(moment, self.run):
            try:
                execute(wanted, Quiet(), lambda *_: None)
                is_done = True
            except WannError as error:
                refusal = str(error)
        assert refusal.isprintable()
        assert len(refusal) < 1000
        if is_done:
            config = read_config(self.run_directory())
            made = (config.seed, config.search.generations)
            assert made in self.asked
            assert results(self.run) == reference(self.folder, *made)
            assert structures_of_run(self.run)
            assert not list(self.run.glob(".*.tmp*"))

    def run_directory(self):
        return RunDirectory(self.run)

    @rule(more=st.integers(0, 2), moment=st.none() | st.integers(0, 60))
    def resume(self, more, moment):
        generations = None
        if more:
            try:
                config = read_config(self.run_directory())
            except WannError:
                return
            generations = config.search.generations + more
            if generations > 6:
                return
            self.asked.add((config.seed, generations))
        self.execute(request(resume=self.run, generations=generations), moment)

    @rule(
        seed=st.integers(0, 1),
        generations=st.integers(1, 3),
        overwrite=st.booleans(),
        moment=st.none() | st.integers(0, 60),
    )
    def again(self, seed, generations, overwrite, moment):
        self.asked.add((seed, generations))
        self.execute(new(seed, generations, self.run, overwrite), moment)

    @rule(name=st.sampled_from(FILES), how=st.sampled_from(DAMAGES), seed=st.integers(0, 999))
    def damage(self, name, how, seed):
        path = self.run / name
        if not path.exists():
            return
        data, generator = path.read_bytes(), random.Random(seed)
        cut = generator.randrange(len(data) + 1)
        changed = {
            "empty": b"",
            "cut": data[:cut],
            "zeros": bytes(len(data)),
            "zeros at the end": data[:cut] + bytes(len(data) - cut),
            "binary": data[:cut] + b"\xff\xfe\x00" + data[cut + 3 :],
            "deleted": None,
            "appended": data + b"\x00\n7,,\n",
        }[how]
        if changed is None:
            path.unlink()
        else:
            path.write_bytes(changed)

    @rule(seed=st.integers(0, 1), generations=st.integers(1, 3), name=st.sampled_from(FILES[-2:]))
    def swap_checkpoint(self, seed, generations, name):
        reference(self.folder, seed, generations)
        other = self.folder / "other"
        execute(new(seed, generations, other), Quiet(), lambda *_: None)
        if self.run.exists():
            shutil.copy(other / "checkpoint.npz", self.run / name)
            # without a config of its own the run is that of its checkpoint, which says so
            self.asked.add((seed, generations))
        shutil.rmtree(other)


def test_a_run_is_refused_or_ends_with_the_same_bits_whatever_happens_to_it():
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=8 * FACTOR,
            stateful_step_count=10,
            deadline=None,
            derandomize=FACTOR == 1,
            database=None,
        ),
    )
