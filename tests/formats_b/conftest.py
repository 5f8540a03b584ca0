"""A fresh world for each story."""

import pytest

from stores import KINDS, unsynced
from stories.fixtures import make

__all__ = ["make", "store_kind", "unsynced"]


@pytest.fixture
def store_kind() -> str:
    """What is read, and how a program is started, is the same on every database."""
    return KINDS[0]
