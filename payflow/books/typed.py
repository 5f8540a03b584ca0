"""Two CSV files without a mistake as columns; None at the first doubt, which `rows` then looks into.

pyarrow parses days and words in typed columns, on all cores. Amounts come as text, which is held against the signs that an
amount may have and cast to decimals, exactly: as a number of its own pyarrow would take `1e3`, too. Payments find their
invoice by the number in its name where all names are alike (`INV-0001234`), since a table is faster than hashing text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from payflow.books.facts import DECIMALS, FIRST_YEAR, INVOICES, LAST_YEAR, OPTIONAL, PAYMENTS, Headings, Told, header_of
from payflow.columns import NO_DAY, Ints
from payflow.money import exponent, is_currency

if TYPE_CHECKING:
    import pyarrow as pa

#: Large enough that few pieces are made, small enough that every core has one.
_BLOCK = 4 * 1024 * 1024
#: A file with so few digits in its numbers is looked up by them: they fit int64.
_MOST_DIGITS = 18


class _Doubt(Exception):
    """Something that is not plainly right."""


def in_columns(invoices: Path, payments: Path | None, headings: Headings) -> Told | None:
    """All that the files tell, or None where a cell, a row or a heading is not plainly right."""
    import pyarrow as pa

    try:
        with ThreadPoolExecutor(1) as beside:
            later = beside.submit(_read, payments, PAYMENTS, headings) if payments is not None else None
            table = _read(invoices, INVOICES, headings)
            return _told(table, later.result() if later is not None else None, beside)
    except (_Doubt, pa.ArrowException, OSError, KeyError):
        return None


def _told(table: pa.Table, payments: pa.Table | None, beside: Executor) -> Told:
    """The facts; what payments say is worked out beside what invoices say."""
    currency, currencies = _codes(table.column("currency"))
    if not all(map(is_currency, currencies)):
        raise _Doubt
    exponents = np.array([exponent(code) for code in currencies], dtype=np.int64)
    # amounts of currencies with as many decimals are cast to minor units at once
    decimals = int(exponents[0]) if len(set(exponents.tolist())) == 1 else DECIMALS
    divisors = 10 ** (decimals - exponents)
    moved = beside.submit(_moved, payments, decimals) if payments is not None else None
    client, clients = _codes(table.column("client"))
    if not all(clients):
        raise _Doubt
    numbers = table.column("invoice")
    has_due = OPTIONAL in table.column_names
    issued_on = _days(table.column("issued_on"))
    due_on = _days(table.column(OPTIONAL), optional=True) if has_due else np.full(len(client), NO_DAY, dtype=np.int64)
    total = _minor(_amounts(table.column("total"), decimals), divisors, currency)
    lookup = _Lookup.of(numbers)
    row = on = amount = np.zeros(0, dtype=np.int64)
    if payments is not None and moved is not None:
        row = lookup.rows(payments.column("invoice"))
        on, amount = moved.result()
        amount = _minor(amount, divisors, currency, row)
    return Told(_Texts(numbers), client, clients, currency, currencies, issued_on, due_on, total, row, on, amount)


def _moved(payments: pa.Table, decimals: int) -> tuple[Ints, Ints]:
    return _days(payments.column("paid_on")), _amounts(payments.column("amount"), decimals)


class _Texts(Sequence[str]):
    """A column of text as a sequence; only what is asked for becomes Python's."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, place: Any) -> Any:
        found = self._column[place]
        return found.to_pylist() if isinstance(place, slice) else found.as_py()


def _read(path: Path, columns: Sequence[str], headings: Headings) -> pa.Table:
    """The columns under their own names. Raises what pyarrow raises."""
    import pyarrow as pa
    from pyarrow import csv

    words, text, day = pa.dictionary(pa.int32(), pa.string()), pa.string(), pa.date32()
    types = {"client": words, "currency": words, "issued_on": day, "due_on": day, "paid_on": day}
    there = headings.found(path, header_of(path), columns)
    wanted = {headings.of(column): types.get(column, text) for column in there}
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=_BLOCK),
        parse_options=csv.ParseOptions(newlines_in_values=_has_quotes(path)),
        convert_options=csv.ConvertOptions(
            include_columns=list(wanted), column_types=wanted, null_values=[""], strings_can_be_null=False
        ),
        # pyarrow's own pool asks the system for huge pages, which cost more than they save for what is read once
        memory_pool=pa.system_memory_pool(),
    )
    return table.rename_columns(list(there))


def _has_quotes(path: Path) -> bool:
    """Whether a cell may hold a line break, which keeps pyarrow from cutting a file just anywhere."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(b'"') >= 0


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """A column of few words as places in their list."""
    if not column.num_chunks:
        return np.zeros(0, dtype=np.int64), []
    unified = column.unify_dictionaries()
    codes = _numbers(chunk.indices for chunk in unified.chunks)
    return codes, unified.chunk(0).dictionary.to_pylist()


def _numbers(chunks: Iterable[pa.Array], missing: int = -1) -> Ints:
    """A column of 32 bits, joined, with a number for nulls. Most of pyarrow's own ways to do so would import pandas."""
    parts = [np.zeros(0, dtype=np.int64)]
    for chunk in chunks:
        valid, numbers = chunk.buffers()
        if len(chunk):
            part = np.frombuffer(numbers, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk)].astype(np.int64)
            if chunk.null_count:
                bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), bitorder="little")
                part[bits[chunk.offset : chunk.offset + len(chunk)] == 0] = missing
            parts.append(part)
    return np.concatenate(parts)


