"""What a creditor should know of a place before claiming: ceilings on interest and penalties beside it.

These are warnings, most of them from secondary sources. They never change a figure.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from msgspec import Struct


class Caution(Struct, frozen=True):
    """A warning about a place, written as ISO 3166: `US`, `US-NY`, `CA`.

    It concerns yearly rates above `above` (a fraction of one), debts of at least `least` minor units of the place's
    currency, and contracts from `since` on; a condition that is None always holds.
    """

    place: str
    text: str
    source: str
    above: Fraction | None = None
    least: int | None = None
    since: date | None = None

    def concerns(self, annual: Fraction | None, amount: int | None, agreed: date | None) -> bool:
        """Whether the conditions hold; one that is not told counts as held, so that nothing is kept back."""
        return (
            (self.above is None or annual is None or annual > self.above)
            and (self.least is None or amount is None or amount >= self.least)
            and (self.since is None or agreed is None or agreed >= self.since)
        )


_BY_STATE = "https://legalclarity.org/maximum-invoice-late-fees-by-state-limits-and-rules"
_LATE_FEE_LAWS = "https://clearreceivables.com/blog/late-fee-laws-by-state"

CAUTIONS = (
    Caution(
        "US",
        "Where a contract names no rate, the state's legal rate applies, mostly 5 to 12 % a year",
        _BY_STATE,
    ),
    Caution(
        "US",
        "More than 1.5 % a month lies above what most states are said to allow between businesses",
        _LATE_FEE_LAWS,
        above=Fraction(18, 100),
    ),
    Caution(
        "US-CA",
        "California's constitution (art. XV) and Civil Code 3289 speak of 10 % a year; what a business agreed as a late charge "
        "may be more",
        _BY_STATE,
        above=Fraction(10, 100),
    ),
    Caution(
        "US-CA",
        "Freelance Worker Protection Act (SB 988): pay by the agreed day or within 30 days of completion; else up to twice the "
        "unpaid amount, and 1,000 USD where a written contract was refused",
        "https://anelyalaw.com (SB 988)",
        least=250_00,
        since=date(2025, 1, 1),
    ),
    Caution(
        "US-NY",
        "New York's usury limit is 16 % a year for loans (25 % is a crime); a late charge on an invoice counts as liquidated "
        "damages, and corporations cannot plead usury (General Obligations Law 5-521)",
        _BY_STATE,
        above=Fraction(16, 100),
    ),
    Caution(
        "US-NY",
        "Freelance Isn't Free Act (General Business Law art. 44-A): from 800 USD within 120 days, pay by the agreed day or "
        "within 30 days of completion; else twice the unpaid amount and fees",
        "https://insights.colliganlaw.com (GBL art. 44-A)",
        least=800_00,
        since=date(2024, 8, 28),
    ),
    Caution(
        "US-IL",
        "Freelance Worker Protection Act (Public Act 103-0417): from 500 USD within 120 days, pay within 30 days of completion; "
        "else twice the unpaid amount",
        "https://www.ilga.gov (Public Act 103-0417); https://blog.freelancersunion.org",
        least=500_00,
        since=date(2024, 7, 1),
    ),
    Caution(
        "CA",
        "A rate by the month without the yearly rate beside it is cut to 5 % a year (Interest Act s. 4)",
        "https://hummingbirdlaw.com (Interest Act)",
    ),
    Caution(
        "CA",
        "Interest above 35 % a year is a crime since 1 January 2025, with exemptions for commercial credit",
        "https://bmllp.ca (Criminal Code s. 347)",
        above=Fraction(35, 100),
        since=date(2025, 1, 1),
    ),
)


def warnings_for(
    place: str, *, annual: Fraction | None = None, amount: int | None = None, agreed: date | None = None
) -> tuple[Caution, ...]:
    """What to know of a place and of the country around it: `US-NY` tells of New York, then of the United States.

    `annual` is the yearly rate as a fraction of one, `amount` the debt in minor units of the place's currency, `agreed` the
    day of the contract; what is left out does not narrow the answer. Empty for places that nothing is written down for.
    """
    country = place.partition("-")[0]
    places = (place, country) if country != place else (place,)
    return tuple(
        caution
        for near in places
        for caution in CAUTIONS
        if caution.place == near and caution.concerns(annual, amount, agreed)
    )
