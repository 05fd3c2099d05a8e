"""``wann plot``: the course of a run, and what its champion does at which weight."""

from __future__ import annotations

import argparse
from typing import Any

from wann.cli.arguments import add_data, data_place, example, integer_from, output_path, path
from wann.cli.sizes import add_sizes, sizes_of
from wann.limits import MOST_EPISODES
from wann.output import say


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "plot",
        help="plot the course of a run and its champion's weight profile",
        description="Plot a run: scores and connections over the generations, the Pareto front "
        "by generation, and the champion's return over the shared weight, on fresh episodes; of a "
        "classifier also the accuracy of each class by weight and the confusion of the ensemble.",
        **example("wann plot results/cartpole_swingup-seed0"),
    )
    parser.add_argument(
        "run_directory",
        metavar="RUN",
        type=path,
        help="a run directory; of a champion file, profile, classes and confusion",
    )
    parser.add_argument(
        "--what",
        choices=("learning", "front", "profile", "classes", "confusion", "all"),
        default="all",
        help="default: all",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        metavar="FILE|DIR",
        help="a .png, .svg or .pdf file for one plot, or a directory; "
        "default: fitness.png, fronts.png and profile.png in the run directory, of a classifier "
        "also classes.png and confusion.png",
    )
    parser.add_argument(
        "--format", choices=("png", "svg", "pdf"), help="default: as FILE says, else png"
    )
    parser.add_argument(
        "--episodes",
        type=integer_from(1, MOST_EPISODES),
        metavar="N",
        help="of the profile, at each of 61 weights (100; car_racing 20); classifiers meet all "
        "test samples",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace pictures that are not the run's own"
    )
    add_sizes(parser)
    add_data(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draws the plots."""
    from wann.view.plots import PlotRequest, save_plots

    paths, notes = save_plots(
        PlotRequest(
            source=args.run_directory,
            what=args.what,
            output=args.output,
            format=args.format,
            overwrite=args.overwrite,
            episodes=args.episodes,
            data=data_place(args),
            sizes=sizes_of(args),
        )
    )
    for file in paths:
        say(f"wrote {file}")
    for note in notes:
        say(f"note: {note}", to="stderr")
    return 0
