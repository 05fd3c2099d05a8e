"""Runs command lines with standard streams of all sorts; each in a fork of this process.

A fork has imported everything already, and flushes its streams at the end as any process does. What
takes minutes is replaced: the names and signs that are printed are what matters here.

Reads JSON: a folder for files, words of commands that load the kernels, and cases of a name, words
and streams: stdout, stderr and encoding. A stream is "file", "closed", "full" or "gone" (a pipe
without a reader). Writes JSON: by the name the exit code, or minus the signal, stdout and stderr.
"""

import gc
import io
import json
import os
import sys
import traceback
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import wann.bench.swingup
import wann.formats.export
import wann.formats.release2019
import wann.reproduce.reproduction
import wann.run.progress
import wann.run.start
import wann.run.structures
import wann.run.tuning_progress
import wann.tuning.champion
import wann.tuning.tune
import wann.view.movie
import wann.view.pictures
import wann.view.plots
import wann.view.replay
from wann.cli import command_line, process
from wann.cli.main import main
from wann.tuning.score import Score

TEXT = "± × θ"
RATES = {"a": 1.0, "b": 2.0}


def _tuned(champion, *_, **__):
    score = Score(1.0, 2.0, 3, {"weight": 4.0})
    made = replace(champion, tuned_weights=(1.0,) * champion.network.n_connections)
    return wann.tuning.tune.TunedChampion(made, score, score, 0.0, 1, "evaluations")


def replace_what_takes_minutes():
    result = SimpleNamespace(seed=1, directory=Path("x"), scores={}, tuned_weights={}, seconds={})
    wann.reproduce.reproduction.reproduce = lambda *_: (f"| {TEXT} |", [result])
    wann.tuning.tune.tune_champion = _tuned
    wann.view.pictures.save_run_pictures = lambda *_: None
    wann.bench.swingup.measure_swingup = lambda: {
        "network": {"computing_nodes": 1, "connections": 2},
        "steps_per_second": RATES,
        "ratio_to_numpy_reference": RATES,
        "speedup_of_2_workers": 1.5,
        "milliseconds_per_generation_of_192": RATES,
    }


def _open(kind, descriptor, file, encoding):
    """Makes the standard stream of a fork."""
    if kind == "closed":
        os.close(descriptor)
        return None
    if kind == "gone":
        reader, target = os.pipe()
        os.close(reader)
    else:
        name = "/dev/full" if kind == "full" else file
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(target, descriptor)
    os.close(target)
    errors = "backslashreplace" if descriptor == 2 else "strict"
    return open(descriptor, "w", encoding=encoding, errors=errors, closefd=False)


def _end(run):
    """Ends a fork as the interpreter would, but for what takes long."""
    try:
        code = run()
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = 120
    os._exit(code)


def run_forked(folder, cases):
    """Runs all cases, one after another."""
    gc.collect()
    gc.freeze()
    results = {}
    for k, (name, words, streams) in enumerate(cases):
        files = [folder / f"{k}.out", folder / f"{k}.err"]
        child = os.fork()
        if not child:
            for number, stream, file in ((1, "stdout", files[0]), (2, "stderr", files[1])):
                kind = streams.get(stream, "file")
                opened = _open(kind, number, file, streams.get("encoding", "utf-8"))
                setattr(sys, stream, opened)
                setattr(sys, f"__{stream}__", opened)
            sys.argv = ["wann", *words]
            _end(process.run_process)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [f.read_bytes().decode("latin-1") if f.exists() else "" for f in files]
        results[name] = [code, *texts]
    return results


if __name__ == "__main__":
    command_line.make_parser()
    replace_what_takes_minutes()
    given = json.loads(sys.stdin.read())
    for words in given["first"]:
        with redirect_stdout(io.StringIO()):
            main(words)
    print(json.dumps(run_forked(Path(given["folder"]), given["cases"])), flush=True)
