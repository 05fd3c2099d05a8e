"""Pictures depend on no setting of matplotlib, and change none."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

import wann.view
from wann.genome.network import network_from_connections
from wann.view.graph import save_network
from wann.view.library import quiet_log

DRAW = """
import hashlib, sys, warnings
from pathlib import Path
warnings.simplefilter("error")
import numpy as np
from wann.genome.network import network_from_connections
from wann.tuning.score import Profile
from wann.view.graph import save_network
from wann.view.profile import save_profile
network = network_from_connections(2, 1, [1, 1, 1, 5, 6], [(1, 3), (3, 4), (2, 4)])
folder = Path(sys.argv[1])
files = [folder / name for name in ("a.png", "a.svg", "a.pdf")]
save_network(network, files, ["x", "$y$"], ["out"], title="A title")
files.append(folder / "b.png")
save_profile(Profile(np.arange(3.0), np.arange(3.0), np.ones(3), 1), files[-1], title="b")
assert "matplotlib.pyplot" not in sys.modules
print(*(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))
"""
UNUSUAL = """
backend: nonsense
text.usetex: True
savefig.format: pdf
svg.fonttype: none
interactive: True
font.size: 30
lines.linewidth: 9
savefig.bbox: tight
axes.formatter.use_locale: True
no.such.key: 1
figure.dpi: not a number
"""


def digests(folder: Path, **environment: str) -> str:
    """Draws in a process of its own, which must not say anything else."""
    folder.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "MATPLOTLIB"))}
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(folder)],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    return digests(tmp_path_factory.mktemp("usual") / "out")


@pytest.mark.parametrize(
    "backend", ["nonsense", "module://matplotlib_inline.backend_inline", "QtAgg", "ps"]
)
def test_backend_of_the_environment_does_not_matter(tmp_path, usual, backend):
    assert digests(tmp_path / "out", MPLBACKEND=backend) == usual


@pytest.mark.parametrize("content", [UNUSUAL.encode(), b"\xff\xfe\x80"], ids=["odd", "no text"])
def test_settings_of_the_user_do_not_matter(tmp_path, usual, content):
    (tmp_path / "matplotlibrc").write_bytes(content)
    assert digests(tmp_path / "out", MATPLOTLIBRC=str(tmp_path / "matplotlibrc")) == usual


def test_folder_for_settings_that_cannot_be_written_does_not_matter(tmp_path, usual):
    (tmp_path / "file").write_text("")
    assert digests(tmp_path / "out", MPLCONFIGDIR=str(tmp_path / "file")) == usual


def test_backend_that_the_user_asks_for_stays_the_user_s():
    code = "import wann.view.library, matplotlib; print(matplotlib.get_backend())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MPLBACKEND": "svg"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().lower() == "svg"


def test_drawing_leaves_the_settings_of_the_process_alone(tmp_path):
    network = network_from_connections(1, 1, [1, 1, 5], [(1, 2)])
    level = logging.getLogger("matplotlib").level
    with mpl.rc_context({"font.size": 17.0, "text.usetex": True}):
        before = dict.copy(mpl.rcParams)
        save_network(network, tmp_path / "a.png", ["x"], ["y"])
        assert dict.copy(mpl.rcParams) == before
    assert logging.getLogger("matplotlib").level == level


def test_log_is_silent_for_a_while_only(caplog):
    logger = logging.getLogger("matplotlib.font_manager")
    with quiet_log():
        logger.warning("not told")
    logger.warning("told")
    assert [record.message for record in caplog.records] == ["told"]


def test_one_module_imports_matplotlib_and_none_pyplot():
    importing = set()
    for file in Path(wann.view.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            assert not any("pyplot" in name for name in names)
            if any(name.split(".")[0] == "matplotlib" for name in names):
                importing.add(file.name)
    assert importing == {"library.py"}


def test_run_does_not_wait_for_matplotlib():
    code = "import wann.view.pictures, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
