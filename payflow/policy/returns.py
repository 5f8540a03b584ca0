"""Which payment a line takes back that went out: whole or in part, no payment twice.

Payments are kept by all that a return can be known by, so that one is found at once among any number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from payflow.columns import to_date
from payflow.model.facts import LineKind
from payflow.policy.bank_lines import BankLine, Match, Part, order
from payflow.policy.payers import name_key, same_name

#: Days after which a bank takes back no payment by itself: thirteen months, as with an unauthorised direct debit.
_RETURNED_WITHIN = 400
_REFERENCE, _INVOICE = "it bears the same reference", "it names the same invoice"
_PAYER, _NOBODY = "it has the same payer", "no other payment has its amount"


class Return(NamedTuple):
    """What a line takes back: `parts` below zero, of the payment `of`; whether that is certain, and why."""

    of: Match
    parts: tuple[Part, ...]
    certain: bool
    reason: str


class Returns:
    """Payments, and what is left of each after what was taken back."""

    def __init__(self) -> None:
        #: by line: what is left of it, and of each invoice's part
        self._left: dict[str, tuple[int, tuple[Part, ...]]] = {}
        self._by: dict[tuple[Hashable, ...], list[Match]] = {}

    def add(self, paid: Match) -> None:
        """Keep a payment."""
        self._left[paid.line.id] = paid.line.amount, paid.parts
        self._keep(paid, paid.line.amount, None)

    def _keep(self, paid: Match, *amounts: int | None) -> None:
        """Under an amount that a return of all of it has, and under none, for returns of a part."""
        for key in _keys(paid):
            for amount in amounts:
                self._by.setdefault((_place(paid.line), amount, *key), []).append(paid)

    def find(self, line: BankLine, named: Collection[int]) -> Return | None:
        """The payment that a line takes back; `named` are the invoices that its text names."""
        return self._whole(line, named) or self._in_part(line, named)

    def take(self, line: BankLine, back: Return) -> None:
        """Note that a line took back what was found for it."""
        self._lessen(back.of, -line.amount, back.parts)

    def note(self, line: BankLine, parts: Sequence[Part]) -> None:
        """Note what a line took back by a person's word: of the last payment of these invoices, one of its amount first."""
        invoices = {part.invoice for part in parts}
        keys = [("invoice", invoice) for invoice in sorted(invoices)]
        found = self._among(line, -line.amount, keys) or self._among(line, None, keys)
        fit = [one for one in found if self._left[one.line.id][0] > 0]
        if fit:
            self._lessen(max(fit, key=lambda one: order(one.line)), -line.amount, parts)

    def _lessen(self, paid: Match, amount: int, parts: Sequence[Part]) -> None:
        left, own = self._left[paid.line.id]
        back = {part.invoice: part.amount for part in parts}
        kept = tuple(Part(one.invoice, one.amount + back.get(one.invoice, 0)) for one in own)
        left = max(left - amount, 0)
        self._left[paid.line.id] = left, tuple(one for one in kept if one.amount > 0)
        if left:
            self._keep(paid, left)

    def _among(self, line: BankLine, amount: int | None, keys: Iterable[tuple[Hashable, ...]]) -> list[Match]:
        """Payments kept under one of the keys that a line can take back, by its day; each once."""
        found = {
            one.line.id: one
            for key in keys
            for one in self._by.get((_place(line), amount, *key), ())
            if 0 <= line.on - one.line.on <= _RETURNED_WITHIN
        }
        return list(found.values())

    def _whole(self, line: BankLine, named: Collection[int]) -> Return | None:
        amount = -line.amount
        for why, keys, same in _chances(line, named):
            alike = [
                one
                for one in self._among(line, amount, keys)
                if self._left[one.line.id][0] == amount and same(one.line)
            ]
            if alike:
                # of several payments of the same invoices the last is the one returned
                last = max(alike, key=lambda one: order(one.line))
                one_debt = len({frozenset(part.invoice for part in one.parts) for one in alike}) == 1
                parts = tuple(Part(part.invoice, -part.amount) for part in self._left[last.line.id][1])
                certain = one_debt and line.kind == LineKind.REVERSAL
                return Return(last, parts, certain, f"takes back the payment of {_day(last)}: {why}")
        return None

    def _in_part(self, line: BankLine, named: Collection[int]) -> Return | None:
        """A part of a payment, or one with the bank's costs on top: certain only where no other payment can be meant."""
        amount, returned = -line.amount, line.kind == LineKind.REVERSAL
        for why, keys, same in _chances(line, named):
            if why == _NOBODY or (why != _REFERENCE and not returned):
                # money out of another amount is a return only if something says so
                break
            alike = [one for one in self._among(line, None, keys) if self._left[one.line.id][0] > 0 and same(one.line)]
            if not alike:
                continue
            last = max(alike, key=lambda one: order(one.line))
            left, own = self._left[last.line.id]
            parts = _last_first(amount, left, own, named)
            if not parts:
                return None
            part = amount < left
            meant = [one for one in own if one.invoice in named] or own
            alone = len(alike) == 1 and len(meant) == 1 and amount <= meant[0].amount
            alone = alone and left == sum(one.amount for one in own)
            certain = returned and part and alone and why in (_REFERENCE, _INVOICE)
            what = "takes back a part of" if part else "takes back more than"
            return Return(last, parts, certain, f"{what} the payment of {_day(last)}: {why}")
        return None


