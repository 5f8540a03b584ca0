"""The ageing report as a CSV file, for spreadsheets and other programs."""

from __future__ import annotations

from collections.abc import Sequence

from payflow.money import exponent
from payflow.report.ageing import BUCKETS, Ageing

#: The header of the CSV file.
HEADER = ("client", "name", "currency", *BUCKETS, "outstanding", "interest", "fees")
#: A spreadsheet takes a cell that begins with one of these for a formula; some take the wide signs of Asian keyboards, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_QUOTED = frozenset('",\r\n')


def ageing_csv(ageing: Ageing) -> str:
    """A header and a line per client and currency, as CSV; amounts are decimal text.

    Text that a spreadsheet would take for a formula has an apostrophe before it; numbers stay numbers.
    """
    clients = ageing.client.tolist()
    words = [_cells(ageing.clients, clients)]
    words.append(_cells(ageing.names, clients) if ageing.names else words[0])
    digits = [exponent(code) for code in ageing.currencies]
    places = ageing.currency.tolist()
    own = [digits[place] for place in places]
    columns = [*words, [ageing.currencies[place] for place in places]]
    amounts = (*ageing.buckets, ageing.outstanding, ageing.interest, ageing.fees)
    columns += [_decimals(column.tolist(), own) for column in amounts]
    rows = [",".join(HEADER), *map(",".join, zip(*columns, strict=True))]
    return "\r\n".join(rows) + "\r\n"


def _decimals(amounts: Sequence[int], digits: Sequence[int]) -> list[str]:
    """`payflow.money.decimal` of a column."""
    return [
        _NOUGHT[places]
        if not amount
        else f"{amount // 100}.{amount % 100:02}"
        if places == 2 and amount > 0
        else _decimal(amount, places)
        for amount, places in zip(amounts, digits, strict=True)
    ]


def _decimal(amount: int, digits: int) -> str:
    sign, text = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


_NOUGHT = [_decimal(0, digits) for digits in range(5)]


def _cells(texts: Sequence[str], places: Sequence[int]) -> list[str]:
    written = {place: _cell(texts[place]) for place in set(places)}
    return [written[place] for place in places]


def _cell(text: str) -> str:
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    if _QUOTED.isdisjoint(guarded):
        return guarded
    doubled = guarded.replace('"', '""')
    return f'"{doubled}"'
