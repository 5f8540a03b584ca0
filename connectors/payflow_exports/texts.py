"""A column of text whose distinct values are kept once, so that each is parsed once however long the column is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
#: Bytes of text that Arrow's smaller kind of column holds.
_LARGEST = 2**31 - 1
#: Rows by mask or by position.
Rows = NDArray[np.bool_] | NDArray[np.int64]


class Distinct(Sequence[str]):
    """Distinct texts as Arrow holds them; Python's own are made when one is first asked for."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self._list: list[str] | None = None

    def _made(self) -> list[str]:
        if self._list is None:
            self._list = self.array.to_pylist()
        return self._list

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return self._made()[place]

    def index(self, text: Any, start: int = 0, stop: int | None = None) -> int:
        """Where a text stands, as a list says it. Raises `ValueError`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        stop = len(self.array) if stop is None else stop
        place = int(pc.index(self.array.slice(start, max(stop - start, 0)), pa.scalar(text, self.array.type)).as_py())
        if place < 0:
            raise ValueError(f"{text!r} is not there")
        return place + start

    def __contains__(self, text: object) -> bool:
        try:
            self.index(text)
        except (ValueError, TypeError):
            return False
        return True


class Texts(Struct, frozen=True):
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
        """A column of an Arrow table of strings, in any number of chunks."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if len(column) == 0:
            return cls(np.array([], dtype=np.int32), [])
        # in one piece, since each further one would make the dictionary anew
        whole = column.cast(pa.large_string()) if column.nbytes > _LARGEST else column
        encoded = whole.combine_chunks().dictionary_encode()
        codes, values = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary
        trimmed = pc.utf8_trim(values, characters=_blanks())
        if not trimmed.equals(values):
            again = trimmed.dictionary_encode()
            codes, values = again.indices.to_numpy(zero_copy_only=False)[codes], again.dictionary
        return cls(codes.astype(np.int32, copy=False), Distinct(values))

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

    def used_codes(self) -> NDArray[np.int64]:
        """The codes that rows hold, each once, ascending."""
        held = np.zeros(len(self.values), dtype=np.bool_)
        held[self.codes] = True
        return np.flatnonzero(held)

    def used(self) -> list[str]:
        """The distinct texts that rows hold, without the empty one."""
        return [text for code in self.used_codes().tolist() if (text := self.values[code])]

    def used_arrow(self) -> Any:
        """The same as an Arrow array."""
        import pyarrow.compute as pc

        array = self.arrow()
        codes = self.used_codes()
        array = array if len(codes) == len(array) else array.take(codes)
        return array.filter(pc.not_equal(array, ""))

    def arrow(self) -> Any:
        """The distinct values as an Arrow array."""
        import pyarrow as pa

        return self.values.array if isinstance(self.values, Distinct) else pa.array(self.values, type=pa.string())

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
        """The texts as an array of objects."""
        values = np.array([*self.values, ""], dtype=np.object_)
        return values[self.codes]

    def series(self, index: Any) -> pd.Series[Any]:
        """The texts as a column of a frame, without making Python's texts of them."""
        import pandas as pd
        import pyarrow as pa

        if not len(self.codes):
            return pd.Series([], index=index, dtype="str")
        column = pa.DictionaryArray.from_arrays(pa.array(self.codes), self.arrow()).cast(pa.large_string())
        kind: Any = pd.StringDtype("pyarrow", na_value=np.nan)  # the stubs do not know that it reads Arrow
        return pd.Series(kind.__from_arrow__(column), index=index)

    def _spread(self, per_value: NDArray[Any]) -> NDArray[Any]:
        return per_value[self.codes] if len(per_value) else np.zeros(len(self.codes), dtype=per_value.dtype)


@cache
def _blanks() -> str:
    """Every sign that `str.strip` takes off."""
    return "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
