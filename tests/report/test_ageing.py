"""The ageing report: buckets by client and currency, as columns, text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.model.facts import Role
from payflow.report import ageing_csv
from payflow.report.ageing import BUCKETS, Ageing, aged, lines, of_decision, totals
from payflow.report.ageing_text import ageing_json, ageing_text
from payflow.report.ansi import Style
from payflow.report.select import of_project
from payflow.report.text import width
from report import factories, golden
from report.test_json_outputs import valid

GOLDEN = Path(__file__).parent / "golden"


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def one(
    clients: list[str], *rows: tuple[int, int, int, int, int, int], currencies: tuple[str, ...] = ("GBP",)
) -> Ageing:
    """Rows of (client, currency, days overdue, outstanding, interest, fees)."""
    columns = [ints(*column) for column in zip(*rows, strict=True)] if rows else [ints()] * 6
    return aged(*columns, clients=clients, currencies=currencies)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *((0, "current"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"), (60, "days_31_60")),
        *((61, "days_61_90"), (90, "days_61_90"), (91, "over_90"), (4000, "over_90")),
    ],
)
def test_the_days_of_a_bucket(days, bucket):
    (line,) = lines(one(["Acme"], (0, 0, days, 700, 0, 0)))
    assert dict(zip(BUCKETS, line.buckets, strict=True)) == dict.fromkeys(BUCKETS, 0) | {bucket: 700}
    assert (line.outstanding, line.overdue) == (700, 700 if days else 0)


ROWS = st.tuples(
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(0, 200),
    st.integers(0, 10**12),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)


@given(rows=st.lists(ROWS, max_size=40), spare=st.integers(0, 3000))
def test_sums_are_those_of_a_plain_loop(rows, spare):
    codes = ("USD", "EUR", "GBP")
    found = one([f"client {at}" for at in range(6 + spare)], *rows, currencies=codes)
    expected: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * 7)
    for client, currency, days, outstanding, interest, fees in rows:
        sums = expected[client, codes[currency]]
        sums[(days > 0) + (days > 30) + (days > 60) + (days > 90)] += outstanding
        sums[5] += interest
        sums[6] += fees
    told = [(line.client, line.currency, *line.buckets, line.interest, line.fees) for line in lines(found)]
    assert told == [(f"client {client}", code, *sums) for (client, code), sums in sorted(expected.items())]
    for total in totals(found):
        mine = [line for line in lines(found) if line.currency == total.currency]
        assert total.outstanding == sum(line.outstanding for line in mine) == sum(total.buckets)


def test_it_adds_up_to_what_status_shows():
    decision = of_project(decision_of_three(), "acme-website")
    shown = {total.currency: total for total in totals(of_decision(decision))}
    assert [total.currency for total in decision.totals] == ["GBP", "JPY"]
    for total in decision.totals:
        mine = shown[total.currency]
        assert (mine.outstanding, mine.overdue, mine.fees, mine.interest) == total[1:]


def test_charges_that_came_back_and_invoices_with_nothing_to_tell_are_no_rows():
    charge = factories.invoice(role=Role.CHARGE)
    paid = factories.invoice(outstanding=0, interest=0, fees=0)
    assert len(of_decision(factories.decision(invoices=[charge, paid]))) == 0


def decision_of_three():
    return factories.decision(
        invoices=[
            factories.invoice(),
            factories.invoice(id=14, days_overdue=95, outstanding=1_234_567, interest=0, fees=0),
            factories.invoice(id=15, client="b", client_name="Bakery on the Long Street Ltd", days_overdue=0, fees=0),
            factories.invoice(id=16, client="b", client_name="Bakery on the Long Street Ltd", currency="JPY"),
            factories.invoice(id=17, client="z", client_name="acme ltd", outstanding=0, interest=77, fees=0),
        ]
    )


def test_the_text_is_eighty_columns_wide():
    text = ageing_text(of_decision(decision_of_three()), factories.AS_OF, Style())
    assert max(map(width, text.splitlines())) <= 80
    golden.check(GOLDEN / "ageing.txt", text)


def test_figures_too_wide_for_a_table_are_told_in_words():
    huge = 123_456_789_012
    found = one(["Acme"], *((0, 0, days, huge, 5, 6) for days in (0, 9, 40, 70, 99)))
    text = ageing_text(found, factories.AS_OF, Style())
    assert max(map(width, text.splitlines())) <= 80
    assert text.count("1,234,567,890.12") == 5
    assert "over 90 days 1,234,567,890.12; fees 0.30, interest 0.25" in " ".join(text.split())


def test_nothing_outstanding_is_a_sentence():
    assert "Nothing is outstanding." in ageing_text(one([]), factories.AS_OF, Style())


def test_json_holds_against_its_schema():
    data = valid("ageing", ageing_json(of_decision(decision_of_three()), factories.AS_OF))
    assert [(row["client"], row["currency"]) for row in data["clients"]] == [
        ("acme", "GBP"),
        ("z", "GBP"),
        ("b", "GBP"),
        ("b", "JPY"),
    ]
    assert data["clients"][0]["over_90"] == "12345.67"
    assert [total["currency"] for total in data["totals"]] == ["GBP", "JPY"]


def test_csv_keeps_numbers_and_lets_no_name_be_a_formula():
    names = ["=1+1", "+a", "-a", "\uff1d1", "\ta", "\na", 'Say "hi", Ltd', "Plain"]
    found = one(names, *((at, 0, 5, -150 if at == 7 else 120_005, 0, 0) for at in range(8)))
    rows = list(csv.reader(io.StringIO(ageing_csv.ageing_csv(found), newline="")))
    assert rows[0] == ["client", "name", "currency", *BUCKETS, "outstanding", "interest", "fees"]
    assert [row[0] for row in rows[1:]] == [f"'{name}" for name in names[:6]] + names[6:]
    assert [row[0] for row in rows[1:]] == [row[1] for row in rows[1:]]
    assert rows[1][2:] == ["GBP", "0.00", "1200.05", "0.00", "0.00", "0.00", "1200.05", "0.00", "0.00"]
    assert rows[8][4] == "-1.50"


def test_csv_writes_each_currency_in_its_own_decimals():
    found = one(["a"], (0, 0, 0, 1500, 1, 0), (0, 1, 0, 1500, 1, 0), currencies=("JPY", "KWD"))
    rows = list(csv.reader(io.StringIO(ageing_csv.ageing_csv(found), newline="")))
    assert [(row[2], row[3], row[4], row[9]) for row in rows[1:]] == [
        ("JPY", "1500", "0", "1"),
        ("KWD", "1.500", "0.000", "0.001"),
    ]