def _days(column: pa.ChunkedArray, *, optional: bool = False) -> Ints:
    """Day numbers; `NO_DAY` for empty cells where they are optional, else they are a doubt."""
    import pyarrow as pa

    numbers = column.cast(pa.int32())
    if numbers.null_count and not optional:
        raise _Doubt
    days = _numbers(numbers.chunks, NO_DAY)
    there = days[days != NO_DAY] if optional else days
    if len(there) and (int(there.min()) < _FIRST or int(there.max()) >= _LAST):
        raise _Doubt
    return days


_FIRST = int(np.datetime64(f"{FIRST_YEAR}-01-01").astype(np.int64))
_LAST = int(np.datetime64(f"{LAST_YEAR + 1}-01-01").astype(np.int64))
#: By byte, whether plain decimal text may hold it.
_PLAIN = np.zeros(256, dtype=np.bool_)
_PLAIN[list(b"0123456789.-")] = True


def _amounts(column: pa.ChunkedArray, decimals: int) -> Ints:
    """Decimal text in units of its last decimal; more of them are a doubt.

    The decimals of pyarrow are numbers of 128 bits; ours need 63 of them.
    """
    import pyarrow as pa

    parts = [np.zeros(0, dtype=np.int64)]
    for chunk in column.chunks:
        _, letters = _letters(chunk)
        if not _PLAIN[letters].all():
            raise _Doubt
        cast = chunk.cast(pa.decimal128(18 - DECIMALS + decimals, decimals))
        words = np.frombuffer(cast.buffers()[1], dtype=np.int64)
        parts.append(words[2 * cast.offset : 2 * (cast.offset + len(cast)) : 2])
    return np.concatenate(parts)


def _minor(amounts: Ints, divisors: Ints, currency: Ints, row: Ints | None = None) -> Ints:
    """Minor units of the currency of each row. Decimals that a currency does not have are a doubt."""
    if (divisors == 1).all():
        return amounts
    divisor = divisors[currency if row is None else currency[row]]
    whole: Ints = amounts // divisor
    if (whole * divisor != amounts).any():
        raise _Doubt
    return whole


def _letters(chunk: pa.StringArray) -> tuple[Ints, Any]:
    """Where the texts of a chunk begin and end, from 0, and all of their bytes."""
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    letters = np.frombuffer(data if data is not None else b"", dtype=np.uint8)[ends[0] : ends[-1]]
    return ends - ends[0], letters


class _Lookup(NamedTuple):
    """Invoices by name. Names that differ in one number only are found in a table by that number, others by hashing.

    All begin with `prefix` and end in so many digits; `table` holds rows by number less `first`, and nothing at its end.
    """

    names: pa.ChunkedArray
    prefix: bytes
    digits: int
    first: int
    table: Ints | None

    @classmethod
    def of(cls, names: pa.ChunkedArray) -> _Lookup:
        """All names, each once."""
        prefix, digits = _form(names)
        keys = _keys(names, prefix, digits) if digits else None
        if keys is not None:
            first, last = int(keys.min()), int(keys.max())
            if last - first < 4 * len(keys) + 1000:
                table = np.full(last - first + 2, -1, dtype=np.int64)
                table[keys - first] = np.arange(len(keys))
                if (table[keys - first] != np.arange(len(keys))).any():
                    raise _Doubt
                return cls(names, prefix, digits, first, table)
        import pyarrow.compute as pc

        empty = any((np.diff(_letters(chunk)[0]) == 0).any() for chunk in names.chunks)
        if empty or pc.count_distinct(names).as_py() != len(names):
            raise _Doubt
        return cls(names, prefix, digits, 0, None)

    def rows(self, names: pa.ChunkedArray) -> Ints:
        """The rows of names; one that is not there is a doubt."""
        keys = _keys(names, self.prefix, self.digits) if self.table is not None else None
        if keys is not None and self.table is not None:
            # what lies beyond the table is looked up in its last place, which holds nothing
            places = np.minimum(keys - self.first, len(self.table) - 1)
            rows: Ints = self.table[np.where(places < 0, -1, places)]
        else:
            import pyarrow.compute as pc

            rows = _numbers(pc.index_in(names, self.names).chunks)
        if (rows < 0).any():
            raise _Doubt
        return rows


def _form(names: pa.ChunkedArray) -> tuple[bytes, int]:
    """What the first name begins with, and how many digits it ends in; no digits where names are not of that kind."""
    if not len(names):
        return b"", 0
    first = names[0].as_py().encode()
    prefix = first.rstrip(b"0123456789")
    digits = len(first) - len(prefix)
    return prefix, digits if digits <= _MOST_DIGITS else 0


def _keys(names: pa.ChunkedArray, prefix: bytes, digits: int) -> Ints | None:
    """The numbers that names end in; None where not all of them are the prefix and so many digits."""
    parts = []
    for letters in _squares(names, len(prefix) + digits):
        if letters is None or (letters[:, : len(prefix)] != np.frombuffer(prefix, dtype=np.uint8)).any():
            return None
        keys = np.zeros(len(letters), dtype=np.int64)
        for place in range(len(prefix), len(prefix) + digits):
            digit = letters[:, place] - np.uint8(ord("0"))
            if (digit > 9).any():
                return None
            keys *= 10
            keys += digit
        parts.append(keys)
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _squares(names: pa.ChunkedArray, length: int) -> Iterator[Any]:
    """The bytes of each chunk, a row per name; None for one whose names are of other lengths."""
    for chunk in names.chunks:
        ends, letters = _letters(chunk)
        yield letters.reshape(-1, length) if (np.diff(ends) == length).all() else None
