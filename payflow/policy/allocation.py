"""What is owed on one claim, in buckets, and which of them a payment pays first.

Three buckets: the principal, the interest, and the costs (late fees and compensation). Interest that was compounded has
joined the principal: it bears interest itself, and what is paid on the principal pays it too (rentetool's worked case, 5 CFR
1315.17).

Interest is kept as an exact fraction as far as it is not rounded on the way; payments are whole minor units. What is owed of
it is the rounded sum of all interest so far less what was paid on it, so the parts never add up to another total.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct, field

from payflow.model.interest import Allocation as Allocation
from payflow.policy.rounding import Mode, rounded


class Allocated(NamedTuple):
    """What one payment paid, in minor units; `rest` is what was left over when nothing more was owed."""

    on: date
    amount: int
    costs: int
    interest: int
    principal: int
    rest: int


class Buckets(Struct):
    """What is owed at one moment. Amounts are minor units; `accrued` and `joined` are exact."""

    principal: int
    mode: Mode
    order: Allocation
    costs: int = 0
    #: what the other side has to get back, or has paid in advance
    surplus: int = 0
    #: all interest so far, paid or not
    accrued: Fraction = Fraction(0)
    #: the part of the unpaid interest that bears interest, exact and as it is owed
    joined: Fraction = Fraction(0)
    joined_owed: int = 0
    interest_paid: int = 0
    costs_paid: int = 0
    principal_paid: int = 0
    allocations: list[Allocated] = field(default_factory=list)

    @property
    def bearing(self) -> Fraction:
        """What bears interest."""
        return self.principal + self.joined

    @property
    def interest(self) -> int:
        """All interest so far, rounded."""
        return rounded(self.accrued, self.mode)

    @property
    def interest_owed(self) -> int:
        """What is unpaid of it, joined or not."""
        return self.interest - self.interest_paid

    @property
    def running(self) -> int:
        """What is unpaid of the interest that has not joined the principal."""
        return self.interest_owed - self.joined_owed

    def join(self) -> None:
        """Let all unpaid interest join the principal; parts of a minor unit that nobody can pay do not."""
        owing = self.principal or self.interest_owed
        self.joined = max(self.accrued - self.interest_paid, Fraction(0)) if owing else Fraction(0)
        self.joined_owed = self.interest_owed

    def pay(self, on: date, amount: int) -> None:
        """Spread a payment over the buckets, in order."""
        left = amount
        paid = {"costs": 0, "interest": 0, "principal": 0}
        for name in _ORDER[self.order]:
            paid[name] = self._pay(name, left)
            left -= paid[name]
        self.surplus += left
        self.allocations.append(Allocated(on, amount, **paid, rest=left))

    def credit(self, amount: int) -> None:
        """Lower the principal: a credit note, a discount. What exceeds it is the other side's."""
        lowered = min(amount, self.principal)
        self.principal -= lowered
        self.surplus += amount - lowered

    def refund(self, amount: int) -> None:
        """Money went back: first what was too much, then what payments paid, in the order opposite to theirs.

        So a payment that comes back leaves the buckets as if it had not come. What exceeds all that was ever paid is principal.
        """
        from_surplus = min(amount, self.surplus)
        self.surplus -= from_surplus
        amount -= from_surplus
        for name in reversed(_ORDER[self.order]):
            amount -= self._give_back(name, amount)
        self.principal += amount

    def _give_back(self, name: str, left: int) -> int:
        """Owe again what was paid of one bucket, as far as it goes."""
        if name == "costs":
            back = min(left, self.costs_paid)
            self.costs_paid -= back
            self.costs += back
        elif name == "interest":
            back = min(left, self.interest_paid)
            self.interest_paid -= back
        else:
            back = min(left, self.principal_paid)
            self.principal_paid -= back
            self.principal += back
        return back

    def _pay(self, name: str, left: int) -> int:
        if name == "costs":
            paid = min(left, self.costs)
            self.costs -= paid
            self.costs_paid += paid
        elif name == "interest":
            paid = min(left, self.running)
            self.interest_paid += paid
        else:
            paid = self._pay_principal(left)
        return paid

    def _pay_principal(self, left: int) -> int:
        """Principal and the interest that has joined it: the younger debt, the interest, goes first unless agreed otherwise."""
        own = max(0, left - (self.joined_owed if self.order is not Allocation.PRINCIPAL_FIRST else 0))
        own = min(own, self.principal)
        of_joined = min(left - own, self.joined_owed)
        self.principal -= own
        self.principal_paid += own
        self.interest_paid += of_joined
        self.joined_owed -= of_joined
        self.joined -= of_joined
        if not self.joined_owed and (of_joined or not self.principal):
            self.joined = Fraction(0)
        return own + of_joined


_ORDER = {
    Allocation.PRINCIPAL_FIRST: ("principal", "interest", "costs"),
    Allocation.INTEREST_FIRST: ("interest", "principal", "costs"),
    Allocation.COSTS_FIRST: ("costs", "interest", "principal"),
}
