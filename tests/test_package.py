"""The package as a whole: version, public names, dependencies, light imports, kernel cache."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import wann
import wann_envs
from wann_envs.kernel_folder import sources_hash

ROOT = Path(__file__).parents[1]
PACKAGES = [Path(wann.__file__).parent, Path(wann_envs.__file__).parent]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# version and public names


def test_version_is_the_same_everywhere(project):
    path = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert path.read_text(encoding="utf-8").count(f'__version__ = "{wann.__version__}"') == 1
    assert "version" in project["project"]["dynamic"]
    assert importlib.metadata.version("wann") == wann.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(wann.__version__)}$", citation, re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert wann.__version__ in changelog or "unreleased" in changelog.lower()


def test_citation_names_the_paper():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for words in ("Weight Agnostic Neural Networks", "Gaier", "Ha", "2019", "1906.04358"):
        assert words in citation


@pytest.mark.parametrize("name", wann.__all__)
def test_public_names_can_be_imported(name):
    value = getattr(wann, name)
    assert value is not None
    if hasattr(value, "__module__"):
        assert value.__module__.startswith("wann.")
        assert value.__name__ == name


def test_public_names_are_listed_and_no_others_are_there():
    assert set(wann.__all__) == set(dir(wann))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = wann.no_such_name


def test_type_checkers_see_the_same_public_names():
    tree = ast.parse((PACKAGES[0] / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node for node in tree.body if isinstance(node, ast.If) and "TYPE" in ast.dump(node.test)
    )
    places = {
        alias.asname or alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    public = set(wann.__all__) - {"__version__"}
    assert set(places) == public
    for name, module in places.items():
        assert getattr(importlib.import_module(module), name) is getattr(wann, name)


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_packages_tell_that_they_have_types(folder):
    assert (folder / "py.typed").exists()


# dependencies


def imported_modules():
    """Top-level names of the modules of others that the two packages import."""
    found = set()
    for folder in PACKAGES:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"wann", "wann_envs"}


def distribution_name(text):
    return re.split(r"[^A-Za-z0-9._-]", text)[0].lower().replace("_", "-")


def test_every_import_is_a_declared_dependency_and_the_other_way_round(project):
    declared = {distribution_name(text) for text in project["project"]["dependencies"]}
    providers = importlib.metadata.packages_distributions()
    used = {
        name: {distribution_name(provider) for provider in providers[name]}
        for name in imported_modules()
    }
    missing = sorted(name for name, distributions in used.items() if not distributions & declared)
    assert not missing
    assert not declared - set().union(*used.values())


def test_presets_ship_in_the_wheel(project):
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["configs"] == "wann/configs"
    names = {path.name for path in (ROOT / "configs").glob("*.toml")}
    assert names >= {f"cartpole_swingup{kind}.toml" for kind in ("", "_paper", "_quick")}


# light imports


def modules_after(code):
    process = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(process.stdout))


@pytest.mark.parametrize("code", ["import wann", "import wann.cli.main", "import wann; dir(wann)"])
def test_import_is_light(code):
    heavy = {"numpy", "numba", "matplotlib", "gymnasium", "networkx", "rich", "pygame", "PIL"}
    assert not modules_after(code) & heavy


def test_environments_import_nothing_of_wann():
    assert not {name for name in modules_after("import wann_envs") if name.split(".")[0] == "wann"}


# the cache of compiled kernels


@pytest.fixture
def copied(tmp_path):
    """Copies of both packages, and the hash of their sources."""
    for folder in PACKAGES:
        shutil.copytree(
            folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__")
        )

    def hash_now():
        code = "import wann, wann_envs.kernel_folder as c; print(wann.__file__, c.sources_hash())"
        process = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        place, digest = process.stdout.rsplit(maxsplit=1)
        assert place.startswith(str(tmp_path))
        return digest

    return tmp_path, hash_now


@pytest.mark.parametrize(
    "name",
    [
        "wann/kernels/forward.py",
        "wann/kernels/activation.py",
        "wann/tasks/swingup.py",
        "wann_envs/swingup/dynamics.py",
        "wann_envs/elementary.py",
    ],
)
def test_cache_of_kernels_moves_when_a_kernel_changes(copied, name):
    folder, hash_now = copied
    before = hash_now()
    assert before == sources_hash()
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert hash_now() != before


def test_cache_of_kernels_moves_when_a_kernel_is_renamed(copied):
    folder, hash_now = copied
    before = hash_now()
    (folder / "wann/kernels/pareto.py").rename(folder / "wann/kernels/fronts.py")
    assert hash_now() != before


def test_cache_of_kernels_stays_when_something_else_changes(copied):
    folder, hash_now = copied
    before = hash_now()
    for name in ("wann/cli/tasks.py", "wann/view/graph.py", "wann/errors.py"):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    (folder / "wann/notes.txt").write_text("numba", encoding="utf-8")
    for path in folder.rglob("*.py"):
        os.utime(path)
    assert hash_now() == before


def test_every_compiled_function_has_our_cache_and_is_in_a_hashed_source():
    for folder in PACKAGES:
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "@njit" not in text, path
            assert "@kernel" not in text or "wann_envs.jit" in text, path


# results


def test_readme_shows_the_table_that_the_reproduction_wrote():
    table = (ROOT / "results/champions/cartpole_swingup/table.md").read_text(encoding="utf-8")
    rows = table.split("\n\n")[0]
    assert rows.startswith("| ")
    assert rows in (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_shows_pictures_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((results/[^)]+)\)", readme)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
