"""`payflow log` and what belongs to it, as a person at a terminal has them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from payflow.cli import main
from payflow.report import as_json
from payflow.report.about import concerns
from payflow.store.journal import JournalEntry
from stories.papers import contract, invoice
from stories.world import World

LONG = "An agency with a name as long as this one, which no column was ever made for"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two clients, one reminder to each on 5 November."""
    bolt = contract("bolt-shop", "Bolt Ltd", milestones={"all": ("500.00", ["INV-0020"])}, email="pay@bolt.example")
    acme = contract(client="Acme Ltd", milestones={"deposit": ("3000.00", ["INV-0012"])})
    made = World(tmp_path, acme=acme, bolt=bolt).on("2026-10-20")
    rows = (invoice("INV-0012", "3000.00"), invoice("INV-0020", "500.00", client="Bolt Ltd"))
    made.books(*rows).begin()
    made.on("2026-11-05").books(*rows).run()
    made.ruling("hold", "INV-0020", until=None, reason=LONG)
    made.close()
    yield made
    made.close()


@pytest.fixture
def payflow(world: World) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["-C", str(world.root), "--now", "2026-11-06T09:30", *words])

    return call


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    Draft202012Validator(
        json.loads(as_json.schema_text(data["schema"].split("/")[0].removeprefix("payflow.")))
    ).validate(data)
    found: list[dict[str, Any]] = data["records"]
    return found


def test_the_log_of_a_client_has_what_was_decided_about_it_and_what_became_of_it(
    payflow: Callable[..., Result],
) -> None:
    kinds = [one["kind"] for one in records(payflow("log", "--client", "bolt", "--json"))]
    assert kinds == ["decision", "outcome", "hold"]


def test_the_log_of_an_invoice_has_its_notices_though_they_stand_in_letters_to_a_client(
    payflow: Callable[..., Result],
) -> None:
    found = records(payflow("log", "--invoice", "INV-0012", "--json"))
    assert [one["kind"] for one in found if one["kind"] != "observations"] == ["identities", "decision", "outcome"]
    assert records(payflow("log", "--invoice", "INV-0020", "--kind", "hold", "--json"))[0]["body"]["reason"] == LONG


def test_the_log_of_a_project_has_its_invoices_and_versions(payflow: Callable[..., Result]) -> None:
    found = [one["kind"] for one in records(payflow("log", "--project", "bolt-shop", "--json"))]
    assert found == ["agreement", "told", "decision", "outcome", "hold"]


def test_days_and_kinds_narrow_the_log(payflow: Callable[..., Result]) -> None:
    assert {one["day"] for one in records(payflow("log", "--since", "2026-11-01", "--json"))} == {"2026-11-05"}
    assert {one["day"] for one in records(payflow("log", "--until", "2026-11-01", "--json"))} == {"2026-10-20"}
    found = records(payflow("log", "--kind", "live", "--kind", "hold", "--json"))
    assert [one["kind"] for one in found] == ["live", "hold"]
    wrong = payflow("log", "--kind", "holds")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "no kind of record called 'holds'. Did you mean 'hold'?" in wrong.stderr


def test_lines_fit_eighty_columns_and_digests_are_told_by_their_beginning(payflow: Callable[..., Result]) -> None:
    text = payflow("log").stdout
    assert max(map(len, text.splitlines())) <= 80
    [version] = records(payflow("log", "--kind", "agreement", "--json"))
    digest = version["body"]["digest"]
    assert len(digest) == 64
    assert digest not in text
    assert f"digest {digest[:12]}" in text


def test_verify_says_in_json_too_whether_the_chain_holds(payflow: Callable[..., Result], world: World) -> None:
    data = json.loads(payflow("log", "verify", "--json").stdout)
    Draft202012Validator(json.loads(as_json.schema_text("log-verify"))).validate(data)
    assert (data["holds"], data["faults"]) == (True, [])
    assert payflow("log", "verify").stdout == f"{data['records']} records, chain holds\n"
    with world.store.transaction() as tx:
        tx.execute("UPDATE journal SET client = 'other' WHERE kind = 'hold'")
    world.close()
    result = payflow("log", "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["holds"]) == (1, False)
    said = payflow("log", "verify")
    assert (said.exit_code, said.stdout) == (1, "")
    assert f"the body of record {data['records']} was changed" in said.stderr


def test_an_older_copy_put_back_with_its_anchor_is_told_by_an_anchor_kept_elsewhere(
    payflow: Callable[..., Result], world: World, tmp_path: Path
) -> None:
    older, kept = tmp_path / "older", tmp_path / "elsewhere.anchor"
    names = ("payflow.db", "payflow.db.anchor")
    older.mkdir()
    for name in names:
        shutil.copy(world.root / name, older / name)
    world.on("2026-11-12").books(invoice("INV-0012", "3000.00")).run()
    world.close()
    shutil.copy(world.root / "payflow.db.anchor", kept)
    assert payflow("log", "verify", "--anchor", str(kept)).exit_code == 0
    for name in names:
        shutil.copy(older / name, world.root / name)
    assert payflow("log", "verify").exit_code == 0
    said = payflow("log", "verify", "--anchor", str(kept))
    assert (said.exit_code, said.stdout) == (1, "")
    assert "the anchor file elsewhere.anchor knows record" in said.stderr


def test_a_day_is_decided_again(payflow: Callable[..., Result]) -> None:
    said = payflow("log", "replay", "2026-11-05")
    assert (said.exit_code, said.stderr) == (0, "")
    assert "the same today." in said.stdout
    assert "INV-0012, reminder: decided again" in said.stdout
    data = json.loads(payflow("log", "replay", "2026-11-05", "--json").stdout)
    Draft202012Validator(json.loads(as_json.schema_text("replay"))).validate(data)
    assert (data["same"], len(data["decisions"][0]["acts"])) == (True, 2)
    assert payflow("log", "replay", "2026-11-04").stdout == "Nothing was decided on 2026-11-04.\n"


def test_a_live_store_whose_anchor_is_gone_is_told_and_is_not_live(
    payflow: Callable[..., Result], world: World
) -> None:
    (world.root / "payflow.db.anchor").unlink()
    said = payflow("log", "verify")
    assert said.exit_code == 1
    assert "the anchor file payflow.db.anchor is gone or empty" in said.stderr
    assert json.loads(payflow("status", "--json").stdout)["live"] is False
    assert payflow("live", "--from", "2026-10-01").exit_code == 0
    assert payflow("log", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("identities", {"rows": [[7, "books", "k7", "I-7"], [8, "books", "k8", "I-8"]]}),
        ("identities", {"source": "books", "columns": {"id": [7, 8], "key": ["k7", "k8"], "number": ["I-7", "I-8"]}}),
        ("observations", {"as_of": "2026-11-05", "columns": {"invoice": [7, 8], "paid": [0, 0], "credited": [0, 0]}}),
    ],
)
def test_a_record_of_many_invoices_is_about_each_of_them(kind: str, body: dict[str, Any]) -> None:
    entry = JournalEntry(1, datetime(2026, 11, 5, tzinfo=UTC), kind, date(2026, 11, 5), "", "", None, body)
    assert concerns(entry).rows == {7, 8}
