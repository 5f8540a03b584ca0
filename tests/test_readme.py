"""What README.md shows is what happens: its sessions run, its files parse, its `make` targets exist."""

from __future__ import annotations

import json
import tomllib
from difflib import unified_diff
from pathlib import Path

import pytest

from documents import ROOT, Block, Outcome, blocks, make_targets, matches, run, tidy

README = blocks((ROOT / "README.md").read_text(encoding="utf-8"))
SESSIONS = [block for block in README if block.runs]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Outcome]]:
    return run(README, tmp_path_factory.mktemp("readme"))


def test_the_readme_shows_terminal_sessions():
    assert SESSIONS


@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: f"line {block.line}")
def test_a_session_prints_what_the_readme_shows(block: Block, outcomes: dict[int, list[Outcome]]):
    for command, outcome in zip(block.commands, outcomes[block.line], strict=True):
        where = f"README.md:{block.line}: $ {command.text}"
        assert matches(command.shown, outcome.printed), "\n".join(
            [where, *unified_diff(tidy(command.shown), tidy(outcome.printed), "README.md", "printed", lineterm="")]
        )
        assert outcome.exit_code == command.exit_code, f"{where} ended with {outcome.exit_code}"


@pytest.mark.parametrize("block", [block for block in README if block.language == "toml"], ids=lambda block: block.line)
def test_toml_in_the_readme_parses(block: Block):
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", [block for block in README if block.language == "json"], ids=lambda block: block.line)
def test_json_in_the_readme_parses(block: Block):
    assert json.loads(block.text)


def test_every_block_of_the_readme_says_what_it_is():
    unnamed = [
        block.line for block in README if block.language not in ("console", "toml", "json", "text", "csv", "cron")
    ]
    assert not unnamed, f"README.md, lines {unnamed}: name the language after the fence; sessions are `console`"


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="no Makefile beside these tests")
def test_make_targets_in_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in make_targets(README):
        assert f"\n{target}:" in makefile, f"README.md tells to make {target}"


@pytest.mark.parametrize(
    ("page", "shown", "printed", "same"),
    [
        ("equal", "one\ntwo", "one\ntwo\n", True),
        ("another word", "one\ntwo", "one\nthree\n", False),
        ("a line more", "one", "one\ntwo\n", False),
        ("a line less", "one\ntwo", "one\n", False),
        ("left out in the middle", "one\n...\nfour", "one\ntwo\nthree\nfour\n", True),
        ("nothing left out", "one\n...\ntwo", "one\ntwo\n", True),
        ("left out, but another end", "one\n...\nfour", "one\ntwo\nthree\n", False),
        ("nothing shown, something printed", "", "one\n", False),
        ("blanks at the end of a line", "one", "one   \n", True),
        ("blanks at the start of a line", "one", " one\n", False),
        ("references of two stores", "fee PF-7K2M9QXA3D5F", "fee PF-0000000011AB\n", True),
        ("signs that mean something to patterns", "(25.00) [x]*", "(25.00) [x]*\n", True),
    ],
)
def test_shown_and_printed_are_compared_line_by_line(page: str, shown: str, printed: str, same: bool):
    assert matches(shown, printed) is same, page


def test_a_page_is_run_in_one_shell_in_one_folder(tmp_path: Path):
    page = blocks(
        "```text studio/note.txt\nhello\n```\n<!-- PAYFLOW_NOW=2026-11-20 -->\n"
        "```console\n$ cd studio\n$ cat \\\n> note.txt\nhello\n$ echo $PAYFLOW_NOW\n```\n"
        "```console\n$ ls; false # exit code 1\nnote.txt\n```\n"
        "```console\n$ make demo\n```\n```console\n$ git clone payflow\n```\n"
    )
    outcomes = run(page, tmp_path)
    assert [[(outcome.printed, outcome.exit_code) for outcome in session] for session in outcomes.values()] == [
        [("", 0), ("hello\n", 0), ("2026-11-20\n", 0)],
        [("note.txt\n", 1)],
    ]
    assert [command.exit_code for block in page for command in block.commands][-3] == 1
    assert make_targets(page) == {"demo"}
