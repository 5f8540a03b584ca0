"""The balance of one invoice over time.

A movement on day d changes the balance from the day after d: interest runs through the day a payment was sent
(late_payment.md, section 1). A balance below zero (an overpayment) earns nobody anything and counts as zero, and so does
one that is within what the policy tolerates.
"""

from __future__ import annotations

from collections.abc import Iterable


def balance_on(total: int, movements: Iterable[tuple[int, int]], day: int) -> int:
    """What is owed at the end of `day`: total less everything moved on or before it (never below zero)."""
    return max(0, total - sum(amount for on, amount in movements if on <= day))
