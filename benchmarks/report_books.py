"""Made-up books for the ageing report: invoices and payments as CSV, and the same for programs of plain-text accounting.

Of a hundred invoices twenty are overdue, two of them part-paid three times since; five are not due yet, and the rest were paid
in one or two payments, some of them late: 1.3 payments per invoice, as they came in. Three currencies, one for each client.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

#: The day of the report. It is fixed, as the rates of the years before it are.
AS_OF = date(2026, 6, 30)
GRACE = 3
STATUTE = "de"
_NET = 30
_CURRENCIES = ("EUR", "GBP", "USD")
_DAYS = [date(2024, 1, 1) + timedelta(ahead) for ahead in range((AS_OF - date(2024, 1, 1)).days + _NET + 1)]
_ISO = [day.isoformat() for day in _DAYS]
_TODAY = len(_DAYS) - 1 - _NET


class Bill(NamedTuple):
    """An invoice and its payments; money in cents, days as places in `_DAYS`."""

    number: int
    client: int
    issued: int
    total: int
    payments: tuple[tuple[int, int], ...]


def bills(count: int) -> Iterator[Bill]:
    """So many invoices, the same ones each time."""
    draw = random.Random(20260630)
    clients = 1 + count // 40
    for number in range(count):
        fate, total = draw.random(), draw.randrange(5_000, 2_000_000)
        oldest = _TODAY - 2 * _NET if fate < 0.20 else _TODAY - _NET
        issued = draw.randrange(_TODAY - _NET + 1, _TODAY) if fate >= 0.95 else draw.randrange(1, oldest)
        due = issued + _NET
        payments: tuple[tuple[int, int], ...] = ()
        if fate < 0.02:
            days = sorted(draw.randrange(due, _TODAY + 1) for _ in range(3))
            payments = tuple((day, total // 5 + at) for at, day in enumerate(days))
        elif 0.20 <= fate < 0.95:
            last = min(due + draw.randrange(-20, 25), _TODAY)
            first = draw.randrange(issued, last + 1) if draw.random() < 0.65 else None
            part = total // 3 if first is not None else 0
            payments = ((last, total - part),) if first is None else ((first, part), (last, total - part))
        yield Bill(number, draw.randrange(clients), issued, total, payments)


def _currency(bill: Bill) -> str:
    return _CURRENCIES[bill.client % len(_CURRENCIES)]


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def write_csv(folder: Path, count: int) -> None:
    """invoices.csv in order of number, payments.csv in order of day, and rates.csv in hundredths of a percent."""
    paid: list[tuple[int, str]] = []
    with (folder / "invoices.csv").open("w", encoding="utf-8") as file:
        file.write("invoice,client,currency,issued_on,due_on,total\n")
        for bill in bills(count):
            number = f"INV-{bill.number:07}"
            file.write(
                f"{number},Client {bill.client:05},{_currency(bill)},{_ISO[bill.issued]},{_ISO[bill.issued + _NET]},"
                f"{_amount(bill.total)}\n"
            )
            paid += [(day, f"{number},{_ISO[day]},{_amount(amount)}\n") for day, amount in bill.payments]
    paid.sort()
    with (folder / "payments.csv").open("w", encoding="utf-8") as file:
        file.write("invoice,paid_on,amount\n")
        file.writelines(line for _, line in paid)
    from payflow.policy.statutes import rates_for, statute

    with (folder / "rates.csv").open("w", encoding="utf-8") as file:
        file.write("since,bp\n")
        for rate in rates_for(statute(STATUTE), _DAYS[0], AS_OF):
            points = rate.annual * 10_000
            assert points.denominator == 1
            file.write(f"{rate.since},{points}\n")


def write_plain_text(folder: Path, count: int) -> None:
    """The same books for `ledger`, `hledger` and beancount; what is receivable bears the due date of its invoice."""
    every: list[tuple[int, str, str, str]] = []
    for bill in bills(count):
        due = _ISO[bill.issued + _NET]
        for day, cents in ((bill.issued, bill.total), *((day, -cents) for day, cents in bill.payments)):
            every.append(
                (day, f"INV-{bill.number:07}", f"{_amount(cents) if cents > 0 else '-' + _amount(-cents)}", due)
            )
    owners = {f"INV-{bill.number:07}": (f"C{bill.client:05}", _currency(bill)) for bill in bills(count)}
    every.sort()
    with (
        (folder / "books.ledger").open("w", encoding="utf-8") as ledger,
        (folder / "books.journal").open("w", encoding="utf-8") as hledger,
        (folder / "books.beancount").open("w", encoding="utf-8") as beancount,
    ):
        for client in sorted({client for client, _ in owners.values()}):
            beancount.write(f"{_ISO[0]} open Assets:Receivable:{client}\n")
        beancount.write(f"{_ISO[0]} open Income:Sales\n{_ISO[0]} open Assets:Bank\n")
        for day, number, amount, due in every:
            client, currency = owners[number]
            other = "Assets:Bank" if amount.startswith("-") else "Income:Sales"
            posting = f"Assets:Receivable:{client}  {amount} {currency}"
            ledger.write(f"{_ISO[day]} {number}\n    {posting}  ; [={due}]\n    {other}\n\n")
            hledger.write(f"{_ISO[day]} {number}\n    {posting}  ; date2:{due}\n    {other}\n\n")
            beancount.write(f'{_ISO[day]} * "{number}"\n  {posting}\n    due: {due}\n  {other}\n\n')
