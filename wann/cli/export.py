"""``wann export``: a champion in the format of another program."""

from __future__ import annotations

import argparse
from typing import Any

from wann.cli.arguments import add_champion, example, finite_number, output_path
from wann.output import say

# as in wann.formats.export, which takes long to import
_FORMATS = ("release2019", "graphml", "json", "python", "onnx")


def _weight(text: str) -> float | str:
    """A number, or the word tuned."""
    return text if text == "tuned" else finite_number(text)


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "export",
        help="write a champion in the format of another program",
        description="Write a champion as a file of the 2019 release, as a graph (GraphML for "
        "networkx, Gephi and yEd; node-link JSON), as a Python function or as an ONNX model.",
        **example("wann export results/cartpole_swingup-seed0 --format onnx -o champion.onnx"),
    )
    add_champion(parser)
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="default: what the name of the file ends in (.out, .graphml, .json, .py, .onnx)",
    )
    parser.add_argument(
        "-o", "--output", type=output_path, metavar="FILE", required=True, help="the file, or -"
    )
    parser.add_argument(
        "--weights",
        type=output_path,
        metavar="ZOO.json",
        help="release2019: write the tuned weights to a file of the zoo's format, too",
    )
    parser.add_argument(
        "--weight-offset",
        type=finite_number,
        metavar="X",
        help="what readers of ZOO.json add to each weight; default: as in wann import",
    )
    parser.add_argument(
        "--fix-weight",
        type=_weight,
        metavar="W|tuned",
        help="onnx: a model with this shared weight, or with the tuned weights, inside",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the file."""
    from wann.errors import FormatError
    from wann.formats.champion import champion_files, load_champion
    from wann.formats.export import export_champion, format_of
    from wann.formats.output import check_apart, check_output, write_output
    from wann.formats.zoo2019 import weight_offset, zoo_weights_to_json

    name = args.format or format_of(args.output)
    if args.weights is not None:
        if name != "release2019" or args.weights == args.output:
            raise FormatError("--weights writes a second file, for the format release2019 only")
        check_apart(args.weights, {"the output": args.output})
    elif args.weight_offset is not None:
        raise FormatError("--weight-offset belongs to --weights ZOO.json")
    source = champion_files(args.champion)[0]
    files = [file for file in (args.output, args.weights) if file is not None]
    for file in files:
        check_output(file, args.overwrite)
        check_apart(file, {"the champion": source})
    champion = load_champion(source)
    contents = {args.output: export_champion(champion, name, args.fix_weight)}
    if args.weights is not None:
        offset = args.weight_offset
        offset = weight_offset(champion.task) if offset is None else offset
        contents[args.weights] = zoo_weights_to_json(champion, offset).encode()
    for file, data in contents.items():
        write_output(file, data)
        if str(args.output) != "-":
            say(f"wrote {file}")
    return 0
