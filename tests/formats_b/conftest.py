"""A fresh world for each story."""

from stories.fixtures import make

__all__ = ["make"]
