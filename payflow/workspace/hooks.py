"""`[[hook]]` in payflow.toml: which programs are told when a verdict changes or a person is needed."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from payflow.model.agreement import HOOK_EVENTS, HookSettings
from payflow.workspace import values
from payflow.workspace.document import Table
from payflow.workspace.secrets import Vault

_SHORTEST_SECRET = 16


def read_hooks(top: Table, root: Path, vault: Vault) -> tuple[HookSettings, ...]:
    """Every hook, in order; no two of one name."""
    hooks: dict[str, HookSettings] = {}
    for table in top.tables("hook"):
        hook = _hook(table, root, vault)
        table.finish()
        if hook.name in hooks:
            table.wrong("name", f"two hooks are called {hook.name!r}", "Give each hook a name of its own.")
        elif hook.name:
            hooks[hook.name] = hook
    return tuple(hooks.values())


def _hook(table: Table, root: Path, vault: Vault) -> HookSettings:
    private = table.flag("allow_private", False)
    ca_file = table.text("ca_file", "")
    if ca_file and not (root / ca_file).is_file():
        table.wrong("ca_file", f"there is no file {ca_file}", "Name a file with the server's certificates in PEM form.")
    hook = HookSettings(
        name=values.name(table, "name", '"tracker"'),
        url=_url(table, vault, private),
        secret=vault.secret(table, "secret"),
        events=_events(table),
        allow_private=private,
        ca_file=str(root / ca_file) if ca_file else "",
    )
    if hook.secret and len(hook.secret) < _SHORTEST_SECRET:
        found = f"the secret has fewer than {_SHORTEST_SECRET} characters"
        table.wrong("secret", found, "Make one that cannot be guessed: openssl rand -hex 32.")
    return hook


def _events(table: Table) -> tuple[str, ...]:
    wanted = table.texts("events", '["verdict", "needs-you"]')
    for place, one in enumerate(wanted):
        if one not in HOOK_EVENTS:
            table.wrong(("events", place), f"{one!r} is no event", f"Known: {', '.join(HOOK_EVENTS)}.")
    return tuple(one for one in HOOK_EVENTS if not wanted or one in wanted)


def _url(table: Table, vault: Vault, private: bool) -> str:
    """The address; it may be a secret, so no message repeats it."""
    table.get("url")
    if "url" not in table:
        table.missing("url", '"https://..."')
        return ""
    before = len(table.findings.problems)
    url = vault.url(table, "url", "")
    if not url:
        if len(table.findings.problems) == before:
            table.missing("url", '"https://..."')
        return ""
    try:
        parts = urlsplit(url)
        host, plain = parts.hostname or "", parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        host, plain, parts = "", False, urlsplit("")
    if not host or not plain or parts.scheme not in ("https", "http") or not url.isascii() or " " in url:
        remedy = 'Write url = "https://...", without a user or password in it.'
        table.wrong("url", "this is no address that a hook can have", remedy)
    elif parts.scheme == "http" and not private:
        table.wrong("url", "it is not encrypted", "Write https://, or allow_private = true for a host of your own.")
    elif not private and _is_inside(host):
        found = "it names a host of a private network or this machine"
        table.wrong("url", found, "Name a public host, or write allow_private = true.")
    return url


def _is_inside(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
