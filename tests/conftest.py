"""Tests that look at the standard error are not to see whether kernels had to be compiled."""

import os

os.environ.setdefault("WANN_NOTICES", "0")
