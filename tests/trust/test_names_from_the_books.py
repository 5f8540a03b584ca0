"""Names, numbers and addresses that were made to do harm: in headers, at the terminal, in files, as paths."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import CliRunner

from payflow.cli import main
from payflow.policy.rate_files import mistakes_of
from stories.papers import ANY_HOUR, contract, invoice, settings
from stories.world import World

ESCAPES = ("\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\u202e", "\r", "\x08")


@pytest.fixture
def policy_of_all(world: World) -> World:
    world.settings(settings(mail=ANY_HOUR, business='policy = "standard"'))
    return world


@pytest.mark.parametrize(
    "evil",
    [
        "Acme\r\nBcc: victim@example.com",
        "Acme\nSubject: other",
        "=?utf-8?q?Acme=0D=0ABcc:_victim@example.com?=",
        "Acme\u2028Bcc: victim@example.com",
        '"Acme" <victim@example.com>,',
        "Acme\x00\x1b[31m",
    ],
)
def test_a_name_or_number_adds_no_header_and_no_recipient(policy_of_all: World, evil: str) -> None:
    world = policy_of_all.on("2026-10-20")
    row = invoice(f"INV {evil}", "3000.00", client=evil, email="accounts@acme.example")
    world.books(row).begin()
    world.on("2026-11-05").books(row).run()
    for path in (world.root / "outbox" / "new").glob("*.eml"):
        raw = path.read_bytes()
        head = raw.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head
        mail = message_from_bytes(raw, policy=default)
        assert len(mail.get_all("Subject", [])) == 1
        assert "victim" not in str([address.addr_spec for address in mail["To"].addresses])
        assert {line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))} <= HEADERS


HEADERS = {
    b"auto-submitted",
    b"content-transfer-encoding",
    b"content-type",
    b"date",
    b"from",
    b"message-id",
    b"mime-version",
    b"reply-to",
    b"subject",
    b"to",
    b"x-payflow-key",
}


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a b@c.example", "@"]
)
def test_an_address_that_is_none_gets_nothing(policy_of_all: World, address: str) -> None:
    world = policy_of_all.on("2026-10-20")
    row = invoice("INV-0012", "3000.00", client="Someone", email=address)
    world.books(row).begin()
    world.on("2026-11-05").books(row).run()
    assert [mail for mail in world.to_clients() if "d.example" in mail.to] == []


def test_no_command_lets_control_characters_through_to_the_terminal(policy_of_all: World) -> None:
    world = policy_of_all.on("2026-10-20")
    name = "Acme" + "".join(ESCAPES)
    rows = [
        invoice("INV-0012", "3000.00", client=name, email="accounts@acme.example"),
        invoice(f"INV{ESCAPES[0]}", "10.00", client=name, issued="2026-10-21")._replace(total=f"12{ESCAPES[0]}"),
        invoice("INV-0014", "5.00", client="B", currency=f"G{ESCAPES[0]}"),
    ]
    world.books(*rows).sync()
    world.live("2026-10-01")
    world.on("2026-11-05").books(*rows).run()
    world.ruling("hold", "INV-0012", until=None, reason=f"so{ESCAPES[1]}")
    world.close()
    words = ["-C", str(world.root), "--now", "2026-11-06T09:00"]
    commands = ("status", "plan", "log", "outbox", "explain INV-0012", "doctor", "sync", "run", "log replay 2026-11-05")
    for command in commands:
        result = CliRunner().invoke(main, [*words, *command.split()])
        for sign in ESCAPES:
            assert sign not in result.stdout, command
            assert sign not in result.stderr, command
    unknown = CliRunner().invoke(main, [*words, "explain", f"INV{ESCAPES[0]}x"])
    assert "\x1b" not in unknown.output


def test_files_are_for_their_owner_alone(world: World, store_kind: str) -> None:
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    world.run("2026-10-21")
    with world.store.lock():
        modes = {path.name: path.stat().st_mode & 0o777 for path in world.root.glob("payflow.*")}
    modes.pop("payflow.toml")
    in_file = {"payflow.db", "payflow.db.anchor", "payflow.db.lock"}
    assert (in_file if store_kind == "sqlite" else {"payflow.anchor"}) <= set(modes)
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "name", ["../outside.csv", "/etc/passwd", "con\0trol.csv", "new\nline.csv", "exports", "loop.csv"]
)
def test_an_import_reads_the_file_it_is_given_and_tells_what_is_none(world: World, name: str) -> None:
    (world.root / "loop.csv").symlink_to("loop.csv")
    path = str(world.root / name) if not name.startswith("/") else name
    result = CliRunner().invoke(main, ["-C", str(world.root), "import", path])
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert not (world.root / "payflow.db-journal").exists()


@pytest.mark.parametrize("project", ["../evil", "a/b", "/abs", "x\0y", ".."])
def test_a_contract_cannot_be_called_a_path(world: World, project: str) -> None:
    text = contract(milestones={"all": ("1.00", [])}).replace('"acme-website"', repr(project).replace("'", '"'), 1)
    world.contract("evil", text)
    result = CliRunner().invoke(main, ["-C", str(world.root), "doctor"])
    assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_a_rate_that_a_spreadsheet_would_run_is_refused() -> None:
    for source in ("=HYPERLINK(1)", "+1", "-1", "@sum"):
        [found] = mistakes_of(["2026-01-01", "2.5", source], "rates/own.csv, row 2")
        assert "A spreadsheet would run it as a formula" in str(found)
    assert list(mistakes_of(["2026-01-01", "-0.88", "our bank"], "rates/own.csv, row 2")) == []


def test_only_listed_modules_write_csv() -> None:
    import payflow

    package = Path(payflow.__file__).parent
    writers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "csv.writer" in path.read_text("utf-8") or ".to_csv" in path.read_text("utf-8")
    }
    assert writers == {"policy/rate_files.py", "demo/books.py"}
