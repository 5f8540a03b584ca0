"""What holds for every test: no settings of whoever runs them, and no test that fails because a machine was busy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Helpers beside the tests are found also where pyproject.toml was not copied along.
sys.path[:0] = [str(Path(__file__).parent)] if str(Path(__file__).parent) not in sys.path else []

import servers  # noqa: E402  (found by the line above)

for name in [name for name in os.environ if name.startswith("PAYFLOW_") and not name.startswith("PAYFLOW_TEST_")]:
    del os.environ[name]
for name in [name for name in os.environ if name.startswith("PG")]:
    # the tests' own server is not that of whoever runs them
    del os.environ[name]

#: The gate tries the same random examples each time, so that it says the same of the same code; a developer's run tries others.
SAME_EXAMPLES = os.environ.get("PAYFLOW_TEST_SAME_EXAMPLES") == "1"

settings.register_profile("payflow", deadline=None, print_blob=True, derandomize=SAME_EXAMPLES)
settings.load_profile("payflow")


def pytest_configure(config: pytest.Config) -> None:
    """Name what all workers share."""
    servers.begin_session()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the tests started, however they ended."""
    servers.end_session()
