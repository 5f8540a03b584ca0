"""Reading `interest = { ... }` and what goes with it, the same words in `payflow.toml` and for `payflow calc`."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from msgspec.structs import replace

from payflow import money
from payflow.errors import UnknownName
from payflow.model.interest import Allocation, Compound, DayCount, Interest, Mode, Per, Rounding
from payflow.policy.daycount import year_of
from payflow.policy.law import Statute
from payflow.policy.reading import LONGEST_DAYS, Reader
from payflow.policy.statutes import statute

_EXAMPLE = '{ annual = "8" } or { statute = "uk" }'


def read_interest(top: Reader, currency: str, *, billed: bool = False) -> Interest | None:
    """The interest of a claim or a policy; None where none is written or its rate is wrong. A bare floor is in `currency`.

    `billed` where `bill` stands beside it, which the reader of charges reads.
    """
    table = top.table("interest", _EXAMPLE)
    if table is None:
        return None
    law = _statute(table)
    shares = {per: table.percent(per.value) for per in Per}
    named = [key for key in (*(per.value for per in Per), "statute") if key in table]
    if not named:
        table.wrong("", "no rate is named", 'Write annual = "8", monthly = "1.5", daily = "0.05" or statute = "uk".')
    elif len(named) > 1:
        table.wrong(named[1], f"stands beside {named[0]}, and both name the rate", "Leave one of them out.")
    per = next((per for per in Per if shares[per] is not None), Per.ANNUAL)
    found = _worded(table, law)
    if per is Per.DAILY and found.day_count is DayCount.ACTUAL_ACTUAL:
        # a rate of a day says itself what a day earns, in leap years too
        found = replace(found, day_count=DayCount.ACTUAL_365)
    days, counts = _grace(table)
    floor = _floors(table, currency)
    if "floor" not in table and law is not None and law.floor:
        floor = {law.currency: law.floor}
    if billed:
        table.get("bill")
    table.finish()
    share = shares[per]
    if share is None and law is None:
        return None
    annual = Fraction(0) if share is None else share * _times(per, found.day_count)
    return replace(found, annual=annual, per=per, grace=days, grace_counts=counts, floor=floor)


def read_allocation(top: Reader) -> Allocation:
    """The order in which part payments pay."""
    return top.word("allocation", Allocation, Allocation.PRINCIPAL_FIRST)


def _worded(table: Reader, law: Statute | None) -> Interest:
    """The words beside the rate, as written or as the statute has them."""
    return Interest(
        Fraction(0),
        statute=law.name if law is not None else "",
        day_count=table.word("day_count", DayCount, DayCount(law.day_count) if law else DayCount.ACTUAL_365),
        rounding=table.word("rounding", Rounding, Rounding(law.rounding) if law else Rounding.END),
        mode=table.word("mode", Mode, Mode(law.mode) if law else Mode.HALF_UP),
        compound=table.word("compound", Compound, Compound(law.compound) if law else Compound.NONE),
    )


def _times(per: Per, day_count: DayCount) -> int:
    """How many of them are a year."""
    return {Per.ANNUAL: 1, Per.MONTHLY: 12, Per.DAILY: year_of(day_count)}[per]


def _statute(table: Reader) -> Statute | None:
    name = table.text("statute", 'its name: statute = "uk"')
    if name is None:
        return None
    try:
        return statute(name)
    except UnknownName as error:
        table.wrong("statute", f"there is no statute {name!r}", str(error).partition(". ")[2])
        return None


def _grace(table: Reader) -> tuple[int | None, bool]:
    """Days of grace, and whether they bear interest once they are over."""
    if not isinstance(table.data.get("grace"), Mapping):
        return table.whole("grace", LONGEST_DAYS), False
    inner = table.table("grace", "3")
    assert inner is not None
    days = inner.whole("days", LONGEST_DAYS)
    mode = inner.text("mode", 'mode = "forgive" or "count"')
    if "days" not in inner:
        inner.missing("days", "how many: days = 3")
    if mode not in (None, "forgive", "count"):
        inner.wrong("mode", f"{mode!r} is not known here", 'Write "forgive" or "count".')
    inner.finish()
    return days, mode == "count"


def _floors(table: Reader, currency: str) -> dict[str, int]:
    """Amounts by currency: one text is in `currency`, a table names its currencies."""
    value = table.get("floor")
    if not isinstance(value, Mapping):
        units = table.amount_of(("floor",), value, currency, 0)
        return {currency: units} if units and currency else {}
    found = {}
    for code, item in value.items():
        if not (code.isascii() and money.is_currency(code)):
            table.wrong(("floor", code), f"{code[:20]!r} is no currency", "Write three letters of ISO 4217: EUR, GBP.")
            continue
        units = table.amount_of(("floor", code), item, code, 0)
        if units:
            found[code] = units
    return found
