"""The error of data that cannot be used; wann translates it, for wann_envs stands alone."""

from __future__ import annotations


class DataError(ValueError):
    """Data are missing, damaged or not what they should be; the message is one line."""
