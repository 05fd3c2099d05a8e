"""How large networks, files and numbers may be: one place, stated in the documentation.

Each number is far above what anybody needs (a dense network of 784, 300, 100 and 10 nodes has
266,610 connections) and far below what harms a machine. ``wann_envs.limits`` has those of data.
"""

from __future__ import annotations

# of a network in a file
MOST_NODES = 1_000_000
MOST_CONNECTIONS = 2_000_000
MOST_INPUTS = 20_000
MOST_OUTPUTS = 10_000

# of a search
MOST_GENES = 50_000_000  # of the first population: 6,000 individuals for 784 inputs, 10 outputs
MOST_RETURNS = 200_000_000  # scores that lie in memory at once
MOST_BATCH = 100_000  # episodes of an environment in a generation, or of a choice
MOST_ENTRANTS = 50_000_000  # of all tournaments of a generation

# bytes of a file as it lies on the disk
LARGEST_CHAMPION = 250_000_000  # twice that of the most connections, with weights
LARGEST_TABLE = 1_000_000_000  # metrics.csv, fronts.csv
LARGEST_RECORD = 100_000_000  # meta.json, reproduction.json
LARGEST_CONFIG = 100_000
LARGEST_CHECKPOINT = 4_000_000_000  # its arrays, unpacked

# on a command line
MOST_WORKERS = 1_024
LARGEST_WEIGHTS = 4_000_000_000  # bytes of random weights that are drawn at once
MOST_EPISODES = 1_000_000
MOST_GENERATIONS = 10_000_000
MOST_INDIVIDUALS = 1_000_000
MOST_EVALUATIONS = 10**12
MOST_SECONDS = 1e9
LARGEST_SEED = 2**63 - 1
LONGEST_ECHO = 100  # characters of what was given, in a message

# of a tuning that was interrupted
LARGEST_JOURNAL = 30_000_000  # numbers that it was told
LARGEST_PARTIAL = 1_000_000_000  # bytes, unpacked