_Chance = tuple[str, list[tuple[Hashable, ...]], Callable[[BankLine], bool]]


def _chances(line: BankLine, named: Collection[int]) -> Iterator[_Chance]:
    """How a payment may be known from its return, the surest first: why, the keys to look under, and what must hold."""
    references: list[tuple[Hashable, ...]] = []
    if line.bank_id:
        references.append(("id", line.bank_id))
    if line.reference:
        references.append(("reference", line.reference))
    yield _REFERENCE, references, lambda _: True
    yield _INVOICE, [("invoice", one) for one in sorted(named)], lambda _: True
    account, name = line.payer_account, name_key(line.payer)
    payers: list[tuple[Hashable, ...]] = [("name", False, name)]
    payers.append(("account", account) if account else ("name", True, name))
    yield _PAYER, payers, lambda other: _same_payer(line, other)
    # a payment that does not tell its payer, or any where the return does not
    accounts = (False,) if account else (True, False)
    names = (False,) if line.payer else (True, False)
    yield _NOBODY, [("nobody", one, other) for one in accounts for other in names], lambda _: True


def _keys(paid: Match) -> Iterator[tuple[Hashable, ...]]:
    line = paid.line
    if line.bank_id:
        yield "id", line.bank_id
    if line.reference:
        yield "reference", line.reference
    for part in paid.parts:
        yield "invoice", part.invoice
    told = bool(line.payer_account)
    if told:
        yield "account", line.payer_account
    yield "name", told, name_key(line.payer)
    yield "nobody", told, bool(line.payer)


def _place(line: BankLine) -> tuple[str, str]:
    return line.account, line.currency


def _same_payer(one: BankLine, other: BankLine) -> bool:
    if one.payer_account and other.payer_account:
        return one.payer_account == other.payer_account
    return same_name(one.payer, other.payer)


def _last_first(amount: int, left: int, own: Sequence[Part], named: Collection[int]) -> tuple[Part, ...]:
    """What a part takes back: first what no invoice took, then of the invoices that it names, then of the newest."""
    amount -= min(amount, left - sum(part.amount for part in own))
    own = [*(one for one in own if one.invoice not in named), *(one for one in own if one.invoice in named)]
    parts: list[Part] = []
    for part in reversed(own):
        back = min(amount, part.amount)
        if back > 0:
            parts.append(Part(part.invoice, -back))
            amount -= back
    return tuple(parts)


def _day(paid: Match) -> str:
    return to_date(paid.line.on).isoformat()
