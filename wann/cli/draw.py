"""``wann draw``: a champion as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wann.cli.arguments import add_champion, example


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "draw",
        help="draw a champion as a graph",
        description="Draw the network of a champion as a layered graph.",
        **example("wann draw results/cartpole_swingup-seed0 -o champion.svg"),
    )
    add_champion(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="a .png, .svg or .pdf file; without it, a .png beside the champion",
    )
    parser.add_argument("--title", metavar="TEXT", help="above the drawing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draws the champion."""
    from wann.formats.champion import load_champion
    from wann.view.graph import save_network
    from wann.view.pictures import picture_beside

    champion = load_champion(args.champion)
    path = args.output or picture_beside(args.champion)
    save_network(
        champion.network, path, champion.input_names, champion.output_names, title=args.title
    )
    print(f"wrote {path}")
    return 0
