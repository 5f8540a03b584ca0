"""A claim as a person writes it down, read into the exact engine's terms: what `payflow calc` computes.

    amount, currency, issued_on, terms, due_on, as_of, payments, credits, refunds, interest, late_fee, compensation,
    allocation, calendar

`docs/calc.md` tells every key with its meaning and default. All mistakes are collected and raised as one `WorkspaceError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from payflow import money
from payflow.errors import Problem, WorkspaceError
from payflow.model.agreement import DiscountBase, Terms
from payflow.money import show
from payflow.policy import cautions, discounts
from payflow.policy.accrual import (
    Accrual,
    Claim,
    InterestTerms,
    Kind,
    Movement,
    accrue,
    grace_over,
    outstanding_on,
)
from payflow.policy.bearing import law_of, terms_of, with_rates
from payflow.policy.calendars import WEEKDAYS, Calendar, Roll, roll
from payflow.policy.interest_reading import read_allocation, read_interest
from payflow.policy.late_fee_reading import late_fee_in
from payflow.policy.late_fees import yearly
from payflow.policy.law import Statute
from payflow.policy.percents import percent
from payflow.policy.rates import OutOfTable
from payflow.policy.reading import KeyPath, Reader, dotted
from payflow.policy.statutes import STATUTES, compensation, compensation_note, lowest_agreed
from payflow.policy.terms import due_date
from payflow.policy.terms_in_words import TermsError, parse_terms

_DAY = timedelta(days=1)
#: Digits before the decimal point of an amount: the exact engine has no limit, a slip of the keyboard has one.
_MOST_DIGITS = 30
#: What gives the business days of a country or region by its ISO 3166 code; None where they are not known.
Calendars = Callable[[str], Calendar | None]


class Scenario(Struct, frozen=True):
    """A claim that was read without mistakes; what a statute adds to it is worked out later, from its tables.

    `compensation` is True or False for what the statute grants, or minor units of a fixed sum that was agreed.
    """

    claim: Claim
    issued_on: date | None = None
    terms: Terms | None = None
    statute: Statute | None = None
    compensation: int | bool = False
    #: a country or region, for warnings about what its law says of agreed rates
    place: str = ""
    warnings: tuple[str, ...] = field(default=())


def read_scenario(
    data: Mapping[str, Any], *, today: date, calendars: Calendars, place: Callable[[KeyPath], str] = dotted
) -> Scenario:
    """The scenario, with `today` as the day asked for unless it names one. Raises `WorkspaceError` with every mistake."""
    problems: list[Problem] = []
    top = Reader(data, problems, place, digits=_MOST_DIGITS)
    scenario = _Read(top, today, calendars).scenario()
    if problems or scenario is None:
        raise WorkspaceError(problems)
    return scenario


def work_out(scenario: Scenario, *, extra: Path | None = None) -> tuple[Claim, Accrual, tuple[str, ...]]:
    """The claim with its rates, what became of it, and warnings. `extra` is a folder with rate tables of the user's own.

    Raises `OutOfTable` where a statute's rate is asked for that no table holds.
    """
    claim, warnings = _with_discount(scenario)
    claim, more = _with_statute(replace(scenario, claim=claim), extra)
    found = accrue(claim)
    return claim, found, (*scenario.warnings, *warnings, *more, *_remarks(claim, found))


class _Read(Struct):
    """Reads one scenario; methods note mistakes and return what is harmless."""

    top: Reader
    today: date
    calendars: Calendars
    currency: str = ""
    warnings: list[str] = field(default_factory=list)

    def scenario(self) -> Scenario | None:
        """Everything, or None where something required is not there."""
        top = self.top
        self.currency = self._currency()
        amount = top.amount("amount", self.currency)
        if "amount" not in top:
            top.missing("amount", 'what was invoiced, with tax: amount = "1000.00"')
        as_of = top.day("as_of") or self.today
        place = self._place()
        issued_on, terms, due_on = self._due(place)
        movements = tuple(self._movements())
        interest, law = self._interest()
        claim = Claim(
            amount=amount or 0,
            currency=self.currency,
            due_on=due_on or as_of,
            as_of=as_of,
            movements=movements,
            interest=interest,
            fee=late_fee_in(top, self.currency, self.warnings),
            allocation=read_allocation(top),
        )
        fixed = self._compensation(law)
        top.finish()
        if top.problems or due_on is None:
            return None
        if law is not None:
            self.warnings += [*self._no_working_day(law, due_on, place), *self._order(law, claim)]
        return Scenario(claim, issued_on, terms, law, fixed, place, tuple(self.warnings))

    def _currency(self) -> str:
        value = self.top.text("currency", 'the three letters of ISO 4217: currency = "GBP"')
        if value is None:
            if "currency" not in self.top:
                self.top.missing("currency", 'the three letters of ISO 4217: currency = "GBP"')
            return ""
        if value.isascii() and money.is_currency(value):
            return value
        known = value.isascii() and money.is_currency(value.upper())
        remedy = f'Write it in capitals: "{value.upper()}".' if known else "Write three letters of ISO 4217: EUR, GBP."
        self.top.wrong("currency", f"{value[:20]!r} is no currency", remedy)
        return ""

    def _due(self, place: str) -> tuple[date | None, Terms | None, date | None]:
        """The day of issue, the terms and the due date, as far as they are told."""
        top = self.top
        issued_on, due_on = top.day("issued_on"), top.day("due_on")
        terms = self._terms(top.get("terms"))
        if "due_on" in top and "terms" in top:
            top.wrong("due_on", "stands beside terms, and both say when it was due", "Leave one of them out.")
        elif "due_on" in top:
            if issued_on is not None and due_on is not None and due_on < issued_on:
                top.wrong("due_on", f"{due_on} is before issued_on, {issued_on}", "Check both days.")
        elif "terms" not in top or "issued_on" not in top:
            example = 'due_on = 2025-05-14, or issued_on = 2025-04-14 with terms = "net-30"'
            key = "issued_on" if "terms" in top else "terms" if "issued_on" in top else "due_on"
            top.missing(key, example)
        elif terms is not None and issued_on is not None:
            due_on = self._due_by(terms, issued_on, place)
        return issued_on, terms, due_on

    def _place(self) -> str:
        """Whose business days and laws count, as a country that is known, or a part of it."""
        example = 'a country or region of ISO 3166: calendar = "GB" or "DE-BY"'
        place = self.top.text("calendar", example) or ""
        if place and (place != place.upper() or self.calendars(place.partition("-")[0]) is None):
            self.top.wrong("calendar", f"{place[:20]!r} is no country that is known", f"Write {example}.")
            return ""
        return place

    def _terms(self, written: Any) -> Terms | None:
        if written is None:
            return None
        is_list = isinstance(written, list) and all(isinstance(part, str) for part in written)
        if not is_list and not isinstance(written, str):
            self.top.wrong("terms", "these are no terms", 'Write terms = "net-30", or ["30 days", "end of month"].')
            return None
        try:
            return parse_terms(written)
        except TermsError as error:
            self.top.wrong("terms" if error.place is None else ("terms", error.place), error.found, error.remedy)
            return None

    def _due_by(self, terms: Terms, issued_on: date, place: str) -> date | None:
        country = terms.calendar or place
        calendar = self.calendars(country) if terms.rolls and country else WEEKDAYS
        if calendar is None:
            key = "terms" if terms.calendar else "calendar"
            self.top.wrong(
                key, f"the holidays of {country!r} are not known", 'Write a country or a part of it: "GB", "DE-BY".'
            )
            return None
        if terms.rolls and not country:
            self.warnings.append(
                "Business days are Monday to Friday here, without holidays: nothing says where. "
                'Write calendar = "GB" or "DE-BY", or "next business day in DE-BY".'
            )
        try:
            return due_date(terms, issued_on, calendar=calendar)
        except ValueError as error:
            self.top.wrong("terms", str(error), "Write the day itself: due_on = 2025-05-14.")
            return None

    def _movements(self) -> list[Movement]:
        found = []
        for key, kind in (("payments", Kind.PAYMENT), ("credits", Kind.CREDIT), ("refunds", Kind.REFUND)):
            for item in self.top.tables(key, '{ on = 2025-06-01, amount = "400.00" }'):
                on, amount = item.day("on"), item.amount("amount", self.currency)
                for part, example in (("on", "the day: on = 2025-06-01"), ("amount", 'it: amount = "400.00"')):
                    if part not in item:
                        item.missing(part, example)
                item.finish()
                if on is not None and amount is not None:
                    found.append(Movement(on, kind, amount))
        return found

    def _interest(self) -> tuple[InterestTerms | None, Statute | None]:
        interest = read_interest(self.top, self.currency)
        if interest is None:
            return None, None
        return terms_of(interest, self.currency), law_of(interest)

    def _no_working_day(self, law: Statute, due_on: date, place: str) -> Iterator[str]:
        """What the law says of a due day on a weekend, or on a holiday where the place is told."""
        if not law.moves_by:
            return
        calendar = self.calendars(place) if place.partition("-")[0] == law.country else None
        moved = roll(due_on, Roll.FOLLOWING, calendar or WEEKDAYS)
        if moved != due_on:
            yield (
                f"{due_on} is no working day: by {law.moves_by} it was due on {moved}, unless agreed otherwise. Interest counts "
                f"from the day that was given; write {moved} to follow the law."
            )

    def _order(self, law: Statute, claim: Claim) -> Iterator[str]:
        """What the law says part payments pay first, where nobody said it here."""
        late = any(one.kind is Kind.PAYMENT and claim.due_on < one.on <= claim.as_of for one in claim.movements)
        if law.allocation and "allocation" not in self.top and late:
            yield (
                f"Payments are taken for the principal first; by {law.allocation_by} they are not, unless agreed so. "
                f'Write allocation = "{law.allocation}" to follow the law.'
            )

    def _compensation(self, law: Statute | None) -> int | bool:
        value = self.top.get("compensation")
        if value is None or isinstance(value, bool):
            if value and law is None:
                remedy = 'Write interest = { statute = "uk" }, or the sum that was agreed: compensation = "40.00".'
                self.top.wrong("compensation", "no statute is named that could grant one", remedy)
            if value is None and law is not None and law.compensation is not None and "late_fee" in self.top:
                # nothing stacks by itself: a fixed sum that nobody asked for does not join a fee that was agreed
                self.warnings.append(
                    "The law's fixed sum is left out beside the late fee: write compensation = true if both may be claimed."
                )
                return False
            return law is not None if value is None else value
        return self.top.amount("compensation", self.currency) or False


def _with_discount(scenario: Scenario) -> tuple[Claim, tuple[str, ...]]:
    """The claim with the discount for early payment taken off where the client paid the rest in time."""
    claim, terms, issued_on = scenario.claim, scenario.terms, scenario.issued_on
    if terms is None or issued_on is None or not terms.discounts:
        return claim, ()
    note = "The discount is taken of the whole amount; the tax in it is not known here."
    net = (note,) if any(one.base is DiscountBase.NET for one in terms.discounts) else ()
    known = [movement for movement in claim.movements if movement.on <= claim.as_of]
    moved = [
        discounts.Moved(one.on, -one.amount if one.kind is Kind.REFUND else one.amount, one.kind is Kind.CREDIT)
        for one in known
    ]
    for place, left in discounts.earned(claim.amount, discounts.offers(terms, claim.amount, 0, issued_on), moved):
        taken = Movement(known[place].on, Kind.CREDIT, left)
        said = f"{show(left, claim.currency)} of discount for the payment of {known[place].on} is taken off."
        return replace(claim, movements=(*claim.movements, taken)), (said, *net)
    return claim, ()


def _with_statute(scenario: Scenario, extra: Path | None) -> tuple[Claim, tuple[str, ...]]:
    """The claim with the rates and the fixed sum that follow from law, and what to know of it."""
    claim, law = scenario.claim, scenario.statute
    warnings = list(law.warnings) if law is not None else _cautions(scenario)
    if law is not None and law.federal_days:
        warnings += _closed(claim.due_on)
    elif law is not None and law.business_only:
        other = f'; from a consumer, statute = "{law.consumers}"' if law.consumers else ""
        warnings.insert(0, f"{law.title}: between businesses only{other}.")
    if law is not None and claim.fee is not None:
        warnings.append("What the law grants does not add to an agreed late fee by itself; both are asked for here.")
    claim, more = _with_compensation(scenario, claim)
    # after the fixed sum: payments that pay costs first leave principal that bears interest, and needs rates, longer
    return with_rates(claim, law, scenario.issued_on or claim.due_on + _DAY, extra), (*warnings, *more)


def _closed(due_on: date) -> list[str]:
    """What a due day on which federal agencies are closed means."""
    from payflow.policy.federal_days import days_until_open

    closed = days_until_open(due_on)
    last = due_on + closed * _DAY
    return (
        [f"Agencies are closed on {due_on}: paid by {last}, it bears no interest (5 CFR 1315.4(h))."] if closed else []
    )


def _with_compensation(scenario: Scenario, claim: Claim) -> tuple[Claim, tuple[str, ...]]:
    """The claim with the fixed sum that was agreed or that the law grants, or why it grants none here."""
    if scenario.compensation is not True:
        return replace(claim, compensation=int(scenario.compensation)), ()
    law = scenario.statute
    assert law is not None
    debt = outstanding_on(claim, grace_over(claim))
    fixed, note = compensation(law, debt, claim.currency), compensation_note(law, debt, claim.currency)
    note_here = f'{note} Write the sum in {claim.currency} yourself: compensation = "...".'
    none = (note_here,) if fixed is None and law.compensation is not None and debt else ()
    return replace(claim, compensation=fixed or 0, compensation_why=note.removesuffix(".")), none


def _cautions(scenario: Scenario) -> list[str]:
    """What the place says of a debt, and of the yearly rate that was agreed, as interest or as a fee that comes again."""
    claim = scenario.claim
    if not scenario.place:
        return []
    annual = claim.interest.rates[0].annual if claim.interest is not None and claim.interest.rates else Fraction(0)
    local = claim.currency == {"US": "USD", "CA": "CAD"}.get(scenario.place[:2])
    found = cautions.warnings_for(
        scenario.place,
        annual=max(annual, yearly(claim.fee)),
        amount=claim.amount if local else None,
        agreed=scenario.issued_on,
    )
    said = [f"{caution.text} ({caution.source})." for caution in found]
    return [*said, *_least(scenario.place, annual, claim.due_on + _DAY)]


def _least(place: str, annual: Fraction, day: date) -> list[str]:
    """What the law says of an agreed rate that is too low: France, as far as the table of its legal rates reaches."""
    law = next((law for law in STATUTES.values() if law.country == place.partition("-")[0]), None)
    try:
        least = lowest_agreed(law, day) if law is not None and annual else None
    except OutOfTable:
        return []
    if least is None or annual >= least.annual:
        return []
    return [
        f"{percent(annual)} % a year is below the least that may be agreed, {percent(least.annual)} %: {least.why}."
    ]


def _remarks(claim: Claim, found: Accrual) -> list[str]:
    """What the figures alone do not tell."""
    later = [movement for movement in claim.movements if movement.on > claim.as_of]
    remarks = [
        f"The {movement.kind} of {show(movement.amount, claim.currency)} on {movement.on} is after {claim.as_of} and left out."
        for movement in later
    ]
    if found.overpaid:
        remarks.append(f"{show(found.overpaid, claim.currency)} more was paid or credited than is owed.")
    if found.below_floor and claim.interest is not None:
        floor = show(claim.interest.floor, claim.currency)
        remarks.append(f"Interest of {show(found.below_floor, claim.currency)} is below {floor} and not claimed.")
    return remarks
