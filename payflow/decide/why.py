"""Why an invoice gets no notice, how its due date came about, and what a notice says of interest: in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from payflow.columns import NO_DAY, to_date, to_day
from payflow.decide.setting import ASKING, Figures, Setting
from payflow.model.agreement import Anchor, DueRule, Policy
from payflow.model.invoice_view import Flag, InstalmentView, InvoiceView
from payflow.policy import bearing, ladder
from payflow.store.mirror import InvoiceRow


def why_none(setting: Setting, view: InvoiceView) -> str:
    """Why an invoice gets no notice at all, whatever its ladder says; empty when it may get one."""
    return view.state.word if view.state not in ASKING else why_not(setting, view)


def why_not(setting: Setting, view: InvoiceView) -> str:
    """Why an invoice gets no notice, whether something is outstanding on it or not; empty when it may get one."""
    if view.id in setting.standing.same_as:
        return "another invoice is the same debt"
    if Flag.REFUNDED in view.flags and view.id not in setting.memory.chased:
        return f"money was paid back: payflow chase {view.number} if it is owed"
    if view.source in setting.unread:
        return f"{view.source} could not be read at the last try"
    flag = next((one for one in _SILENCING if one in view.flags), None) if view.flags else None
    return "" if flag is None else _words_of(setting, view, flag)


#: Flags of invoices that get no notice; of several, the first says why.
_SILENCING = (Flag.CHARGE, Flag.UNLINKED, Flag.AMBIGUOUS, Flag.OLD, Flag.PENDING, Flag.STALE, Flag.COVERED)


def _words_of(setting: Setting, view: InvoiceView, flag: Flag) -> str:
    return {
        Flag.CHARGE: "a charge of ours: no notice about a notice's fee",
        Flag.UNLINKED: "no contract claims it, and the business has no policy for such invoices",
        Flag.AMBIGUOUS: f"{setting.standing.doubtful.get(view.id, '')}: payflow link {view.number}",
        Flag.OLD: f"due before payflow was switched on: payflow chase {view.number}",
        Flag.PENDING: "a payment is on its way",
        Flag.STALE: f"last read {view.read_at.date().isoformat()}, too long ago to act on",
        Flag.COVERED: "open credit of the client covers it",
    }[flag]


def due_why_of_instalment(parts: Sequence[InstalmentView], due_on: int) -> str:
    """How the due date of an invoice in instalments came about; empty for others."""
    now = next((one for one in parts if to_day(one.due_on) == due_on), None)
    return f"instalment {now.number} of {len(parts)}, {now.terms}" if now is not None else ""


def due_why(row: InvoiceRow, policy: Policy | None, found: Figures, start: date | None) -> str:
    """How the due date of an invoice came about; `start` is the day that its terms count from, None while it is not known."""
    due, agreed = found.due_on, found.due_contract
    if due == NO_DAY and policy is not None and start is None:
        key = {Anchor.RECEIPT: "received", Anchor.DELIVERY: "delivered"}.get(policy.terms.anchor, "accepted")
        return (
            f"not due yet: {policy.terms.name}, and that day is not known; write `{key}` to the milestone once it came"
        )
    if due == NO_DAY:
        return "no due date on the invoice, and no terms for it"
    if policy is None:
        return "printed on the invoice"
    terms = f"{policy.terms.name} from {(start or to_date(row.issued_on)).isoformat()}"
    if due == agreed:
        if row.due_on is not None and row.due_on < agreed and policy.due is DueRule.LATER:
            return f"{terms}, later than the {to_date(row.due_on).isoformat()} printed on the invoice"
        return terms
    if row.due_on == due:
        return f"printed on the invoice, later than {terms}"
    return f"shown before as {to_date(due).isoformat()}; a due date once shown never moves earlier"


def interest_words(setting: Setting, index: int, view: InvoiceView, step: ladder.Next) -> str:
    """What a notice that is due now says of interest; empty where none binds."""
    policy = setting.governed[index].policy
    if step.on != setting.as_of or policy is None or policy.interest is None or view.due_on is None:
        return ""
    if not setting.bears[index] or Flag.OLD in view.flags:
        return ""
    due_on = view.instalments[step.instalment - 1].due_on if step.instalment else view.due_on
    return bearing.notice_words(policy.interest, due_on, policy.grace, view.issued_on, setting.as_of, setting.rates)
