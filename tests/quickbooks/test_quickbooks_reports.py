"""QuickBooks Online's reports in both naming generations, golden files first."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.golden import check_golden, read, tell, write
from payflow.connector import ConnectorError, Scope
from payflow_exports.format import Frame
from payflow_quickbooks import CONNECTOR
from payflow_quickbooks.about import about_list, period, printed

HERE = Path(__file__).parent
REPORTS = {
    "invoice_list": "QuickBooks Invoice List by Date",
    "invoice_list_classic": "QuickBooks Invoice List by Date",
    "sales_list": "QuickBooks sales list",
    "aging_detail": "QuickBooks A/R Aging Detail",
    "aging_detail_classic": "QuickBooks A/R Aging Detail",
}
HEADER = "Date,Transaction type,Num,Name,Memo,Due date,Amount,Open balance"


def report(*rows: str, period: str = '"July 1-August 3, 2026"', header: str = HEADER) -> str:
    footer = '"Accrual Basis Wednesday, September 02, 2026 01:27 AM GMT-05:00",,,,,,,'
    lines = [
        "Studio Tern,,,,,,,",
        "Invoice List by Date,,,,,,,",
        f"{period},,,,,,,",
        "",
        header,
        *rows,
        "",
        "",
        "",
        footer,
    ]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_yields_the_rows_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(CONNECTOR, HERE / f"{name}.csv", tmp_path)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_claimed_by_its_header(name: str) -> None:
    assert CONNECTOR.claims(HERE / f"{name}.csv") == REPORTS[name]


@pytest.mark.parametrize(
    "header",
    [
        ",Transaction date,Transaction type,Num,Name,Description,Split,Amount,Balance",
        "Date,Transaction type,Num,Name,Amount,Balance",
    ],
)
def test_reports_whose_balance_runs_or_that_lack_one_are_not_claimed(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", f"{header}\n{',' * header.count(',')}\n")
    assert CONNECTOR.claims(path) is None
    with pytest.raises(ConnectorError, match=r"Looked for QuickBooks Invoice List by Date"):
        read(CONNECTOR, path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_columns_gives_the_same_rows(data: st.DataObject, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO((HERE / "invoice_list.csv").read_text(encoding="utf-8"), newline="")))
    order = data.draw(st.permutations(range(8)))
    out = io.StringIO()
    data_rows = range(4, 19)
    csv.writer(out).writerows(
        [[row[place] for place in order] if index in data_rows else row for index, row in enumerate(rows)]
    )
    shuffled = read(CONNECTOR, write(tmp_path, "invoice_list.csv", out.getvalue()))
    as_exported = read(CONNECTOR, write(tmp_path, "invoice_list.csv", (HERE / "invoice_list.csv").read_bytes()))
    assert tell(shuffled) == tell(as_exported)


def test_patients_and_donors_are_customers_too(tmp_path: Path) -> None:
    for term in ("Patient full name", "Donor", "Client full name"):
        header = HEADER.replace("Name", term)
        text = report("7/13/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00", header=header)
        assert read(CONNECTOR, write(tmp_path, "x.csv", text), currency="USD").invoices["client"].tolist() == ["Ash"]


def test_the_period_in_the_titles_decides_between_day_and_month(tmp_path: Path) -> None:
    text = report("7/5/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00")
    invoice = read(CONNECTOR, write(tmp_path, "x.csv", text)).invoices.iloc[0]
    assert invoice["issued_on"].date() == date(2026, 7, 5)


def test_dates_that_nothing_proves_are_an_error_with_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", report("7/5/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00", period="All Dates"))
    with pytest.raises(
        ConnectorError, match=r"x\.csv:6: Date: '7/5/2026' may be day-first or month-first.*date_format = "
    ):
        read(CONNECTOR, path)
    assert read(CONNECTOR, path, date_format="day-first").invoices["issued_on"].iloc[0].date() == date(2026, 5, 7)
    assert read(CONNECTOR, path, date_format="month-first").invoices["issued_on"].iloc[0].date() == date(2026, 7, 5)


def test_an_assumed_currency_is_warned_of_once_and_a_named_one_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", report("7/13/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00"))
    assumed = read(CONNECTOR, path)
    assert [(problem.warning, problem.where) for problem in assumed.problems] == [(True, "x.csv")]
    named = read(CONNECTOR, path, currency="usd")
    assert (named.invoices["currency"].tolist(), named.problems) == (["USD"], ())


def test_the_footer_says_when_the_list_was_printed(tmp_path: Path) -> None:
    batch = read(CONNECTOR, write(tmp_path, "x.csv", report("7/13/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00")))
    assert batch.reading.as_of == datetime(2026, 9, 2, 1, 27, tzinfo=timezone(timedelta(hours=-5)))


def test_a_report_printed_later_speaks_for_the_end_of_its_own_day(tmp_path: Path) -> None:
    path = write(tmp_path, "aging.csv", (HERE / "aging_detail_classic.csv").read_bytes())
    as_of = read(CONNECTOR, path, date_format="month-first").reading.as_of
    assert (as_of.isoformat(), as_of.utcoffset()) == ("2026-07-11T23:59:59+01:00", timedelta(hours=1))


def test_a_report_never_speaks_for_a_day_to_come(tmp_path: Path) -> None:
    text = report("7/13/2026,Invoice,1,Ash,,8/12/2026,10.00,10.00").replace("September 02, 2026", "September 02, 2031")
    assert read(CONNECTOR, write(tmp_path, "x.csv", text)).reading.as_of == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_an_ageing_report_without_open_items_is_a_reading_too(tmp_path: Path) -> None:
    text = report(period='"As of Jul 25, 2026"', header=f",{HEADER.replace(',Memo', '')}")
    batch = read(CONNECTOR, write(tmp_path, "x.csv", text))
    assert (len(batch.invoices), batch.reading.scope, batch.reading.finished) == (0, Scope.OPEN, True)


def test_a_report_that_ends_below_its_header_is_refused(tmp_path: Path) -> None:
    text = report().split("\r\n\r\n\r\n")[0]
    with pytest.raises(ConnectorError, match="has a header and no rows below it"):
        read(CONNECTOR, write(tmp_path, "x.csv", text))


@pytest.mark.parametrize(
    ("title", "start", "end"),
    [
        ("July 1-August 3, 2026", date(2026, 7, 1), date(2026, 8, 3)),
        ("January 1 - December 31, 2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("December 1, 2025 - January 31, 2026", date(2025, 12, 1), date(2026, 1, 31)),
        ("January - March, 2026", date(2026, 1, 1), date(2026, 3, 31)),
        ("January-December 2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("July 1-31, 2026", date(2026, 7, 1), date(2026, 7, 31)),
        ("February 2028", date(2028, 2, 1), date(2028, 2, 29)),
        ("01/02/2026 - 31/03/2026", date(2026, 2, 1), date(2026, 3, 31)),
        ("1/1/2026 to 3/31/2026", date(2026, 1, 1), date(2026, 3, 31)),
    ],
)
def test_a_title_names_the_period(title: str, start: date, end: date) -> None:
    found = period(title)
    assert found is not None
    assert (found.scope, found.covers_from, found.covers_to) == (Scope.ALL, start, end)


@pytest.mark.parametrize(
    "title", ["This month to date", "Studio Tern", "March - January, 2026", "", "1/2/2026 - 2/3/2026", "May"]
)
def test_a_title_that_names_no_sure_period_is_none(title: str) -> None:
    assert period(title) is None


def test_all_dates_bound_nothing_and_an_unknown_period_makes_absences_mean_nothing() -> None:
    assert about_list(Frame([["Studio Tern"], ["All Dates"]], [])).scope is Scope.ALL
    assert about_list(Frame([["Studio Tern"], ["This month to date"]], [])).scope is Scope.CHANGED
    assert about_list(Frame([["Packaging Ltd"], ["This month to date"]], [])).scope is Scope.CHANGED
    assert about_list(Frame([["Open Invoices"], ["As of Jul 25, 2026"]], [])).scope is Scope.OPEN


@pytest.mark.parametrize(
    ("footer", "moment"),
    [
        ("Accrual Basis Wednesday, September 02, 2026 01:27 AM GMT-05:00", "2026-09-02T01:27:00-05:00"),
        ("Saturday, July 25, 2026 12:10 PM GMT+05:30", "2026-07-25T12:10:00+05:30"),
        ("Wednesday, Sep 02, 2026 12:27:15 AM GMT-5 - Accrual Basis", "2026-09-02T00:27:15-05:00"),
        ("Cash Basis Friday, January 2, 2026 09:00 AM GMT", "2026-01-02T09:00:00+00:00"),
    ],
)
def test_a_footer_tells_the_moment_with_its_offset(footer: str, moment: str) -> None:
    found = printed(["TOTAL $1.00", footer])
    assert found is not None
    assert found.isoformat() == moment
