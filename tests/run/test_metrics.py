"""The rows of ``metrics.csv``."""

import csv
import resource
from dataclasses import astuple, fields, replace
from itertools import pairwise

import numpy as np
import pytest

from wann.errors import FormatError, RunError
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.run.metrics import COLUMNS, MetricsFile, Row, summarise
from wann.search.ranking import Objectives
from wann.view.curves import read_columns

LINEAR = Activation.LINEAR
ROW = Row(
    *(0, 192, 384, 5000, 1 / 3, 0.1, 1 / 3, 2e-7, 1.5, 900.25, 12, 7.5, 31, 18, 15.0, 40),
    seconds=1.23456,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.csv"


def write(path, generations, n_kept=0):
    metrics = MetricsFile(path, n_kept)
    for k in generations:
        metrics.append(replace(ROW, generation=k, seconds=ROW.seconds + k))
    metrics.close()


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_the_fields_and_the_seconds_are_last():
    assert tuple(field.name for field in fields(Row)) == COLUMNS
    assert COLUMNS[0] == "generation"
    assert COLUMNS[-1] == "seconds"


def test_new_file_has_the_columns_and_no_rows(path):
    MetricsFile(path).close()
    assert path.read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


def test_numbers_come_back_exactly(path):
    write(path, [0])
    (row,) = rows_of(path)
    values = [float(row[name]) for name in COLUMNS[:-1]]
    assert values == list(map(float, astuple(ROW)[:-1]))
    assert row["seconds"] == "1.235"


def test_a_row_is_in_the_file_as_soon_as_it_is_appended(path):
    metrics = MetricsFile(path)
    for k in range(3):
        metrics.append(replace(ROW, generation=k))
        assert [int(row["generation"]) for row in rows_of(path)] == list(range(k + 1))
    metrics.close()


def test_new_run_drops_the_rows_of_an_older_one(path):
    write(path, range(5))
    write(path, [7])
    assert [row["generation"] for row in rows_of(path)] == ["7"]


def test_resumed_run_keeps_the_rows_up_to_its_checkpoint(path):
    write(path, range(5))
    before = path.read_text(encoding="utf-8").splitlines()
    write(path, [3, 4, 5], n_kept=3)
    after = path.read_text(encoding="utf-8").splitlines()
    assert after[:6] == before
    assert [row["generation"] for row in rows_of(path)] == [str(k) for k in range(6)]


def test_last_row_that_was_cut_off_is_dropped(path):
    write(path, range(5))
    path.write_bytes(path.read_bytes()[:-20])
    write(path, [4], n_kept=4)
    assert [row["generation"] for row in rows_of(path)] == [str(k) for k in range(5)]
    assert all(None not in row.values() for row in rows_of(path))


def damaged(path, data):
    write(path, range(5))
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data(path.read_bytes()))
    metrics = MetricsFile(path, 4)
    metrics.close()
    return metrics.n_lost, [row["generation"] for row in rows_of(path)]


@pytest.mark.parametrize(
    ("data", "n_left"),
    [
        (None, 0),
        (lambda _: b"", 0),
        (lambda _: b"\xff\xfe\x00" * 99, 0),
        (lambda text: text, 4),
        # the fourth row cut off, the third missing, the third garbled
        (lambda text: b"".join(text.splitlines(keepends=True)[:5])[:-9], 3),
        (lambda text: b"".join(line for line in text.splitlines(True) if line[:1] != b"2"), 2),
        (lambda text: text.replace(b"\n2,", b"\n2;"), 2),
    ],
    ids=["missing", "empty", "binary", "whole", "cut off", "a row missing", "a row garbled"],
)
def test_rows_that_are_lost_are_counted_and_none_is_kept_beyond_them(path, data, n_left):
    n_lost, generations = damaged(path, data)
    assert generations == [str(k) for k in range(n_left)]
    assert n_lost == 4 - n_left


def test_new_run_has_lost_nothing(path):
    metrics = MetricsFile(path)
    metrics.close()
    assert metrics.n_lost == 0


@pytest.mark.parametrize("n_rows", [1, 3])
def test_curves_read_what_the_run_writes(path, n_rows):
    write(path, range(n_rows))
    columns = read_columns(path)
    assert tuple(columns) == COLUMNS
    assert columns["generation"].tolist() == list(range(n_rows))
    assert columns["mean_best"].tolist() == [1 / 3] * n_rows


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00" * 99, b"a,b\n1,2,3\n"])
def test_curves_of_a_damaged_file_are_a_format_error(path, data):
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"metrics\.csv"):
        read_columns(path)


def test_missing_folder_is_an_error_of_the_package(tmp_path):
    with pytest.raises((FormatError, RunError), match=r"metrics\.csv"):
        MetricsFile(tmp_path / "none" / "metrics.csv")


def test_full_disk_is_a_run_error_and_closing_adds_none(path):
    metrics = MetricsFile(path)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 150, former[1]))
    try:
        metrics.append(ROW)
        with pytest.raises(RunError, match=r"cannot write .*metrics\.csv") as caught:
            metrics.append(ROW)
        metrics.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert "\n" not in str(caught.value)


def networks_of_sizes(*n_hidden):
    """Stacked networks with one input and one output, and a chain of hidden nodes."""
    networks = []
    for n in n_hidden:
        chain = [1, *range(2, 2 + n), 2 + n]
        pairs = list(pairwise(chain))
        networks.append(network_from_connections(1, 1, [LINEAR] * (3 + n), pairs))
    return stack_networks(networks)


def test_summary_takes_best_median_and_largest():
    objectives = Objectives(
        np.array([3.0, 9.0, 5.0, 1.0]),
        np.array([4.0, 10.0, 20.0, 2.0]),
        np.array([5, 7, 1, 30]),
    )
    row = summarise(4, objectives, networks_of_sizes(2, 1, 6, 0), (40, 400, 1234), 2.5)
    assert (row.generation, row.evaluations, row.episodes, row.steps) == (4, 40, 400, 1234)
    assert (row.mean_best, row.mean_median, row.mean_max) == (9.0, 4.0, 9.0)
    # the best individual is the one with the highest mean
    assert (row.max_best, row.max_median, row.max_max) == (10.0, 7.0, 20.0)
    assert (row.connections_best, row.connections_median, row.connections_max) == (7, 6.0, 30)
    assert (row.nodes_best, row.nodes_median, row.nodes_max) == (4, 4.5, 9)
    assert row.seconds == 2.5


def test_no_maximum_of_a_row_is_below_its_mean():
    for seed in range(20):
        mean, maximum = np.random.default_rng(seed).normal(size=(2, 4))
        objectives = Objectives(mean, maximum, np.array([5, 7, 1, 30]))
        row = summarise(4, objectives, networks_of_sizes(2, 1, 6, 0), (40, 400, 1234), 2.5)
        assert row.mean_best <= row.max_best
        assert row.mean_median <= row.max_median
        assert row.mean_max <= row.max_max
        assert row.mean_best == row.mean_max == mean.max()
        # what is ranked is left alone
        assert objectives.maximum is maximum


def test_summary_of_equal_means_takes_the_first():
    objectives = Objectives(np.array([2.0, 2.0]), np.array([3.0, 4.0]), np.array([5, 6]))
    row = summarise(0, objectives, networks_of_sizes(0, 1), (2, 2, 2), 0.0)
    assert (row.max_best, row.connections_best, row.nodes_best) == (3.0, 5, 3)
