"""Our plain SQL in PostgreSQL's words: numbered parameters, text that sorts by code point, whole numbers of 64 bits."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from typing import NamedTuple

#: What may hold a question mark that is no parameter: literals, quoted names, comments.
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\?""")
_DEFINITION = re.compile(r"\s*(?:CREATE|ALTER) TABLE\b", re.IGNORECASE)
_TEXT = re.compile(r"(?<!AS )\bTEXT\b")
_WHOLE = re.compile(r"\bINTEGER\b")
_PLAIN_INSERT = re.compile(r"INSERT INTO (\w+) \(([\w, ]+)\) VALUES \(\?(?:, \?)*\)")


@lru_cache(maxsize=512)
def numbered(sql: str) -> bytes:
    """The statement with `$1, $2, ...` for `?`; definitions of tables with types that mean what they mean in SQLite."""
    if _DEFINITION.match(sql):
        # SQLite compares text by code point and has no smaller numbers than 64 bits
        sql = _WHOLE.sub("BIGINT", _TEXT.sub('TEXT COLLATE "C"', sql))
    numbers = count(1)
    return _TOKEN.sub(lambda token: f"${next(numbers)}" if token[0] == "?" else token[0], sql).encode()


class PlainInsert(NamedTuple):
    """A statement that does nothing but insert one row of parameters."""

    table: str
    columns: tuple[str, ...]


@lru_cache(maxsize=512)
def plain_insert(sql: str) -> PlainInsert | None:
    """What a statement inserts into, when it is one that a bulk copy can stand in for."""
    found = _PLAIN_INSERT.fullmatch(sql.strip())
    return PlainInsert(found[1], tuple(found[2].split(", "))) if found else None
