"""How large files and data may be: far above what anybody needs, far below what harms a machine.

A file says its size before it is read, and an archive says what it will unpack to. Both are
compared with these numbers first. ``wann.limits`` has those of networks and command lines.
"""

from __future__ import annotations

# bytes
LARGEST_ARCHIVE = 4_000_000_000  # an npz file as it lies on the disk
LARGEST_ARRAYS = 4_000_000_000  # all arrays of an npz file, unpacked
LARGEST_DATA = 2_000_000_000  # those of data for classification: MOST_NUMBERS in float64
LARGEST_IDX = 250_000_000  # an idx file, unpacked; MNIST's largest has 47 MB

MOST_MEMBERS = 1_000  # arrays in an npz file

# data for classification; MNIST has 70,000 samples of 784 columns, 55 million numbers
MOST_SAMPLES = 10_000_000
MOST_COLUMNS = 20_000
MOST_CLASSES = 1_000
MOST_NUMBERS = 250_000_000  # samples x columns, and samples x classes: of a part
