"""Which contract claims an invoice, and the version of the agreement it stands under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import Agreement, Contract, LateFee, Milestone, Policy
from payflow.model.journal import Version
from payflow.policy.binding import binds
from payflow.policy.claims import Claimed, Governed, Listed, claim, in_force, own_client, squeeze
from policy.books import CLIENT, ISSUED, contract_of, policy_of

FIRST, SECOND, THIRD = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def listed(**words: object) -> Listed:
    """An invoice of Acme's in the source `books`."""
    usual = Listed(13, "books", "INV-0013", "", "c-1", "Acme Ltd", "GBP", ISSUED)
    return replace(usual, **words)


def agreement(
    *contracts: Contract, digest: str = "first", default: str | None = None, policy: Policy | None = None
) -> Agreement:
    standard = policy if policy is not None else policy_of()
    return Agreement(
        policies={standard.name: standard},
        contracts={contract.project: contract for contract in contracts},
        default_policy=default,
        sources={"books": "books", "stripe": "stripe"},
        digest=digest,
    )


def one_version(*contracts: Contract, default: str | None = None) -> list[Version]:
    return [Version(FIRST, agreement(*contracts, default=default))]


def claimed(item: Listed, versions: Sequence[Version]) -> Governed:
    return claim([item], versions).governed[0]


def place(found: Governed) -> tuple[str | None, str]:
    return (found.contract.project if found.contract else None, found.milestone)


DESIGN = contract_of(milestones=(Milestone("design", 400_000, invoices=("INV-0013",)),))
BY_REFERENCE = contract_of(milestones=(Milestone("deposit", 300_000), Milestone("design", 400_000)))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("INV-0013", "INV-0013"),
        ("inv-0013", "INV-0013"),
        ("books:INV-0013", "INV-0013"),
        ("Books:inv-0013", "INV-0013"),
        ("  INV-0013 ", "INV-0013"),
        ("INV 13", "INV   13"),
    ],
)
def test_a_milestone_claims_by_number_with_or_without_the_source(written: str, number: str) -> None:
    contract = contract_of(milestones=(Milestone("design", 400_000, invoices=(written,)),))
    assert place(claimed(listed(number=number), one_version(contract))) == ("acme-website", "design")


@pytest.mark.parametrize("written", ["stripe:INV-0013", "INV-001", "INV-00130", "0013"])
def test_another_number_or_source_claims_nothing(written: str) -> None:
    contract = contract_of(milestones=(Milestone("design", 400_000, invoices=(written,)),))
    assert place(claimed(listed(), one_version(contract))) == (None, "")


@pytest.mark.parametrize(
    ("reference", "milestone"),
    [
        ("acme-website/design", "design"),
        ("Acme-Website/Design", "design"),
        ("PO 4711 acme-website/design (second part)", "design"),
        ("(acme-website/design)", "design"),
        ("Second part: acme-website/design.", "design"),
        ("4711/acme-website/design", "design"),
        ("a/b; acme-website/design", "design"),
        ("https://studio.example/acme-website/deposit", "deposit"),
        ("acme-website/deposit acme-website/design", "deposit"),
        ("acme-website/designs", ""),
        ("my-acme-website/design", ""),
        ("acme-website / design", ""),
        ("acme-website", ""),
        ("", ""),
    ],
)
def test_a_reference_on_the_invoice_names_its_milestone(reference: str, milestone: str) -> None:
    found = claimed(listed(reference=reference), one_version(BY_REFERENCE))
    assert place(found) == (("acme-website", milestone) if milestone else (None, ""))


def test_the_number_in_the_contract_beats_the_reference_on_the_invoice() -> None:
    contract = contract_of(milestones=(Milestone("deposit", 1, invoices=("INV-0013",)), Milestone("design", 1)))
    found = claimed(listed(reference="acme-website/design"), one_version(contract))
    assert found.milestone == "deposit"


def test_a_reference_may_use_the_name_a_project_had_before() -> None:
    contract = replace(BY_REFERENCE, project="acme-relaunch", key="acme-website")
    for reference in ("acme-relaunch/design", "acme-website/design"):
        assert place(claimed(listed(reference=reference), one_version(contract))) == ("acme-relaunch", "design")


