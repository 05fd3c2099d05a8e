"""``wann bench``: how fast it is here, beside a reference."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from wann.cli.arguments import add_data_dir, add_json, data_place, example, integer_from, path
from wann.limits import MOST_EPISODES
from wann.output import say, say_json

_SWINGUP, _CARS = "cartpole_swingup", "car_racing"


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "bench",
        help="measure the speed on this machine",
        description="Measure the evaluation of swing-up networks or the parts of a generation on "
        "MNIST beside a NumPy reference in the manner of the 2019 release, or car racing beside "
        "Gymnasium's CarRacing-v3, in one process. Ratios are what counts.",
        **example("wann bench --json\n  wann bench mnist\n  wann bench car_racing"),
    )
    parser.add_argument(
        "task",
        nargs="?",
        choices=("swingup", _SWINGUP, "mnist", "digits", _CARS),
        default=_SWINGUP,
        metavar="TASK",
        help=f"{_SWINGUP} (default), mnist, digits or {_CARS}",
    )
    parser.add_argument(
        "--fidelity",
        type=integer_from(1, MOST_EPISODES),
        metavar="N",
        help="car_racing: drive N episodes here and in CarRacing-v3 instead, and compare every bit",
    )
    parser.add_argument(
        "--seed", type=integer_from(0), default=0, metavar="N", help="of the first of them (0)"
    )
    parser.add_argument(
        "--run",
        dest="grown",
        metavar="RUN",
        type=path,
        help="mnist, digits: the settings and the late generation of this run directory, instead "
        "of one that is grown in a few seconds",
    )
    add_data_dir(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures and prints."""
    from wann.errors import ConfigError

    if args.data_dir is not None and args.task != "mnist":
        raise ConfigError("--data-dir belongs to wann bench mnist")
    if args.grown is not None and args.task not in ("mnist", "digits"):
        raise ConfigError("--run belongs to wann bench mnist and wann bench digits")
    if args.fidelity is not None:
        if args.task != _CARS:
            raise ConfigError(f"--fidelity belongs to wann bench {_CARS}")
        return _compare(args)
    if args.task == _CARS:
        from wann.bench.car_racing import measure_car_racing

        result, show = measure_car_racing(), _show_cars
    elif args.task in ("mnist", "digits"):
        result, show = _classification(args), _show_mnist
    else:
        from wann.bench.swingup import measure_swingup

        result, show = measure_swingup(), _show_swingup
    if args.json:
        say_json(result)
    else:
        show(result)
    return 0


def _classification(args: argparse.Namespace) -> dict[str, Any]:
    from wann.bench.mnist import measure_mnist
    from wann.errors import ConfigError
    from wann.run.structures import search_of_run
    from wann.tasks.classify import ClassifyTask, digits_task, mnist_task

    place = data_place(args)
    if args.grown is None:
        return measure_mnist(mnist_task(place) if args.task == "mnist" else digits_task())
    grown = search_of_run(args.grown, place, partial(say, to="stderr"))
    if grown.task.name != args.task or not isinstance(grown.task, ClassifyTask):
        raise ConfigError(f"{args.grown} is a run of {grown.task.name!r}, not {args.task!r}")
    return measure_mnist(grown.task, grown=grown)


def _show_swingup(result: dict[str, Any]) -> None:
    network = result["network"]
    say(
        f"cart-pole swing-up, {network['computing_nodes']} computing nodes, "
        f"{network['connections']} connections; environment steps a second, one core unless said"
    )
    ratios = result["ratio_to_numpy_reference"]
    for name, rate in result["steps_per_second"].items():
        ratio = f"{ratios[name]:8.0f} x reference" if name in ratios else ""
        say(f"  {name.replace('_', ' '):30} {rate:14,.0f} {ratio}")
    say(f"  2 workers are {result['speedup_of_2_workers']:.2f} times as fast as 1")
    for name, value in result["milliseconds_per_generation_of_192"].items():
        say(f"  {name.replace('_', ' '):30} {value:14.2f} ms a generation of 192")


def _show_mnist(result: dict[str, Any]) -> None:
    settings = result["settings"]
    say(
        f"{settings['task']}: {settings['population']} individuals, {settings['weights']} shared "
        f"weights, {settings['batch']} samples; milliseconds"
    )
    for name in ("generation 0", "late"):
        made = result[name]
        say(
            f"{name}: nodes {made['nodes']:,}, different {made['unique_nodes']:,}; connections "
            f"{made['connections']:,}, different {made['unique_connections']:,}, "
            f"added {made['added_rows']:,}"
        )
        for part, value in made["milliseconds"].items():
            say(f"  {part:30} {value:10.2f}")
        say("  planned and evaluated by")
        for workers, value in made["plan_and_evaluate_milliseconds"].items():
            say(f"    {workers:28} {value:10.2f}")
        for workers, value in made["speedup_of_sharing"].items():
            say(f"  sharing is {value:.1f} times as fast with {workers}")
        ratios = ", ".join(f"{r:.0f} x {w}" for w, r in made["ratio_to_numpy_reference"].items())
        say(f"  NumPy reference, 1 core: {made['reference_seconds']:.1f} s, {ratios}")


def _show_cars(result: dict[str, Any]) -> None:
    say("car racing, a driver who follows the road; environment steps a second, one core")
    for name, rate in result["steps_per_second"].items():
        ratios = result["ratio_to_original"].get(name, {})
        words = "".join(f"{ratio:9,.0f} x {base}" for base, ratio in ratios.items())
        say(f"  {name.replace('_', ' '):26} {rate:11,.0f} {words.replace('_', ' ')}")
    say(f"  a reset takes {result['reset_milliseconds']:.2f} ms")
    if result["note"]:
        say(f"not measured: {result['note']}")


def _compare(args: argparse.Namespace) -> int:
    from wann.bench.car_racing import measure_fidelity

    def tell(episode: Any) -> None:
        if episode.difference is not None and not args.json:
            say(f"  {episode.driver}, seed {episode.seed}: {episode.difference}")

    result = measure_fidelity(args.fidelity, args.seed, tell)
    n = len(result.episodes)
    content = {
        "episodes": n,
        "identical": result.n_identical,
        "equal_returns": result.n_equal_returns,
        "steps": result.n_steps,
        "laps": result.n_laps,
        "open_loop_at_steering_limit": result.n_at_limit,
        "left_the_field": result.n_left,
        "differences": [
            {"driver": e.driver, "seed": e.seed, "difference": e.difference}
            for e in result.episodes
            if e.difference is not None
        ],
    }
    if args.json:
        say_json(content)
    else:
        say(f"{result.n_identical} of {n} episodes identical to CarRacing-v3, bit for bit")
        say(
            f"  {result.n_steps:,} steps, {result.n_laps} laps finished, {result.n_at_limit} "
            f"blind ones at a steering limit, {result.n_left} left the field"
        )
    return 0 if result.n_identical == n else 1
