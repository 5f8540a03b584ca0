"""`docs/statutes.md` says of every statute and table what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from payflow.money import show
from payflow.policy.cautions import CAUTIONS
from payflow.policy.compensation import FixedSum
from payflow.policy.fees import percent
from payflow.policy.law import Statute
from payflow.policy.statutes import STATUTES
from payflow.policy.tables import TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "statutes.md").read_text(encoding="utf-8")


def line_of(act: Statute) -> str:
    """The line of a statute in the first table of the page."""
    cells = (
        f"`{act.name}`",
        act.title,
        rate_of(act),
        act.fixing.value,
        act.day_count,
        act.compound,
        act.rounding,
        sum_of(act.compensation),
    )
    return f"| {' | '.join(cells)} |"


def rate_of(act: Statute) -> str:
    parts = [f"`{act.table}`"] if act.table else []
    margins = [percent(margin.points) for margin in act.margins]
    if margins != ["0"]:
        parts.append(", ".join(f"{text} since {m.since}" for text, m in zip(margins, act.margins, strict=True)))
    rounded = f", rounded up to a multiple of {percent(act.rounded_up_to)}" if act.rounded_up_to is not None else ""
    return " + ".join(parts) + rounded


def sum_of(fixed: FixedSum | None) -> str:
    if fixed is None:
        return "none"
    return " / ".join(show(band.sum, fixed.currency).replace(".00", "") for band in fixed.bands)


@pytest.mark.parametrize("act", STATUTES.values(), ids=lambda act: act.name)
def test_the_page_has_the_line_of_every_statute(act: Statute) -> None:
    assert line_of(act) in PAGE.splitlines()


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_a_line_of_every_table(name: str) -> None:
    series = TABLES[name]
    assert f"| `{name}` | {series.title} | {series.speaks.value} |" in PAGE


@pytest.mark.parametrize("caution", CAUTIONS, ids=lambda caution: f"{caution.place} {caution.text[:20]}")
def test_the_page_repeats_every_warning_of_a_place_with_its_source(caution: object) -> None:
    assert f"| {caution.place} | {caution.text} | {caution.source} |" in PAGE  # type: ignore[attr-defined]  # by parametrize


def test_the_page_tells_the_notes_warnings_and_sources_of_every_statute() -> None:
    for act in STATUTES.values():
        for text in (*act.sources, *act.notes, *act.warnings):
            assert text in PAGE, (act.name, text)
