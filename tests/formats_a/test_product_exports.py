"""Exports of FreshBooks, Zoho, Wave, Harvest, Invoice Ninja, Invoice2go and Invoicely: golden files, and whose file is whose."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.golden import check_golden, read, tell, write
from formats_a.product_files import FIXTURES, HERE
from payflow.connector import ConnectorError, discover

TESTS = HERE.parent
#: Own exports of every format there is, wherever its tests stand.
EXPORTS = sorted(path for path in TESTS.glob("*/*.csv") if path.with_suffix(".rows.txt").exists())


@pytest.mark.parametrize("name", FIXTURES)
def test_an_export_yields_the_rows_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(FIXTURES[name].spec, HERE / f"{name}.csv", tmp_path)


@pytest.mark.parametrize("name", FIXTURES)
def test_an_export_is_known_by_its_header(name: str) -> None:
    assert FIXTURES[name].spec.claims(HERE / f"{name}.csv") == FIXTURES[name].report


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_no_two_connectors_claim_one_file(path: Path) -> None:
    claims = {name: claimed for name, spec in discover().items() if (claimed := spec.claims(path)) is not None}
    assert len(claims) <= 1, claims
    if path.stem in FIXTURES:
        assert list(claims) == [FIXTURES[path.stem].spec.name]


@pytest.mark.parametrize("name", FIXTURES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_columns_gives_the_same_rows(name: str, data: st.DataObject, tmp_path: Path) -> None:
    fixture, path = FIXTURES[name], HERE / f"{name}.csv"
    rows = fixture.rows(path)
    order = data.draw(st.permutations(range(len(rows[fixture.header_row]))))
    out = io.StringIO()
    csv.writer(out).writerows(
        [[row[place] for place in order] if index >= fixture.header_row else row for index, row in enumerate(rows)]
    )
    shuffled = read(fixture.spec, write(tmp_path, path.name, out.getvalue()))
    assert tell(shuffled) == tell(read(fixture.spec, write(tmp_path, path.name, path.read_bytes())))


@pytest.mark.parametrize("name", FIXTURES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_a_clear_error_or_a_problem_and_never_anything_else(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    raw = (HERE / f"{name}.csv").read_bytes()
    place = data.draw(st.integers(0, len(raw)), label="place")
    cut = data.draw(st.integers(0, 80), label="cut")
    noise = data.draw(st.one_of(st.binary(max_size=20), st.sampled_from(_NOISE)), label="noise")
    damaged = write(tmp_path, "x.csv", raw[:place] + noise + raw[place + cut :])
    try:
        batch = read(FIXTURES[name].spec, damaged)
    except ConnectorError as error:
        problems, keys = [error.problem], []
    else:
        problems, keys = list(batch.problems), [*batch.invoices["key"], *batch.entries["key"]]
    assert all(problem.where.startswith("x.csv") for problem in problems)
    assert len(keys) == len(set(keys))


_NOISE = [b'"', b"\n", b",", b"\r\n\r\n", b"9" * 300, b"-", b"=1+1", b"\x00", b";", b"$", b"1/2/2026", b"<html>"]


@pytest.mark.parametrize("name", FIXTURES)
def test_every_format_says_what_it_cannot_tell(name: str) -> None:
    (limits,) = [item.limits for item in FIXTURES[name].spec.formats if item.name == FIXTURES[name].report]
    assert limits.cannot_tell


def test_the_page_about_exports_has_a_row_and_a_section_for_every_connector() -> None:
    page = (TESTS.parent / "docs" / "exports.md").read_text(encoding="utf-8")
    for name in {fixture.spec.name for fixture in FIXTURES.values()}:
        assert f"| `{name}` |" in page
        assert f" (`{name}`)\n" in page, name


def test_the_connectors_are_known_without_pandas_pyarrow_and_their_formats() -> None:
    program = "import sys, payflow_exports.products; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "pyarrow", "payflow_exports.wave", "payflow_exports.sheet"} & set(loaded)
