"""Everything here holds on both databases."""

from stores import store_kind

__all__ = ["store_kind"]
