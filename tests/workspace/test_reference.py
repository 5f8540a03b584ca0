"""The reference of keys: whatever is read from a workspace stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from payflow.workspace import load
from payflow.workspace.document import Table

REFERENCE = Path(__file__).parents[2] / "docs" / "workspace.md"


def test_every_key_that_is_read_is_documented(
    write: Callable[..., Path],
    settings: str,
    contract: str,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: set[str] = set()
    get = Table.get

    def recording(table: Table, key: str) -> Any:
        read.add(key)
        return get(table, key)

    monkeypatch.setattr(Table, "get", recording)
    smtp = 'transport = "smtp"\nhost = "h"\nuser = "u"\npassword = "env:STRIPE_API_KEY"'
    text = settings.replace('transport = "folder"', smtp).replace("spacing = 2", "gate = { charges = true }")
    load(write(text, acme=contract), environ)
    words = REFERENCE.read_text("utf-8")
    assert {"host", "was", "charges", "annual", "after", "covers"} <= read
    documented = {key for key in read if f"`{key}`" in words or f"{{ {key} =" in words or f"{key}]" in words}
    # `standard` is the name of the sample's policy, `key` belongs to a connector, `statute` is read only to be refused
    assert read - documented - {"business", "store", "mail", "source", "policy", "standard", "step"} <= {
        "statute",
        "key",
    }
