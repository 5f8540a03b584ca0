"""Secrets planted in a whole run with failures, and looked for everywhere afterwards."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner

from outbox.receiver import Receiver
from payflow.cli import main
from payflow.store import Store, effects, open_store
from payflow.workspace.secrets import masked
from stories.papers import BOOKS, invoice, paid, settings
from stories.world import World

CANARIES = {
    "STRIPE_API_KEY": "sk_test_CANARYstripe4711",
    "SMTP_PASSWORD": "CANARY-smtp-pass-word",
    "MONITOR": "https://127.0.0.1:9/CANARY-monitor-token",
    "HOOK_SECRET": "CANARY-signs-every-event",
    "HOOK_URL": "",  # of a receiver that each test starts
    "DATABASE": "postgresql://payflow:CANARY-database@127.0.0.1:9/payflow",
}
HOOK = '[[hook]]\nname = "tracker"\nurl = "env:HOOK_URL"\nsecret = "env:HOOK_SECRET"\nallow_private = true\n'
STRIPE = '[[source]]\nname = "stripe"\nconnector = "stripe"\nkey = "env:STRIPE_API_KEY"\n'


@contextmanager
def parrot() -> Iterator[int]:
    """A mail server that takes a login amiss and says back what it was told, as none should."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"220 parrot\r\n")
                stream.flush()
                for line in stream:
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"EHLO":
                        stream.write(b"250-parrot\r\n250 AUTH PLAIN LOGIN\r\n")
                    else:
                        secret = CANARIES["SMTP_PASSWORD"].encode()
                        stream.write(b"535 5.7.8 not you: " + line.strip() + b" " + secret + b"\r\n")
                    stream.flush()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in root.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(root)), path.read_bytes()


def assert_unseen(root: Path, printed: str) -> None:
    forms = {name: (value.encode(), json.dumps(value).strip('"').encode()) for name, value in CANARIES.items()}
    forms["SMTP_PASSWORD"] += (b"Q0FOQVJZLXNtdHAtcGFzcy13b3Jk",)  # as a login writes it
    for name, values in forms.items():
        for value in {*values, b"CANARY"} - {b""}:
            assert value.decode() not in printed, name
            assert not [path for path, content in everything(root) if value in content], name


@pytest.fixture
def studio(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Real mail to a server that refuses, Stripe behind a dead address, a monitor that does not answer."""
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    if world.store_url.startswith("postgresql"):
        # the tests' server asks for no password, and so does not mind one
        world.store_url = world.store_url.replace("postgres@", "postgres:CANARY%2Dstore-pass@")
    monkeypatch.setenv("STUDIO_STORE", world.store_url)
    with parrot() as port, Receiver(_repeat) as receiver:
        monkeypatch.setenv("HOOK_URL", f"{receiver.url}CANARY-hook-token")
        mail = (
            f'hours = "any"\ndays = "every"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
            'user = "billing"\npassword = "env:SMTP_PASSWORD"\ntimeout = 3'
        )
        text = settings(sources=BOOKS, mail=mail).replace(
            'transport = "folder"\nfolder = "outbox"', 'transport = "smtp"'
        )
        world.settings(f'{text}\n[run]\nheartbeat_url = "env:MONITOR"\n{HOOK}\n[store]\nurl = "env:STUDIO_STORE"\n')
        yield world


def _repeat(handler: BaseHTTPRequestHandler) -> None:
    """Refuse an event, and say back where it was sent and how it was signed."""
    handler.send_response(500, f"{handler.path} {CANARIES['HOOK_SECRET']}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def stored(store: Store) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, wherever the store is."""
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if (store.anchor.parent / "payflow.db").exists()
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    )
    for [table] in store.query(tables):
        for row in store.query(f"SELECT * FROM {table}"):
            yield f"a row of {table}", repr(row).encode()


COMMANDS = (
    ["run"],
    ["run", "--json"],
    ["sync"],
    ["status"],
    ["status", "--json"],
    ["plan"],
    ["outbox"],
    ["outbox", "--json"],
    ["log"],
    ["log", "--json"],
    ["log", "verify"],
    ["doctor"],
    ["doctor", "--json"],
    ["explain", "INV-0012"],
    ["connectors", "--json"],
    ["plan", "--json"],
    ["ageing", "--csv", "ageing.csv"],
    ["gate", "check", "acme-website", "build"],
    ["store", "info"],
    ["store", "info", "--json"],
    ["store", "backup", "studio.backup"],
    ["log", "replay", str(datetime.now(UTC).date())],
)


