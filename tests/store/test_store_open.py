"""Opening a store, its address, its lock, and what it says when something is wrong."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing, suppress
from pathlib import Path

import pytest

from payflow.errors import StoreError
from payflow.store import DuplicateKeyError, Store, open_store
from payflow.store.database import SqliteDatabase, dialect

URL = "sqlite:///payflow.db"


def raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_a_new_store_is_made_only_when_asked_and_opened_again_afterwards(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"payflow\.db: there is no store yet\. .*payflow sync"):
        open_store(URL, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with open_store(URL, tmp_path, create=True) as store, store.transaction() as tx:
        tx.execute("INSERT INTO meta (name, value) VALUES ('colour', 'blue')")
    with open_store(URL, tmp_path) as store:
        assert store.query("SELECT value FROM meta WHERE name = ?", ("colour",)) == [("blue",)]
        assert store.path == tmp_path / "payflow.db"
        assert store.anchor == tmp_path / "payflow.db.anchor"


def test_its_files_are_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(URL, tmp_path, create=True) as store, store.lock(), store.transaction() as tx:
            tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("payflow.db", "payflow.db-wal", "payflow.db-shm", "payflow.db.lock"), 0o600)


def test_it_writes_ahead_and_syncs_every_commit(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store:
        assert store.query("PRAGMA journal_mode") == [("wal",)]
        assert store.query("PRAGMA synchronous") == [(2,)]
        assert store.query("PRAGMA foreign_keys") == [(1,)]


def test_an_address_may_be_absolute(tmp_path: Path) -> None:
    path = tmp_path / "odd name #1?.db"
    open_store(f"sqlite:///{path}", Path("/nowhere"), create=True).close()
    assert path.is_file()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:secret@host/db", "not the address of a database"),
        ("sqlite://payflow.db", "not the address of a database"),
        ("sqlite:///", "not the address of a database"),
        ("sqlite:///:memory:", "not the address of a database"),
        ("payflow.db", "not the address of a database"),
        ("", "not the address of a database"),
    ],
)
def test_another_address_is_refused_without_repeating_it(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_store(url, tmp_path, create=True)
    assert 'Write url = "sqlite:///payflow.db" or "postgresql://...".' in str(caught.value)
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_folder_in_its_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no/payflow\.db: the folder of the store does not exist\. Make"):
        open_store("sqlite:///no/payflow.db", tmp_path, create=True)
    (tmp_path / "payflow.db").mkdir()
    with pytest.raises(StoreError, match="must be a file, and this is none"):
        open_store(URL, tmp_path, create=True)


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "payflow.db"
    path.write_text("Invoice,Amount\n" * 200)
    with pytest.raises(StoreError, match=r"payflow\.db: this file is not a payflow database\. Check `url`"):
        open_store(URL, tmp_path, create=create)
    assert path.read_text() == "Invoice,Amount\n" * 200


@pytest.mark.parametrize("statement", ["CREATE TABLE song (title TEXT)", "PRAGMA application_id = 77"])
def test_the_database_of_another_program_is_refused(tmp_path: Path, statement: str) -> None:
    with closing(raw(tmp_path / "payflow.db")) as other:
        other.execute(statement)
    before = (tmp_path / "payflow.db").read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(URL, tmp_path, create=True)
    assert (tmp_path / "payflow.db").read_bytes() == before


def test_an_empty_file_is_no_store_until_one_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "payflow.db").touch()
    with pytest.raises(StoreError, match="nothing was ever stored"):
        open_store(URL, tmp_path)
    open_store(URL, tmp_path, create=True).close()
    open_store(URL, tmp_path).close()


def test_a_damaged_database_is_called_damaged(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store, store.transaction() as tx:
        tx.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", ((f"name {n}", "x" * 500) for n in range(200)))
    path = tmp_path / "payflow.db"
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(StoreError, match=r"the database is damaged\..*backup"), open_store(URL, tmp_path) as store:
        store.query("SELECT * FROM meta")


def test_a_second_writer_waits_and_then_says_that_it_is_locked_out(tmp_path: Path) -> None:
    open_store(URL, tmp_path, create=True).close()
    path = tmp_path / "payflow.db"
    with (
        Store(SqliteDatabase(path, patience=0.05), path) as store,
        closing(raw(path)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert store.query("SELECT count(*) FROM meta") == [(0,)]
        with pytest.raises(StoreError, match=r"locked by another program\. Wait"), store.transaction():
            pass


def test_a_full_disk_is_told_and_leaves_the_old_state(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store:
        [(pages,)] = store.query("PRAGMA page_count")
        store.query(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match=r"the disk is full\. Free some space"), store.transaction() as tx:
            tx.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", [("a", "small"), ("b", "x" * 100_000)])
        assert store.query("SELECT * FROM meta") == []


def test_a_write_to_a_read_only_database_is_told(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store:
        store.query("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=r"is read-only\. Give this user the right"), store.transaction() as tx:
            tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")


AS_NOBODY = """
    import os, sys
    from pathlib import Path
    from payflow.errors import StoreError
    from payflow.store import open_store
    if os.getuid() == 0:
        os.setuid(65534)
    try:
        with open_store(sys.argv[2], Path(sys.argv[1]), create=True) as store, store.lock(), store.transaction() as tx:
            tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")
    except StoreError as error:
        print(error)
