"""Terms that move to a business day: whose holidays count is the client's, unless the terms say otherwise."""

from __future__ import annotations

from datetime import date

import pytest

from stores import ON_SQLITE
from stories.papers import ACME, invoice, settings
from stories.world import World

# figures, which no database makes
pytestmark = ON_SQLITE

#: 30 days after 7 November 2026 is Monday 7 December; 48 days after it is Friday 25 December.
ISSUED = "2026-11-07"
NO_DAY_PRINTED = invoice("INV-0012", "3000.00", issued=ISSUED, due="")
UNCLAIMED = invoice("INV-0099", "500.00", issued=ISSUED, due="", client="Beta GmbH")


def terms(written: str, business: str = "") -> str:
    return settings(business=business, terms=written)


@pytest.mark.parametrize(
    ("written", "country", "due"),
    [
        # 25 December and the substitute for Boxing Day on the Monday
        ('["48 days", "next business day"]', "GB", date(2026, 12, 29)),
        ('["48 days", "next business day"]', "US", date(2026, 12, 28)),
        ('["48 days", "next business day"]', "", date(2026, 12, 29)),
        ('["48 days", "next business day in US"]', "GB", date(2026, 12, 28)),
        ('["48 days", "previous business day"]', "GB", date(2026, 12, 24)),
        ('["48 days"]', "GB", date(2026, 12, 25)),
    ],
)
def test_an_invoice_falls_due_on_a_business_day_of_its_client(
    world: World, written: str, country: str, due: date
) -> None:
    stated = f'country = "{country}"\n' if country else ""
    world.settings(terms(written)).contract("acme_website", ACME.replace('id = "acme"\n', f'id = "acme"\n{stated}', 1))
    world.on("2026-11-10").books(NO_DAY_PRINTED).begin()
    assert world.view("INV-0012").due_on == due


def test_clients_of_two_countries_under_one_policy_each_have_their_own_day(world: World) -> None:
    world.settings(terms('["48 days", "next business day"]', 'policy = "standard"'))
    world.contract("acme_website", ACME.replace('id = "acme"\n', 'id = "acme"\ncountry = "US"\n', 1))
    world.on("2026-11-10").books(NO_DAY_PRINTED, UNCLAIMED).begin()
    assert world.view("INV-0012").due_on == date(2026, 12, 28)
    # no contract tells its country: the business's counts
    assert world.view("INV-0099").due_on == date(2026, 12, 29)


def test_the_explanation_names_the_terms_part_by_part(world: World) -> None:
    world.settings(terms('["30 days", "end of month", "day 10"]'))
    world.on("2026-11-10").books(NO_DAY_PRINTED).begin()
    explained = world.explain("INV-0012")
    assert explained.terms == "30 days, end of month, day 10"
    assert world.view("INV-0012").due_on == date(2027, 1, 10)
