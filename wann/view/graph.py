"""Drawings of networks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.genome.network import Network
from wann.view.layered import MOST_LETTERS, draw_layered
from wann.view.layout import arrange
from wann.view.library import Figure
from wann.view.page import Page, fitted, save_page
from wann.view.parts import NAME_SIZE, draw_title
from wann.view.simple import SIMPLE_NAME_SIZE, draw_simple
from wann.view.strokes import Strokes

Floats = NDArray[np.float64]
Order = Literal["free", "fixed"]
ORDERS: tuple[Order, ...] = ("free", "fixed")

# beyond them nobody can follow a line, and finding an order would take minutes
MOST_CONNECTIONS, MOST_NODES, MOST_LAYERS = 1_000, 600, 100


def draw_network(
    network: Network,
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    title: str | None = None,
    weights: Floats | None = None,
    order: Order = "free",
) -> Figure:
    """Draws a network from left to right.

    Discs are nodes, with the colour and curve of their activation; a line has the colour of the
    node that it comes from, and those of up to 16 inputs have patterns of their own. Inputs that
    lead nowhere are faded. With individual weights a line has the colour of its sign, and its width
    grows with its size.

    A network with more than 1,000 connections, 600 nodes or 100 layers is drawn in a simpler way:
    straight lines, and nodes in the order that their connections suggest (see ``why_simple``).

    Args:
        network: the network.
        input_names: a name per input, without the bias. Single letters, primes and sin, cos, tan
            are set as mathematics.
        output_names: a name per output.
        title: a line above the drawing.
        weights: (n_connections,) individual weights; None: all connections share one.
        order: "free" puts inputs and outputs where few lines cross, "fixed" in the task's order.

    Returns:
        A figure, as large as the network needs.

    Raises:
        TaskError: there are more or fewer names than inputs or outputs, or weights than
            connections.
    """
    _check_fit(network, input_names, output_names, weights)
    strokes = None if weights is None else Strokes.of(weights)
    if why_simple(network):

        def draw(letters: float | None) -> Page:
            return draw_simple(network, input_names, output_names, strokes, order, letters)

    else:
        arrangement = arrange(network, order == "fixed")

        def draw(letters: float | None) -> Page:
            return draw_layered(arrangement, input_names, output_names, strokes, letters)

    def draw_with_title(letters: float | None) -> Page:
        page = draw(letters)
        if title is not None:
            draw_title(page, title)
        return page

    size = SIMPLE_NAME_SIZE if why_simple(network) else NAME_SIZE
    return fitted(draw_with_title, size, MOST_LETTERS)


def why_simple(network: Network) -> str | None:
    """Why a network is drawn in a simpler way, in words; None where it is not."""
    for n, what, most in (
        (network.n_connections, "connections", MOST_CONNECTIONS),
        (network.n_nodes, "nodes", MOST_NODES),
        (int(network.layer.max(initial=0)), "layers", MOST_LAYERS),
    ):
        if n > most:
            return f"{n:,} {what} are more than {most:,}: drawn in a simpler way"
    return None


def _check_fit(
    network: Network,
    input_names: Sequence[str],
    output_names: Sequence[str],
    weights: Floats | None,
) -> None:
    """Raises TaskError for what does not fit the network."""
    for kind, names, n in (
        ("input", input_names, network.n_inputs),
        ("output", output_names, network.n_outputs),
    ):
        if len(names) != n:
            raise TaskError(f"{len(names)} {kind} names do not fit a network with {n} {kind}s")
    if weights is not None and np.shape(weights) != (network.n_connections,):
        raise TaskError(
            f"weights of shape {np.shape(weights)} do not fit a network with "
            f"{network.n_connections} connections"
        )


def save_network(
    network: Network,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    title: str | None = None,
    weights: Floats | None = None,
    order: Order = "free",
) -> None:
    """Draws a network into PNG, SVG or PDF files; the same network gives the same bytes.

    A file appears when it is complete.

    Args:
        network: the network.
        paths: one or several, each ends in .png, .svg or .pdf; the layout is made once.
        input_names: as for ``draw_network``.
        output_names: a name per output.
        title: a line above the drawing.
        weights: as for ``draw_network``.
        order: as for ``draw_network``.

    Raises:
        FormatError: a path ends in something else, or cannot be written.
        TaskError: there are more or fewer names than inputs or outputs, or weights than
            connections.
    """
    save_page(
        lambda: draw_network(
            network, input_names, output_names, title=title, weights=weights, order=order
        ),
        paths,
    )
