"""The studio of the stories, for tests of what payflow may be trusted with."""

from stores import postgresql_url, store_kind, unsynced
from stories.fixtures import make, world

__all__ = ["make", "postgresql_url", "store_kind", "unsynced", "world"]
