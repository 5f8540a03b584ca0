"""Bank lines as money of invoices: the facts brought to `policy.matching`, and what it finds brought into the book.

Certain matches are worked out anew each time. What they were recognised as is journaled once (`RECOGNISED`), so that an invoice
read later does not turn a payment that opened a gate into a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from payflow.columns import to_date
from payflow.decide.banked import Banked, Movement
from payflow.decide.doubts import Standing
from payflow.decide.facts import Facts
from payflow.errors import UnknownName
from payflow.model.bank_view import BankView, LineCandidate, LinePart, LineView
from payflow.model.facts import EntryKind, LineKind, Settlement, Status
from payflow.model.journal import Memory
from payflow.money import show
from payflow.policy.bank_lines import BankLine, Candidate, Debt, Decided, Match, Matched, Part, Rule
from payflow.policy.claims import Governed
from payflow.policy.matching import match
from payflow.policy.one_money import Line
from payflow.policy.statements import ToldLine, distinct
from payflow.policy.suggesting import payers, suggest
from payflow.store.mirror import BankLineRow, InvoiceRow

_KEPT = "recognised before its texts were erased"
#: How much of a line's key names it at a terminal.
_SHORT = 8


def line_id(row: BankLineRow) -> str:
    """What names a line in the journal."""
    return f"{row.source}|{row.key}"


def short_id(line: BankLine) -> str:
    """What names a line at a terminal: the beginning of its key."""
    return line.id.rpartition("|")[2][:_SHORT]


def banked(
    facts: Facts, names: Sequence[str], governed: Sequence[Governed], standing: Standing, memory: Memory
) -> Banked:
    """Match what is certain. Parallel to `facts.invoices`: the clients' `names`, and what each stands under."""
    debts = _debts(facts, names, governed, standing)
    told = [ToldLine(_line(row), row.source, _reports(row)) for row in facts.lines]
    known = {*memory.matches, *memory.recognised}
    decisions = {
        line: Decided(tuple(Part(*part) for part in parts), *([_KEPT] if line in memory.kept else []))
        for line, parts in memory.matches.items()
    }
    matched = match(distinct(told, known), list(debts.values()), decisions, memory.recognised)
    return Banked(matched, debts, {one.line.id: one.source for one in told}, _by_invoice(matched))


def _line(row: BankLineRow) -> BankLine:
    return BankLine(
        id=line_id(row),
        account=row.account,
        on=row.booked_on,
        value_on=row.value_on,
        amount=row.amount,
        currency=row.currency,
        payer=row.payer,
        payer_account="".join(row.payer_account.split()).upper(),
        text=row.remittance,
        reference=row.reference,
        bank_id=row.bank_id,
        kind=row.kind or LineKind.TRANSFER,
    )


def _reports(row: BankLineRow) -> frozenset[str]:
    return frozenset(f"{row.source}:{report}" for report in row.reports.split("\n"))


def _debts(facts: Facts, names: Sequence[str], governed: Sequence[Governed], standing: Standing) -> dict[int, Debt]:
    """Every invoice that is a debt of its own; one that is the same debt lends it its number."""
    credited = _credits(facts)
    aliases: dict[int, list[InvoiceRow]] = {}
    for row in facts.invoices:
        if row.id in standing.same_as:
            aliases.setdefault(standing.same_as[row.id], []).append(row)
    found = {}
    for row, name, item in zip(facts.invoices, names, governed, strict=True):
        if row.id in standing.same_as:
            continue
        twins = aliases.get(row.id, ())
        credit = max(credited.get(row.id, 0), row.credited or 0)
        found[row.id] = Debt(
            id=row.id,
            numbers=tuple(dict.fromkeys([row.number or row.key, *(one.number for one in twins if one.number)])),
            reference=" | ".join([row.reference, *(one.reference for one in twins)]),
            client=item.client,
            client_name=item.contract.client.name if item.contract else name,
            currency=row.currency,
            # one credited in full asks for nothing, and is not paid whatever comes
            asks=row.total - credit if credit < row.total else row.total,
            issued_on=row.issued_on,
            doubtful=_doubtful(row, standing),
        )
    return found


def _doubtful(row: InvoiceRow, standing: Standing) -> str:
    if row.status == Status.DRAFT:
        return f"{row.number} is a draft"
    if row.status == Status.VOID:
        return f"{row.number} is void"
    return standing.doubtful.get(row.id, "")


def _credits(facts: Facts) -> dict[int, int]:
    found: dict[int, int] = {}
    for entry in facts.entries:
        if entry.invoice is not None and entry.kind == EntryKind.CREDIT and entry.settlement == Settlement.SETTLED:
            found[entry.invoice] = found.get(entry.invoice, 0) + entry.amount
    return found


def _by_invoice(matched: Matched) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for one in matched.certain:
        for part in one.parts:
            found.setdefault(part.invoice, []).append(Line(one.line.sent_on, part.amount, one.line.id))
    return found


