"""Bank statements beside the books: what the bank knows counts, what both know counts once, what is doubtful waits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from payflow.errors import Refused, UnknownName
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import BOOKS, STATEMENTS, contract, invoice, line, paid, settings
from stories.world import World

Make = Callable[..., World]


@pytest.fixture
def bank(make: Make) -> World:
    """20 October: INV-0012 over 3,000.00 and INV-0013 over 4,000.00 are issued; books by export, and a bank's statements."""
    world = make(toml=settings(sources=BOOKS + STATEMENTS)).on("2026-10-20")
    world.books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"))
    world.statement()
    return world.begin()


def entries(world: World, number: str) -> list[tuple[str, str, int, bool]]:
    """Day, kind, effect and whether inferred, of each movement."""
    return [(one.on.isoformat(), one.kind, one.amount, one.inferred) for one in world.explain(number).entries]


def suggested(world: World) -> list[str]:
    """The short ids of the lines that wait."""
    return [one.id for one in world.decision().bank.suggested]


def test_money_at_the_bank_opens_the_gate_before_the_books_know_of_it(bank: World) -> None:
    assert not bank.verdict("design").open
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "Invoice INV-0012 thank you"))
    bank.run()
    view = bank.view("INV-0012")
    assert (view.state, view.outstanding) == (State.PAID, 0)
    assert entries(bank, "INV-0012") == [("2026-11-02", "payment", 300000, False)]
    assert bank.verdict("design").open
    # Nobody is chased for it; INV-0013 goes its own way.
    bank.on("2026-11-05").books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"))
    bank.every_day("2026-11-05", "2026-11-06")
    assert {step for step, _ in bank.steps("INV-0012")} == set()
    assert bank.steps("INV-0013") == [("reminder", "2026-11-05")]


