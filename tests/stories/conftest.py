"""A fresh world for each story."""

from stories.fixtures import ledger, make, world

__all__ = ["ledger", "make", "world"]
