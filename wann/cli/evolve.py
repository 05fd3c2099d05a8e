"""``wann evolve``: search for a champion."""

from __future__ import annotations

import argparse
import importlib
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wann.cli.arguments import (
    add_data,
    add_json,
    add_workers,
    command_name,
    data_place,
    example,
    integer_from,
    output_path,
    path,
)
from wann.limits import MOST_GENERATIONS, MOST_INDIVIDUALS
from wann.names import quoted
from wann.output import say, say_json

if TYPE_CHECKING:
    from wann.formats.champion import Champion
    from wann.run.directory import RunDirectory
    from wann.run.loop import Outcome
    from wann.run.start import RunRequest
    from wann.search.champion import Champions


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "evolve",
        help="evolve a network for a task",
        description="Evolve a weight agnostic network and write it, its pictures and the record "
        "of the run to a run directory.",
        **example(
            "wann evolve --task cartpole_swingup\n"
            "  wann evolve --config mnist_quick --seed 1 --out results/try"
        ),
    )
    parser.add_argument("--task", metavar="NAME", help="see wann tasks")
    parser.add_argument(
        "--config", metavar="FILE|PRESET", help="settings; default: the preset named as the task"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, such as search.tournament_size=4; may be repeated",
    )
    parser.add_argument(
        "--seed",
        type=integer_from(0),
        metavar="N",
        help="seed of all random numbers; default: the config's, 0",
    )
    parser.add_argument(
        "--generations",
        type=integer_from(1, MOST_GENERATIONS),
        metavar="N",
        help="generations to run; default: the config's",
    )
    parser.add_argument(
        "--population",
        type=integer_from(2, MOST_INDIVIDUALS),
        metavar="N",
        help="individuals; default: the config's",
    )
    add_workers(parser)
    add_data(parser)
    parser.add_argument(
        "--out", type=output_path, metavar="DIR", help="default: results/<task>-seed<N>"
    )
    parser.add_argument(
        "--resume", type=path, metavar="DIR", help="go on with a run; --generations N extends it"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the run in the run directory"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the search and reports its champion."""
    from wann.run.progress import make_reporter
    from wann.run.start import RunRequest, execute

    # matplotlib is not needed before the end, and kernels leave the interpreter to others
    threading.Thread(target=_import_pictures, daemon=True).start()
    request = RunRequest(
        task=args.task,
        config=args.config,
        settings=tuple(args.set),
        seed=args.seed,
        generations=args.generations,
        population=args.population,
        n_workers=args.workers,
        data=data_place(args),
        out=args.out,
        resume=args.resume,
        overwrite=args.overwrite,
        command=args.command,
    )
    directory, outcome = execute(
        request,
        make_reporter(args.quiet, args.json),
        lambda directory, champions: _draw(directory, champions, request, args.is_own_process),
    )
    if outcome.lacking and args.quiet:  # else it has been said
        say(f"warning: {outcome.lacking}; all else is saved", to="stderr")
    if args.json:
        _print_json(directory, outcome)
    elif not args.quiet:
        _print_summary(directory, outcome, args.data_dir)
    if outcome.stop_signal is None:
        return 0
    # as the shell counts a process that a signal ended: 130 for Ctrl-C
    return 128 + outcome.stop_signal


def _import_pictures() -> None:
    with suppress(Exception):  # it will be told when it is needed
        importlib.import_module("wann.view.pictures")


def _draw(
    directory: RunDirectory, champions: Champions, request: RunRequest, is_own_process: bool
) -> None:
    from wann.run.start import available_cores
    from wann.view.forked import forks
    from wann.view.pictures import save_run_pictures

    has_cores = (request.n_workers or available_cores()) > 1
    with forks(is_own_process and has_cores):
        save_run_pictures(directory.path, champions, request.data)


def _print_json(directory: RunDirectory, outcome: Outcome) -> None:
    best = outcome.champions.best
    content = {
        "run": str(directory.path),
        "task": best.task,
        "is_complete": outcome.is_complete,
        "generations": outcome.generation,
        "champion": str(directory.champion),
        **_content(best),
        "champion_tuned": {
            "champion": str(directory.champion_tuned),
            **_content(outcome.champions.tuned),
        },
        "champion_small": {
            "champion": str(directory.champion_small),
            **_content(outcome.champions.small),
        },
        "seconds": {part: round(value, 3) for part, value in outcome.seconds.items()},
        "files": sorted(str(path) for path in directory.files()),
    }
    say_json(content)


def _content(champion: Champion) -> dict[str, Any]:
    network = champion.network
    return {
        "network": {
            "nodes": network.n_nodes,
            "hidden": network.n_hidden,
            "connections": network.n_connections,
        },
        "scores": champion.scores,
    }


def _measured_on(outcome: Outcome) -> str:
    if not outcome.task.measure.is_per_cent:
        return "on fresh episodes"
    part = "the test part" if outcome.is_complete else "training samples"
    return f"accuracy on {part} in per cent"


def _print_summary(directory: RunDirectory, outcome: Outcome, data_dir: Path | None) -> None:
    from wann.cli.table import print_champions

    where, command = quoted(str(directory.path)), command_name()
    task = outcome.task
    data = f" --data-dir {quoted(str(data_dir))}" if data_dir else ""
    say("")
    if not outcome.is_complete:
        say(f"stopped after generation {outcome.generation}; saved.")
    say(
        f"{outcome.generation} generations in {sum(outcome.seconds.values()):.0f} s; "
        f"three champions, {_measured_on(outcome)}:"
    )
    print_champions(
        {
            path.name: (champion.network, champion.scores)
            for path, champion in zip(directory.champions, outcome.champions, strict=True)
        }
    )
    say(f"files in {directory.path}: {', '.join(path.name for path in directory.files())}")
    if not outcome.is_complete:
        say(f"go on with:  {command} evolve --resume {where}{data}")
        return
    say("next:")
    if task.env_id:
        say(f"  {command} replay {where} --weight 1.5 --gif {task.name}.gif")
        say(f"  {command} evaluate {where} --episodes {task.episode_numbers.report}")
    else:
        say(f"  {command} evaluate {where}{data}")
    say(f"  {command} draw {where} -o champion.pdf{data}")
