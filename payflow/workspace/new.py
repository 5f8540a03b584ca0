"""What `payflow init` writes: a commented workspace that loads without mistakes and chases nobody."""

from __future__ import annotations

import os
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from payflow import money
from payflow.errors import Problem, WorkspaceError
from payflow.workspace.load import CONTRACTS, SETTINGS
from payflow.workspace.values import is_zone

_CONTRACT = f"{CONTRACTS}/example-website.toml"
#: what a version control must not take in: the store, and e-mails with clients' data
_IGNORED = ("payflow.db*", "outbox/")
_EURO = "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
#: country -> the currency most invoices there are in
_CURRENCIES = dict.fromkeys(_EURO.split(), "EUR") | {
    "AU": "AUD",
    "BR": "BRL",
    "CA": "CAD",
    "CH": "CHF",
    "CZ": "CZK",
    "DK": "DKK",
    "GB": "GBP",
    "HU": "HUF",
    "IN": "INR",
    "JP": "JPY",
    "MX": "MXN",
    "NO": "NOK",
    "NZ": "NZD",
    "PL": "PLN",
    "RO": "RON",
    "SE": "SEK",
    "SG": "SGD",
    "US": "USD",
    "ZA": "ZAR",
}


def write_new(root: Path) -> list[Path]:
    """Write a new workspace and return its files. Raises `WorkspaceError`, writing nothing, where one already is."""
    texts = _texts()
    taken = [name for name in texts if os.path.lexists(root / name)]
    if taken:
        remedy = "payflow init overwrites nothing: name another folder, or move these files away."
        raise WorkspaceError([Problem(str(root / name), "the file exists already", remedy) for name in taken])
    try:
        written = [_write(root / name, text) for name, text in texts.items()]
        return [*written, *_write_ignored(root / ".gitignore")]
    except OSError as error:
        where = error.filename or str(root)
        remedy = "Name a folder that you may write to."
        raise WorkspaceError([Problem(where, f"nothing can be written here: {error.strerror}", remedy)]) from error


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def _write_ignored(path: Path) -> list[Path]:
    """Add what is missing to `.gitignore`, leaving what stands there as it is."""
    before = path.read_bytes() if path.exists() else b""
    missing = [line for line in _IGNORED if line.encode() not in before.splitlines()]
    if not missing:
        return []
    with path.open("ab") as file:
        file.write(b"" if not before or before.endswith(b"\n") else b"\n")
        file.write("".join(f"{line}\n" for line in missing).encode())
    return [path]


def _texts() -> dict[str, str]:
    zone = system_zone()
    country = _country_of(zone)
    currency = _CURRENCIES.get(country, "USD")
    values = {
        "timezone": zone,
        "country": f'country = "{country}"  ' if country else '# country = "GB"',
        "currency": currency,
        "signed": datetime.now(ZoneInfo(zone)).date().isoformat(),
        "deposit": money.decimal(3000 * 10 ** money.exponent(currency), currency),
        "rest": money.decimal(4000 * 10 ** money.exponent(currency), currency),
    }
    samples = {SETTINGS: "payflow.toml", _CONTRACT: "example-website.toml"}
    folder = files("payflow.workspace") / "sample"
    return {
        name: Template(folder.joinpath(sample).read_text("utf-8")).substitute(values)
        for name, sample in samples.items()
    }


def system_zone() -> str:
    """The IANA zone of this machine, from TZ or /etc/localtime; `UTC` where it cannot be known."""
    named = os.environ.get("TZ", "").removeprefix(":")
    try:
        target = f"/zoneinfo/{named}" if named else Path("/etc/localtime").resolve(strict=True).as_posix()
    except OSError:
        return "UTC"
    name = target.partition("/zoneinfo/")[2]
    return name if "/" in name and not name.startswith("Etc/") and is_zone(name) else "UTC"


def _country_of(zone: str) -> str:
    """The country that a zone belongs to, from the table of the zone data; empty where it names none or several."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[0] for row in rows if row[2] == zone), "")
