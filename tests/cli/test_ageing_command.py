"""`payflow ageing`: text, JSON, CSV to a file or standard output, for any day."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from click.testing import CliRunner

from payflow.cli import main
from stories.papers import invoice
from stories.world import World


def ask(root: Path, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, ["-C", str(root), "--now", "2026-12-20T10:00", *words])
    return found.exit_code, found.output


def studio(folder: Path) -> Path:
    world = World(folder)
    world.on("2026-12-20 09:30").books(
        invoice("INV-1", "1000.00", issued="2026-08-01", due="2026-08-31"),
        invoice("INV-2", "200.00", issued="2026-12-10", due="2027-01-09"),
        invoice("INV-3", "50.00", issued="2026-11-20", due="2026-12-10"),
    )
    world.sync()
    world.close()
    return world.root


def test_it_shows_what_status_adds_up(tmp_path):
    root = studio(tmp_path)
    code, text = ask(root, "ageing", "--json")
    told = json.loads(text)
    assert (code, told["schema"], told["as_of"]) == (0, "payflow.ageing/1", "2026-12-20")
    (total,) = told["totals"]
    assert (total["current"], total["days_1_30"], total["over_90"]) == ("200.00", "50.00", "1000.00")
    (shown,) = json.loads(ask(root, "status", "--json")[1])["totals"]
    assert {name: total[name] for name in shown} == shown
    assert "Over 90" in ask(root, "ageing")[1]


def test_another_day_has_another_answer(tmp_path):
    root = studio(tmp_path)
    (total,) = json.loads(ask(root, "ageing", "--json", "--as-of", "2026-08-10")[1])["totals"]
    assert total["over_90"] == "0.00"


def test_csv_goes_to_a_file_or_to_standard_output(tmp_path):
    root = studio(tmp_path)
    place = tmp_path / "ageing.csv"
    assert ask(root, "ageing", "--csv", str(place)) == (0, "")
    code, text = ask(root, "ageing", "--csv", "-")
    # the runner of the tests writes line ends its own way
    assert (code, text) == (0, place.read_text(encoding="utf-8"))
    assert place.read_bytes().count(b"\r\n") == 2
    assert [row["over_90"] for row in csv.DictReader(io.StringIO(text))] == ["1000.00"]
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".ageing")] == []


def test_a_file_that_cannot_be_written_is_one_error(tmp_path):
    code, text = ask(studio(tmp_path), "ageing", "--csv", str(tmp_path / "none" / "a.csv"))
    assert code == 1
    assert "No such file or directory" in text
    assert "Traceback" not in text


def test_two_answers_at_once_are_a_mistake(tmp_path):
    assert ask(studio(tmp_path), "ageing", "--json", "--csv", "-")[0] == 2
