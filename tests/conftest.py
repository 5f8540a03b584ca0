"""What holds for every test: no settings of whoever runs them, and no test that fails because a machine was busy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

# Helpers beside the tests are found also where pyproject.toml was not copied along.
sys.path[:0] = [str(Path(__file__).parent)] if str(Path(__file__).parent) not in sys.path else []

for name in [name for name in os.environ if name.startswith("PAYFLOW_")]:
    del os.environ[name]

settings.register_profile("payflow", deadline=None, print_blob=True)
settings.load_profile("payflow")
