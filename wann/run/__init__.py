"""Run loop, run directory, checkpoints and metrics."""
