"""The cache of compiled kernels: never stale, never needed, never in the way."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import config as numba_config

import wann_envs
from wann_envs import kernel_cache, kernel_folder
from wann_envs.jit import InnerKernel, Kernel, called_kernels, inner_kernel, kernel
from wann_envs.kernel_cache import constants_hash

needs_jit = pytest.mark.skipif(bool(numba_config.DISABLE_JIT), reason="is about compiled code")
pytestmark = needs_jit

ENV = """
import gymnasium
env = gymnasium.make("wann/CartPoleSwingUp-v0")
env.reset(seed=0)
print(env.step([1.0])[0][1])
"""
SOME = """
import numpy as np
from wann_envs.swingup.dynamics import advance, step
print(step(0.0, 0.0, 3.0, 0.0, 1.0)[3])
"""
TASK = """
import numpy as np
from wann.tasks.registry import make_task
import wann_envs.swingup.dynamics as d
print(d.step(0.0, 0.0, 3.0, 0.0, 1.0)[3])
"""
# what is imported first, and what the environment says
ORDERS = {
    "wann first": "import wann; wann.make_task" + TASK,
    "numba first": "import numba; numba.njit(lambda x: x)(1)" + TASK,
    "a module below the top": TASK,
    "wann_envs alone": "import wann_envs" + ENV,
    "set by the user": TASK,
    "set after the import of numba": f"import numba, os; os.environ[VARIABLE] = MINE{TASK}",
    "set in numba": f"import numba; numba.config.CACHE_DIR = MINE{TASK}",
}


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """Copies of both packages, and a function that runs code with them."""
    folder = tmp_path_factory.mktemp("copied")
    for name in ("wann", "wann_envs"):
        origin = importlib.util.find_spec(name).submodule_search_locations[0]
        shutil.copytree(origin, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tmp").mkdir()

    def run(code, **environment):
        mine = folder / "mine"
        usual = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        paths = {"PYTHONPATH": str(folder), "TMPDIR": str(folder / "tmp")}
        process = subprocess.run(
            [
                sys.executable,
                "-c",
                code.replace("MINE", repr(str(mine))).replace("VARIABLE", "'NUMBA_CACHE_DIR'"),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
            env=usual
            | paths
            | {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
            | {name: value.replace("MINE", str(mine)) for name, value in environment.items()},
        )
        assert process.returncode == 0, process.stderr
        return process.stdout.strip()

    return folder, run


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_edited_constant_counts_whatever_is_imported_first(copied):
    folder, run = copied
    environment = {"set by the user": {"NUMBA_CACHE_DIR": "MINE"}}

    def results():
        return {name: run(code, **environment.get(name, {})) for name, code in ORDERS.items()}

    before = results()
    assert len(set(before.values())) == 2  # of the step, and of the environment
    path = folder / "wann_envs/swingup/dynamics.py"
    change(path, "GRAVITY = 9.82", "GRAVITY = 3.71")
    on_mars = results()
    assert all(on_mars[name] != before[name] for name in ORDERS)
    assert len(set(on_mars.values())) == 2
    # a callee in another file, whose code changes and not its constants
    change(folder / "wann_envs/elementary.py", "self._reduce(x))", "self._reduce(self.negate(x)))")
    assert all(result != on_mars[name] for name, result in results().items())
    # nothing of it lies where no one asked for it
    assert not list((folder / "tmp").iterdir())
    assert list((folder / "mine/wann").glob("numba-*/step-*.nbc"))
    assert not list(folder.rglob("*.nbi"))


def test_a_user_s_own_kernels_are_cached_where_they_always_were(copied):
    _, run = copied
    code = "import numba; before = numba.config.CACHE_DIR" + TASK
    assert run(code + "print(numba.config.CACHE_DIR == before)").endswith("True")


# constants


LIMIT = 3


@kernel
def limited(x):
    return min(x, LIMIT)


@kernel
def twice_limited(x):
    return 2 * limited(x)


def test_a_constant_that_was_changed_in_this_process_makes_another_cache_entry(monkeypatch):
    before = constants_hash(twice_limited.py_func)
    monkeypatch.setitem(globals(), "LIMIT", 4)
    assert constants_hash(twice_limited.py_func) != before
    monkeypatch.setitem(globals(), "LIMIT", 3)
    assert constants_hash(twice_limited.py_func) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (True, 1),
        ("1", 1),
        ((1, 2), (2, 1)),
        (np.float32(0.1), np.float64(0.1)),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.zeros((1, 2)), np.zeros((2, 1))),
    ],
)
def test_constants_of_other_types_or_values_are_told_apart(monkeypatch, one, other):
    monkeypatch.setitem(globals(), "LIMIT", one)
    before = constants_hash(limited.py_func)
    monkeypatch.setitem(globals(), "LIMIT", other)
    assert constants_hash(limited.py_func) != before


# files


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A cache of its own for a kernel of this file; a function that calls it like a new start."""
    folder = tmp_path / "cache/numba-0"
    monkeypatch.setattr(kernel_cache, "kernel_folder", lambda _package: folder)
    compiled = []
    monkeypatch.setattr(
        kernel_cache.KernelCache,
        "save_overload",
        lambda cache, *args, save=kernel_cache.KernelCache.save_overload: (
            compiled.append(1),
            save(cache, *args),
        )[1],
    )

    def start(function=lambda x: x + 0.5, value=1.0):
        compiled.clear()
        return kernel(function)(value), len(compiled)

    return folder, start


def test_the_second_start_compiles_nothing(counted):
    folder, start = counted
    assert start() == (1.5, 1)
    assert start() == (1.5, 0)
    assert start(value=1) == (1.5, 1)
    assert len(list(folder.iterdir())) == 2