def test_no_secret_is_found_after_a_run_whose_mail_source_hook_and_monitor_fail(
    studio: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_one = invoice("INV-0012", "3000.00")
    studio.on("2026-10-20").books(open_one)
    words = ["-C", str(studio.root)]
    first = CliRunner().invoke(main, [*words, "sync"])
    printed = first.output
    printed += CliRunner().invoke(main, [*words, "live", "--from", "2026-10-01"]).output
    text = (studio.root / "payflow.toml").read_text()
    studio.settings(text.replace("[[source]]", f"{STRIPE}\n[[source]]", 1))
    outputs = [CliRunner().invoke(main, [*words, "run"]).output]
    studio.on("2026-10-21").books(paid("INV-0012", "3000.00"), name="later.csv")
    monkeypatch.setenv("PAYFLOW_TRACEBACK", "1")
    monkeypatch.chdir(studio.root)
    outputs += [CliRunner().invoke(main, [*words, *command]).output for command in COMMANDS]
    assert any("stripe" in one for one in outputs)
    with open_store(studio.store_url, studio.root) as store:
        assert "waiting" in [row.state.value for row in effects.effects(store, "hook")]
        rows = list(stored(store))
    assert len(rows) > 20
    assert not [where for where, content in rows if b"CANARY" in content]
    assert (studio.root / "studio.backup").is_file()
    assert_unseen(studio.root, printed + "".join(outputs))


def test_a_database_that_cannot_be_reached_tells_no_password(studio: World) -> None:
    studio.settings((studio.root / "payflow.toml").read_text().replace("env:STUDIO_STORE", "env:DATABASE"))
    result = CliRunner().invoke(main, ["-C", str(studio.root), "status"])
    assert result.exit_code == 1
    assert_unseen(studio.root, result.output)


@pytest.mark.parametrize(
    "line",
    [
        'password = "CANARY-in-the-file-itself"',
        'password = "file:CANARY-in-the-file-itself"',
        'password = "env:CANARY_IN_THE_FILE_ITSELF',
    ],
)
def test_a_secret_that_stands_in_the_file_by_mistake_is_not_repeated(studio: World, line: str) -> None:
    text = (studio.root / "payflow.toml").read_text().replace('password = "env:SMTP_PASSWORD"', line)
    studio.settings(text)
    result = CliRunner().invoke(main, ["-C", str(studio.root), "status"])
    assert result.exit_code == 1
    if "file:" not in line:
        assert "CANARY-" not in result.output


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", ["SMTP_PASSWORD", "HOOK_SECRET", "STRIPE_API_KEY", "HOOK_URL", "MONITOR"])
def test_a_fault_whose_words_hold_a_secret_is_told_without_it(
    studio: World, monkeypatch: pytest.MonkeyPatch, name: str, verbose: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise ValueError(f"the answer was {os.environ[name]}")
        except ValueError:
            raise RuntimeError(f"cannot log in with {os.environ[name]}")  # noqa: B904  # both are printed

    text = (studio.root / "payflow.toml").read_text()
    studio.settings(f"{text}\n{STRIPE}")
    monkeypatch.setattr("payflow.store.open_store", fail)
    if verbose:
        monkeypatch.setenv("PAYFLOW_TRACEBACK", "1")
    result = CliRunner().invoke(main, ["-C", str(studio.root), "status"])
    assert result.exit_code == 1
    assert "cannot log in with (a secret)" in result.stderr
    assert ("Traceback" in result.stderr) is verbose
    assert ("the answer was (a secret)" in result.stderr) is verbose
    assert "CANARY" not in result.output
    assert masked("nothing of the kind") == "nothing of the kind"


def test_the_password_of_a_database_is_told_in_no_form(studio: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no login for payflow with CANARY-database, that is CANARY%2Ddatabase")

    monkeypatch.setenv("DATABASE", CANARIES["DATABASE"].replace("CANARY-", "CANARY%2D"))
    studio.settings((studio.root / "payflow.toml").read_text().replace("env:STUDIO_STORE", "env:DATABASE"))
    monkeypatch.setattr("payflow.store.open_store", fail)
    result = CliRunner().invoke(main, ["-C", str(studio.root), "status"])
    assert "no login for payflow with (a secret), that is (a secret)" in result.stderr
