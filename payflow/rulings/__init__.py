"""What a person decides: each ruling is one journal record with its reason, and answers with one sentence."""

from payflow.rulings.bank_lines import match_accept, match_reject
from payflow.rulings.charges import charge_claim, charge_settle, charge_waive
from payflow.rulings.chasing import chase, confirm, hold, link, live, release
from payflow.rulings.work import finish_phase, start_phase, waive

__all__ = [
    "charge_claim",
    "charge_settle",
    "charge_waive",
    "chase",
    "confirm",
    "finish_phase",
    "hold",
    "link",
    "live",
    "match_accept",
    "match_reject",
    "release",
    "start_phase",
    "waive",
]