"""


@pytest.mark.parametrize("name", ["payflow.db", "new.db", "closed/payflow.db"])
def test_a_store_that_this_user_may_not_write_is_told_without_a_traceback(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        open_store(URL, folder, create=True).close()
        (folder / "payflow.db").chmod(0o444)
        (folder / "closed").mkdir(mode=0o000)
        folder.chmod(0o555)
        command = [sys.executable, "-c", textwrap.dedent(AS_NOBODY), root, f"sqlite:///{name}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        folder.chmod(0o755)
        (folder / "closed").chmod(0o755)
    assert done.stderr == ""
    assert f"{name}: " in done.stdout
    assert "Give this user the right to write the file and its folder." in done.stdout


def test_numbers_and_texts_that_cannot_be_stored_are_told(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store:
        for value, said in ((10**30, "more than 18 digits"), ("\udcff", "cannot be stored")):
            with pytest.raises(StoreError, match=said), store.transaction() as tx:
                tx.execute("INSERT INTO meta (name, value) VALUES ('a', ?)", (value,))


def test_a_mistaken_statement_is_a_store_error_too(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store, pytest.raises(StoreError, match="please report it"):
        store.query("SELECT nothing FROM nowhere")


def test_a_unique_key_has_an_error_of_its_own_and_dooms_the_transaction(tmp_path: Path) -> None:
    insert = "INSERT INTO meta (name, value) VALUES ('a', 'b')"
    with open_store(URL, tmp_path, create=True) as store:
        with pytest.raises(DuplicateKeyError), store.transaction() as tx:
            tx.executemany(insert, [(), ()])
        assert store.query("SELECT * FROM meta") == []
        with pytest.raises(StoreError, match="a statement failed"), store.transaction() as tx:  # noqa: PT012 (one story)
            with pytest.raises(DuplicateKeyError):
                tx.executemany(insert, [(), ()])
            with pytest.raises(StoreError, match="an earlier statement failed"):
                tx.execute("DELETE FROM meta")
        assert store.query("SELECT * FROM meta") == []


def test_any_exception_rolls_back(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as store:
        for stop in (KeyboardInterrupt, ValueError):
            with suppress(stop), store.transaction() as tx:
                tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")
                raise stop
        assert store.query("SELECT * FROM meta") == []


def test_a_transaction_within_a_transaction_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with (
        open_store(URL, tmp_path, create=True) as store,
        store.transaction(),
        pytest.raises(RuntimeError, match="already open"),
        store.transaction(),
    ):
        pass


def test_a_snapshot_does_not_see_what_others_commit(tmp_path: Path) -> None:
    with open_store(URL, tmp_path, create=True) as reader, open_store(URL, tmp_path) as writer:
        with reader.snapshot():
            assert reader.query("SELECT * FROM meta") == []
            with writer.transaction() as tx:
                tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")
            assert reader.query("SELECT * FROM meta") == []
        assert reader.query("SELECT * FROM meta") == [("a", "b")]


def test_one_run_at_a_time_and_the_second_names_the_first(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from payflow.store import open_store
        with open_store("sqlite:///payflow.db", Path(sys.argv[1])) as store, store.lock():
            print("held", flush=True)
            sys.stdin.read()
    """
    with open_store(URL, tmp_path, create=True) as store:
        other = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with other:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            with pytest.raises(StoreError, match=rf"another run is going on \(pid {other.pid}\)\. Wait"), store.lock():
                pass
            other.kill()
        with store.lock(wait=5):
            assert (tmp_path / "payflow.db.lock").read_text() == str(os.getpid())


def test_a_killed_writer_leaves_the_old_state(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from payflow.store import open_store
        with open_store("sqlite:///payflow.db", Path(sys.argv[1])) as store, store.transaction() as tx:
            tx.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", ((f"new {n}", "x" * 999) for n in range(9000)))
            print("written", flush=True)
            sys.stdin.read()
    """
    with open_store(URL, tmp_path, create=True) as store, store.transaction() as tx:
        tx.execute("INSERT INTO meta (name, value) VALUES ('old', 'state')")
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.kill()
    with open_store(URL, tmp_path) as store:
        assert store.query("SELECT name, value FROM meta") == [("old", "state")]
        with store.transaction() as tx:
            tx.execute("INSERT INTO meta (name, value) VALUES ('next', 'run')")


def test_several_processes_may_create_one_store_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from payflow.store import open_store; "
        "open_store('sqlite:///payflow.db', Path(sys.argv[1]), create=True).close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * 4
    open_store(URL, tmp_path).close()


def test_an_older_sqlite_is_spoken_to_in_its_own_words() -> None:
    sql = "SELECT 1 WHERE ? IS DISTINCT FROM ?"
    assert dialect(sql, (3, 40, 1)) == sql
    assert dialect(sql, (3, 37, 2)) == "SELECT 1 WHERE ? IS NOT ?"
    assert dialect("SELECT format('%s', 1)", (3, 37, 2)) == "SELECT printf('%s', 1)"
    assert dialect("SELECT string_agg(a, b)", (3, 43, 2)) == "SELECT group_concat(a, b)"
    assert dialect("SELECT string_agg(a, b)", (3, 44, 0)) == "SELECT string_agg(a, b)"
    with closing(sqlite3.connect(":memory:")) as connection:
        for version in ((3, 40, 1), (3, 37, 2)):
            for pair, differs in (((None, 1), True), ((None, None), False), ((1, 1), False), ((1, 2), True)):
                assert bool(connection.execute(dialect(sql, version), pair).fetchall()) is differs
