"""What the store holds of a source, fetched by another thread while the source's large files are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from payflow.store import journal, mirror
from payflow.store.anchor import Head
from payflow.sync.bulk import Images, images
from payflow.sync.identities import Identities, load
from payflow.sync.meanwhile import Meanwhile
from payflow.sync.same import Contents

if TYPE_CHECKING:
    from payflow.store import Reader, Store


class Held(Struct, frozen=True):
    """Of one state of the store: how far journal and mirror had come, identities as `load` gives them, and images."""

    head: Head
    counter: int
    identities: tuple[Identities, set[str]]
    images: Sequence[Images]

    def known(self, db: Reader) -> tuple[Identities, set[str]] | None:
        """The identities, unless the journal has told of others since. They may be taken once."""
        return self.identities if journal.head(db) == self.head else None

    def seen(self, db: Reader) -> Sequence[Images] | None:
        """The images, unless the mirror has changed since."""
        return self.images if mirror.counter(db) == self.counter else None


def fetching(store: Store, source: str, contents: Contents) -> Meanwhile[Held] | None:
    """Begin to fetch, where the files are large. Until it has a result, the store may not be used."""
    return Meanwhile(lambda: _fetched(store, source)) if contents.large else None


def _fetched(store: Store, source: str) -> Held:
    with store.snapshot() as db:
        return Held(journal.head(db), mirror.counter(db), load(db, source), list(images(db, source)))
