"""Faults show their traceback; tests of the standard error do not see what is compiled."""

import os
from pathlib import Path

import pytest

# an exception that nobody expected fails a test, here and in the processes that tests start
os.environ["WANN_DEBUG"] = "1"
os.environ.setdefault("WANN_NOTICES", "0")

# runs of the command, pictures, damaged files and races with the originals: minutes, all of them
# together; the others are the quick suite
SLOW = {
    "bench",
    "cli",
    "fuzz",
    "reproduce",
    "run",
    "tuning",
    "view",
    "formats/test_champion_files.py",
    "formats/test_export_safety.py",
    "wann_envs/test_beside.py",
    "wann_envs/test_car_racing_env.py",
    "wann_envs/test_car_racing_lockstep.py",
    "wann_envs/test_classify_mnist.py",
    "wann_envs/test_kernel_cache.py",
}
QUICK = {
    "cli/test_import_export.py",
    "cli/test_verbs.py",
    "run/test_metrics.py",
    "tuning/test_fit.py",
    "view/test_layout.py",
}


def pytest_collection_modifyitems(items):
    """Marks what is slow, by folder or file."""
    here = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(here)
        names = {place.parts[0], place.as_posix()}
        if names & SLOW and not names & QUICK:
            item.add_marker(pytest.mark.slow)
