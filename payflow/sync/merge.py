"""What a further reading makes of an invoice that is already known.

Newer readings win, field by field where they say something; what they do not say stays. An older one only fills gaps and
never overwrites (design 6.4). What moves with time (total, paid, credited, balance, status) is taken as a whole.
"""

from __future__ import annotations

from typing import Any

from payflow.decide.freshness import says_state
from payflow.model.facts import Status
from payflow.store.mirror import InvoiceRow


def merge(old: InvoiceRow, new: InvoiceRow) -> InvoiceRow:
    """The row after a reading that says `new`; both have the same identity. `read_at` orders them; a tie goes to `new`."""
    if new.read_at >= old.read_at:
        newer, older = new, old
    else:
        newer, older = old, new
    return newer._replace(
        **_state(newer, older),
        number=newer.number or older.number,
        client=newer.client or older.client,
        currency=newer.currency or older.currency,
        due_on=newer.due_on if newer.due_on is not None else older.due_on,
        reference=newer.reference or older.reference,
        pay_url=newer.pay_url or older.pay_url,
        unknown_since=old.unknown_since,
    )


def _state(newer: InvoiceRow, older: InvoiceRow) -> dict[str, Any]:
    """The newest state that says anything: a report without balances does not make an invoice unpaid.

    What is open is no new total where the older state tells what was paid: reports of what is open know no other amount.
    """
    saying = [row for row in (older, newer) if says_state(row)]
    chosen = max(saying, key=lambda row: row.state_as_of, default=newer)
    if _open_only(chosen) and older is not chosen:
        chosen = completed(chosen, older)
    return {
        "total": chosen.total,
        "paid": chosen.paid,
        "credited": chosen.credited,
        "balance": chosen.balance,
        "status": chosen.status,
        "closed_on": chosen.closed_on,
        "dated_entries": chosen.dated_entries,
        "state_as_of": chosen.state_as_of,
    }


def completed(new: InvoiceRow, known: InvoiceRow | None) -> InvoiceRow:
    """What a report of what is open tells, with the total of a state that told what was paid: the difference was paid too."""
    if known is None or known.paid is None or known.total <= new.total or new.balance is None:
        return new
    paid = max(known.total - (known.credited or 0) - new.balance, 0)
    return new._replace(total=known.total, paid=paid, credited=known.credited)


def _open_only(row: InvoiceRow) -> bool:
    """Whether a state tells no more than what is open."""
    return row.paid is None and row.credited is None and row.balance == row.total and row.status == Status.OPEN


def seen(row: InvoiceRow) -> tuple[int, int] | None:
    """(paid, credited) as the source shows them; None where it shows neither, so that nothing is inferred."""
    if row.status in (Status.DRAFT, Status.VOID):
        return None
    credited = row.credited or 0
    if row.paid is not None:
        if row.credited is None and row.balance is not None:
            # what was neither paid nor is open was credited
            credited = max(0, row.total - row.paid - row.balance)
        return row.paid, credited
    if row.balance is not None:
        return row.total - credited - row.balance, credited
    if row.status == Status.PAID:
        return row.total - credited, credited
    if row.status in (Status.OPEN, Status.WRITTEN_OFF):
        return 0, credited
    return None
