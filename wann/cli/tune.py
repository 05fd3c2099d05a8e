"""``wann tune``: weights for the structure of a champion."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from wann.cli.arguments import (
    add_champion,
    add_data,
    add_json,
    add_workers,
    data_place,
    example,
    finite_number,
    integer_from,
    output_path,
)
from wann.limits import MOST_EPISODES, MOST_EVALUATIONS, MOST_SECONDS
from wann.output import say, say_json
from wann.printable import shown


def _seconds(text: str) -> float:
    value = finite_number(text)
    if not 0 < value <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{shown(repr(text))} is not a number above 0, up to {MOST_SECONDS:g}"
        )
    return value


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "tune",
        help="tune the weights of a champion",
        description="Find the best shared weight of a champion, or an individual weight for each "
        "of its connections, and write a champion file with them and their scores. The structure "
        "stays as it is.",
        **example("wann tune results/cartpole_swingup-seed0 --seconds 60"),
    )
    add_champion(parser)
    parser.add_argument(
        "--method",
        choices=("shared", "cma", "pepg", "adam"),
        default="cma",
        help="shared: one weight, by golden-section search; cma: individual weights by CMA-ES "
        "(default; for classification diagonal, on batches); pepg: by policy gradients, as in the "
        "paper; adam: by gradient descent, for classification",
    )
    parser.add_argument(
        "--structure",
        choices=("champion", "front"),
        default="champion",
        help="what is tuned: the champion (default), or of a run directory the structure of its "
        "Pareto front, hall of fame or heats that turns out best",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        metavar="FILE",
        help="default: FILE_tuned_weights.json beside the champion, FILE_shared.json, or, with "
        "--structure front, front_tuned_weights.json",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        "--evaluations",
        type=integer_from(1, MOST_EVALUATIONS),
        metavar="N",
        help="budget in episodes (samples), of the search, its examinations and its choice; the "
        "same seed then gives the same weights (default: what takes about four CPU minutes)",
    )
    budget.add_argument(
        "--seconds",
        type=_seconds,
        metavar="S",
        help="budget in seconds, of the same; reading the data, compiling and the scores on fresh "
        "episodes come on top",
    )
    parser.add_argument("--seed", type=integer_from(0), default=0, metavar="N", help="(0)")
    parser.add_argument(
        "--episodes",
        type=integer_from(1, MOST_EPISODES),
        metavar="N",
        help="fresh ones, for the scores (1000; car_racing 100)",
    )
    add_workers(parser)
    add_data(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a tuning that was interrupted, from FILE.partial.npz beside the output, "
        "with the same options; without such a file, begin",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the file; without --resume discard an unfinished tuning",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tunes and writes the champion."""
    from wann.errors import RunError
    from wann.executors.threads import Threads
    from wann.formats.champion import champion_files, load_champion, save_champion
    from wann.formats.export import check_output
    from wann.genome.network import Network
    from wann.run.interrupt import StopRequest
    from wann.run.start import available_cores
    from wann.run.structures import structures_of_run
    from wann.run.tuning_progress import make_tuning_reporter
    from wann.tasks.base import Task
    from wann.tuning.journal import Journal
    from wann.tuning.partial import PartialFile, check_partial, fingerprint, open_partial
    from wann.tuning.tune import TuneSettings, tune_champion

    source = champion_files(args.champion)[0]
    end = "shared" if args.method == "shared" else "tuned_weights"
    stem = "front" if args.structure == "front" else source.stem
    output: Path = args.output or source.with_name(f"{stem}_{end}.json")
    goes_on = check_partial(output, resume=args.resume, overwrite=args.overwrite)
    check_output(output, args.overwrite or goes_on)
    champion = load_champion(source)
    lineages: list[list[Network]] = []
    if args.structure == "front":
        if not args.champion.is_dir():
            raise RunError(f"{source} is one champion: --structure front needs a run directory")
        lineages = structures_of_run(args.champion, data_place(args), partial(say, to="stderr"))
    settings = TuneSettings(args.method, args.evaluations, args.seconds, args.seed, args.episodes)
    file: PartialFile | None = None
    journal = Journal()

    def open_journal(task: Task) -> Journal:
        nonlocal file, journal
        journal, file = open_partial(
            output,
            fingerprint(task, champion, settings, lineages),
            goes_on=goes_on,
            overwrite=args.overwrite,
            say=lambda text: None if args.quiet else say(f"wann tune: {text}", to="stderr"),
        )
        return journal

    with (
        StopRequest() as stop,
        Threads(args.workers or available_cores()) as executor,
        make_tuning_reporter(args.quiet, args.json) as on_progress,
    ):
        try:
            made = tune_champion(
                champion,
                settings,
                executor=executor,
                place=data_place(args),
                lineages=lineages,
                on_progress=on_progress,
                should_stop=lambda: stop.is_made,
                open_journal=open_journal,
            )
        except BaseException:
            if file:
                file.save(journal)
            raise
        save_champion(made.champion, output)
        if file:
            # what was interrupted may go on
            if made.ended_by == "stop":
                file.save(journal)
            else:
                file.remove()
    if args.json:
        content = {
            "champion": str(args.champion if lineages else source),
            "method": args.method,
            "file": str(output),
            "connections": made.champion.network.n_connections,
            "structures": made.structures,
            "before": made.before.to_dict(),
            "after": made.after.to_dict(),
            "evaluations": made.evaluations,
            "seconds": round(made.seconds, 3),
            "ended_by": made.ended_by,
        }
        say_json(content)
    elif not args.quiet:
        name = "best shared weight" if args.method == "shared" else "tuned weights"
        measure = made.after.measure
        on = "test samples, per cent right" if measure.is_per_cent else "fresh episodes"
        what = args.champion if lineages else source
        say(f"{what} ({champion.task}), {made.after.episodes} {on}:")
        for label, score in (("best shared weight of the sweep", made.before), (name, made.after)):
            at = f" ({score.extra['weight']:.4f})" if "weight" in score.extra else ""
            numbers = (
                f"{score.mean:7.2f}"
                if measure.is_per_cent
                else f"{score.mean:7.1f} ± {score.std:5.1f}"
            )
            say(f"  {label + at:42} {numbers}")
        if args.method != "shared" and len(set(made.champion.tuned_weights or ())) == 1:
            say("  no weights were better: all connections keep the best shared weight")
        spent = f"{made.evaluations} {measure.unit}, " if made.evaluations else ""
        size = f"{made.champion.network.n_connections} connections"
        if lineages:
            size += f", the best of {made.structures} structures of {args.champion}"
        say(f"{size}; {spent}{made.seconds:.0f} s; wrote {output}")
        if made.ended_by == "stop":
            say("stopped: the same command with --resume goes on")
    return 0 if stop.signal_number is None else 128 + stop.signal_number
