"""Lifetime fitness: individuals are ranked by what they did in many generations, not in one.

A generation's scores depend on its batch, and the best of many individuals is often only the one
that the batch suits. An elite is scored in every generation that it lives in, so its scores can
be averaged; a child is compared with its parent on the same batch, which is far more exact than
its score.

What is averaged are the two objectives, mean and maximum over the shared weights, and not the
scores with single weights: where weights are drawn anew, a column of scores belongs to another
weight in each generation, and a mean down a column would be of no weight at all. Both objectives
depend on the weights and episodes that were drawn, by about as much for all good individuals;
this offset is measured on the elites, whose estimates are known, apart for each objective.
Comparisons with single weights (epsilon-lexicase) stay within a generation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lifetime:
    """What is known about P individuals; before a generation is scored, from the one before it.

    Attributes:
        estimate: (P, 2) mean and maximum over the weights; of a child not yet scored: its
            parent's.
        age: (P,) int64 number of generations that an individual was scored in; 0: a child.
        parent: (P,) int64, which of the P a child descends from; itself where its parent does not
            live on, or where it is no child.
    """

    estimate: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    age: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    parent: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def observe(
    known: Lifetime,
    scores: NDArray[np.float64],
    lifetime: int,
    inheritance: float,
    highest: float = math.inf,
) -> Lifetime:
    """The estimates after a generation was scored.

    With the batch's offset o, the mean of (score - estimate) over the elites by age, and the
    n-th score of an elite, n at most ``lifetime``:

        elite:  estimate + (score - o - estimate) / n
        child:  parent's estimate + inheritance * (score - parent's score)

    The score of a parent that does not live on is taken to be its estimate + o. Estimates of all
    are then moved by o / ``lifetime``: this changes no order, and their level follows the scores
    where the batches get harder or the population better.

    An estimate that would rise above what is possible rises half of the way there instead: a
    generation may differ from the others by more than its offset, where its weights make all
    scores many times as far apart.

    Args:
        known: of P individuals; of none: all are new, and their scores are their estimates.
        scores: (P, 2) mean and maximum over the weights in this generation.
        lifetime: number of generations that an elite's mean runs over, about.
        inheritance: how far a child is believed to differ as it did on this batch.
        highest: the highest score that there can be.
    """
    everyone = np.arange(len(scores))
    if len(known.age) == 0:
        return Lifetime(scores.copy(), np.ones(len(scores), np.int64), everyone)
    is_child = known.age == 0
    offset = np.zeros(2)
    if not is_child.all():
        elites = ~is_child
        offset = np.average(
            scores[elites] - known.estimate[elites], axis=0, weights=known.age[elites]
        )
    age = np.minimum(known.age + 1, lifetime)
    estimate = known.estimate + (scores - offset - known.estimate) / age[:, None]
    lives_on = is_child & (known.parent != everyone)
    origin = np.where(lives_on[:, None], estimate[known.parent], known.estimate)
    origin_score = np.where(lives_on[:, None], scores[known.parent], known.estimate + offset)
    inherited = origin + inheritance * (scores - origin_score)
    estimate = np.where(is_child[:, None], inherited, estimate)
    estimate += offset / lifetime
    half_way = 0.5 * (np.minimum(known.estimate, highest) + highest)
    return Lifetime(np.where(estimate > highest, half_way, estimate), age, everyone)


def take(known: Lifetime, chosen: NDArray[np.int64]) -> Lifetime:
    """What is known about some of the individuals, once they have been scored."""
    if len(known.age) == 0:
        return known
    return Lifetime(known.estimate[chosen], known.age[chosen], np.arange(len(chosen)))


def pass_on(known: Lifetime, elites: NDArray[np.int64], parents: NDArray[np.int64]) -> Lifetime:
    """What is known about the next generation: its elites, and behind them its children.

    Args:
        known: of the generation that was scored; of none: of none.
        elites: (E,) individuals that go on unchanged.
        parents: (C,) the parent of each child, the fitter one where there are two.
    """
    if len(known.age) == 0:
        return known
    n_elites, n_children = len(elites), len(parents)
    place = np.zeros(len(known.age), np.int64)
    place[elites] = np.arange(n_elites)
    lives_on = np.isin(parents, elites)
    children = np.arange(n_elites, n_elites + n_children)
    return Lifetime(
        known.estimate[np.concatenate([elites, parents])],
        np.append(known.age[elites], np.zeros(n_children, np.int64)),
        np.append(np.arange(n_elites), np.where(lives_on, place[parents], children)),
    )
