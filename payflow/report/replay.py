"""A day's decisions decided again: as text, and as `--json` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from payflow.decide.replay import Act, Footing, Replayed
from payflow.report.ansi import Style
from payflow.report.as_json import Json
from payflow.report.text import block

_WHAT = {"agreement": "the agreement", "rates": "the rate tables", "program": "payflow"}


def replay_json(day: date, found: Sequence[Replayed]) -> Json:
    """`payflow.replay/1`: decisions of a day, decided again."""
    return {
        "schema": "payflow.replay/1",
        "day": day.isoformat(),
        "same": all(one.same for one in found),
        "decisions": [_decision(one) for one in found],
    }


def _decision(one: Replayed) -> Json:
    return {
        "record": one.seq,
        "at": one.at.isoformat(timespec="seconds"),
        "same": one.same,
        "acts": [
            {
                "invoice": act.number,
                "step": act.step or None,
                "charge": act.ref or None,
                "then": act.then,
                "now": act.now,
                "same": act.same,
                "differences": list(act.why),
            }
            for act in one.acts
        ],
        "stood_on": [
            {
                "what": footing.what,
                "then": footing.then or None,
                "now": footing.now,
                "same": footing.same,
                "changes": list(footing.changes),
            }
            for footing in one.footings
        ],
    }


def replay_text(day: date, found: Sequence[Replayed], style: Style) -> str:
    """What was decided, whether it would be again, and line by line why not."""
    if not found:
        return f"Nothing was decided on {day.isoformat()}."
    return "\n".join(line for one in found for line in _lines(one, style))


def _lines(one: Replayed, style: Style) -> Iterator[str]:
    verdict = style.green("the same today") if one.same else style.yellow("not the same today")
    yield f"Record {one.seq}, {one.at.date().isoformat()}: {verdict}."
    for act in one.acts:
        yield from block(f"{_title(act)}: {_outcome(act)}", style.columns, "  ")
        for why in act.why:
            yield from block(why, style.columns, "    - ")
    for footing in one.footings:
        yield from block(_stood(footing), style.columns, "  ")


def _title(act: Act) -> str:
    return f"{act.number}, {act.step}" if act.step else f"{act.number}, {act.ref} taken back"


def _outcome(act: Act) -> str:
    if act.then and act.now:
        return "decided again, on other figures" if act.why else "decided again"
    return "decided then, not now" if act.then else "not decided then, but now"


def _stood(footing: Footing) -> str:
    what = _WHAT[footing.what]
    if footing.same:
        return f"{what}: {_short(footing.then)}, as then"
    changes = f"; it differs in {', '.join(footing.changes)}" if footing.changes else ""
    return f"{what}: {_short(footing.then) or 'not recorded'} then, {_short(footing.now)} now{changes}"


def _short(name: str) -> str:
    return name[:12]
