"""``wann reproduce``: the table of results, made again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wann.cli.arguments import (
    add_data,
    add_json,
    add_workers,
    command_name,
    data_place,
    example,
    integer_from,
    output_path,
)
from wann.names import folder_name, quoted
from wann.output import Name, say, say_json
from wann.printable import shown

_MOST_SEEDS = 10_000
_seed = integer_from(0)


def _seeds(text: str) -> tuple[int, ...]:
    """Seeds such as ``1-5`` or ``1,3,7-9``."""
    seeds: list[int] = []
    for part in text.split(","):
        ends = [end.strip(" ") for end in part.split("-")]
        try:
            first, last = (_seed(end) for end in (ends * 2 if len(ends) == 1 else ends))
        except (ValueError, argparse.ArgumentTypeError):
            raise argparse.ArgumentTypeError(
                f"{shown(repr(text))} is not a list of seeds such as 1-5 or 1,3"
            ) from None
        if last < first or last - first >= _MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"{shown(repr(part))} is not a range of seeds")
        seeds.extend(range(first, last + 1))
        if len(seeds) > _MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"more than {_MOST_SEEDS} seeds")
    if len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"{shown(repr(text))} holds a seed twice")
    return tuple(seeds)


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "reproduce",
        help="make the table of results again",
        description="Evolve the default configuration for each seed, evaluate and tune the "
        "champions, and write the best of them and a table beside the paper's figures. What has "
        "been done already is not done again: after a stop, the same command goes on.",
        **example("wann reproduce cartpole_swingup --out results/mine"),
    )
    parser.add_argument("task", metavar="TASK", help="see wann tasks")
    parser.add_argument(
        "--seeds",
        type=_seeds,
        metavar="LIST",
        help="such as 1-5 (default: 1-5 for cartpole_swingup, else 1-3; with --quick 1-2)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="the quick preset and short tuning: one to two CPU minutes for cartpole_swingup",
    )
    parser.add_argument(
        "--out",
        type=output_path,
        metavar="DIR",
        help="for table and champions (results/champions/TASK; with --quick results/quick/TASK)",
    )
    parser.add_argument(
        "--runs", type=output_path, metavar="DIR", help="for the runs (results/reproduce/TASK)"
    )
    add_data(parser)
    add_workers(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Reproduces and prints the table."""
    from wann.reproduce.paper import benchmark_of
    from wann.reproduce.reproduction import ReproduceRequest, reproduce
    from wann.reproduce.seed import Interrupted, Protocol
    from wann.run.progress import make_reporter
    from wann.tasks.registry import make_task

    made = make_task(args.task, data_place(args))
    task, numbers = made.name, made.episode_numbers
    protocol = Protocol(numbers.report)
    if args.quick:
        tuning = min(200_000, (numbers.tuning or 20_000_000) // 10)
        protocol = Protocol(min(200, numbers.report), tuning_evaluations=tuning)
    request = ReproduceRequest(
        task=task,
        preset=f"{task}_quick" if args.quick else task,
        seeds=args.seeds or ((1, 2) if args.quick else benchmark_of(task).default_seeds),
        protocol=protocol,
        out=args.out or Path("results", "quick" if args.quick else "champions", folder_name(task)),
        runs=args.runs or Path("results", "reproduce", folder_name(task)),
        n_workers=args.workers,
        overwrite=args.overwrite,
        command=args.command,
        data=data_place(args),
    )
    try:
        table, results = reproduce(request, make_reporter(args.quiet, args.json))
    except Interrupted as stop:
        if not args.quiet:
            where: Name = "stderr" if args.json else "stdout"
            say(f"stopped; go on with:  {command_name()} {quoted(*args.words)}", to=where)
        return 128 + stop.signal_number
    if args.json:
        rows = [
            {
                "seed": result.seed,
                "run": str(result.directory),
                **result.scores,
                "tuned_weights": result.tuned_weights,
                "seconds": result.seconds,
                "digest": result.digest,
                "notes": list(result.notes),
            }
            for result in results
        ]
        say_json({"task": task, "out": str(request.out), "seeds": rows})
    elif not args.quiet:
        say("", *table.split("\n"), f"wrote {request.out}")
    return 0
