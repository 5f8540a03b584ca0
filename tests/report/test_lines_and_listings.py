"""One line per reading, one per run, and the listings of outbox, journal and doctor."""

from __future__ import annotations

import pytest

from payflow.report.ansi import Style
from payflow.report.listings import body_words, findings_text, log_text, outbox_text
from payflow.report.readings import run_line, synced_line
from report import factories
from report.outcomes import BAD_ROW, WARNING, ran, report


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (report(), "books (xero): 3 invoices read: 1 new, 1 changed, 1 unchanged"),
        (report(read=1, missing=2), "books (xero): 1 invoice read: 1 new, 1 changed, 1 unchanged, 2 no longer listed"),
        (
            report(connector="bank", read=0, lines=40, new_lines=12),
            "books (bank): 40 bank lines read: 12 new, 28 known",
        ),
        (report(connector="bank", read=0, lines=0), "books (bank): 0 bank lines read: 0 new, 0 known"),
        (
            report(read=1, lines=1, new_lines=1),
            "books (xero): 1 bank line read: 1 new, 0 known; 1 invoice read: 1 new, 1 changed, 1 unchanged",
        ),
        (
            report(problems=(BAD_ROW, WARNING)),
            "books (xero): 3 invoices read: 1 new, 1 changed, 1 unchanged, 1 problem, see above",
        ),
        (report(connector="", error="no such file."), "books: not read. no such file."),
    ],
)
def test_a_reading_is_one_line(report, line):
    assert synced_line(report) == line


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            ran(decision=factories.quiet(), sent=("m-1", "owner-1")),
            "payflow 2026-11-21 08:30 live: 1 source read; 1 message sent; 1 charge taken back; owner told.",
        ),
        (
            ran(decision=factories.decision(needs=[], sources=[]), live=False),
            "payflow 2026-11-21 08:30 preview: 1 source read; would send 1 message, nothing was sent.",
        ),
        (
            ran(decision=factories.quiet(), dry_run=True, synced=()),
            "payflow 2026-11-21 08:30 rehearsal: 0 sources read; would send 0 messages, nothing was sent.",
        ),
        (
            ran(
                synced=(report(source="stripe", error="down"),),
                decision=factories.decision(),
                failed=("m-2",),
                told=False,
            ),
            (
                "payflow 2026-11-21 08:30 live: 0 sources read; 1 message sent; 1 failed; 1 charge taken back; "
                "not read: stripe; stale: bank; 1 thing for you to decide (payflow status). SOMETHING WAS LEFT OUT."
            ),
        ),
    ],
)
def test_a_run_leaves_one_line_for_cron(report, line):
    assert run_line(report, factories.READ_AT) == line


MESSAGE = {
    "key": "m-1",
    "client": "acme",
    "day": "2026-11-21",
    "state": "sent",
    "attempts": 1,
    "not_before": None,
    "transport": "folder",
    "detail": None,
    "created_at": "2026-11-21T08:30:00.000000Z",
}


def test_the_outbox_tells_state_tries_and_what_went_wrong():
    assert outbox_text([], Style()) == "No message was ever decided."
    late = MESSAGE | {
        "key": "m-2",
        "client": None,
        "day": None,
        "state": "waiting",
        "not_before": "2026-11-23T09:00:00Z",
    }
    bad = MESSAGE | {"key": "m-3", "state": "failed", "attempts": 2, "detail": "550 no such user"}
    assert outbox_text([MESSAGE, late, bad], Style()).splitlines() == [
        "Message  For   Day         State    Tries",
        "m-1      acme  2026-11-21  sent         1",
        "m-2      you               waiting      1",
        "  waits until 2026-11-23T09:00:00Z",
        "m-3      acme  2026-11-21  failed       2",
        "  550 no such user",
    ]


def test_the_journal_is_one_paragraph_per_record_within_the_width():
    body = {
        "project": "acme-website",
        "phase": "build",
        "until": "2026-12-01",
        "reason": "paid by cheque, which is in the post",
        "by": "nora",
    }
    record = {
        "seq": 7,
        "day": "2026-11-21",
        "kind": "waiver",
        "client": "acme",
        "project": "acme-website",
        "invoice": None,
        "body": body,
    }
    text = log_text([record, record | {"seq": 12, "kind": "hold", "project": None, "invoice": 3, "body": {}}], Style())
    first, *_, second = text.splitlines()
    assert first.startswith(" 7  2026-11-21  waiver           acme, acme-website, phase build, until")
    assert "reason" in text
    assert "by nora" in text
    assert second == "12  2026-11-21  hold             acme, invoice #3"
    assert log_text([], Style()) == "The journal has no such record."


def test_a_body_is_told_in_short():
    assert body_words({"rows": [1, 2, 3], "agreement": {"a": 1}, "digest": "ab", "until": None}) == "rows: 3, digest ab"


def test_findings_show_errors_first():
    assert findings_text([], Style()) == "Nothing is misconfigured."
    lines = findings_text([WARNING, BAD_ROW], Style()).splitlines()
    assert lines[0] == "ERROR  sales.csv, row 3, Total: '12,3x' is no amount. Correct the cell."
    assert lines[1] == "note   sales.csv: no payment dates. Nothing to do."


def test_findings_of_one_place_with_one_remedy_say_both_once():
    more = WARNING._replace(found="no refunds")
    assert findings_text([WARNING, BAD_ROW, more], Style()).splitlines()[1:] == [
        "note   sales.csv:",
        "       - no payment dates",
        "       - no refunds",
        "       Nothing to do.",
    ]
