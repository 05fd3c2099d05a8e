"""One step of Adam.

Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1,
https://arxiv.org/abs/1412.6980
"""

from __future__ import annotations

import math

import numpy as np

from wann_envs.jit import kernel

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


@kernel(error_model="numpy", nogil=True)
def adam_step(gradients, n_samples, step, rate, decay, weights, first, second, average):
    """Adds the gradients of blocks up in their order and moves the weights.

    A gradient that is not finite counts as 0: a square of a square may overflow.

    Args:
        gradients: (blocks, C) of sums over samples.
        n_samples: number of samples of the blocks.
        step: number of this step, from 1.
        rate: learning rate.
        decay: of the moving average of the weights.
        weights: (C,); changed.
        first, second: (C,) float64, the moments; changed.
        average: (C,) float64, the moving average of the weights; changed.
    """
    correction_1, correction_2 = 1.0 - BETA_1**step, 1.0 - BETA_2**step
    for c in range(len(weights)):
        gradient = 0.0
        for block in range(len(gradients)):
            gradient += np.float64(gradients[block, c])
        gradient /= n_samples
        if not math.isfinite(gradient):
            gradient = 0.0
        first[c] = BETA_1 * first[c] + (1.0 - BETA_1) * gradient
        second[c] = BETA_2 * second[c] + (1.0 - BETA_2) * gradient * gradient
        size = math.sqrt(second[c] / correction_2) + EPSILON
        weights[c] = np.float64(weights[c]) - rate * (first[c] / correction_1) / size
        average[c] = decay * average[c] + (1.0 - decay) * np.float64(weights[c])
