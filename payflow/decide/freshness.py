"""How fresh an invoice is: the last finished reading that could have listed it and did (design 6.4).

A reading of everything, or of everything open, speaks for every invoice it could have listed unless that invoice was marked
unknown; so nothing need be written for the unchanged rows of a nightly reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from payflow.model.facts import Scope, Status
from payflow.store.mirror import InvoiceRow, ReadingRow

#: Statuses of an invoice that a list of open invoices would not hold.
CLOSED = frozenset({Status.PAID, Status.VOID, Status.WRITTEN_OFF})


def is_open(row: InvoiceRow) -> bool:
    """Whether a list of open invoices should hold it, by what was last read."""
    if row.status in CLOSED:
        return False
    if row.status == Status.UNSTATED:
        return row.balance is None or row.balance > 0
    return True


def says_state(row: InvoiceRow) -> bool:
    """Whether any report said what was paid or is open; a list of what was billed does not."""
    return bool(row.paid is not None or row.balance is not None or row.dated_entries or row.status != Status.UNSTATED)


def could_list(reading: ReadingRow, row: InvoiceRow) -> bool:
    """Whether a finished reading would have listed this invoice, had it been in the books as it was last read."""
    if not reading.finished or reading.scope == Scope.CHANGED or reading.source != row.source:
        return False
    if reading.scope == Scope.OPEN and not is_open(row):
        return False
    if reading.covers_from is not None and row.issued_on < reading.covers_from:
        return False
    return reading.covers_to is None or row.issued_on <= reading.covers_to


def by_source(readings: Iterable[ReadingRow]) -> Mapping[str, Sequence[ReadingRow]]:
    """Finished readings of each source that speak for more than they list, newest first."""
    found: dict[str, list[ReadingRow]] = {}
    for reading in readings:
        if reading.finished and reading.scope != Scope.CHANGED:
            found.setdefault(reading.source, []).append(reading)
    for several in found.values():
        several.sort(key=lambda one: one.as_of, reverse=True)
    return found


def fresh_at(row: InvoiceRow, readings: Mapping[str, Sequence[ReadingRow]]) -> str:
    """The moment for which the invoice was last listed, as the store's UTC text. `readings` from `by_source`."""
    for reading in readings.get(row.source, ()):
        if reading.as_of <= row.read_at:
            break
        if row.unknown_since is not None and reading.as_of >= row.unknown_since:
            continue
        if could_list(reading, row):
            return reading.as_of
    return row.read_at


def told_at(row: InvoiceRow, readings: Mapping[str, Sequence[ReadingRow]]) -> str:
    """The moment for which its state was last told: earlier than it was last listed, where a report since says nothing of it."""
    return row.state_as_of if row.state_as_of < row.read_at else fresh_at(row, readings)
