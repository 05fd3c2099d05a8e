"""``wann import``: a network of the 2019 release as a champion."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wann.cli.arguments import example, finite_number, integer_from, output_path, path
from wann.limits import MOST_INPUTS, MOST_OUTPUTS
from wann.output import Name, say
from wann.printable import shown

if TYPE_CHECKING:
    from wann.formats.champion import Champion
    from wann.formats.release2019 import ReleaseNetwork

_NO_TASK = "unknown"


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "import",
        help="make a champion of a file of the 2019 release",
        description="Make a champion file of a network of the 2019 release (.out), perhaps with "
        "the tuned weights of its zoo (.json).",
        **example(
            "wann import swing.out --task cartpole_swingup "
            "--weights cartpole_swingup.wann.json -o champion.json"
        ),
    )
    parser.add_argument("file", metavar="FILE.out", type=path, help="a network of the release")
    parser.add_argument(
        "--task",
        metavar="NAME",
        help="see wann tasks; any other name needs --inputs and --outputs",
    )
    parser.add_argument(
        "--inputs",
        type=integer_from(0, MOST_INPUTS),
        metavar="N",
        help="number of inputs, without the bias; default: the task's",
    )
    parser.add_argument(
        "--outputs",
        type=integer_from(1, MOST_OUTPUTS),
        metavar="N",
        help="number of outputs; as --inputs",
    )
    parser.add_argument(
        "--weights",
        type=path,
        metavar="ZOO.json|values",
        help="tuned weights: a file of the release's zoo; values: the entries of FILE.out, as is "
        "done anyway where one has more than the release's three digits",
    )
    parser.add_argument(
        "--weight-offset",
        type=finite_number,
        metavar="X",
        help="added to each weight of ZOO.json; default: as the release does, by the task's name: "
        "swing-up -1.5, biped -1.87, racer or racing -0.7, others 0",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        metavar="FILE",
        required=True,
        help="the champion file, or -",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the champion."""
    from wann.errors import TaskError
    from wann.formats.champion import champion_to_json
    from wann.formats.output import check_apart, check_output, write_output
    from wann.formats.release2019 import champion_of_release
    from wann.formats.zoo2019 import weight_offset, with_zoo_weights

    use_values = args.weights == Path("values")
    zoo = None if use_values else args.weights
    read = {"the network": args.file} | ({} if zoo is None else {"the file of weights": zoo})
    check_output(args.output, args.overwrite)
    check_apart(args.output, read)
    task, inputs, outputs = _task(args)
    if zoo is None and args.weight_offset is not None:
        raise TaskError("--weight-offset belongs to --weights ZOO.json")
    if zoo is not None and args.task is None and args.weight_offset is None:
        raise TaskError("--weights needs --task or --weight-offset: what the release adds to them")
    champion, release = champion_of_release(args.file, task, inputs, outputs, use_values=use_values)
    if zoo is not None:
        offset = weight_offset(task) if args.weight_offset is None else args.weight_offset
        champion = with_zoo_weights(champion, release, zoo, offset)
    write_output(args.output, champion_to_json(champion).encode())
    _report(args, champion, release)
    return 0


def _task(args: argparse.Namespace) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Name, inputs and outputs of the task; of an unknown one the options tell how many."""
    from wann.errors import TaskError
    from wann.tasks.registry import make_task, task_names

    name = _NO_TASK if args.task is None else args.task
    if not name or not name.isprintable():
        raise TaskError(f"{shown(repr(name))} is no name of a task")
    task = make_task(name) if name in task_names() else None
    # a task of one's own data has as many as these
    if task is not None and task.output_names:
        for option, names in (("inputs", task.input_names), ("outputs", task.output_names)):
            wanted = getattr(args, option)
            if wanted is not None and wanted != len(names):
                raise TaskError(f"task {name!r} has {len(names)} {option}, not {wanted}")
        inputs = task.input_names
        if task.name == "car_racing":
            # the release's racers see the latent variables of a VAE
            inputs = tuple(f"z{k}" for k in range(1, len(inputs) + 1))
        return task.name, inputs, task.output_names
    if args.inputs is None or args.outputs is None:
        if args.task is None:
            raise TaskError("give --task, or --inputs and --outputs")
        if task is not None:
            raise TaskError(
                f"task {shown(repr(name))} has as many inputs and outputs as the data: "
                "give --inputs and --outputs"
            )
        try:
            make_task(name)
        except TaskError as error:
            raise TaskError(f"{error}; for another, give --inputs and --outputs") from error
    return (
        name,
        tuple(f"input {k}" for k in range(1, args.inputs + 1)),
        tuple(f"output {k}" for k in range(1, args.outputs + 1)),
    )


def _report(args: argparse.Namespace, champion: Champion, release: ReleaseNetwork) -> None:
    """Says what was read and what became of it."""
    from wann.formats.champion import dangling_nodes

    # the champion itself may go to the standard output
    out: Name = "stderr" if str(args.output) == "-" else "stdout"
    network = champion.network
    sizes = {
        "input": network.n_inputs,
        "hidden node": network.n_hidden,
        "output": network.n_outputs,
        "connection": network.n_connections,
        "disabled gene": len(release.disabled),
    }
    listed = ", ".join(f"{n} {word}" if n == 1 else f"{n} {word}s" for word, n in sizes.items())
    say(f"{args.file} ({champion.task}): {listed}", to=out)
    if champion.tuned_weights is not None:
        origin = champion.provenance.get("weights")
        source = f"{origin['file']}, {origin['offset']:+g} each" if origin else "the file itself"
        say(f"tuned weights: from {source}", to=out)
    elif (n := sum(value != 1.0 for value in release.values)) > 0:
        say(
            f"note: {n} of {network.n_connections} entries are other numbers than 1; they were set "
            "aside: --weights values takes them for individual weights",
            to=out,
        )
    for node, lack in dangling_nodes(network).items():
        say(f"note: hidden node {node} has no {lack}: are inputs and outputs right?", to=out)
    if out == "stdout":
        say(f"wrote {args.output}")
