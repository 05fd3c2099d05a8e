"""Whatever numbers a run ends with, its pictures are drawn, without a warning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from wann.errors import FormatError
from wann.tasks import measure as measures
from wann.tasks.measure import RETURN, Measure
from wann.tuning.score import Profile
from wann.view.class_plots import save_class_accuracies, save_confusion
from wann.view.class_scores import ClassScores
from wann.view.curves import LEARNING_COLUMNS, save_learning_curve
from wann.view.fronts import Front, Mark, draw_fronts, save_fronts
from wann.view.panels import drawable
from wann.view.profile import Levels, draw_profile, save_profile
from wann.view.sizes import Sizes, using_sizes

LOSS = next(m for m in vars(measures).values() if isinstance(m, Measure) and m.is_loss)
EXTREMES = [0.0, 1.0, -1.0, 1e-9, -1e-9, 1e6, 1e300, -1e300, 1.7e308, -1.7e308, 5e-324]
NO_NUMBERS = [math.nan, math.inf, -math.inf]
numbers = st.one_of(
    st.sampled_from(EXTREMES + NO_NUMBERS), st.floats(allow_nan=True, allow_infinity=True)
)
finite = st.one_of(
    st.sampled_from(EXTREMES),
    st.floats(-1e6, 1e6),
    st.floats(allow_nan=False, allow_infinity=False),
)
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _few_dots():
    with using_sizes(Sizes(dpi=40)):
        yield


def check_picture(path) -> None:
    """It opens, and is neither empty nor enormous."""
    with Image.open(path) as image:
        assert 150 < image.width < 1000
        assert 150 < image.height < 1000
        assert len(set(image.convert("L").resize((50, 50)).tobytes())) > 3


RANGES = [(-2.0, 1e6), (-1e-9, 1e-9), (0.0, 2.0), (-2.0, 0.0), (-1e300, 1e300), (5.0, 5.0)]


@pytest.mark.parametrize("training_range", [*RANGES, (100.0, 200.0), (1e6, 1e6 + 1e-3)], ids=str)
def test_profile_is_drawn_whatever_the_range_of_the_search(tmp_path, training_range):
    # the weights of a champion file's profile do not depend on the range
    weights = np.linspace(-2, 2, 41)
    profile = Profile(weights, 100 * weights**2, np.ones(41), 100)
    levels = Levels(300.0, 400.0, training_range[1])
    save_profile(profile, tmp_path / "a.png", training_range=training_range, levels=levels)
    check_picture(tmp_path / "a.png")
    figure = draw_profile(profile, training_range=training_range, levels=levels)
    figure.draw_without_rendering()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1


@MANY
@given(
    st.lists(finite, min_size=1, max_size=5, unique=True).map(sorted),
    st.lists(numbers, min_size=5, max_size=5),
    st.tuples(finite, finite).map(sorted),
    st.lists(st.one_of(st.none(), numbers), min_size=4, max_size=4),
)
def test_profile_of_any_numbers_is_drawn(tmp_path, weights, values, training_range, levels):
    n = len(weights)
    profile = Profile(np.array(weights), np.array(values[:n]), np.array(values[::-1][:n]), 3)
    own = Levels(*[None if v is None or not math.isfinite(v) else v for v in levels])
    low, high = training_range
    save_profile(profile, tmp_path / "a.png", training_range=(low, high), levels=own)
    check_picture(tmp_path / "a.png")


@MANY
@given(
    st.lists(
        st.tuples(numbers, numbers, st.one_of(st.integers(0, 10**7).map(float), numbers)),
        max_size=5,
    ),
    st.integers(0, 10**9),
    st.sampled_from([RETURN, LOSS]),
    numbers,
)
def test_fronts_of_any_numbers_are_drawn(tmp_path, points, generation, measure, mark):
    mean, most, connections = np.array(points, float).reshape(-1, 3).T
    fronts = [Front(0, mean, most, connections), Front(generation, most, mean, connections)]
    marks = [Mark("best", 10**7, mark, 1.0), Mark("other", 0, None, mark)]
    save_fronts(fronts, tmp_path / "a.png", marks, "run", measure)
    check_picture(tmp_path / "a.png")


def test_no_fronts_are_one_line():
    with pytest.raises(FormatError, match="no fronts"):
        draw_fronts([])


@MANY
@given(
    st.lists(numbers, min_size=1, max_size=6),
    st.lists(numbers, min_size=1, max_size=6),
    st.sampled_from([RETURN, LOSS]),
    st.lists(st.integers(1, 5), max_size=2, unique=True).map(sorted),
)
def test_learning_curve_of_any_numbers_is_drawn(tmp_path, first, second, measure, heats):
    n = len(first)
    columns = {
        name: np.resize(np.array(first if k % 2 else second), n)
        for k, name in enumerate(LEARNING_COLUMNS)
    }
    columns["generation"] = np.arange(float(n))
    save_learning_curve(columns, tmp_path / "a.png", "run", heats, measure)
    check_picture(tmp_path / "a.png")


@pytest.mark.parametrize("measure", [RETURN, LOSS])
@pytest.mark.parametrize("value", [0.0, -1e-300, 1e300, math.nan], ids=str)
@pytest.mark.parametrize("n", [1, 9000])
def test_learning_curve_of_one_value_is_drawn(tmp_path, value, n, measure):
    columns = {name: np.full(n, value) for name in LEARNING_COLUMNS}
    columns["generation"] = np.arange(float(n))
    save_learning_curve(columns, tmp_path / "a.png", "run", (), measure)
    check_picture(tmp_path / "a.png")


@MANY
@given(
    st.integers(1, 4),
    st.lists(numbers, min_size=1, max_size=4),
    st.lists(st.integers(0, 2**62), min_size=16, max_size=16),
    st.tuples(finite, finite),
    st.one_of(st.none(), finite),
)
def test_classes_of_any_numbers_are_drawn(tmp_path, n, values, counts, training_range, tuned):
    weights = np.linspace(-1, 1, len(values))
    scores = ClassScores(
        tuple(map(str, range(n))),
        weights,
        np.resize(values, (len(values), n)),
        np.array(values),
        np.array(counts[: n * n], np.int64).reshape(n, n) % 2**50,
    )
    save_class_accuracies(
        scores, tmp_path / "a.png", training_range=training_range, tuned_weight=tuned
    )
    save_confusion(scores, tmp_path / "b.png")
    check_picture(tmp_path / "a.png")
    check_picture(tmp_path / "b.png")


def test_classes_without_samples_have_no_share(tmp_path):
    scores = ClassScores(
        ("a", "b"),
        np.array([-1.0, 1.0]),
        np.array([[50.0, math.nan], [60.0, math.nan]]),
        np.array([50.0, 60.0]),
        np.array([[5, 5], [0, 0]]),
    )
    save_class_accuracies(scores, tmp_path / "a.png", training_range=(-1, 1))
    save_confusion(scores, tmp_path / "b.png")
    check_picture(tmp_path / "a.png")


def test_too_many_classes_are_one_line(tmp_path):
    n = 2001
    scores = ClassScores(
        tuple(map(str, range(n))),
        np.array([-1.0, 1.0]),
        np.zeros((2, n)),
        np.zeros(2),
        np.zeros((n, n), np.int64),
    )
    with pytest.raises(FormatError, match="2,001 classes are too many to draw; at most 2,000"):
        save_confusion(scores, tmp_path / "b.png")


@given(st.lists(numbers, max_size=8))
def test_drawable_numbers_are_gaps_or_within_what_axes_can_show(values):
    shown = drawable(np.array(values, float))
    for value, now in zip(values, shown.tolist(), strict=True):
        assert math.isnan(now) == (not math.isfinite(value))
        if 1e-200 < abs(value) < 1e200:
            assert now == value
        elif math.isfinite(value):
            assert now == 0 or abs(now) == 1e200
