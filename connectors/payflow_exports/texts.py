"""A column of text whose distinct values are kept once, so that each is parsed once however long the column is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
#: Rows by mask or by position.
Rows = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Texts:
    """`values[codes[i]]` is the text of row i, without blanks around it. Values are distinct."""

    codes: Codes
    values: Sequence[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """A column of these texts."""
        seen: dict[str, int] = {}
        codes = [seen.setdefault(text.strip(), len(seen)) for text in texts]
        return cls(np.array(codes, dtype=np.int32), list(seen))

    @classmethod
    def of_arrow(cls, column: Any) -> Texts:
        """A column of an Arrow table of dictionary-encoded strings in one chunk."""
        if column.num_chunks == 0 or len(column) == 0:
            return cls(np.array([], dtype=np.int32), [])
        chunk = column.chunk(0)
        codes = chunk.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        return cls(codes, chunk.dictionary.to_pylist()).map(str.strip)

    @classmethod
    def constant(cls, text: str, length: int) -> Texts:
        """A column that says the same in every row."""
        return cls(np.zeros(length, dtype=np.int32), [text])

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]

    def take(self, rows: Rows) -> Texts:
        """Some rows, by mask or by position."""
        return Texts(self.codes[rows], self.values)

    def extended(self, texts: Iterable[str]) -> Texts:
        """With rows added at the end."""
        seen = {value: code for code, value in enumerate(self.values)}
        more = [seen.setdefault(text.strip(), len(seen)) for text in texts]
        return Texts(np.concatenate([self.codes, np.array(more, dtype=np.int32)]), list(seen))

    def used(self) -> list[str]:
        """The distinct texts that rows hold, without the empty one."""
        return [self.values[code] for code in np.unique(self.codes) if self.values[code]]

    def where(self, holds: Callable[[str], bool]) -> Mask:
        """Rows whose text fulfils a condition, asked once per distinct text."""
        answers = np.fromiter((holds(value) for value in self.values), dtype=np.bool_, count=len(self.values))
        return self._spread(answers)

    def equal(self, text: str) -> Mask:
        """Rows that hold this very text."""
        code = self.values.index(text) if text in self.values else -1
        return np.asarray(self.codes == code, dtype=np.bool_)

    def map(self, change: Callable[[str], str]) -> Texts:
        """Every text changed, once per distinct text."""
        seen: dict[str, int] = {}
        codes = np.array([seen.setdefault(change(value), len(seen)) for value in self.values], dtype=np.int32)
        return Texts(self._spread(codes), list(seen))

    def objects(self) -> NDArray[np.object_]:
        """The texts as an array of objects, for pandas."""
        values = np.array([*self.values, ""], dtype=np.object_)
        return values[self.codes]

    def _spread(self, per_value: NDArray[Any]) -> NDArray[Any]:
        return per_value[self.codes] if len(per_value) else np.zeros(len(self.codes), dtype=per_value.dtype)
