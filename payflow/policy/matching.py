"""Which invoices the lines of bank statements pay: by structured reference, by number in the text, by amount and payer.

What a line is about depends on the line and on the invoices there were on its day, never on the order in which statements
were read; how much of it goes where depends on all lines together, by their days. A match is certain or it is a suggestion:
certain ones are money, suggestions wait for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from payflow.columns import to_date
from payflow.model.facts import LineKind
from payflow.policy.bank_lines import (
    EARLY,
    BankLine,
    Candidate,
    Debt,
    Decided,
    Match,
    Matched,
    Part,
    Rule,
    Suggestion,
    order,
)
from payflow.policy.naming import Name, Numbers, References, Strength, squeeze
from payflow.policy.payers import same_name
from payflow.policy.returns import Returns

#: Of more invoices than this named in one line no part is tried out: all of them are meant, or a person says which.
_MOST_TRIED = 10


class _Aim(NamedTuple):
    """What a line is about, before amounts are given out."""

    rule: Rule
    invoices: tuple[int, ...]
    reason: str
    certain: bool


def match(
    lines: Iterable[BankLine],
    debts: Sequence[Debt],
    decisions: Mapping[str, Decided] | None = None,
    recognised: Mapping[str, tuple[int, ...]] | None = None,
) -> Matched:
    """Match the lines by reference and number, take back what was returned, and follow what people said.

    `decisions` and `recognised` go by the line's id. `recognised` are lines that were certain before, with the invoices they
    are about: what is learned later does not make them doubtful. Lines that only amount and payer may tell are left
    `unmatched`: `suggest` looks at them once it is known what is still open.
    """
    decisions, recognised = decisions or {}, recognised or {}
    work = _Work(debts)
    ordered = sorted({line.id: line for line in lines}.values(), key=order)
    # a person's word comes first: what it gives to an invoice, no other line can
    for line in ordered:
        if line.id in decisions and line.amount > 0:
            work.follow(line, decisions[line.id])
    for line in ordered:
        if line.id in decisions:
            if line.amount < 0:
                work.follow(line, decisions[line.id])
        elif line.kind == LineKind.FEE:
            work.fees.append(line)
        elif line.amount > 0:
            work.take(line, recognised.get(line.id))
        elif line.amount < 0:
            work.give_back(line)
    return work.matched()


class _Work:
    """Lines are taken in the order of their days; `left` is what each invoice still asks after those before."""

    def __init__(self, debts: Sequence[Debt]) -> None:
        self.debts = {debt.id: debt for debt in debts}
        self.left = {debt.id: debt.asks for debt in debts}
        self._numbers = Numbers((number, debt.id) for debt in debts for number in debt.numbers)
        self._references = References((debt.id, debt.numbers, debt.reference) for debt in debts)
        self._matches: dict[str, Match] = {}
        self._suggested: list[Suggestion] = []
        self._unmatched: list[BankLine] = []
        self._rejected: list[BankLine] = []
        self.fees: list[BankLine] = []
        self._returns = Returns()

    def matched(self) -> Matched:
        return Matched(tuple(self._matches.values()), self._suggested, self._unmatched, self._rejected, self.fees)

    def follow(self, line: BankLine, said: Decided) -> None:
        parts = tuple(part for part in said.parts if part.invoice in self.debts)
        if not said.parts:
            self._rejected.append(line)
        elif not parts:
            self._unmatched.append(line)
        else:
            self._book(line, Rule.PERSON, parts, said.reason)
            if line.amount < 0:
                self._returns.note(line, parts)

    def take(self, line: BankLine, known: tuple[int, ...] | None) -> None:
        """Money that came in."""
        if line.kind == LineKind.REVERSAL:
            # a transfer of ours came back: nobody paid
            self._unmatched.append(line)
            return
        aim = self._aim(line)
        if known and (aim is None or not aim.certain or aim.invoices != known):
            standing = tuple(invoice for invoice in known if invoice in self.debts)
            if standing:
                numbers = _listed(self.debts[invoice].numbers[0] for invoice in standing)
                aim = _Aim(Rule.NUMBER, standing, f"recognised before as a payment of {numbers}", certain=True)
        if aim is None:
            self._unmatched.append(line)
            return
        parts = self._given_out(line.amount, aim.invoices)
        if aim.certain and parts:
            self._book(line, aim.rule, parts, aim.reason)
            return
        if not parts:
            named = _listed(self.debts[invoice].numbers[0] for invoice in aim.invoices)
            aim = aim._replace(reason=f"{aim.reason}, but {named} was paid by then: perhaps another invoice is meant")
        self._suggested.append(Suggestion(line, self._candidates(line, aim)))

    def _candidates(self, line: BankLine, aim: _Aim) -> tuple[Candidate, ...]:
        """One candidate for an aim at invoices of one client; one for each where the number does not say whose it is."""
        together = len({self.debts[invoice].client for invoice in aim.invoices}) == 1 and aim.rule is not Rule.REFERENCE
        groups = [aim.invoices] if together and not self._shared(aim.invoices) else [(one,) for one in aim.invoices]
        share = self._given_out if line.amount > 0 else self._taken_back
        return tuple(Candidate(aim.rule, share(line.amount, group), aim.reason) for group in groups)

    def _shared(self, invoices: Sequence[int]) -> bool:
        """Whether two of them go by one number, so that it does not tell which is meant."""
        numbers = [text for invoice in invoices for text in {squeeze(number) for number in self.debts[invoice].numbers}]
        return len(numbers) != len(set(numbers))

    def give_back(self, line: BankLine) -> None:
        """Money that went out: a payment that was returned, or a refund, or nothing to do with invoices."""
        named = self._named(line)
        firm = [name for name in named if name.strength is not Strength.WEAK]
        found = self._returns.find(line, {name.invoice for name in named})
        if found is not None and found.certain:
            self._returns.take(line, found)
            self._book(line, Rule.REVERSAL, found.parts, found.reason, client=found.of.client)
        elif found is not None:
            self._suggested.append(Suggestion(line, (Candidate(Rule.REVERSAL, found.parts, found.reason),)))
        elif firm and len(firm) == len(named):
            numbers = _listed(dict.fromkeys(name.found for name in firm))
            reason = f"money out that names {numbers}: a refund, or a payment that was returned"
            aim = _Aim(Rule.NUMBER, tuple(name.invoice for name in firm), reason, certain=False)
            candidates = self._waiting(line, aim.invoices) or self._candidates(line, aim)
            self._suggested.append(Suggestion(line, candidates))
        else:
            self._unmatched.append(line)

    def _waiting(self, line: BankLine, named: Sequence[int]) -> tuple[Candidate, ...]:
        """What is taken back of a payment that waits for a person itself: the same parts, whichever is decided first."""
        for one in reversed(self._suggested):
            parts = one.candidates[0].parts
            if one.line.amount == -line.amount and parts and {part.invoice for part in parts} <= set(named):
                day = to_date(one.line.on).isoformat()
                reason = f"takes back the payment of {day}, which waits too: it names the same invoices"
                back = tuple(Part(part.invoice, -part.amount) for part in parts)
                return (Candidate(Rule.REVERSAL, back, reason),)
        return ()

    def _book(
        self, line: BankLine, rule: Rule, parts: tuple[Part, ...], reason: str, client: str | None = None
    ) -> None:
        for part in parts:
            self.left[part.invoice] -= part.amount
        if client is None:
            clients = {self.debts[part.invoice].client for part in parts}
            client = clients.pop() if len(clients) == 1 else ""
        rest = line.amount - sum(part.amount for part in parts)
        booked = self._matches[line.id] = Match(line, rule, parts, reason, client, rest)
        if line.amount > 0:
            self._returns.add(booked)

    def _given_out(self, amount: int, invoices: Sequence[int]) -> tuple[Part, ...]:
        """The oldest invoice is paid first; none gets more than is left of it."""
        parts = []
        for invoice in sorted(invoices, key=lambda one: (self.debts[one].issued_on, one)):
            given = min(amount, self.left[invoice])
            if given > 0:
                parts.append(Part(invoice, given))
                amount -= given
        return tuple(parts)

    def _taken_back(self, amount: int, invoices: Sequence[int]) -> tuple[Part, ...]:
        """Money that went out is taken off the newest invoice first; from none more than it asks."""
        parts = []
        for invoice in sorted(invoices, key=lambda one: (self.debts[one].issued_on, one), reverse=True):
            taken = max(amount, -self.debts[invoice].asks)
            if taken < 0:
                parts.append(Part(invoice, taken))
                amount -= taken
        return tuple(parts)

    # what a line is about

    def _aim(self, line: BankLine) -> _Aim | None:
        return self._by_reference(line) or self._by_number(line)

    def _by_reference(self, line: BankLine) -> _Aim | None:
        found = [
            invoice
            for invoice in self._references.invoices_of(line.reference)
            if self._may_pay(line, invoice, early=None)
        ]
        if not found:
            return None
        reference = " ".join(line.reference.split())
        if len(found) > 1:
            numbers = _listed(self.debts[invoice].numbers[0] for invoice in found)
            return _Aim(Rule.REFERENCE, tuple(found), f"the reference {reference} stands on {numbers}", certain=False)
        return self._doubted(_Aim(Rule.REFERENCE, tuple(found), f"the reference {reference}", certain=True))

    def _named(self, line: BankLine) -> list[Name]:
        names = self._numbers.named_in(f"{line.text} | {line.reference}" if line.reference else line.text)
        return [name for name in names if self._may_pay(line, name.invoice, early=EARLY)]

    def _may_pay(self, line: BankLine, invoice: int, early: int | None) -> bool:
        debt = self.debts[invoice]
        return debt.currency == line.currency and debt.asks > 0 and (early is None or debt.issued_on <= line.on + early)

    def _by_number(self, line: BankLine) -> _Aim | None:
        names = self._named(line)
        if not names:
            return None
        firm = [name for name in names if name.strength is Strength.SURE]
        bare = [name for name in names if name.strength is Strength.WITH_AMOUNT]
        if not firm:
            # a bare number is one if the amount says so too
            firm = [name for name in bare if line.amount in (self.left[name.invoice], self.debts[name.invoice].asks)]
            if not firm and len(bare) > 1 and line.amount == sum(self.left[name.invoice] for name in bare):
                firm = bare
        if not firm:
            return self._weakly(line, names)
        return self._doubted(self._of_several(line, firm))

    def _weakly(self, line: BankLine, names: Sequence[Name]) -> _Aim | None:
        """Numbers that may be anything are worth a question only if the amount or the payer speaks for them."""
        likely = [
            name
            for name in names
            if name.strength is not Strength.WEAK
            or line.amount in (self.left[name.invoice], self.debts[name.invoice].asks)
            or same_name(line.payer, self.debts[name.invoice].client_name)
        ]
        if not likely:
            return None
        found = _listed(dict.fromkeys(name.found for name in likely))
        invoices = tuple(name.invoice for name in likely)
        return _Aim(Rule.NUMBER, invoices, f'"{found}" in the text may be the number, or something else', certain=False)

    def _of_several(self, line: BankLine, names: Sequence[Name]) -> _Aim:
        found = _listed(dict.fromkeys(name.found for name in names))
        invoices = tuple(name.invoice for name in names)
        if self._shared(invoices):
            clients = _listed(dict.fromkeys(self.debts[invoice].client_name for invoice in invoices))
            return _Aim(Rule.NUMBER, invoices, f"{found} in the text is a number of several invoices: {clients}", False)
        if len(invoices) == 1:
            return _Aim(Rule.NUMBER, invoices, f"its number in the text: {found}", certain=True)
        meant = self._adding_up(line.amount, invoices)
        if meant is None:
            reason = f"{found} in the text, but the amount is not theirs together"
            return _Aim(Rule.NUMBER, invoices, reason, certain=False)
        return _Aim(Rule.NUMBER, meant, f"their numbers in the text: {found}", certain=True)

    def _adding_up(self, amount: int, invoices: tuple[int, ...]) -> tuple[int, ...] | None:
        """Which of several named invoices an amount pays: all of them, or the only part of them that adds up to it."""
        left = [invoice for invoice in invoices if self.left[invoice] > 0]
        if left and amount == sum(self.left[invoice] for invoice in left):
            return tuple(left)
        if len(left) > _MOST_TRIED:
            return None
        several = [
            some
            for size in range(1, len(left))
            for some in combinations(left, size)
            if sum(self.left[invoice] for invoice in some) == amount
        ]
        return several[0] if len(several) == 1 else None

    def _doubted(self, aim: _Aim) -> _Aim:
        why = next((self.debts[one].doubtful for one in aim.invoices if self.debts[one].doubtful), "")
        return aim._replace(certain=False, reason=f"{aim.reason}, but {why}") if why and aim.certain else aim


def _listed(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
