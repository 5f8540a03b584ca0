"""What a decision stands on, as JSON values for the journal: figures of the invoices it speaks of, agreement, rates, program.

A decision can be decided again later (`payflow.decide.replay`); what differs then is told from these.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from payflow import __version__
from payflow.columns import to_date
from payflow.model.acts import NoticeItem
from payflow.plan import Case
from payflow.policy.rate_digest import rates_digest

if TYPE_CHECKING:
    from payflow.decide import Ground


def rates_folder(root: Path) -> Path | None:
    """Where a workspace keeps rates of its own, if it has any."""
    folder = root / "rates"
    return folder if folder.is_dir() else None


def basis(found: Ground) -> dict[str, Any]:
    """Digest of the agreement (`digest`) and of the rate tables (`rates`), and the version of the program."""
    workspace = found.agreed.workspace
    return {
        "digest": workspace.agreement.digest,
        "rates": rates_digest(rates_folder(workspace.root)),
        "program": __version__,
    }


def facts(found: Ground) -> dict[int, dict[str, Any]]:
    """By invoice id, what the plan's acts stand on, for every invoice that it speaks of."""
    plan = found.decision.plan
    items = {item.invoice.id: item for message in plan.messages for item in message.notices}
    spoken = {*items, *(one.invoice for one in plan.takebacks)}
    spoken |= {item.invoice.id for message in plan.messages for item in message.corrections}
    return {case.view.id: facts_of(case, items.get(case.view.id)) for case in found.cases if case.view.id in spoken}


def facts_of(case: Case, item: NoticeItem | None) -> dict[str, Any]:
    """One invoice's figures in minor units of its currency. `movements` are [day, amount] of money that counts."""
    view = case.view
    return {
        "invoice": view.id,
        "state": view.state.word,
        "policy": view.policy,
        "agreement": case.digest,
        "currency": view.currency,
        "total": view.total,
        "paid": view.paid,
        "credited": view.credited,
        "outstanding": view.outstanding,
        "issued_on": view.issued_on.isoformat(),
        "due_on": view.due_on.isoformat() if view.due_on else None,
        "interest": view.interest,
        "fee": item.fee.amount if item is not None and item.fee is not None else 0,
        "movements": [[to_date(day).isoformat(), amount] for day, amount in case.movements],
        "read_at": view.read_at.isoformat(timespec="seconds"),
    }