def test_a_project_of_today_is_meant_before_one_that_had_its_name() -> None:
    renamed = replace(BY_REFERENCE, project="acme-relaunch", key="acme-website")
    new = replace(BY_REFERENCE, project="acme-website", key="acme-website~2")
    found = claimed(listed(reference="acme-website/design"), one_version(renamed, new))
    assert found.contract is not None
    assert found.contract.key == "acme-website~2"


@pytest.mark.parametrize(
    ("client", "name", "match", "found"),
    [
        ("c-1", "Acme Ltd", (), True),
        ("c-1", "ACME   LTD", (), True),
        ("Acme Ltd", "", (), True),
        ("c-1", "Acme Limited", (), False),
        ("c-1", "Acme Limited", ("books:Acme Limited",), True),
        ("c-1", "Acme Limited", ("books:c-1",), True),
        ("c-1", "Acme Limited", ("stripe:c-1",), False),
        ("cus_1", "Somebody", ("books:cus_1",), True),
    ],
)
def test_a_contract_that_covers_the_client_finds_it_by_name_or_match(
    client: str, name: str, match: tuple[str, ...], found: bool
) -> None:
    contract = contract_of(covers_client=True, client=replace(CLIENT, match=match))
    governed = claimed(listed(number="INV-99", client=client, client_name=name), one_version(contract))
    assert place(governed) == (("acme-website", "") if found else (None, ""))
    assert governed.client == ("acme" if found else f"books:{client}")


def test_a_match_beats_a_name() -> None:
    acme = contract_of(covers_client=True, client=replace(CLIENT, match=("books:c-1",)))
    other = contract_of(
        project="other", key="other", covers_client=True, client=replace(CLIENT, id="other", name="Acme Holding")
    )
    found = claimed(listed(number="X", client_name="Acme Holding"), one_version(other, acme))
    assert found.client == "acme"


def test_a_client_is_known_even_where_no_contract_governs_the_invoice() -> None:
    found = claimed(listed(number="X"), one_version(contract_of()))
    assert (found.client, found.contract, found.policy) == ("acme", None, None)


def test_what_no_contract_claims_takes_the_policy_of_the_business_or_none() -> None:
    item = listed(number="X", client_name="Unknown Ltd")
    assert claimed(item, one_version(default="standard")).policy == policy_of()
    assert claimed(item, one_version()) == Governed("books:c-1", None, "", None, "first")
    assert claimed(item, []) == Governed(own_client(item), None, "", None, "")


def doubts(found: Claimed) -> list[tuple[str, int]]:
    return [(doubt.code, doubt.invoice) for doubt in found.doubts]


def test_a_number_in_two_sources_is_the_clients_own_one() -> None:
    items = [listed(id=1), listed(id=2, source="stripe", client="cus_9", client_name="Globex")]
    globex = contract_of(project="g", key="g", milestones=(), client=replace(CLIENT, id="globex", name="Globex"))
    found = claim(items, one_version(DESIGN, globex))
    assert [place(one) for one in found.governed] == [("acme-website", "design"), (None, "")]
    assert not found.doubts


def test_a_number_of_one_client_in_two_sources_is_claimed_in_both() -> None:
    items = [listed(id=1), listed(id=2, source="stripe", client="cus_1")]
    assert [one.milestone for one in claim(items, one_version(DESIGN)).governed] == ["design", "design"]


def test_a_number_of_two_unknown_clients_is_claimed_for_neither_and_told() -> None:
    items = [
        listed(id=1, client_name="ACME Limited"),
        listed(id=2, source="stripe", client="cus_9", client_name="Somebody"),
    ]
    found = claim(items, one_version(DESIGN))
    assert [one.contract for one in found.governed] == [None, None]
    assert doubts(found) == [("claim-ambiguous", 1)]
    assert found.doubts[0].text == (
        "INV-0013 in the contract acme-website may be any of books:INV-0013 of ACME Limited, stripe:INV-0013 of "
        'Somebody; say which with match = ["books:ACME Limited"] under [client]'
    )


def test_the_only_invoice_of_that_number_is_meant_even_if_nobody_knows_its_client() -> None:
    found = claim([listed(client_name="ACME Limited")], one_version(DESIGN))
    assert (place(found.governed[0]), found.governed[0].client) == (("acme-website", "design"), "acme")
    assert found.doubts == []


