"""With ``NUMBA_BOUNDSCHECK=1`` kernels raise where they would read what is not theirs.

The folder is run so too: this test then fails if the flag does nothing.
"""

import numpy as np
import pytest
from numba import config as numba_config

from wann.kernels.breed import find_origins
from wann.kernels.variation import Changes, Operator
from wann_envs.jit import inner_kernel, kernel
from wann_envs.kernel_folder import kernel_folder

needs_checks = pytest.mark.skipif(
    not numba_config.BOUNDSCHECK or bool(numba_config.DISABLE_JIT),
    reason="is run with NUMBA_BOUNDSCHECK=1",
)


@inner_kernel
def element(array, i):
    return array[i]


@kernel
def sum_beyond(array, n):
    total = 0.0
    for i in range(n):
        total += element(array, i)
    return total


@needs_checks
def test_reading_out_of_range_is_an_error():
    assert sum_beyond(np.ones(3), 3) == 3.0
    with pytest.raises(IndexError):
        sum_beyond(np.ones(3), 4)
    with pytest.raises(IndexError):
        element(np.ones(3), 3)


@needs_checks
def test_a_kernel_of_the_package_does_not_read_out_of_range():
    from wann.genome.population import empty_population

    parents = np.array([[5, 5]])
    changes = Changes(
        parents,
        np.zeros(1, np.uint64),
        np.array([Operator.COPY], np.int8),
        *np.zeros((4, 1), np.int64),
    )
    with pytest.raises(IndexError):
        find_origins(empty_population(), changes, 0)


def test_code_with_checks_lies_in_a_folder_of_its_own(monkeypatch):
    usual = kernel_folder()
    monkeypatch.setattr(numba_config, "BOUNDSCHECK", None if numba_config.BOUNDSCHECK else 1)
    assert kernel_folder() != usual
