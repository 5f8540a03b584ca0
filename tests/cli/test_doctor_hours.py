"""`payflow doctor` tells when runs never fall inside the hours in which e-mails may go out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from payflow.cli import main
from payflow.store import open_store
from payflow.store.runs import note_run, runs
from stories.papers import BUSINESS


def ran_at(root: Path, hour: int, days: int) -> str:
    (root / "payflow.toml").write_text(BUSINESS)
    with open_store("sqlite:///payflow.db", root, create=True) as store:
        for day in range(days):
            with store.transaction() as tx:
                note_run(tx, datetime(2026, 11, 2, hour, tzinfo=UTC) + timedelta(days=day))
    return CliRunner().invoke(main, ["-C", str(root), "doctor"]).output


def test_runs_at_night_only_are_warned_of(tmp_path: Path):
    assert "none of the last 8 runs" in " ".join(ran_at(tmp_path, 3, 8).split())


@pytest.mark.parametrize(
    ("hour", "days"), [pytest.param(10, 8, id="inside the hours"), pytest.param(3, 3, id="too few days to tell")]
)
def test_other_runs_are_not(tmp_path: Path, hour: int, days: int):
    assert "runs fell inside" not in " ".join(ran_at(tmp_path, hour, days).split())


def test_only_the_last_week_of_hourly_runs_is_kept(tmp_path: Path):
    with open_store("sqlite:///payflow.db", tmp_path, create=True) as store:
        for hour in range(200):
            with store.transaction() as tx:
                note_run(tx, datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hour))
        assert len(runs(store)) == 168
        assert runs(store)[-1] == datetime(2026, 11, 10, 7, tzinfo=UTC)
