"""``wann tasks``: the tasks that networks can be evolved for."""

from __future__ import annotations

import argparse
import json
from typing import Any

from wann.cli.arguments import add_json, example


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
    presets = {task.name: [p for p in preset_names() if p.startswith(task.name)] for task in tasks}
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
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    for task in tasks:
        print(f"{task.name}: {task.description}")
        print(f"  inputs   {len(task.input_names)}: {', '.join(task.input_names)} (and the bias)")
        print(f"  outputs  {len(task.output_names)}: {', '.join(task.output_names)}")
        print(f"  episode  at most {task.episode_steps} steps of {task.env_id}")
        print(f"  presets  {', '.join(presets[task.name])}")
    return 0
