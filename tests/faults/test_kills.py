"""Runs that are killed at boundaries, at named places and at random moments, and eight at once: nothing twice, nothing lost.

A few lives of each campaign; `python tests/faults/kills.py` lives them all. The four of them together are killed at every place.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import payflow
from stores import url_of

HARNESS = Path(__file__).with_name("kills.py")
#: Which lives of a campaign: where it begins, and whether eight runs begin at once.
SHARES = {
    ("sqlite", "folder"): (52, 1),
    ("sqlite", "smtp"): (77, 0),
    ("postgresql", "folder"): (22, 0),
    ("postgresql", "smtp"): (91, 1),
}


@pytest.mark.parametrize("transport", ["folder", "smtp"])
def test_whenever_runs_are_killed_each_effect_happens_once(store_kind: str, transport: str) -> None:
    url_of(store_kind)
    offset, crowds = SHARES[store_kind, transport]
    words = f"--store {store_kind} --transport {transport} --every 800 --offset {offset} --places 4 --cuts 3"
    done = subprocess.run(
        [sys.executable, str(HARNESS), *words.split(), f"--crowds={crowds}", f"--random={1 - crowds}", "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout, done.stderr
    [tally] = json.loads(done.stdout)
    for kind, least in (("mails", 9), ("charges", 2), ("hooks", 5)):
        assert (kind, tally[kind]["doubles"], tally[kind]["losses"]) == (kind, [], [])
        assert tally[kind]["effects"] >= least * tally["lives"]
    assert tally["faults"] == []
    assert tally["kills"] >= tally["lives"] - 3
    assert (tally["cuts"] > 0) is (store_kind == "postgresql")
    assert done.returncode == 0
    assert set(tally["places"]) == _named()


def _named() -> set[str]:
    """Every place that the code names on its way."""
    modules = Path(payflow.__file__).parent.rglob("*.py")
    return {name for module in modules for name in re.findall(r'pause\("([^"]+)"\)', module.read_text("utf-8"))}


def test_the_four_campaigns_are_killed_at_every_place_between_them() -> None:
    assert sorted(offset % 4 for offset, _ in SHARES.values()) == [0, 1, 2, 3]
