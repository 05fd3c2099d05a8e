"""What the plots of a classifier show."""

import itertools
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from wann.errors import FormatError, TaskError
from wann.formats.champion import Champion, champion_from_json, champion_to_json
from wann.genome.network import network_from_connections
from wann.tasks.registry import make_task
from wann.tuning.classification import evaluate_classifier
from wann.view.class_plots import (
    draw_class_accuracies,
    draw_confusion,
    save_class_accuracies,
    save_confusion,
)
from wann.view.class_scores import ClassScores, class_scores_of, measure_class_scores
from wann.view.plots import measure_classes
from wann.view.profile import draw_profile, levels_of

TASK = make_task("digits")
RANGE = (-2.0, 2.0)


def network_of(seed=0, n_hidden=8, n_connections=60):
    rng = np.random.default_rng(seed)
    n_fixed, pairs = 65, set()
    for target in range(n_fixed, n_fixed + n_hidden + 10):
        for _ in range(n_connections // (n_hidden + 10)):
            pairs.add((int(rng.integers(min(target, n_fixed + n_hidden))), target))
    activation = [1] * n_fixed + rng.integers(1, 12, n_hidden + 10).tolist()
    return network_from_connections(64, 10, activation, sorted(pairs))


def champion(**fields):
    return Champion(network_of(), "digits", TASK.input_names, TASK.output_names, **fields)


@pytest.fixture(scope="module")
def evaluated():
    """The scores of an evaluation, as a champion file tells them."""
    scores = evaluate_classifier(TASK, network_of(), seed=0)
    return champion_from_json(champion_to_json(champion(scores=scores)))


def made_up(n, seed=0):
    """Class scores of n classes; one has no samples, another no mistakes."""
    rng = np.random.default_rng(seed)
    confusion = rng.integers(0, 40, (n, n)) * (rng.random((n, n)) < 0.3) + 100 * np.eye(
        n, dtype=int
    )
    confusion[1], confusion[0] = 0, 0
    confusion[0, 0] = 1135
    weights = np.linspace(-3, 3, 61)
    return ClassScores(
        tuple(map(str, range(n))),
        weights,
        rng.uniform(0, 100, (61, n)),
        rng.uniform(0, 100, 61),
        confusion,
    )


def image(figure, name):
    (found,) = (i for axes in figure.axes for i in axes.images if i.get_gid() == name)
    return np.asarray(found.get_array())


def test_measured_scores_are_those_of_the_evaluation(evaluated):
    weights = np.array(evaluated.scores["per_class"]["weights"])
    measured = measure_class_scores(TASK, evaluated, weights)
    told = class_scores_of(evaluated)
    assert told is not None
    assert measured.classes == told.classes
    for name in ("weights", "accuracy", "overall", "confusion"):
        np.testing.assert_array_equal(getattr(measured, name), getattr(told, name))
    assert measured.ensemble == pytest.approx(evaluated.scores["ensemble"]["mean"], abs=1e-12)
    assert measured.profile().to_dict() == told.profile().to_dict()
    assert measured.profile().episodes == 355
    np.testing.assert_allclose(
        measured.profile().std, evaluated.scores["profile"]["std"], rtol=1e-12
    )


def test_wide_measurement_goes_a_quarter_beyond_the_training_range(evaluated):
    wide, told = measure_classes(evaluated), class_scores_of(evaluated)
    assert (len(wide.weights), wide.weights[0], wide.weights[-1]) == (61, -3, 3)
    inside = np.isin(wide.weights, told.weights)
    assert inside.sum() == 41
    np.testing.assert_array_equal(wide.accuracy[inside], told.accuracy)


def test_task_without_classes_is_refused():
    network = network_from_connections(5, 1, [1] * 7, [(1, 6)])
    task = make_task("cartpole_swingup")
    own = Champion(network, task.name, task.input_names, task.output_names)
    with pytest.raises(TaskError, match="no classes"):
        measure_classes(own)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("per_class", None),
        ("per_class", 3),
        ("per_class", {"weights": [0, 1], "accuracy": [[1] * 10] * 2}),
        ("confusion", {"ensemble": [[1, 2], [3, 4]]}),
        ("confusion", {"ensemble": "many"}),
        ("confusion", {"ensemble": [[10**30] * 10] * 10}),
        ("profile", None),
        ("profile", {"weights": [0], "mean": [1], "std": [1]}),
    ],
)
def test_strange_scores_of_a_file_are_no_class_scores(evaluated, key, value):
    assert class_scores_of(champion(scores={**evaluated.scores, key: value})) is None
    assert class_scores_of(champion()) is None


# accuracy by weight


def test_table_shows_the_accuracy_of_each_class_at_each_weight():
    scores = made_up(10)
    figure = draw_class_accuracies(scores, training_range=RANGE, tuned_weight=-1.5, title="run")
    np.testing.assert_array_equal(image(figure, "accuracy of classes"), scores.accuracy)
    np.testing.assert_array_equal(image(figure, "accuracy of all")[:, 0], scores.overall)
    assert image(figure, "ensemble of all").item() == pytest.approx(scores.ensemble)
    recall = image(figure, "ensemble of classes")[0]
    assert recall[:2].tolist() == [100, 0]
    assert recall[2] == pytest.approx(100 * scores.confusion[2, 2] / scores.confusion[2].sum())
    by_class = next(axes for axes in figure.axes if axes.get_ylabel() == "shared weight")
    # a cell has its weight in the middle
    assert by_class.get_ylim() == pytest.approx((-3.05, 3.05))
    assert [label.get_text() for label in by_class.get_xticklabels()] == list(scores.classes)
    ends = sorted(line.get_ydata()[0] for line in by_class.lines if len({*line.get_ydata()}) == 1)
    assert ends == [-2, 2]
    texts = [text for axes in figure.axes for text in axes.texts]
    (mark,) = (text for text in texts if "tuned" in text.get_text())
    assert mark.get_text() == "tuned\n−1.50"
    assert mark.xy[1] == -1.5


