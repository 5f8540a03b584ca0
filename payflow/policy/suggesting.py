"""Which invoices a bank line may pay by its amount and payer alone: suggestions, which a person decides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from payflow.model.facts import LineKind
from payflow.policy.bank_lines import EARLY, BankLine, Candidate, Debt, Match, Part, Rule, Suggestion, order
from payflow.policy.payers import name_key, same_name

#: Of more invoices of one amount the oldest are named: a person who means another says --invoice.
_MOST_SHOWN = 10


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
    shown = _Open(debts, outstanding)
    names = {debt.client: debt.client_name for debt in debts}
    known_as: dict[str, list[str]] = {}
    for client, name in sorted(names.items()):
        known_as.setdefault(name_key(name), []).append(client)
    accounts = {account: client for client, several in known.items() for account in several}

    def clients_of(line: BankLine) -> list[tuple[str, str]]:
        """The clients that a payer may be, and how it is known."""
        if line.payer_account in accounts:
            return [(accounts[line.payer_account], "from an account known as that of")]
        alike = known_as.get(name_key(line.payer), ())
        return [(client, "the payer is") for client in alike if same_name(line.payer, names[client])]

    suggested, left = [], []
    for line in sorted(lines, key=order):
        found: tuple[Candidate, ...] = ()
        if line.amount > 0 and line.kind not in (LineKind.FEE, LineKind.REVERSAL):
            clients = clients_of(line)
            if seen is not None and any(seen(line, client) for client, _ in clients):
                clients = []
            for client, why in clients:
                found += shown.candidates(line, client, f"{why} {names.get(client, client)}")
        if found:
            suggested.append(Suggestion(line, found))
        else:
            left.append(line)
    return suggested, left


class _Open:
    """What is open of each client, the oldest invoice first, ready to be looked up by amount."""

    def __init__(self, debts: Sequence[Debt], outstanding: Mapping[int, int]) -> None:
        self._outstanding = outstanding
        self._of: dict[tuple[str, str], list[Debt]] = {}
        self._exact: dict[tuple[str, str, int], list[Debt]] = {}
        for debt in sorted(debts, key=_age):
            amount = outstanding.get(debt.id, 0)
            if amount > 0:
                self._of.setdefault((debt.client, debt.currency), []).append(debt)
                self._exact.setdefault((debt.client, debt.currency, amount), []).append(debt)
        self._sums = {place: list(accumulate(outstanding[debt.id] for debt in own)) for place, own in self._of.items()}

    def candidates(self, line: BankLine, client: str, payer: str) -> tuple[Candidate, ...]:
        """Invoices that a line's amount pays exactly: one, or all that are open; else, oldest first, as far as it reaches."""
        place = (client, line.currency)
        own = self._of.get(place, [])
        issued = bisect_right(own, line.on + EARLY, key=lambda debt: debt.issued_on)
        if not issued:
            return ()
        same = self._exact.get((*place, line.amount), [])
        exact = bisect_right(same, line.on + EARLY, key=lambda debt: debt.issued_on)
        if exact:
            several = f" (one of {exact})" if exact > 1 else ""
            return tuple(
                Candidate(Rule.AMOUNT, (Part(debt.id, line.amount),), f"the exact amount{several}, and {payer}")
                for debt in same[: min(exact, _MOST_SHOWN)]
            )
        whole = self._sums[place][issued - 1]
        parts = tuple(self._oldest_first(line.amount, own[:issued] if line.amount >= whole else own))
        if line.amount == whole:
            reason = f"the sum of all that is open, and {payer}"
        elif line.amount > whole:
            reason = f"{payer}; more than all that is open"
        else:
            reason = f"{payer}; the oldest first, since the amount is none of theirs"
        return (Candidate(Rule.AMOUNT, parts, reason),)

    def _oldest_first(self, amount: int, own: Iterable[Debt]) -> Iterator[Part]:
        for debt in own:
            given = min(amount, self._outstanding[debt.id])
            if given <= 0:
                return
            yield Part(debt.id, given)
            amount -= given


def _age(debt: Debt) -> tuple[int, int]:
    return debt.issued_on, debt.id
