"""The drawing of a champion: as a graph, or, where it sees an image, as the pixels it uses."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.formats.champion import Champion
from wann.tasks.classify import ClassifyTask
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import may_be_downloaded
from wann.tuning.champion import task_of_champion
from wann.view.graph import Order, save_network, why_simple
from wann.view.image_grid import Weights, draw_image_network
from wann.view.page import save_page
from wann_envs.classify import image_shape_of, mnist_is_here

Style = Literal["auto", "graph", "grid"]
STYLES: tuple[Style, ...] = ("auto", "graph", "grid")


def weights_of(champion: Champion) -> Weights:
    """The weights of a champion file that say most about it.

    Its individual weights, else its tuned shared weight, else 1 for all connections.
    """
    if champion.tuned_weights is not None:
        values = np.array(champion.tuned_weights)
        return Weights(values, "individually tuned weights", is_individual=True)
    score = champion.scores.get("tuned_shared_weight")
    weight = score.get("weight") if isinstance(score, Mapping) else None
    words = "the tuned shared weight"
    if not isinstance(weight, (int, float)) or isinstance(weight, bool):
        weight, words = 1.0, "the shared weight"
    values = np.full(champion.network.n_connections, float(weight))
    return Weights(values, f"{words} {weight:.4g}".replace("-", "−"))


def mean_images_of(
    champion: Champion, place: DataPlace = USUAL_PLACE
) -> NDArray[np.float64] | None:
    """(n_outputs, n_inputs) the mean training image of each class of a champion's task.

    None where there are no images, and where the data are not at hand and nobody says where they
    are: nothing is downloaded, for a drawing does without.

    Args:
        champion: of a classification, or of another task.
        place: of its data.

    Raises:
        TaskError: the place that is named is not that of the champion's data.
    """
    is_image = image_shape_of(champion.input_names) is not None
    if place == USUAL_PLACE and (
        not is_image or (may_be_downloaded(champion.task) and not mnist_is_here())
    ):
        return None
    try:
        task = task_of_champion(champion, place)
        if not isinstance(task, ClassifyTask) or not is_image:
            return None
        data = task.data
    except TaskError:
        if place == USUAL_PLACE:
            return None
        raise
    return np.array(
        [
            data.x_train[data.y_train == k].mean(axis=0, dtype=np.float64)
            for k in range(data.n_classes)
        ]
    )


def save_drawing(
    champion: Champion,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    title: str | None = None,
    style: Style = "auto",
    mean_images: NDArray[np.float64] | None = None,
    order: Order = "free",
) -> None:
    """Draws a champion into PNG, SVG or PDF files; the same arguments give the same bytes.

    Args:
        champion: its file is enough; no data are needed.
        paths: one or several, each ends in .png, .svg or .pdf.
        title: a line above the drawing.
        style: "graph" as ``draw_network``; "grid" as ``draw_image_network``; "auto": "grid" where
            the names of the inputs are those of the pixels of an image, else "graph".
        mean_images: (n_outputs, n_inputs) of the classes, outlined in a grid; None: no outlines.
        order: of inputs and outputs in a graph, as for ``draw_network``; those of a grid always
            have the task's.

    Raises:
        FormatError: a path ends in something else, or cannot be written.
        TaskError: a grid is asked for, and the inputs are no image.
    """
    network, outputs = champion.network, champion.output_names
    shape = image_shape_of(champion.input_names)
    if _is_graph(champion, style):
        weights = None if champion.tuned_weights is None else np.array(champion.tuned_weights)
        save_network(
            network,
            paths,
            champion.input_names,
            outputs,
            title=title,
            weights=weights,
            order=order,
        )
    elif shape is not None:
        shared = weights_of(champion)
        save_page(
            lambda: draw_image_network(
                network, shape, outputs, shared, title=title, mean_images=mean_images
            ),
            paths,
        )
    else:
        raise TaskError(
            "the champion cannot be drawn as a grid, because its inputs are no image (whose pixels "
            "are named row,column): use --style graph"
        )


def note_on_drawing(champion: Champion, style: Style = "auto") -> str | None:
    """What to say about the drawing that ``save_drawing`` makes: why it is simpler than usual."""
    return why_simple(champion.network) if _is_graph(champion, style) else None


def _is_graph(champion: Champion, style: Style) -> bool:
    return style == "graph" or (style == "auto" and image_shape_of(champion.input_names) is None)
