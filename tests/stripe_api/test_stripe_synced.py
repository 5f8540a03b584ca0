"""Stripe's readings in the mirror and on the board: an October and November in one account, pulled night by night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from payflow.decide import decide
from payflow.model.facts import State
from payflow.store import Store, mirror, open_store
from payflow.sync import import_file, sync
from payflow.workspace import load
from stories.papers import BUSINESS, step
from stripe_api import made
from stripe_api.exported import HEADER, row
from stripe_api.standin import KEY, Standin, at

WORKSPACE = f"""\
{BUSINESS}policy = "standard"

[[source]]
name = "stripe"
connector = "stripe"
{{how}}

[policy.standard]
terms = "net-14"

{step("reminder", 1)}"""


class Studio:
    """A workspace whose only source is Stripe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.say('key = "env:STRIPE_API_KEY"')
        self.store: Store = open_store("sqlite:///payflow.db", root, create=True)

    def say(self, how: str) -> None:
        (self.root / "payflow.toml").write_text(WORKSPACE.format(how=how), encoding="utf-8")
        self.workspace = load(self.root, {"STRIPE_API_KEY": KEY}).workspace

    def night(self, day: str) -> None:
        now = datetime.fromisoformat(f"{day}T22:00").replace(tzinfo=UTC)
        [report] = sync(self.store, self.workspace, now=now)
        assert not report.failed, report.error
        assert report.problems == ()

    def state(self, day: str, number: str = "NORTH-in_1") -> tuple[str, int, bool]:
        """State, what is owed, and whether it may be acted on."""
        decision = decide(
            self.store, self.workspace, date.fromisoformat(day), datetime.fromisoformat(f"{day}T22:30+00:00")
        )
        [view] = [item for item in decision.invoices if item.number == number]
        return view.state.word, view.outstanding, "stale" in {flag.value for flag in view.flags}

    def entries(self) -> list[tuple[str, int, str]]:
        return [(item.key, item.amount, item.settlement) for item in mirror.entries(self.store)]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    (tmp_path / "contracts").mkdir()
    made_here = Studio(tmp_path)
    with closing(made_here.store):
        yield made_here


def test_an_invoice_from_issue_through_a_failed_debit_payment_and_refund(account: Standin, studio: Studio) -> None:
    made.customer(account)
    made.invoice(account)
    studio.night("2026-10-14")
    assert studio.state("2026-10-14") == ("open", 100_000, False)

    made.intent(account, "pi_1", 100_000, status="processing", sent=at("2026-10-15 09:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 100_000, paid=None)
    studio.night("2026-10-16")
    assert studio.state("2026-10-16") == ("overdue", 100_000, False)
    assert studio.entries() == [("inpay_1", 100_000, "pending")]

    made.intent(account, "pi_1", 100_000, status="requires_payment_method", sent=at("2026-10-15 09:00"))
    studio.night("2026-10-17")
    assert studio.entries() == []

    made.intent(account, "pi_1", 100_000, sent=at("2026-10-18 09:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 100_000, paid=at("2026-10-18 09:00"))
    made.invoice(
        account, status="paid", amount_paid=100_000, amount_remaining=0, steps={"paid_at": at("2026-10-18 09:00")}
    )
    studio.night("2026-10-19")
    assert studio.state("2026-10-19") == ("paid", 0, False)

    refund = made.refund(account, "re_1", "pi_1", 25_000, "2026-10-20 09:00")
    account.event("refund.created", refund, at("2026-10-20 09:00"))
    studio.night("2026-10-20")
    assert studio.state("2026-10-20") == ("overdue", 25_000, False)
    for day in range(21, 29):
        studio.night(f"2026-10-{day}")
        assert studio.state(f"2026-10-{day}") == ("overdue", 25_000, False)


def test_a_synthetic_rest_gives_way_to_the_payment_it_stood_for(account: Standin, studio: Studio) -> None:
    made.invoice(account, amount_remaining=40_000, amount_paid=60_000)
    studio.night("2026-10-14")
    assert studio.entries() == [("in_1:rest", 60_000, "settled")]
    made.intent(account, "pi_1", 60_000, sent=at("2026-10-12 09:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 60_000, paid=at("2026-10-12 09:00"))
    studio.night("2026-10-15")
    assert studio.entries() == [("inpay_1", 60_000, "settled")]


def test_open_credit_comes_and_goes(account: Standin, studio: Studio) -> None:
    made.customer(account, balance=-700)
    made.invoice(account)
    studio.night("2026-10-14")
    assert [amount for _, amount, _ in studio.entries()] == [700]
    made.customer(account, balance=0)
    studio.night("2026-10-15")
    assert studio.entries() == []


def test_moving_from_the_export_to_the_api_keeps_every_identity(account: Standin, studio: Studio) -> None:
    studio.say('files = "exports/*.csv"')
    path = studio.root / "invoices.csv"
    path.write_text("\n".join([HEADER, row("in_1", "1000.00", "0.00", "open"), row("in_2", "5.00", "5.00", "paid")]))
    import_file(studio.store, studio.workspace, path, now=datetime(2026, 10, 14, 22, tzinfo=UTC))
    before = {item.key: item.id for item in mirror.invoices(studio.store)}
    studio.say('key = "env:STRIPE_API_KEY"')
    made.invoice(account)
    made.paid(account, "in_2", 500)
    studio.night("2026-10-15")
    assert {item.key: item.id for item in mirror.invoices(studio.store)} == before
    assert studio.state("2026-10-15", "NORTH-in_2")[0] == State.PAID.word


def test_a_failed_pull_changes_nothing_and_says_why(account: Standin, studio: Studio) -> None:
    made.invoice(account)
    studio.night("2026-10-14")
    before = mirror.invoices(studio.store)
    account.failures = [
        (401, {}, '{"error": {"type": "invalid_request_error", "message": "Expired API Key provided"}}')
    ]
    [report] = sync(studio.store, studio.workspace, now=datetime(2026, 10, 15, 22, tzinfo=UTC))
    assert report.failed
    assert "does not accept the key" in report.error
    assert KEY not in report.error
    assert mirror.invoices(studio.store) == before
