"""Tiny runs of ``wann evolve``, and what is compared of them."""

from wann.cli.main import main

TINY = [
    *("--task", "cartpole_swingup", "--population", "16", "--workers", "1"),
    *("--set", "weights.n=4", "--set", "episodes.per_weight=1"),
    *("--set", "champion.validation_episodes=200", "--set", "champion.final_episodes=200"),
]


def evolve(*arguments):
    return main(["evolve", *map(str, arguments)])


def results(directory):
    """The bytes of champions and fronts, and the metrics without their last column, the seconds."""
    metrics = (directory / "metrics.csv").read_text(encoding="utf-8")
    champions = sorted(directory.glob("champion*.json"))
    return (
        [(path.name, path.read_bytes()) for path in champions],
        [line.rpartition(",")[0] for line in metrics.splitlines()],
        (directory / "fronts.csv").read_bytes(),
    )
