"""`payflow forget`: a person's data goes for good, the chain holds, and nothing is sent or charged anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from payflow import forgetting
from payflow.cli import main
from payflow.errors import Refused, StoreError, UnknownName
from payflow.forgetting import Forgot
from payflow.store import journal
from payflow.store.address import ServerAddress, read_address
from payflow.store.schema import text_columns
from payflow.sync import work
from stories.ledger import LEDGER, Ledger, batch, debt, move
from stories.papers import ANY_HOUR, BOOKS, STATEMENTS, contract, invoice, line, paid, settings
from stories.world import World

NAME, EMAIL = "Zoë Quentin-Marsh", "zoe.q@quentin.example"
OTHER = contract("bolt-shop", "Bolt Ltd", milestones={"all": ("500.00", ["INV-0020"])}, email="pay@bolt.example")
OPEN = invoice("INV-0012", "3000.00", client=NAME, email=EMAIL)
BOLT = invoice("INV-0020", "500.00", client="Bolt Ltd", email="pay@bolt.example")
PAID = paid("INV-0012", "3000.00", client=NAME, email=EMAIL)
SECRETS = (NAME, EMAIL, "Zoë", "Quentin", "quentin", "Zo\\u00eb")


def forget(world: World, client: str, *, force: bool = False) -> Forgot:
    return forgetting.forget(world.store, world.workspace, client, reason="asked for it", force=force, now=world.now)


def left_on_disk(world: World) -> list[str]:
    """Files of payflow's own, and of its tables on a server, that still hold a word of the person."""
    world.close()
    own = [*world.root.glob("payflow.db*"), *(world.root / "outbox").rglob("*")]
    files = {path.name: path.read_bytes() for path in own if path.is_file()}
    address = read_address(world.store_url, world.root)
    if isinstance(address, ServerAddress):
        files |= files_of_tables(address)
    assert files
    return [
        f"{name}: {word}"
        for name, content in files.items()
        for word in SECRETS
        for form in (word.encode(), word.encode("utf-16-le"))
        if form in content
    ]


def files_of_tables(address: ServerAddress) -> dict[str, bytes]:
    """What the server's disk holds of every table, its index and what is stored apart from it."""
    ours = "SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'i')"
    with psycopg.connect(address.conninfo, autocommit=True) as server:
        server.execute("CHECKPOINT")
        rows = server.execute(
            f"WITH ours AS ({ours}) SELECT relname, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class "
            "WHERE oid IN (SELECT oid FROM ours UNION SELECT reltoastrelid FROM ours)",
            (address.schema,),
        )
        return dict(rows.fetchall())


def letters(world: World) -> list[str]:
    return sorted(mail.to for mail in world.to_clients())


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """Zoë has a contract; reminder on 5 November, fee on the 11th, paid on the 12th. Bolt is told the same days."""
    zoe = contract("zoe-site", NAME, milestones={"all": ("3000.00", ["INV-0012"])}, email=EMAIL)
    zoe = zoe.replace('name = "Zoe site"', f'name = "A site for {NAME}"')
    made = World(tmp_path, store_url=store_url, toml=settings(mail=ANY_HOUR), zoe=zoe, bolt=OTHER)
    made.on("2026-10-20").books(OPEN, BOLT).begin()
    for day in ("2026-11-05", "2026-11-11"):
        made.on(day).books(OPEN, BOLT).run()
    made.ruling("hold", "INV-0012", until=None, reason=f"{NAME} called, Zoë is ill")
    made.on("2026-11-12").books(PAID, BOLT).run()
    yield made
    made.close()


def test_nothing_of_the_person_is_left_in_any_file_of_payflow_and_the_chain_holds(world: World) -> None:
    assert left_on_disk(world)
    done = forget(world, "zoë")
    assert done.name == "forgotten-1"
    assert done.messages == 2
    assert done.files == 2
    assert world.verify() == []
    for table in text_columns():
        rows = repr(world.store.query(f"SELECT * FROM {table}"))
        assert not [word for word in SECRETS if word in rows], table
    assert left_on_disk(world) == []


