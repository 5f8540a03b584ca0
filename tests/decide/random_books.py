"""Books of any kind for hypothesis: clients in two sources, contracts, money, sightings, notices, charges, holds, bank lines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from payflow import decide
from payflow.columns import to_day
from payflow.decide import Ground
from payflow.decide.agreed import Agreed
from payflow.decide.facts import Facts, Observed
from payflow.decide.freshness import by_source
from payflow.decide.parts import Pool
from payflow.model.agreement import Workspace
from payflow.model.facts import EntryKind, Settlement, Status
from payflow.model.journal import (
    Announcement,
    Charge,
    ChargeKind,
    ChargeState,
    Confirmation,
    Hold,
    Link,
    Memory,
    Notice,
    Version,
)
from payflow.policy.sightings import Sighting
from payflow.store.mirror import BankLineRow, ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.stamp import Stamp
from payflow.workspace import load
from stories.papers import BOOKS, LATE, contract, settings, step

AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
READ = "2026-11-20T08:00:00Z"
STORE = "0123456789abcdef"

SHOP = """\
[[source]]
name = "shop"
connector = "xero"
files = "shop/*.csv"
"""

LAWFUL = f"""\
[policy.lawful]
terms = ["30 days", "next business day"]
binding = "invoice"
interest = {{ statute = "uk" }}
tolerance = {{ GBP = "1.00" }}

{step("reminder", 2, policy="lawful")}"""

SETTINGS = settings(
    business='policy = "standard"', sources=BOOKS + SHOP, policy='binding = "invoice"', steps=LATE + LAWFUL
)


class Books(NamedTuple):
    """Facts and memory of a day."""

    facts: Facts
    memory: Memory


def workspace(root: Path) -> Workspace:
    """Two contracts and a policy for everybody else."""
    (root / "contracts").mkdir(parents=True)
    (root / "payflow.toml").write_text(SETTINGS, encoding="utf-8")
    known = (("acme", "standard", ["INV-1", "INV-4"]), ("beta", "lawful", ["INV-2"]))
    for place, (one, policy, numbers) in enumerate(known):
        text = contract(
            f"{one}-website",
            f"Client {place}",
            client_id=one,
            policy=policy,
            milestones={"deposit": ("100.00", numbers)},
            signed="2026-01-05",
            email=f"accounts@{one}.example",
        )
        (root / "contracts" / f"{one}.toml").write_text(text, encoding="utf-8")
    return load(root).workspace


def decided(books: Books, agreement: Workspace, pool: Pool | None = None) -> Ground:
    """The decision on the books, in one piece or by a pool."""
    standing = Agreed(agreement, [Version(date(2026, 1, 1), agreement.agreement)], False, ())
    return decide.follow(decide.Held(books.facts, books.memory, "", standing, STORE, Stamp(1, 1)), AS_OF, NOW, pool)


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Up to fifteen invoices of five clients, with all that may be known of them."""
    count = draw(st.integers(0, 15))
    rows = [_invoice(draw, number) for number in range(1, count + 1)]
    sources = {row.source for row in rows}
    readings = [
        ReadingRow(place, name, "all", READ, 1, None, None, 1, "export", "", READ)
        for place, name in enumerate(sorted(sources))
    ]
    facts = Facts(
        invoices=rows,
        clients={
            (source, f"c{place}"): ClientRow(source, f"c{place}", f"Client {place}", _email(place))
            for source in ("books", "shop")
            for place in range(5)
        },
        entries=[_entry(draw, place, rows) for place in range(draw(st.integers(0, 20)) if rows else 0)],
        readings=by_source(readings),
        all_readings=readings,
        observed={row.id: _observed(draw, row) for row in rows if draw(st.booleans())},
        undelivered=(),
        lines=[_line(draw, place, rows) for place in range(draw(st.integers(0, 6)) if rows else 0)],
    )
    return Books(facts, _memory(draw, rows))


def _email(place: int) -> str:
    return f"accounts@client{place}.example" if place < 4 else ""


