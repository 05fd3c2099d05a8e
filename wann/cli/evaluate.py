"""``wann evaluate``: the paper's protocol on fresh episodes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wann.cli.arguments import (
    add_champion,
    add_data,
    add_json,
    add_workers,
    data_place,
    example,
    integer_from,
)
from wann.limits import LARGEST_WEIGHTS, MOST_EPISODES
from wann.output import say, say_json

if TYPE_CHECKING:
    from wann.formats.champion import Champion


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "evaluate",
        help="score a champion on fresh episodes",
        description="Score a champion, or the three of a run, on fresh episodes, as the paper "
        "does: with random weights, with a random shared weight, with the best shared weight, and "
        "with tuned weights if the file holds some. A classifier is scored on the test part of "
        "its data: with 100 random shared weights, with the one that is the best on training data, "
        "and by the vote of 40 weights.",
        **example("wann evaluate results/cartpole_swingup-seed0 --episodes 1000"),
    )
    add_champion(parser)
    parser.add_argument(
        "--episodes",
        type=integer_from(1, MOST_EPISODES),
        default=100,
        metavar="N",
        help="of each score (100); not of classifiers",
    )
    parser.add_argument(
        "--seed",
        type=integer_from(0),
        default=12345,
        metavar="N",
        help="of weights and episodes (12345: a run's own scores have the seed of the run)",
    )
    add_workers(parser)
    add_data(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _check_room(champion: Champion, episodes: int) -> None:
    """Refuses more random weights than fit into memory; classifiers draw none."""
    from wann.errors import ConfigError
    from wann.tasks.registry import make_task, task_names

    if champion.task not in task_names() or make_task(champion.task).measure.is_per_cent:
        return
    most = LARGEST_WEIGHTS // (8 * max(1, champion.network.n_connections))
    if episodes > most:
        raise ConfigError(
            f"{episodes} episodes, each with {champion.network.n_connections} random weights, take "
            f"more memory than {LARGEST_WEIGHTS / 1e9:g} GB: at most {most} for this network"
        )


def run(args: argparse.Namespace) -> int:
    """Prints the scores."""
    from wann.cli.table import print_accuracies, print_champions, print_scores
    from wann.executors.threads import Threads
    from wann.formats.champion import champion_files, load_champion
    from wann.run.start import available_cores
    from wann.tuning.champion import evaluate_champion

    champions = {path.name: load_champion(path) for path in champion_files(args.champion)}
    for champion in champions.values():
        _check_room(champion, args.episodes)
    with Threads(args.workers or available_cores()) as executor:
        scores = {
            name: evaluate_champion(
                champion, args.episodes, args.seed, data_place(args), executor=executor
            )
            for name, champion in champions.items()
        }
    first, *others = champions
    task = champions[first].task
    is_classifier = "confusion" in scores[first]
    if args.json:
        more = {Path(name).stem: scores[name] for name in others}
        content = {"task": task, "seed": args.seed, **scores[first], **more}
        say_json(content)
        return 0
    if others:
        if is_classifier:
            say(f"{args.champion} ({task}), accuracy on the test part in per cent:")
        else:
            say(f"{args.champion} ({task}), {args.episodes} fresh episodes of each score:")
        print_champions({name: (champions[name].network, scores[name]) for name in champions})
        if is_classifier:
            say("", f"{first}:")
            print_accuracies(scores[first])
        return 0
    network = scores[first]["network"]
    say(
        f"{args.champion} ({task}): {network['hidden']} hidden nodes, "
        f"{network['connections']} connections"
    )
    (print_accuracies if is_classifier else print_scores)(scores[first])
    return 0
