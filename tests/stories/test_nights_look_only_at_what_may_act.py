"""Runs look at what may have changed alone, and come to the same as if they had looked at everything, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from payflow import nightly
from payflow.decide import tonight
from payflow.errors import PayflowError
from payflow.nightly import RunReport
from payflow.store import resting
from stories.both_ways import Both
from stories.ledger import Ledger, debt, move
from stories.papers import ANY_HOUR, MAIL, contract, invoice, paid, settings, step
from stories.world import World

SOURCES = '[[source]]\nname = "books"\nconnector = "ledger"\n\n[[source]]\nname = "shop"\nconnector = "ledger"\nstale_after = 4\n'
#: Policies beside the usual one: a fee that comes again and interest by law; interest by month; several parts.
POLICIES = f"""
[policy.again]
terms = "net-7"
binding = "invoice"
stack = true
late_fee = {{ amount = "10.00", every = "14 days", cap = "35.00" }}
interest = {{ statute = "uk" }}
compensation = {{ statute = "uk" }}

{step("hello", -2, "heads-up", policy="again")}
{step("first", 1, "reminder", policy="again")}
{step("fee", 5, "late-fee", fee=True, policy="again")}
[policy.monthly]
terms = "2/5-net-7"
interest = {{ annual = "9", bill = "monthly" }}

