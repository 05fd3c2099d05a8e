"""Command lines that nobody should type, with files that nobody should give."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
from pathlib import Path

import numpy as np

from tests.fuzz.mutations import mutate_json_file
from wann.cli import arguments
from wann.cli.main import main, make_parser

# below the folder that ``make_corpus`` fills
FILES = (
    *("run", "run/", "run/champion.json", "champion.json", "damaged.json", "small.out", "zoo.json"),
    *("own.npz", "damaged.npz", "run/config.toml", "settings.toml", "empty", "text", "folder"),
    *("loop", "loop/x", "nowhere", "pipe", "missing", "text/x", ".", "..", "/dev/null", "/proc/x"),
    *("θ ń", "a b", "-", "--", "-x", "con", "x" * 300, "a\x1b[2J", "\udcff.json", "new", "new/x"),
)
OUTPUTS = (
    *("new.json", "new.svg", "new.png", "new.out", "new.py", "new.onnx", "new.graphml", "new.gif"),
    *("run/champion.json", "champion.json", "small.out", "text", "pipe", "folder", "nowhere"),
    *("loop", "missing/x.json", "-", "/proc/x.json", "text/x.svg", "θ.svg", "\udcff.out", ""),
)
HOSTILE = (
    *("", " ", "0", "-1", "1e400", "nan", "9" * 30, "9" * 5000, "1_0", "１", "1.5", "--", "-h"),
    *("\ud800", "\x1b]0;x\x07", "a\nb", "[bold]", "%s", "x" * 5000, "/dev/zero", "../x", "'\""),
)
TASKS = ("cartpole_swingup", "digits", "classify", "unknown", "con", "Digits", "digits ")
CONFIGS = ("cartpole_swingup_quick", "digits_quick", "settings.toml", "run/config.toml", "text")
SETTINGS = (
    *("seed=3", "search.population=4", "weights.n=2", "search.ranking=three", "wurst=1", "seed"),
    *("search.population=1_0", "search.population=0", "seed=-1", "weights.low=1e6", "=", "seed=[["),
    *("weights.values=[1, nan]", "search.activations=['x']", "data.file='pipe'", "task='digits'"),
)
# so that no command works for long; they come last and count
_SHORT = {
    "evolve": [
        *("--generations", "1", "--population", "4", "--workers", "1"),
        *("--set", "weights.n=2", "--set", "champion.validation_episodes=200"),
        *("--set", "champion.final_episodes=200", "--set", "champion.candidates=1"),
        *("--set", "champion.finalists=1", "--set", "champion.hall_of_fame=1"),
    ],
    "evaluate": ["--episodes", "2"],
    "replay": ["--episodes", "1"],
    "plot": ["--episodes", "1"],
    "tune": ["--episodes", "2"],
}
_RESUMING = ["--generations", "2"]


def make_corpus(folder: Path, champion: Path) -> None:
    """Fills a folder with ``FILES``: whole ones, damaged ones and what are no files.

    Args:
        folder: empty.
        champion: a champion of the swing-up.
    """
    rng = random.Random(0)
    shutil.copy(champion, folder / "champion.json")
    damaged = mutate_json_file(champion.read_bytes(), rng)
    (folder / "damaged.json").write_bytes(damaged)
    words = ["evolve", "--task", "cartpole_swingup", *_SHORT["evolve"], "--quiet"]
    assert main([*words, "--out", str(folder / "run")]) == 0
    exported = ["export", str(folder / "champion.json"), "-o", str(folder / "small.out")]
    assert main(exported) == 0
    (folder / "zoo.json").write_text(json.dumps([[1.0, 2.0], [0.5]]), encoding="utf-8")
    samples = np.random.default_rng(0)
    np.savez(folder / "own.npz", x=samples.normal(size=(40, 3)), y=np.arange(40) % 2)
    whole = (folder / "own.npz").read_bytes()
    (folder / "damaged.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "settings.toml").write_text('task = "cartpole_swingup"\nseed = 2\n', encoding="utf-8")
    (folder / "empty").touch()
    (folder / "text").write_bytes(b"\xff\x00 text \x1b[2J\n" * 9)
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "nowhere").symlink_to("gone/x")
    os.mkfifo(folder / "pipe")


def random_command_line(rng: random.Random) -> list[str]:
    """Words after ``wann``: mostly a verb with options that it has, and often a value too odd.

    What is accepted takes seconds at most in a folder of ``make_corpus``.
    """
    (verbs,) = (a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    if rng.random() < 0.03:
        return [rng.choice(HOSTILE) for _ in range(rng.randint(0, 3))]
    verb = rng.choice(list(verbs.choices))
    words = [verb]
    for action in verbs.choices[verb]._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        wanted = 0.93 if action.required else 0.75 if action.dest in ("task", "data") else 0.2
        if rng.random() < wanted:
            words += _given(action, rng)
    words += [rng.choice(HOSTILE)] if rng.random() < 0.02 else []
    if verb == "tune" and "--seconds" not in " ".join(words):
        words += ["--evaluations", "100"]
    return [*words, *(_RESUMING if "--resume" in words else _SHORT.get(verb, []))]


def _given(action: argparse.Action, rng: random.Random) -> list[str]:
    """An option with a value, or a positional."""
    name = action.option_strings[-1:]
    if action.nargs == 0:
        return name
    value = rng.choice(HOSTILE) if rng.random() < 0.1 else _value(action, rng)
    if name and (value.startswith("-") or rng.random() < 0.3):
        return [f"{name[0]}={value}"]
    return [*name, value]


def _value(action: argparse.Action, rng: random.Random) -> str:
    if action.choices:
        return str(rng.choice(list(action.choices)))
    if action.type is arguments.output_path:
        return rng.choice(OUTPUTS)
    if action.dest in ("champion", "run_directory", "resume", "grown"):
        return rng.choice([*FILES, *["run", "champion.json"] * 15])
    if action.type is arguments.path:
        return rng.choice([*FILES, *["own.npz", "small.out", "zoo.json"] * 5])
    of = {"task": TASKS, "config": CONFIGS, "set": SETTINGS, "seeds": ("1", "1-2", "2,2", "1-")}
    if action.dest in of:
        return rng.choice(of[action.dest])
    if action.dest == "seconds":
        return rng.choice(["0.01", "0.1", "1e-300"])
    return rng.choice(["1", "2", "3", "0", "+2"])
