"""The table of a reproduction."""

from pathlib import Path

import pytest

from wann.reproduce.paper import benchmark_of
from wann.reproduce.seed import SeedResult
from wann.reproduce.table import minutes, table_of


def scores(shared, best, random, connections):
    def score(mean, std):
        return {"mean": mean, "std": std, "episodes": 100}

    return {
        "random_weights": score(random, 2.0),
        "random_shared_weight": score(shared, 3.0),
        "tuned_shared_weight": score(best, 4.0) | {"weight": 1.0},
        "network": {"nodes": 9, "hidden": 2, "connections": connections},
    }


def result(seed, shared, best, tuned, connections, small):
    return SeedResult(
        seed,
        Path(f"run{seed}"),
        {
            "champion": scores(shared, 1.0, 40.0 + seed, connections),
            "champion_tuned": scores(1.0, best, 1.0, connections + 10),
            "champion_small": scores(shared * 0.9, best * 0.9, 1.0, small),
        },
        {"mean": tuned, "std": 5.0, "episodes": 100, "connections": connections // 2},
        {"champion": shared, "champion_tuned": best, "champion_small": shared * 0.9},
        {"evolve": 60.0, "evaluate": 3.0, "tune": 57.0},
        2,
        {"processor": "A Processor", "cores": 2, "system": "Linux"},
        {"wann": "0.1.0", "python": "3.12"},
    )


RESULTS = [
    result(1, 600.0, 800.0, 930.0, 100, 30),
    result(2, 700.0, 810.0, 940.0, 200, 50),
    result(3, 610.0, 900.0, 935.0, 300, 20),
]


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]


def test_table_has_the_papers_figures_medians_and_every_seed():
    rows = rows_of(table_of("cartpole_swingup", RESULTS, 100, "wann reproduce x"))
    assert rows[0] == [
        *("", "random weights", "random shared weight", "best shared weight", "tuned weights"),
        "connections",
    ]
    assert rows[2] == ["Gaier & Ha 2019", "57 ± 121", "515 ± 58", "723 ± 16", "932 ± 6", "52"]
    assert rows[3] == ["median", "42", "610", "810", "935", ""]
    assert rows[4] == ["best", "43", "700", "900", "940", ""]
    assert rows[5] == ["worst", "41", "600", "800", "930", ""]
    assert rows[6] == ["seed 1", "41 ± 2", "600 ± 3", "800 ± 4", "930 ± 5", "100, 110, 50"]
    assert [row[0] for row in rows[6:9]] == ["seed 1", "seed 2", "seed 3"]


def test_fewer_connections_are_better():
    rows = rows_of(table_of("cartpole_swingup", RESULTS, 100, "wann reproduce x"))
    small = rows[9:]
    assert small[2][:2] == ["median", "30"]
    assert small[3][:2] == ["best", "20"]
    assert small[4][:2] == ["worst", "50"]
    assert small[5] == ["seed 1", "30", "540 ± 3", "720 ± 4"]


def test_text_below_tells_command_machine_and_time():
    text = table_of("cartpole_swingup", RESULTS, 100, "wann reproduce x --seeds 1-3")
    assert "`wann reproduce x --seeds 1-3` in 6:00 minutes" in text
    assert "1:00 to evolve" in text
    for words in ("A Processor", "2 cores", "2 workers", "Linux", "wann 0.1.0", "python 3.12"):
        assert words in text


def test_one_seed_is_enough():
    rows = rows_of(table_of("cartpole_swingup", RESULTS[:1], 100, "c"))
    assert [row[1] for row in rows[3:6]] == ["41", "41", "41"]


def test_a_task_that_the_paper_has_not_is_compared_with_nothing():
    rows = rows_of(table_of("another", RESULTS, 100, "c"))
    assert rows[2][0] == "median"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3725, "62:05")])
def test_minutes(seconds, text):
    assert minutes(seconds) == text


def accuracies(shared, best, ensemble, connections):
    about = {"samples": 10000, "unit": "per cent"}
    return {
        "random_shared_weight": {"mean": shared, "std": 7.04, "n_weights": 100} | about,
        "tuned_shared_weight": {"mean": best, "weight": 1.0} | about,
        "ensemble": {"mean": ensemble, "majority_vote": 1.0} | about,
        "network": {"nodes": 900, "hidden": 200, "connections": connections},
    }


CLASSIFIER = SeedResult(
    1,
    Path("run1"),
    {
        "champion": accuracies(87.04, 1.0, 92.08, 900),
        "champion_tuned": accuracies(1.0, 93.12, 1.0, 900),
        "champion_small": accuracies(80.0, 85.0, 86.0, 300),
    },
    {"mean": 96.51, "samples": 10000, "unit": "per cent", "connections": 901},
    {},
    {"evolve": 60.0, "evaluate": 3.0, "tune": 57.0},
    2,
    {},
    {},
)


def test_a_classification_has_columns_and_words_of_its_own():
    text = table_of("mnist", [CLASSIFIER], 1000, "c", "accuracy")
    rows = rows_of(text)
    assert rows[0] == [
        *("", "random shared weight", "best shared weight", "ensemble", "tuned weights"),
        "connections",
    ]
    assert rows[2] == ["Gaier & Ha 2019", "82.0 ± 18.7", "91.9", "91.6", "94.2", "1849"]
    assert rows[3] == ["median", "87.0", "93.1", "92.1", "96.5", ""]
    assert rows[6] == ["seed 1", "87.0 ± 7.0", "93.1", "92.1", "96.5", "900, 900, 901"]
    assert rows[-1] == ["seed 1", "300", "80.0 ± 7.0", "85.0", "86.0"]
    words = " ".join(text.split())
    assert "Test accuracy in per cent, 10,000 test images; weights chosen on training data" in words
    assert "fresh" not in words


def test_car_racing_tells_how_it_differs_from_the_paper():
    words = " ".join(table_of("car_racing", RESULTS, 100, "c").split())
    assert "over 100 fresh tracks" in words
    assert "The observation differs from the paper's: 16 numbers" in words
    assert "instead of 16 latent variables of a VAE" in words


@pytest.mark.parametrize(
    ("task", "n"), [("cartpole_swingup", 5), ("car_racing", 3), ("mnist", 3), ("digits", 3)]
)
def test_every_task_has_a_number_of_seeds(task, n):
    assert benchmark_of(task).default_seeds == tuple(range(1, n + 1))
