"""What a further reading makes of an invoice that is already known.

Newer readings win, field by field where they say something; what they do not say stays. An older one only fills gaps and
never overwrites (design 6.4). What moves with time (total, paid, credited, balance, status) is taken as a whole.
"""

from __future__ import annotations

from typing import Any

from payflow.decide.freshness import says_state
from payflow.model.facts import Status
from payflow.store.mirror import InvoiceRow

#: What moves with time, and the currency it is told in: taken as a whole from one report.
STATE = ("currency", "total", "paid", "credited", "balance", "status", "closed_on", "dated_entries", "state_as_of")


def merge(old: InvoiceRow, new: InvoiceRow, *, rival: bool = False) -> InvoiceRow:
    """The row after a reading that says `new`; both have the same identity. `read_at` orders them; a tie goes to `new`.

    `rival`: `new` is told by another report than those read before, so that none of one moment is the newer. Then the outcome
    must not depend on the order in which they came: of two states the one that leaves more open counts, since money that may
    not be there opens no gate; of two due dates the later; of two names and texts the last in the alphabet, for want of a reason.
    """
    newer, older = (new, old) if new.read_at >= old.read_at else (old, new)
    level = rival and new.read_at == old.read_at
    choose = _greater if level else _first
    state = _state(new, old, rival)
    if not level:
        state["currency"] = _first(newer.currency, older.currency)
    return newer._replace(
        **state,
        number=choose(newer.number, older.number),
        client=choose(newer.client, older.client),
        issued_on=max(newer.issued_on, older.issued_on) if level else newer.issued_on,
        due_on=choose(newer.due_on, older.due_on),
        reference=choose(newer.reference, older.reference),
        pay_url=choose(newer.pay_url, older.pay_url),
        unknown_since=old.unknown_since,
    )


def _first(one: Any, other: Any) -> Any:
    """What the first says, where it says something; a day may be 0."""
    return other if one is None or one == "" else one


def _greater(one: Any, other: Any) -> Any:
    """The later day, or the text that sorts last; whatever is said before nothing."""
    if one is None or other is None:
        return _first(one, other)
    return max(one, other)


def _state(new: InvoiceRow, old: InvoiceRow, rival: bool) -> dict[str, Any]:
    """The newest state that says anything: a report without balances does not make an invoice unpaid.

    What is open is no new total where the older state tells what was paid: reports of what is open know no other amount.
    """
    saying = [row for row in (new, old) if says_state(row)]
    if saying:
        # of equal keys the first counts
        chosen = max(saying, key=lambda row: (row.state_as_of, _doubt(row) if rival else ()))
    else:
        chosen = max(new, old, key=lambda row: (row.read_at, _doubt(row) if rival else ()))
    other = old if chosen is new else new
    told = completed(chosen, other) if _open_only(chosen) else chosen
    return {name: getattr(told, name) for name in STATE}


def _doubt(row: InvoiceRow) -> tuple[Any, ...]:
    """Orders states of one moment: the last leaves most open, and is otherwise the least like paid."""
    if row.status in (Status.DRAFT, Status.VOID, Status.WRITTEN_OFF):
        rest = 0
    elif row.balance is not None:
        rest = row.balance
    elif row.paid is not None:
        rest = row.total - row.paid - (row.credited or 0)
    else:
        rest = 0 if row.status == Status.PAID else row.total
    unpaid = row.status not in (Status.PAID, Status.UNSTATED)
    amounts = (row.paid, row.credited, row.balance, row.closed_on)
    rest_of_it = tuple(-1 if amount is None else amount for amount in amounts)
    return (rest, unpaid, row.total, *rest_of_it, row.status, row.dated_entries, row.currency)


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
