"""Everything here that asks for a store holds on both databases."""

from stores import store_kind, store_url, unsynced

__all__ = ["store_kind", "store_url", "unsynced"]
