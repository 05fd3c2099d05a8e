"""Damaged data, caches, records and configs are read as they are, or refused with one line."""

import pytest

from tests.fuzz.data import READERS, damage

BUDGET = 250


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_is_damaged_is_read_or_refused(reader):
    outcomes = damage(reader, range(BUDGET))
    assert outcomes.total() == BUDGET
    # else nothing would be tried but the first check
    assert len(outcomes) > 1
