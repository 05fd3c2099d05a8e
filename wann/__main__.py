"""``python -m wann``."""

from __future__ import annotations

from wann.cli.main import run_and_exit

run_and_exit()
