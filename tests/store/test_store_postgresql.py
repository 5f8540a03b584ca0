"""What is PostgreSQL's own: addresses, lost connections, locks between hosts, and whose copy is whose."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from payflow.errors import StoreError
from payflow.place import has_password
from payflow.store import DuplicateKeyError, Store, journal, mirror, mirror_writes, open_store
from payflow.store.address import FileAddress, ServerAddress, read_address
from payflow.store.mirror import ClientRow
from payflow.store.placeholders import numbered, plain_insert
from payflow.store.postgresql import PostgresqlDatabase
from payflow.store.server_failures import unreached
from store.journal_samples import AT, add, record

ROOT = Path("/studio")
SET = "INSERT INTO meta (name, value) VALUES (?, ?)"


@pytest.fixture
def url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(url, tmp_path, create=True) as opened:
        yield opened


def connect(store: Store) -> psycopg.Connection[Any]:
    """Another program at the same database."""
    assert isinstance(store._database, PostgresqlDatabase)
    connection = store._database._connect()
    connection.execute("SET default_transaction_read_only = off")
    return connection


def cut(store: Store) -> None:
    """End the store's connection, as an administrator or a network would."""
    [(pid,)] = store.query("SELECT pg_backend_pid()")
    end(store, pid)


def end(store: Store, pid: int) -> None:
    """End a connection to the store's server by the number of its process there."""
    with connect(store) as other:
        other.execute(b"SELECT pg_terminate_backend($1::int4)", (pid,))


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("sqlite:///payflow.db", FileAddress(ROOT / "payflow.db")),
        ("postgresql://u@h/d", ServerAddress("postgresql://u@h/d", "payflow")),
        ("postgres://u:p%40ss@h:5433/d?schema=night", ServerAddress("postgres://u:p%40ss@h:5433/d", "night")),
        (
            "postgresql:///d?host=/run&schema=a_1&sslmode=verify-full",
            ServerAddress("postgresql:///d?host=/run&sslmode=verify-full", "a_1"),
        ),
    ],
)
def test_an_address_is_libpqs_but_for_the_schema(url: str, read: FileAddress | ServerAddress) -> None:
    assert read_address(url, ROOT) == read


@pytest.mark.parametrize("schema", ["Night", "a-b", "", "pg_temp", "information_schema", "a;drop", "a" * 64])
def test_a_schema_that_is_no_plain_name_is_refused(schema: str) -> None:
    with pytest.raises(StoreError, match="its schema is no name"):
        read_address(f"postgresql://u@h/d?schema={schema}", ROOT)


