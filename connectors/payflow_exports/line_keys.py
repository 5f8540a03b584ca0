"""Keys of bank lines: the same line in overlapping statements gets the same key, two equal payments of a day get two."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from payflow.connector import LINES, check

if TYPE_CHECKING:
    import pandas as pd

#: What two lines have in common that may be one and the same.
_CONTENT = ("account", "on", "amount", "currency", "payer", "text")


def with_line_keys(frame: pd.DataFrame) -> pd.DataFrame:
    """The lines of one statement with their `key`, each line once.

    By the bank's own id, the day and the amount where there is an id, for banks give an id to several lines; else by account,
    day, amount, currency, payer, text and the how-manieth of such lines it is on that day. A line that stands twice under one
    id is one line, unless that id means nothing because other lines of the statement bear it too. Pass each statement by
    itself: of two that overlap, joined, equal lines would be counted on.
    """
    table = check(frame, LINES)
    keys = _keys(table)
    table["key"] = keys
    return table.loc[~table["key"].duplicated()]


def _keys(table: pd.DataFrame) -> list[str]:
    columns = {name: table[name].tolist() for name in (*_CONTENT, "bank_id")}
    columns["on"] = table["on"].dt.strftime("%Y-%m-%d").fillna("").tolist()
    content = list(zip(*(columns[name] for name in _CONTENT), strict=True))
    ids = list(zip(columns["account"], columns["bank_id"], strict=True))
    meant: dict[Hashable, set[Any]] = {}
    for one, line in zip(ids, content, strict=True):
        meant.setdefault(one, set()).add(line[1:3])
    seen: Counter[Hashable] = Counter()
    known: dict[Hashable, str] = {}
    keys = []
    for one, line in zip(ids, content, strict=True):
        account, bank_id = one
        base = (account, bank_id, *line[1:4]) if bank_id else line
        same = (base, line)
        if bank_id and len(meant[one]) == 1 and same in known:
            keys.append(known[same])
            continue
        seen[base] += 1
        known[same] = _digest([*base, seen[base]])
        keys.append(known[same])
    return keys


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
