"""Which invoices the lines of bank statements pay: by structured reference, by number in the text, by amount and payer.

What a line is about depends on the line and on the invoices there were on its day, never on the order in which statements
were read; how much of it goes where depends on all lines together, by their days. A match is certain or it is a suggestion:
certain ones are money, suggestions wait for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from payflow.columns import to_date
from payflow.model.facts import LineKind
from payflow.policy.naming import Name, Numbers, References, Strength, squeeze

#: Days before its issue on which an invoice may be paid: it is known to the client when its export says it is issued.
_EARLY = 7
#: Of more invoices than this named in one line no part is tried out: all of them are meant, or a person says which.
_MOST_TRIED = 10
#: Days after which a bank takes back no payment by itself: thirteen months, as with an unauthorised direct debit.
_RETURNED_WITHIN = 400


class BankLine(NamedTuple):
    """A line of a bank statement. `id` names it for good; `amount` minor units, positive is money in; `on` a day number."""

    id: str
    account: str
    on: int
    value_on: int | None
    amount: int
    currency: str
    payer: str
    payer_account: str
    text: str
    reference: str
    bank_id: str
    kind: str

    @property
    def sent_on(self) -> int:
        """Settled money counts from the day it was sent, as far as the bank tells it (design 6.3)."""
        return self.on if self.value_on is None else min(self.on, self.value_on)


class Debt(NamedTuple):
    """An invoice that a line may pay. `asks` is its total less credits; `numbers` all it goes by, its own first.

    `doubtful`: it may be no debt of its own, or is not asked for, so that no payment of it is certain.
    """

    id: int
    numbers: tuple[str, ...]
    reference: str
    client: str
    client_name: str
    currency: str
    asks: int
    issued_on: int
    doubtful: str = ""


class Rule(StrEnum):
    """Why a line is taken to be a payment of an invoice."""

    # a structured reference made for it
    REFERENCE = "reference"
    # its number in the text
    NUMBER = "number"
    # the exact amount from a payer known as its client
    AMOUNT = "amount"
    # a returned line takes back the payment it reverses
    REVERSAL = "reversal"
    # a person said so
    PERSON = "person"


class Part(NamedTuple):
    """Minor units of a line that go to an invoice; below zero they take back."""

    invoice: int
    amount: int


class Match(NamedTuple):
    """A line with what it pays. `rest` is what no invoice takes: open credit of `client` if it is money of theirs."""

    line: BankLine
    rule: Rule
    parts: tuple[Part, ...]
    reason: str
    client: str = ""
    rest: int = 0


class Candidate(NamedTuple):
    """What a line may pay, and why, for a person to decide."""

    rule: Rule
    parts: tuple[Part, ...]
    reason: str


class Suggestion(NamedTuple):
    """A line that waits for a person, its likeliest candidates first."""

    line: BankLine
    candidates: tuple[Candidate, ...]


class Decided(NamedTuple):
    """A person's word on a line: the parts that it pays; none: it pays no invoice."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """Every line: certain, waiting for a person, or left over. `rejected` are lines that a person said pay no invoice."""

    certain: Sequence[Match] = ()
    suggested: Sequence[Suggestion] = ()
    unmatched: Sequence[BankLine] = ()
    rejected: Sequence[BankLine] = ()


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
    ordered = sorted({line.id: line for line in lines}.values(), key=_order)
    # a person's word comes first: what it gives to an invoice, no other line can
    for line in ordered:
        if line.id in decisions:
            work.follow(line, decisions[line.id])
    for line in ordered:
        if line.id in decisions or line.kind == LineKind.FEE:
            continue
        if line.amount > 0:
            work.take(line, recognised.get(line.id))
        elif line.amount < 0:
            work.give_back(line)
    return work.matched()


