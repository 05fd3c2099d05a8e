"""``wann replay``: a champion in the real environment, with a weight of your choice."""

from __future__ import annotations

import argparse
from typing import Any

from wann.cli.arguments import (
    add_champion,
    add_json,
    example,
    finite_number,
    integer_from,
    output_path,
)
from wann.limits import MOST_EPISODES
from wann.output import say, say_json


def _weight(text: str) -> float | str:
    """A number, "best" or "tuned"."""
    if text in ("best", "tuned"):
        return text
    try:
        return finite_number(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, 'best' or 'tuned'") from None


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "replay",
        help="watch a champion with a weight of your choice",
        description="Run a champion in the Gymnasium environment, all connections sharing one "
        "weight, and print the return of each episode.",
        **example("wann replay results/cartpole_swingup-seed0 --weight 1.5 --gif swing.gif"),
    )
    add_champion(parser)
    parser.add_argument(
        "--weight",
        type=_weight,
        default="best",
        metavar="W|best|tuned",
        help="the shared weight; best: the tuned one of the champion file (default); tuned: the "
        "file's individual weights, as wann tune finds them",
    )
    parser.add_argument(
        "--episodes",
        type=integer_from(1, MOST_EPISODES),
        default=1,
        metavar="N",
        help="how many (1)",
    )
    parser.add_argument(
        "--seed", type=integer_from(0), default=0, metavar="N", help="of the first episode (0)"
    )
    parser.add_argument(
        "--backend",
        choices=("wann", "gymnasium"),
        default="wann",
        help="gymnasium: the original environment, where there is one: car_racing in CarRacing-v3 "
        "(needs Box2D); default: wann",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--human", action="store_true", help="show a window")
    output.add_argument("--gif", type=output_path, metavar="FILE", help="write an animation")
    output.add_argument("--mp4", type=output_path, metavar="FILE", help="write a film")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replays the champion."""
    from wann.errors import ConfigError, TaskError
    from wann.formats.champion import champion_files, load_champion
    from wann.formats.output import check_output
    from wann.tasks.policy import NetworkPolicy
    from wann.tuning.champion import best_weight_of, task_of_champion
    from wann.view.movie import check_movie_path
    from wann.view.replay import check_display, original_of, record, replay, show

    champion = load_champion(args.champion)
    task = task_of_champion(champion)
    if not task.env_id:
        raise TaskError(
            f"task {task.name!r} has no environment to replay: score its champions with "
            "wann evaluate"
        )
    env_id = task.env_id if args.backend == "wann" else original_of(task)
    movie = args.gif or args.mp4
    if movie:
        check_movie_path(movie, ".gif" if args.gif else ".mp4", champion_files(args.champion))
        check_output(movie, overwrite=True)
    if args.human:
        check_display()
    if args.weight == "tuned":
        if champion.tuned_weights is None:
            raise ConfigError(f"{args.champion} holds no tuned weights: make some with wann tune")
        network, caption = NetworkPolicy(champion.network, champion.tuned_weights), "tuned weights"
        weight: float | str = "tuned"
    else:
        weight = best_weight_of(task, champion) if args.weight == "best" else args.weight
        network, caption = NetworkPolicy(champion.network, weight), f"shared weight {weight:g}"

    def policy(observation: Any) -> Any:
        return task.action(network(observation))

    options = {"episodes": args.episodes, "seed": args.seed}
    if movie:
        results = record(env_id, policy, movie, caption=caption, **options)
    elif args.human:
        results = show(env_id, policy, caption=caption, **options)
    else:
        results = replay(env_id, policy, **options)
    if args.json:
        rows = [
            {"episode": r.episode, "seed": r.seed, "return": r.return_, "steps": r.length}
            for r in results
        ]
        file = {"file": str(movie)} if movie else {}
        content = {"task": task.name, "weight": weight, "env_id": env_id, "episodes": rows}
        say_json(content | file)
        return 0
    where = "" if args.backend == "wann" else f" in {env_id}"
    say(f"{args.champion} ({task.name}), {caption}{where}")
    for r in results:
        say(f"  episode {r.episode}  seed {r.seed}  return {r.return_:.3f}  steps {r.length}")
    if movie:
        say(f"wrote {movie}")
    return 0
