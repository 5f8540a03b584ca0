"""Golden text files beside the tests: what a person reads. `GOLDEN_UPDATE=1 pytest tests/report tests/cli` rewrites them."""

from __future__ import annotations

import os
from pathlib import Path


def check(path: Path, text: str) -> None:
    """Compare with the golden file, or write it where `GOLDEN_UPDATE` is set."""
    if os.environ.get("GOLDEN_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; GOLDEN_UPDATE=1 writes it anew"
