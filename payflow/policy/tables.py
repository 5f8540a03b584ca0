"""The rate tables that come with payflow: what each is, who publishes it, and how long its last row speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from types import MappingProxyType

from msgspec import Struct


class Speaks(Enum):
    """How long a row counts, beyond the day of the next one."""

    # published for half-years, and rows say only what changed: the last until the end of its half-year
    HALF_YEARS = "published for half-years"
    # published for half-years, some of which are missing: each row for its own half-year
    OWN_HALF_YEAR = "published for half-years, some missing"
    # changed at any time: the last until the day it was read
    UNTIL_READ = "changed at any time"


class Series(Struct, frozen=True):
    """What a table is about. `home` is where its publisher shows it."""

    name: str
    title: str
    speaks: Speaks = Speaks.HALF_YEARS
    home: str = ""
    #: for `UNTIL_READ`: the last day on which the rate of the last row is known to have been in force
    read_on: date | None = None


def half_year_start(day: date) -> date:
    """1 January or 1 July."""
    return date(day.year, 7 if day.month > 6 else 1, 1)


def next_half_year(day: date) -> date:
    """The first day of the half-year after the one of `day`."""
    return date(day.year + 1, 1, 1) if day.month > 6 else date(day.year, 7, 1)


def half_year_end(day: date) -> date:
    """30 June or 31 December."""
    return next_half_year(day) - timedelta(days=1)


_ALL = (
    Series(
        "uk_statutory_reference",
        "Bank Rate of the reference day",
        home="https://www.bankofengland.co.uk/boeapps/database/Bank-Rate.asp (on 30 June or 31 December before)",
    ),
    Series(
        "uk_boe_bank_rate",
        "Bank of England Bank Rate",
        Speaks.UNTIL_READ,
        "https://www.bankofengland.co.uk/boeapps/database/Bank-Rate.asp",
        date(2026, 10, 8),
    ),
    Series(
        "eu_reference_rate_half_year",
        "ECB reference rate of the half-year",
        home="https://www.ecb.europa.eu/stats/policy_and_exchange_rates/key_ecb_interest_rates/",
    ),
    Series(
        "eu_ecb_mro",
        "ECB main refinancing rate",
        Speaks.UNTIL_READ,
        "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/key_ecb_interest_rates/",
        date(2026, 9, 7),
    ),
    Series(
        "de_basiszinssatz",
        "Basiszinssatz",
        home="https://www.bundesbank.de/de/bundesbank/organisation/agb-und-regelungen/basiszinssatz-607820",
    ),
    Series(
        "fr_taux_legal_pro_partial",
        "taux de l'intérêt légal (professional creditors)",
        Speaks.OWN_HALF_YEAR,
        "https://www.service-public.fr/particuliers/vosdroits/F783",
    ),
    Series("nl_handelsrente", "handelsrente", home="https://www.rijksoverheid.nl (wettelijke rente)"),
    Series("nl_wettelijke_rente", "wettelijke rente", home="https://www.rijksoverheid.nl (wettelijke rente)"),
    Series(
        "be_handelstransacties_partial",
        "rate for commercial transactions",
        Speaks.OWN_HALF_YEAR,
        "https://financien.belgium.be (achterstand bij betaling, handelstransacties)",
    ),
    Series(
        "se_referensranta",
        "Riksbank referensränta",
        home="https://www.riksbank.se/sv/statistik/rantor-och-valutakurser/referensranta/",
    ),
    Series(
        "pl_nbp_reference",
        "NBP reference rate",
        home="https://nbp.pl/en/monetary-policy/mpc-decisions/interest-rates/ (on 1 January or 1 July)",
    ),
    Series("si_zamudne_obresti", "zamudne obresti", home="https://www.uradni-list.si"),
    Series(
        "us_prompt_payment",
        "Treasury prompt payment rate",
        Speaks.OWN_HALF_YEAR,
        "https://fiscal.treasury.gov/prompt-payment/rates.html",
    ),
)

#: By name, in the order in which `payflow rates` lists them.
TABLES: Mapping[str, Series] = MappingProxyType({series.name: series for series in _ALL})
