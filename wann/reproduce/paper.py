"""What the paper reports, to stand beside what is measured here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperRow:
    """Mean and deviation of the return of the paper's champion, as the paper prints them.

    Attributes:
        random_weights, random_shared, best_shared, tuned_weights: (mean, deviation).
        connections: of its network.
    """

    random_weights: tuple[float, float]
    random_shared: tuple[float, float]
    best_shared: tuple[float, float]
    tuned_weights: tuple[float, float]
    connections: int


# Gaier & Ha 2019, table 1; connections of the champion that the 2019 release holds
PAPER = {
    "cartpole_swingup": PaperRow((57, 121), (515, 58), (723, 16), (932, 6), 52),
    # there CarRacing-v0, seen through the 16 latent variables of a VAE
    "car_racing": PaperRow((-69, 31), (375, 177), (608, 161), (893, 74), 245),
}