def test_what_was_done_stays_under_another_name(world: World) -> None:
    steps, charges = world.notices(), world.charges()
    before = [(entry.seq, entry.kind, entry.day, entry.invoice) for entry in world.journal()]
    forget(world, "zoë")
    assert world.notices() == steps
    assert [charge["ref"] for charge in world.charges()] == [charge["ref"] for charge in charges]
    after = [(entry.seq, entry.kind, entry.day, entry.invoice) for entry in world.journal()]
    assert after[: len(before)] == before
    assert [kind for _, kind, *_ in after[len(before) :]] == ["erased", "hold"]
    view = world.view("INV-0012")
    assert (view.client, view.client_name, view.project) == ("forgotten-1", "forgotten-1", "zoe-site")
    assert view.fees == 2500
    assert [entry.body["reason"] for entry in world.journal("erased")] == ["asked for it"]


def test_projections_made_anew_are_the_ones_that_are_there(world: World) -> None:
    forget(world, "zoë")
    tables = ("identity", "observation", "charge")
    before = [sorted(world.store.query(f"SELECT * FROM {table}"), key=repr) for table in tables]
    with world.store.transaction() as tx:
        journal.rebuild_projections(tx)
    assert [sorted(world.store.query(f"SELECT * FROM {table}"), key=repr) for table in tables] == before
    assert all(before)


def test_the_books_and_the_contracts_file_bring_nothing_back_and_nothing_is_sent_again(world: World) -> None:
    forget(world, "zoë")
    files = len(world.mails())
    for day in ("2026-11-13", "2026-11-14", "2026-11-20"):
        # the same books with the name in them, the debt open again
        world.on(day).books(OPEN, BOLT).run()
    assert left_on_disk(world) == []
    assert not [mail for mail in world.mails() if EMAIL in mail.to]
    assert world.view("INV-0012").client == "forgotten-1"
    assert [entry.body["name"] for entry in world.journal("erased")] == ["forgotten-1"]
    assert len(world.charges()) == 2
    assert len(world.mails()) >= files
    assert world.verify() == []
    # one version without the person, and no more of them
    assert len(world.journal("agreement")) == 2
    world.run("2026-11-21")
    assert len(world.journal("agreement")) == 2


def test_another_client_keeps_everything(world: World) -> None:
    text = [entry.body for entry in world.journal("outcome") if entry.client == "bolt"]
    before = [mail for mail in world.mails() if "bolt" in mail.to]
    forget(world, "zoë")
    assert [entry.body for entry in world.journal("outcome") if entry.client == "bolt"] == text
    assert [mail for mail in world.mails() if "bolt" in mail.to] == before
    assert world.view("INV-0020").client_name == "Bolt Ltd"
    # and their own forgetting comes under the next name
    assert forget(world, "bolt", force=True).name == "forgotten-2"
    assert world.verify() == []
    assert left_on_disk(world) == []


def test_open_invoices_are_a_reason_to_refuse_unless_forced(world: World) -> None:
    with pytest.raises(Refused, match=r"bolt still owes: INV-0020\. .* say --yes"):
        forget(world, "bolt")
    assert world.journal("erased") == []
    forget(world, "bolt", force=True)
    world.on("2026-11-30").books(PAID, BOLT).run()
    assert len([mail for mail in world.mails() if "bolt" in mail.to]) == 0
    assert world.view("INV-0020").next_step is None


def test_a_reason_that_names_the_person_and_a_client_nobody_knows_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="the reason itself names the client"):
        forgetting.forget(world.store, world.workspace, "zoë", reason=f"for {NAME.upper()}", now=world.now)
    with pytest.raises(UnknownName, match="no client called 'zoe'"):
        forget(world, "zoe")


