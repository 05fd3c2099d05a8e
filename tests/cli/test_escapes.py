"""Names in files and on command lines never reach the terminal as orders, whatever the verb."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.runs import TINY
from wann.cli.main import main

ROOT = Path(__file__).parents[2]
CHAMPION = ROOT / "results/champions/cartpole_swingup/champion_small.json"
# colours, a title, a bell, C1 orders, overrides of direction, ends of lines, markup, no letters
EVIL = "\x1b[31m\x1b]0;t\x07\x9b2J\x85\u202e\u2066\n\r\x7f\u200b\u2028[bold]:smile:{0}%s"
# what a name of a file may hold
EVIL_NAME = EVIL.replace("/", "")


@pytest.fixture
def shown(capsys):
    """Runs a command; checks what was printed, and returns the exit code and both streams."""

    def run(*words, codes=(0, 2)):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        for text in (captured.out, captured.err):
            assert all(line.isprintable() for line in text.split("\n")), repr(text)
        assert code in codes
        if code == 2:
            assert captured.out == ""
            assert captured.err.count("\n") == 1
        return code, captured.out, captured.err

    return run


def texts_replaced(value, prefix=EVIL):
    """All texts of a JSON value that mean nothing, replaced; so are keys."""
    if isinstance(value, dict):
        return {key: texts_replaced(inner) for key, inner in value.items()} | {EVIL: EVIL}
    if isinstance(value, list):
        return [texts_replaced(inner) for inner in value]
    return prefix + value if isinstance(value, str) else value


def evil_champions(content):
    """Champions with hostile text in one field each, and in all that may hold any."""
    yield "task", content | {"task": EVIL}
    nodes = [dict(node) for node in content["nodes"]]
    for kind in ("input", "output"):
        changed = [n | {"name": n["name"] + EVIL} if n["kind"] == kind else n for n in nodes]
        yield f"names of {kind}s", content | {"nodes": changed}
        yield f"{kind}s and task", content | {"nodes": changed, "task": EVIL}
    for field in ("activation", "kind"):
        yield field, content | {"nodes": [nodes[0] | {field: EVIL}, *nodes[1:]]}
    for field in ("scores", "provenance"):
        yield field, content | {field: texts_replaced(content[field])}
        yield f"{field} as text", content | {field: EVIL}
    for field in ("format", "version", "connections", "tuned_weights", EVIL):
        yield field[:20].strip("\x1b"), content | {field: EVIL}


CASES = dict(evil_champions(json.loads(CHAMPION.read_text(encoding="utf-8"))))


# fonts lack these characters
@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("case", CASES, ids=[repr(case) for case in CASES])
def test_champion_with_hostile_text_is_shown_as_text(shown, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / EVIL_NAME
    folder.mkdir()
    path = folder / "champion.json"
    path.write_text(json.dumps(CASES[case]), encoding="utf-8")
    shown("evaluate", path, "--episodes", 1)
    shown("evaluate", folder, "--episodes", 1, "--json")
    shown("replay", path)
    shown("replay", path, "--json")
    shown("draw", folder, "-o", "a.svg")
    shown("plot", path, "--what", "profile", "--episodes", 1)
    for suffix in ("out", "graphml", "json", "py"):
        shown("export", path, "-o", folder / f"x.{suffix}")


def test_paths_with_hostile_names_are_shown_as_text(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / EVIL_NAME
    code, out, _ = shown("evolve", *TINY, "--generations", 1, "--out", folder)
    assert code == 0
    assert r"\x1b[31m" in out
    assert "[bold]:smile:" in out
    assert json.loads(shown("evolve", "--resume", folder, "--json")[1])["run"] == str(folder)
    assert shown("evolve", *TINY, "--out", folder)[0] == 2
    for words in (
        ["evaluate", folder, "--episodes", 1],
        ["replay", folder],
        ["plot", folder, "--episodes", 1],
        ["draw", folder],
        ["export", folder, "-o", folder / "a.out"],
        ["import", folder / "a.out", "--task", "cartpole_swingup", "-o", folder / "b.json"],
    ):
        assert shown(*words)[0] == 0
    for words in (
        ["evaluate", folder / EVIL_NAME],
        ["evolve", "--resume", folder / EVIL_NAME],
        ["import", folder / EVIL_NAME, "--task", "cartpole_swingup", "-o", "c.json"],
        ["export", folder, "-o", folder / EVIL_NAME / "x.py"],
        ["bench", "digits", "--run", folder / EVIL_NAME],
        ["tune", folder, "-o", folder / EVIL_NAME / "x"],
    ):
        assert shown(*words)[0] == 2


WORDS = [
    ["{}"],
    ["tasks", "{}"],
    ["tasks", "--{}"],
    ["evolve", "--task", "{}"],
    ["evolve", "--task={}"],
    ["evolve", "--config", "{}"],
    ["evolve", "--task", "digits", "--set", "{}=1"],
    ["evolve", "--task", "digits", "--set", "search.ranking={}"],
    ["evolve", "--task", "digits", "--set", "search.activations=['{}']"],
    ["evolve", "--task", "digits", "--seed", "{}"],
    ["evolve", "--task", "digits", "--data", "{}"],
    ["evolve", "--task", "mnist", "--data-dir", "{}"],
    ["evolve", "--task", "classify", "--data", "{}"],
    ["evaluate", "{}"],
    ["replay", "x", "--weight", "{}"],
    ["replay", "x", "--backend", "{}"],
    ["reproduce", "{}"],
    ["reproduce", "digits", "--seeds", "{}"],
    ["bench", "{}"],
    ["import", "{}", "--task", "{}", "-o", "x"],
    ["import", "x", "--task", "{}", "--inputs", "1", "--outputs", "1", "-o", "x"],
    ["export", "x", "-o", "{}"],
    ["export", "x", "--format", "{}", "-o", "x"],
    ["tune", "x", "--method", "{}"],
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
@pytest.mark.parametrize("text", [EVIL, "\ud800\x1b[2J"], ids=["orders", "no letters"])
def test_words_of_a_command_are_echoed_as_text(shown, tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    assert shown(*(word.replace("{}", text) for word in words))[0] == 2
    assert not list(tmp_path.iterdir())


TOML = [
    'task = "{}"',
    'task = "digits"\n"{}" = 1',
    'task = "digits"\n["{}"]\nx = 1',
    'task = "digits"\n[search]\n"{}" = 1',
    'task = "digits"\n[search]\nranking = "{}"',
    'task = "classify"\n[data]\nfile = "{}"',
    'task = "classify"\n[data]\nsha256 = "{}"',
]


@pytest.mark.parametrize("text", TOML)
def test_config_files_are_quoted_as_text(shown, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    escaped = "".join(f"\\u{ord(c):04X}" if not c.isprintable() else c for c in EVIL)
    path = tmp_path / f"{EVIL_NAME}.toml"
    path.write_text(text.replace("{}", escaped), encoding="utf-8")
    assert shown("evolve", "--config", path)[0] == 2


def test_names_of_arrays_and_files_of_data_are_quoted_as_text(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"{EVIL_NAME}.npz"
    for arrays in ({EVIL: np.zeros(3)}, {"x": np.array([EVIL]), "y": np.zeros(1)}):
        np.savez(path, **arrays)
        assert shown("evolve", "--task", "classify", "--data", path)[0] == 2


def test_versions_and_tasks_are_shown_as_text(shown):
    for words in (["--version"], ["--help"], ["tasks"], ["tasks", "--json"]):
        assert shown(*words)[0] == 0


def test_warnings_of_other_packages_are_one_line_of_text(tmp_path):
    """As matplotlib's about letters that its fonts lack."""
    code = (
        "import sys, warnings\n"
        "from wann.cli import tasks\n"
        "from wann.cli.main import main\n"
        f"tasks.run = lambda _: warnings.warn({EVIL!r}) or 0\n"
        "sys.exit(main())"
    )
    words = [sys.executable, "-c", code, "tasks"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("wann tasks: warning: UserWarning: \\x1b[31m")
    assert done.stderr.count("\n") == 1
    assert done.stderr[:-1].isprintable()
