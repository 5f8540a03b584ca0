"""Lines of bank statements into the mirror, and what was recognised of them for certain into the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from payflow.decide import ground, today
from payflow.decide.bank import recognised
from payflow.model.agreement import Workspace
from payflow.model.facts import LineKind
from payflow.model.journal import Record, RecordKind
from payflow.store import journal, mirror, mirror_writes
from payflow.store.mirror import BankLineRow
from payflow.sync.tables import Line, Read
from payflow.sync.work import Counts

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

#: Lines of one journal record; more are split, so that no record grows without bound.
_PORTION = 1000


def write(tx: Transaction, source: str, read: Read) -> Counts:
    """Take the lines of a statement into the mirror, in the caller's transaction. A line is never taken away again.

    Statements overlap, and speak of no line but their own; the same line of two statements holds what either of them tells.
    """
    have = {row.key: row for row in mirror.bank_lines(tx, source)}
    told = read.lines or ()
    counts = Counts(read=len(told))
    rows: dict[str, BankLineRow] = {}
    for line in told:
        row = _row(source, line, read.reading.report)
        old = rows.get(row.key) or have.get(row.key)
        merged = row if old is None else _merged(old, row)
        if old is None:
            counts.new += 1
        elif merged == old:
            counts.unchanged += 1
        else:
            counts.changed += 1
        rows[row.key] = merged
    mirror_writes.write_bank_lines(tx, [row for row in rows.values() if row != have.get(row.key)])
    return counts


def _row(source: str, line: Line, report: str) -> BankLineRow:
    return BankLineRow(
        source=source,
        key=line.key,
        account=line.account,
        booked_on=line.on,
        value_on=line.value_on,
        amount=line.amount,
        currency=line.currency,
        payer=line.payer,
        payer_account=line.payer_account,
        remittance=line.text,
        reference=line.reference,
        bank_id=line.bank_id,
        kind=line.kind or LineKind.TRANSFER,
        reports=report,
    )


def _merged(one: BankLineRow, other: BankLineRow) -> BankLineRow:
    """Both of what two statements tell of one line, whichever was read first."""
    days = [day for day in (one.value_on, other.value_on) if day is not None]
    kinds = {one.kind, other.kind}
    return one._replace(
        value_on=min(days, default=None),
        payer=_fuller(one.payer, other.payer),
        payer_account=_fuller(one.payer_account, other.payer_account),
        remittance=_fuller(one.remittance, other.remittance),
        reference=_fuller(one.reference, other.reference),
        bank_id=_fuller(one.bank_id, other.bank_id),
        kind=next((kind for kind in (LineKind.REVERSAL, LineKind.FEE) if kind in kinds), LineKind.TRANSFER),
        reports="\n".join(sorted({*one.reports.split("\n"), *other.reports.split("\n")})),
    )


def _fuller(one: str, other: str) -> str:
    return max(one, other, key=lambda text: (len(text), text))


def remember(store: Store, workspace: Workspace, now: datetime) -> None:
    """Journal which lines were recognised for certain, once each: what is read later does not make them doubtful."""
    if not store.query("SELECT 1 FROM bank_line LIMIT 1"):
        return
    day = today(workspace, now)
    found = ground(store, workspace, day, now)
    rows: Sequence[list[object]] = recognised(found.setting.bank, found.memory)
    records = [
        Record(RecordKind.RECOGNISED, day, {"rows": rows[start : start + _PORTION]})
        for start in range(0, len(rows), _PORTION)
    ]
    if records:
        with store.transaction() as tx:
            journal.append(tx, records, at=now)
