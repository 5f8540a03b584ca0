"""The name of all rates that are known changes with a figure, and with nothing else."""

from __future__ import annotations

from pathlib import Path

from payflow.policy.rate_digest import rates_digest


def digest(folder: Path, name: str, *rows: str) -> str:
    folder.mkdir()
    (folder / f"{name}.csv").write_text("\n".join(["effective_from,rate_percent,source", *rows, ""]))
    return rates_digest(folder)


def test_every_figure_of_every_table_counts(tmp_path: Path) -> None:
    shipped = rates_digest()
    assert (len(shipped), shipped) == (64, rates_digest(tmp_path))
    one = digest(tmp_path / "one", "own", "2026-01-01,1,a notice")
    same = digest(tmp_path / "same", "own", "2026-01-01,1,the same notice in other words")
    found = [
        shipped,
        one,
        digest(tmp_path / "rate", "own", "2026-01-01,2,a notice"),
        digest(tmp_path / "day", "own", "2026-01-02,1,a notice"),
        digest(tmp_path / "more", "own", "2026-01-01,1,a notice", "2026-07-01,1,a notice"),
        digest(tmp_path / "name", "owned", "2026-01-01,1,a notice"),
        # a row of the user's says how far the shipped table reaches
        digest(tmp_path / "shipped", "de_basiszinssatz", "2027-01-01,1.52,a notice"),
    ]
    assert one == same
    assert len(set(found)) == len(found)