def test_a_number_that_stands_on_a_strangers_invoice_is_told() -> None:
    found = claim([listed(client_name="Umber & Co")], one_version(DESIGN))
    assert place(found.governed[0]) == ("acme-website", "design")
    assert doubts(found) == [("claim-unlike", 13)]
    assert found.doubts[0].text == (
        "the contract acme-website claims INV-0013, which the books have for Umber & Co, a client of no contract; if that "
        'is Acme Ltd, write match = ["books:Umber & Co"] under [client]'
    )


GLOBEX = contract_of(
    project="globex-shop", key="globex-shop", milestones=(), client=replace(CLIENT, id="globex", name="Globex")
)


def test_an_invoice_of_another_client_is_not_claimed_by_number_and_that_is_told() -> None:
    found = claim([listed(client="c-2", client_name="Globex")], one_version(DESIGN, GLOBEX))
    assert place(found.governed[0]) == (None, "")
    assert doubts(found) == [("claim-mismatch", 13)]
    assert [doubt.text for doubt in found.doubts] == [
        "the contract acme-website claims INV-0013, but that invoice belongs to Globex, not to Acme Ltd"
    ]


def test_an_invoice_of_another_client_is_not_claimed_by_its_reference_and_that_is_told() -> None:
    item = listed(client="c-2", client_name="Globex", reference="acme-website/design")
    found = claim([item], one_version(BY_REFERENCE, GLOBEX))
    assert (place(found.governed[0]), found.governed[0].client) == ((None, ""), "globex")
    assert doubts(found) == [("claim-mismatch", 13)]
    assert [doubt.text for doubt in found.doubts] == [
        "INV-0013 names acme-website/design, but it belongs to Globex, not to Acme Ltd"
    ]


# --- versions --------------------------------------------------------------------------------------------------------

CHEAP, DEAR = policy_of(), policy_of(late_fee=LateFee({"GBP": 3000}))


def test_editing_the_fee_leaves_invoices_that_were_issued_before_as_they_were() -> None:
    versions = [Version(FIRST, agreement(DESIGN)), Version(SECOND, agreement(DESIGN, digest="second", policy=DEAR))]
    days = {date(2026, 9, 1): "first", date(2026, 10, 31): "first", SECOND: "second", date(2027, 1, 1): "second"}
    for day, digest in days.items():
        found = claimed(listed(issued_on=day), versions)
        assert found.digest == digest
        assert found.policy == (CHEAP if digest == "first" else DEAR)


def test_the_policy_of_the_business_is_that_of_the_version_in_force() -> None:
    versions = [
        Version(FIRST, agreement()),
        Version(SECOND, agreement(digest="second", default="standard", policy=DEAR)),
    ]
    assert claimed(listed(issued_on=ISSUED), versions).policy is None
    assert claimed(listed(issued_on=SECOND), versions).policy == DEAR


def test_links_follow_the_agreement_as_it_is_now_and_terms_the_version_of_the_day() -> None:
    before = contract_of(milestones=(Milestone("design", 400_000),))
    versions = [Version(FIRST, agreement(before)), Version(THIRD, agreement(DESIGN, digest="second", policy=DEAR))]
    found = claimed(listed(), versions)
    assert (place(found), found.digest, found.policy) == (("acme-website", "design"), "first", CHEAP)


def test_a_contract_that_came_later_governs_by_the_first_version_that_knew_it() -> None:
    versions = [
        Version(FIRST, agreement()),
        Version(SECOND, agreement(DESIGN, digest="second", policy=DEAR)),
        Version(THIRD, agreement(DESIGN, digest="third")),
    ]
    assert claimed(listed(issued_on=date(2026, 9, 1)), versions).digest == "second"
    assert claimed(listed(issued_on=date(2027, 1, 1)), versions).digest == "third"


