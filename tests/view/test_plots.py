"""What the plots of a run show."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.measure import ACCURACY
from wann.tasks.registry import make_task
from wann.tuning.evaluation import weight_profile
from wann.tuning.score import N_PROFILE, Profile
from wann.view.curves import (
    LEARNING_COLUMNS,
    draw_learning_curve,
    read_columns,
    save_learning_curve,
    smoothed,
    thinned,
)
from wann.view.fronts import (
    Front,
    Mark,
    chosen_fronts,
    draw_fronts,
    marks_of,
    read_fronts,
    save_fronts,
    staircase,
)
from wann.view.panels import spread
from wann.view.plots import measure_profile
from wann.view.profile import (
    PAPER,
    Levels,
    draw_profile,
    levels_in,
    levels_of,
    save_profile,
    training_range_of,
)

TASK = make_task("cartpole_swingup")
NETWORK = network_from_connections(
    5, 1, [Activation.LINEAR] * 6 + [Activation.SIN], [(0, 6), (3, 6), (5, 6)]
)


def champion(**fields):
    return Champion(NETWORK, TASK.name, TASK.input_names, TASK.output_names, **fields)


def metrics_of(n, seed=0):
    rng = np.random.default_rng(seed)
    columns = {name: rng.uniform(0, 900, n) for name in LEARNING_COLUMNS}
    generation = np.arange(n, dtype=float)
    return columns | {"generation": generation, "evaluations": 192 * (generation + 1)}


def lines_of(figure):
    """Data of the lines by their names."""
    return {line.get_gid(): line.get_data() for axes in figure.axes for line in axes.lines}


def texts_of(figure):
    return [
        text.get_text() for axes in figure.axes for text in axes.texts if text.get_text().strip()
    ]


# learning curve


@pytest.mark.parametrize("n", [1, 2, 40])
def test_learning_curve_shows_the_columns_as_they_are_and_smoothed(n):
    metrics = metrics_of(n)
    lines = lines_of(draw_learning_curve(metrics))
    assert len(lines) == 10
    for name in LEARNING_COLUMNS[2:]:
        x, y = lines[f"{name}, as it is"]
        assert x.tolist() == list(range(1, n + 1))
        assert y.tolist() == metrics[name].tolist()
        x, y = lines[name]
        assert len(x) == len(y) == n
        assert y[0] == pytest.approx(metrics[name][0])


def test_heats_are_smoothed_each_by_itself_and_shaded():
    metrics = metrics_of(60)
    metrics["mean_best"] = np.repeat([100.0, 500.0, 900.0], 20)
    figure = draw_learning_curve(metrics, heat_starts=(20, 40, 200))
    _, y = lines_of(figure)["mean_best"]
    assert y.tolist() == metrics["mean_best"].tolist()
    bands = [patch for patch in figure.axes[0].patches if patch.get_gid() == "heat"]
    assert [(band.get_x(), band.get_width()) for band in bands] == [(1, 20)]
    assert any("heats" in text for text in texts_of(figure))
    assert not any("heats" in text for text in texts_of(draw_learning_curve(metrics)))


def test_second_axis_counts_the_individuals():
    figure = draw_learning_curve(metrics_of(50))
    returns = figure.axes[0]
    (top,) = returns.child_axes
    figure.draw_without_rendering()
    assert top.get_xlim() == pytest.approx(tuple(192 * x for x in returns.get_xlim()))


def test_returns_below_zero_are_not_cut_off():
    metrics = metrics_of(10)
    assert draw_learning_curve(metrics).axes[0].get_ylim()[0] == 0
    metrics["mean_median"] = metrics["mean_median"] - 500
    assert draw_learning_curve(metrics).axes[0].get_ylim()[0] < metrics["mean_median"].min()


@pytest.mark.parametrize(("n", "reach"), [(1, 0), (1, 5), (7, 0), (30, 4), (30, 100)])
def test_smoothing_is_the_mean_of_the_neighbours(n, reach):
    values = np.random.default_rng(n).normal(size=n)
    for i, value in enumerate(smoothed(values, reach)):
        r = min(i, reach)
        assert value == pytest.approx(values[i - r : i + r + 1].mean())


def test_long_line_is_thinned_to_its_extremes():
    values = np.random.default_rng(0).normal(size=100_000)
    points = thinned(values)
    assert len(points) < 5000
    assert (np.diff(points) > 0).all()
    assert {0, len(values) - 1, int(values.argmin()), int(values.argmax())} <= set(points.tolist())
    for stretch in values.reshape(1000, 100)[:50]:
        chosen = values[points][np.isin(values[points], stretch)]
        assert (chosen.min(), chosen.max()) == (stretch.min(), stretch.max())


# fronts


def write_fronts(path, rows):
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    path.write_text("generation,mean,max,connections\n" + text, encoding="utf-8")


def front(generation, *points):
    connections, mean, largest = np.array(points, float).T
    return Front(generation, mean, largest, connections)


def test_fronts_of_the_file_are_those_that_are_read(tmp_path):
    path = tmp_path / "fronts.csv"
    write_fronts(path, [(0, 1.5, 2.5, 3), (0, 0.5, 9.0, 3), (4, 7.25, 8.0, 12)])
    first, second = read_fronts(path)
    assert (first.generation, second.generation) == (0, 4)
    assert (first.mean.tolist(), first.max.tolist()) == ([1.5, 0.5], [2.5, 9.0])
    assert second.connections.tolist() == [12]


def test_row_that_is_being_written_is_left_out(tmp_path):
    path = tmp_path / "fronts.csv"
    write_fronts(path, [(0, 1.5, 2.5, 3), (1, 0.5, 9.0, 3)])
    path.write_bytes(path.read_bytes()[:-3])
    assert [f.generation for f in read_fronts(path)] == [0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "generation,mean,max,connections\n",
        "generation,mean,max\n0,1,2\n",
        "generation,mean,max,connections\n0,1,2\n",
        "generation,mean,max,connections\n0,1,2,3\n0,1,2\n",
        "generation,mean,max,connections\n0,1,x,3\n",
        "generation,mean,max,connections\n0,nan,2,3\n",
        "\0\0\0\n\0\n",
    ],
)
def test_damaged_tables_are_a_format_error_of_one_line(tmp_path, text):
    path = tmp_path / "fronts.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"fronts\.csv") as caught:
        read_fronts(path)
    assert "\n" not in str(caught.value)


points = st.lists(st.tuples(st.integers(1, 9), st.integers(-3, 3)), min_size=1, max_size=12)


@given(points)
def test_staircase_is_what_nobody_beats_with_as_few_connections(pairs):
    x, y = staircase(*np.array(pairs, float).T)
    wanted = {
        (a, b) for a, b in pairs if all((c > a) or (d < b) or (c, d) == (a, b) for c, d in pairs)
    }
    assert set(zip(x, y, strict=True)) == wanted
    assert len(x) == len(wanted)
    assert all(a < b for a, b in pairwise(x))
    assert all(a < b for a, b in pairwise(y))


def test_losses_are_drawn_as_they_are_on_a_logarithmic_axis():
    metrics = metrics_of(30)
    losses = {name: metrics[name] / -1000 - 0.1 for name in ("max_max", "mean_best", "mean_median")}
    figure = draw_learning_curve(metrics | losses, measure=ACCURACY)
    scores, size = figure.axes[:2]
    assert scores.get_yscale() == "log"
    assert "cross-entropy" in scores.get_ylabel()
    assert size.get_ylim()[0] == 0
    for name, values in losses.items():
        assert lines_of(figure)[f"{name}, as it is"][1].tolist() == (-values).tolist()
    fronts = draw_fronts([front(0, (2, -0.9, -0.8), (5, -0.6, -0.9))], measure=ACCURACY)
    assert {name: tuple(map(list, data)) for name, data in lines_of(fronts).items()} == {
        "mean of generation 0": ([2, 5], [0.9, 0.6]),
        "max of generation 0": ([2], [0.8]),
    }
    for axes in fronts.axes[:2]:
        assert axes.get_yscale() == "log"
        assert "cross-entropy" in axes.get_ylabel()


@pytest.mark.parametrize("last", [0.0, 0.01])
def test_estimates_of_no_loss_stay_on_the_page(last):
    metrics = metrics_of(30)
    for name in ("max_max", "mean_best", "mean_median"):
        metrics[name] = np.append(metrics[name][1:] / -1000 - 0.1, last)
    figure = draw_learning_curve(metrics, measure=ACCURACY)
    for line in figure.axes[0].lines:
        assert np.min(line.get_ydata()) > 0
    for text in figure.axes[0].texts:
        assert -0.5 < text.xy[1] < 1.5
    fronts = draw_fronts([front(0, (2, last, last), (1, -0.5, -0.5))], measure=ACCURACY)
    assert all((y > 0).all() for _, y in lines_of(fronts).values())


@pytest.mark.parametrize("n", [1, 2, 5, 120])
def test_chosen_fronts_hold_the_first_and_the_last_and_are_few(n):
    fronts = [front(k, (1, 1, 1)) for k in range(n)]
    chosen = [f.generation for f in chosen_fronts(fronts)]
    assert chosen[0] == 0
    assert chosen[-1] == n - 1
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= 10
    assert n > 5 or chosen == list(range(n))


def test_drawn_fronts_have_the_numbers_of_the_file():
    fronts = [
        front(0, (2, 10, 20), (5, 40, 30), (9, 35, 90)),
        front(7, (0, 15, 25), (5, 60, 60)),
    ]
    lines = lines_of(draw_fronts(fronts))
    assert {name: tuple(map(list, data)) for name, data in lines.items()} == {
        "mean of generation 0": ([2, 5], [10, 40]),
        "max of generation 0": ([2, 5, 9], [20, 30, 90]),
        # none counts as one
        "mean of generation 7": ([1, 5], [15, 60]),
        "max of generation 7": ([1, 5], [25, 60]),
    }


def test_champions_are_marked_where_their_file_says():
    scores = {"random_shared_weight": {"mean": 500.0}, "tuned_shared_weight": {"mean": 700.0}}
    (mark,) = marks_of([champion(scores=scores, provenance={"chosen_for": "few connections"})])
    assert mark == Mark("few connections", 3, 500.0, 700.0)
    figure = draw_fronts([front(0, (2, 10, 20))], [mark])
    for axes, value in zip(figure.axes, (500.0, 700.0), strict=False):
        (star,) = (line for line in axes.lines if line.get_label() == mark.label)
        assert [list(data) for data in star.get_data()] == [[3], [value]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [mark.label]


@pytest.mark.parametrize("scores", [{}, {"random_shared_weight": 3}, {"tuned_shared_weight": {}}])
def test_champion_without_scores_is_not_marked(scores):
    marks = marks_of([champion(scores=scores)])
    figure = draw_fronts([front(0, (2, 10, 20))], marks)
    assert len(figure.axes[0].lines) == 1
    assert figure.legends == []


def test_any_words_of_a_champion_file_can_be_a_label(tmp_path):
    scores = {"random_shared_weight": {"mean": 500.0}}
    marks = marks_of([champion(scores=scores, provenance={"chosen_for": "$x_{$"})])
    save_fronts([front(0, (2, 10, 20))], tmp_path / "a.png", marks)
    assert (tmp_path / "a.png").exists()


def test_one_network_that_was_chosen_twice_has_one_mark():
    twice = [champion(provenance={"chosen_for": words}) for words in ("one", "another")]
    (mark,) = marks_of(twice)
    assert mark.label == "one, another"


# profile


PROFILE = Profile(
    np.array([-3.0, -2.0, 0.0, 2.0, 3.0]),
    np.array([100.0, 500.0, 20.0, 700.0, 900.0]),
    np.array([5.0, 10.0, 1.0, 50.0, 60.0]),
    100,
)


def spans(figure):
    """Horizontal extent of the shaded range."""
    (shade,) = (p for p in figure.axes[0].patches if p.get_gid() == "training range")
    box = shade.get_extents().transformed(figure.axes[0].transData.inverted())
    return box.x0, box.x1


def test_profile_shows_mean_deviation_and_training_range():
    figure = draw_profile(PROFILE, training_range=(-2, 2))
    x, y = lines_of(figure)["mean"]
    assert x.tolist() == PROFILE.weights.tolist()
    assert y.tolist() == PROFILE.mean.tolist()
    (band,) = (c for c in figure.axes[0].collections if c.get_gid() == "standard deviation")
    corners = {tuple(v) for v in band.get_paths()[0].vertices}
    for weight, mean, std in zip(PROFILE.weights, PROFILE.mean, PROFILE.std, strict=True):
        assert {(weight, mean - std), (weight, mean + std)} <= corners
    assert spans(figure) == pytest.approx((-2, 2))
    assert figure.axes[0].get_xlim() == (-3, 3)
    assert "100 episodes" in figure.axes[0].get_ylabel()


def test_levels_of_the_champion_go_before_those_of_the_profile():
    own = " ".join(texts_of(draw_profile(PROFILE, levels=Levels(333.0, 777.0, -1.5))))
    assert "333  random shared weight" in own
    assert "777  best shared weight, −1.50" in own
    shown = " ".join(texts_of(draw_profile(PROFILE)))
    # the mean over the training range, by trapezoids; the best weight within it
    assert f"{(2 * 260 + 2 * 360) / 4:.0f}  random shared weight" in shown
    assert "700  best shared weight, 2.00" in shown


def test_reference_is_drawn_only_if_given():
    shown = " ".join(texts_of(draw_profile(PROFILE, reference=PAPER["cartpole_swingup"])))
    assert "515  Gaier & Ha 2019" in shown
    assert "723  Gaier & Ha 2019" in shown
    assert "Gaier" not in " ".join(texts_of(draw_profile(PROFILE)))


def test_range_that_the_profile_does_not_touch_has_no_levels():
    assert levels_in(PROFILE, 5, 6) == Levels()
    assert levels_in(PROFILE, 2, 2) == Levels(700.0, 700.0, 2.0)
    draw_profile(PROFILE, training_range=(5, 6))


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        ({"sweep": "stratified", "low": -1.0, "high": 3}, (-1.0, 3.0)),
        ({"sweep": "fixed", "values": [1.5, -0.5, 1.0], "low": -2, "high": 2}, (-0.5, 1.5)),
        ({"low": "a", "high": None}, (-2.0, 2.0)),
        ([], (-2.0, 2.0)),
        (None, (-2.0, 2.0)),
    ],
)
def test_training_range_is_that_of_the_config(weights, wanted):
    own = champion(provenance={"config": {"weights": weights}})
    assert training_range_of(own) == wanted


def test_champion_without_a_config_has_the_training_range_of_the_paper():
    assert training_range_of(champion()) == (-2.0, 2.0)


@pytest.mark.parametrize("score", [None, 3, {}, {"mean": "high"}, {"mean": True}])
def test_strange_scores_are_no_levels(score):
    own = champion(scores={"random_shared_weight": score, "tuned_shared_weight": score})
    assert levels_of(own) == Levels()


def test_measured_profile_goes_a_quarter_beyond_the_training_range():
    profile = measure_profile(champion(), episodes=3)
    assert profile.weights.tolist() == np.round(np.linspace(-3, 3, 61), 10).tolist()
    assert {-2.0, 0.0, 2.0} <= set(profile.weights)
    assert profile.episodes == 3
    narrow = champion(provenance={"config": {"weights": {"low": 0.5, "high": 0.5}}})
    profile = measure_profile(narrow, episodes=1)
    assert (profile.weights[0], profile.weights[-1]) == (-0.5, 1.5)


def test_wide_profile_has_the_scores_of_the_narrow_one_where_they_overlap():
    narrow = weight_profile(TASK, NETWORK, 5, seed=3)
    wide = weight_profile(TASK, NETWORK, 5, seed=3, low=-3, high=3, n=61)
    assert len(narrow.weights) == N_PROFILE
    inside = np.isin(wide.weights, narrow.weights)
    assert inside.sum() == N_PROFILE
    # the same episodes, other lanes
    np.testing.assert_allclose(wide.mean[inside], narrow.mean, rtol=1e-12)
    np.testing.assert_allclose(wide.std[inside], narrow.std, rtol=1e-9, atol=1e-9)


def test_profile_comes_back_from_a_champion_file():
    again = Profile.from_dict(PROFILE.to_dict())
    assert again.to_dict() == PROFILE.to_dict()


# labels and files


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_labels_are_spread_as_little_as_possible_and_keep_their_order(wanted, gap):
    places = spread(np.array(wanted), gap)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= gap - 1e-12).all()
    assert places.mean() == pytest.approx(np.mean(wanted))
    if (np.diff(np.array(wanted)[order]) >= gap).all():
        np.testing.assert_allclose(places, wanted, atol=1e-12)


def test_labels_at_one_height_are_spread_around_it():
    np.testing.assert_allclose(spread(np.array([0.5, 0.5, 0.5]), 0.1), [0.4, 0.5, 0.6])


SAVERS = {
    "fitness": lambda path: save_learning_curve(metrics_of(30), path, "run"),
    "fronts": lambda path: save_fronts([front(0, (2, 10, 20))], path, title="run"),
    "profile": lambda path: save_profile(PROFILE, path, title="run"),
}


@pytest.mark.parametrize("name", SAVERS)
@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_same_data_give_the_same_bytes(tmp_path, monkeypatch, name, suffix, start):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    SAVERS[name](first)
    # the settings of a user
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9.0)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 30.0)
    SAVERS[name](second)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", SAVERS)
def test_svg_is_xml_with_its_data_named(tmp_path, name):
    SAVERS[name](tmp_path / "a.svg")
    tree = ET.parse(tmp_path / "a.svg")
    named = {element.get("id") for element in tree.iter()}
    assert named & {"mean", "mean_best", "mean of generation 0"}


@pytest.mark.parametrize("name", SAVERS)
@pytest.mark.parametrize("suffix", [".jpg", ""])
def test_other_kinds_of_files_are_refused(tmp_path, name, suffix):
    with pytest.raises(FormatError, match=r"\.svg"):
        SAVERS[name](tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_table_without_the_columns_of_the_curve_is_a_format_error(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("generation,evaluations\n0,2\n", encoding="utf-8")
    with pytest.raises(FormatError, match="max_max"):
        read_columns(path, LEARNING_COLUMNS)


@pytest.mark.parametrize(
    "title", ["$x_{$", "a$b$", "漢字", "x" * 300, "two\nlines", "b\udcff"], ids=ascii
)
def test_any_name_of_a_directory_can_be_a_title(tmp_path, title):
    save_learning_curve(metrics_of(3), tmp_path / "a.png", title)
    text = draw_learning_curve(metrics_of(1), title).axes[0].get_title(loc="left")
    assert text
    assert len(text) <= 60


def test_labels_and_levels_lie_within_the_panel_however_low_the_profile():
    low = Profile(PROFILE.weights, PROFILE.mean / 100, PROFILE.std / 100, 100)
    figure = draw_profile(low, reference=PAPER["cartpole_swingup"])
    bottom, top = figure.axes[0].get_ylim()
    assert bottom == 0
    assert top > 723
    figure.draw_without_rendering()
    for text in figure.axes[0].texts:
        assert text.get_window_extent().y1 <= figure.bbox.y1
