"""Before numba is imported: compiled kernels go to a folder named by a hash of their sources."""

from wann.numba_cache import use_hashed_cache

use_hashed_cache()
