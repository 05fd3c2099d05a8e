"""Damaged checkpoints never crash the process, and with a digest none passes for whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

# ten times as many, and other seeds, where there is time
N = 300 * int(os.environ.get("WANN_FUZZ_FACTOR", "1"))
SEED = int(os.environ.get("WANN_FUZZ_SEED", "0"))


def test_damaged_checkpoints_are_refused_or_harmless():
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.fuzz.checkpoints", str(SEED), str(N)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    # a signal: the last number is that of the mutation
    assert process.returncode == 0, process.stderr[-2000:]
    made = json.loads(process.stdout)
    assert made["wrong"] == []
    counts = made["counts"]
    assert sum(sum(found.values()) for found in counts.values()) == N
    # most are refused by the checks alone; what passes holds plausible numbers
    for found in counts.values():
        assert found["refused"] > 3 * found["accepted"]
