"""Text of files stays text: no markup, no mathematics, no warning, in every kind of picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wann.genome.network import network_from_connections
from wann.printable import printable
from wann.tuning.score import Profile
from wann.view.class_plots import save_class_accuracies, save_confusion
from wann.view.class_scores import ClassScores
from wann.view.fronts import Front, Mark, save_fronts
from wann.view.graph import save_network
from wann.view.image_grid import Weights, draw_image_network
from wann.view.page import save_page
from wann.view.profile import Levels, save_profile
from wann.view.sizes import Sizes, using_sizes
from wann.view.words import number, plain

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"
METADATA = {"RDF", "Work", "type", "format", "creator", "Agent", "title"}
ELEMENTS = {"svg", "metadata", "defs", "style", "g", "path", "use", "clipPath", "rect"}
NASTY = [
    "$\\frac$",
    "$x_{$",
    "a$b$",
    "\\mathrm{x}",
    "<script>alert(1)</script>",
    "</svg><a href='https://example.org'>",
    "&lt;&amp;&nbsp;",
    "]]>",
    "-->",
    "--",
    "<!ENTITY x>",
    "a\0b",
    "\x1b[31m",
    "\ud800",
    "\ufffe",
    "\u202eabc",
    "שלום עולם",
    "مرحبا",
    "😀 emoji 🦄",
    "漢字",
    "a\u0300" * 30,
    "x" * 10_000,
    "line\nline\r\ttab",
    "",
    " ",
    "_hidden",
    "%s %d {0}",
    "'" + '"' * 3,
]
NETWORK = network_from_connections(2, 2, [1, 1, 1, 5, 6, 1], [(1, 3), (3, 4), (2, 5), (0, 4)])
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec=None), max_size=40))


def comments_of(path: Path) -> list[str]:
    """What an SVG says is written in it: glyphs are outlines, with their text as a comment."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    tree = ET.parse(path, parser)
    return [str(e.text).strip() for e in tree.iter() if e.tag is ET.Comment]


def check_svg(path: Path) -> None:
    """Only shapes, no scripts, and no links but to the file's own parts."""
    for element in ET.parse(path).iter():
        name = element.tag.rpartition("}")[2]
        assert name in (ELEMENTS if element.tag.startswith(SVG) else METADATA)
        assert not any(key.rpartition("}")[2].startswith("on") for key in element.attrib)
        assert element.get("href") is None
        if name != "type" and XLINK in element.attrib:
            assert element.attrib[XLINK].startswith("#")
    text = path.read_text(encoding="utf-8")
    urls = set(re.findall(r"url\(([^)]*)\)", text))
    assert all(url.startswith("#") for url in urls)


