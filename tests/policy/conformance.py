"""Published figures worked out again: the table in `conformance.csv`, how each of its rows is computed, and the page of both.

`python tests/policy/conformance.py docs/conformance.md` writes the page.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from payflow import money
from payflow.money import round_half_up
from payflow.policy import compensation, daycount, discounts, instalments, statutes
from payflow.policy.accrual import Accrual, Claim, Compound, InterestTerms, Kind, Movement, accrue
from payflow.policy.allocation import Allocation
from payflow.policy.daycount import DayCount
from payflow.policy.fees import from_percent, percent
from payflow.policy.late_fees import FeeBand, FeeSize, FeeTerms
from payflow.policy.rounding import Rounding
from payflow.policy.scenario import read_scenario, work_out
from payflow.policy.statutes import rates_for, statute
from payflow.policy.terms import due_date, parse_terms
from payflow.workspace.business_days import calendar_of

TABLE = Path(__file__).with_name("conformance.csv")
_DAY = timedelta(days=1)


class Example(NamedTuple):
    """A row: what somebody published, and the facts behind it. `facts` are what the method of that name wants."""

    id: str
    place: str
    what: str
    method: str
    facts: Any
    expected: str
    unit: str
    source: str


def examples() -> list[Example]:
    """The table, in its order."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return [Example(**{**row, "facts": json.loads(row["facts"])}) for row in csv.DictReader(lines)]


def computed(example: Example) -> str:
    """What payflow makes of the facts, as text like the published one."""
    return METHODS[example.method](example.facts)


def worked_out(facts: Mapping[str, Any]) -> Accrual:
    """A scenario as `payflow calc` reads and computes it."""
    scenario = read_scenario(facts, today=date(2026, 11, 21), calendars=calendar_of)
    return work_out(scenario)[1]


def of(field: str) -> Callable[[Mapping[str, Any]], str]:
    """A figure of a scenario in its currency."""
    return lambda facts: money.decimal(getattr(worked_out(facts), field), facts["currency"])


def exact_interest(facts: Mapping[str, Any]) -> str:
    """Interest before it is rounded to the cent, to four decimals."""
    exact = sum((stretch.exact for stretch in worked_out(facts).stretches), Fraction(0)) / 100
    return decimals(exact, 4)


