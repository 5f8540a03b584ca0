"""A fresh world for each story; each is told once on each database."""

from stores import store_kind, store_url
from stories.fixtures import ledger, make, world

__all__ = ["ledger", "make", "store_kind", "store_url", "world"]
