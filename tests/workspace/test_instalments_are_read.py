"""`instalments` of a policy, and every mistake in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.model.serial import agreement_from_json, agreement_to_json
from payflow.workspace import load

FEE = 'late_fee = { amount = "25.00" }\n'
BOTH = '{ percent = "50", amount = "1.00", terms = "net-15" }, { terms = "net-30" }'
ANCHORS = '{ percent = "50", terms = ["from receipt", "3 days"] }, { terms = "net-60" }'
CURRENCIES = '{ amount = { EUR = "5" }, terms = "net-1" }, { amount = "5", terms = "net-2" }, { terms = "net-3" }'
HALVES = '{ percent = "50", terms = "net-15" }, { percent = "50", terms = "net-30" }'


def written(settings: str, lines: str, *, more: str = "") -> str:
    """The settings with instalments instead of terms, and without a late fee, which they do not go with."""
    text = settings.replace('terms = "net-15"\n', f"instalments = [{lines}]\n{more}").replace(FEE, "")
    return text.replace("fee = true\n", "")


def test_instalments_are_shares_amounts_and_the_balance(
    write: Callable[..., Path], settings: str, environ: Mapping[str, str]
) -> None:
    lines = '{ amount = "250.00", terms = "net-15" }, { percent = "12.5", terms = ["1 month"] }, { terms = "net-60" }'
    agreement = load(write(written(settings, lines)), environ).workspace.agreement
    first, second, third = agreement.policies["standard"].instalments
    assert (first.amount, first.percent, first.terms.name) == ({"GBP": 25000}, None, "net-15")
    assert (second.amount, second.percent, second.terms.name) == ({}, Fraction(1, 8), "1 month")
    assert (third.amount, third.percent) == ({}, None)
    assert agreement.policies["standard"].terms == third.terms
    assert agreement_from_json(agreement_to_json(agreement)) == agreement


@pytest.mark.parametrize(
    ("lines", "more", "key", "found", "remedy"),
    [
        ("", "", "instalments", "no instalments", "at least one"),
        ('{ percent = "50", terms = "net-15" }', "", "instalments", "do not add up", "the balance"),
        ('{ terms = "net-15" }, { percent = "50", terms = "net-30" }', "", "instalments", "others follow", "last"),
        ('{ percent = "60", terms = "net-15" }, { percent = "60", terms = "net-30" }', "", "instalments", "100", "Lower"),
        ('{ percent = "50" }, { terms = "net-30" }', "", "instalments#1", "'terms' is missing", "terms ="),
        ('{ percent = "50", terms = "net-x" }, { terms = "net-30" }', "", "instalments#1.terms", "net-x", "net-30"),
        (BOTH, "", "instalments#1.percent", "not both", "one"),
        ('{ percent = 50, terms = "net-15" }, { terms = "net-30" }', "", "instalments#1.percent", "a number", '"50"'),
        ('{ amount = "0", terms = "net-15" }, { terms = "net-30" }', "", "instalments#1.amount", "nothing", "above zero"),
        ('{ share = "50", terms = "net-15" }, { terms = "net-30" }', "", "instalments#1.share", "unknown key", "terms"),
        (ANCHORS, "", "instalments", "different days", "same"),
        (CURRENCIES, "", "instalments", "currencies", "same"),
        ("5", "", "instalments#1", "a number stands where a table", "[["),
        (HALVES, 'terms = "net-15"\n', "terms", "terms of its own", "Leave out"),
    ],
)  # fmt: skip
def test_a_mistake_in_instalments_is_told_with_its_key(
    write: Callable[..., Path],
    settings: str,
    environ: Mapping[str, str],
    lines: str,
    more: str,
    key: str,
    found: str,
    remedy: str,
) -> None:
    with pytest.raises(WorkspaceError) as raised:
        load(write(written(settings, lines, more=more)), environ)
    problems = [one for one in raised.value.problems if not one.warning]
    assert len(problems) == 1, [str(one) for one in problems]
    assert problems[0].where.endswith(f", policy.standard.{key}")
    assert found in problems[0].found
    assert remedy in problems[0].remedy
