"""Faults show their traceback; tests of the standard error do not see what is compiled."""

import os

# an exception that nobody expected fails a test, here and in the processes that tests start
os.environ["WANN_DEBUG"] = "1"
os.environ.setdefault("WANN_NOTICES", "0")
