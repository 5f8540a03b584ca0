"""Money movements out of rows: one entry per row, with a key that comes out alike every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from payflow.connector import ENTRIES, Ints, Settlement, check
from payflow_exports.sheet import Sheet, dates_of
from payflow_exports.texts import Texts

if TYPE_CHECKING:
    import pandas as pd


def entries_of(
    sheet: Sheet,
    *,
    keys: Iterable[str],
    invoices: Sequence[str],
    kinds: Sequence[str] | NDArray[Any],
    days: Ints,
    amounts: Ints,
    currencies: Texts,
) -> pd.DataFrame:
    """One settled entry per good row. `invoices` are keys of invoices, empty for credit of the client; the index is the row.

    Equal `keys` are told apart by their occurrence. `amounts` are signed by their effect: positive lowers what is owed.
    """
    import pandas as pd

    index = pd.Index(sheet.rows)
    frame = pd.DataFrame(
        {
            "key": pd.Series(_apart(keys), index=index, dtype="str"),
            "invoice": pd.Series(list(invoices), index=index, dtype="str"),
            "client": pd.Series(sheet.text("client").objects(), index=index, dtype="str"),
            "kind": pd.Series([str(kind) for kind in kinds], index=index, dtype="str"),
            "on": pd.Series(dates_of(days), index=index),
            "amount": pd.Series(amounts, index=index, dtype="Int64"),
            "currency": pd.Series(currencies.objects(), index=index, dtype="str"),
            "settlement": pd.Series([Settlement.SETTLED.value] * len(sheet), index=index, dtype="str"),
        }
    )
    return check(frame[sheet.good & np.asarray(amounts != 0)], ENTRIES)


def _apart(keys: Iterable[str]) -> list[str]:
    seen: Counter[str] = Counter()
    apart = []
    for key in keys:
        seen[key] += 1
        apart.append(key if seen[key] == 1 else f"{key}|{seen[key]}")
    return apart
