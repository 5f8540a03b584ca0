"""One line of an account told by statements of different formats is one line.

Within a format, overlapping statements give a line the same key. Two formats write its texts differently, so that it has two:
of an account, day and amount there are as many lines as the format that tells most of them has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from payflow.policy.bank_lines import BankLine


class ToldLine(NamedTuple):
    """A line and the kinds of statement that tell it; `source` is the configured one that they belong to."""

    line: BankLine
    source: str
    reports: frozenset[str]


def distinct(lines: Sequence[ToldLine], decided: Collection[str] = ()) -> list[BankLine]:
    """Each line once. Of two formats the one that a person's word (`decided`) speaks of is kept, then the one that says more."""
    if len({report for one in lines for report in one.reports}) < 2:
        return [one.line for one in lines]
    accounts = _accounts((one.source, one.line.account) for one in lines)
    alike: dict[tuple[str, int, int, str], list[ToldLine]] = {}
    for one in lines:
        account = accounts[one.source, one.line.account]
        alike.setdefault((account, one.line.on, one.line.amount, one.line.currency), []).append(one)
    return [line for several in alike.values() for line in _once(several, decided)]


def _once(several: Sequence[ToldLine], decided: Collection[str]) -> list[BankLine]:
    if len(several) == 1:
        return [several[0].line]
    by_report: dict[str, list[BankLine]] = {}
    for one in several:
        for report in one.reports:
            by_report.setdefault(report, []).append(one.line)
    if len(by_report) == 1:
        return [one.line for one in several]

    def preference(report: str) -> tuple[int, bool, int, str]:
        own = by_report[report]
        said = sum(len(line.text) + 4 * len(line.reference) + len(line.payer) for line in own)
        return len(own), any(line.id in decided for line in own), said, report

    return by_report[max(by_report, key=preference)]


def _accounts(known: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What each account is called in all formats: an IBAN ends in the number that another format writes, or some write none."""
    pairs = sorted(set(known))
    tight = {pair: _tight(pair[1]) for pair in pairs}
    found: dict[tuple[str, str], str] = {}
    for pair in pairs:
        source, own = pair[0], tight[pair]
        longer = {
            other
            for (of, _), other in tight.items()
            if other != own and (other.endswith(own) if len(own) >= 4 else not own and of == source and other)
        }
        longest = {one for one in longer if not any(other != one and other.endswith(one) for other in longer)}
        found[pair] = longest.pop() if len(longest) == 1 else own or f"{source}:"
    return found


def _tight(account: str) -> str:
    return "".join(sign for sign in account.upper() if sign.isalnum()).lstrip("0")
