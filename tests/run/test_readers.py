"""Whatever lies in the tables and records of a run, reading them gives numbers or one line."""

import json
import os
import random

import pytest

from wann.errors import FormatError
from wann.run.fronts import FrontsFile
from wann.run.meta import read_meta
from wann.run.metrics import COLUMNS, MetricsFile
from wann.view.curves import LEARNING_COLUMNS, draw_learning_curve, read_columns
from wann.view.fronts import draw_fronts, read_fronts

HUGE = "9" * 5000
CELLS = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e308",
        "-1e308",
        "1e99999999999",
        HUGE,
        f"1e{HUGE}",
    ),
    *("\0", "\ud800", "\x1b[31m", "\r", "\u2028", "\x85", '"', '"a,b"', "0x10", "1_0", "٣", "１"),
    *("-1", "0", "1.5", "2", "1e20", "9007199254740993", "x" * 200_000, "1;2", "1j", "True"),
)
METRICS = ",".join(COLUMNS) + "".join(
    f"\n{k},{8 * k + 8},{k + 1},{k + 2},1.5,1.0,1.5,2.5,2.0,2.5,3,3.0,4,8,8.0,9,0.5"
    for k in range(5)
)
FRONTS = "generation,mean,max,connections\n0,1.5,2.5,3\n0,0.5,9.0,4\n1,7.25,8.0,12"


def damaged(text, generator):
    """The text of a table with other cells, rows or bytes."""
    rows = [row.split(",") for row in text.split("\n")]
    for _ in range(generator.choice([1, 1, 2, 5])):
        row = rows[generator.randrange(len(rows))]
        way = generator.random()
        if way < 0.7 and row:
            row[generator.randrange(len(row))] = generator.choice(CELLS)
        elif way < 0.8 and row:
            row.pop()
        elif way < 0.9:
            row.append(generator.choice(CELLS))
        else:
            rows[generator.randrange(len(rows))] = [generator.choice(CELLS)]
    if generator.random() < 0.2:
        rows.insert(generator.randrange(len(rows)), [])
    data = ("\n".join(",".join(row) for row in rows) + "\n").encode("utf-8", "surrogatepass")
    if generator.random() < 0.2:
        cut = generator.randrange(len(data))
        data = data[:cut] + generator.choice([b"", b"\0" * 50, b"\xff\xfe", b"\n\n"]) + data[cut:]
    return data


def assert_one_line(error):
    assert str(error).isprintable()
    assert len(str(error)) < 400


@pytest.mark.parametrize("seed", range(60))
def test_damaged_metrics_are_numbers_that_can_be_drawn_or_one_line(tmp_path, seed):
    path = tmp_path / "metrics.csv"
    path.write_bytes(damaged(METRICS, random.Random(seed)))
    try:
        columns = read_columns(path, LEARNING_COLUMNS)
    except FormatError as error:
        assert_one_line(error)
    else:
        draw_learning_curve(columns)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_fronts_are_numbers_that_can_be_drawn_or_one_line(tmp_path, seed):
    path = tmp_path / "fronts.csv"
    path.write_bytes(damaged(FRONTS, random.Random(seed)))
    try:
        fronts = read_fronts(path)
    except FormatError as error:
        assert_one_line(error)
    else:
        draw_fronts(fronts)


@pytest.mark.parametrize("seed", range(60))
def test_a_run_keeps_whole_rows_of_a_damaged_table_only(tmp_path, seed):
    path = tmp_path / "metrics.csv"
    path.write_bytes(damaged(METRICS, random.Random(seed)))
    file = MetricsFile(path, 5)
    file.close()
    rows = file.rows.splitlines()
    assert len(rows) + file.n_lost == 5
    assert path.read_text(encoding="utf-8") == f"{','.join(COLUMNS)}\n{file.rows}"
    path = tmp_path / "fronts.csv"
    path.write_bytes(damaged(FRONTS, random.Random(seed)))
    fronts = FrontsFile(path, 2)
    fronts.close()
    assert 0 <= fronts.n_lost <= 2


@pytest.mark.parametrize("reader", [read_columns, read_fronts])
def test_what_is_no_file_is_no_table(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "loop", "missing", "."):
        with pytest.raises(FormatError) as caught:
            reader(tmp_path / name)
        assert_one_line(caught.value)


META = {
    "task": "t",
    "is_complete": True,
    "workers": 2,
    "wall_seconds": 1.5,
    "commands": ["wann"],
    "seconds": {"draw": 0.5},
    "machine": {"cores": 2, "system": None},
    "other": [1, {"a": None}],
}


def test_a_whole_record_is_read_as_it_is(tmp_path):
    path = tmp_path / "meta.json"
    path.write_text(json.dumps(META), encoding="utf-8")
    assert read_meta(path) == META


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("workers", "1" + "0" * 300),
        ("workers", "-1"),
        ("workers", "true"),
        ("workers", '"2"'),
        ("wall_seconds", '"1.5"'),
        ("wall_seconds", "1e300"),
        ("task", '"\\ud800"'),
        ("commands", '["a", 1]'),
        ("commands", '"wann"'),
        ("machine", '{"cores": []}'),
        ("machine", "[]"),
        ("seconds", '{"draw": "long"}'),
        ("is_complete", "1"),
    ],
)
def test_parts_of_a_record_that_no_run_writes_are_left_out(tmp_path, part, text):
    path = tmp_path / "meta.json"
    rest = {name: value for name, value in META.items() if name != part}
    path.write_text(f'{json.dumps(rest)[:-1]}, "{part}": {text}}}', encoding="utf-8")
    assert read_meta(path) == rest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"[" * 100_000,
        b'{"workers": 1' + b"0" * 400 + b"}",
        b'{"workers": NaN}',
        b'{"a": 1, "a": 2}',
        b'"\xed\xa0\x80"',
        b"\xff\xfe{}",
        b"{}x",
        b"7",
    ],
    ids=range(10),
)
def test_a_record_that_is_none_is_empty(tmp_path, data):
    path = tmp_path / "meta.json"
    path.write_bytes(data)
    assert read_meta(path) == {}


def test_a_record_that_is_no_file_is_empty(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "loop", "missing", "."):
        assert read_meta(tmp_path / name) == {}