def _invoice(draw: st.DrawFn, number: int) -> InvoiceRow:
    total = draw(st.sampled_from([0, 5_000, 10_000, 10_001, 250_000]))
    issued = to_day(AS_OF) - draw(st.integers(0, 120))
    paid = draw(st.sampled_from([0, total // 3, total]))
    reference = draw(
        st.sampled_from(["", "acme-website/deposit", "beta-website/deposit", "PF-00000001", "PF-00000002"])
    )
    return InvoiceRow(
        id=number,
        source=draw(st.sampled_from(["books", "shop"])),
        key=f"k{number}",
        number=f"INV-{draw(st.integers(1, 12))}",
        client=f"c{draw(st.integers(0, 4))}",
        currency=draw(st.sampled_from(["GBP", "GBP", "EUR"])),
        total=total,
        paid=paid,
        credited=0,
        balance=total - paid,
        issued_on=issued,
        due_on=draw(st.sampled_from([None, issued + 14, issued + 30])),
        closed_on=None,
        status=draw(st.sampled_from([Status.UNSTATED, Status.OPEN, Status.PAID, Status.VOID, Status.DRAFT])),
        reference=reference,
        pay_url="",
        dated_entries=draw(st.sampled_from([0, 1])),
        state_as_of=READ,
        read_at=draw(st.sampled_from([READ, "2026-11-01T08:00:00Z"])),
        unknown_since=draw(st.sampled_from([None, None, None, READ])),
    )


def _entry(draw: st.DrawFn, place: int, rows: list[InvoiceRow]) -> EntryRow:
    row = draw(st.sampled_from(rows))
    return EntryRow(
        source=row.source,
        key=f"e{place}",
        invoice=draw(st.sampled_from([row.id, row.id, row.id, None])),
        client=row.client,
        kind=draw(st.sampled_from([EntryKind.PAYMENT, EntryKind.CREDIT, EntryKind.WRITE_OFF])),
        paid_on=draw(st.sampled_from([None, to_day(AS_OF) - 20, to_day(AS_OF) - 2])),
        amount=draw(st.sampled_from([3_000, 10_000, row.total])),
        currency=row.currency,
        settlement=draw(st.sampled_from([Settlement.SETTLED, Settlement.SETTLED, Settlement.PENDING])),
    )


def _observed(draw: st.DrawFn, row: InvoiceRow) -> Observed:
    day = to_day(AS_OF) - draw(st.integers(0, 60))
    seen = Sighting("2026-10-01T08:00:00Z", day, draw(st.sampled_from([0, row.total // 3])), 0)
    return Observed([seen, Sighting(READ, to_day(AS_OF), row.paid or 0, 0)], draw(st.sampled_from([None, day])))


def _line(draw: st.DrawFn, place: int, rows: list[InvoiceRow]) -> BankLineRow:
    row = draw(st.sampled_from(rows))
    text = draw(st.sampled_from([f"payment of {row.number}", "thank you", row.number]))
    return BankLineRow(
        "books", f"{place:012x}", "GB00", to_day(AS_OF) - draw(st.integers(0, 30)), None,
        draw(st.sampled_from([row.total, 3_000, 300_000])), row.currency, f"Client {row.client[1:]}", "", text, "", "",
        "transfer", "camt",
    )  # fmt: skip


def _memory(draw: st.DrawFn, rows: list[InvoiceRow]) -> Memory:
    chosen: dict[str, Any] = {"live_from": draw(st.sampled_from([None, date(2026, 8, 1), date(2026, 10, 20)]))}
    notices: dict[int, list[Notice]] = {}
    charges: dict[int, list[Charge]] = {}
    confirmations: dict[int, Confirmation] = {}
    links: dict[int, Link] = {}
    for row in rows:
        what = draw(st.integers(0, 9))
        if what in (0, 1, 2):
            due = date.fromordinal(date(1970, 1, 1).toordinal() + row.issued_on + 15)
            told = Announcement("late-fee", due, "25.00 GBP")
            notices[row.id] = [Notice(row.id, "reminder", date(2026, 10, 30), due, announced=told, message="m1")]
        if what in (2, 3):
            charges[row.id] = [_charge(draw, row)]
        if what == 4:
            confirmations[row.id] = Confirmation(row.id, draw(st.sampled_from(["paid", "void", "open"])), AS_OF, NOW)
        if what == 5:
            links[row.id] = draw(
                st.sampled_from(
                    [Link(row.id, "charge", "PF-00000001"), Link(row.id, "same", "1"), Link(row.id, "debt", "")]
                )
            )
    holds = [Hold("client", "acme", date(2026, 11, 1), None, "asked")] if draw(st.booleans()) else []
    chased = frozenset(row.id for row in rows if row.id % 4 == 0)
    return Memory(
        notices=notices, charges=charges, confirmations=confirmations, links=links, holds=holds, chased=chased, **chosen
    )


def _charge(draw: st.DrawFn, row: InvoiceRow) -> Charge:
    return Charge(
        ref=f"PF-0000000{draw(st.integers(1, 3))}",
        invoice=row.id,
        kind=ChargeKind.LATE_FEE,
        occurrence="late-fee",
        generation=0,
        amount=2_500,
        currency=row.currency,
        claimed_on=date(2026, 11, 10),
        state=draw(st.sampled_from([ChargeState.CLAIMED, ChargeState.WAIVED])),
        reversals=(),
        message="m1",
        terms={"day": 7},
    )
