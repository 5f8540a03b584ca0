"""The first form of a journaled agreement, frozen here as text: it is read for ever, and what it says keeps its digest."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import (
    Anchor,
    Discount,
    DiscountBase,
    DueRule,
    Interest,
    LateFee,
    Policy,
    TermPart,
    Terms,
)
from payflow.model.serial import agreement_from_json, agreement_to_json, digest_of
from payflow.policy.terms import due_date, parse_terms

#: As the first release wrote it. Never edit it: journals hold this form.
FIRST = """
{
 "policies": {
  "standard": {
   "name": "standard",
   "terms": { "name": "net-30-eom", "parts": [ ["days", 30], ["end of month", 0] ] },
   "grace": 3,
   "spacing": 2,
   "binding": "invoice",
   "due": "contract",
   "late_fee": {
    "flat": { "GBP": 2500 },
    "percent": null
   },
   "interest": { "annual": "2/25" },
   "ladder": [
    { "name": "reminder", "key": "reminder", "day": 1, "email": "reminder", "fee": false, "was": null },
    { "name": "late-fee", "key": "fee", "day": 7, "email": "late-fee", "fee": true, "was": "fee" }
   ],
   "gate_charges": true,
   "tolerance": { "GBP": 1500 }
  },
  "plain": {
   "name": "plain",
   "terms": { "name": "due-on-receipt", "parts": [] },
   "grace": 0,
   "spacing": 2,
   "binding": "signature",
   "due": "later",
   "late_fee": {
    "flat": {},
    "percent": "3/200"
   },
   "interest": null,
   "ladder": [],
   "gate_charges": false,
   "tolerance": {}
  }
 },
 "contracts": {
  "acme-website": {
   "project": "acme-website",
   "key": "acme-website",
   "name": "Acme website",
   "signed": "2026-10-01",
   "policy": "standard",
   "currency": "GBP",
   "client": { "id": "acme", "name": "Acme Ltd", "match": ["books:Acme Ltd"], "email": "accounts@acme.example",
    "cc": [], "language": "en", "timezone": "Europe/London", "country": "GB" },
   "milestones": [
    { "id": "design", "amount": 400000, "name": "Design", "invoices": ["INV-0013"] }
   ],
   "phases": [
    { "id": "build", "name": "Build", "needs": null, "after": [] },
    { "id": "launch", "name": "Launch", "needs": ["design"], "after": ["build"] }
   ],
   "billing": "advance",
   "covers_client": true,
   "was": null
  }
 },
 "default_policy": "plain",
 "sources": { "books": "books" },
 "digest": "926a142b8019d684a454e047764158d72b9388c2209b758209372bb7a1500849",
 "source_was": { "books": "" }
}
"""


def test_an_agreement_of_the_first_form_is_read_with_every_term_it_had() -> None:
    agreement = agreement_from_json(json.loads(FIRST))
    standard, plain = agreement.policies["standard"], agreement.policies["plain"]
    assert standard.terms == parse_terms("net-30-eom")
    assert due_date(standard.terms, date(2026, 10, 20)) == date(2026, 11, 30)
    assert standard.due is DueRule.CONTRACT
    assert standard.late_fee == LateFee({"GBP": 2500})
    assert standard.interest == Interest(Fraction(8, 100))
    assert plain.terms == parse_terms("due-on-receipt")
    assert plain.late_fee == LateFee({}, Fraction(15, 1000))
    contract = agreement.contracts["acme-website"]
    assert contract.client.country == "GB"
    assert contract.signed == date(2026, 10, 1)


def test_an_agreement_of_the_first_form_is_written_as_it_was_and_keeps_its_digest() -> None:
    data = json.loads(FIRST)
    agreement = agreement_from_json(data)
    assert agreement_to_json(agreement) == data
    assert digest_of(agreement) == data["digest"]


def terms_as_json(terms: Terms) -> object:
    agreement = replace(agreement_from_json(json.loads(FIRST)), policies={"p": Policy("p", terms)})
    written = json.dumps(agreement_to_json(agreement))
    assert agreement_from_json(json.loads(written)) == agreement
    return json.loads(written)["policies"]["p"]["terms"]


def test_terms_write_a_later_key_only_where_it_says_something() -> None:
    assert terms_as_json(parse_terms("net-15")) == {"name": "net-15", "parts": [["days", 15]]}
    assert terms_as_json(
        parse_terms(["from delivery", "2% of net within 10 days", "1 month", "next business day in DE-BY"])
    ) == {
        "name": "from delivery, 2% of net within 10 days, 1 month, next business day in DE-BY",
        "parts": [["months", 1], ["next business day", 0]],
        "anchor": "delivery",
        "calendar": "DE-BY",
        "discounts": [{"percent": "1/50", "parts": [["days", 10]], "base": "net"}],
    }


PARTS = st.lists(st.tuples(st.sampled_from(TermPart), st.integers(0, 400)), max_size=3).map(tuple)
DISCOUNTS = st.builds(Discount, st.fractions(0, 1), PARTS, st.sampled_from(DiscountBase))


@given(st.builds(Terms, st.text(max_size=6), PARTS, st.sampled_from(Anchor), st.text(max_size=5), st.tuples(DISCOUNTS)))
def test_terms_of_every_form_are_read_back_as_they_were(terms: Terms) -> None:
    terms_as_json(terms)
