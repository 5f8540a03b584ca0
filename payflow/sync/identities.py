"""The identities of one source's invoices by their keys: in columns, since books are large; a mapping where one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.columns import Ints
from payflow.store.some import query_some
from payflow.sync.pages import pages

if TYPE_CHECKING:
    import pyarrow as pa

    from payflow.store import Reader, Store


class Identities:
    """Key -> identity. Whole columns of keys are looked up at once; the mapping is made when a single key is first asked for."""

    def __init__(self, keys: pa.Array, ids: Ints) -> None:
        """Keys, each once, and the identity of each."""
        self._keys, self._ids = keys, ids
        self._by_key: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._ids) if self._by_key is None else len(self._by_key)

    def _mapping(self) -> dict[str, int]:
        if self._by_key is None:
            self._by_key = dict(zip(self._keys.to_pylist(), self._ids.tolist(), strict=True))
        return self._by_key

    def __getitem__(self, key: str) -> int:
        return self._mapping()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._mapping()

    def get(self, key: str) -> int | None:
        """The identity of a key, if it has one."""
        return self._mapping().get(key)

    def add(self, key: str, identity: int) -> None:
        """A key that was not there."""
        self._mapping()[key] = identity

    def move(self, former: str, key: str) -> None:
        """What was known under one key is known under another."""
        mapping = self._mapping()
        mapping[key] = mapping.pop(former)

    def add_columns(self, keys: pa.Array, ids: Ints) -> None:
        """Keys, each once, that were not there."""
        import pyarrow as pa

        if self._by_key is not None:
            self._by_key.update(zip(keys.to_pylist(), ids.tolist(), strict=True))
        else:
            self._keys = pa.concat_arrays([self._keys, keys]) if len(self._keys) else keys
            self._ids = np.concatenate([self._ids, ids])

    def are(self, keys: pa.Array) -> bool:
        """Whether these are all keys, each once, in their order: the same file once more."""
        return self._by_key is None and bool(keys.equals(self._keys))

    def of(self, keys: pa.Array) -> Ints:
        """The identity of each key; 0 where it has none."""
        import pyarrow.compute as pc

        if self._by_key is not None:
            have = self._by_key
            return np.fromiter((have.get(key, 0) for key in keys.to_pylist()), dtype=np.int64, count=len(keys))
        if not len(self._ids):
            return np.zeros(len(keys), dtype=np.int64)
        if self.are(keys):
            return self._ids.copy()
        places = pc.fill_null(pc.index_in(keys, value_set=self._keys), -1).to_numpy(zero_copy_only=False)
        return np.where(places < 0, 0, self._ids[places])


def load(db: Store | Reader, source: str) -> tuple[Identities, set[str]]:
    """All identities of a source, and the keys of those whose number is not known yet."""
    import pyarrow as pa

    keys: list[pa.Array] = [pa.array([], pa.large_string())]
    ids: list[Ints] = [np.zeros(0, dtype=np.int64)]
    for some, columns in pages(db, "identity", source, ["key"]):
        ids.append(some)
        keys.append(columns[0] if columns else pa.array(_keys(db, some), pa.large_string()))
    nameless = db.query("SELECT key FROM identity WHERE ? IN ('', source) AND number = ''", (source,))
    return Identities(pa.concat_arrays(keys), np.concatenate(ids)), {key for (key,) in nameless}


def _keys(db: Store | Reader, ids: Ints) -> list[str]:
    """The keys of some identities, one by one: one of them holds what stands between two keys of a page."""
    found: dict[int, str] = dict(query_some(db, "SELECT id, key FROM identity WHERE id IN (?)", ids.tolist()))
    return [found[number] for number in ids.tolist()]
