"""What bank lines pay: the rules in tables, and what must hold for any lines in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.facts import LineKind
from payflow.policy.bank_lines import BankLine, Debt, Decided, Match, Matched, Part, Rule
from payflow.policy.matching import match
from payflow.policy.naming import Numbers, Strength, made_from
from payflow.policy.one_money import NOT_TOLD, Line, Told, joined
from payflow.policy.payers import same_name
from payflow.policy.returns import Returns
from payflow.policy.suggesting import suggest

DAY = 20_000


def line(name: str, amount: int, text: str = "", on: int = DAY, **more: object) -> BankLine:
    plain = BankLine(name, "GB1", on, None, amount, "GBP", "ACME LTD", "DE1", text, "", "", LineKind.TRANSFER)
    return replace(plain, **more)


def debt(number: int, asks: int, name: str = "", client: str = "acme", reference: str = "", **more: object) -> Debt:
    plain = Debt(number, (name or f"INV-{number:04d}",), reference, client, client.title(), "GBP", asks, DAY - 30)
    return replace(plain, **more)


def pays(matched: Matched) -> dict[str, list[tuple[int, int]]]:
    return {one.line.id: [tuple(part) for part in one.parts] for one in matched.certain}


@pytest.mark.parametrize(
    ("number", "text", "strength"),
    [
        ("INV-0012", "Invoice INV-0012, thanks", Strength.SURE),
        ("INV-0012", "inv 0012", Strength.SURE),
        ("INV-0012", "INV0012", Strength.SURE),
        ("RE-2024-001", "SVWZ RE2024001 DANKE", Strength.SURE),
        ("INV-0012", "INV-00123", None),
        ("INV-0012", "XINV-0012", None),
        ("1037", "Invoice 1037", Strength.WITH_AMOUNT),
        ("1037", "Rechnung Nr. 1037", Strength.WITH_AMOUNT),
        ("1037", "1037", Strength.WEAK),
        ("0000012", "0000012", Strength.WITH_AMOUNT),
        ("174999", "Kd 174999", Strength.WITH_AMOUNT),
        ("12", "Invoice 12", Strength.WEAK),
        ("2026", "Invoice 2026", Strength.WEAK),
        ("20261103", "20261103", Strength.WEAK),
        ("03112026", "03112026", Strength.WEAK),
        ("1037", "+1037 555", Strength.WEAK),
        ("1037", "Invoice 1037.50", Strength.WEAK),
        ("2024-001", "15.01.2024-001", Strength.WEAK),
        ("Q4-2026", "Q4 2026 retainer", Strength.WEAK),
        ("NOV-26", "Nov 26", Strength.WEAK),
        ("A1", "A1", Strength.WEAK),
    ],
)
def test_how_sure_a_text_names_a_number(number: str, text: str, strength: Strength | None) -> None:
    assert [name.strength for name in Numbers([(number, 1)]).named_in(text)] == (
        [strength] if strength is not None else []
    )


@pytest.mark.parametrize(
    ("reference", "made"),
    [
        ("RF18 5390 0754 7034", "539007547034"),
        ("RF19539007547034", None),
        ("21 00000 00003 13947 14300 09017", "21000000000313947143000901"),
        ("210000000003139471430009018", None),
        ("HELLO", None),
    ],
)
def test_structured_references_are_known_by_their_check_digits(reference: str, made: str | None) -> None:
    assert made_from(reference) == made


@pytest.mark.parametrize(
    ("payer", "client", "same"),
    [
        ("ACME LTD", "Acme", True),
        ("Harbour & Sons", "HARBOUR AND SONS LIMITED", True),
        ("STUDIO BLAUER HI", "Studio Blauer Himmel GmbH", True),
        ("MUELLER UND SOEHNE", "Müller & Söhne GmbH", True),
        ("MULLER & SOHNE", "Müller & Söhne GmbH", True),
        ("OSAKA", "Ōsaka", True),
        ("Smorrebrod Aps", "Smørrebrød", True),
        ("MILLER", "Müller", False),
        ("ACME", "Acme Holdings", False),
        ("", "", False),
        ("Ltd", "Ltd", False),
    ],
)
def test_banks_and_books_write_a_name_differently(payer: str, client: str, same: bool) -> None:
    assert same_name(payer, client) is same


RF = "RF18539007547034"


@pytest.mark.parametrize(
    ("lines", "debts", "certain", "waiting"),
    [
        # the reference written on the invoice beats a number in the text
        ([line("a", 100, "INV-0002", reference=RF)], [debt(1, 100, reference=RF), debt(2, 100)], {"a": [(1, 100)]}, 0),
        # a reference made from the number
        ([line("a", 100, reference=RF)], [debt(1, 100, "539007547034")], {"a": [(1, 100)]}, 0),
        # a reference that stands on two
        ([line("a", 100, reference=RF)], [debt(1, 100, reference=RF), debt(2, 100, reference=RF)], {}, 1),
        # less, and the rest on another day
        (
            [line("a", 40, "INV-0001"), line("b", 60, "INV-0001", on=DAY + 9)],
            [debt(1, 100)],
            {"a": [(1, 40)], "b": [(1, 60)]},
            0,
        ),
        # more than it asks
        ([line("a", 130, "INV-0001")], [debt(1, 100)], {"a": [(1, 100)]}, 0),
        # two of them, together
        ([line("a", 300, "INV-0001+INV-0002")], [debt(1, 100), debt(2, 200)], {"a": [(1, 100), (2, 200)]}, 0),
        # two are named, the amount is that of one
        ([line("a", 200, "INV-0001, INV-0002")], [debt(1, 100), debt(2, 200)], {"a": [(2, 200)]}, 0),
        # two are named, and who gets less is not said
        ([line("a", 250, "INV-0001, INV-0002")], [debt(1, 100), debt(2, 200)], {}, 1),
        # a number that two clients share
        ([line("a", 100, "INV-0001")], [debt(1, 100), debt(2, 70, "INV 0001", client="beta")], {}, 1),
        # paid already by then: last month's text
        (
            [line("a", 100, "INV-0001"), line("b", 100, "INV-0001", on=DAY + 30)],
            [debt(1, 100)],
            {"a": [(1, 100)]},
            1,
        ),
        # a bare number with and without its amount
        ([line("a", 100, "Invoice 1037")], [debt(1, 100, "1037")], {"a": [(1, 100)]}, 0),
        ([line("a", 90, "Invoice 1037")], [debt(1, 100, "1037")], {}, 1),
        # a short one, whatever the amount
        ([line("a", 100, "Invoice 12")], [debt(1, 100, "12")], {}, 1),
        # another currency, money out, a fee, an invoice of later days
        ([line("a", 100, "INV-0001", currency="EUR")], [debt(1, 100)], {}, 0),
        ([line("a", -100, "INV-0001")], [debt(1, 100)], {}, 1),
        ([line("a", 100, "INV-0001", kind=LineKind.FEE)], [debt(1, 100)], {}, 0),
        ([line("a", 100, "INV-0001")], [debt(1, 100, issued_on=DAY + 8)], {}, 0),
        # a doubtful debt
        ([line("a", 100, "INV-0001")], [debt(1, 100, doubtful="it is a draft")], {}, 1),
        # a return takes back what its payment gave; a second one finds nothing more to take back
        (
            [
                line("a", 100, "INV-0001"),
                line("b", -100, on=DAY + 3, kind=LineKind.REVERSAL),
                line("c", -100, on=DAY + 4, kind=LineKind.REVERSAL),
            ],
            [debt(1, 100)],
            {"a": [(1, 100)], "b": [(1, -100)]},
            0,
        ),
        # a part of it comes back: certain by what it names, if no other payment can be meant
        (
            [line("a", 100, "INV-0001"), line("b", -30, "INV-0001", on=DAY + 3, kind=LineKind.REVERSAL)],
            [debt(1, 100)],
            {"a": [(1, 100)], "b": [(1, -30)]},
            0,
        ),
        # and then the rest of it, which nothing names
        (
            [
                line("a", 100, "INV-0001", reference="E2E-7"),
                line("b", -30, on=DAY + 3, kind=LineKind.REVERSAL, reference="E2E-7"),
                line("c", -70, on=DAY + 4, kind=LineKind.REVERSAL),
            ],
            [debt(1, 100)],
            {"a": [(1, 100)], "b": [(1, -30)], "c": [(1, -70)]},
            0,
        ),
        # a part that only the payer tells, or that the bank does not mark as a return, is a question
        (
            [line("a", 100, "INV-0001"), line("b", -30, on=DAY + 3, kind=LineKind.REVERSAL)],
            [debt(1, 100)],
            {"a": [(1, 100)]},
            1,
        ),
        ([line("a", 100, "INV-0001"), line("b", -30, "INV-0001", on=DAY + 3)], [debt(1, 100)], {"a": [(1, 100)]}, 1),
        # of what paid two invoices, the part of the one that it names; that of more than it, or of none, is a question
        (
            [line("a", 300, "INV-0001+INV-0002"), line("b", -100, "INV-0001", on=DAY + 3, kind=LineKind.REVERSAL)],
            [debt(1, 100), debt(2, 200)],
            {"a": [(1, 100), (2, 200)], "b": [(1, -100)]},
            0,
        ),
        (
            [line("a", 300, "INV-0001+INV-0002"), line("b", -130, "INV-0001", on=DAY + 3, kind=LineKind.REVERSAL)],
            [debt(1, 100), debt(2, 200)],
            {"a": [(1, 100), (2, 200)]},
            1,
        ),
        # and a return with the bank's costs on top
        (
            [line("a", 100, "INV-0001"), line("b", -103, "INV-0001", on=DAY + 3, kind=LineKind.REVERSAL)],
            [debt(1, 100)],
            {"a": [(1, 100)]},
            1,
        ),
        # money out without a word to a client is a purchase as likely
        ([line("a", 100, "INV-0001"), line("b", -30, on=DAY + 3)], [debt(1, 100)], {"a": [(1, 100)]}, 0),
        # of another payer it is a question no more: nothing of theirs was paid
        (
            [line("a", 100, "INV-0001"), line("b", -100, on=DAY + 3, kind=LineKind.REVERSAL, payer_account="FR2")],
            [debt(1, 100)],
            {"a": [(1, 100)]},
            0,
        ),
    ],
)
def test_what_lines_pay(
    lines: Sequence[BankLine], debts: Sequence[Debt], certain: dict[str, list[tuple[int, int]]], waiting: int
) -> None:
    found = match(lines, debts)
    assert (pays(found), len(found.suggested)) == (certain, waiting)


@pytest.mark.parametrize(
    ("paid", "asks", "back", "candidate"),
    [
        # the newest invoice first
        (300, {1: 100, 2: 200}, -230, [(2, -200), (1, -30)]),
        # what was paid too much first
        (350, {1: 100, 2: 200}, -60, [(2, -10)]),
        # the bank's costs are nobody's payment
        (300, {1: 100, 2: 200}, -303, [(2, -200), (1, -100)]),
    ],
)
def test_what_a_return_of_another_amount_may_take_back(
    paid: int, asks: dict[int, int], back: int, candidate: list[tuple[int, int]]
) -> None:
    debts = [debt(number, amount, issued_on=DAY - 30 + number) for number, amount in asks.items()]
    lines = [line("a", 300, "INV-0001+INV-0002"), line("b", back, on=DAY + 1, kind=LineKind.REVERSAL)]
    said = {"a": Decided(tuple(Part(number, amount) for number, amount in asks.items()))}
    found = match([replace(lines[0], amount=paid), lines[1]], debts, said)
    [waiting] = found.suggested
    assert [tuple(part) for part in waiting.candidates[0].parts] == candidate
    assert waiting.candidates[0].rule is Rule.REVERSAL
    part = "takes back a part of" if -back < paid else "takes back more than"
    assert waiting.candidates[0].reason.startswith(f"{part} the payment of 2024-10-04: ")


def test_a_return_that_names_several_invoices_waits_with_its_payment() -> None:
    debts = [debt(1, 1000), debt(2, 700, issued_on=DAY - 20)]
    paid = line("a", 1100, "INV-0001 INV-0002")
    back = line("b", -1100, "INV-0001 INV-0002", on=DAY + 1, kind=LineKind.REVERSAL)
    waiting = {
        one.line.id: [tuple(part) for part in one.candidates[0].parts] for one in match([paid, back], debts).suggested
    }
    assert waiting == {"a": [(1, 1000), (2, 100)], "b": [(1, -1000), (2, -100)]}
    # without the payment the newest invoice comes first
    [alone] = match([back], debts).suggested
    assert [tuple(part) for part in alone.candidates[0].parts] == [(2, -700), (1, -400)]


def test_a_return_that_a_person_accepted_is_not_taken_back_twice() -> None:
    lines = [
        line("a", 100, "INV-0001"),
        line("b", -100, on=DAY + 2),
        line("c", -100, on=DAY + 4, kind=LineKind.REVERSAL),
    ]
    found = match(lines, [debt(1, 100)], {"b": Decided((Part(1, -100),))})
    assert pays(found) == {"a": [(1, 100)], "b": [(1, -100)]}
    # nor does its place before the payment's make room for more than is asked
    over = match([line("a", 150, "INV-0001"), lines[1]], [debt(1, 100)], {"b": Decided((Part(1, -100),))})
    assert pays(over) == {"a": [(1, 100)], "b": [(1, -100)]}


def test_fees_of_the_bank_are_listed_and_pay_nothing() -> None:
    found = match([line("a", -5, "INV-0001", kind=LineKind.FEE)], [debt(1, 100)])
    assert [one.id for one in found.fees] == ["a"]
    assert (found.certain, found.suggested, found.unmatched) == ((), [], [])


def test_one_amount_of_many_invoices_names_the_oldest() -> None:
    debts = [debt(number, 100) for number in range(1, 31)]
    [waiting], _ = suggest([line("a", 100)], debts, {one.id: 100 for one in debts}, {})
    assert [candidate.parts[0].invoice for candidate in waiting.candidates] == list(range(1, 11))
    assert "one of 30" in waiting.candidates[0].reason


def test_what_a_person_said_comes_first_and_what_was_recognised_stays() -> None:
    debts = [debt(1, 100), debt(2, 100, "INV-1", client="beta")]
    lines = [line("a", 100, "INV-0001"), line("b", 100, "no number", on=DAY + 1)]
    found = match(lines, debts, {"b": Decided((Part(1, 100),))})
    assert pays(found) == {"b": [(1, 100)]}
    twins = [debt(1, 100), debt(2, 100, "INV 0001", client="beta")]
    assert pays(match(lines, twins)) == {}
    assert pays(match(lines, twins, recognised={"a": (1,)})) == {"a": [(1, 100)]}
    assert match(lines, debts, {"a": Decided(())}).rejected[0].id == "a"


def test_amount_and_payer_only_suggest() -> None:
    debts = [debt(1, 100), debt(2, 250), debt(3, 100, client="beta")]
    left = match([line("a", 100), line("b", 350), line("c", 100, payer="Nobody", payer_account="")], debts).unmatched
    suggested, rest = suggest(left, debts, {1: 100, 2: 250, 3: 100}, {})
    assert {one.line.id: [candidate.parts for candidate in one.candidates] for one in suggested} == {
        "a": [(Part(1, 100),)],
        "b": [(Part(1, 100), Part(2, 250))],
    }
    assert [one.id for one in rest] == ["c"]
    assert {candidate.rule for one in suggested for candidate in one.candidates} == {Rule.AMOUNT}


LINES = st.lists(
    st.builds(
        line,
        st.uuids().map(str),
        st.sampled_from([-300, -200, -100, 100, 150, 200, 300, 500]),
        st.sampled_from(["", "INV-0001", "INV-0002 INV-0001", "INV-0003", "1037", "INV-0004"]),
        st.integers(DAY, DAY + 20),
        kind=st.sampled_from([LineKind.TRANSFER, LineKind.REVERSAL, LineKind.FEE]),
    ),
    max_size=10,
)
DEBTS = [debt(1, 100), debt(2, 200), debt(3, 300, client="beta"), debt(4, 100, "1037"), debt(5, 100, "INV-0004")]


@given(LINES, st.randoms(use_true_random=False))
def test_any_order_and_any_line_twice_gives_the_same(lines: list[BankLine], shuffle: random.Random) -> None:
    again = [*lines, *lines[:3]]
    shuffle.shuffle(again)
    debts = list(DEBTS)
    shuffle.shuffle(debts)
    first, second = match(lines, DEBTS), match(again, debts)
    assert pays(first) == pays(second)
    assert [one.line.id for one in first.suggested] == [one.line.id for one in second.suggested]
    assert first.unmatched == second.unmatched


@given(LINES)
def test_no_line_gives_more_than_it_is_and_no_invoice_gets_more_than_it_asks(lines: list[BankLine]) -> None:
    found = match(lines, DEBTS)
    got = {one.id: 0 for one in DEBTS}
    for one in found.certain:
        assert sum(abs(part.amount) for part in one.parts) <= abs(one.line.amount)
        assert sum(part.amount for part in one.parts) + one.rest == one.line.amount
        for part in one.parts:
            got[part.invoice] += part.amount
            assert 0 <= got[part.invoice] <= next(debt.asks for debt in DEBTS if debt.id == part.invoice)
    every = [one.line.id for one in (*found.certain, *found.suggested)] + [
        one.id for one in (*found.unmatched, *found.fees)
    ]
    assert sorted(every) == sorted(one.id for one in lines)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([40, 60, 100]), st.booleans()), max_size=4),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([40, 60, 100, -60])), max_size=4),
)
def test_money_known_from_both_never_counts_more_than_both_nor_less_than_the_books(
    books: list[tuple[int, int, bool]], bank: list[tuple[int, int]]
) -> None:
    told = [Told(day, day if stated else day + 7, amount, stated) for day, amount, stated in books]
    lines = [Line(day, amount, str(number)) for number, (day, amount) in enumerate(bank)]
    pieces = joined(told, lines, 200)
    for place, one in enumerate(told):
        assert sum(piece.amount for piece in pieces if piece.told == place) == one.amount
    for one in lines:
        own = sum(piece.amount for piece in pieces if piece.line == one.name)
        assert abs(own) <= abs(one.amount)
    came = sum(piece.amount for piece in pieces)
    shown = sum(one.amount for one in told)
    assert came <= max(200, shown)
    assert sorted(pieces) == sorted(joined(told, list(reversed(lines)), 200))


@pytest.mark.parametrize(
    ("told", "lines", "expected"),
    [
        # entered later, the same amount: the bank's day
        ([Told(10, 30, 100, False)], [Line(5, 100, "a")], [(5, 100, "a", 0)]),
        # stated earlier: the earlier day
        ([Told(3, 3, 100, True)], [Line(5, 100, "a")], [(3, 100, "a", 0)]),
        # one entry for two lines
        ([Told(9, 9, 100, True)], [Line(5, 40, "a"), Line(6, 60, "b")], [(5, 40, "a", 0), (6, 60, "b", 0)]),
        # long before: another payment
        ([Told(1, 1, 100, True)], [Line(40, 100, "a")], [(1, 100, "", 0), (40, 100, "a", NOT_TOLD)]),
        # not in the books yet
        ([], [Line(5, 100, "a")], [(5, 100, "a", NOT_TOLD)]),
        # a return the books do not show
        (
            [Told(6, 6, 100, True)],
            [Line(5, 100, "a"), Line(8, -100, "b")],
            [(5, 100, "a", 0), (8, -100, "b", NOT_TOLD)],
        ),
        # the bank keeps its fee, and the books show what was sent
        ([Told(6, 6, 100, True)], [Line(5, 98, "a")], [(5, 98, "a", 0), (6, 2, "", 0)]),
    ],
)
def test_one_payment_told_twice(told: list[Told], lines: list[Line], expected: list[tuple[int, int, str, int]]) -> None:
    assert [tuple(piece) for piece in joined(told, lines, 300)] == expected


def test_what_a_person_says_was_taken_back_is_not_taken_back_once_more() -> None:
    paid = Match(line("in", 10_000, on=DAY), Rule.NUMBER, (Part(1, 6_000), Part(2, 4_000)), "named")
    back = line("back", -4_000, on=DAY + 3, kind=LineKind.REVERSAL)
    kept = Returns()
    kept.add(paid)
    kept.note(back, (Part(2, -4_000),))
    # 60.00 are left of it, all of the first invoice's
    found = kept.find(line("again", -6_000, on=DAY + 4, kind=LineKind.REVERSAL), [])
    assert found is not None
    assert (found.of, found.parts, found.certain) == (paid, (Part(1, -6_000),), True)
    kept.note(line("again", -6_000, on=DAY + 4), (Part(1, -6_000),))
    assert kept.find(line("once more", -6_000, on=DAY + 5, kind=LineKind.REVERSAL), []) is None
    assert kept.find(line("all of it", -10_000, on=DAY + 5, kind=LineKind.REVERSAL), []) is None