def _order(line: BankLine) -> tuple[int, int, int, str]:
    """By day; on one day what came in before what went out, so that a payment comes before its return."""
    return line.on, int(line.amount < 0), abs(line.amount), line.id


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
        self._returned: set[str] = set()

    def matched(self) -> Matched:
        return Matched(tuple(self._matches.values()), self._suggested, self._unmatched, self._rejected)

    def follow(self, line: BankLine, said: Decided) -> None:
        parts = tuple(part for part in said.parts if part.invoice in self.debts)
        if not said.parts:
            self._rejected.append(line)
        elif not parts:
            self._unmatched.append(line)
        else:
            self._book(line, Rule.PERSON, parts, "a person said so")

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
        return tuple(Candidate(aim.rule, self._given_out(line.amount, group), aim.reason) for group in groups)

    def _shared(self, invoices: Sequence[int]) -> bool:
        """Whether two of them go by one number, so that it does not tell which is meant."""
        numbers = [text for invoice in invoices for text in {squeeze(number) for number in self.debts[invoice].numbers}]
        return len(numbers) != len(set(numbers))

    def give_back(self, line: BankLine) -> None:
        """Money that went out: a payment that was returned, or a refund, or nothing to do with invoices."""
        named = self._named(line)
        found = self._reversed_by(line, named)
        if found is not None:
            earlier, certain, reason = found
            parts = tuple(Part(part.invoice, -part.amount) for part in earlier.parts)
            if certain:
                self._returned.add(earlier.line.id)
                self._book(line, Rule.REVERSAL, parts, reason, client=earlier.client)
            else:
                self._suggested.append(Suggestion(line, (Candidate(Rule.REVERSAL, parts, reason),)))
            return
        if len(named) == 1 and named[0].strength is not Strength.WEAK:
            debt = self.debts[named[0].invoice]
            reason = f"money out that names {named[0].found}: a refund, or a payment that was returned"
            part = Part(debt.id, -min(-line.amount, debt.asks))
            self._suggested.append(Suggestion(line, (Candidate(Rule.NUMBER, (part,), reason),)))
        else:
            self._unmatched.append(line)

    def _reversed_by(self, line: BankLine, named: Sequence[Name]) -> tuple[Match, bool, str] | None:
        """The payment that a line takes back, whether that is certain, and why."""
        possible = [
            match
            for match in self._matches.values()
            if match.line.amount == -line.amount
            and (match.line.currency, match.line.account) == (line.currency, line.account)
            and 0 <= line.on - match.line.on <= _RETURNED_WITHIN
            and match.line.id not in self._returned
        ]
        about = {name.invoice for name in named}
        for why, alike in (
            ("it bears the same reference", [m for m in possible if _same_reference(m.line, line)]),
            ("it names the same invoice", [m for m in possible if about & {part.invoice for part in m.parts}]),
            ("it has the same payer", [m for m in possible if _same_payer(m.line, line)]),
            ("no other payment has its amount", [m for m in possible if not _other_payer(m.line, line)]),
        ):
            if not alike:
                continue
            # of several payments of the same invoices the last is the one returned
            last = max(alike, key=lambda match: _order(match.line))
            one = len({frozenset(part.invoice for part in match.parts) for match in alike}) == 1
            certain = one and line.kind == LineKind.REVERSAL
            return last, certain, f"takes back the payment of {_day(last.line.on)}: {why}"
        return None

    def _book(
        self, line: BankLine, rule: Rule, parts: tuple[Part, ...], reason: str, client: str | None = None
    ) -> None:
        for part in parts:
            self.left[part.invoice] -= part.amount
        if client is None:
            clients = {self.debts[part.invoice].client for part in parts}
            client = clients.pop() if len(clients) == 1 else ""
        rest = line.amount - sum(part.amount for part in parts)
        self._matches[line.id] = Match(line, rule, parts, reason, client, rest)

    def _given_out(self, amount: int, invoices: Sequence[int]) -> tuple[Part, ...]:
        """The oldest invoice is paid first; none gets more than is left of it."""
        parts = []
        for invoice in sorted(invoices, key=lambda one: (self.debts[one].issued_on, one)):
            given = min(amount, self.left[invoice])
            if given > 0:
                parts.append(Part(invoice, given))
                amount -= given
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
        return [name for name in names if self._may_pay(line, name.invoice, early=_EARLY)]

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


def same_name(payer: str, client: str) -> bool:
    """Whether a bank and the books mean the same one: banks cut names short, write capitals and leave legal forms out."""
    one, other = _name_words(payer), _name_words(client)
    if not one or not other:
        return False
    if one == other:
        return True
    short, long = sorted(("".join(one), "".join(other)), key=len)
    return len(short) >= 8 and long.startswith(short)


#: What legal forms and titles say, which banks and books leave out at will.
_LEGAL = re.compile(
    r"ltd|limited|llc|inc|incorporated|corp|corporation|co|company|plc|ll?p|gmbh|ag|kg|ohg|ug|mbh|e[vgk]|sas?|sarl|srl|spa|"
    r"[bn]v|vof|ab|asa?|aps|oyj?|slu?|kft|zrt|sp|zoo|sro|pty|the|and|und|et|y|mrs?|ms|herrn?|frau"
)


def _name_words(text: str) -> list[str]:
    folded = "".join(sign if sign.isalnum() else "" if sign in ".'" else " " for sign in text.casefold())
    return [word for word in folded.split() if not _LEGAL.fullmatch(word)]


