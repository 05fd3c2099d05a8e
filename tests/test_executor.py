"""How work is divided among workers."""

import numpy as np
import pytest

from wann.executor import Serial, pieces


class Workers(Serial):
    def __init__(self, n_workers):
        self.n_workers = n_workers


@pytest.mark.parametrize("n_workers", [2, 3])
@pytest.mark.parametrize("n", [1, 5, 6, 100])
def test_pieces_hold_every_number_once_and_in_order(n, n_workers):
    numbers = 7 * np.arange(n)
    made = pieces(numbers, Workers(n_workers), 2)
    assert len(made) == min(n, 2 * n_workers)
    assert min(map(len, made)) >= max(map(len, made)) - 1 >= 0
    assert np.concatenate(made).tolist() == numbers.tolist()


def test_one_worker_has_one_piece():
    assert [piece.tolist() for piece in pieces(np.arange(5), Serial(), 4)] == [[0, 1, 2, 3, 4]]


def test_nothing_to_do_is_one_empty_piece():
    assert [len(piece) for piece in pieces(np.arange(0), Workers(3), 4)] == [0]