def damage_all(folder, damage):
    for path in folder.iterdir():
        path.write_bytes(damage(path.read_bytes()))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:20],
        lambda content: content + b"x",
        lambda _content: bytes(range(256)) * 40,
        lambda content: content[:-900] + bytes([content[-900] ^ 1]) + content[-899:],
        lambda content: content[:40] + bytes([content[40] ^ 128]) + content[41:],
        lambda _content: b"cos\nsystem\n(S'exit 7'\ntR.",
    ],
)
def test_a_damaged_file_is_compiled_again_and_mended(counted, damage):
    folder, start = counted
    start()
    damage_all(folder, damage)
    assert start() == (1.5, 1)
    assert start() == (1.5, 0)


def test_files_that_somebody_swapped_are_not_taken_for_each_other(counted):
    folder, start = counted
    start(), start(value=1)
    one, other = folder.iterdir()
    one.rename(folder / "third")
    other.rename(one)
    (folder / "third").rename(other)
    assert start() == (1.5, 1)
    assert start(value=1) == (1.5, 1)


def test_two_functions_of_one_name_have_files_of_their_own(counted):
    _, start = counted
    assert start(lambda x: x + 1.0) == (2.0, 1)
    assert start(lambda x: x + 2.0) == (3.0, 1)
    assert start(lambda x: x + 1.0) == (2.0, 0)


def test_a_file_or_a_pipe_where_the_folder_should_be(counted):
    folder, start = counted
    folder.parent.mkdir()
    folder.touch()
    assert start() == (1.5, 1)
    folder.unlink()
    assert start() == (1.5, 1)
    (path,) = folder.iterdir()
    path.unlink()
    path.mkdir()
    assert start() == (1.5, 1)
    if hasattr(os, "mkfifo"):
        path.rmdir()
        os.mkfifo(path)
        assert start() == (1.5, 1)
        assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("failing", ["mkdir", "write_bytes", "replace", "create"])
def test_a_disk_that_is_full_or_read_only_is_no_reason_to_stop(counted, monkeypatch, failing):
    folder, start = counted

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    if failing != "mkdir":
        start()
    if failing == "create":
        monkeypatch.setattr("wann_envs.files._create", fail)
    else:
        monkeypatch.setattr(Path, failing, fail)
    # what is there is read, what is not is compiled
    assert start() == (1.5, int(failing == "mkdir"))
    assert start(value=2) == (2.5, 1)
    assert start(value=2) == (2.5, 1)
    assert len(list(folder.parent.rglob("*.*"))) == int(failing != "mkdir")


def test_no_home_and_no_sources_mean_no_cache(monkeypatch):
    def nobody():
        raise RuntimeError("no home")

    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(numba_config, "CACHE_DIR", "")
    monkeypatch.setattr(Path, "home", nobody)
    assert kernel_folder.kernel_folder() is None
    assert kernel_folder.sources_hash("zipped_somewhere") is None
    assert kernel(lambda x: x + 0.25)(1.0) == 1.25


def test_processes_that_fill_one_cache_at_a_time_lose_nothing(tmp_path):
    # two signatures each of the same functions
    code = """
import sys
from wann_envs.swingup import dynamics as d
import numpy as np
kind = (np.float32, np.float64)[int(sys.argv[1]) % 2]
print(float(d.step(*(kind(0.5) for _ in range(5)))[1]))
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    paths = [str(Path(wann_envs.__file__).parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(k)], stdout=subprocess.PIPE, env=environment
        )
        for k in range(4)
    ]
    results = [process.communicate()[0] for process in processes]
    assert results[0] == results[2]
    assert results[1] == results[3]
    assert len(list(tmp_path.glob("wann/numba-*/step-*.nbc"))) == 2


# flags


def test_flags_of_numba_that_change_code_have_folders_of_their_own(monkeypatch):
    usual = kernel_folder.kernel_folder()
    folders = {usual}
    for name, value in (("BOUNDSCHECK", 1), ("OPT", "0"), ("CPU_NAME", "generic")):
        monkeypatch.setattr(numba_config, name, value)
        folders.add(kernel_folder.kernel_folder())
    assert len(folders) == 4
    monkeypatch.undo()
    assert kernel_folder.kernel_folder() == usual


@inner_kernel
def element(array, i):
    return array[i]


@kernel
def sum_beyond(array, n):
    total = 0.0
    for i in range(n):
        total += element(array, i)
    return total


def test_bounds_are_checked_beside_a_cache_of_code_without_checks(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").touch()
    (tmp_path / "package/kernels.py").write_text(
        "from wann_envs.jit import kernel\n\n\n@kernel\ndef at(x, i):\n    return x[i]\n",
        encoding="utf-8",
    )
    code = "import numpy as np; from package.kernels import at; at(np.ones(3), 3)"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    errors = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment | {"NUMBA_BOUNDSCHECK": flag},
            capture_output=True,
            text=True,
        ).stderr
        for flag in ("0", "1", "0")
    ]
    assert ["IndexError" in error for error in errors] == [False, True, False]
    assert len(list((tmp_path / "cache/wann").iterdir())) == 2


# kernels that only kernels call


def test_python_may_call_an_inner_kernel():
    assert isinstance(element, InnerKernel)
    assert sum_beyond(np.ones(3), 2) == 2.0
    assert element(np.arange(3.0), 2) == 2.0
    assert element(np.arange(3), 1) == 1


def test_kernels_that_are_called_are_found():
    assert {one.py_func.__name__ for one in called_kernels([sum_beyond])} == {
        "sum_beyond",
        "element",
    }
    assert all(isinstance(one, Kernel) for one in called_kernels([twice_limited]))