def _same_reference(one: BankLine, other: BankLine) -> bool:
    same_id = bool(one.bank_id) and one.bank_id == other.bank_id
    return same_id or (bool(one.reference) and one.reference == other.reference)


def _same_payer(one: BankLine, other: BankLine) -> bool:
    if one.payer_account and other.payer_account:
        return one.payer_account == other.payer_account
    return same_name(one.payer, other.payer)


def _other_payer(one: BankLine, other: BankLine) -> bool:
    if one.payer_account and other.payer_account:
        return one.payer_account != other.payer_account
    return bool(one.payer and other.payer) and not same_name(one.payer, other.payer)


def payers(matches: Iterable[Match]) -> dict[str, frozenset[str]]:
    """The accounts from which clients were seen to pay, by client; an account that paid for several tells nothing."""
    by_account: dict[str, set[str]] = {}
    for one in matches:
        if one.client and one.line.payer_account and one.line.amount > 0:
            by_account.setdefault(one.line.payer_account, set()).add(one.client)
    found: dict[str, set[str]] = {}
    for account, clients in by_account.items():
        if len(clients) == 1:
            found.setdefault(next(iter(clients)), set()).add(account)
    return {client: frozenset(accounts) for client, accounts in found.items()}


def suggest(
    lines: Iterable[BankLine],
    debts: Sequence[Debt],
    outstanding: Mapping[int, int],
    known: Mapping[str, frozenset[str]],
    seen: Callable[[BankLine, str], bool] | None = None,
) -> tuple[list[Suggestion], list[BankLine]]:
    """Suggestions by amount and payer for lines that nothing else tells, and the lines that are left.

    `outstanding` is what is open of each invoice now, `known` from `payers`; `seen` tells lines whose money the books
    show already as paid by a client.
    """
    open_of: dict[tuple[str, str], list[Debt]] = {}
    for debt in debts:
        if outstanding.get(debt.id, 0) > 0:
            open_of.setdefault((debt.client, debt.currency), []).append(debt)
    names = {debt.client: debt.client_name for debt in debts}
    accounts = {account: client for client, several in known.items() for account in several}
    suggested, left = [], []
    for line in sorted(lines, key=_order):
        found: tuple[Candidate, ...] = ()
        if line.amount > 0 and line.kind not in (LineKind.FEE, LineKind.REVERSAL):
            clients = _clients_of(line, names, accounts)
            if seen is not None and any(seen(line, client) for client, _ in clients):
                clients = []
            for client, why in clients:
                those = [one for one in open_of.get((client, line.currency), ()) if one.issued_on <= line.on + _EARLY]
                found += _by_amount(line, those, outstanding, f"{why} {names.get(client, client)}")
        if found:
            suggested.append(Suggestion(line, found))
        else:
            left.append(line)
    return suggested, left


def _clients_of(line: BankLine, names: Mapping[str, str], accounts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The clients that a payer may be, and how it is known."""
    if line.payer_account in accounts:
        return [(accounts[line.payer_account], "from an account known as that of")]
    return [(client, "the payer is") for client, name in sorted(names.items()) if same_name(line.payer, name)]


def _by_amount(
    line: BankLine, debts: Sequence[Debt], outstanding: Mapping[int, int], payer: str
) -> tuple[Candidate, ...]:
    """Invoices that the amount pays exactly: one, or all that are open; else, oldest first, as far as it reaches."""
    if not debts:
        return ()
    ordered = sorted(debts, key=lambda debt: (debt.issued_on, debt.id))
    exact = [debt for debt in ordered if outstanding[debt.id] == line.amount]
    if exact:
        several = " (one of several)" if len(exact) > 1 else ""
        return tuple(
            Candidate(Rule.AMOUNT, (Part(debt.id, line.amount),), f"the exact amount{several}, and {payer}")
            for debt in exact
        )
    whole = sum(outstanding[debt.id] for debt in ordered)
    if whole == line.amount:
        parts = tuple(Part(debt.id, outstanding[debt.id]) for debt in ordered)
        return (Candidate(Rule.AMOUNT, parts, f"the sum of all that is open, and {payer}"),)
    amount, parts = line.amount, ()
    for debt in ordered:
        given = min(amount, outstanding[debt.id])
        if given > 0:
            parts += (Part(debt.id, given),)
            amount -= given
    word = (
        "more than all that is open" if line.amount > whole else "the oldest first, since the amount is none of theirs"
    )
    return (Candidate(Rule.AMOUNT, parts, f"{payer}; {word}"),)


def _listed(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def _day(number: int) -> str:
    return to_date(number).isoformat()
