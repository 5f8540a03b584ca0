"""The rate tables that come with payflow agree with each other, where laws tie one to another."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from payflow.policy.rate_files import shipped_rows
from payflow.policy.rates import half_years, load_table, table_names
from payflow.policy.statutes import STATUTES, rates_for, statute
from payflow.policy.tables import TABLES

RECAST = date(2013, 3, 16)
FILLED = [name for name in TABLES if shipped_rows(name)]


def points(text: str) -> Fraction:
    return Fraction(text) / 100


@pytest.mark.parametrize("name", FILLED)
def test_days_rise_and_every_row_has_a_rate_and_a_source(name: str) -> None:
    rows = load_table(name).rows
    assert all(before.since < after.since for before, after in pairwise(rows))
    for row in rows:
        assert points("-2") < row.annual < points("20"), row
        assert len(row.source) > 15, row
        assert not row.own


@pytest.mark.parametrize("name", FILLED)
def test_a_source_can_be_followed_by_anybody(name: str) -> None:
    for row in load_table(name).rows:
        cited = ("http", "art", "BW ", "table ", "FR ")
        assert any(mark in row.source for mark in cited), row
        assert "same page" not in row.source, row
        assert "index id" not in row.source, row


def test_every_statute_reads_a_table_that_exists_and_has_rows() -> None:
    assert {act.table for act in STATUTES.values()} - {""} <= set(table_names())
    assert list(TABLES) == FILLED


def test_the_polish_table_has_the_rate_of_each_half_year_from_2020_on() -> None:
    # each by itself, not what changed: a row that were missing would be read from the one before
    assert [row.since for row in load_table("pl_nbp_reference").rows] == half_years(date(2020, 1, 1), date(2026, 6, 30))


def test_the_basiszinssatz_is_the_ecb_reference_less_0_88_in_every_half_year_since_2002h2() -> None:
    reference, base = load_table("eu_reference_rate_half_year"), load_table("de_basiszinssatz")
    assert len(reference.rows) == 49
    for row in reference.rows:
        assert base.at(row.since).annual == row.annual - points("0.88"), row.since
        assert base.at(row.since).since == row.since


def test_the_handelsrente_is_the_ecb_reference_and_7_points_and_8_since_16_march_2013() -> None:
    reference = load_table("eu_reference_rate_half_year")
    rows = load_table("nl_handelsrente").rows
    assert RECAST in [row.since for row in rows]
    for row in rows:
        margin = points("7") if row.since < RECAST else points("8")
        assert row.annual == reference.at(row.since).annual + margin, row.since


def test_the_handelsrente_of_each_half_year_is_that_sum_even_where_it_has_no_row() -> None:
    table = load_table("nl_handelsrente")
    for row in load_table("eu_reference_rate_half_year").rows:
        if row.since >= date(2013, 7, 1):
            assert table.at(row.since).annual == row.annual + points("8"), row.since


def test_the_uk_reference_is_the_bank_rate_of_the_last_day_of_the_half_year_before() -> None:
    bank = load_table("uk_boe_bank_rate")
    rows = load_table("uk_statutory_reference").rows
    assert len(rows) == 49
    for row in rows:
        assert row.annual == bank.at(row.since - timedelta(days=1)).annual, row.since


def test_since_2009_the_ecb_reference_is_the_main_refinancing_rate_of_the_first_day() -> None:
    main = load_table("eu_ecb_mro")
    rows = [row for row in load_table("eu_reference_rate_half_year").rows if row.since >= date(2009, 1, 1)]
    assert len(rows) == 36
    for row in rows:
        assert row.annual == main.at(row.since).annual, row.since


def test_belgium_s_published_rates_are_the_reference_and_margin_rounded_up_to_the_half_point() -> None:
    rows = load_table("be_handelstransacties_partial").rows
    assert len(rows) == 17
    for row in rows:
        assert rates_for(statute("be"), row.since, row.since)[0].annual == row.annual, row.since


def test_sweden_s_reference_stands_on_half_points() -> None:
    for row in load_table("se_referensranta").rows:
        assert (row.annual / points("0.5")).denominator == 1, row.since


def test_prompt_payment_rates_are_eighths_of_a_percent_of_one_half_year_each() -> None:
    for row in load_table("us_prompt_payment").rows:
        assert (row.annual / points("0.125")).denominator == 1, row.since
        assert (row.since.month, row.since.day) in {(1, 1), (7, 1)}
