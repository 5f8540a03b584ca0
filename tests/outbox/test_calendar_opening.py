"""When a message may be handed over: the client's hours, business days, clock changes and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.errors import PayflowError
from payflow.model.acts import Recipient
from payflow.model.agreement import MailSettings
from payflow.outbox.calendar import opening, public_holidays

LONDON = Recipient("acme", "Acme Ltd", "accounts@acme.example", (), "en", "Europe/London", "GB")
OFFICE = MailSettings(folder=Path("outbox"))
EVERY_DAY = replace(OFFICE, business_days=False)
ANY_HOUR = replace(OFFICE, hours=None)


def at(text: str) -> datetime:
    """A moment written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def client(timezone: str, country: str) -> Recipient:
    return replace(LONDON, timezone=timezone, country=country)


@pytest.mark.parametrize(
    ("recipient", "mail", "now", "opens"),
    [
        # Sunday 20:00, then Monday 09:00
        (LONDON, OFFICE, "2026-11-22T20:00", "2026-11-23T09:00"),
        (LONDON, OFFICE, "2026-11-23T08:59:59", "2026-11-23T09:00"),
        (LONDON, OFFICE, "2026-11-23T09:00", None),
        (LONDON, OFFICE, "2026-11-23T16:59:59", None),
        # the end is outside
        (LONDON, OFFICE, "2026-11-23T17:00", "2026-11-24T09:00"),
        # Friday evening, Saturday noon
        (LONDON, OFFICE, "2026-11-27T18:00", "2026-11-30T09:00"),
        (LONDON, OFFICE, "2026-11-28T12:00", "2026-11-30T09:00"),
        # every day, any hour
        (LONDON, EVERY_DAY, "2026-11-28T12:00", None),
        (LONDON, EVERY_DAY, "2026-11-28T17:00", "2026-11-29T09:00"),
        (LONDON, ANY_HOUR, "2026-11-27T23:59", None),
        (LONDON, ANY_HOUR, "2026-11-28T00:00", "2026-11-30T00:00"),
        (LONDON, replace(ANY_HOUR, business_days=False), "2026-12-25T03:00", None),
        # Christmas: Friday 25, Monday 28 in lieu
        (LONDON, OFFICE, "2026-12-24T17:30", "2026-12-29T09:00"),
        # holidays of most of the country: Easter Monday and the August bank holiday; not in Scotland
        (LONDON, OFFICE, "2026-04-06T10:00", "2026-04-07T08:00"),
        (LONDON, OFFICE, "2026-08-31T10:00", "2026-09-01T08:00"),
        (client("Europe/London", "GB-SCT"), OFFICE, "2026-08-31T10:00", None),
        (client("Europe/London", "GB-SCT"), OFFICE, "2026-11-30T10:00", "2026-12-01T09:00"),
        # Thanksgiving in New York is a Thursday like any other in London
        (client("America/New_York", "US"), OFFICE, "2026-11-26T15:00", "2026-11-27T14:00"),
        (LONDON, OFFICE, "2026-11-26T15:00", None),
        # Sunday evening in UTC is Monday morning in Auckland; Friday evening is Saturday there
        (client("Pacific/Auckland", "NZ"), OFFICE, "2026-11-22T20:00", None),
        (client("Pacific/Auckland", "NZ"), OFFICE, "2026-11-20T12:00", "2026-11-22T20:00"),
        # half an hour east
        (client("Asia/Kolkata", "IN"), OFFICE, "2026-11-23T03:29", "2026-11-23T03:30"),
        # a country nobody knows, and none: Monday to Friday
        (client("Europe/London", "XX"), OFFICE, "2026-12-25T10:00", None),
        (client("Europe/London", ""), OFFICE, "2026-12-25T10:00", None),
        (client("Europe/London", "GB-XXX"), OFFICE, "2026-12-25T10:00", "2026-12-29T09:00"),
        # the clocks go forward on Sunday 29 March: 09:00 is 08:00 UTC from then on
        (LONDON, OFFICE, "2026-03-27T18:00", "2026-03-30T08:00"),
        (LONDON, EVERY_DAY, "2026-03-29T08:00", None),
        (LONDON, EVERY_DAY, "2026-03-28T08:00", "2026-03-28T09:00"),
        # and back on Sunday 25 October
        (LONDON, EVERY_DAY, "2026-10-24T16:30", "2026-10-25T09:00"),
        (LONDON, EVERY_DAY, "2026-10-25T08:30", "2026-10-25T09:00"),
        # hours that the clock jumps over: 01:30 does not exist on 29 March, it is 02:00 at 01:00 UTC
        (LONDON, replace(EVERY_DAY, hours=(time(1, 30), time(4))), "2026-03-29T00:30", "2026-03-29T01:00"),
        (LONDON, replace(EVERY_DAY, hours=(time(1, 30), time(4))), "2026-03-29T01:00", None),
        # midnight does not exist in Cairo on 24 April 2026
        (client("Africa/Cairo", ""), replace(ANY_HOUR, business_days=True), "2026-04-23T22:00", None),
        (client("Africa/Cairo", ""), ANY_HOUR, "2026-04-24T22:00", "2026-04-26T21:00"),
        # hours that come twice: both are inside
        (LONDON, replace(EVERY_DAY, hours=(time(1), time(2))), "2026-10-25T00:30", None),
        (LONDON, replace(EVERY_DAY, hours=(time(1), time(2))), "2026-10-25T01:30", None),
    ],
)
def test_a_message_waits_for_the_clients_hours(
    recipient: Recipient, mail: MailSettings, now: str, opens: str | None
) -> None:
    assert opening(recipient, mail, at(now)) == (None if opens is None else at(opens))