def with_suggestions(bank: Banked, outstanding: Mapping[int, int]) -> Banked:
    """The same with what amount and payer suggest, now that it is known what is open."""
    if not bank.matched.unmatched:
        return bank
    debts = list(bank.debts.values())
    seen = _Seen(bank)
    suggested, left = suggest(bank.matched.unmatched, debts, outstanding, payers(bank.matched.certain), seen)
    every = sorted([*bank.matched.suggested, *suggested], key=lambda one: (one.line.on, one.line.id))
    return replace(bank, matched=replace(bank.matched, suggested=every, unmatched=left))


class _Seen:
    """Tells lines whose money the books show: a payment of that client, of that amount, about that day, told by no other line.

    Each payment explains one line; which of two equal ones does not matter.
    """

    def __init__(self, bank: Banked) -> None:
        self._free: dict[tuple[str, str, int], list[Movement]] = {}
        for invoice, movements in bank.books.items():
            debt = bank.debts.get(invoice)
            used = {piece.told for piece in bank.moneys.get(invoice, ()) if piece.line}
            for place, one in enumerate(movements if debt is not None else ()):
                if debt is not None and one.amount > 0 and place not in used:
                    self._free.setdefault((debt.client, debt.currency, one.amount), []).append(one)

    def __call__(self, line: BankLine, client: str) -> bool:
        free = self._free.get((client, line.currency, line.amount), [])
        fit = [one for one in free if one.on - _BEFORE <= line.on <= one.last + _AFTER]
        if fit:
            free.remove(fit[0])
        return bool(fit)


#: Days between a payment in the books and its line at the bank: books are kept late more often than early.
_BEFORE, _AFTER = 30, 14


def recognised(bank: Banked, memory: Memory) -> list[list[object]]:
    """Lines recognised for certain that the journal does not know yet, with their invoices."""
    return [
        [one.line.id, sorted(part.invoice for part in one.parts)]
        for one in sorted(bank.matched.certain, key=lambda one: one.line.id)
        if one.rule in (Rule.REFERENCE, Rule.NUMBER) and one.line.id not in memory.recognised
    ]


def find(bank: Banked, name: str) -> tuple[BankLine, Sequence[Candidate]]:
    """The line whose key begins so, and what it may pay. Raises `UnknownName` for none, and for several."""
    candidates = {one.line.id: one.candidates for one in bank.matched.suggested}
    matched = bank.matched
    every = [
        *(one.line for one in matched.suggested),
        *(one.line for one in matched.certain),
        *matched.unmatched,
        *matched.rejected,
        *matched.fees,
    ]
    found = [line for line in every if name and line.id.rpartition("|")[2].startswith(name.strip().lower())]
    if len(found) == 1:
        return found[0], candidates.get(found[0].id, ())
    if found:
        raise UnknownName("bank line (several begin so)", name, [line.id.rpartition("|")[2] for line in found])
    raise UnknownName("bank line", name, [short_id(one.line) for one in matched.suggested])


def notes(bank: Banked, invoice: int) -> dict[tuple[int, int], str]:
    """Which line tells a movement of an invoice, in words, by its day and effect."""
    by_line = bank.by_line()
    found = {}
    for piece in bank.moneys.get(invoice, ()):
        if piece.line in by_line:
            found[piece.day, piece.amount] = describe(by_line[piece.line])
    return found


def describe(one: Match) -> str:
    """A matched line in words: its name, day, amount, payer, and why it is this payment."""
    line = one.line
    payer = f" {'from' if line.amount > 0 else 'to'} {line.payer}" if line.payer else ""
    on = to_date(line.on).isoformat()
    return f"bank line {short_id(line)} of {on}, {show(line.amount, line.currency)}{payer}: {one.reason}"


def view(bank: Banked, rows: Sequence[InvoiceRow], source_names: Mapping[str, str]) -> BankView:
    """All lines as a decision shows them."""
    names = {row.id: (source_names.get(row.source, row.source), row.number or row.key) for row in rows}

    def shown(line: BankLine, candidates: Sequence[Candidate] = (), rest: int = 0) -> LineView:
        source = bank.sources.get(line.id, "")
        seen = tuple(
            LineCandidate(
                one.rule.value,
                tuple(LinePart(part.invoice, *names[part.invoice], part.amount) for part in one.parts),
                one.reason,
            )
            for one in candidates
        )
        return LineView(
            short_id(line), source_names.get(source, source), to_date(line.on), line.amount, line.currency, line.payer,
            line.text, line.reference, seen, rest,
        )  # fmt: skip

    found = bank.matched
    return BankView(
        [shown(one.line, [Candidate(one.rule, one.parts, one.reason)], one.rest) for one in found.certain],
        [shown(one.line, one.candidates) for one in found.suggested],
        [shown(line) for line in found.unmatched],
        [shown(line) for line in found.rejected],
        [shown(line) for line in found.fees],
    )
