"""The plain course of things: terms, notices in their hours, a fee that was announced, and silence where silence is right."""

from __future__ import annotations

from collections.abc import Callable

from payflow.model.invoice_view import Flag
from stories.papers import ANY_HOUR, contract, invoice, settings
from stories.world import World


def test_an_unpaid_invoice_gets_each_notice_on_its_day_and_the_fee_only_after_it_was_named(world: World) -> None:
    # 1 October: signed. 20 October: invoiced, net 15, so due on 4 November.
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    # Cron runs twice a day until 12 November; the books are exported anew each morning.
    for day in [f"2026-10-{day}" for day in range(28, 32)] + [f"2026-11-{day:02}" for day in range(1, 13)]:
        world.on(f"{day} 08:00").books(invoice("INV-0012", "3000.00")).run()
        world.run(f"{day} 11:00")
    # The heads-up was due on Sunday 1 November and went out on Monday.
    assert world.steps("INV-0012") == [
        ("heads-up", "2026-11-02"),
        ("reminder", "2026-11-05"),
        ("late-fee", "2026-11-11"),
    ]
    heads_up, reminder, late_fee = world.to_clients()
    assert heads_up.subject == "Invoice INV-0012: 3,000.00 GBP is due on 4 November 2026"
    assert reminder.subject == "Invoice INV-0012: 3,000.00 GBP is 1 day overdue"
    assert "a late fee of 25.00 GBP will follow, on 11 November 2026" in reminder.flat
    assert "Late fee" not in reminder.text
    assert late_fee.subject == "Invoice INV-0012: 3,000.00 GBP is 7 days overdue"
    [charge] = world.charges()
    assert (charge["amount"], charge["currency"]) == (2500, "GBP")
    assert charge["ref"] in late_fee.text
    assert "the contract for Acme website, signed 1 October 2026" in late_fee.flat
    # Interest counts from the day after 4 November + 3 days: on the 11th, 4 days of 3,000.00 at 8 %.
    assert "2.63 GBP" in late_fee.text
    view = world.view("INV-0012")
    assert (view.fees, view.interest, view.outstanding) == (2500, 329, 300000)
    assert world.reasons("design") == ["milestone-unpaid"]
    assert world.verify() == []


def test_a_first_run_over_three_hundred_old_invoices_sends_nothing(make: Callable[..., World]) -> None:
    world = make(toml=settings(business='policy = "standard"', mail=ANY_HOUR))
    old = [
        invoice(
            f"INV-{n:04}",
            "120.00",
            issued=f"2026-0{1 + n % 8}-10",
            due=f"2026-0{1 + n % 8}-25",
            client=f"Client {n}",
            email=f"c{n}@clients.example",
        )
        for n in range(300)
    ]
    world.on("2026-11-20").books(*old, invoice("INV-9000", "50.00", issued="2026-11-10", due="2026-11-25"))
    world.sync()
    # Before `live` every run is a preview.
    assert world.run().sent == ()
    answer = world.live()
    assert "300 older ones are shown and left alone" in answer
    assert world.run().sent == ()
    assert world.mails() == []
    view = world.view("INV-0007")
    assert Flag.OLD in view.flags
    assert (view.fees, view.interest, view.next_step) == (0, 0, None)
    # `chase` takes one in, and it alone.
    world.ruling("chase", "INV-0007")
    world.on("2026-11-21 10:00").run()
    assert [step for step, _ in world.steps("INV-0007")] == ["reminder"]
    assert len(world.notices()) == 1


def test_an_evening_run_on_sunday_keeps_silent_and_monday_morning_writes(world: World) -> None:
    world.on("2026-10-30").books(invoice("INV-0012", "3000.00", issued="2026-10-23", due="2026-11-07")).begin()
    # Saturday 7 November: due. Sunday the 8th: the reminder is due, at an hour when nobody is written to.
    sunday = (
        world.on("2026-11-08 20:00").books(invoice("INV-0012", "3000.00", issued="2026-10-23", due="2026-11-07")).run()
    )
    assert sunday.sent == ()
    assert len(sunday.waiting) == 1
    assert world.to_clients() == []
    monday = world.run("2026-11-09 09:00")
    assert len(monday.sent) == 1
    [mail] = world.to_clients()
    assert mail.subject == "Invoice INV-0012: 3,000.00 GBP is 2 days overdue"
    assert world.steps("INV-0012") == [("reminder", "2026-11-09")]


def test_after_a_month_of_silence_one_step_per_run_and_spaced(world: World) -> None:
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    # The server sleeps from 21 October to 7 December. The heads-up is not sent late.
    world.on("2026-12-07").books(invoice("INV-0012", "3000.00"))
    world.every_hour("2026-12-07 09:00", "2026-12-07 12:00")
    assert world.steps("INV-0012") == [("reminder", "2026-12-07")]
    assert world.charges() == []
    for moment in ("08 09:00", "08 15:00", "09 09:00", "09 15:00", "10 09:00", "11 09:00"):
        world.run(f"2026-12-{moment}")
    assert world.steps("INV-0012") == [("reminder", "2026-12-07"), ("late-fee", "2026-12-09")]
    assert "on 9 December 2026 at the earliest" in world.to_clients()[0].flat
    assert [charge["amount"] for charge in world.charges()] == [2500]