def test_the_opening_is_told_in_utc() -> None:
    opens = opening(client("America/New_York", "US"), OFFICE, at("2026-11-22T20:00"))
    assert opens is not None
    assert opens.utcoffset() == timedelta(0)


def test_a_midnight_that_the_clock_jumps_over_opens_at_the_jump() -> None:
    # Friday 24 April 2026 begins at 01:00 in Cairo, which is 22:00 UTC on Thursday
    morning = replace(EVERY_DAY, hours=(time(0), time(4)))
    assert opening(client("Africa/Cairo", ""), morning, at("2026-04-23T12:00")) == at("2026-04-23T22:00")


ZONES = st.sampled_from(
    [
        "Europe/London",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Africa/Cairo",
        "UTC",
        "Pacific/Chatham",
    ]
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(
    zone=ZONES, now=MOMENTS, country=st.sampled_from(["GB", "US", "IN", ""]), start=st.times(), business=st.booleans()
)
def test_the_moment_named_is_inside_and_not_long_away(
    zone: str, now: datetime, country: str, start: time, business: bool
) -> None:
    start = start.replace(hour=start.hour % 20, second=0, microsecond=0)
    mail = replace(OFFICE, hours=(start, start.replace(hour=start.hour + 3)), business_days=business)
    recipient = client(zone, country)
    opens = opening(recipient, mail, now)
    if opens is not None:
        assert now < opens < now + timedelta(days=9)
        assert opening(recipient, mail, opens) is None
        assert opening(recipient, mail, opens - timedelta(minutes=1)) is not None


def test_a_zone_that_nobody_knows_is_named() -> None:
    with pytest.raises(PayflowError, match="'Europe/Londn', the time zone of Acme Ltd, is not known"):
        opening(client("Europe/Londn", "GB"), OFFICE, at("2026-11-23T10:00"))


def test_holidays_are_looked_up_once_per_country_and_year() -> None:
    public_holidays.cache_clear()
    for _ in range(3):
        opening(LONDON, OFFICE, at("2026-11-23T10:00"))
    assert public_holidays.cache_info().misses == 1
    assert date(2026, 12, 25) in public_holidays("gb", 2026)