def test_a_day_before_can_still_be_decided_again(world: World) -> None:
    forget(world, "zoë")
    world.close()
    result = CliRunner().invoke(
        main, ["-C", str(world.root), "--now", "2026-11-13T09:30", "log", "replay", "2026-11-11"]
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "INV-0012, late-fee" in result.stdout
    assert "journal has no such version" not in result.stdout


def test_a_client_without_a_contract_is_forgotten_by_the_id_that_status_shows(make: Callable[..., World]) -> None:
    world = make(toml=settings(mail=ANY_HOUR, business='policy = "standard"'), bolt=OTHER).on("2026-10-20")
    world.books(OPEN).begin()
    for day in ("2026-11-05", "2026-11-12"):
        world.on(day).books(OPEN).run()
    assert letters(world)
    client = world.view("INV-0012").client
    assert client == f"books:{NAME}"
    forget(world, client, force=True)
    assert world.view("INV-0012").client == "books:forgotten-1"
    assert left_on_disk(world) == []
    for day in ("2026-11-13", "2026-11-20"):
        world.on(day).books(OPEN).run()
    assert letters(world) == []
    assert left_on_disk(world) == []
    assert world.verify() == []


def test_a_client_that_comes_back_under_another_key_is_known_by_its_address(
    make: Callable[..., World], ledger: Ledger
) -> None:
    world = make(toml=settings(mail=ANY_HOUR, sources=LEDGER), bolt=OTHER).on("2026-10-20")
    person = {"key": "c1", "name": NAME, "email": EMAIL, "language": "", "country": ""}
    ledger.batches["books"] = [batch(world.now, [debt("in_1", 300000)], clients=[person])]
    world.begin()
    forget(world, "books:c1", force=True)
    # the same person as another customer of the same service, and a payment of theirs
    again = {**person, "key": "c9", "email": EMAIL.upper()}
    world.on("2026-10-21")
    rows = [debt("in_1", 300000), debt("in_2", 100, client="c9", reference=f"{NAME} acme-website/design PF-ABCD2345")]
    moves = [move("py_1", "in_2", 40, "2026-10-21", client="c9")]
    ledger.batches["books"] = [batch(world.now, rows, moves, clients=[person, again])]
    world.sync()
    assert world.store.query("SELECT * FROM client") == []
    found = world.store.query("SELECT key, client, reference FROM invoice ORDER BY id")
    assert found == [("in_1", "forgotten-1", ""), ("in_2", "forgotten-1", "acme-website/design PF-ABCD2345")]
    assert world.store.query("SELECT client FROM entry") == [("forgotten-1",)]
    assert left_on_disk(world) == []


@pytest.mark.parametrize("few", [100, 1])
def test_keys_that_a_connector_made_of_a_name_stay_the_same_keys_without_it(
    make: Callable[..., World], ledger: Ledger, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Also where so many invoices came at once that the journal tells them in columns."""
    monkeypatch.setattr(work, "_FEW", few)
    world = make(toml=settings(mail=ANY_HOUR, sources=LEDGER), bolt=OTHER).on("2026-10-20")
    person = {"key": NAME, "name": NAME, "email": EMAIL, "language": "", "country": ""}
    rows = [debt(f"{NAME}|1", 300000, number="1", client=NAME)]
    moves = [move(f"{NAME}|p", f"{NAME}|1", 100, "2026-10-20", client=NAME)]
    for moment in ("2026-10-20", "2026-10-21"):
        ledger.batches["books"] = [batch(world.on(moment).now, rows, moves, clients=[person])]
        if moment == "2026-10-20":
            world.begin()
            forget(world, f"books:{NAME}", force=True)
        else:
            world.sync()
        assert world.store.query("SELECT id, key FROM identity") == [(1, "forgotten-1|1")]
        assert world.store.query("SELECT invoice, client FROM entry") == [(1, "forgotten-1")]
        assert world.verify() == []
    assert left_on_disk(world) == []


def test_where_another_program_reads_the_erasure_is_done_and_the_disk_is_cleared_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise StoreError("another program reads this database.")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "purge", busy)
        with pytest.raises(StoreError, match="To clear the disk too: payflow forget forgotten-1"):
            forget(world, "zoë")
    assert len(world.journal("erased")) == 1
    assert forget(world, "forgotten-1") == Forgot("forgotten-1", 0, 0, 0, 0, (), again=True)
    assert left_on_disk(world) == []


def test_the_command_asks_first_and_names_what_is_the_users_own(world: World) -> None:
    world.close()
    words = ["-C", str(world.root), "--now", "2026-11-12T12:00", "forget", "zoë", "--reason", "asked for it"]
    asked = CliRunner().invoke(main, words, input="n\n")
    assert asked.exit_code == 1
    assert "It cannot be undone" in asked.stderr
    assert world.journal("erased") == []
    world.close()
    done = CliRunner().invoke(main, [*words, "--yes"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "zoë is forgotten, and is forgotten-1 from now on" in done.stdout
    assert "contracts/zoe.toml, exports/invoices.csv" in done.stdout
    log = CliRunner().invoke(main, ["-C", str(world.root), "log"])
    assert not [word for word in SECRETS if word in log.stdout]
    verified = CliRunner().invoke(main, ["-C", str(world.root), "log", "verify"])
    assert "chain holds;" in verified.stdout


def test_a_body_changed_after_its_erasure_is_named(world: World) -> None:
    forget(world, "zoë")
    seq = next(iter(journal.erasures(world.store)))
    with world.store.transaction() as tx:
        tx.execute("UPDATE journal_body SET body = '{}' WHERE seq = ?", (seq,))
    [fault] = world.verify()
    assert fault.startswith(f"the body of record {seq} was changed after a person's data was erased from it")


BANK = settings(mail=ANY_HOUR, sources=BOOKS + STATEMENTS)
HER_ACCOUNT = "GB33BUKB20201512345678"
TOLD = [
    # her name as the bank writes it, her account, her own words; then a return that only the payer tells, and half of it again
    line("2026-11-02", "3000.00", "INV-0012 love from Zoe", payer="MS Z QUENTIN MARSH", account=HER_ACCOUNT),
    line("2026-11-04", "-3000.00", "unpaid", payer="MS Z QUENTIN MARSH", account=HER_ACCOUNT, returned=True),
    line("2026-11-06", "1500.00", "INV-0012 half of it", payer="MS Z QUENTIN MARSH", account=HER_ACCOUNT),
    line("2026-11-07", "77.00", "for the cake", payer="MS Z QUENTIN MARSH", account=HER_ACCOUNT),
    line("2026-11-07", "200.00", "INV-0020 first part", payer="BOLT LTD", account="GB44BUKB20201587654321"),
]
HERS = ("QUENTIN", HER_ACCOUNT, "love from", "cake", "half of it")


def figures(world: World) -> list[object]:
    found: list[object] = []
    for view in sorted(world.decision().invoices, key=lambda one: one.number):
        moved = [(one.on, one.amount) for one in world.explain(view.number).entries]
        found.append((view.number, view.state, view.outstanding, view.paid, moved))
    return found


def test_bank_lines_of_the_person_lose_their_texts_and_pay_what_they_paid(make: Callable[..., World]) -> None:
    zoe = contract("zoe-site", NAME, milestones={"all": ("3000.00", ["INV-0012"])}, email=EMAIL)
    world = make(toml=BANK, zoe=zoe, bolt=OTHER).on("2026-10-20").books(OPEN, BOLT).statement(*TOLD).begin()
    world.on("2026-11-10").statement(*TOLD).sync()
    before, verdicts = figures(world), [world.verdict("work", name).open for name in ("zoe-site", "bolt-shop")]
    assert world.view("INV-0012").outstanding == 150000
    done = forget(world, "zoë", force=True)
    assert figures(world) == before
    assert [world.verdict("work", name).open for name in ("zoe-site", "bolt-shop")] == verdicts

    def clean() -> list[str]:
        rows = repr(world.store.query("SELECT * FROM bank_line")) + repr([one.body for one in world.journal()])
        return [word for word in (*HERS, NAME) if word in rows]

    assert clean() == []
    assert "BOLT LTD" in repr(world.store.query("SELECT payer FROM bank_line"))
    # The statement is the user's own file: it is named, and read again it brings nothing back.
    assert "statements/statement.xml" in done.left
    world.sync(full=True)
    assert (figures(world), clean()) == (before, [])
    # What she pays later is known by her account, and pays what it names; what else she writes is not kept.
    world.on("2026-11-12").statement(
        line("2026-11-11", "1500.00", "INV-0012 and the cake", payer="Z. MARSH", account=HER_ACCOUNT), name="b.xml"
    ).sync()
    assert world.view("INV-0012").outstanding == 0
    assert clean() == []
    assert "MARSH" not in repr(world.store.query("SELECT payer FROM bank_line"))
    assert world.verify() == []
