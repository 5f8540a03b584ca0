"""The studio of the stories, for programs that are started from outside."""

import pytest

from stores import KINDS
from stories.fixtures import make, world

__all__ = ["make", "store_kind", "world"]


@pytest.fixture
def store_kind() -> str:
    """What is read, and how a program is started, is the same on every database."""
    return KINDS[0]