@pytest.mark.parametrize(
    ("url", "has"),
    [
        ("postgresql://u:secret@h/d", True),
        ("postgresql://u@h/d?password=secret", True),
        ("postgresql://h/d?sslmode=require&sslpassword=x", True),
        ("postgresql://u@h:5432/d", False),
        ("postgresql:///d?host=/run", False),
        ("sqlite:///a:b@c", False),
    ],
)
def test_a_password_in_an_address_is_seen(url: str, has: bool) -> None:
    assert has_password(url) is has


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:secret@h:port/d", "its port is no number"),
        ("postgresql://u:se@secret@h/d", "more than one @"),
        ("postgresql://u:se/secret@h/d", "more than one @"),
        ("postgresql://u:secret@h/d?x", "not the address of a PostgreSQL database"),
        ("postgresql://u:secret@h/d?colour=blue", "not the address of a PostgreSQL database"),
        ("postgresql://u:secret@127.0.0.1:1/d?connect_timeout=2", "database d on 127.0.0.1: no server answers there"),
        ("postgresql://u:secret@no-such-host.example/d?connect_timeout=2", "its host is not known"),
        ("postgresql://u:secret@/d?host=/nowhere", "no server answers there"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_store(url, tmp_path, create=True)
    told = str(caught.value)
    assert "secret" not in told
    assert caught.value.__cause__ is None
    assert told.endswith(".")


def test_what_the_server_refuses_is_told(url: str, store: Store, tmp_path: Path) -> None:
    parts = urlsplit(url)
    for other, said in (
        (parts._replace(path="/no_such_database"), "there is no such database on this server"),
        (parts._replace(netloc="stranger@"), "the server turned the login down"),
    ):
        with pytest.raises(StoreError, match=said):
            open_store(urlunsplit(other), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('FATAL:  password authentication failed for user "u"', "turned the login down"),
        ("fe_sendauth: no password supplied", "turned the login down"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "u", database "d"', "lets no such user in from here"),
        ("server does not support SSL, but SSL was required", "no encrypted connection came about"),
        ("SSL error: certificate verify failed", "its certificate could not be verified"),
        ('root certificate file "/root.crt" does not exist', "its certificate could not be verified"),
        ("FATAL:  sorry, too many clients already", "takes no more connections"),
        ("FATAL:  the database system is starting up", "starting up or shutting down"),
        ('FATAL:  role "u" does not exist', "turned the login down"),
        ("connection timeout expired", "the server does not answer"),
        ("connection refused", "no server answers there"),
    ],
)
def test_every_way_in_which_no_connection_comes_about_has_its_sentence(text: str, said: str) -> None:
    told = str(unreached(psycopg.OperationalError(text), "PostgreSQL database d on h"))
    assert said in told
    assert told.startswith("PostgreSQL database d on h: ")


def test_without_psycopg_the_extra_is_named(tmp_path: Path) -> None:
    script = """
        import sys
        sys.modules["psycopg"] = None
        from pathlib import Path
        from payflow.errors import StoreError
        from payflow.store import open_store
        try:
            open_store("postgresql://u:secret@h/d", Path("."))
        except StoreError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "pip install 'payflow-gate[postgresql]'" in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_sqlite_alone_never_loads_psycopg(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from payflow.store import open_store
        open_store("sqlite:///payflow.db", Path("."), create=True).close()
        print("psycopg" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1", b"SELECT 1"),
        ("SELECT ? WHERE a = '?' AND \"b?\" = ? -- why?\n AND c = 'it''s?' AND d = ?", None),
        ("SELECT '50%', ?", b"SELECT '50%', $1"),
        ("CREATE TABLE t (a TEXT, b INTEGER CHECK (b = CAST(b AS INTEGER)))", None),
        ("SELECT CAST(a AS TEXT) FROM t", b"SELECT CAST(a AS TEXT) FROM t"),
    ],
)
def test_statements_are_put_into_postgresqls_words(sql: str, said: bytes | None) -> None:
    expected = {
        1: b"SELECT $1 WHERE a = '?' AND \"b?\" = $2 -- why?\n AND c = 'it''s?' AND d = $3",
        3: b'CREATE TABLE t (a TEXT COLLATE "C", b BIGINT CHECK (b = CAST(b AS BIGINT)))',
    }
    assert numbered(sql) == (said or expected[1 if sql.startswith("SELECT") else 3])


def test_only_an_insert_of_parameters_alone_goes_through_copy() -> None:
    assert plain_insert("INSERT INTO t (a, b) VALUES (?, ?)") == ("t", ("a", "b"))
    for sql in (
        "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING",
        "INSERT INTO t (a, b) VALUES (?, 'x')",
        "UPDATE t SET a = ?",
    ):
        assert plain_insert(sql) is None


def test_texts_sort_by_code_point_and_numbers_have_64_bits(store: Store) -> None:
    rows = store.query(
        "SELECT DISTINCT data_type, collation_name FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    assert sorted(rows, key=str) == [("bigint", None), ("text", "C")]
    with store.transaction() as tx:
        tx.executemany(SET, [(name, "") for name in ("b", "B", "_", "ä", "a", "A")])
    assert "".join(name for (name,) in store.query("SELECT name FROM meta ORDER BY name")) == "AB_abä"


def test_values_of_other_kinds_than_numbers_and_texts_are_refused(store: Store) -> None:
    for value in (1.5, b"x", ["a"]):
        for rows in ([("a", value)], [("a", value)] * 100):
            with pytest.raises(StoreError, match="cannot adapt"), store.transaction() as tx:
                tx.executemany(SET, rows)


def test_nothing_is_written_outside_a_transaction(store: Store) -> None:
    with pytest.raises(StoreError, match="the database is read-only"):
        store.query("DELETE FROM meta")


def test_a_schema_of_another_program_is_left_alone(url: str, store: Store, tmp_path: Path) -> None:
    with closing(connect(store)) as other:
        other.execute("CREATE SCHEMA songs")
        other.execute("CREATE TABLE songs.song (title TEXT)")
        foreign = f"{url.rpartition('schema=')[0]}schema=songs"
        try:
            for create in (True, False):
                with pytest.raises(StoreError, match="the schema songs belongs to another program"):
                    open_store(foreign, tmp_path, create=create)
            assert other.execute(
                b"SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('songs')"
            ).fetchall() == [("song",)]
        finally:
            other.execute("DROP SCHEMA songs CASCADE")


def test_a_schema_newer_than_the_program_is_refused(url: str, store: Store, tmp_path: Path) -> None:
    with closing(connect(store)) as other:
        other.execute("UPDATE payflow_schema SET version = 99")
    with pytest.raises(StoreError, match=r"written by a newer payflow \(schema 99"):
        open_store(url, tmp_path)


def test_there_is_no_store_until_one_is_made(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store yet.*payflow sync"):
        open_store(url, tmp_path)


def test_what_is_kept_beside_the_store_is_in_the_workspace(store: Store, tmp_path: Path) -> None:
    assert store.anchor == tmp_path / "payflow.anchor"
    assert list(tmp_path.iterdir()) == []


def test_a_connection_lost_while_nothing_goes_on_is_made_anew(store: Store) -> None:
    cut(store)
    with suppress(StoreError):
        # the loss is noticed by the first to ask
        store.query("SELECT 1")
    assert store.query("SELECT count(*) FROM meta") == [(0,)]
    cut(store)
    with store.transaction() as tx:
        tx.execute(SET, ("a", "b"))
    assert store.query("SELECT name FROM meta") == [("a",)]


def test_a_connection_lost_within_a_transaction_leaves_the_old_state_and_is_told(store: Store) -> None:
    said = r"the (server closed the )?connection( was lost)?\. Nothing was half-written"
    with pytest.raises(StoreError, match=said), store.transaction() as tx:  # noqa: PT012 (one story)
        journal.append(tx, [record(invoice=1)] * 3, at=AT)
        cut(store)
        tx.execute(SET, ("a", "b"))
    assert store.query("SELECT * FROM meta") == []
    assert journal.head(store).seq == 0
    assert add(store, record()) == [1]


def test_a_connection_lost_before_the_commit_says_that_all_or_nothing_was_written(store: Store) -> None:
    said = "all of it was written, or nothing"
    with pytest.raises(StoreError, match=said), store.transaction() as tx:  # noqa: PT012 (one story)
        tx.execute(SET, ("a", "b"))
        cut(store)
    assert store.query("SELECT * FROM meta") == []


def test_a_connection_lost_within_a_snapshot_is_not_made_anew(store: Store) -> None:
    with pytest.raises(StoreError), store.snapshot():  # noqa: PT012 (one story)
        cut(store)
        with suppress(StoreError):
            store.query("SELECT 1")
        store.query("SELECT 1")


def test_a_second_writer_waits_and_then_says_that_it_is_locked_out(url: str, store: Store) -> None:
    address = read_address(url, ROOT)
    assert isinstance(address, ServerAddress)
    with closing(PostgresqlDatabase(address, patience=0.05)) as second, store.transaction() as tx:
        tx.execute(SET, ("a", "b"))
        assert second.query("SELECT * FROM meta") == []
        with pytest.raises(StoreError, match="another payflow is writing"), second.transaction():
            pass


def test_claims_do_not_wait_for_one_another_but_for_writers(url: str, store: Store) -> None:
    address = read_address(url, ROOT)
    assert isinstance(address, ServerAddress)
    locked = "SELECT name FROM meta WHERE name = ? FOR UPDATE SKIP LOCKED"
    with store.transaction() as tx:
        tx.executemany(SET, [("a", ""), ("b", "")])
    with closing(PostgresqlDatabase(address, patience=0.05)) as second, store.transaction(sharing=True) as first:
        assert first.query(locked, ("a",)) == [("a",)]
        with second.transaction(sharing=True) as other:
            assert other.query(locked, ("a",)) == []
            assert other.query(locked, ("b",)) == [("b",)]
        with pytest.raises(StoreError, match="another payflow is writing"), second.transaction():
            pass


def test_one_run_at_a_time_on_any_host_and_the_second_names_the_first(url: str, store: Store, tmp_path: Path) -> None:
    with open_store(url, tmp_path) as second, second.lock():
        with pytest.raises(StoreError, match=r"another run is going on \(pid \d+ on .+\)\. Wait"), store.lock():
            pass
        with pytest.raises(StoreError, match="another run is going on"), second.lock():
            pass
        [(pid,)] = second.query("SELECT pg_backend_pid()")
        waiting = threading.Timer(0.2, end, (store, pid))
        waiting.start()
        with store.lock(wait=20):
            pass
        waiting.join()
    with store.lock():
        pass


def test_stores_in_one_database_do_not_hinder_one_another(store: Store, url: str, tmp_path: Path) -> None:
    from stores import url_of

    with open_store(url_of("postgresql"), tmp_path, create=True) as other, store.lock(), other.lock():
        with store.transaction() as tx, other.transaction() as also:
            tx.execute(SET, ("a", "b"))
            also.execute(SET, ("a", "b"))
        assert store.place() != other.place()


def test_two_hosts_at_one_database_are_at_one_place_and_a_copy_is_at_another(
    store: Store, url: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "another host"
    elsewhere.mkdir()
    with open_store(url, elsewhere) as same:
        assert same.place() == store.place()
    place = store.place()
    with closing(connect(store)) as other:
        schema = url.rpartition("schema=")[2]
        other.execute(f"ALTER SCHEMA {schema} RENAME TO {schema}_away".encode())
    with open_store(url, tmp_path, create=True) as anew:
        assert anew.place() != place


def test_many_rows_go_in_like_few(store: Store) -> None:
    clients = [ClientRow("books", f"c{number}", f'tab\t "quote" \\ Ünïcode {number}\n') for number in range(3000)]
    with store.transaction() as tx:
        assert mirror_writes.write_clients(tx, clients) == 3000
        assert (
            mirror_writes.write_clients(tx, [*clients[:2990], *(row._replace(email="x") for row in clients[2990:])])
            == 10
        )
        assert tx.executemany(SET, [(f"{number}", "\\N") for number in range(3000)]) == 3000
    assert [row.name for row in mirror.clients(store)] == [row.name for row in sorted(clients)]
    assert store.query("SELECT DISTINCT value FROM meta WHERE name <> 'mirror-counter'") == [("\\N",)]
    with pytest.raises(DuplicateKeyError), store.transaction() as tx:
        tx.executemany(SET, [(f"{number % 99}x", "") for number in range(200)])


def test_what_was_deleted_is_not_said_to_be_gone_while_a_transaction_may_still_see_it(url: str, store: Store) -> None:
    address = read_address(url, ROOT)
    assert isinstance(address, ServerAddress)
    with store.transaction() as tx:
        tx.execute(SET, ("gone", "word of a person"))
    with connect(store) as other, closing(PostgresqlDatabase(address, patience=0.2)) as purging:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT count(*) FROM meta")
        with store.transaction() as tx:
            tx.execute("DELETE FROM meta WHERE name = ?", ("gone",))
        with pytest.raises(StoreError, match="another program uses this database server, so that what was deleted"):
            purging.purge()
        other.execute("COMMIT")
        with store.transaction() as tx:
            tx.execute(SET, ("gone", "word of a person"))
        # a transaction that has written, in another database of this server
        with psycopg.connect(urlunsplit(urlsplit(address.conninfo)._replace(path="/postgres"))) as elsewhere:
            elsewhere.execute("SELECT pg_current_xact_id()")
            with store.transaction() as tx:
                tx.execute("DELETE FROM meta WHERE name = ?", ("gone",))
            with pytest.raises(StoreError, match="another program uses this database server"):
                purging.purge()
        purging.purge()
        other.execute("RESET default_transaction_read_only")
        path = "pg_read_binary_file(pg_relation_filepath('meta'::regclass))"
        other.execute("CHECKPOINT")
        [[content]] = other.execute(f"SELECT encode({path}, 'escape')")
    assert "word of a person" not in content
