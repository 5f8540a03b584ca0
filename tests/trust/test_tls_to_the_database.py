"""TLS to PostgreSQL: what `sslmode` and `sslrootcert` in the address ask for is what happens, and otherwise nothing is said.

The server of the tests is built without TLS, so a door stands before it that answers PostgreSQL's request for TLS, shows a
certificate of an authority made for the test, and passes on what it decrypts. The client is the real one, libpq.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import trustme

from payflow.cli.server_glance import server_shelf
from payflow.errors import StoreError
from payflow.store import open_store
from payflow.store.address import ServerAddress, read_address
from stories.papers import invoice
from stories.world import World

#: What a client says first that wants TLS: the length, and a number that stands for it.
_WANTS_TLS = bytes.fromhex("00000008 04d2162f")
SECRET = "s3cret-of-the-database"


@contextmanager
def door(address: str, certificate: trustme.LeafCert | None, said: list[bytes]) -> Iterator[int]:
    """A server with TLS, or without where there is no certificate; `said` is what came through in clear words after that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        certificate.configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if connection.recv(8) != _WANTS_TLS:
                said.append(b"no TLS was asked for")
                return
            connection.sendall(b"N" if certificate is None else b"S")
            if certificate is None:
                if words := connection.recv(4096):
                    said.append(words)
                return
            with context.wrap_socket(connection, server_side=True) as secure, _server(address) as server:
                back = threading.Thread(target=_pass_on, args=(server, secure, []), daemon=True)
                back.start()
                _pass_on(secure, server, said)
                server.shutdown(socket.SHUT_RDWR)
                back.join(5)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def _pass_on(source: socket.socket, target: socket.socket, said: list[bytes]) -> None:
    with suppress(OSError):
        while words := source.recv(65536):
            said.append(words)
            target.sendall(words)


def _server(address: str) -> socket.socket:
    """A plain connection to the tests' server, wherever it listens."""
    known = psycopg.conninfo.conninfo_to_dict(address)
    host, port = str(known.get("host") or "localhost"), int(known.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    made = socket.socket(socket.AF_UNIX)
    made.connect(f"{host}/.s.PGSQL.{port}")
    return made


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return made


def _through(url: str, port: int, root: Path, mode: str = "verify-full") -> str:
    """The address of the same store behind the door."""
    address = read_address(url, root)
    assert isinstance(address, ServerAddress)
    known = psycopg.conninfo.conninfo_to_dict(address.conninfo)
    ca_file = quote(str(root / "ca.pem"), safe="")
    return (
        f"postgresql://{known['user']}:{known.get('password') or SECRET}@127.0.0.1:{port}/{known['dbname']}"
        f"?sslmode={mode}&sslrootcert={ca_file}&connect_timeout=5&schema={address.schema}"
    )


def _plain(url: str, root: Path) -> str:
    address = read_address(url, root)
    assert isinstance(address, ServerAddress)
    return address.conninfo


def test_a_whole_workspace_works_over_verified_tls(tmp_path: Path, postgresql_url: str, authority: trustme.CA) -> None:
    said: list[bytes] = []
    with door(_plain(postgresql_url, tmp_path), authority.issue_cert("127.0.0.1"), said) as port:
        world = World(tmp_path / "studio", store_url=_through(postgresql_url, port, tmp_path))
        world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).begin()
        world.run()
        assert [step for step, _ in world.steps("INV-0012")] == ["reminder"]
        assert world.verify() == []
        world.close()
    assert b"BEGIN" in b"".join(said)


@pytest.mark.parametrize("case", ["another authority", "another name", "no TLS"])
def test_a_server_that_cannot_be_verified_is_told_nothing(
    tmp_path: Path, postgresql_url: str, authority: trustme.CA, case: str
) -> None:
    certificates = {
        "another authority": trustme.CA().issue_cert("127.0.0.1"),
        "another name": authority.issue_cert("db.elsewhere.example"),
        "no TLS": None,
    }
    said: list[bytes] = []
    with door(_plain(postgresql_url, tmp_path), certificates[case], said) as port:
        url = _through(postgresql_url, port, tmp_path)
        with pytest.raises(StoreError) as caught:
            open_store(url, tmp_path, create=True)
        shelf = server_shelf(url, tmp_path)
        assert shelf is not None
        with pytest.raises(StoreError):
            shelf.look("glance:status")
    assert ("no encrypted connection" if case == "no TLS" else "certificate could not be verified") in str(caught.value)
    assert SECRET not in str(caught.value)
    assert said == []


def test_a_name_is_not_looked_at_where_the_address_does_not_ask_for_it(
    tmp_path: Path, postgresql_url: str, authority: trustme.CA
) -> None:
    said: list[bytes] = []
    certificate = authority.issue_cert("db.elsewhere.example")
    with door(_plain(postgresql_url, tmp_path), certificate, said) as port:
        open_store(_through(postgresql_url, port, tmp_path, "verify-ca"), tmp_path, create=True).close()
    assert said
