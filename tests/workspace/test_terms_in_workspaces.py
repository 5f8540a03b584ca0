"""`terms` in payflow.toml: names and lists that are read, and mistakes that are told with their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.policy.terms import parse_terms
from payflow.workspace import load

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"net-15"', "net-15"),
        ('"eom-30"', "eom-30"),
        ('["30 days", "end of month", "day 10"]', ["30 days", "end of month", "day 10"]),
        ('["1 month"]', ["1 month"]),
        ('[\n  "45 days",\n  "next business day",\n]', ["45 days", "next business day"]),
        ('["45 days", "next business day in DE-BY"]', ["45 days", "next business day in DE-BY"]),
    ],
)
def test_terms_are_a_short_name_or_a_list_of_parts(
    write: Write, settings: str, contract: str, environ: Mapping[str, str], written: str, meant: str | list[str]
) -> None:
    loaded = load(write(settings.replace('"net-15"', written), acme=contract), environ)
    assert loaded.warnings == ()
    assert loaded.workspace.agreement.policies["standard"].terms == parse_terms(meant)


@pytest.mark.parametrize(
    ("written", "key", "found", "remedy"),
    [
        ('"45-eom"', "terms", "'45-eom' are no terms", '"net-45-eom" adds the days first'),
        ('"30 days"', "terms", "'30 days' are no terms", 'Parts stand in a list: ["30 days"]'),
        ('["30 days", "eom"]', "terms#2", "'eom' is no part of terms", '"end of month"'),
        ('["30 days", 10]', "terms#2", "a number stands where text belongs", "Write text in quotes"),
        ("[]", "terms", "the terms are an empty list", '"due-on-receipt"'),
        ("30", "terms", "a number stands where text belongs", '"net-15"'),
        ('["next business day in DE-XX"]', "terms", "public holidays of 'DE-XX' are not known", "GB-SCT"),
        ('["next business day in UK"]', "terms", "public holidays of 'UK' are not known", "ISO 3166"),
    ],
)
def test_a_mistake_in_terms_is_told_once_with_its_place_and_what_to_write(
    write: Write,
    settings: str,
    contract: str,
    environ: Mapping[str, str],
    written: str,
    key: str,
    found: str,
    remedy: str,
) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load(write(settings.replace('"net-15"', written), acme=contract), environ)
    (problem,) = caught.value.problems
    assert problem.where == f"payflow.toml:30, policy.standard.{key}"
    assert found in problem.found
    assert remedy in problem.remedy


def test_a_discount_is_read_without_a_warning(
    write: Write, settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    loaded = load(write(settings.replace('"net-15"', '"2/10-net-30"'), acme=contract), environ)
    assert loaded.workspace.agreement.policies["standard"].terms == parse_terms("2/10-net-30")
    assert not loaded.warnings
