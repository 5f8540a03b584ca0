"""Readings and runs as lines of text: what each source came to, and the one line a run leaves for cron."""

from __future__ import annotations

from datetime import datetime

from payflow.report.operations_json import Ran, Synced, run_left_out
from payflow.report.words import count, moment


def synced_line(report: Synced) -> str:
    """`books (xero): 120 invoices read: 3 new, 2 changed, 115 unchanged`; `bank (bank): 40 bank lines read: 12 new, 28 known`."""
    name = f"{report.source} ({report.connector})" if report.connector else report.source
    if report.failed:
        return f"{name}: not read. {report.error}"
    told = []
    if report.lines is not None:
        known = report.lines - report.new_lines
        told.append(f"{count(report.lines, 'bank line')} read: {report.new_lines} new, {known} known")
    if report.read or report.missing or report.lines is None:
        told.append(_invoices(report))
    parts = ["; ".join(told)]
    if report.again:
        parts.append("the very files that were read before")
    bad = sum(not problem.warning for problem in report.problems)
    if bad:
        parts.append(f"{count(bad, 'problem')}, see above")
    return f"{name}: {', '.join(parts)}"


def _invoices(report: Synced) -> str:
    parts = [f"{report.new} new", f"{report.changed} changed", f"{report.unchanged} unchanged"]
    if report.missing:
        parts.append(f"{report.missing} no longer listed")
    return f"{count(report.read, 'invoice')} read: {', '.join(parts)}"


def is_uneventful(report: Ran) -> bool:
    """Whether a run did nothing and found nothing wrong, so that cron need not mail about it."""
    did = (report.sent, report.unsure, report.failed, report.dropped, report.reversed, report.told)
    return not any(did) and not run_left_out(report)


def run_line(report: Ran, now: datetime) -> str:
    """The summary of a run, in one line that tells whether anything needs a look."""
    failed = [source.source for source in report.synced if source.failed]
    stale = [source.source for source in report.decision.sources if source.stale and source.source not in failed]
    parts = [count(len(report.synced) - len(failed), "source") + " read"]
    if report.live and not report.dry_run:
        parts += _did(report)
    else:
        parts.append(f"would send {count(len(report.decision.plan.messages), 'message')}, nothing was sent")
    parts += [f"{word}: {', '.join(names)}" for word, names in (("not read", failed), ("stale", stale)) if names]
    if report.decision.needs:
        parts.append(f"{count(len(report.decision.needs), 'thing')} for you to decide (payflow status)")
    word = "rehearsal" if report.dry_run else "live" if report.live else "preview"
    end = " SOMETHING WAS LEFT OUT." if run_left_out(report) else ""
    return f"payflow {moment(now)} {word}: {'; '.join(parts)}.{end}"


def _did(report: Ran) -> list[str]:
    # what was written to the owner is told apart
    to_clients = len(report.sent) - report.told
    parts = [f"{count(to_clients, 'message')} sent"]
    for word in ("waiting", "unsure", "failed", "dropped"):
        keys = getattr(report, word)
        if keys:
            parts.append(f"{len(keys)} {word}")
    if report.reversed:
        parts.append(f"{count(len(report.reversed), 'charge')} taken back")
    if report.told:
        parts.append("owner told")
    if report.posted:
        parts.append(f"{count(len(report.posted), 'charge')} posted")
    if report.unposted:
        parts.append(f"{count(len(report.unposted), 'charge')} not posted yet")
    if report.hooks_sent:
        parts.append(f"{count(len(report.hooks_sent), 'event')} to hooks")
    if undelivered := len(report.hooks_waiting) + len(report.hooks_failed):
        parts.append(f"{count(undelivered, 'event')} not taken by hooks")
    return parts
