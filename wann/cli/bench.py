"""``wann bench``: how fast it is here, beside a NumPy reference."""

from __future__ import annotations

import argparse
import json
from typing import Any

from wann.cli.arguments import add_json, example


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "bench",
        help="measure the speed on this machine",
        description="Measure the evaluation of swing-up networks, or the parts of a generation on "
        "MNIST, beside a NumPy reference in the manner of the 2019 release, in one process. Ratios "
        "are what counts.",
        **example("wann bench --json\n  wann bench mnist"),
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("swingup", "mnist", "digits"),
        default="swingup",
        help="what to measure; default: swingup",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures and prints."""
    if args.what == "swingup":
        from wann.bench.swingup import measure_swingup

        result, show = measure_swingup(), _show_swingup
    else:
        from wann.bench.mnist import measure_mnist
        from wann.tasks.classify import digits_task, mnist_task

        task = mnist_task() if args.what == "mnist" else digits_task()
        result, show = measure_mnist(task), _show_mnist
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0


def _show_swingup(result: dict[str, Any]) -> None:
    network = result["network"]
    print(
        f"cart-pole swing-up, {network['computing_nodes']} computing nodes, "
        f"{network['connections']} connections; environment steps a second, one core unless said"
    )
    ratios = result["ratio_to_numpy_reference"]
    for name, rate in result["steps_per_second"].items():
        ratio = f"{ratios[name]:8.0f} x reference" if name in ratios else ""
        print(f"  {name.replace('_', ' '):30} {rate:14,.0f} {ratio}")
    print(f"  2 workers are {result['speedup_of_2_workers']:.2f} times as fast as 1")
    for name, value in result["milliseconds_per_generation_of_192"].items():
        print(f"  {name.replace('_', ' '):30} {value:14.2f} ms a generation of 192")


def _show_mnist(result: dict[str, Any]) -> None:
    settings = result["settings"]
    print(
        f"{settings['task']}: {settings['population']} individuals, {settings['weights']} shared "
        f"weights, {settings['batch']} samples; milliseconds"
    )
    for name in ("generation 0", "late"):
        made = result[name]
        print(
            f"{name}: nodes {made['nodes']:,}, different {made['unique_nodes']:,}; connections "
            f"{made['connections']:,}, different {made['unique_connections']:,}, "
            f"added {made['added_rows']:,}"
        )
        for part, value in made["milliseconds"].items():
            print(f"  {part:30} {value:10.2f}")
        print("  planned and evaluated by")
        for workers, value in made["plan_and_evaluate_milliseconds"].items():
            print(f"    {workers:28} {value:10.2f}")
        for workers, value in made["speedup_of_sharing"].items():
            print(f"  sharing is {value:.1f} times as fast with {workers}")
        print(f"  NumPy reference, 1 core: {made['reference_seconds']:.1f} s, ", end="")
        print(", ".join(f"{r:.0f} x {w}" for w, r in made["ratio_to_numpy_reference"].items()))
