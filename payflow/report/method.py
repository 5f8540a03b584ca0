"""How interest was worked out, in one line."""

from __future__ import annotations

from payflow.model.interest import Compound, Interest, Mode, Rounding
from payflow.policy.accrual import InterestTerms

_ROUNDED = {
    Rounding.END: "rounded once, at the end",
    Rounding.SEGMENT: "each stretch rounded",
    Rounding.DAY: "the interest of each day rounded",
}
_MODES = {Mode.HALF_UP: "half up", Mode.HALF_EVEN: "half to even", Mode.DOWN: "down"}
_COMPOUNDED = {
    Compound.NONE: "simple interest",
    Compound.YEARLY: "unpaid interest joins the balance after each year",
    Compound.MONTHLY: "unpaid interest joins the balance after each month",
    Compound.DAYS_30: "unpaid interest joins the balance after each 30 days",
}


def method(terms: InterestTerms | Interest) -> str:
    """Day count, compounding and rounding in words."""
    rounding = f"{_ROUNDED[terms.rounding]}, {_MODES[terms.mode]}"
    return f"Days by {terms.day_count}, first and last included; {_COMPOUNDED[terms.compound]}; {rounding}."
