"""The studio of the stories, for tests of what payflow may be trusted with."""

from stories.fixtures import make, world

__all__ = ["make", "world"]
