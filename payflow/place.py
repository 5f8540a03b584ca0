"""Where payflow runs and for whom.

A store's place is a fingerprint of this machine and of the path of a file, so that a copy is known for a copy.
"""

from __future__ import annotations

import getpass
import platform
import re
from hashlib import sha256
from pathlib import Path

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def fingerprint(path: Path) -> str:
    """The same for one file on one machine, and for no other; tells neither."""
    return sha256(f"{_machine()}\n{path.resolve()}".encode()).hexdigest()[:32]


def who() -> str:
    """Who is at the terminal, as the system knows them; empty where it does not."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _machine() -> str:
    for path in _MACHINE_IDS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text:
            return text
    return platform.node()


def has_password(url: str) -> bool:
    """Whether a password stands in the address itself."""
    scheme, colon, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres") or not colon:
        return False
    user, at, _ = re.split(r"[/?]", rest, maxsplit=1)[0].rpartition("@")
    return bool((at and ":" in user) or re.search(r"[?&](?:ssl)?password=", rest))
