"""``wann draw``: a champion as a picture."""

from __future__ import annotations

import argparse
from typing import Any

from wann.cli.arguments import add_champion, add_data, data_place, example, output_path, words
from wann.output import say


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "draw",
        help="draw a champion as a graph, or as the pixels it uses",
        description="Draw the network of a champion: as a layered graph, or, where its inputs are "
        "the pixels of an image, for each output the pixels that lead to it; over them, if the "
        "data are at hand, the outline of the mean image of each class.",
        **example("wann draw results/cartpole_swingup-seed0 -o champion.svg"),
    )
    add_champion(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        metavar="FILE",
        help="a .png, .svg or .pdf file; default: a .png beside the champion",
    )
    parser.add_argument("--title", type=words, metavar="TEXT", help="above the drawing")
    parser.add_argument(
        "--style",
        choices=("auto", "graph", "grid"),
        default="auto",
        help="a graph, or a grid of pixels; default: a grid where the inputs are an image",
    )
    add_data(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draws the champion."""
    from wann.formats.champion import load_champion
    from wann.view.drawing import mean_images_of, save_drawing
    from wann.view.pictures import picture_beside

    champion = load_champion(args.champion)
    path = args.output or picture_beside(args.champion)
    means = None if args.style == "graph" else mean_images_of(champion, data_place(args))
    save_drawing(champion, path, title=args.title, style=args.style, mean_images=means)
    say(f"wrote {path}")
    return 0
