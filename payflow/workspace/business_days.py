"""Public holidays and business days of a country or a part of it, from the `holidays` library, loaded when first asked.

For a country whose parts have holidays of their own, a day that most of them keep counts too, unless the part is named
(`GB-SCT`). A country that is not known has no holidays.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

from payflow.policy.calendars import WEEKEND, Calendar, Holidays
from payflow.workspace.countries import COUNTRIES


@cache
def calendar_of(country: str) -> Calendar:
    """The business days by ISO 3166 code, of a country (`GB`) or a part of it (`GB-SCT`); with its own weekend."""
    return Holidays(lambda year: public_holidays(country, year), _weekend(country))


def known_calendar(country: str) -> Calendar | None:
    """The business days of a country or a part of it; None where its holidays are not known, or the part has none of its own."""
    return calendar_of(country) if country.partition("-")[0] in COUNTRIES and has_holidays(country) else None


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Public holidays by ISO 3166 code, of a country (`GB`) or a part of it (`GB-SCT`); none where it is not known."""
    from holidays import country_holidays

    code, _, part = country.upper().partition("-")
    try:
        national = country_holidays(code, subdiv=part or None, years=year)
        if part:
            return frozenset(national)
        parts = [frozenset(country_holidays(code, subdiv=name, years=year)) for name in national.subdivisions]
    except NotImplementedError:
        return frozenset() if not part else public_holidays(code, year)
    kept = {day for days in parts for day in days if 2 * sum(day in other for other in parts) > len(parts)}
    return frozenset(national) | kept


def has_holidays(country: str) -> bool:
    """Whether the public holidays of a country, or of that part of it, are known."""
    from holidays import list_supported_countries

    code, _, part = country.partition("-")
    known = list_supported_countries()
    return code in known and (not part or part in known[code])


def _weekend(country: str) -> frozenset[int]:
    """The weekdays on which no business is done, Monday being 0."""
    if not country:
        return WEEKEND
    from holidays import country_holidays

    try:
        return frozenset(country_holidays(country.upper().partition("-")[0]).weekend)
    except NotImplementedError:
        return WEEKEND
