"""What `--json` prints of a decision: status, gate, plan and explanation.

Plain dictionaries of JSON values; amounts are decimal text, days `YYYY-MM-DD`, moments ISO 8601, and what is not stated is
null. The schemas stand beside in `schemas/`; keys are only ever added within a version.
"""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from typing import Any

from msgspec.structs import asdict

from payflow.model.acts import ClientMessage, CorrectionItem, NoticeItem
from payflow.model.decision import Decision
from payflow.model.explanation import EntryView, Explanation, Stretch
from payflow.model.invoice_view import InstalmentView, InvoiceView
from payflow.model.journal import Charge, Notice, Waiver
from payflow.model.verdict import MilestoneView, ProjectView, Reason, Verdict
from payflow.money import decimal
from payflow.policy.ladder import shown
from payflow.report.words import exact, numbers_of, scaled

Json = dict[str, Any]


def schema_text(name: str) -> str:
    """The published JSON Schema of an output, by its name: `status` for `payflow.status/1`."""
    return files("payflow.report").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")


def status(decision: Decision) -> Json:
    """`payflow.status/1`: the whole board."""
    return {
        "schema": "payflow.status/1",
        "as_of": _day(decision.as_of),
        "live": decision.live,
        "live_from": _day(decision.live_from),
        "not_live_because": decision.not_live_because or None,
        "projects": [_project(project) for project in decision.projects],
        "invoices": [_invoice(view) for view in decision.invoices],
        "totals": [
            {"currency": total.currency}
            | {name: decimal(getattr(total, name), total.currency) for name in total._fields[1:]}
            for total in decision.totals
        ],
        "sources": [
            asdict(source) | {"synced_at": moment(source.synced_at), "problem": source.problem or None}
            for source in decision.sources
        ],
        "needs_you": [need._asdict() | {"remedy": need.remedy or None} for need in decision.needs],
    }


def gate(verdict: Verdict, as_of: date) -> Json:
    """`payflow.gate/1`: may this phase start, or go on?"""
    return {"schema": "payflow.gate/1", "as_of": _day(as_of), "project": verdict.project} | _verdict(verdict)


def plan(decision: Decision) -> Json:
    """`payflow.plan/1`: what a run would do on that day."""
    return {"schema": "payflow.plan/1", "as_of": _day(decision.as_of), "live": decision.live} | acts(decision)


def acts(decision: Decision) -> Json:
    """Messages, charges taken back, changed verdicts and news of the plan."""
    what, numbers = decision.plan, numbers_of(decision)
    return {
        "messages": [_message(message) for message in what.messages],
        "takebacks": [
            {
                "ref": back.ref,
                "invoice": numbers.get(back.invoice, str(back.invoice)),
                "client": back.client,
                "currency": back.currency,
                "amount": decimal(back.amount, back.currency),
                "why": back.why,
            }
            for back in what.takebacks
        ],
        "changes": [change._asdict() | {"before": change.before or None} for change in what.changes],
        "news": [need._asdict() | {"remedy": need.remedy or None} for need in what.news],
    }


def explain(explanation: Explanation, as_of: date) -> Json:
    """`payflow.explain/1`: the timeline behind every figure of one invoice."""
    view = explanation.invoice
    names = dict(explanation.step_names)
    return {
        "schema": "payflow.explain/1",
        "as_of": _day(as_of),
        "invoice": _invoice(view),
        "terms": explanation.terms,
        "rests_on": explanation.rests_on or None,
        "entries": [_entry(entry, view.currency) for entry in explanation.entries],
        "stretches": [_stretch(stretch, view.currency) for stretch in explanation.stretches],
        "notices": [_notice(notice, names) for notice in explanation.notices],
        "charges": [_charge(charge) for charge in explanation.charges],
        "blocks": [asdict(work) for work in explanation.blocks],
        "remarks": list(explanation.remarks),
    }


def moment(value: datetime | None) -> str | None:
    """ISO 8601 with its offset, to the second."""
    return None if value is None else value.isoformat(timespec="seconds")


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _project(project: ProjectView) -> Json:
    return {
        "project": project.project,
        "name": project.name,
        "client": project.client,
        "client_name": project.client_name,
        "currency": project.currency,
        "milestones": [_milestone(milestone, project.currency) for milestone in project.milestones],
        "phases": [_verdict(verdict) for verdict in project.phases],
    }


def _milestone(milestone: MilestoneView, currency: str) -> Json:
    return {
        "milestone": milestone.id,
        "name": milestone.name or None,
        "amount": decimal(milestone.amount, currency),
        "billed": decimal(milestone.billed, currency),
        "paid": decimal(milestone.paid, currency),
        "is_paid": milestone.is_paid,
        "invoices": list(milestone.invoices),
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "phase": verdict.phase,
        "name": verdict.name,
        "verdict": verdict.word,
        "started": _day(verdict.started),
        "finished": _day(verdict.finished),
        "waiver": None if verdict.waiver is None else _waiver(verdict.waiver),
        "reasons": [_reason(reason) for reason in verdict.reasons],
    }


def _waiver(waiver: Waiver) -> Json:
    return {"since": _day(waiver.since), "until": _day(waiver.until), "reason": waiver.reason, "by": waiver.by or None}


def _reason(reason: Reason) -> Json:
    return {
        "code": reason.code.value,
        "milestone": reason.milestone or None,
        "invoice": reason.invoice or None,
        "text": reason.text,
        "opens": reason.opens or None,
    }


