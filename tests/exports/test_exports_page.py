"""The page about exports says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from exports.golden import context, read, write
from payflow.connector import discover
from payflow_exports.options import COMMON
from payflow_exports.tabular import CONNECTOR, FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_shared_option_and_every_column_is_explained() -> None:
    for word in (*COMMON, *FIELDS):
        assert f"`{word}`" in PAGE, word


def test_every_file_connector_has_a_row_in_the_table() -> None:
    for name in ("xero", "quickbooks", "tabular"):
        assert f"| `{name}` |" in PAGE
        assert name in discover()


def test_every_format_says_which_other_source_would_tell_more() -> None:
    for spec in discover().values():
        options = {"columns": {"number": "No", "client": "Who", "total": "Sum", "issued_on": "Date", "paid": "Paid"}}
        for limits in spec.limits(context(**options)):
            assert limits.cannot_tell, spec.name
            assert limits.better.endswith("."), (spec.name, limits)


def test_the_columns_in_the_example_are_accepted() -> None:
    source = tomllib.loads(blocks("toml")[1])["source"][0]
    assert CONNECTOR.open(context(columns=source["columns"]))


def test_the_format_on_the_page_works_as_it_stands(tmp_path: Path) -> None:
    made: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "exports.md", "exec"), made)
    rows = "Invoice number,Customer,Issued,Total,Outstanding,State\n7,Ash,13/10/2026,12.50,12.50,Open\n"
    batch = read(made["CONNECTOR"], write(tmp_path, "x.csv", rows), currency="EUR")
    assert batch.invoices[["key", "total", "status"]].to_numpy().tolist() == [["7", 1250, "open"]]
    assert batch.problems == ()