@pytest.mark.parametrize("tuned", [None, 3.5])
def test_weight_that_is_not_known_or_not_shown_is_not_marked(tuned):
    figure = draw_class_accuracies(made_up(3), training_range=(-9, 9), tuned_weight=tuned)
    assert not any("tuned" in text.get_text() for axes in figure.axes for text in axes.texts)


# confusion


def test_confusion_writes_counts_and_shares():
    scores = made_up(10)
    (axes,) = draw_confusion(scores, title="run").axes
    at = {text.get_position(): text.get_text() for text in axes.texts}
    for row, column in itertools.product(range(10), range(10)):
        count = scores.confusion[row, column]
        assert at.get((column, row)) == (str(count) if count else None)
    for k in range(10):
        row, column = scores.confusion[k].sum(), scores.confusion[:, k].sum()
        right = scores.confusion[k, k]
        assert at[10, k] == (f"{100 * right / row:.0f} %" if row else "0 %")
        assert at[k, 10] == (f"{100 * right / column:.0f} %" if column else "0 %")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answer", "label")


def test_confusion_colours_right_answers_blue_and_mistakes_orange():
    scores = made_up(10)
    colours = image(draw_confusion(scores), "confusion")
    assert colours.shape == (10, 10, 4)
    red, blue = colours[..., 0], colours[..., 2]
    is_right = np.eye(10, dtype=bool)
    is_right[1, 1] = False
    assert (blue > red)[is_right].all()
    assert (red > blue)[(scores.confusion > 0) & ~is_right].all()
    # more mistakes are darker
    mistakes = scores.confusion[~np.eye(10, dtype=bool)]
    light = colours[..., :3].sum(axis=2)[~np.eye(10, dtype=bool)]
    order = np.argsort(mistakes, kind="stable")
    assert (np.diff(light[order]) <= 1e-9).all()


@pytest.mark.parametrize("n", [2, 3, 26, 80])
def test_any_number_of_classes_can_be_drawn_without_overlapping_texts(n):
    names = tuple(f"class number {k}" for k in range(n)) if n < 30 else tuple(map(str, range(n)))
    scores = replace(made_up(n), classes=names)
    figures = [
        draw_class_accuracies(scores, training_range=RANGE, tuned_weight=1.0, title="run"),
        draw_confusion(scores, title="run"),
    ]
    for figure in figures:
        figure.draw_without_rendering()
        for axes in figure.axes:
            texts = [text for text in axes.texts if text.get_text()]
            # there may be ticks beyond the limits, which are not drawn
            ticks = [
                tick.label1
                for axis in (axes.xaxis, axes.yaxis)
                for tick in axis.get_major_ticks()
                if min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
                and tick.label1.get_text()
                and tick.label1.get_visible()
                and axes.axison
            ]
            boxes = [text.get_window_extent() for text in [*texts, *ticks]]
            for one, other in itertools.combinations(boxes, 2):
                assert (
                    one.x1 < other.x0 + 1
                    or other.x1 < one.x0 + 1
                    or (one.y1 < other.y0 + 1 or other.y1 < one.y0 + 1)
                )
            for box in boxes:
                assert figure.bbox.x0 <= box.x0
                assert box.x1 <= figure.bbox.x1
                assert figure.bbox.y0 <= box.y0
                assert box.y1 <= figure.bbox.y1


def test_confusion_without_mistakes_or_samples_can_be_drawn():
    for confusion in (np.eye(4, dtype=int) * 9, np.zeros((4, 4), int)):
        scores = replace(made_up(4), confusion=confusion)
        draw_confusion(scores)
        draw_class_accuracies(scores, training_range=RANGE)


# profile


def test_profile_of_a_classifier_has_the_line_of_its_ensemble(evaluated):
    levels = levels_of(evaluated)
    assert levels.ensemble == evaluated.scores["ensemble"]["mean"]
    for own in (levels, replace(levels, best_weight=None)):
        figure = draw_profile(class_scores_of(evaluated).profile(), levels=own, decimals=1)
        (axes,) = figure.axes
        (line,) = (line for line in axes.lines if line.get_gid() == "ensemble")
        assert set(line.get_ydata()) == {levels.ensemble}
        words = f"{levels.ensemble:.1f}  ensemble over weights"
        assert words in [text.get_text() for text in axes.texts]


SAVERS = {
    "classes": lambda path: save_class_accuracies(made_up(5), path, training_range=RANGE),
    "confusion": lambda path: save_confusion(made_up(5), path, title="run"),
}


@pytest.mark.parametrize("name", SAVERS)
def test_files_have_the_same_bytes_each_time_and_other_kinds_are_refused(tmp_path, name):
    for suffix in (".png", ".svg", ".pdf"):
        for file in "ab":
            SAVERS[name](tmp_path / f"{file}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    ET.parse(tmp_path / "a.svg")
    with pytest.raises(FormatError, match=r"\.svg"):
        SAVERS[name](tmp_path / "a.jpg")