def _invoice(view: InvoiceView) -> Json:
    def amount(units: int) -> str:
        return decimal(units, view.currency)

    return {
        "id": view.id,
        "source": view.source,
        "invoice": view.number or view.key,
        "key": view.key,
        "client": view.client,
        "client_name": view.client_name,
        "project": view.project or None,
        "milestone": view.milestone or None,
        "role": view.role.value,
        "currency": view.currency,
        "total": amount(view.total),
        "paid": amount(view.paid),
        "credited": amount(view.credited),
        "outstanding": amount(view.outstanding),
        "pending": amount(view.pending),
        "issued_on": _day(view.issued_on),
        "due_on": _day(view.due_on),
        "due_why": view.due_why or None,
        "days_overdue": view.days_overdue,
        "instalments": [_instalment(one, view.currency) for one in view.instalments],
        "state": view.state.word,
        "flags": sorted(flag.value for flag in view.flags),
        "fees": amount(view.fees),
        "fees_owed": amount(view.fees_owed),
        "compensation": amount(view.compensation),
        "interest_billed": amount(view.interest_billed),
        "interest": amount(view.interest),
        "interest_per_day": amount(view.interest_per_day),
        "next_step": view.next_step,
        "next_on": _day(view.next_on),
        "next_why": view.next_why or None,
        "policy": view.policy or None,
        "pay_url": view.pay_url or None,
        "read_at": moment(view.read_at),
    }


def _instalment(one: InstalmentView, currency: str) -> Json:
    return {
        "number": one.number,
        "due_on": _day(one.due_on),
        "terms": one.terms,
        "amount": decimal(one.amount, currency),
        "outstanding": decimal(one.outstanding, currency),
        "days_overdue": one.days_overdue,
        "interest": decimal(one.interest, currency),
    }


def _message(message: ClientMessage) -> Json:
    to = message.recipient
    return {
        "client": to.client,
        "name": to.name,
        "email": to.email or None,
        "cc": list(to.cc),
        "language": to.language,
        "notices": [_item(item) for item in message.notices],
        "corrections": [_correction(item) for item in message.corrections],
    }


def _item(item: NoticeItem) -> Json:
    view, fee, announced = item.invoice, item.fee, item.announces
    return {
        "source": view.source,
        "invoice": view.number or view.key,
        "step": item.step_name,
        "template": item.template,
        "currency": view.currency,
        "outstanding": decimal(view.outstanding, view.currency),
        "days_overdue": view.days_overdue,
        "interest": decimal(view.interest, view.currency),
        "fee": fee
        and {
            "ref": fee.ref,
            "currency": fee.currency,
            "amount": decimal(fee.amount, fee.currency),
            "words": fee.words,
            "rests_on": fee.rests_on,
        },
        "claims": [
            {
                "ref": draft.ref,
                "kind": draft.kind,
                "currency": draft.currency,
                "amount": decimal(draft.amount, draft.currency),
                "words": draft.words,
                "rests_on": draft.rests_on,
            }
            for draft in item.claims
        ],
        "announces": announced and {"step": announced.step, "on": _day(announced.on), "text": announced.text},
        "blocks": [asdict(work) for work in item.blocks],
    }


def _correction(item: CorrectionItem) -> Json:
    currency = item.invoice.currency
    return {
        "ref": item.ref,
        "source": item.invoice.source,
        "invoice": item.invoice.number or item.invoice.key,
        "currency": currency,
        "amount": decimal(item.amount, currency),
        "remaining": decimal(item.remaining, currency),
        "why": item.why,
    }


def _entry(entry: EntryView, currency: str) -> Json:
    return asdict(entry) | {
        "on": _day(entry.on),
        "amount": decimal(entry.amount, currency),
        "bank": entry.bank or None,
    }


def _stretch(stretch: Stretch, currency: str) -> Json:
    """`from` is the day after the stretch starts: both days count. The fraction is exact, in minor units."""
    return {
        "from": date.fromordinal(stretch.start.toordinal() + 1).isoformat(),
        "to": _day(stretch.end),
        "days": stretch.days,
        "balance": decimal(stretch.balance, currency),
        "rate": stretch.rate,
        "interest": exact(scaled(stretch.numerator, stretch.denominator), currency).replace(",", ""),
        "numerator": stretch.numerator,
        "denominator": stretch.denominator,
        "adds": decimal(stretch.adds, currency),
        "why": stretch.why,
    }


def _notice(notice: Notice, names: dict[str, str]) -> Json:
    announced = notice.announced
    return {
        "step": shown(notice.step, names),
        "on": _day(notice.on),
        "due_on": _day(notice.due_on),
        "handed_over": notice.handed_over,
        "announced": announced
        and {"step": names.get(announced.step, announced.step), "on": _day(announced.on), "text": announced.text},
        "message": notice.message or None,
    }


def _charge(charge: Charge) -> Json:
    return {
        "ref": charge.ref,
        "kind": charge.kind,
        "currency": charge.currency,
        "amount": decimal(charge.amount, charge.currency),
        "standing": decimal(charge.standing, charge.currency),
        "claimed_on": _day(charge.claimed_on),
        "state": charge.state.value,
        "reversals": [
            {"on": _day(back.on), "amount": decimal(back.amount, charge.currency), "why": back.why}
            for back in charge.reversals
        ],
        "message": charge.message or None,
        "terms": _terms(charge),
    }


def _terms(charge: Charge) -> Json:
    """What a charge was made under, as its record holds it."""
    names = ("policy", "agreement", "words", "rests_on", "percent", "day", "due_on")
    base = charge.terms.get("base")
    return {name: charge.terms.get(name) for name in names} | {
        "base": None if base is None else decimal(base, charge.currency)
    }
