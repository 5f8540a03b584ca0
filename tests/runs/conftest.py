"""The studio of the stories, for programs that are started from outside."""

from stories.fixtures import make, world

__all__ = ["make", "world"]
