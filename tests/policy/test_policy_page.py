"""docs/policy.md: every figure on the page is worked out again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import fields, replace

from payflow import money
from payflow.columns import to_day
from payflow.model.agreement import DueRule, LateFee, Policy
from payflow.model.facts import EntryKind, Settlement, State
from payflow.model.interest import Interest
from payflow.model.journal import Hold
from payflow.policy import fees
from payflow.policy.assess import assess
from payflow.policy.interest_reading import read_interest
from payflow.policy.reading import KeyPath, Reader
from payflow.workspace import load
from plan.nights import Nights, Seen
from policy.books import DUE, Bill, Move, assess_one, book_of, policy_of

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
WORKSPACE = """
[business]
name = "Studio North"
email = "billing@studio-north.example"
timezone = "Europe/London"
currency = "GBP"
policy = "standard"
"""


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first column has that heading."""
    lines = PAGE[PAGE.index(f"\n| {first} |") + 1 :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len(rows) > 2
    return rows[2:]


def row_id(row: object) -> str:
    return " ".join(row) if isinstance(row, list) else str(row)


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def minor(text: str, currency: str = "GBP") -> int:
    return money.parse(text, currency) if text else 0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The policy at the top of the page, as payflow reads it."""
    root = tmp_path_factory.mktemp("page")
    block = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    (root / "payflow.toml").write_text(WORKSPACE + block[1], encoding="utf-8")
    return load(root, {}).workspace.agreement.policies["standard"]


def test_the_policy_of_the_page_is_read_with_every_key(written: Policy) -> None:
    assert replace(written, ladder=()) == policy_of(tolerance={"GBP": 1500}, ladder=())
    assert [(step.name, step.day, step.fee) for step in written.ladder] == [
        ("heads-up", -3, False),
        ("reminder", 1, False),
        ("late-fee", 7, True),
        ("final", 21, False),
    ]


def test_every_key_stands_in_the_table_with_its_default() -> None:
    described = {key.strip("`"): default.strip("`") for key, _, default in table("key")}
    names = {"ladder": "step", "gate_charges": "gate"}
    of_policy = {names.get(item.name, item.name): item.default for item in fields(Policy) if item.name != "name"}
    # `stack` only lets stand together what would be a mistake, and `bill` is a key of interest
    assert set(described) == set(of_policy) - {"bill"} | {"stack"}
    for key in ("grace", "spacing", "binding", "due", "allocation"):
        assert described[key] == str(of_policy[key])
    assert (described["gate"], of_policy["gate"]) == ("false", False)
    assert {described[key] for key in ("late_fee", "interest", "compensation", "tolerance", "step")} == {"none"}


def test_every_key_of_interest_stands_in_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[KeyPath, str]] = set()
    get = Reader.get

    def recording(reader: Reader, key: str) -> Any:
        asked.add((reader.path, key))
        return get(reader, key)

    monkeypatch.setattr(Reader, "get", recording)
    read_interest(Reader({"interest": {"annual": "8"}}, []), "GBP", billed=True)
    described = {row[0].strip("`"): row[2].strip("`") for row in table("key in `interest`")}
    assert set(described) == {key for path, key in asked if path == ("interest",)}
    usual = Interest(Fraction(8, 100))
    for key in ("day_count", "rounding", "mode", "compound"):
        assert described[key].split("`")[0] == getattr(usual, key).value


@pytest.mark.parametrize("row", table("as of"), ids=row_id)
def test_an_invoice_in_instalments(row: Sequence[str], tmp_path: Path) -> None:
    as_of, state, due_on, overdue, interest = row
    block = re.search(r"```toml\n(\[policy\.thirds\].*?)```", PAGE, re.DOTALL)
    assert block is not None
    (tmp_path / "payflow.toml").write_text(WORKSPACE.replace("standard", "thirds") + block[1], encoding="utf-8")
    policy = load(tmp_path, {}).workspace.agreement.policies["thirds"]
    today = date.fromisoformat(as_of)
    book = book_of(Bill(100_000, issued=date(2026, 10, 20)))
    found = assess(book, [policy], np.zeros(1, dtype=np.int64), np.full(1, True), today)
    assert found.parts is not None
    late = sum(int(found.parts.left[part]) for part in found.parts.of[0] if found.parts.due_on[part] < to_day(today))
    assert (State(int(found.state[0])).word, to_day(date.fromisoformat(due_on))) == (state, int(found.due_on[0]))
    assert (late, int(found.interest[0])) == (minor(overdue), minor(interest))


@pytest.mark.parametrize("row", table("terms"), ids=row_id)
def test_due_dates(row: Sequence[str]) -> None:
    terms, issued, printed, shown, rule, due = row
    bill = Bill(issued=date.fromisoformat(issued), printed=day(printed), shown=day(shown))
    assert assess_one(bill, policy_of(terms, due=DueRule(rule)), DUE).due_on == day(due)


MOVES = {
    "paid": (1, EntryKind.PAYMENT, Settlement.SETTLED),
    "pending": (1, EntryKind.PAYMENT, Settlement.PENDING),
    "credited": (1, EntryKind.CREDIT, Settlement.SETTLED),
    "refunded": (-1, EntryKind.REFUND, Settlement.SETTLED),
    "disputed": (-1, EntryKind.DISPUTE, Settlement.DISPUTED),
}


@pytest.mark.parametrize("row", table("what moved on 4,000.00"), ids=row_id)
def test_what_is_outstanding(row: Sequence[str], written: Policy) -> None:
    what, outstanding, state = row
    moves = []
    for part in () if what == "nothing" else what.split(", "):
        amount, word = part.split()
        sign, kind, settlement = MOVES[word]
        moves.append(Move(DUE, sign * minor(amount), kind, settlement))
    found = assess_one(Bill(moves=moves), written, date(2026, 11, 21))
    assert (money.show(found.outstanding, "GBP"), found.state.word) == (f"{outstanding} GBP", state)


@pytest.mark.parametrize("row", table("total"), ids=row_id)
def test_interest(row: Sequence[str], written: Policy) -> None:
    total, due, grace, annual, paid, on, as_of, balance_days, interest, more = row
    amount, currency = total.split()
    sent = day(on)
    moves = [Move(sent, minor(paid, currency))] if sent else []
    bill = Bill(total=minor(amount, currency), currency=currency, printed=day(due), moves=moves)
    policy = replace(written, grace=int(grace), interest=policy_of(annual=annual).interest)
    found = assess_one(bill, policy, date.fromisoformat(as_of))
    assert [found.balance_days, found.interest, found.per_day] == [
        minor(text, currency) for text in (balance_days, interest, more)
    ]


@pytest.mark.parametrize("row", table("late_fee"), ids=row_id)
def test_late_fees(row: Sequence[str]) -> None:
    written_as, outstanding, claimed = row
    kind, value = re.findall(r'(\w+) = "([0-9.]+)"', written_as)[0]
    fee = LateFee({"GBP": minor(value)}) if kind == "amount" else LateFee(percent=fees.from_percent(value))
    assert fees.amount(fee, "GBP", minor(outstanding)) == minor(claimed)


@pytest.mark.parametrize("row", table("runs"), ids=row_id)
def test_the_days_of_notices(row: Sequence[str], written: Policy) -> None:
    runs, held, notices = row
    holds = []
    if held:
        since, until = held.split(" to ")
        holds = [Hold("invoice", "13", date.fromisoformat(since), day(until), "")]
    nights, first = Nights(policy=written, holds=holds), date.fromisoformat(runs.removeprefix("daily from "))
    for after in range(60):
        nights.night(first + timedelta(days=after))
    sent = [f"{on.isoformat()} {item.step}" for on, message in nights.messages for item in message.notices]
    assert ", ".join(sent) == notices


@pytest.mark.parametrize("row", table("paid"), ids=row_id)
def test_what_is_taken_back(row: Sequence[str], written: Policy) -> None:
    paid, sent, flat, percent = row
    for fee, stands in ((written.late_fee, flat), (LateFee(percent=fees.from_percent("1.5")), percent)):
        late = Seen(Move(date.fromisoformat(sent), minor(paid)), date(2026, 11, 13))
        nights = Nights(policy=replace(written, late_fee=fee), seen=[late])
        for after in range(30):
            nights.night(date(2026, 10, 30) + timedelta(days=after))
        (charge,) = nights.charges
        assert (charge.claimed_on, charge.amount) == (date(2026, 11, 11), 2500 if fee == written.late_fee else 6000)
        assert charge.standing == minor(stands)
