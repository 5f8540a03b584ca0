"""The studio of the stories, for tests of what payflow may be trusted with."""

from stores import store_kind
from stories.fixtures import make, world

__all__ = ["make", "store_kind", "world"]