def whole_interest(facts: Mapping[str, Any]) -> str:
    """Interest without its minor units."""
    found = worked_out(facts).interest
    return str(found // 10 ** money.exponent(facts["currency"]))


def summed_interest(facts: Sequence[Mapping[str, Any]]) -> str:
    """Interest of several claims, each rounded."""
    return money.decimal(sum(worked_out(one).interest for one in facts), facts[0]["currency"])


def with_fixed_sum(facts: Mapping[str, Any]) -> str:
    """Interest, as told or of so many days, and the statute's fixed sum."""
    currency, debt = facts["currency"], money.parse(facts["debt"], facts["currency"])
    fixed = statutes.compensation(statute(facts["statute"]), debt, currency)
    assert fixed is not None
    due = date(2025, 1, 1)
    claim = {"amount": facts["debt"], "currency": currency, "due_on": due, "interest": {"annual": facts.get("annual")}}
    if "interest" in facts:
        return money.decimal(money.parse(facts["interest"], currency) + fixed, currency)
    return money.decimal(worked_out(claim | {"as_of": due + facts["days"] * _DAY}).interest + fixed, currency)


def fixed_sum(facts: Mapping[str, Any]) -> str:
    """The fixed sum in the law's own currency, as the source writes it."""
    law = statute(facts["statute"])
    assert law.compensation is not None
    found = compensation.granted(law.compensation, money.parse(facts["debt"], facts["currency"]), facts["currency"])
    assert found is not None
    return money.decimal(*found)


def rate(facts: Mapping[str, Any]) -> str:
    """The yearly rates of statutes on a day."""
    day = date.fromisoformat(facts["day"])
    return " / ".join(percent(rates_for(statute(name), day, day)[0].annual) for name in facts["statutes"])


def lowest(facts: Mapping[str, Any]) -> str:
    """The least yearly rate a contract may agree."""
    found = statutes.lowest_agreed(statute(facts["statute"]), date.fromisoformat(facts["day"]))
    assert found is not None
    return percent(found.annual)


def rate_of_a_day(facts: Mapping[str, Any]) -> str:
    """The yearly rate by the days of the year, in percent."""
    return decimals(Fraction(facts["annual"]) / daycount.year_of(DayCount(facts["day_count"])), 6)


def years(facts: Mapping[str, Any]) -> str:
    """The length of an ISDA period, whose first day counts and whose last does not."""
    start, end = (date.fromisoformat(facts[key]) - _DAY for key in ("start", "end"))
    return decimals(daycount.years(DayCount.ACTUAL_ACTUAL, start, end), 10)


def days(facts: Mapping[str, Any]) -> str:
    """The length of a period in months of 30 days, both conventions."""
    start, end = (date.fromisoformat(facts[key]) for key in ("start", "end"))
    both = (DayCount.THIRTY_360, DayCount.THIRTY_E_360)
    return " / ".join(str(daycount.days(convention, start, end)) for convention in both)


def due(facts: Mapping[str, Any]) -> str:
    """The due dates by several readings of terms."""
    found = []
    for written in facts["terms"]:
        terms = parse_terms(written)
        calendar = calendar_of(terms.calendar) if terms.calendar else None
        found.append(due_date(terms, date.fromisoformat(facts["issued"]), calendar=calendar).isoformat())
    return " / ".join(found)


def after_discount(facts: Mapping[str, Any]) -> str:
    """What is left to pay in time for the discount."""
    total, tax = (money.parse(facts[key], "EUR") for key in ("total", "tax"))
    (offer,) = discounts.offers(parse_terms(facts["terms"]), total, tax, date(2026, 1, 1))
    return money.decimal(total - offer.amount, "EUR")


def cost_of_discount(facts: Mapping[str, Any]) -> str:
    """The yearly cost of a discount let go, in percent."""
    share = from_percent(facts["percent"])
    found = discounts.yearly_cost(share, facts["discount_days"], facts["net_days"], facts["year"])
    return decimals(found * 100, 2)


def split(facts: Mapping[str, Any]) -> str:
    """Instalments by percentages."""
    terms = parse_terms("net-30")
    lines = [instalments.Percent(from_percent(text), terms) for text in facts["percents"]]
    parts = instalments.split(money.parse(facts["total"], "EUR"), lines)
    return " / ".join(money.decimal(part, "EUR") for part in parts)


def skonto(facts: Mapping[str, Any]) -> str:
    """Whether a line is a discount as the standard wants it."""
    return str(discounts.is_skonto(facts["line"])).lower()


@cache
def three_claims() -> Mapping[str, Accrual]:
    """The worked case of rentetool: three claims, two payments, the second of which pays two of them.

    The published periods begin with the first day that bears interest and end before the day of a payment; a day earlier
    each, they are ours.
    """
    as_of, first_paid, second_paid = date(2026, 1, 15), date(2014, 12, 11), date(2015, 9, 27)
    first = _claim("nl-consumer", 3000, date(2014, 5, 28), as_of, 100, {first_paid: 150_000, second_paid: 250_000})
    left = first.allocations[1].rest
    second = _claim("nl-consumer", 1000, date(2015, 5, 5), as_of, 0, {second_paid: left}, "2")
    return {"first": first, "second": second, "third": _claim("nl", 2000, date(2015, 11, 10), as_of, 400, {})}


def _claim(
    law: str, principal: int, due_on: date, as_of: date, costs: int, paid: Mapping[date, int], points: str = "0"
) -> Accrual:
    more = from_percent(points)
    rates = [replace(one, annual=one.annual + more) for one in rates_for(statute(law), due_on + _DAY, as_of)]
    return accrue(
        Claim(
            amount=principal * 100,
            currency="EUR",
            due_on=due_on,
            as_of=as_of,
            movements=tuple(Movement(on, Kind.PAYMENT, amount) for on, amount in paid.items()),
            interest=InterestTerms(rates, rounding=Rounding.SEGMENT, compound=Compound.YEARLY),
            fee=FeeTerms((FeeBand(FeeSize(costs * 100)),)) if costs else None,
            allocation=Allocation.COSTS_FIRST,
        )
    )


def of_three(asked: Sequence[Any]) -> str:
    """A figure of the three claims: interest or total of one, the total of all, or a part of a payment, from 1."""
    which, what, *payment = asked
    claims = three_claims()
    if which == "all":
        return money.decimal(sum(claim.total_due for claim in claims.values()), "EUR")
    claim = claims[which]
    if payment:
        return money.decimal(getattr(claim.allocations[payment[0] - 1], what), "EUR")
    return money.decimal({"interest": claim.interest, "total": claim.total_due}[what], "EUR")


def decimals(value: Fraction, digits: int) -> str:
    """A fraction rounded half up to so many decimals."""
    units = str(round_half_up((value * 10**digits).numerator, (value * 10**digits).denominator)).rjust(digits + 1, "0")
    return f"{units[:-digits]}.{units[-digits:]}"


METHODS: Mapping[str, Callable[[Any], str]] = {
    "interest": of("interest"),
    "interest, exact": exact_interest,
    "interest, whole units": whole_interest,
    "interest, added up": summed_interest,
    "daily": of("daily"),
    "days late": lambda facts: str(worked_out(facts).days_overdue),
    "with fixed sum": with_fixed_sum,
    "fixed sum": fixed_sum,
    "rate": rate,
    "rate of a day": rate_of_a_day,
    "lowest agreed": lowest,
    "three claims": of_three,
    "years": years,
    "days": days,
    "due": due,
    "after discount": after_discount,
    "cost of discount": cost_of_discount,
    "instalments": split,
    "skonto": skonto,
}

#: Rows whose method has no place in the model.
ARGUED = {
    "AU-00": "Australia has no general statute on late payment between businesses; the courts' rate before judgment follows the "
    'cash rate, which payflow has no table of. A claim names the rate: `interest = { annual = "7.75" }`.',
    "AU-02": "As AU-00.",
}

#: Rows that are met by way of something that is not the engine's own.
REMARKS = {
    "SE-01": "The engine claims to the öre, 163.46; the Enforcement Authority's calculator leaves the öre out. So does the test.",
    "US-10": "Whole months only are counted there, and the three days after the last of them bear nothing. payflow counts days: "
    "through the last whole month, by months of 30 days, it is the published figure; through 18 July it would be 545.63.",
    "DE-10": "The source keeps four decimals for each half-year; payflow keeps the exact fraction and rounds the sum. The row is "
    "compared to four decimals. Likewise DE-11, DE-13 and DE-15; DE-16 is their sum, to the cent.",
    "CD-03": "The page cuts 36.7347 off; rounded it is the same.",
    "NL-10": "The source counts from the first day that bears interest up to, not including, the day of a payment; written with "
    "days that are one earlier, its case is ours in every figure. Likewise "
    "NL-11 through NL-25.",
    "DC-A0": "ISDA's period includes its first day and not its last: the days of (start - 1, end - 1]. Likewise the other DC-A.",
    "UK-D1": "30 days beginning with a day end 29 days after it.",
    "UK-07": "The interest is taken from the page, whose rate and days are not told; the fixed sum is payflow's.",
}


def page() -> str:
    """`docs/conformance.md`."""
    rows = examples()
    met = sum(1 for row in rows if row.method != "argued")
    lines = [
        "# Published figures, worked out again",
        "",
        "<!-- Made by `python tests/policy/conformance.py docs/conformance.md` from tests/policy/conformance.csv. -->",
        "",
        f"{len(rows)} figures that authorities, courts, standards and other programs publish, against what payflow makes of the",
        f"same facts. {met} are met to the last digit; {len(rows) - met} have no place in the model, for the reasons below.",
        "The facts of each row stand in `tests/policy/conformance.csv`, in the words of [calc.md](calc.md) where it is a claim;",
        "the tests compute every row.",
        "",
        "| row | place | what | published | payflow | source |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        mine = "not modelled" if row.method == "argued" else computed(row)
        unit = f" {row.unit}" if row.unit and row.unit != "day" else ""
        lines.append(
            f"| {row.id} | {row.place} | {_cell(row.what)} | {_cell(row.expected + unit)} | {_cell(mine)} | {_cell(row.source)} |"
        )
    lines += ["", "## Rows without a place in the model", ""]
    lines += [f"- **{name}**: {why}" for name, why in ARGUED.items()]
    lines += ["", "## How some rows are read", ""]
    lines += [f"- **{name}**: {why}" for name, why in REMARKS.items()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
