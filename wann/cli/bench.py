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
        description="Measure the evaluation of swing-up networks beside a NumPy reference in the "
        "manner of the 2019 release, in one process. Ratios are what counts.",
        **example("wann bench --json"),
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures and prints."""
    from wann.bench.swingup import measure_swingup

    result = measure_swingup()
    if args.json:
        print(json.dumps(result, indent=2))
        return 0
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
    return 0
