"""Rates that follow from statutes: published figures, what is fixed and what floats, and what is never guessed."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.errors import UnknownName
from payflow.policy.law import Fixing, Statute
from payflow.policy.rates import OutOfTable
from payflow.policy.statutes import STATUTES, lowest_agreed, rates_for, statute

ARTICLE_4 = "SI 2002/1675 art 4, https://www.legislation.gov.uk/uksi/2002/1675/article/4/made"
BGB = "BGB s.288(1),(2)"
NRW = "http://fachberatung-schuldnerberatung-nrw.de/2017/02/verzugszinssatz-bleibt-unveraendert/"
ENTERPRISE = "https://enterprise.gov.ie/en/What-We-Do/Supports-for-SMEs/Late-Payments/Late-Payment-Interest-Rate-"
SPF = "SPF Finances via schoups.com, embuild.be, medenam.be, jpfontaineleveque.be"
CHEMOULI = "https://chemouli-dauzier.typepad.fr/le_blog_du_cabinet_chemou/2008/12/"
RENTETOOL = "https://github.com/Matthi-code/rentetool docs/08_expertcontrole.md @4e0d98a"

#: id, statute, first day of interest, percent a year, source
PUBLISHED = [
    ("UK-R1", "uk", "2025-05-15", "12.75", ARTICLE_4),
    ("UK-R4", "uk", "2024-01-01", "13.25", ARTICLE_4),
    ("UK-12", "uk", "2026-02-01", "11.75", "https://usewolfx.com/glossary/late-payment-interest"),
    ("UK-01", "uk", "2012-02-01", "8.5", "https://www.gov.uk/late-commercial-payments-interest-debt-recovery/"),
    ("DE-30", "de", "2025-07-01", "10.27", BGB),
    ("DE-30", "de-consumer", "2025-07-01", "6.27", BGB),
    ("DE-32", "de", "2017-01-01", "8.12", BGB),
    ("DE-32", "de-consumer", "2017-01-01", "4.12", NRW),
    ("IE-00", "ie", "2013-03-16", "8.75", ENTERPRISE),
    ("IE-01", "ie", "2014-07-01", "8.15", ENTERPRISE),
    ("IE-02", "ie", "2016-07-01", "8", ENTERPRISE),
    ("IE-04", "ie", "2024-01-01", "12.5", ENTERPRISE),
    ("IE-07", "ie", "2024-07-01", "12.25", ENTERPRISE),
    ("BE-00", "be", "2013-07-01", "8.5", SPF),
    ("BE-01", "be", "2014-01-01", "8.5", SPF),
    ("BE-03", "be", "2024-01-01", "12.5", SPF),
    ("BE-05", "be", "2003-01-01", "10", SPF),
    ("FR-10", "fr", "2009-01-01", "12.5", CHEMOULI),
    ("FR-12", "fr", "2026-07-01", "12.4", "ECB Data Portal: main refinancing rate 2.40 % from 17 June 2026"),
    ("NL-00", "nl-consumer", "2014-12-12", "3", RENTETOOL),
    ("NL-02", "nl", "2023-11-11", "12", RENTETOOL),
    ("SE-01", "se", "2021-01-01", "8", "https://lawline.se/answers/berakning-av-drojsmalsranta-3"),
    ("H1 2025", "it", "2025-02-01", "11.15", "https://calcolofatturaavvocato.com (late_payment interest, H1 2025)"),
    (
        "H1 2013",
        "it",
        "2013-01-02",
        "8.75",
        "https://giottostudio.it/2013/01/18/interessi-di-mora-per-il-primo-semstre",
    ),
    ("H1 2012", "it", "2012-01-02", "8", "https://it.paperblog.com/interessi-di-mora-per-ritardati-pagamenti-890644"),
    ("2013", "se", "2013-03-16", "9", "http://inkop24.se/nu-blir-det-dyrare-att-betala-for-sent/"),
    ("H1 2021", "pl", "2021-06-30", "10.1", "M.P. 2020 poz. 1212"),
    ("H1 2021", "pl-public-health", "2021-01-01", "8.1", "M.P. 2020 poz. 1212"),
    ("H1 2022", "pl", "2022-06-30", "11.75", "https://www.podatki.biz, odsetki ustawowe w 2022 r."),
    ("H2 2024", "pl", "2024-12-31", "15.75", "https://inforfk.pl, odsetki za opóźnienie w transakcjach handlowych"),
    ("CH-01", "ch", "1999-02-03", "5", "OR art. 104"),
    (
        "H2 2009",
        "us-prompt-payment",
        "2009-12-31",
        "4.875",
        "74 FR 31794, http://edocket.access.gpo.gov/2009/E9-15606.htm",
    ),
    ("H2 2026", "us-prompt-payment", "2026-08-01", "4.75", "https://fiscal.treasury.gov/prompt-payment/rates.html"),
]


def percents(rates: object) -> list[tuple[str, str]]:
    assert isinstance(rates, tuple)
    return [(str(rate.since), f"{float(rate.annual * 100):g}") for rate in rates]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_a_published_rate_is_met(row: tuple[str, str, str, str, str]) -> None:
    _, name, day, percent, _ = row
    starts = date.fromisoformat(day)
    (rate,) = rates_for(statute(name), starts, starts)
    assert rate.annual == Fraction(percent) / 100
    assert rate.since == starts


def test_in_the_uk_the_rate_is_fixed_on_the_day_interest_starts_whatever_the_bank_does_later() -> None:
    (rate,) = rates_for(statute("uk"), date(2025, 6, 30), date(2027, 5, 1))
    assert rate.annual == Fraction("0.1275")
    assert rate.why == (
        "Bank Rate of the reference day 4.75 % from 2025-01-01 + 8 points, fixed on the day interest starts"
    )
    (later,) = rates_for(statute("uk"), date(2025, 7, 1), date(2027, 5, 1))
    assert later.annual == Fraction("0.1225")


def test_in_germany_the_rate_floats_with_each_half_year() -> None:
    found = rates_for(statute("de"), date(2024, 11, 20), date(2025, 7, 1))
    assert percents(found) == [("2024-11-20", "12.37"), ("2025-01-01", "11.27"), ("2025-07-01", "10.27")]
    assert found[0].why == "Basiszinssatz 3.37 % from 2024-07-01 + 9 points"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nl", "handelsrente 12.5 % from 2024-01-01"),
        ("us-prompt-payment", "Treasury prompt payment rate 4.875 % from 2024-01-01, fixed on the day interest starts"),
        (
            "ie-payment-date",
            "ECB reference rate of the half-year 4.5 % from 2024-01-01 + 8 points, the rate of the last day throughout",
        ),
        ("ch", "5 % a year, OR art. 104, Verzugszins"),
    ],
)
def test_a_rate_says_what_it_rests_on_and_begins_with_the_interest(name: str, why: str) -> None:
    (rate,) = rates_for(statute(name), date(2024, 2, 1), date(2024, 2, 3))
    assert (rate.since, rate.why) == (date(2024, 2, 1), why)


def test_a_half_year_with_the_rate_of_the_one_before_stands_by_itself() -> None:
    # the Dutch example, which rounds each stretch to the cent, comes out only so
    assert len(rates_for(statute("nl"), date(2017, 2, 1), date(2018, 2, 1))) == 3


def test_the_german_example_of_six_half_years_is_met() -> None:
    # DE-16: 1,500 EUR from 2009-09-15 through 2012-02-17 at 8 points, https://github.com/digineo/verzugszinsen README.md
    first, last = date(2009, 9, 15), date(2012, 2, 17)
    rates = rates_for(statute("de"), first, last)
    ends = [rate.since for rate in rates[1:]] + [last + timedelta(days=1)]
    total = Fraction(0)
    for rate, end in zip(rates, ends, strict=True):
        days = (end - rate.since).days
        total += 1500 * rate.annual * days / (366 if rate.since.year == 2012 else 365)
    assert statute("de").day_count == "actual/actual"
    assert round(total, 2) == Fraction("297.50")


@pytest.mark.parametrize(
    ("name", "arose", "percent"),
    [
        ("de", date(2014, 7, 28), "10.27"),
        ("de", date(2014, 7, 29), "11.27"),
        ("de-consumer", date(2014, 7, 28), "7.27"),
        ("be", date(2013, 3, 15), "10.5"),
        ("be", date(2013, 3, 16), "11.5"),
        ("it", date(2012, 12, 31), "10.15"),
        ("eu", date(2013, 3, 15), "10.15"),
    ],
)
def test_an_older_debt_keeps_the_margin_of_its_day(name: str, arose: date, percent: str) -> None:
    day = date(2025, 1, 10)
    (rate,) = rates_for(statute(name), day, day, arose=arose)
    assert rate.annual == Fraction(percent) / 100


def test_ireland_s_older_reading_takes_the_rate_of_the_last_day_throughout() -> None:
    found = rates_for(statute("ie-payment-date"), date(2024, 2, 1), date(2025, 8, 1))
    assert percents(found) == [("2024-02-01", "10.15")]
    assert len(rates_for(statute("ie"), date(2024, 2, 1), date(2025, 8, 1))) == 4


def test_belgium_rounds_up_and_says_so_and_leaves_half_points_alone() -> None:
    up, even = (
        rates_for(statute("be"), date(2025, 12, 1), date(2026, 1, 1))[0],
        rates_for(statute("be"), date(2024, 1, 1), date(2024, 1, 1))[0],
    )
    assert up.annual == Fraction("0.105")
    assert up.why.endswith("+ 8 points, rounded up to 10.5 %")
    assert even.annual == Fraction("0.125")
    assert "rounded" not in even.why


def test_sweden_rounds_up_a_rate_that_a_user_wrote_as_the_bank_set_it(tmp_path: Path) -> None:
    text = "effective_from,rate_percent,source\n2026-01-01,1.75,Riksbank\n"
    (tmp_path / "se_referensranta.csv").write_text(text, encoding="utf-8")
    (rate,) = rates_for(statute("se"), date(2026, 2, 1), date(2026, 2, 1), extra=tmp_path)
    assert rate.annual == Fraction("0.10")


def test_prompt_payment_is_fixed_and_ends_after_a_year() -> None:
    found = rates_for(statute("us-prompt-payment"), date(2021, 4, 2), date(2022, 6, 1))
    assert percents(found) == [("2021-04-02", "0.875"), ("2022-04-02", "0")]
    assert found[1].why == "interest stops after one year"
    assert len(rates_for(statute("us-prompt-payment"), date(2021, 4, 2), date(2022, 4, 1))) == 1
    leap = rates_for(statute("us-prompt-payment"), date(2024, 2, 29), date(2025, 3, 1))
    assert [str(rate.since) for rate in leap] == ["2024-02-29", "2025-03-01"]


#: statute, first day, last day, what the message must hold
UNKNOWN = [
    ("uk", "2027-01-01", "2027-01-01", "payflow rates add uk_statutory_reference --from 2027-01-01"),
    ("uk", "2002-06-30", "2002-07-02", "written out for debts from 2002-07-01"),
    ("de", "2026-12-31", "2027-01-01", "payflow rates add de_basiszinssatz --from 2027-01-01"),
    ("fr", "2008-12-31", "2009-01-02", "written out for debts from 2009-01-01"),
    ("nl", "2026-12-01", "2027-01-01", "payflow rates add nl_handelsrente --from 2027-01-01"),
    ("nl-consumer", "2026-06-30", "2026-07-01", "payflow rates add nl_wettelijke_rente --from 2026-07-01"),
    ("se", "2024-12-31", "2025-01-01", "payflow rates add se_referensranta --from 2025-01-01"),
    ("pl", "2026-06-30", "2026-07-01", "payflow rates add pl_nbp_reference --from 2026-07-01"),
    ("pl", "2019-12-31", "2020-01-02", "written out for debts from 2020-01-01"),
    ("us-prompt-payment", "2020-07-01", "2020-07-02", "no rate for the half-year from 2020-07-01"),
    ("ie-payment-date", "2024-01-01", "2027-01-01", "eu_reference_rate_half_year ends on 2026-12-31"),
]


@pytest.mark.parametrize("row", UNKNOWN, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_no_table_holds_is_an_error_with_its_remedy(row: tuple[str, str, str, str]) -> None:
    name, first, last, told = row
    with pytest.raises(OutOfTable, match=told):
        rates_for(statute(name), date.fromisoformat(first), date.fromisoformat(last))


def test_poland_reads_the_first_day_of_each_half_year_and_goes_on_with_the_user_s_rows(tmp_path: Path) -> None:
    # a change on 8 July counts from January on
    rows = "2026-07-01,3.75,NBP\n2026-07-08,3.5,NBP\n"
    (tmp_path / "pl_nbp_reference.csv").write_text(f"effective_from,rate_percent,source\n{rows}", encoding="utf-8")
    found = rates_for(statute("pl"), date(2026, 4, 1), date(2026, 8, 1), extra=tmp_path)
    assert percents(found) == [("2026-04-01", "14"), ("2026-07-01", "13.75")]
    (health,) = rates_for(statute("pl-public-health"), date(2022, 4, 1), date(2022, 4, 1), extra=tmp_path)
    assert health.annual == Fraction("0.0975")


def test_a_stretch_of_no_days_has_no_rates() -> None:
    assert rates_for(statute("uk"), date(2030, 1, 2), date(2030, 1, 1)) == ()


#: id, day, three times the taux légal, source
FLOORS = [
    ("FR-00", "2024-07-01", "14.76", "https://bpifrance-creation.fr/boiteaoutils/taux-penalites-retard"),
    ("FR-02", "2021-01-01", "2.37", "https://www.dormane.fr/autres/taux-dinteret-des-penalites-de-retard/"),
]


@pytest.mark.parametrize("row", FLOORS, ids=lambda row: row[0])
def test_french_contracts_may_not_agree_less_than_three_times_the_legal_rate(row: tuple[str, str, str, str]) -> None:
    _, day, percent, _ = row
    rate = lowest_agreed(statute("fr"), date.fromisoformat(day))
    assert rate is not None
    assert rate.annual == Fraction(percent) / 100
    assert rate.why.startswith("three times the ")
    assert rate.since == date.fromisoformat(day)
    with pytest.raises(OutOfTable):
        lowest_agreed(statute("fr"), date(2025, 7, 1))
    assert lowest_agreed(statute("de"), date.fromisoformat(day)) is None


def test_an_unknown_statute_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'de-consumer'"):
        statute("de-consumers")
    with pytest.raises(UnknownName, match=r"no statute called 'UK'\. Did you mean 'uk'"):
        statute("UK")
    with pytest.raises(UnknownName, match=r"nl, nl-consumer, pl, pl-public-health, se, uk, us-prompt-payment\."):
        statute("gb")


SHIPPED = [act for act in STATUTES.values() if not act.name.startswith("pl") and act.table != "us_prompt_payment"]


@given(st.sampled_from(SHIPPED), st.integers(0, 5000), st.integers(0, 1500), st.integers(0, 1500))
def test_rates_cover_every_day_once_and_do_not_hang_on_when_one_asks(
    act: Statute, start: int, length: int, earlier: int
) -> None:
    starts = min(date(2009, 1, 1) + timedelta(days=start), date(2024, 6, 1))
    until = min(starts + timedelta(days=length), date(2024, 12, 31))
    rates = rates_for(act, starts, until)
    assert rates[0].since == starts
    assert all(before.since < after.since <= until for before, after in pairwise(rates))
    asked = max(starts, until - timedelta(days=earlier))
    if act.fixing is not Fixing.END:
        assert rates_for(act, starts, asked) == tuple(rate for rate in rates if rate.since <= asked)


WORDS = {
    "day_count": {"actual/365", "actual/360", "actual/actual", "30/360", "30E/360"},
    "compound": {"none", "yearly", "monthly", "30-days"},
    "rounding": {"end", "segment", "day"},
    "mode": {"half-up", "half-even", "down"},
}


@pytest.mark.parametrize("act", STATUTES.values(), ids=lambda act: act.name)
def test_every_statute_has_sources_and_speaks_the_words_of_the_policy(act: Statute) -> None:
    assert act.sources
    assert all(source.strip() for source in (*act.sources, *act.notes, *act.warnings))
    for word, allowed in WORDS.items():
        assert getattr(act, word) in allowed
    assert (act.fixing is Fixing.FLAT) == (not act.table)
    assert list(act.margins) == sorted(act.margins)
    assert not act.consumers or not statute(act.consumers).business_only


def test_the_registry_is_keyed_by_name_and_cannot_be_changed() -> None:
    assert all(act.name == name for name, act in STATUTES.items())
    with pytest.raises(TypeError):
        STATUTES["uk"] = replace(statute("uk"), floor=1)  # type: ignore[index]  # what must not work


def test_a_half_year_in_which_the_rate_stays_opens_no_stretch_but_in_the_netherlands() -> None:
    # the Basiszinssatz was -0.88 % and the handelsrente 8 % from 1 July 2016 to the end of 2022
    german = rates_for(statute("de"), date(2016, 3, 1), date(2023, 2, 1))
    assert [str(one.since) for one in german] == ["2016-03-01", "2016-07-01", "2023-01-01"]
    dutch = rates_for(statute("nl"), date(2016, 3, 1), date(2017, 8, 1))
    assert [(str(one.since), one.annual) for one in dutch] == [
        ("2016-03-01", Fraction("0.0805")),
        ("2016-07-01", Fraction("0.08")),
        ("2017-01-01", Fraction("0.08")),
        ("2017-07-01", Fraction("0.08")),
    ]
    # the consumers' table has a row for each change alone
    assert [str(one.since) for one in rates_for(statute("nl-consumer"), date(2015, 2, 1), date(2016, 1, 1))] == [
        "2015-02-01",
        "2015-07-01",
        "2016-01-01",
    ]
