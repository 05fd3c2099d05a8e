"""Pictures have the width, the letters and the dots that a paper wants."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from wann.cli.main import main
from wann.errors import ConfigError, FormatError
from wann.formats.champion import Champion, save_champion
from wann.genome.network import network_from_connections
from wann.tuning.score import Profile
from wann.view.curves import LEARNING_COLUMNS, draw_learning_curve
from wann.view.fronts import Front, Mark, draw_fronts
from wann.view.graph import draw_network
from wann.view.image_grid import Weights, draw_image_network
from wann.view.panels import save_figure
from wann.view.profile import draw_profile, save_profile
from wann.view.sizes import Sizes, using_sizes

NETWORK = network_from_connections(
    3, 2, [1, 1, 1, 1, 5, 6, 7, 1, 1], [(1, 4), (4, 5), (5, 6), (6, 7), (3, 8), (2, 5)]
)
INPUTS, OUTPUTS = ["a b", "c d", "e f"], ["left", "right"]
PROFILE = Profile(np.linspace(-2, 2, 5), np.arange(5.0), np.ones(5), 10)


def sizes_of_names(figure) -> set[float]:
    return {
        round(t.get_fontsize(), 1) for t in figure.axes[0].texts if t.get_text() in INPUTS + OUTPUTS
    }


def test_width_shrinks_all_of_a_graph():
    usual = draw_network(NETWORK, INPUTS, OUTPUTS)
    width, height = usual.get_size_inches()
    with using_sizes(Sizes(width=width / 2)):
        half = draw_network(NETWORK, INPUTS, OUTPUTS)
    assert half.get_size_inches() == pytest.approx((width / 2, height / 2))
    assert sizes_of_names(half) == {6.5}
    for small, large in zip(half.axes[0].patches, usual.axes[0].patches, strict=True):
        assert small.get_linewidth() == pytest.approx(large.get_linewidth() / 2)


@pytest.mark.parametrize(("width", "font"), [(3.35, 8.0), (6.0, 9.0), (20.0, 9.0), (None, 7.0)])
def test_letters_have_the_size_that_is_wanted_in_any_width(width, font):
    with using_sizes(Sizes(width=width, font=font)):
        figure = draw_network(NETWORK, INPUTS, OUTPUTS)
    if width is not None:
        assert figure.get_size_inches()[0] == pytest.approx(width)
    (size,) = sizes_of_names(figure)
    assert size == pytest.approx(font, rel=0.03)


def test_letters_without_room_are_one_line():
    with (
        using_sizes(Sizes(width=1.0, font=80.0)),
        pytest.raises(FormatError, match="no room for letters of 80 points"),
    ):
        draw_network(NETWORK, INPUTS, OUTPUTS)


def test_pixels_take_width_and_letters():
    network = network_from_connections(4, 2, [1] * 5 + [5, 1], [(1, 5), (2, 6), (4, 5)])
    weights = Weights(np.ones(3), "weights")
    with using_sizes(Sizes(width=6.0, font=9.0)):
        figure = draw_image_network(network, (2, 2), ["p", "q"], weights)
    assert figure.get_size_inches()[0] == pytest.approx(6.0)
    (size,) = {t.get_fontsize() for t in figure.axes[0].texts if "·" in t.get_text()}
    assert size == pytest.approx(9.0, rel=0.05)
    with using_sizes(Sizes(width=2.0, font=20.0)), pytest.raises(FormatError, match="no room"):
        draw_image_network(network, (2, 2), ["p", "q"], weights)


def test_plot_has_the_size_that_is_wanted(tmp_path):
    with using_sizes(Sizes(width=3.35, font=7.0, dpi=300)):
        save_profile(PROFILE, tmp_path / "a.png", title="t")
        save_profile(PROFILE, tmp_path / "a.svg", title="t")
    with Image.open(tmp_path / "a.png") as image:
        assert abs(image.width - 3.35 * 300) <= 1
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert ET.parse(tmp_path / "a.svg").getroot().get("width") == "241.2pt"


def test_letters_of_a_plot_go_with_its_width(tmp_path):
    sizes = []

    def draw():
        figure = draw_profile(PROFILE)
        sizes.append(figure.axes[0].xaxis.label.get_fontsize())
        return figure

    for wanted in (Sizes(), Sizes(width=6.0), Sizes(width=3.0), Sizes(width=6.0, font=12.0)):
        with using_sizes(wanted):
            save_figure(draw, tmp_path / "a.png")
    assert sizes == [10.0, 7.5, 6.0, 12.0]


def saved(draw, path):
    """The figure that is drawn into a file."""
    figures = []

    def keep():
        figures.append(draw())
        return figures[0]

    save_figure(keep, path)
    return figures[0]


FRONT = Front(0, np.array([1.0, 3.0]), np.array([2.0, 9.0]), np.array([2.0, 4.0]))
MARKS = [Mark("random shared weight, few connections", 2, 1.0, 2.0), Mark("best", 4, 3.0, 9.0)]
COLUMNS = {name: np.arange(1.0, 4.0) for name in LEARNING_COLUMNS}
DRAWN = {
    "fronts": lambda: draw_fronts([FRONT], MARKS, title="a run"),
    "fitness": lambda: draw_learning_curve(COLUMNS, "a run"),
    "profile": lambda: draw_profile(PROFILE, title="a run"),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    ("width", "font"), [(3.35, 7.0), (3.35, None), (6.7, 10.0), (12.0, None)], ids=str
)
def test_no_letter_of_a_plot_is_cut_off(tmp_path, name, width, font):
    # at the resolution of the figure, so that what is measured is what was drawn
    with using_sizes(Sizes(width=width, font=font, dpi=100)):
        figure = saved(DRAWN[name], tmp_path / "a.png")
    assert figure.get_size_inches()[0] == pytest.approx(width)
    texts = [text for axes in figure.axes for text in axes.texts]
    texts += [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    for text in texts:
        if text.get_text():
            box, page = text.get_window_extent(figure.canvas.get_renderer()), figure.bbox
            assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1
            assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1


def test_lines_of_a_narrow_plot_are_thinner(tmp_path):
    widths = []
    for width in (8.0, 4.0):
        with using_sizes(Sizes(width=width)):
            figure = saved(DRAWN["profile"], tmp_path / "a.png")
        (mean,) = (line for line in figure.axes[0].lines if line.get_gid() == "mean")
        widths.append(mean.get_linewidth())
    assert widths[1] < widths[0] == 2.0


def test_drawing_outside_of_files_changes_no_setting():
    before = dict.copy(mpl.rcParams)
    with using_sizes(Sizes(width=3.0, font=20.0)):
        draw_profile(PROFILE)
    assert dict.copy(mpl.rcParams) == before


def test_plot_without_room_is_one_line(tmp_path):
    with (
        using_sizes(Sizes(width=1.0, font=40.0)),
        pytest.raises(FormatError, match="no room for its letters"),
    ):
        save_profile(PROFILE, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sizes", [{"width": 0.0}, {"width": float("nan")}, {"font": 1e9}, {"dpi": -1.0}]
)
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ConfigError, match="is not allowed"):
        Sizes(**sizes)


def test_too_many_dots_are_one_line(tmp_path):
    with using_sizes(Sizes(width=100.0, dpi=2400)), pytest.raises(FormatError, match="lower dpi"):
        save_profile(PROFILE, tmp_path / "a.png")


@pytest.fixture
def champion(tmp_path):
    path = tmp_path / "c.json"
    save_champion(Champion(NETWORK, "none", tuple(INPUTS), tuple(OUTPUTS)), path)
    return path


@pytest.mark.parametrize(
    ("text", "inches"), [("3.4", 3.4), ("8.5cm", 3.3465), ("85mm", 3.3465), ("4in", 4)]
)
def test_width_on_the_command_line_has_a_unit(tmp_path, champion, text, inches):
    picture = tmp_path / "a.png"
    assert main(["draw", str(champion), "-o", str(picture), "--width", text, "--dpi", "100"]) == 0
    with Image.open(picture) as image:
        assert abs(image.width - 100 * inches) <= 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--width", text) for text in ("0", "-3", "nan", "1e3", "8.5 km", "", "9" * 5000)),
        *(("--font", text) for text in ("0", "8pt", "inf", "x")),
        *(("--dpi", text) for text in ("0", "1e9", "9999", "72in")),
    ],
    ids=lambda text: text[:8],
)
@pytest.mark.parametrize("verb", ["draw", "plot"])
def test_impossible_sizes_on_the_command_line_are_one_line(champion, capsys, verb, option, value):
    with pytest.raises(SystemExit) as stop:
        main([verb, str(champion), option, value])
    assert stop.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert option in said[-1]
    assert max(map(len, said)) < 250
