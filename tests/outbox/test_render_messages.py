"""What clients and the owner read: golden texts for every step, and what hostile names and users' templates may do.

`GOLDEN_UPDATE=1 pytest tests/outbox/test_render_messages.py` writes the golden files anew; read their difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from invoice_views import invoice_view
from payflow.errors import WorkspaceError
from payflow.model.acts import ClientMessage, CorrectionItem, FeeDraft, Need, NoticeItem, Recipient, VerdictChange
from payflow.model.agreement import Agreement, Business, MailSettings, Policy, Step, Terms, Workspace
from payflow.model.facts import State
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Announcement, Charge, ChargeState, Reversal
from payflow.model.verdict import BlockedWork
from payflow.outbox import wording
from payflow.outbox.render import Rendered, Renderer, check_templates, wrapped

GOLDEN = Path(__file__).parent / "golden"
STEPS = ("heads-up", "reminder", "late-fee", "final-notice")
NORTH = Business(
    "Studio North",
    "Studio North Ltd, 4 Quay Street, Leeds",
    "billing@studio-north.example",
    "Europe/London",
    "GB",
    "GBP",
)
ACME = Recipient("acme", "Acme Ltd", "accounts@acme.example", (), "en", "Europe/London", "GB")
ANNOUNCED = Announcement("late-fee", date(2026, 11, 11), "a late fee of 25.00 GBP")
RESTS_ON = "the contract for Acme website, signed 2026-10-01"
INTEREST = "8 % a year on what is outstanding, from 2026-11-08"
BUILD = BlockedWork("Acme website", "Build", "INV-0013 paid in full: 4,000.00 GBP is missing")


def invoice(**changes: Any) -> InvoiceView:
    """INV-0013 over 4,000.00 GBP, due on 4 November 2026."""
    usual: dict[str, Any] = {"days_overdue": 0, "state": State.OPEN, "interest_per_day": 88}
    return invoice_view(**usual | changes)


def late(days: int, **changes: Any) -> InvoiceView:
    return invoice(days_overdue=days, state=State.OVERDUE, **changes)


def notice(view: InvoiceView, template: str, **changes: Any) -> NoticeItem:
    item = NoticeItem(view, template, template, template, None, None, ())
    return replace(item, **changes)


def charge(ref: str, amount: int = 2_500, **changes: Any) -> Charge:
    standing = Charge(
        ref, 13, "late-fee", "late-fee", 0, amount, "GBP", date(2026, 11, 11), ChargeState.CLAIMED, (), "m", {}
    )
    return replace(standing, **changes)


def fee(ref: str = "PF-7K2M9QRS") -> FeeDraft:
    return FeeDraft(ref, 2_500, "GBP", "late-fee", 0, "25.00 GBP", RESTS_ON)


CASES: dict[str, tuple[date, ClientMessage]] = {
    "heads-up": (
        date(2026, 11, 1),
        ClientMessage(
            ACME,
            (
                notice(
                    invoice(pay_url="https://pay.example/INV-0013"),
                    "heads-up",
                    announces=ANNOUNCED,
                    interest_words=INTEREST,
                    blocks=(BUILD,),
                ),
            ),
        ),
    ),
    "reminder": (
        date(2026, 11, 5),
        ClientMessage(ACME, (notice(late(1, paid=150_000, outstanding=250_000), "reminder", announces=ANNOUNCED),)),
    ),
    "late-fee": (
        date(2026, 11, 11),
        ClientMessage(
            ACME,
            (
                notice(
                    late(7, interest=351, pay_url="https://pay.example/INV-0013"),
                    "late-fee",
                    fee=fee(),
                    interest_words=INTEREST,
                    blocks=(BUILD,),
                ),
            ),
        ),
    ),
    "final-notice": (
        date(2026, 11, 25),
        ClientMessage(
            ACME,
            (
                notice(
                    late(21, interest=1_578, fees=2_500),
                    "final-notice",
                    charges=(charge("PF-7K2M9QRS"),),
                    interest_words=INTEREST,
                    blocks=(BUILD, replace(BUILD, phase="Launch")),
                ),
            ),
        ),
    ),
    "several": (
        date(2026, 11, 25),
        ClientMessage(
            ACME,
            (
                notice(
                    late(21, interest=1_578),
                    "final-notice",
                    charges=(charge("PF-7K2M9QRS"), charge("PF-PAID", state=ChargeState.SETTLED)),
                    interest_words=INTEREST,
                ),
                notice(
                    invoice(number="INV-0021", due_on=date(2026, 11, 28), total=90_000, outstanding=90_000), "heads-up"
                ),
                notice(
                    late(2, number="EXP-4", project="", currency="JPY", total=120_000, outstanding=120_000), "reminder"
                ),
            ),
            (CorrectionItem("PF-7K2M9QRS", late(21), 1_000, 1_500, "less of INV-0013 was outstanding than was known"),),
        ),
    ),
    "correction": (
        date(2026, 11, 13),
        ClientMessage(
            ACME,
            (),
            (
                CorrectionItem(
                    "PF-7K2M9QRS",
                    invoice(state=State.PAID, outstanding=0, paid=400_000),
                    2_500,
                    0,
                    "INV-0013 was paid by 2026-11-03, before the fee of 2026-11-11",
                ),
            ),
        ),
    ),
}


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    return Renderer(tmp_path, NORTH)


def compare(path: Path, actual: str) -> None:
    if os.environ.get("GOLDEN_UPDATE"):
        path.write_text(actual, encoding="utf-8")
    assert actual == path.read_text(encoding="utf-8"), f"{path.name} reads differently; GOLDEN_UPDATE=1 writes it anew"


@pytest.mark.parametrize("case", CASES)
def test_the_message_reads_as_its_golden_file(renderer: Renderer, case: str) -> None:
    today, message = CASES[case]
    rendered = renderer.client_message(message, today)
    compare(GOLDEN / f"{case}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    compare(GOLDEN / f"{case}.html", rendered.html)


def test_the_owners_message_reads_as_its_golden_file(renderer: Renderer) -> None:
    changes = (
        VerdictChange("acme-website", "build", "open", "blocked", "milestone design: INV-0013 is unpaid"),
        VerdictChange("acme-website", "design", "", "open", "everything it needs is paid"),
    )
    needs = (
        Need("invoice-unknown", "1", "INV-0009 is missing from a later reading", "payflow confirm INV-0009 --paid"),
        Need("no-address", "2", "Umber has no e-mail address"),
    )
    rendered = renderer.owner_message(changes, needs, date(2026, 11, 12))
    compare(GOLDEN / "owner.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    assert rendered.html == ""


@pytest.mark.parametrize(
    ("items", "subject"),
    [
        ((late(1),), "Invoice INV-0013: 4,000.00 GBP is 1 day overdue"),
        ((late(12),), "Invoice INV-0013: 4,000.00 GBP is 12 days overdue"),
        ((invoice(),), "Invoice INV-0013: 4,000.00 GBP is due on 4 November 2026"),
        ((invoice(due_on=date(2026, 11, 1)),), "Invoice INV-0013: 4,000.00 GBP is due today"),
        ((invoice(due_on=None),), "Invoice INV-0013: 4,000.00 GBP is unpaid"),
        ((late(1), late(2, number="A")), "2 invoices need your attention: INV-0013, A"),
        (tuple(late(1, number=f"A{n}") for n in range(5)), "5 invoices need your attention: A0, A1, A2 and 2 more"),
    ],
)
def test_the_subject_tells_what_it_is_about(renderer: Renderer, items: Sequence[InvoiceView], subject: str) -> None:
    message = ClientMessage(ACME, tuple(notice(view, "reminder") for view in items))
    assert renderer.client_message(message, date(2026, 11, 1)).subject == subject


@pytest.mark.parametrize(
    ("changes", "needs", "subject"),
    [
        (1, 0, "acme-website/build is now blocked"),
        (2, 0, "2 verdicts changed"),
        (0, 1, "1 thing needs you"),
        (3, 2, "2 things need you, 3 verdicts changed"),
    ],
)
def test_the_owners_subject_tells_what_it_is_about(renderer: Renderer, changes: int, needs: int, subject: str) -> None:
    change = VerdictChange("acme-website", "build", "open", "blocked", "why")
    assert (
        renderer.owner_message([change] * changes, [Need("c", "k", "t")] * needs, date(2026, 11, 1)).subject == subject
    )


def section_of(text: str, number: str) -> str:
    """The part of a plain text about one invoice."""
    return text.split(f"Invoice {number}")[1].split("\nInvoice ")[0].split("\nAll invoices above")[0]


def test_a_firm_line_about_one_invoice_never_threatens_over_another(renderer: Renderer) -> None:
    today, message = CASES["several"]
    text = renderer.client_message(message, today).text
    assert "final notice" in section_of(text, "INV-0013")
    gentle = section_of(text, "INV-0021") + section_of(text, "EXP-4")
    for firm in ("final", "late fee", "recover", "further delay"):
        assert firm not in gentle


def test_a_charge_that_the_same_message_takes_back_is_not_asked_for(renderer: Renderer) -> None:
    item = notice(late(21), "reminder", charges=(charge("PF-1"),))
    back = CorrectionItem("PF-1", late(21), 2_500, 0, "it was not owed")
    text = renderer.client_message(ClientMessage(ACME, (item,), (back,)), date(2026, 11, 25)).text
    assert "PF-1" not in section_of(text, "INV-0013 (acme-website)\n---")
    assert "To pay today" not in text
    earlier = charge("PF-1", reversals=(Reversal(1_000, date(2026, 11, 20), "w"),))
    text = renderer.client_message(ClientMessage(ACME, (replace(item, charges=(earlier,)),)), date(2026, 11, 25)).text
    assert "15.00 GBP of 11 November 2026, reference PF-1" in text
    assert "To pay today:    4,015.00 GBP" in text


def test_interest_is_not_spoken_of_where_none_binds(renderer: Renderer) -> None:
    rendered = renderer.client_message(
        ClientMessage(ACME, (notice(late(9, interest=900), "reminder"),)), date(2026, 11, 13)
    )
    assert "nterest" not in rendered.text + rendered.html
    assert "To pay today" not in rendered.text


def test_a_command_for_the_owner_is_not_shown_to_the_client(renderer: Renderer) -> None:
    item = notice(late(1), "reminder", blocks=(replace(BUILD, opens="payflow link INV-0013"),))
    rendered = renderer.client_message(ClientMessage(ACME, (item,)), date(2026, 11, 5))
    assert "- Build (Acme website)\n" in rendered.text
    assert "payflow link" not in rendered.text + rendered.html


# --- names from outside


def test_hostile_names_stay_words(renderer: Renderer) -> None:
    hostile = '<script>alert("x")</script>{{ business.email }}'
    item = notice(
        late(1, number=hostile, project=hostile, pay_url='https://pay.example/"><b>'),
        "reminder",
        blocks=(BlockedWork(hostile, hostile, hostile),),
        charges=(charge(hostile),),
        fee=fee(hostile),
    )
    back = CorrectionItem(hostile, late(1, number=hostile), 1, 1, hostile)
    message = ClientMessage(replace(ACME, name=hostile), (item,), (back,))
    rendered = renderer.client_message(message, date(2026, 11, 5))
    assert "<script" not in rendered.html
    assert "<b>" not in rendered.html
    assert "&lt;script&gt;" in rendered.html
    assert hostile in rendered.subject
    assert "{{ business.email }}" in rendered.html


def test_a_name_with_line_breaks_cannot_pass_for_a_paragraph(renderer: Renderer) -> None:
    name = "Acme Ltd\n\nPlease pay to another account\u2028now"
    message = ClientMessage(replace(ACME, name=name), (notice(late(1, number="7\n8"), "reminder"),))
    rendered = renderer.client_message(message, date(2026, 11, 5))
    assert rendered.text.startswith("Dear Acme Ltd Please pay to another account now,\n")
    assert rendered.subject == "Invoice 7 8: 4,000.00 GBP is 1 day overdue"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://pay.example/ x", "pay.example", ""]
)
def test_only_a_web_address_is_a_payment_link(renderer: Renderer, url: str) -> None:
    message = ClientMessage(ACME, (notice(late(1, pay_url=url), "reminder"),))
    rendered = renderer.client_message(message, date(2026, 11, 5))
    assert "payment details on the invoice" in rendered.text
    assert rendered.html.count("href") == 1  # the sender's own address


def test_a_number_that_looks_like_a_day_stays_a_number(renderer: Renderer) -> None:
    view = late(1, number="2026-11-03")
    back = CorrectionItem("PF-1", view, 1, 0, "2026-11-03 was paid by 2026-11-02")
    text = " ".join(renderer.client_message(ClientMessage(ACME, (), (back,)), date(2026, 11, 5)).text.split())
    assert "2026-11-03 was paid by 2 November 2026." in text


# --- templates of the user's


def write(root: Path, name: str, text: str) -> None:
    path = root / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


REMINDER = ClientMessage(ACME, (notice(late(1), "reminder"),))
TODAY = date(2026, 11, 5)


def rendered_with(root: Path, message: ClientMessage = REMINDER) -> Rendered:
    return Renderer(root, NORTH).client_message(message, TODAY)


def test_a_users_template_wins_and_a_text_alone_makes_its_html(tmp_path: Path) -> None:
    write(tmp_path, "en/reminder.txt", "Pay {{ item.number }} & <smile>,\nplease.\n")
    rendered = rendered_with(tmp_path)
    assert "Pay INV-0013 & <smile>,\nplease." in rendered.text
    assert "Pay INV-0013 &amp; &lt;smile&gt;,\nplease." in rendered.html
    assert "Perhaps it slipped through" not in rendered.text + rendered.html
    write(tmp_path, "en/reminder.html", "<em>Pay {{ item.number }}</em>")
    assert "<em>Pay INV-0013</em>" in rendered_with(tmp_path).html


def test_a_users_frame_replaces_ours_in_both_forms(tmp_path: Path) -> None:
    write(tmp_path, "en/message.txt", "{{ client }}! {{ sections | join }} Yours, {{ business.name }}")
    rendered = rendered_with(tmp_path)
    assert rendered.text.startswith("Acme Ltd! Invoice INV-0013")
    assert "Acme Ltd! Invoice INV-0013" in rendered.html


def test_the_clients_language_comes_first_then_english(tmp_path: Path) -> None:
    write(tmp_path, "de/reminder.txt", "Rechnung {{ item.number }}, fällig am {{ item.due.strftime('%d.%m.%Y') }}\n")
    message = replace(REMINDER, recipient=replace(ACME, language="de-AT"))
    rendered = rendered_with(tmp_path, message)
    assert "Rechnung INV-0013, fällig am 04.11.2026" in rendered.text
    assert "Kind regards," in rendered.text
    assert "Rechnung" not in rendered_with(tmp_path).text
    write(tmp_path, "de-AT/reminder.txt", "Servus {{ item.number }}\n")
    assert "Servus INV-0013" in rendered_with(tmp_path, message).text


def test_a_step_may_have_a_template_of_the_users_own(tmp_path: Path) -> None:
    write(tmp_path, "en/nudge.txt", "Nudge: {{ item.number }}, {{ item.asked }}\n")
    message = ClientMessage(ACME, (notice(late(1), "nudge"),))
    assert "Nudge: INV-0013, 4,000.00 GBP" in rendered_with(tmp_path, message).text


@pytest.mark.parametrize(
    ("name", "text", "where", "found"),
    [
        ("en/reminder.txt", "one\ntwo {{ item.amont }}\n", "templates/en/reminder.txt:2", "has no attribute 'amont'"),
        ("en/reminder.txt", "{{ nobody }}", "templates/en/reminder.txt:1", "'nobody' is undefined"),
        ("en/reminder.txt", "\n\n{% if %}", "templates/en/reminder.txt:3", "Expected an expression"),
        ("en/reminder.txt", "{{ item.total.amount / 0 }}", "templates/en/reminder.txt:1", "division by zero"),
        ("en/reminder.txt", "{{ ''.__class__ }}", "templates/en/reminder.txt:1", "unsafe"),
        ("en/reminder.txt", "{% include 'gone.txt' %}", "templates/en/reminder.txt:1", "there is no template gone.txt"),
        (
            "en/reminder.txt",
            "{% include '../../payflow.toml' %}",
            "templates/en/reminder.txt:1",
            "there is no template",
        ),
        ("en/_details.html", "{{ item.x }}", "templates/en/_details.html:1", "has no attribute 'x'"),
        ("en/message.html", "\n{{ x }}", "templates/en/message.html:2", "'x' is undefined"),
        ("en/subject.txt", "{{ item.number }}", "templates/en/subject.txt:1", "'item' is undefined"),
    ],
)
def test_a_mistake_in_a_template_names_its_file_and_line(
    tmp_path: Path, name: str, text: str, where: str, found: str
) -> None:
    (tmp_path / "payflow.toml").write_text("secret")
    write(tmp_path, name, text)
    with pytest.raises(WorkspaceError) as caught:
        rendered_with(tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert found in problem.found
    assert problem.remedy
    assert where in [item.where for item in Renderer(tmp_path, NORTH).check(["reminder"], [])]


@pytest.mark.parametrize("name", ["../payflow", "a/b", "", ".hidden", "message.txt"])
def test_a_path_is_no_template_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot name a template or a language"):
        rendered_with(tmp_path, ClientMessage(ACME, (notice(late(1), name),)))


def test_a_path_is_no_language(tmp_path: Path) -> None:
    message = replace(REMINDER, recipient=replace(ACME, language="../en"))
    with pytest.raises(WorkspaceError, match="cannot name a template or a language"):
        rendered_with(tmp_path, message)
    assert [item.where for item in Renderer(tmp_path, NORTH).check([], ["../en"])] == ["templates"]


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path, "en/reminder.txt", "")
    (tmp_path / "templates/en/reminder.txt").write_bytes(b"f\xe4llig")
    with pytest.raises(WorkspaceError, match=r"reminder\.txt: it is not UTF-8 text"):
        rendered_with(tmp_path)


def workspace(root: Path, *emails: str) -> Workspace:
    ladder = tuple(Step(email, email, day, email) for day, email in enumerate(emails))
    policy = Policy("standard", Terms("net-15", ()), ladder=ladder)
    agreement = Agreement({"standard": policy}, {}, "standard", {}, "digest")
    return Workspace(root, NORTH, "sqlite:///payflow.db", MailSettings(), (), agreement)


def test_payflows_own_templates_have_no_mistakes(tmp_path: Path) -> None:
    assert check_templates(workspace(tmp_path, *STEPS)) == []


def test_a_step_without_a_template_is_found_before_it_is_needed(tmp_path: Path) -> None:
    (problem,) = check_templates(workspace(tmp_path, "reminder", "nudge"))
    assert str(problem) == (
        "templates: there is no template nudge.txt. "
        "Write templates/en/nudge.txt in the workspace; payflow has charges, final-notice, heads-up, late-fee, reminder for steps"
    )


def test_a_language_without_templates_and_a_lonely_html_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path, "en/reminder.html", "<p>Hi</p>")
    write(tmp_path, "en/_details.txt", "details")
    problems = Renderer(tmp_path, NORTH).check(["reminder"], ["fr"])
    assert {problem.where for problem in problems} == {
        "language 'fr'",
        "templates/en/reminder.html",
        "templates/en/_details.txt",
    }
    assert all(problem.warning for problem in problems)
    write(tmp_path, "en/reminder.txt", "Hi")
    write(tmp_path, "en/_details.html", "details")
    assert Renderer(tmp_path, NORTH).check(["reminder"], ["en"]) == []


def test_a_broken_template_that_nothing_uses_is_found_too(tmp_path: Path) -> None:
    write(tmp_path, "en/someday.txt", "{% for %}")
    (problem,) = Renderer(tmp_path, NORTH).check(["reminder"], [])
    assert problem.where == "templates/en/someday.txt:1"


# --- the form of texts


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\n\n\n\nb\n\n", ["a", "", "b"]),
        ("\n\na   \n", ["a"]),
        ("  - " + "word " * 20, ["  - " + "word " * 13 + "word", "    " + "word " * 5 + "word"]),
        ("see https://pay.example/" + "x" * 90, ["see", "https://pay.example/" + "x" * 90]),
    ],
)
def test_plain_text_is_wrapped_without_breaking_words(text: str, lines: Sequence[str]) -> None:
    assert wrapped(text) == "\n".join(lines) + "\n"


def test_jinja_is_not_loaded_until_something_is_rendered() -> None:
    code = "import sys, payflow.outbox.render, payflow.outbox.transport, payflow.outbox.calendar;"
    code += "sys.exit(any(name in sys.modules for name in ('jinja2', 'holidays', 'smtplib', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what the documentation promises

DOCS = Path(__file__).parents[2] / "docs" / "mail.md"


def documented(prefix: str) -> set[str]:
    return set(re.findall(rf"`{prefix}\.(\w+)`", DOCS.read_text(encoding="utf-8")))


def test_every_field_of_a_section_is_documented() -> None:
    assert documented("item") == {field.name for field in fields(wording.Item)}


def test_the_template_in_the_documentation_works(tmp_path: Path) -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    write(tmp_path, "en/reminder.txt", example)
    assert "4,000.00 GBP of this invoice is still open, 1 day after its due date." in rendered_with(tmp_path).text
