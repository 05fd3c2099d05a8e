"""Compiled kernels go to a folder named by a hash of their sources; faults show their traceback."""

import os

from wann.numba_cache import use_hashed_cache

# before numba is imported
use_hashed_cache()
# an exception that nobody expected fails a test, here and in the processes that tests start
os.environ["WANN_DEBUG"] = "1"
