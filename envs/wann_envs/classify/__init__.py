"""Data sets for classification."""

from wann_envs.classify.dataset import Dataset
from wann_envs.classify.errors import DataError
from wann_envs.classify.mnist import load_mnist256, load_mnist784

__all__ = ["DataError", "Dataset", "load_mnist256", "load_mnist784"]
