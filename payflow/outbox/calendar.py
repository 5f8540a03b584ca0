"""The client's hours and business days: when a message may be handed over.

Hours are local to the client. Business days are Monday to Friday less the public holidays of the client's country; for a
country whose parts have holidays of their own, a day that most of them keep counts too, unless the part is named
(`GB-SCT`). A country that is not known has Monday to Friday.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payflow.errors import PayflowError
from payflow.model.acts import Recipient
from payflow.model.agreement import MailSettings
from payflow.workspace.business_days import public_holidays

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SATURDAY = 5
#: No country rests longer; a search that goes on is a mistake in the settings.
_LONGEST_REST = 60


def opening(recipient: Recipient, mail: MailSettings, now: datetime) -> datetime | None:
    """None if `now` (aware) is inside the client's hours and days; else the next moment that is, in UTC.

    The end of the hours is outside them. Hours and days are those of the client's clock, whatever it is turned to.
    """
    zone = _zone(recipient)
    local = now.astimezone(zone)
    start, end = mail.hours or (time.min, None)
    today = local.date()
    if _is_open(today, recipient, mail):
        if start <= local.time() and (end is None or local.time() < end):
            return None
        if local.time() < start:
            return _moment(today, start, zone)
    for ahead in range(1, _LONGEST_REST):
        day = today + ahead * _DAY
        if _is_open(day, recipient, mail):
            return _moment(day, start, zone)
    raise PayflowError(f'no business day for {recipient.name} in {_LONGEST_REST} days. Set days = "every" in [mail]')


def _zone(recipient: Recipient) -> ZoneInfo:
    try:
        return ZoneInfo(recipient.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise PayflowError(
            f"{recipient.timezone!r}, the time zone of {recipient.name}, is not known. Use a name such as Europe/London"
        ) from None


def _moment(day: date, start: time, zone: ZoneInfo) -> datetime:
    """The first moment of `day` at which the client's clock shows `start` or later, in UTC."""
    wanted = datetime.combine(day, start)
    moment = wanted.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wanted:
        return moment
    # The clock jumps over `start` that day: the moment it jumps is meant.
    while (moment - _MINUTE).astimezone(zone).replace(tzinfo=None) >= wanted:
        moment -= _MINUTE
    return moment


def _is_open(day: date, recipient: Recipient, mail: MailSettings) -> bool:
    if not mail.business_days:
        return True
    return day.weekday() < _SATURDAY and day not in public_holidays(recipient.country, day.year)


__all__ = ["opening", "public_holidays"]
