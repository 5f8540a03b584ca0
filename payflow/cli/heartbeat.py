"""A sign of life after a run that went well, for monitoring: a file that is written anew, or an address that is asked.

It never fails a run. The address may hold a token, so no message says more of it than its host.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from payflow.model.agreement import RunSettings

#: Seconds that a monitor may take to answer; the run is done by then.
_PATIENCE = 10
_NAME = "payflow-heartbeat"


def beat(settings: RunSettings, now: datetime) -> str:
    """Give the sign of life, where one is configured. Empty when all went well, else a sentence on what did not."""
    faults = []
    if settings.heartbeat is not None:
        faults.append(_write(settings.heartbeat, now))
    if settings.heartbeat_url:
        faults.append(_ask_in_time(settings.heartbeat_url))
    return "; ".join(fault for fault in faults if fault)


def _write(path: Path, now: datetime) -> str:
    """The moment, in one line; a monitor never finds half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(f"{now.isoformat(timespec='seconds')}\n", encoding="ascii")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return f"the heartbeat file {path} was not written ({error.strerror})"
    return ""


def _ask_in_time(url: str) -> str:
    """Ask beside: an answer that comes letter by letter ends no wait for the next letter, but it ends this one."""
    said: list[str] = []
    asking = Thread(target=lambda: said.append(_ask(url)), name=_NAME, daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return said[0] if said else f"{_where(url)} was not answered in time"


def _where(url: str) -> str:
    return f"the heartbeat at {urlsplit(url).hostname or 'its address'}"


def _ask(url: str) -> str:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Unmoved(HTTPRedirectHandler):
        """Follows no redirect: the address is the one that was written down."""

        def redirect_request(self, *_: Any) -> None:
            return None

    where = _where(url)
    try:
        # certificates are verified, as by every default context; the scheme was checked when the settings were read
        with build_opener(Unmoved).open(Request(url, headers={"User-Agent": "payflow"}), timeout=_PATIENCE) as answer:  # noqa: S310 (http and https only, see above)
            answer.read(1)
    except HTTPError as error:
        moved = "; redirects are not followed" if 300 <= error.code < 400 else ""
        error.close()
        return f"{where} was answered {error.code}{moved}"
    except (OSError, HTTPException, ValueError) as error:
        # the kind of the fault only: its text may hold the address
        reason = getattr(error, "reason", error)
        return f"{where} was not answered ({type(reason).__name__})"
    return ""
