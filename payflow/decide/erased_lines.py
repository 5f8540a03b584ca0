"""Bank lines of a client that is forgotten: who paid and what was written goes; what was paid, and what for, stays.

A line whose texts are gone cannot be recognised again, so what each one pays is handed back too, to be journaled first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from payflow.decide.bank import line_id
from payflow.decide.banked import Banked
from payflow.policy.bank_lines import BankLine, Match, Part
from payflow.policy.naming import Numbers, Strength, made_from
from payflow.policy.payers import same_name
from payflow.store.mirror import BankLineRow


class Erasure(NamedTuple):
    """`rows` as they stay; `kept` what lines pay, to be journaled; `payers`, `accounts` and `lines` by which they are known."""

    rows: Sequence[BankLineRow]
    kept: Sequence[tuple[str, tuple[Part, ...]]]
    payers: frozenset[str]
    accounts: frozenset[str]
    lines: frozenset[str]


def erasure(
    bank: Banked,
    rows: Sequence[BankLineRow],
    invoices: Collection[int],
    names: Iterable[str],
    name: str,
    decided: Collection[str],
) -> Erasure:
    """What becomes of a client's lines: those that pay its `invoices`, and those from accounts or `names` that are its own.

    `name` is what the client is called from now on, `decided` are lines on which a person's word stands.
    """
    certain = [one for one in bank.matched.certain if any(part.invoice in invoices for part in one.parts)]
    own = {one.line.id for one in certain}
    accounts = {one.line.payer_account for one in certain} - _accounts_of_others(bank.matched.certain, own) - {""}
    names = list(names)
    gone = own | {
        line_id(row)
        for row in rows
        if account_of(row.payer_account) in accounts or any(same_name(row.payer, one) for one in names)
    }
    # the same line as another format tells it
    seen = {*bank.by_line(), *(line.id for line in _others(bank))}
    alike = {(row.booked_on, row.amount, row.currency) for row in rows if line_id(row) in gone}
    gone |= {
        line_id(row) for row in rows if line_id(row) not in seen and (row.booked_on, row.amount, row.currency) in alike
    }
    numbers = Numbers((number, debt.id) for debt in bank.debts.values() for number in debt.numbers)
    theirs = [row for row in rows if line_id(row) in gone]
    strangers = [row for row in rows if line_id(row) not in gone]
    return Erasure(
        rows=[bare(row, name, numbers) for row in theirs],
        kept=[
            (one.line.id, one.parts)
            for one in sorted(bank.matched.certain, key=lambda one: one.line.id)
            if one.line.id in gone and one.line.id not in decided
        ],
        payers=frozenset(row.payer for row in theirs) - {row.payer for row in strangers} - {""},
        accounts=frozenset(account_of(row.payer_account) for row in theirs)
        - {account_of(row.payer_account) for row in strangers}
        - {""},
        lines=frozenset(gone),
    )


def _accounts_of_others(certain: Iterable[Match], own: Collection[str]) -> set[str]:
    return {one.line.payer_account for one in certain if one.line.id not in own}


def _others(bank: Banked) -> Iterable[BankLine]:
    found = bank.matched
    return [*(one.line for one in found.suggested), *found.unmatched, *found.rejected, *found.fees]


def account_of(text: str) -> str:
    """A payer's account as it is compared."""
    return "".join(text.split()).upper()


def bare(row: BankLineRow, name: str, numbers: Numbers) -> BankLineRow:
    """A line without the person."""
    text, reference = bare_texts(row.remittance, row.reference, numbers)
    return row._replace(payer=name, payer_account="", remittance=text, reference=reference)


def bare_texts(text: str, reference: str, numbers: Numbers) -> tuple[str, str]:
    """Of a line's texts the invoices that they name, and a structured reference; nothing of what else a person wrote."""
    found = [
        f"invoice {one.found}" if one.strength is Strength.WITH_AMOUNT else one.found
        for one in numbers.named_in(f"{text} | {reference}")
        if one.strength is not Strength.WEAK
    ]
    return ", ".join(dict.fromkeys(found)), reference if made_from(reference) is not None else ""
