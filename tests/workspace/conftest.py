"""A workspace to write into, and connectors that need no package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from payflow import connector
from payflow.connector import Limits, SourceContext

SETTINGS = """\
[business]
name = "Studio North"
legal_name = "Studio North Ltd, 4 Quay Street, Leeds"
email = "billing@studio-north.example"
timezone = "Europe/London"
country = "GB"
currency = "GBP"
policy = "standard"

[store]
url = "sqlite:///payflow.db"

[mail]
transport = "folder"
folder = "outbox"
hours = "09:00-17:00"
days = "business"

[[source]]
name = "books"
connector = "xero"
files = "exports/*.csv"

[[source]]
name = "stripe"
connector = "stripe"
key = "env:STRIPE_API_KEY"

[policy.standard]
terms = "net-15"
grace = 3
spacing = 2
binding = "signature"
late_fee = { amount = "25.00" }
interest = { annual = "8" }

[[policy.standard.step]]
name = "heads-up"
day = -3
email = "heads-up"

[[policy.standard.step]]
name = "reminder"
day = 1
email = "reminder"

[[policy.standard.step]]
name = "late-fee"
day = 7
email = "late-fee"
fee = true
"""

CONTRACT = """\
project = "acme-website"
name = "Acme website"
signed = 2026-10-01
policy = "standard"
currency = "GBP"
billing = "arrears"

[client]
id = "acme"
name = "Acme Ltd"
email = "accounts@acme.example"
language = "en"

[[milestone]]
id = "deposit"
amount = "3000.00"
invoices = ["INV-0012"]

[[milestone]]
id = "design"
amount = "4000.00"

[[phase]]
id = "design"
name = "Design"
needs = ["deposit"]

[[phase]]
id = "build"
name = "Build"
needs = ["deposit", "design"]
after = ["design"]
"""

ENVIRON = {"STRIPE_API_KEY": "sk_test_not_a_real_key"}


@dataclass(frozen=True)
class FakeSpec:
    """A connector as far as a workspace looks at it."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    stale_after: int = 7
    cannot_tell: tuple[str, ...] = ()

    def limits(self, context: SourceContext) -> list[Limits]:
        return [Limits(self.cannot_tell, "Use the other export.", "sales invoices")]

    def open(self, context: SourceContext) -> None:
        """Nothing is wrong with it."""


FAKES = {
    "xero": FakeSpec("xero", {"day_first": "..."}, cannot_tell=("The export does not tell when invoices were paid.",)),
    "stripe": FakeSpec("stripe", {"key": "..."}, frozenset({"key"}), stale_after=2),
}


@pytest.fixture(autouse=True)
def fake_connectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "discover", lambda: FAKES)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a workspace: settings, and contracts by file name; returns its root."""

    def write_files(settings: str = SETTINGS, **contracts: str) -> Path:
        (tmp_path / "payflow.toml").write_text(settings, "utf-8")
        (tmp_path / "contracts").mkdir(exist_ok=True)
        for name, text in contracts.items():
            (tmp_path / "contracts" / f"{name}.toml").write_text(text, "utf-8")
        return tmp_path

    return write_files


@pytest.fixture
def settings() -> str:
    """The settings of the sample workspace, complete and right."""
    return SETTINGS


@pytest.fixture
def contract() -> str:
    """The contract of the sample workspace, complete and right."""
    return CONTRACT


@pytest.fixture
def environ() -> Mapping[str, str]:
    """The environment that the sample workspace needs."""
    return ENVIRON
