"""``python -m wann``."""

from __future__ import annotations

import sys

from wann.cli.main import main

sys.exit(main())
