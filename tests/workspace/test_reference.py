"""The reference of keys: whatever is read from a workspace stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from payflow.policy.reading import Reader
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

    of_reader = Reader.get

    def recording_reader(reader: Reader, key: str) -> Any:
        read.add(key)
        return of_reader(reader, key)

    monkeypatch.setattr(Table, "get", recording)
    monkeypatch.setattr(Reader, "get", recording_reader)
    smtp = 'transport = "smtp"\nhost = "h"\nuser = "u"\npassword = "env:STRIPE_API_KEY"'
    text = settings.replace('transport = "folder"', smtp).replace("spacing = 2", "gate = { charges = true }")
    load(write(text, acme=contract), environ)
    # what stands inside a late fee or interest is told on the page of the policy
    words = REFERENCE.read_text("utf-8") + REFERENCE.with_name("policy.md").read_text("utf-8")
    assert {"host", "was", "charges", "annual", "after", "covers"} <= read
    documented = {key for key in read if f"`{key}`" in words or f"{{ {key} =" in words or f"{key}]" in words}
    # `standard` is the name of the sample's policy, `key` belongs to a connector
    assert read - documented - {"business", "store", "mail", "source", "policy", "standard", "step"} <= {"key"}
