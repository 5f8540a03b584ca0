"""A fresh world for each test of reading the books, once on each database."""

from stores import store_kind, store_url, unsynced
from stories.fixtures import ledger, make

__all__ = ["ledger", "make", "store_kind", "store_url", "unsynced"]
