"""The agreement as JSON values: what is written is what is read back, and the digest names exactly that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import (
    Agreement,
    Billing,
    Binding,
    ClientTerms,
    Contract,
    DueRule,
    Interest,
    LateFee,
    Milestone,
    Phase,
    Policy,
    Step,
    TermPart,
    Terms,
)
from payflow.model.serial import agreement_from_json, agreement_to_json, digest_of

TEXT = st.text(max_size=6)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
DAYS = st.integers(-400, 400)
AMOUNTS = st.dictionaries(st.sampled_from(["GBP", "EUR", "JPY"]), st.integers(0, 10**12), max_size=2)
FRACTIONS = st.fractions(0, 1)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


TERMS = st.builds(Terms, TEXT, st.lists(st.tuples(st.sampled_from(TermPart), DAYS), max_size=3).map(tuple))
STEPS = st.builds(Step, TEXT, TEXT, DAYS, TEXT, st.booleans(), maybe(TEXT))
POLICIES = st.builds(
    Policy,
    TEXT,
    TERMS,
    DAYS,
    DAYS,
    st.sampled_from(Binding),
    st.sampled_from(DueRule),
    maybe(st.builds(LateFee, AMOUNTS, maybe(FRACTIONS))),
    maybe(st.builds(Interest, FRACTIONS)),
    st.lists(STEPS, max_size=2).map(tuple),
    st.booleans(),
    AMOUNTS,
)
CONTRACTS = st.builds(
    Contract,
    TEXT,
    TEXT,
    TEXT,
    maybe(st.dates()),
    TEXT,
    TEXT,
    st.builds(ClientTerms, TEXT, TEXT, TEXTS, TEXT, TEXTS, TEXT, TEXT, TEXT),
    st.lists(st.builds(Milestone, TEXT, st.integers(0, 10**12), TEXT, TEXTS), max_size=2).map(tuple),
    st.lists(st.builds(Phase, TEXT, TEXT, maybe(TEXTS), TEXTS), max_size=2).map(tuple),
    st.sampled_from(Billing),
    st.booleans(),
    maybe(TEXT),
)
AGREEMENTS = st.builds(
    Agreement,
    st.dictionaries(TEXT, POLICIES, max_size=2),
    st.dictionaries(TEXT, CONTRACTS, max_size=2),
    maybe(TEXT),
    st.dictionaries(TEXT, TEXT, max_size=2),
    TEXT,
)
#: Agreements are wide; a slow machine may take its time to draw them.
PATIENT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def reversed_mappings(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: reversed_mappings(value[key]) for key in reversed(list(value))}
    return value


@PATIENT
@given(AGREEMENTS)
def test_what_is_read_back_equals_what_was_written(agreement: Agreement) -> None:
    text = json.dumps(agreement_to_json(agreement))
    again = agreement_from_json(json.loads(text))
    assert again == agreement
    assert json.dumps(agreement_to_json(again)) == text


@PATIENT
@given(AGREEMENTS, TEXT)
def test_the_digest_depends_on_content_alone(agreement: Agreement, other: str) -> None:
    digest = digest_of(agreement)
    assert digest_of(replace(agreement, digest=other)) == digest
    assert digest_of(agreement_from_json(reversed_mappings(agreement_to_json(agreement)))) == digest
    assert digest_of(replace(agreement, sources={**agreement.sources, "another source": ""})) != digest


def test_fractions_are_exact_text_and_dates_are_iso() -> None:
    policy = Policy("p", Terms("eom", ()), interest=Interest(Fraction(2, 3)))
    client = ClientTerms("c", "C")
    contract = Contract("x", "x", "X", date(2026, 10, 1), "p", "GBP", client, (), ())
    data = agreement_to_json(Agreement({"p": policy}, {"x": contract}, None, {}, ""))
    assert data["policies"]["p"]["interest"] == {"annual": "2/3"}
    assert data["contracts"]["x"]["signed"] == "2026-10-01"


def test_a_key_that_an_older_record_lacks_takes_its_default_and_an_unknown_key_is_ignored() -> None:
    policy = Policy("p", Terms("eom", ((TermPart.END_OF_MONTH, 0),)))
    agreement = Agreement({"p": policy}, {}, "p", {"books": "books"}, "d")
    data = agreement_to_json(agreement)
    for later in ("tolerance", "gate_charges", "due"):
        del data["policies"]["p"][later]
    data["policies"]["p"]["surcharge"] = "0"
    assert agreement_from_json(data) == agreement
