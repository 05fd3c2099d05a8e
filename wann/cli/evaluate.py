"""``wann evaluate``: the paper's protocol on fresh episodes."""

from __future__ import annotations

import argparse
import json
from typing import Any

from wann.cli.arguments import add_champion, add_json, example, integer_from


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "evaluate",
        help="score a champion on fresh episodes",
        description="Score a champion on fresh episodes, as the paper does: with random weights, "
        "with a random shared weight, and with the best shared weight.",
        **example("wann evaluate results/cartpole_swingup-seed0 --episodes 1000"),
    )
    add_champion(parser)
    parser.add_argument(
        "--episodes", type=integer_from(1), default=100, metavar="N", help="of each score (100)"
    )
    parser.add_argument(
        "--seed", type=integer_from(0), default=0, metavar="N", help="of weights and episodes (0)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the scores."""
    from wann.cli.table import print_scores
    from wann.formats.champion import load_champion
    from wann.tuning.champion import task_of_champion
    from wann.tuning.evaluation import evaluate_network

    champion = load_champion(args.champion)
    task = task_of_champion(champion)
    scores = evaluate_network(task, champion.network, args.episodes, args.seed)
    if args.json:
        print(json.dumps({"task": task.name, "seed": args.seed, **scores}, indent=2))
        return 0
    network = scores["network"]
    print(
        f"{args.champion} ({task.name}): {network['hidden']} hidden nodes, "
        f"{network['connections']} connections"
    )
    print_scores(scores)
    return 0
