"""``wann draw``: a champion as a picture."""

from __future__ import annotations

import argparse
from typing import Any

from wann.cli.arguments import add_champion, add_data, data_place, example, output_path, words
from wann.cli.sizes import add_sizes, sizes_of
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
    parser.add_argument(
        "--order",
        choices=("free", "fixed"),
        default="free",
        help="of inputs and outputs in a graph; free: where few lines cross (default); fixed: as "
        "in the task",
    )
    add_sizes(parser)
    add_data(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draws the champion."""
    from wann.formats.champion import champion_files, load_champion
    from wann.view.drawing import mean_images_of, note_on_drawing, save_drawing
    from wann.view.pictures import picture_beside
    from wann.view.saving import check_picture
    from wann.view.sizes import using_sizes

    champion = load_champion(args.champion)
    path = args.output or picture_beside(args.champion)
    check_picture(path, champion_files(args.champion))
    note = note_on_drawing(champion, args.style)
    if note:
        say(f"note: {note}", to="stderr")
    means = None if args.style == "graph" else mean_images_of(champion, data_place(args))
    with using_sizes(sizes_of(args)):
        save_drawing(
            champion,
            path,
            title=args.title,
            style=args.style,
            mean_images=means,
            order=args.order,
        )
    say(f"wrote {path}")
    return 0
