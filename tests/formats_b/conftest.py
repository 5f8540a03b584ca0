"""A fresh world for each story."""

import pytest

from stores import KINDS
from stories.fixtures import make

__all__ = ["make", "store_kind"]


@pytest.fixture
def store_kind() -> str:
    """What is read, and how a program is started, is the same on every database."""
    return KINDS[0]
