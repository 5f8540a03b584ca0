"""Reading the sources: what is new is written, what is not is left, what is missing is marked, and what failed says nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date

import pytest

from payflow.connector import Scope
from payflow.errors import ConnectorError, Refused, UnknownName
from payflow.model.facts import State
from payflow.store import mirror
from payflow.sync import import_file
from stories.ledger import LEDGER, Ledger, batch, debt, move
from stories.papers import AGEING, BOOKS, invoice, paid, settings, xero
from stories.world import World

TWO = '[[source]]\nname = "shop"\nconnector = "ledger"\n'
INVOICE = invoice("INV-0012", "3000.00")


@pytest.fixture
def studio(make: Callable[..., World], ledger: Ledger) -> World:
    """A studio whose books answer through an API."""
    return make(toml=settings(sources=LEDGER + TWO)).on("2026-11-05")


def _mirror(world: World) -> list[object]:
    return [world.store.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("client", "invoice", "entry")]


def test_what_did_not_change_is_not_written(make: Callable[..., World]) -> None:
    world = make().on("2026-11-05").books(INVOICE, invoice("INV-0013", "4000.00"))
    [first] = world.sync()
    assert (first.read, first.new, first.changed, first.unchanged) == (2, 2, 0, 0)
    counter, records = mirror.counter(world.store), len(world.journal())
    rows = _mirror(world)
    [again] = world.sync()
    assert (again.read, again.new, again.changed, again.unchanged) == (2, 0, 0, 2)
    assert _mirror(world) == rows
    assert (mirror.counter(world.store), len(world.journal())) == (counter, records)
    # A day later, the same figures: one reading more, no row, no record.
    [later] = world.on("2026-11-06").books(INVOICE, invoice("INV-0013", "4000.00")).sync()
    assert (later.unchanged, mirror.counter(world.store)) == (2, counter + 1)
    assert _mirror(world) == rows
    assert world.view("INV-0012").read_at.astimezone(world.zone).date() == world.now.date()


def test_an_older_reading_never_overwrites_what_a_newer_one_saw_unchanged(make: Callable[..., World]) -> None:
    world = make()
    # 5 November: half is paid. 9 November: the same. Then an export of the 7th turns up that says otherwise.
    for day in ("2026-11-05", "2026-11-09"):
        world.on(day).books(invoice("INV-0012", "3000.00", paid="1500.00")).sync()
    world.on("2026-11-10").books(INVOICE, name="found.csv", at="2026-11-07 12:00").sync()
    assert world.view("INV-0012").outstanding == 150000


def test_identities_are_journaled_once(studio: World, ledger: Ledger) -> None:
    for _ in range(3):
        ledger.says(studio.now, [debt("in_1", 300000), debt("in_2", 100000)])
        studio.sync()
    minted = [row for entry in studio.journal("identities") for row in entry.body["rows"]]
    assert [row[1:3] for row in minted] == [["books", "in_1"], ["books", "in_2"]]


def test_a_source_that_cannot_be_read_leaves_everything_and_stops_no_other(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("in_1", 300000)])
    ledger.says(studio.now, [debt("ch_1", 5000)], source="shop")
    studio.sync()
    rows = _mirror(studio)
    ledger.says(studio.on("2026-11-06").now, [debt("in_1", 1)])
    ledger.down = True
    reports = studio.sync()
    assert [one.failed for one in reports] == [True, True]
    assert "the service does not answer" in reports[0].error
    assert _mirror(studio) == rows
    assert [one.problem != "" for one in studio.decision().sources] == [True, True]


def test_an_unfinished_reading_marks_nothing_as_missing(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("in_1", 300000), debt("in_2", 100000)])
    studio.sync()
    ledger.says(studio.on("2026-11-06").now, [debt("in_1", 300000)], finished=False)
    [report, _] = studio.sync()
    assert report.missing == 0
    assert studio.view("in_2").state is State.OVERDUE


@pytest.mark.parametrize(
    ("scope", "covers_from", "missing"),
    [
        (Scope.ALL, None, {"open", "paid"}),
        (Scope.OPEN, None, {"open"}),
        (Scope.CHANGED, None, set()),
        (Scope.ALL, "2026-10-15", {"open"}),
        (Scope.ALL, "2026-10-25", set()),
    ],
)
def test_missing_is_what_the_reading_should_have_listed(
    studio: World, ledger: Ledger, scope: Scope, covers_from: str | None, missing: set[str]
) -> None:
    settled = debt("paid", 50000, issued="2026-10-10", status="paid")
    other = debt("other", 100, issued="2026-11-01")
    ledger.says(studio.now, [debt("open", 300000, issued="2026-10-20"), settled, other])
    studio.sync()
    since = date.fromisoformat(covers_from) if covers_from else None
    ledger.says(studio.on("2026-11-06").now, [other], scope=scope, covers_from=since)
    [report, _] = studio.sync()
    assert {row.key for row in mirror.invoices(studio.store) if row.unknown_since} == missing
    assert report.missing == len(missing)


def test_a_draft_that_is_gone_is_no_question_for_a_person(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("in_1", 300000, status="draft")])
    studio.sync()
    ledger.says(studio.on("2026-11-06").now, [debt("in_2", 100)])
    [report, _] = studio.sync()
    assert report.missing == 0
    assert "invoice-unknown" not in studio.needs()


def test_an_invoice_that_is_listed_again_is_known_again(studio: World, ledger: Ledger) -> None:
    for day, rows in (("2026-11-05", ["in_1", "in_2"]), ("2026-11-06", ["in_2"]), ("2026-11-07", ["in_1", "in_2"])):
        ledger.says(studio.on(day).now, [debt(key, 300000) for key in rows])
        studio.sync()
    assert studio.view("in_1").state is State.OVERDUE


def test_entries_that_the_source_no_longer_has_are_gone(studio: World, ledger: Ledger) -> None:
    money = [move("py_1", "in_1", 100000, "2026-11-01"), move("py_2", "in_1", 50000, "2026-11-02")]
    ledger.says(studio.now, [debt("in_1", 300000)], money)
    studio.sync()
    assert studio.view("in_1").paid == 150000
    ledger.says(studio.on("2026-11-06").now, [debt("in_1", 300000)], money[:1])
    studio.sync()
    assert studio.view("in_1").paid == 100000
    assert [row.key for row in mirror.entries(studio.store)] == ["py_1"]


def test_a_reading_of_what_changed_leaves_the_entries_of_other_invoices(studio: World, ledger: Ledger) -> None:
    rows = [debt("in_1", 300000), debt("in_2", 100000)]
    ledger.says(studio.now, rows, [move("py_1", "in_1", 100000, "2026-11-01")])
    studio.sync()
    ledger.says(studio.on("2026-11-06").now, rows[1:], [move("py_2", "in_2", 100, "2026-11-05")], scope=Scope.CHANGED)
    studio.sync()
    assert {row.key for row in mirror.entries(studio.store)} == {"py_1", "py_2"}


def test_open_credit_is_replaced_by_the_newest_report_of_its_kind_only(studio: World, ledger: Ledger) -> None:
    def credit() -> dict[str, int]:
        return {row.key: row.amount for row in mirror.entries(studio.store, "books")}

    def says(amount: int, report: str, hours: int = 0) -> None:
        entries = [move("cn_1", "", amount, "2026-11-01", kind="credit")] if amount else []
        ledger.says(studio.now.replace(hour=20 - hours), [debt("in_1", 300000)], entries, report=report)

    studio.on("2026-11-05 21:00")
    says(20000, "aging")
    studio.sync()
    # Another kind of report, which knows nothing of credit, takes none away.
    studio.on("2026-11-06 21:00")
    says(0, "list")
    studio.sync()
    assert credit() == {"aging|cn_1": 20000}
    # An older ageing report does not bring back what was, a newer one replaces it.
    studio.on("2026-11-07 21:00")
    says(15000, "aging")
    studio.sync()
    studio.now = studio.now.replace(day=6, hour=22)
    says(99900, "aging", hours=5)
    studio.sync()
    assert credit() == {"aging|cn_1": 15000}


def test_a_number_moves_to_another_key_with_its_identity(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("old-key", 300000, number="INV-0012")])
    studio.sync()
    identity = studio.view("INV-0012").id
    ledger.says(studio.on("2026-11-06").now, [debt("new-key", 300000, number="INV-0012")])
    [report, _] = studio.sync()
    assert report.missing == 0
    ledger.says(studio.on("2026-11-07").now, [debt("new-key", 300000, number="INV-0012")])
    [report, _] = studio.sync()
    assert (report.new, report.missing) == (0, 0)
    [view] = studio.decision().invoices
    assert (view.id, view.key, view.state) == (identity, "new-key", State.OVERDUE)


def test_a_number_used_again_for_another_invoice_is_another_invoice(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("in_1", 300000, number="INV-0012")])
    studio.sync()
    ledger.says(studio.on("2026-11-06").now, [debt("in_9", 100, number="INV-0012", issued="2026-11-06")])
    studio.sync()
    assert {row.key: row.id for row in mirror.invoices(studio.store)} == {"in_1": 1, "in_9": 2}


def test_the_mirror_can_be_rebuilt_with_the_same_identities_and_figures(make: Callable[..., World]) -> None:
    world = make()
    world.on("2026-10-20").books(INVOICE).begin()
    world.on("2026-11-05").books(INVOICE).run()
    world.on("2026-11-09").books(invoice("INV-0012", "3000.00", paid="1000.00"), invoice("INV-0013", "4000.00")).run()
    before = world.on("2026-11-12").decision()
    with world.store.transaction() as tx:
        for table in ("client", "invoice", "entry", "reading", "cursor"):
            tx.execute(f"DELETE FROM {table}")
    assert world.decision().invoices == []
    world.sync(full=True)
    after = world.decision()
    assert after.invoices == before.invoices
    assert (after.projects, after.totals, after.plan) == (before.projects, before.totals, before.plan)
    # Payment days come from the journal: 1,000.00 on the 6th, the day after it was last seen unpaid.
    assert [str(one.on) for one in world.explain("INV-0012").entries] == ["2026-11-06"]


def test_a_full_sync_forgets_the_cursor(studio: World, ledger: Ledger) -> None:
    ledger.batches["books"] = [batch(studio.now, [debt("in_1", 300000)], cursor={"after": 7})]
    studio.sync("books")
    studio.sync("books")
    studio.sync("books", full=True)
    assert ledger.cursors == [None, {"after": 7}, None]


def test_a_fault_in_a_connector_stops_no_other_and_tells_no_secret(studio: World, ledger: Ledger) -> None:
    ledger.says(studio.now, [debt("in_1", 300000)])
    ledger.says(studio.now, [debt("ch_1", 5000)], source="shop")
    ledger.fault = KeyError("sk_live_canary")
    books, shop = studio.sync()
    assert books.error == "the connector ledger failed (KeyError). Nothing of the source was taken over."
    assert (shop.failed, shop.new) == (False, 1)


def test_a_source_of_that_name_must_be_there(studio: World) -> None:
    with pytest.raises(UnknownName) as unknown:
        studio.sync("boks")
    assert "books" in str(unknown.value)


def test_a_source_without_files_says_so(make: Callable[..., World]) -> None:
    [report] = make().sync()
    assert report.failed
    assert "no file matches exports/*.csv" in report.error


def test_the_files_of_a_source_may_lie_at_home_and_hidden_ones_are_none_of_its(
    make: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    books = BOOKS.replace("exports/*.csv", "~/exports/*.csv")
    world = make(toml=settings(sources=books)).on("2026-11-05").books(INVOICE)
    world.books(invoice("INV-0013", "4000.00"), name=".~lock.csv")
    monkeypatch.setenv("HOME", str(world.root))
    [report] = world.sync()
    assert (report.error, report.new) == ("", 1)


def test_an_import_is_recognised_and_lands_in_its_configured_source(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources=BOOKS + AGEING)).on("2026-11-05")
    path = world.root / "download.csv"
    path.write_text(xero([INVOICE]), "utf-8")
    os.utime(path, (world.now.timestamp(), world.now.timestamp()))
    world.books(INVOICE).sync("books")
    report = import_file(world.store, world.workspace, path, now=world.now)
    assert (report.source, report.connector, report.unchanged) == ("books", "xero", 1)


@pytest.mark.parametrize(
    ("text", "found"), [("", "is empty"), ("a,b,c\n1,2,3\n", "no connector knows this file; it begins with 'a, b, c'")]
)
def test_a_file_of_nobody_says_what_it_looks_like(make: Callable[..., World], text: str, found: str) -> None:
    world = make()
    world.sync()
    path = world.root / "strange.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ConnectorError) as error:
        import_file(world.store, world.workspace, path, now=world.now)
    assert found in str(error.value)


def test_an_import_into_a_source_of_another_connector_is_refused(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources=BOOKS + AGEING)).on("2026-11-05")
    world.books(INVOICE).sync("books")
    path = world.root / "exports" / "invoices.csv"
    with pytest.raises(Refused):
        import_file(world.store, world.workspace, path, connector="xero", source="ageing", now=world.now)


def test_the_same_file_twice_and_two_files_in_either_order_are_one_state(make: Callable[..., World]) -> None:
    states = []
    for names in (["b.csv", "a.csv"], ["a.csv", "b.csv"]):
        world = make().on("2026-11-12")
        for name in [*names, *names]:
            rows, at = {
                "a.csv": ([INVOICE], "2026-11-02 09:00"),
                "b.csv": ([paid("INV-0012", "3000.00")], "2026-11-10 09:00"),
            }[name]
            world.books(*rows, name=name, at=at).sync()
        states.append((_mirror(world), [str(one.on) for one in world.explain("INV-0012").entries]))
    assert states[0] == states[1]
    assert states[0][1] == ["2026-11-03"]
