"""``wann tasks``: the tasks that networks can be evolved for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from wann.cli.arguments import add_json, example
from wann.output import say, say_json

_MOST_NAMES = 10


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "tasks", help="list the tasks", description="List the tasks.", **example("wann tasks")
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lists the tasks."""
    from wann.search.presets import preset_names
    from wann.tasks.registry import make_task, task_names

    tasks = [make_task(name) for name in task_names()]
    presets = {
        task.name: [p for p in preset_names() if p == task.name or p.startswith(f"{task.name}_")]
        for task in tasks
    }
    if args.json:
        rows = [
            {
                "name": task.name,
                "description": task.description,
                "inputs": list(task.input_names),
                "outputs": list(task.output_names),
                "episode_steps": task.episode_steps,
                "env_id": task.env_id,
                "presets": presets[task.name],
            }
            for task in tasks
        ]
        say_json(rows)
        return 0
    for task in tasks:
        say(f"{task.name}: {task.description}")
        if task.input_names:
            say(f"  inputs   {len(task.input_names)}: {_listed(task.input_names)} (and the bias)")
            say(f"  outputs  {len(task.output_names)}: {', '.join(task.output_names)}")
        else:
            say("  inputs   those of the data (and the bias)")
            say("  outputs  one for each class")
        if task.env_id:
            say(f"  episode  at most {task.episode_steps} steps of {task.env_id}")
        else:
            say("  episode  one sample; cross-entropy in the search, then accuracy")
        say(f"  presets  {', '.join(presets[task.name])}")
    return 0


def _listed(names: Sequence[str]) -> str:
    """The names, or the first and last of many."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{names[0]}; {names[1]}; ...; {names[-1]}"