@pytest.mark.parametrize(
    ("issued", "governs"),
    [(date(2026, 9, 1), True), (date(2026, 10, 31), True), (SECOND, False), (date(2027, 1, 1), False)],
)
@pytest.mark.parametrize("how", ["number", "reference", "covers"])
def test_a_contract_whose_file_is_gone_governs_what_was_issued_while_it_was_there(
    issued: date, governs: bool, how: str
) -> None:
    contract = {
        "number": DESIGN,
        "reference": BY_REFERENCE,
        "covers": contract_of(milestones=(), covers_client=True),
    }[how]
    versions = [
        Version(FIRST, agreement(contract)),
        Version(SECOND, agreement(digest="second", policy=DEAR, default="standard")),
    ]
    item = listed(issued_on=issued, reference="acme-website/design" if how == "reference" else "")
    found = claim([item], versions)
    assert list(found.retired) == ["acme-website"]
    one = found.governed[0]
    assert one.client == "acme"
    assert (one.contract is not None, one.digest) == (governs, "first" if governs else "second")
    assert one.policy == (CHEAP if governs else DEAR)
    assert not found.doubts


def test_a_contract_that_covers_a_client_takes_over_from_one_that_is_gone() -> None:
    old = contract_of(milestones=(), covers_client=True)
    new = replace(old, project="acme-care", key="acme-care")
    versions = [Version(FIRST, agreement(old)), Version(SECOND, agreement(new, digest="second"))]
    for day in (ISSUED, SECOND):
        assert place(claimed(listed(number="X", issued_on=day), versions)) == ("acme-care", "")


def test_a_contract_that_came_back_is_not_retired() -> None:
    versions = [
        Version(FIRST, agreement(DESIGN)),
        Version(SECOND, agreement(digest="second")),
        Version(THIRD, agreement(DESIGN, digest="third")),
    ]
    found = claim([listed(issued_on=date(2026, 11, 15))], versions)
    assert not found.retired
    assert (place(found.governed[0]), found.governed[0].digest) == (("acme-website", "design"), "first")


def test_a_renamed_project_keeps_the_terms_it_had() -> None:
    renamed = replace(DESIGN, project="acme-relaunch")
    versions = [
        Version(FIRST, agreement(DESIGN)),
        Version(SECOND, agreement(renamed, digest="second", policy=DEAR)),
    ]
    found = claimed(listed(), versions)
    assert (found.digest, found.policy, found.milestone) == ("first", CHEAP, "design")


def test_a_signature_written_down_later_counts_with_the_terms_of_the_day() -> None:
    unsigned = replace(DESIGN, signed=None)
    versions = [Version(FIRST, agreement(unsigned)), Version(SECOND, agreement(DESIGN, digest="second", policy=DEAR))]
    found = claimed(listed(), versions)
    assert found.contract is not None
    assert (found.contract.signed, found.policy) == (date(2026, 10, 1), CHEAP)


def test_moving_the_signature_does_not_rewrite_what_was_agreed() -> None:
    moved = replace(DESIGN, signed=date(2026, 11, 15))
    versions = [Version(FIRST, agreement(DESIGN)), Version(SECOND, agreement(moved, digest="second"))]
    found = claimed(listed(), versions)
    assert found.contract is not None
    assert found.contract.signed == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("signed", "issued", "standing"),
    [
        (None, ISSUED, False),
        (date(2026, 10, 1), ISSUED, True),
        (ISSUED, ISSUED, True),
        (date(2026, 10, 21), ISSUED, False),
    ],
)
def test_terms_bind_on_invoices_of_the_day_of_signature_or_later(
    signed: date | None, issued: date, standing: bool
) -> None:
    assert binds(policy_of(), contract_of(signed=signed), issued) is standing


def test_the_version_in_force_is_the_last_one_up_to_the_day() -> None:
    versions = [Version(FIRST, agreement()), Version(SECOND, agreement(digest="second"))]
    assert [in_force(versions, day).digest for day in (date(2020, 1, 1), FIRST, ISSUED, SECOND, THIRD)] == [
        "first",
        "first",
        "first",
        "second",
        "second",
    ]


@given(st.text())
def test_names_are_compared_without_case_and_runs_of_blanks(text: str) -> None:
    assert squeeze(squeeze(text)) == squeeze(text)
    assert squeeze(f"  {text}\t") == squeeze(text)


@given(st.text(alphabet="acme-wbsitdgn/. 1", max_size=60))
def test_any_reference_is_read_without_fault_and_only_names_that_stand_in_it_are_claimed(reference: str) -> None:
    found = claimed(listed(reference=reference), one_version(BY_REFERENCE))
    assert not found.milestone or f"acme-website/{found.milestone}" in reference