def in_comment(text: str) -> str:
    """A text as matplotlib writes it into a comment."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub("-(?=-|$)", "- ", text).strip()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(texts, min_size=4, max_size=4), texts)
@example(["a", "A\rA", "cos θ", "x"], "x y")
def test_any_name_in_a_graph_is_text_and_comes_back(tmp_path, names, title):
    path = tmp_path / "a.svg"
    save_network(NETWORK, path, names[:2], names[2:], title=title)
    check_svg(path)
    found = comments_of(path)
    for name in names:
        shown = plain(name, 40)
        # letters and functions are set as a formula
        letter = "(?:[A-Za-zα-ω]'{0,2}|sin|cos|tan)"
        if shown and not re.fullmatch(f"{letter}(?: {letter})*", shown):
            assert in_comment(shown) in found
    if plain(title, 100):
        assert in_comment(plain(title, 100)) in found


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_nasty_names_are_drawn_in_every_format(tmp_path, suffix):
    n = len(NASTY)
    network = network_from_connections(n, n, [1] * (1 + 2 * n), [(1, 1 + n), (2, 2 * n)])
    path = tmp_path / f"a{suffix}"
    save_network(network, path, NASTY, NASTY[::-1], title="".join(NASTY))
    assert path.stat().st_size > 1000
    if suffix == ".svg":
        check_svg(path)


def scores_with(names: Sequence[str]) -> ClassScores:
    n = len(names)
    accuracy = np.random.default_rng(0).uniform(0, 100, (3, n))
    return ClassScores(
        tuple(names), np.linspace(-2, 2, 3), accuracy, accuracy[:, 0], np.eye(n, dtype=int)
    )


def save_grid(name: str, path: Path) -> None:
    network = network_from_connections(4, 2, [1] * 5 + [5, 1], [(1, 5), (2, 6), (4, 5)])
    weights = Weights(np.array([1.0, -2.0, 0.5]), "weights", is_individual=True)
    save_page(lambda: draw_image_network(network, (2, 2), [name, "b"], weights, title=name), path)


def save_some_accuracies(scores: ClassScores, path: Path, title: str | None = None) -> None:
    save_class_accuracies(scores, path, training_range=(-2, 2), title=title)


PROFILE = Profile(np.linspace(-2, 2, 5), np.arange(5.0), np.ones(5), 10)
PLOTS = {
    "profile": lambda name, path: save_profile(
        PROFILE, path, reference=Levels(1.0, 2.0, name="x"), title=name
    ),
    "fronts": lambda name, path: save_fronts(
        [Front(0, np.arange(3.0), np.arange(3.0), np.arange(3.0))],
        path,
        [Mark(name, 2, 1.0, 1.0), Mark(f"_{name}", 1, 1.0, 1.0)],
        name,
    ),
    "classes": lambda name, path: save_some_accuracies(
        scores_with((name, "b", name)), path, title=name
    ),
    "confusion": lambda name, path: save_confusion(
        scores_with((name, name, "c")), path, title=name
    ),
    "grid": save_grid,
}


@pytest.mark.parametrize("plot", PLOTS)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=texts)
@example(name="$\\frac$<script>]]>\0\ud800\u202e😀")
@example(name="x" * 10_000)
def test_any_name_in_a_plot_is_text(tmp_path, plot, name):
    # those with images are checked below
    path = tmp_path / ("a.svg" if plot in ("profile", "grid") else "a.png")
    with using_sizes(Sizes(dpi=40)):
        PLOTS[plot](name, path)
    if path.suffix == ".svg":
        check_svg(path)


@pytest.mark.parametrize("save", [save_confusion, save_some_accuracies])
def test_nasty_names_of_classes_are_drawn(tmp_path, save):
    with using_sizes(Sizes(dpi=60)):
        save(scores_with(NASTY), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_svg_of_classes_holds_only_images_of_its_own(tmp_path):
    path = tmp_path / "a.svg"
    save_class_accuracies(scores_with(("<a>", "&", "c")), path, training_range=(-2, 2))
    images = [e for e in ET.parse(path).iter() if e.tag == f"{SVG}image"]
    assert images
    assert all(e.attrib[XLINK].startswith("data:image/png;base64,") for e in images)


def test_marks_with_a_leading_underscore_are_in_the_legend(tmp_path):
    path = tmp_path / "a.svg"
    PLOTS["fronts"]("few", path)
    assert {"few", "_few"} <= set(comments_of(path))


@given(st.text(st.characters(codec=None), max_size=300), st.integers(2, 60))
def test_plain_text_is_one_printable_line_of_bounded_length(text, most):
    shown = plain(text, most)
    assert len(shown) <= most
    assert shown.isprintable()
    short = " ".join(text.split())
    if short.isprintable() and len(short) <= most and len(text) <= 8 * most:
        assert shown == printable(short)


@pytest.mark.parametrize(
    ("value", "decimals", "words"),
    [
        (515.4, 0, "515"),
        (-0.5, 2, "−0.50"),
        (0.0, 2, "0.00"),
        (1e300, 0, "1e+300"),
        (-1e-9, 2, "−1e−09"),
        (999_999.0, 0, "999999"),
        (float("nan"), 1, "no number"),
        (float("inf"), 0, "no number"),
    ],
)
def test_numbers_are_written_shortly(value, decimals, words):
    assert number(value, decimals) == words
