"""Runs that are killed at boundaries and at random moments, and eight at once: nothing twice, nothing lost, the same end.

A few lives of each campaign; `python tests/faults/kills.py` lives them all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stores import url_of

HARNESS = Path(__file__).with_name("kills.py")


@pytest.mark.parametrize("transport", ["folder", "smtp"])
def test_whenever_runs_are_killed_each_effect_happens_once(store_kind: str, transport: str) -> None:
    url_of(store_kind)
    words = f"--store {store_kind} --transport {transport} --every 40 --offset 7 --random 1 --crowds 1 --json".split()
    done = subprocess.run(
        [sys.executable, str(HARNESS), *words], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.stdout, done.stderr
    [tally] = json.loads(done.stdout)
    assert (tally["doubles"], tally["losses"], tally["faults"]) == ([], [], [])
    assert tally["kills"] >= tally["lives"] - 1
    assert tally["effects"] >= 8 * tally["lives"]
    assert done.returncode == 0
