"""How large files and data may be: far above what anybody needs, far below what harms a machine.

A file says its size before it is read, and an archive says what it will unpack to. Both are
compared with these numbers first. ``wann.limits`` has those of networks and command lines.
"""

from __future__ import annotations

# bytes
LARGEST_ARCHIVE = 4_000_000_000  # an npz file as it lies on the disk
LARGEST_ARRAYS = 4_000_000_000  # all arrays of an npz file, unpacked
LARGEST_IDX = 1_000_000_000  # an idx file, unpacked; MNIST's largest has 47 MB

# data for classification
MOST_COLUMNS = 20_000
MOST_CLASSES = 10_000
MOST_MEMBERS = 1_000  # arrays in an npz file