def test_the_same_money_seen_later_in_the_books_is_one_payment_on_the_banks_day(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012")).sync()
    # 9 November: somebody entered it. The export does not say when it was paid; the bank does.
    bank.on("2026-11-09").books(paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")).sync()
    assert entries(bank, "INV-0012") == [("2026-11-02", "payment", 300000, False)]
    view = bank.view("INV-0012")
    assert (view.state, view.paid, Flag.INFERRED in view.flags) == (State.PAID, 300000, False)


def test_books_first_or_bank_first_or_both_at_once_is_the_same(make: Make) -> None:
    def told(order: tuple[str, ...]) -> object:
        world = make(toml=settings(sources=BOOKS + STATEMENTS)).on("2026-10-20")
        world.books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"), at="2026-10-20 09:00")
        world.books(
            paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00", paid="1500.00"),
            name="later.csv", at="2026-11-09 09:00",
        )  # fmt: skip
        world.statement(
            line("2026-11-02", "3000.00", "INV-0012"),
            line("2026-11-04", "500.00", "INV-0013 first part"),
            name="first.xml", at="2026-11-05 08:00",
        )  # fmt: skip
        world.statement(
            line("2026-11-04", "500.00", "INV-0013 first part"),
            line("2026-11-06", "1000.00", "INV-0013 second part"),
            name="second.xml", at="2026-11-08 08:00",
        )  # fmt: skip
        world.on("2026-11-10")
        files = {"books": "exports/invoices.csv", "later": "exports/later.csv", "1": "statements/first.xml"}
        files["2"] = "statements/second.xml"
        for name in order:
            world.take(files[name])
        found = [entries(world, number) for number in ("INV-0012", "INV-0013")]
        world.close()
        return found

    first = told(("books", "later", "1", "2"))
    assert first == [
        [("2026-11-02", "payment", 300000, False)],
        [("2026-11-04", "payment", 50000, False), ("2026-11-06", "payment", 100000, False)],
    ]
    for order in list(permutations(("books", "later", "1", "2")))[1::5]:
        assert told(order) == first


def test_a_part_paid_by_card_and_the_rest_by_bank_are_two_moneys(bank: World) -> None:
    bank.on("2026-10-25").books(invoice("INV-0012", "3000.00", paid="1000.00"), invoice("INV-0013", "4000.00")).sync()
    bank.on("2026-11-04").statement(line("2026-11-03", "2000.00", "rest of INV-0012")).sync()
    assert bank.view("INV-0012").state is State.PAID
    # The books follow, with the whole of it.
    bank.on("2026-11-06").books(paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")).sync()
    assert [(on, amount) for on, _, amount, _ in entries(bank, "INV-0012")] == [
        ("2026-10-21", 100000),
        ("2026-11-03", 200000),
    ]


def test_books_that_show_it_paid_are_believed_though_the_statement_shows_nothing(bank: World) -> None:
    bank.on("2026-11-06").books(paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"))
    bank.statement(line("2026-11-01", "12.00", "something else", payer="Nobody")).sync()
    assert bank.view("INV-0012").state is State.PAID
    assert bank.verdict("design").open
    assert bank.needs() == []


def test_a_stated_day_of_the_books_gives_way_to_an_earlier_one_of_the_bank(make: Make, ledger: Ledger) -> None:
    world = make(toml=settings(sources=LEDGER + STATEMENTS)).on("2026-10-20")
    world.statement()
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")])
    world.begin()
    world.on("2026-11-12").statement(line("2026-11-04", "3000.00", "INV-0012"))
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")], [move("py_1", "in_1", 300000, "2026-11-09")])
    world.sync()
    # Entered on the 9th, sent on the 4th: in time.
    assert entries(world, "INV-0012") == [("2026-11-04", "payment", 300000, False)]


def test_a_payment_that_the_bank_takes_back_shuts_the_gate_again(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012")).sync()
    bank.on("2026-11-04").books(paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")).sync()
    assert bank.verdict("design").open
    bank.on("2026-11-06").statement(
        line("2026-11-05", "-3000.00", "return of INV-0012", returned=True), name="next.xml"
    ).sync()
    # The books still say paid; the bank knows better.
    view = bank.view("INV-0012")
    assert (view.outstanding, Flag.REFUNDED in view.flags) == (300000, True)
    assert bank.reasons("design") == ["milestone-refunded"]
    assert "invoice-refunded" in bank.needs()
    # Paid once more: open once more, and the two days before are not forgotten.
    bank.on("2026-11-09").statement(line("2026-11-08", "3000.00", "INV-0012 again"), name="third.xml").sync()
    assert bank.verdict("design").open
    assert [(on, amount) for on, _, amount, _ in entries(bank, "INV-0012")] == [
        ("2026-11-02", 300000),
        ("2026-11-05", -300000),
        ("2026-11-08", 300000),
    ]


def test_a_part_that_the_bank_took_back_shuts_the_gate_or_waits_to_be_accepted(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012")).sync()
    assert bank.verdict("design").open
    # The bank marks it and it names the invoice: that is certain.
    bank.on("2026-11-06").statement(
        line("2026-11-05", "-1000.00", "return of a part, INV-0012", returned=True), name="next.xml"
    ).sync()
    assert bank.view("INV-0012").outstanding == 100000
    assert not bank.verdict("design").open
    # A return that says nothing, of another amount, is a question; with 12.00 of costs of the bank, which nobody owes.
    bank.on("2026-11-09").statement(line("2026-11-08", "-2012.00", "returned", returned=True), name="third.xml").sync()
    assert bank.view("INV-0012").outstanding == 100000
    [waiting] = suggested(bank)
    bank.ruling("match_accept", waiting)
    assert bank.view("INV-0012").outstanding == 300000
    assert bank.decision().bank.suggested == []


def test_an_import_counts_the_lines_of_statements(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "10.00"), line("2026-11-02", "20.00"))
    assert [(one.source, one.lines, one.new_lines, one.read) for one in bank.sync()] == [
        ("books", None, 0, 2),
        ("bank", 2, 2, 0),
    ]
    bank.statement(line("2026-11-02", "20.00"), line("2026-11-03", "30.00"), name="next.xml")
    assert [(one.lines, one.new_lines) for one in bank.sync("bank")] == [(4, 1)]


def test_a_suggestion_waits_opens_nothing_and_counts_once_a_person_says_so(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "thanks for the good work")).run()
    assert bank.view("INV-0012").state is State.OPEN
    assert not bank.verdict("design").open
    assert "bank-lines" in bank.needs()
    [waiting] = suggested(bank)
    said = bank.ruling("match_accept", waiting)
    assert said == f"{waiting} pays 3,000.00 GBP of INV-0012."
    assert bank.verdict("design").open
    assert "bank-lines" not in bank.needs()
    [record] = bank.journal("match")
    assert record.body["as"] == "accepted"
    assert record.body["parts"] == [[bank.view("INV-0012").id, 300000]]
    assert record.body["reason"] == "so it was agreed"


def test_a_rejected_line_is_not_asked_about_again_and_a_certain_one_can_be_rejected_too(bank: World) -> None:
    bank.on("2026-11-03").statement(
        line("2026-11-01", "4000.00", "INV-0013"), line("2026-11-02", "3000.00", "something")
    ).sync()
    assert bank.view("INV-0013").state is State.PAID
    [waiting] = suggested(bank)
    bank.ruling("match_reject", waiting)
    assert suggested(bank) == []
    certain = bank.decision().bank.certain[0].id
    bank.ruling("match_reject", certain)
    assert bank.view("INV-0013").state is State.OPEN
    bank.sync()
    assert bank.view("INV-0013").state is State.OPEN


def test_a_person_divides_a_line_over_invoices_and_the_rest_is_open_credit(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "5000.00", "two of them")).sync()
    [waiting] = suggested(bank)
    said = bank.ruling("match_accept", waiting, invoices=[("INV-0012", None), ("INV-0013", "1500.00")])
    assert (
        said
        == f"{waiting} pays 3,000.00 GBP of INV-0012 and 1,500.00 GBP of INV-0013. 500.00 GBP of it is open credit."
    )
    assert bank.view("INV-0012").state is State.PAID
    assert bank.view("INV-0013").outstanding == 250000


@pytest.mark.parametrize(
    ("invoices", "sentence"),
    [
        ([("INV-0012", "6000.00")], "less than the amounts given"),
        ([("INV-0012", "3500.00")], "Give it no more"),
        ([("INV-0012", "x")], "is no amount"),
        ([("INV-0012", None), ("INV-0012", "1.00")], "is named twice"),
        ([("INV-0012", "3000.00"), ("INV-0013", "2000.00"), ("EUR-1", None)], "asks for EUR"),
    ],
)
def test_what_a_line_cannot_pay_is_refused_with_a_sentence(
    bank: World, invoices: list[tuple[str, str | None]], sentence: str
) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "5000.00", "two of them"))
    bank.books(
        invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"), invoice("EUR-1", "10.00", currency="EUR")
    ).sync()
    [waiting] = suggested(bank)
    with pytest.raises(Refused, match=sentence):
        bank.ruling("match_accept", waiting, invoices=invoices)
    with pytest.raises(UnknownName):
        bank.ruling("match_accept", "nonsense")
    assert bank.journal("match") == []


def test_a_number_that_a_second_client_bears_later_does_not_shut_a_gate_that_money_opened(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012")).sync()
    assert bank.verdict("design").open
    bank.on("2026-11-05").books(
        invoice("INV-0013", "4000.00"),
        invoice("INV-0012", "3000.00"),
        invoice("INV0012", "3000.00", client="Beta Ltd"),
    ).sync()
    assert bank.verdict("design").open
    # A line that comes now may be of either, and waits.
    bank.on("2026-11-06").statement(
        line("2026-11-05", "3000.00", "INV0012", payer="?", account=""), name="b.xml"
    ).sync()
    assert len(suggested(bank)) == 1


def test_an_invoice_that_left_a_list_of_open_ones_is_paid_if_the_bank_says_so(make: Make) -> None:
    from stories.papers import AGEING

    world = make(toml=settings(sources=AGEING + STATEMENTS)).on("2026-10-20").ageing(invoice("INV-0012", "3000.00"))
    world.statement().begin()
    world.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012"))
    world.ageing(invoice("INV-0099", "1.00")).sync()
    assert world.view("INV-0012").state is State.PAID
    assert "invoice-unknown" not in world.needs()


def test_stale_statements_leave_the_invoices_of_fresh_books_alone(bank: World) -> None:
    bank.on("2026-11-05").books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")).run()
    assert Flag.STALE not in bank.view("INV-0012").flags
    [source] = [one for one in bank.decision().sources if one.source == "bank"]
    assert source.stale
    assert bank.steps("INV-0012") == [("reminder", "2026-11-05")]


def test_an_overpayment_pays_the_invoice_and_the_rest_is_open_credit(bank: World) -> None:
    bank.on("2026-11-03").statement(line("2026-11-02", "7000.00", "INV-0012")).sync()
    assert bank.view("INV-0012").paid == 300000
    # Open credit stops the notices about the other, and opens nothing.
    assert Flag.COVERED in bank.view("INV-0013").flags
    assert not bank.verdict("build").open


def test_two_formats_of_one_account_tell_one_payment(make: Make) -> None:
    sources = STATEMENTS.replace('"statements/*.xml"', '["statements/*.xml", "statements/*.ofx"]')
    world = make(toml=settings(sources=BOOKS + sources)).on("2026-10-20")
    world.books(invoice("INV-0012", "6000.00"), invoice("INV-0013", "4000.00")).begin()
    world.on("2026-11-03").statement(line("2026-11-02", "3000.00", "INV-0012 first half"))
    (world.root / "statements" / "same.ofx").write_text(
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP<BANKACCTFROM><BANKID>BUKB20201"
        "<ACCTID>20201555555555<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT"
        "<DTPOSTED>20261102<TRNAMT>3000.00<FITID>F1<NAME>ACME<MEMO>INV-0012 FIRST HALF</STMTTRN></BANKTRANLIST>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
        "ascii",
    )
    world.sync()
    assert world.view("INV-0012").paid == 300000


def test_a_contract_needs_nothing_new_for_statements(make: Make) -> None:
    """A client with two contracts: numbers say which."""
    second = contract("acme-shop", milestones={"all": ("500.00", ["INV-0020"])})
    world = make(toml=settings(sources=BOOKS + STATEMENTS), shop=second).on("2026-10-20")
    world.books(invoice("INV-0020", "500.00"), invoice("INV-0021", "500.00")).begin()
    world.on("2026-11-03").statement(line("2026-11-02", "1000.00", "INV-0020, INV-0021")).sync()
    assert world.verdict("work", "acme-shop").open
    assert world.view("INV-0021").state is State.PAID