{step("first", 1, "reminder", policy="monthly")}
"""
START = datetime(2026, 10, 20, 10, tzinfo=World.zone)
CLIENTS = {"c1": "Acme Ltd", "c2": "Beta Ltd", "c3": "Gamma Ltd", "c4": "Delta Ltd"}


def _terms(random: Random) -> str:
    governs, mail = random.choice(["again", "standard"]), random.choice([ANY_HOUR, MAIL])
    return settings(sources=SOURCES, mail=mail, business=f'policy = "{governs}"') + POLICIES


def _contracts() -> Mapping[str, str]:
    return {
        "acme": contract(milestones={"deposit": ("3000.00", ["B-1"]), "design": ("400.00", ["B-2", "S-2"])}),
        "beta": contract(
            "beta-shop",
            "Beta Ltd",
            milestones={"start": ("10.00", ["B-3"])},
            email="pay@beta.example",
            policy="monthly",
            more='covers = "client"',
        ),
    }


class History:
    """What the books of two sources hold, and what happens to them from night to night."""

    def __init__(self, world: World, ledger: Ledger, random: Random) -> None:
        self.world, self.ledger, self.random = world, ledger, random
        self.debts: dict[str, dict[str, dict[str, Any]]] = {"books": {}, "shop": {}}
        self.moves: dict[str, dict[str, dict[str, Any]]] = {"books": {}, "shop": {}}
        self.emails = {key: f"{key}@client.example" for key in CLIENTS if key != "c4"}
        for _ in range(26):
            self.new()

    @property
    def today(self) -> date:
        return self.world.now.date()

    def _one(self) -> tuple[str, dict[str, Any]]:
        source = self.random.choice([name for name, debts in self.debts.items() if debts])
        return source, self.random.choice(list(self.debts[source].values()))

    def new(self) -> None:
        """A new invoice, of some amount that others have too; some bear the reference of a charge."""
        source = self.random.choice(["books", "books", "shop"])
        place = len(self.debts[source]) + 1
        issued = self.today - timedelta(days=self.random.choice([0, 0, 3, 9, 20, -4]))
        refs = [charge["ref"] for charge in self.world.charges()] if self.world._store is not None else []
        alike = [300_000, 40_000, 1_000, 4_000, 7_000]
        total = self.random.choice([*alike, *(self.random.randrange(500, 900_000) for _ in range(15))])
        self.debts[source][f"k{place}"] = debt(
            f"k{place}",
            total,
            number=f"{source[0].upper()}-{place}",
            client=self.random.choice(list(CLIENTS)),
            issued=str(issued),
            due=self.random.choice([None, str(issued + timedelta(days=14))]),
            reference=self.random.choice([*[""] * 12, "acme-website/design", *refs[-1:]]),
        )

    def money(self) -> None:
        """A payment, refund or credit on an invoice, of a day that may be yet to come, or none; settled or not."""
        source, one = self._one()
        key = f"m{len(self.moves[source]) + 1}"
        kind = self.random.choice(["payment", "payment", "payment", "refund", "credit", "dispute"])
        amount = self.random.choice([one["total"], one["total"], one["total"] // 3])
        on = self.today + timedelta(days=self.random.choice([-9, -2, 0, 0, 3]))
        self.moves[source][key] = move(
            key,
            one["key"],
            -amount if kind in ("refund", "dispute") else amount,
            str(max(on, date.fromisoformat(one["issued_on"]))),
            kind=kind,
            settlement=self.random.choice(["settled", "settled", "settled", "pending", "failed"]),
            client=one["client"],
        )

    def credit(self) -> None:
        """Open credit of a client."""
        source = self.random.choice(["books", "shop"])
        client = self.random.choice(list(CLIENTS))
        self.moves[source]["credit"] = move("credit", "", 45_000, str(self.today), kind="credit", client=client)

    def unmove(self) -> None:
        """A movement is corrected, goes to another invoice or away."""
        source = self.random.choice(["books", "shop"])
        if not self.moves[source] or not self.debts[source]:
            return
        key = self.random.choice(list(self.moves[source]))
        one = self.moves[source].pop(key)
        if one["invoice"] and self.random.random() < 0.6:
            to = self.random.choice(list(self.debts[source].values()))
            self.moves[source][key] = one | {"invoice": to["key"], "client": to["client"], "settlement": "settled"}

    def edit(self) -> None:
        """Something on an invoice is another now; or the invoice is gone."""
        source, one = self._one()
        change = self.random.choice(["total", "due_on", "client", "status", "gone", "number"])
        if change == "gone":
            self.debts[source].pop(one["key"])
            self.moves[source] = {key: row for key, row in self.moves[source].items() if row["invoice"] != one["key"]}
        elif change == "total":
            one["total"] += self.random.choice([-500, 500, 36_000])
        elif change == "due_on":
            one["due_on"] = str(self.today + timedelta(days=self.random.choice([-5, 5])))
        elif change == "client":
            one["client"] = self.random.choice(list(CLIENTS))
        elif change == "number":
            one["number"] = self.random.choice(["B-1", "B-2", "S-2", one["number"]])
        else:
            one["status"] = self.random.choice(["void", "draft", "open", "written-off"])

    def address(self) -> None:
        """A client has another address, or none."""
        key = self.random.choice(list(CLIENTS))
        self.emails[key] = self.random.choice(["", f"new@{key}.example"])

    def person(self) -> None:
        """Somebody says something."""
        listed = self.world.decision().invoices
        if not listed:
            # no source was read so far
            return
        view = self.random.choice(listed)
        name, refs = (
            f"{view.source}:{view.number}",
            [charge["ref"] for charge in self.world.charges()] or ["PF-00000000"],
        )
        until = self.today + timedelta(days=self.random.choice([2, 6]))
        ref = self.random.choice(refs)
        words: tuple[str, tuple[Any, ...], dict[str, Any]] = self.random.choice(
            [
                ("hold", (self.random.choice([name, f"client:{view.client}", "acme-website"]),), {"until": until}),
                ("hold", (name,), {"until": None}),
                ("release", (name,), {}),
                ("release", (f"client:{view.client}",), {}),
                ("chase", (name,), {}),
                ("confirm", (name,), {"outcome": self.random.choice(["paid", "void", "open"]), "on": None}),
                ("link", (name,), {"same_as": None, "charge": self.random.choice([None, ref]), "own": False}),
                ("link", (name,), {"same_as": None, "charge": None, "own": True}),
                ("charge_waive", (ref,), {}),
                ("charge_settle", (ref,), {}),
                ("charge_claim", (ref,), {}),
                ("waive", ("acme-website", "work"), {"until": until}),
            ]
        )
        # what cannot be said is refused, and the history goes on
        with suppress(PayflowError):
            self.world.ruling(words[0], *words[1], **words[2])

    def rates(self) -> None:
        """The user writes rates down."""
        folder = self.world.root / "rates"
        folder.mkdir(exist_ok=True)
        day, rate = self.random.choice(["2026-07-01", "2027-01-01"]), self.random.choice(["3.50", "4.75"])
        (folder / "uk_statutory_reference.csv").write_text(
            f"effective_from,rate_percent,source\n{day},{rate},a letter\n", "utf-8"
        )

    def agree(self) -> None:
        """The agreement is another one."""
        self.world.settings(_terms(self.random))

    def night(self) -> RunReport:
        """The books are read and the run comes, some days later or some hours."""
        step = self.random.choice([1, 1, 1, 1, 2, 3, 9, 35, 0.1])
        self.world.now += timedelta(days=step)
        clients = [
            {"key": key, "name": name, "email": self.emails.get(key, ""), "language": "", "country": ""}
            for key, name in CLIENTS.items()
        ]
        for source in ("books", "shop"):
            if self.random.random() < 0.85:
                rows, moves = self.debts[source].values(), self.moves[source].values()
                self.ledger.says(self.world.now, rows, moves, clients=clients, source=source)
        self.ledger.down = self.random.random() < 0.06
        accept = self.random.random() < 0.05
        if accept:
            self.world.now -= timedelta(days=self.random.choice([2, 12]))
        return nightly.run(self.world.store, self.world.workspace, now=self.world.now, accept_clock=accept)

    def something(self) -> None:
        """One of all that."""
        often = [self.money] * 12 + [self.person] * 10 + [self.edit] * 5 + [self.new] * 5 + [self.unmove] * 2
        self.random.choice([*often, self.credit, self.address, self.rates, self.agree])()


def live_through(world: World, ledger: Ledger, seed: int, nights: int = 14) -> None:
    """A history of so many nights; `both_ways` compares each of them."""
    random = Random(seed)
    world.now = START
    world.settings(_terms(random))
    history = History(world, ledger, random)
    for source in ("books", "shop"):
        ledger.says(world.now, history.debts[source].values(), source=source)
    world.begin("2026-10-01")
    for _ in range(nights):
        for _ in range(random.choice([0, 0, 1, 1, 2, 4])):
            history.something()
        history.night()


@examples(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
@example(seed=1)
@example(seed=245524)
@example(seed=1378170)
def test_whatever_happens_looking_at_what_may_act_comes_to_the_same(
    make: Callable[..., World], ledger: Ledger, store_kind: str, seed: int
) -> None:
    # databases differ in how they are asked, not in what follows: shorter histories show it on the slower one
    live_through(make(**_contracts()), ledger, seed, nights=14 if store_kind == "sqlite" else 5)


def _books(world: World, *changed: Any) -> World:
    """Many debts, of each client some: two that were paid, two whose ladder was climbed."""
    rows = [
        row
        for place in range(8)
        for row in (
            paid(f"P-{place}", f"{100 + place}.00", client=f"Client {place % 4}", email=f"c{place % 4}@client.example"),
            invoice(
                f"O-{place}", f"{200 + place}.00", client=f"Client {place % 4}", email=f"c{place % 4}@client.example"
            ),
        )
    ]
    numbers = {row.number for row in changed}
    return world.books(*(row for row in rows if row.number not in numbers), *changed)


@pytest.fixture
def climbed(make: Callable[..., World]) -> World:
    """A studio without contracts in which every debtor had every notice, and nothing is due any more."""
    loose = settings(mail=ANY_HOUR, business='policy = "standard"', policy='binding = "invoice"')
    world = make(toml=loose, acme=contract(milestones={"deposit": ("10.00", ["P-0"])}, client="Client 0"))
    _books(world.on("2026-10-20")).begin()
    for day in ("2026-11-01", "2026-11-05", "2026-11-11", "2026-11-20"):
        _books(world.on(day)).run()
    return world


def _looked_at(both_ways: Both, world: World) -> int:
    """How many invoices the next run looks at; it is compared with one that looks at all."""
    both_ways.looked_at.clear()
    world.run()
    return max((ours for ours, _ in both_ways.looked_at), default=len(world.decision().invoices))


def test_where_nothing_is_new_no_more_is_looked_at_than_a_verdict_stands_on(climbed: World, both_ways: Both) -> None:
    assert len(climbed.decision().invoices) == 16
    assert _looked_at(both_ways, climbed.on("2026-11-21")) == 1


def test_what_changed_is_looked_at_and_what_is_said_of_a_client(climbed: World, both_ways: Both) -> None:
    _books(climbed.on("2026-11-21"), paid("O-5", "205.00", client="Client 1", email="c1@client.example"))
    # one that is paid needs a person, since its fee is not
    assert _looked_at(both_ways, climbed) == 2
    climbed.ruling("hold", "O-6", until=date(2026, 11, 25))
    assert _looked_at(both_ways, climbed) == 3
    climbed.ruling("hold", "client:books:Client 3", until=date(2026, 11, 25))
    assert _looked_at(both_ways, climbed) == 6


def test_an_invoice_that_goes_over_to_another_client_takes_its_charge_along(climbed: World, both_ways: Both) -> None:
    to = {"client": "Client 9", "email": "c9@client.example"}
    like = paid("N-1", "25.00", issued="2026-11-12", **to)
    for day in ("2026-11-21", "2026-11-22"):
        _books(climbed.on(day), like)
        looked_at = _looked_at(both_ways, climbed)
    assert looked_at == 1
    _books(climbed.on("2026-11-23"), like, invoice("O-5", "205.00", **to))
    assert _looked_at(both_ways, climbed) == 3
    assert "invoice-ambiguous" in climbed.needs()


@pytest.mark.parametrize("what", ["agreement", "link", "undeclared", "earlier"])
def test_what_may_be_about_anything_has_everything_looked_at(climbed: World, both_ways: Both, what: str) -> None:
    world = climbed.on("2026-11-21")
    if what == "agreement":
        path = world.root / "payflow.toml"
        path.write_text(path.read_text("utf-8").replace("spacing = 2", "spacing = 3"), "utf-8")
    elif what == "link":
        world.ruling("link", "O-1", same_as=None, charge=None, own=True)
    elif what == "undeclared":
        with world.store.transaction() as tx:
            tx.execute("UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'mirror-counter'")
    else:
        both_ways.looked_at.clear()
        nightly.run(world.store, world.workspace, now=world.now - timedelta(days=3), accept_clock=True)
        assert both_ways.looked_at == []
        return
    assert _looked_at(both_ways, world) == 16


def test_a_store_without_its_workings_looks_at_everything_and_then_rests_again(climbed: World, both_ways: Both) -> None:
    with climbed.store.transaction() as tx:
        tx.execute("DELETE FROM resting")
    assert _looked_at(both_ways, climbed.on("2026-11-21")) == 16
    with climbed.store.transaction() as tx:
        resting.forget(tx)
    assert _looked_at(both_ways, climbed.on("2026-11-22")) == 16
    assert _looked_at(both_ways, climbed.on("2026-11-23")) == 1


def test_small_books_are_looked_at_whole(climbed: World, both_ways: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "LEAST", 17)
    assert _looked_at(both_ways, climbed.on("2026-11-21")) == 16
    assert both_ways.looked_at == []


def test_within_a_run_nothing_is_decided_twice(climbed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[date] = []
    follow = tonight.follow

    def counted(read: Any, as_of: date, *words: Any, **more: Any) -> Any:
        decided.append(as_of)
        return follow(read, as_of, *words, **more)

    monkeypatch.setattr(tonight, "follow", counted)
    climbed.run("2026-11-21")
    assert len(decided) == 1
