"""Commands are run on stores that need not outlive a power cut."""

from stores import unsynced

__all__ = ["unsynced"]
