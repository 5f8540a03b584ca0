"""A fresh world for each test of reading the books."""

from stories.fixtures import ledger, make

__all__ = ["ledger", "make"]
