"""Whether a champion and a task belong together."""

from __future__ import annotations

from wann.errors import TaskError
from wann.formats.champion import Champion
from wann.formats.release2019 import FORMAT
from wann.printable import shown
from wann.tasks.base import Task


def check_fits(champion: Champion, task: Task) -> None:
    """Refuses a champion that has other inputs or outputs than a task, or in another order.

    Of a champion that was imported, which may have other names, only the numbers count; a node
    without a name in the file fits any.

    Args:
        champion: of any task.
        task: that it is to be run on; of data of one's own the names are those of the file.

    Raises:
        TaskError: they do not fit; names the first that differs.
    """
    network = champion.network
    has = network.n_inputs, network.n_outputs
    wants = len(task.input_names), len(task.output_names)
    if has != wants:
        raise TaskError(
            f"the champion has {has[0]} inputs and {has[1]} outputs; "
            f"task {task.name!r} has {wants[0]} and {wants[1]}"
        )
    if champion.provenance.get("format") == FORMAT:
        return
    for kind, first, names, wanted in (
        ("input", 1, champion.input_names, task.input_names),
        ("output", network.n_nodes - network.n_outputs, champion.output_names, task.output_names),
    ):
        for k, (name, right) in enumerate(zip(names, wanted, strict=True)):
            # what the reader calls a node without a name
            if name not in (right, f"{kind} {first + k}"):
                raise TaskError(
                    f"{kind} {k + 1} of the champion is {shown(repr(name), 40)}, that of task "
                    f"{task.name!r} is {shown(repr(right), 40)}: the names and their order must "
                    "be those of the task"
                )