def test_cron_every_hour_for_two_days_sends_one_mail(world: World) -> None:
    world.on("2026-11-05 06:00").books(invoice("INV-0012", "3000.00")).begin()
    world.every_hour("2026-11-05 07:00", "2026-11-06 23:00")
    assert [mail.subject for mail in world.to_clients()] == ["Invoice INV-0012: 3,000.00 GBP is 1 day overdue"]


def test_two_runs_in_one_hour_send_nothing_twice(world: World) -> None:
    world.on("2026-11-05 10:00").books(invoice("INV-0012", "3000.00")).begin()
    assert len(world.run().sent) == 1
    again = world.run("2026-11-05 10:30")
    assert again.sent == ()
    assert again.decision.plan.empty
    assert len(world.mails()) == 1


def test_two_invoices_of_a_client_are_one_email_and_a_firm_line_about_one_leaves_the_other_alone(world: World) -> None:
    both = (
        invoice("INV-0012", "3000.00"),
        invoice("INV-0013", "4000.00", issued="2026-10-26", due="2026-11-14"),
    )
    world.on("2026-11-05").books(*both).begin()
    world.run()
    world.on("2026-11-11").books(*both).run()
    [_, mail] = world.to_clients()
    assert mail.subject == "2 invoices need your attention: INV-0012, INV-0013"
    first, second = mail.text.split("Invoice INV-0013")[0], mail.text.split("Invoice INV-0013")[1]
    assert "the fee is claimed with this notice" in " ".join(first.split())
    own = second.split("All invoices above together")[0]
    assert "claimed" not in own
    assert "There is nothing to do if the payment is already planned" in " ".join(own.split())
    assert world.steps("INV-0013") == [("heads-up", "2026-11-11")]
    assert (
        "7,000.00 GBP for invoices, 25.00 GBP late fees and other charges, 2.63 GBP interest so far; 7,027.63 GBP to pay"
        in mail.flat
    )


def test_a_preview_is_what_the_run_then_does(world: World) -> None:
    world.on("2026-11-05 10:00").books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")).begin()
    preview = world.run(dry_run=True).decision.plan
    assert world.mails() == []
    world.run()
    planned = [(item.invoice.id, item.step) for message in preview.messages for item in message.notices]
    assert planned == [(identity, step) for identity, step, _ in world.notices()]
    assert len(planned) == 2


def test_a_client_without_an_address_is_a_need_and_nothing_breaks(make: Callable[..., World]) -> None:
    world = make(acme=contract(milestones={"deposit": ("3000.00", ["INV-0012"])}, email=None))
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).begin()
    report = world.run()
    assert report.failed == ()
    assert "no-address" in world.needs()
    assert world.to_clients() == []
    # The address comes with the next export, and the notice with it.
    world.on("2026-11-06").books(invoice("INV-0012", "3000.00", email="accounts@acme.example")).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-06")]


def test_without_a_policy_of_the_business_an_unclaimed_invoice_is_listed_and_left_alone(world: World) -> None:
    world.on("2026-11-20").books(
        invoice("INV-0777", "100.00", client="Nobody Ltd", email="nobody@nobody.example")
    ).begin()
    world.run()
    view = world.view("INV-0777")
    assert Flag.UNLINKED in view.flags
    assert view.state.word == "overdue"
    assert (view.next_step, view.fees, view.interest) == (None, 0, 0)
    assert world.to_clients() == []


def test_an_unsigned_contract_is_chased_without_fee_or_interest(make: Callable[..., World]) -> None:
    world = make(acme=contract(milestones={"deposit": ("3000.00", ["INV-0012"])}, signed=None))
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).begin()
    world.run()
    world.on("2026-11-12").books(invoice("INV-0012", "3000.00")).run()
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]
    assert world.charges() == []
    assert all("fee of" not in mail.text for mail in world.to_clients())
    view = world.view("INV-0012")
    assert (view.interest, Flag.NOT_BINDING in view.flags) == (0, True)
    assert world.reasons("work") == ["contract-unsigned", "milestone-unpaid"]


def test_a_changed_template_sends_nothing_again(world: World) -> None:
    world.on("2026-11-05 10:00").books(invoice("INV-0012", "3000.00")).begin()
    world.run()
    folder = world.root / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "reminder.txt").write_text("Please pay {{ item.number }}.\n", "utf-8")
    assert world.run("2026-11-05 11:00").sent == ()
    assert world.run("2026-11-06 11:00").sent == ()
    assert len(world.to_clients()) == 1


def test_the_owner_hears_of_a_change_once(world: World) -> None:
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).begin()
    world.every_hour("2026-11-05 09:00", "2026-11-05 12:00")
    assert world.to_owner() == []
    world.on("2026-11-06 08:00").books(invoice("INV-0012", "3000.00", paid="3000.00"))
    world.every_hour("2026-11-06 08:00", "2026-11-06 18:00")
    [mail] = world.to_owner()
    assert mail.subject == "acme-website/design is now open"
    assert "blocked -> open" in mail.text


def test_a_file_that_is_no_export_keeps_no_other_out_and_is_told(world: World) -> None:
    world.on("2026-11-06").books(invoice("INV-0012", "3000.00"))
    (world.root / "exports" / "zz-notes.csv").write_text("name,size\ncat,1\n", "utf-8")
    [report] = world.sync()
    assert (report.read, report.failed, len(report.problems)) == (1, False, 1)
    assert world.view("INV-0012").outstanding == 300000
    assert "source-failed" in world.needs()
