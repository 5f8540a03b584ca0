"""`payflow.toml` except its policies: the business, the store, mail and sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from payflow.errors import ConnectorError, nearest
from payflow.model.agreement import Business, MailSettings, RunSettings, Smtp, SourceSettings
from payflow.place import has_password
from payflow.workspace import values
from payflow.workspace.document import Table
from payflow.workspace.secrets import Vault

if TYPE_CHECKING:
    from payflow.connector import ConnectorSpec

DEFAULT_STORE = "sqlite:///payflow.db"
#: security -> the port that mail servers use for it
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_SMTP_KEYS = ("host", "port", "security", "user", "password", "ca_file", "timeout")
#: what stands for the business when its section is missing, so that the rest can still be checked
_NOBODY = Business("", "", "", "UTC", "", "")


def read_business(top: Table) -> Business:
    """`[business]`: who bills."""
    table = top.table("business")
    if table is None:
        if "business" not in top:
            top.wrong(
                (), "the section [business] is missing", "Add [business] with name, email, timezone and currency."
            )
        return _NOBODY
    name = table.text("name", example='"Studio North"')
    found = Business(
        name=name,
        legal_name=table.text("legal_name", name),
        email=values.email(table, "email"),
        timezone=values.zone(table, "timezone"),
        country=values.country(table, "country", ""),
        currency=values.currency(table, "currency"),
        policy=table.text("policy", "") or None,
    )
    table.finish()
    return found


def read_store(top: Table, vault: Vault) -> str:
    """`[store]`: the address of the database, as written."""
    table = top.table("store")
    if table is None:
        return DEFAULT_STORE
    url = vault.url(table, "url", DEFAULT_STORE)
    if url and not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        table.wrong("url", "this is no address of a database", f'Write url = "{DEFAULT_STORE}" or "postgresql://...".')
    if has_password(str(table.data.get("url", ""))):
        found = "a password stands in the file itself"
        remedy = 'Write url = "env:NAME" or "file:PATH" for the whole address, or keep the password in ~/.pgpass or PGPASSWORD.'
        table.wrong("url", found, remedy, warning=True)
    table.finish()
    return url


def read_mail(top: Table, root: Path, vault: Vault) -> MailSettings:
    """`[mail]`: how and when mail goes out."""
    table = top.table("mail")
    if table is None:
        return MailSettings(folder=root / "outbox")
    transport = table.word("transport", ("folder", "smtp"), "folder")
    found = MailSettings(
        transport=transport,
        folder=root / Path(table.text("folder", "outbox")),
        hours=values.hours(table, "hours", "09:00-17:00"),
        business_days=table.word("days", ("business", "every"), "business") == "business",
        smtp=_read_smtp(table, root, vault) if transport == "smtp" else None,
    )
    if transport != "smtp":
        _note_idle_smtp(table)
    table.finish()
    return found


def read_run(top: Table, root: Path, vault: Vault) -> RunSettings:
    """`[run]`: what a run leaves for monitoring."""
    table = top.table("run")
    if table is None:
        return RunSettings()
    path, url = table.text("heartbeat", ""), vault.url(table, "heartbeat_url", "")
    if path and not (root / path).parent.is_dir():
        table.wrong("heartbeat", f"there is no folder for the file {path}", "Name a file in a folder that is there.")
    if url and not _is_web_address(url):
        remedy = 'Write heartbeat_url = "https://..." or "env:NAME".'
        table.wrong("heartbeat_url", "this is no web address", remedy)
    table.finish()
    return RunSettings(root / path if path else None, url)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not _UNSAFE.search(url)
    except ValueError:
        return False


#: blanks and control characters, which stand in no address
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


def _read_smtp(table: Table, root: Path, vault: Vault) -> Smtp:
    security = table.word("security", tuple(_PORTS), "starttls")
    ca_file = table.text("ca_file", "")
    if ca_file and not (root / ca_file).is_file():
        table.wrong("ca_file", f"there is no file {ca_file}", "Name a file with the server's certificates in PEM form.")
    smtp = Smtp(
        host=table.text("host", example='"smtp.studio-north.example"'),
        port=table.whole("port", _PORTS[security], 1, 65535),
        security=security,
        user=table.text("user", ""),
        password=vault.secret(table, "password", ""),
        ca_file=str(root / ca_file) if ca_file else "",
        timeout=table.whole("timeout", 30, 1, 600),
    )
    if "password" in table and not smtp.user:
        table.wrong("password", "a password without a user", 'Add user = "..." or leave the password out.')
    if "user" in table and "password" not in table:
        table.wrong("user", "a user without a password", 'Add password = "env:NAME" or leave the user out.')
    if smtp.password and security == "none":
        found = "the password would cross the network unencrypted"
        table.wrong("security", found, 'Write security = "starttls" or "tls" if the server has it.', warning=True)
    return smtp


def _note_idle_smtp(table: Table) -> None:
    for key in _SMTP_KEYS:
        if table.get(key) is not None:
            found = f"{key!r} is a setting of smtp, but transport is folder"
            table.wrong(key, found, 'Write transport = "smtp", or leave this line out.')


class SourceReader(Struct, frozen=True, dict=True):
    """Reads `[[source]]` tables against the connectors that are installed."""

    vault: Vault

    @cached_property
    def connectors(self) -> Mapping[str, ConnectorSpec] | ConnectorError:
        """Installed connectors; loaded only when a source needs them. The error if one of them does not load."""
        from payflow import connector

        try:
            return connector.discover()
        except ConnectorError as error:
            return error

    def read(self, top: Table) -> tuple[SourceSettings, ...]:
        """Every source, in order; no two of one name."""
        sources: dict[str, SourceSettings] = {}
        for table in top.tables("source"):
            source = self._source(table)
            table.finish()
            if source.name in sources:
                table.wrong("name", f"two sources are called {source.name!r}", "Give each source a name of its own.")
            elif source.name:
                sources[source.name] = source
        return tuple(sources.values())

    def _source(self, table: Table) -> SourceSettings:
        name = values.name(table, "name", '"books"')
        was = read_was(table)
        connector = table.text("connector", example='"xero"')
        files = read_files(table)
        return SourceSettings(
            name=name,
            key=was or name,
            connector=connector,
            files=files,
            stale_after=table.whole("stale_after", 0, 1, 3650) or None,
            was=was,
            post_charges=table.flag("post_charges", False),
            options=self._options(table, connector),
        )

    def _options(self, table: Table, connector: str) -> Mapping[str, object]:
        """The keys that are the connector's own, secrets resolved."""
        own = [key for key in table.data if key not in table.asked]
        if not connector:
            table.asked += own
            return {}
        known = self.connectors
        if isinstance(known, ConnectorError):
            table.asked += own
            table.wrong("connector", known.problem.found, known.problem.remedy)
            return {}
        if connector not in known:
            table.asked += own
            found = f"no connector {connector!r} is installed"
            table.wrong("connector", found, nearest(connector, tuple(known)))
            return {}
        spec = known[connector]
        table.asked += spec.options
        if table.data.get("post_charges") is True and (table.data.get("files") or not posts_charges(spec)):
            found = f"{connector} cannot post charges" if not posts_charges(spec) else "no charge is posted to files"
            table.wrong("post_charges", found, "Leave the line out; charges then stand in letters and statements only.")
        return {key: self._option(table, key, spec) for key in own if key in spec.options}

    def _option(self, table: Table, key: str, spec: ConnectorSpec) -> object:
        return self.vault.secret(table, key) if key in spec.secrets else table.data[key]


def posts_charges(spec: ConnectorSpec) -> bool:
    """Whether a connector says that it can write charges back (`payflow.connector.Poster`)."""
    return bool(getattr(spec, "posts_charges", False))


def read_files(table: Table) -> tuple[str, ...]:
    """`files`: one pattern or a list of them, as given."""
    if isinstance(table.data.get("files"), list):
        return table.texts("files", '["exports/*.csv"]')
    value = table.text("files", "", example='"exports/*.csv"')
    return (value,) if value else ()


def read_was(table: Table) -> str | None:
    """`was`: the former name; empty text says that a thing is really new; None when not written."""
    value = table.get("was")
    return value if value in (None, "") else table.text("was", "") or None
