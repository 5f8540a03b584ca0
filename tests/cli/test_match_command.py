"""`payflow match`: lines that wait, with what they may pay; a person decides, and it is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from payflow.cli import main
from payflow.report import as_json
from stories.papers import BOOKS, STATEMENTS, invoice, line, settings
from stories.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two invoices of Acme; one line with a number, one without, one of somebody else."""
    made = World(tmp_path, toml=settings(sources=BOOKS + STATEMENTS)).on("2026-10-20")
    made.books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"))
    made.statement(
        line(
            "2026-10-18", "3000.00", "a big thank you to all of you in the north for what you made of our old website"
        ),
        line("2026-10-19", "500.00", "INV-0013 first part"),
        line("2026-10-19", "-80.00", "paper", payer="Printer"),
    )
    made.begin()
    made.close()
    return made


def payflow(world: World, *words: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(
        main, ["-C", str(world.root), "--now", "2026-10-20T12:00", *words], catch_exceptions=False
    )


def listed(world: World, *words: str) -> list[dict[str, object]]:
    data = json.loads(payflow(world, "match", *words, "--json").stdout)
    Draft202012Validator(json.loads(as_json.schema_text("match"))).validate(data)
    assert data["waiting"] == sum(one["state"] == "suggested" for one in data["lines"])
    lines: list[dict[str, object]] = data["lines"]
    return lines


def test_what_waits_is_listed_with_its_candidates_and_the_commands_that_settle_it(world: World) -> None:
    [waiting] = listed(world)
    text = payflow(world, "match").stdout
    assert text.startswith("WAITING FOR YOU\n")
    assert f"payflow match --accept {waiting['id']} | --reject {waiting['id']}" in text
    assert "perhaps INV-0012 3,000.00 GBP: the exact amount, and from an account known as that of Acme Ltd" in " ".join(
        text.split()
    )
    assert max(map(len, text.splitlines())) <= 80


def test_all_lines_are_listed_when_asked_for(world: World) -> None:
    assert [one["state"] for one in listed(world, "--all")] == ["suggested", "certain", "unmatched"]
    text = payflow(world, "match", "--all").stdout
    assert "pays INV-0013 500.00 GBP: its number in the text: INV-0013" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_a_line_is_accepted_by_the_first_signs_of_its_id_and_then_nothing_waits(world: World) -> None:
    [waiting] = listed(world)
    short = str(waiting["id"])[:5]
    done = payflow(world, "match", "--accept", short, "--reason", "asked on the phone")
    assert (done.exit_code, done.stdout) == (0, f"{waiting['id']} pays 3,000.00 GBP of INV-0012.\n")
    assert payflow(world, "match").stdout == "No bank line waits for you. payflow match --all lists the others.\n"
    assert payflow(world, "gate", "check", "acme-website", "design").exit_code == 0


def test_a_line_is_rejected_and_the_answer_can_be_json(world: World) -> None:
    [waiting] = listed(world)
    data = json.loads(payflow(world, "match", "--reject", str(waiting["id"]), "--json").stdout)
    Draft202012Validator(json.loads(as_json.schema_text("match-decision"))).validate(data)
    assert data["said"] == f"{waiting['id']} pays no invoice."
    assert [one["state"] for one in listed(world, "--all")] == ["certain", "unmatched", "rejected"]


def test_invoices_and_amounts_are_named(world: World) -> None:
    [waiting] = listed(world)
    words = ("--invoice", "INV-0013=2500.00", "--invoice", "INV-0012")
    done = payflow(world, "match", "--accept", str(waiting["id"]), *words)
    assert done.stdout == f"{waiting['id']} pays 2,500.00 GBP of INV-0013 and 500.00 GBP of INV-0012.\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--accept", "a", "--reject", "b"),
        ("--reason", "because"),
        ("--reject", "a", "--invoice", "INV-0012"),
        ("--accept", "a", "--all"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(world: World, words: tuple[str, ...]) -> None:
    assert payflow(world, "match", *words).exit_code == 2


def test_the_board_says_that_a_line_waits_and_the_explanation_names_the_line(world: World) -> None:
    board = payflow(world, "status").stdout
    assert "a bank line waits for you to say what it pays" in board
    assert "payflow match" in board
    explained = payflow(world, "explain", "INV-0013").stdout
    assert "from ACME LTD: its number in the text: INV-0013" in " ".join(explained.split())
    entry = json.loads(payflow(world, "explain", "INV-0013", "--json").stdout)["entries"][0]
    assert entry["bank"].startswith("bank line ")
