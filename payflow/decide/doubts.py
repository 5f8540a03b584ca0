"""Invoices that may not be debts of their own: one debt in two sources, or a charge of ours that came back (design 6.7).

A reference of ours settles it. A likeness does not: such invoices are held and shown until a person links them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from payflow.model.facts import Status
from payflow.model.journal import ChargeState, Memory
from payflow.policy.claims import Governed, squeeze
from payflow.store.mirror import InvoiceRow
from payflow.store.moments import to_day

#: What `charging.reference` makes, and made when references were shorter.
REFERENCE = re.compile(r"\bPF-[0-9A-HJKMNP-TV-Z]{8}(?:[0-9A-HJKMNP-TV-Z]{4})?\b")


class Standing(Struct, frozen=True):
    """What the invoices of the books are. `charges` maps an identity to the reference it carries, empty if linked by hand;
    `same_as` to the invoice whose debt it is; `doubtful` to a sentence that says what it may be."""

    charges: Mapping[int, str]
    same_as: Mapping[int, int]
    doubtful: Mapping[int, str]


def standing(
    rows: Sequence[InvoiceRow], names: Sequence[str], governed: Sequence[Governed], memory: Memory
) -> Standing:
    """Parallel: `rows`, the clients' `names`, and what each row stands under."""
    charges: dict[int, str] = {}
    same_as: dict[int, int] = {}
    strange: dict[int, str] = {}
    known = {charge.ref for several in memory.charges.values() for charge in several}
    for row in rows:
        link = memory.links.get(row.id)
        carried = REFERENCE.findall(f"{row.reference} {row.number}")
        if link is not None and link.outcome == "charge":
            charges[row.id] = link.to
        elif link is not None and link.outcome == "same":
            same_as[row.id] = int(link.to)
        elif link is None and (own := next((ref for ref in carried if ref in known), None)) is not None:
            charges[row.id] = own
        elif REFERENCE.search(row.reference):
            # from a store that was lost, or somebody else's way of numbering: a person knows
            strange[row.id] = f"it bears {carried[0]}, which looks like a charge that this journal does not know"
    doubtful = {**strange, **_like_charges(rows, governed, memory, charges), **_twins(rows, names, governed)}
    settled = {*charges, *same_as, *memory.links}
    # a person's word about one of two twins answers for both
    answered = {int(link.to) for link in memory.links.values() if link.outcome == "same"}
    return Standing(
        charges, same_as, {key: text for key, text in doubtful.items() if key not in settled and key not in answered}
    )


def _like_charges(
    rows: Sequence[InvoiceRow], governed: Sequence[Governed], memory: Memory, charges: Mapping[int, str]
) -> dict[int, str]:
    clients = {row.id: item.client for row, item in zip(rows, governed, strict=True)}
    claimed: dict[tuple[str, str, int], list[tuple[int, str]]] = {}
    for several in memory.charges.values():
        for charge in several:
            if charge.state is ChargeState.CLAIMED and charge.ref not in charges.values():
                place = (clients.get(charge.invoice, ""), charge.currency, charge.standing)
                claimed.setdefault(place, []).append((to_day(charge.claimed_on), charge.ref))
    found: dict[int, str] = {}
    for row, item in zip(rows, governed, strict=True):
        if item.milestone or row.status in (Status.DRAFT, Status.VOID):
            continue
        for since, ref in claimed.get((item.client, row.currency, row.total), ()):
            if row.issued_on >= since:
                found[row.id] = f"it looks like the charge {ref}"
    return found


def _twins(rows: Sequence[InvoiceRow], names: Sequence[str], governed: Sequence[Governed]) -> dict[int, str]:
    alike: dict[tuple[str, int], list[int]] = {}
    sources = {row.source for row in rows}
    if len(sources) < 2:
        return {}
    for index, row in enumerate(rows):
        if row.status not in (Status.DRAFT, Status.VOID) and row.total > 0:
            alike.setdefault((row.currency, row.total), []).append(index)
    found: dict[int, str] = {}
    for several in alike.values():
        for position, one in enumerate(several):
            for other in several[position + 1 :]:
                if _same_debt(one, other, rows, names, governed):
                    found[rows[one].id] = f"it looks like {rows[other].source}:{rows[other].number}"
                    found[rows[other].id] = f"it looks like {rows[one].source}:{rows[one].number}"
    return found


def _same_debt(
    one: int, other: int, rows: Sequence[InvoiceRow], names: Sequence[str], governed: Sequence[Governed]
) -> bool:
    first, second = rows[one], rows[other]
    if first.source == second.source:
        return False
    if governed[one].client != governed[other].client and squeeze(names[one]) != squeeze(names[other]):
        return False
    return squeeze(first.number) == squeeze(second.number) or first.issued_on == second.issued_on
