"""What a law on late payment says, as data: the type of a statute."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from payflow.policy.compensation import FixedSum


class Fixing(StrEnum):
    """Which day decides the rate."""

    # the day interest starts, for good
    START = "the day interest starts"
    # each half-year has its own
    FLOATING = "each half-year"
    # the last day, for the whole time
    END = "the last day"
    # none: the law names the rate
    FLAT = "none"


class Reference(StrEnum):
    """Which day of a table a day's rate is read from."""

    # 1 January for the half-year that it begins, 1 July for the other
    HALF_YEAR = "the first day of the half-year"
    # the day itself
    DAY = "the day itself"


class Margin(NamedTuple):
    """Points above the table, as a fraction of one, for debts that arose on `since` or later."""

    since: date
    points: Fraction


class Statute(Struct, frozen=True):
    """A law that grants interest on late payment without any agreement.

    Words such as `day_count` are those of `payflow.toml`. Amounts are minor units of `currency`. `sources` are addresses or
    citations, `notes` what the law leaves to practice and how it is read here, `warnings` what a creditor has to know before
    claiming.
    """

    name: str
    title: str
    country: str
    currency: str
    sources: tuple[str, ...]
    #: By day of the debt, oldest first; a debt older than all of them is not covered.
    margins: tuple[Margin, ...]
    fixing: Fixing
    table: str = ""
    reference: Reference = Reference.HALF_YEAR
    #: The sum of table and margin is rounded up to a multiple of this.
    rounded_up_to: Fraction | None = None
    #: Only between businesses, or a business and an authority; `consumers` names the statute for the others, if any.
    business_only: bool = True
    consumers: str = ""
    day_count: str = "actual/365"
    compound: str = "none"
    rounding: str = "end"
    mode: str = "half-up"
    compensation: FixedSum | None = None
    #: Less interest than this is not payable.
    floor: int = 0
    #: Interest stops when it has run for so many years.
    years: int | None = None
    #: What a part payment pays first where nothing else was agreed, as `allocation` says it, and the law that says so.
    allocation: str = ""
    allocation_by: str = ""
    #: The law that moves a due day on a weekend or holiday to the next working day; told, for the user names the due day.
    moves_by: str = ""
    #: A due day on which federal agencies are closed: paid by the next one on which they are open, nothing bears interest;
    #: paid later, it does from the due day on.
    federal_days: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def margin(self, arose: date) -> Fraction | None:
        """Points for a debt of that day, as a fraction of one; None where the statute is not written out for it."""
        for margin in reversed(self.margins):
            if arose >= margin.since:
                return margin.points
        return None
