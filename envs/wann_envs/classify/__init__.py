"""Data sets for classification: MNIST, the UCI digits, and data of one's own."""

from wann_envs.classify.dataset import Dataset, image_shape_of
from wann_envs.classify.digits import load_digits
from wann_envs.classify.errors import DataError
from wann_envs.classify.mnist import MNIST_SHA256, load_mnist256, load_mnist784
from wann_envs.classify.mnist_files import mnist_is_here, named_folder
from wann_envs.classify.npz import load_npz

__all__ = [
    "MNIST_SHA256",
    "DataError",
    "Dataset",
    "image_shape_of",
    "load_digits",
    "load_mnist256",
    "load_mnist784",
    "load_npz",
    "mnist_is_here",
    "named_folder",
]
