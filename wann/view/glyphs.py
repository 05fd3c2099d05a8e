"""How an activation looks: its colour and its curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.kernels.activation import Activation

# At least 18 apart (CIE76) under protanopia, deuteranopia and tritanopia (Machado et al. 2009),
# and dark enough for a white curve
COLOURS: dict[Activation, str] = {
    Activation.LINEAR: "#6e7991",
    Activation.STEP: "#573617",
    Activation.SIN: "#c5a714",
    Activation.GAUSS: "#217949",
    Activation.TANH: "#1433a3",
    Activation.SIGMOID: "#6f95ed",
    Activation.INVERSE: "#711441",
    Activation.ABS: "#de8d53",
    Activation.RELU: "#e35e70",
    Activation.COS: "#2cbcac",
    Activation.SQUARE: "#9158ae",
}


def activation_curve(activation: Activation) -> NDArray[np.float64]:
    """(n, 2) the curve of an activation in the square from -1 to 1, stretched to be told apart."""
    x = np.linspace(-1, 1, 41)
    match activation:
        case Activation.LINEAR:
            x = y = np.array([-0.85, 0.85])
        case Activation.STEP:
            x, y = np.array([-1.0, 0.0, 0.0, 1.0]), np.array([-0.75, -0.75, 0.75, 0.75])
        case Activation.SIN:
            y = 0.8 * np.sin(np.pi * x)
        case Activation.GAUSS:
            y = 1.6 * np.exp(-7 * x**2) - 0.75
        case Activation.TANH:
            y = 0.85 * np.tanh(3.5 * x)
        case Activation.SIGMOID:
            # above its axis, where tanh is centred on it
            y = 1.1 / (1 + np.exp(-6 * x)) - 0.35
        case Activation.INVERSE:
            x = np.array([-0.85, 0.85])
            y = -x
        case Activation.ABS:
            x, y = np.array([-0.9, 0.0, 0.9]), np.array([0.6, -0.6, 0.6])
        case Activation.RELU:
            x, y = np.array([-1.0, 0.0, 0.9]), np.array([-0.5, -0.5, 0.7])
        case Activation.COS:
            y = 0.75 * np.cos(1.5 * np.pi * x)
        case Activation.SQUARE:
            y = 1.5 * x**2 - 0.75
    return np.stack([x, y], axis=1)
