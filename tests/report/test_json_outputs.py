"""Every `--json` output against its published schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from payflow.decide.replay import Act, Footing, Replayed
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.model.verdict import ReasonCode
from payflow.report import as_json, operations_json, replay, store_info
from payflow.report.ansi import Style
from payflow.store.anchor import Head
from report import factories
from report.outcomes import BAD_ROW, WARNING, ran, report

NAMES = (
    "status",
    "gate",
    "plan",
    "explain",
    "run",
    "sync",
    "log",
    "log-verify",
    "store",
    "replay",
    "outbox",
    "hook",
    "match",
    "match-decision",
    "doctor",
    "connectors",
    "rates",
    "rate-table",
    "calc",
    "ageing",
)


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(as_json.schema_text(name))
    return loaded


def valid(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data as a program reads it, once it holds against the schema."""
    read: dict[str, Any] = json.loads(json.dumps(data))
    Draft202012Validator(schema(name)).validate(read)
    assert read["schema"] == f"payflow.{name}/1"
    return read


def test_every_schema_is_one_and_strict_and_none_is_forgotten():
    folder = files("payflow.report").joinpath("schemas")
    assert sorted(item.name for item in folder.iterdir()) == sorted(f"{name}.schema.json" for name in NAMES)
    for name in NAMES:
        Draft202012Validator.check_schema(schema(name))
        for part in objects(schema(name)):
            if "properties" in part:
                assert part["additionalProperties"] is False
                assert sorted(part["required"]) == sorted(part["properties"])
            assert part.get("description"), part


def objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        for value in part.values():
            yield from objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from objects(value)


def test_words_of_the_schemas_are_the_words_of_the_domain():
    invoice = schema("status")["properties"]["invoices"]["items"]["properties"]
    assert set(invoice["state"]["enum"]) == {state.word for state in State}
    assert set(invoice["flags"]["items"]["enum"]) == set(Flag)
    assert set(schema("gate")["$defs"]["reason"]["properties"]["code"]["enum"]) == set(ReasonCode)


def test_status_says_what_the_design_promises():
    data = valid("status", as_json.status(factories.decision()))
    assert (data["as_of"], data["live"], data["live_from"]) == ("2026-11-21", True, "2026-10-01")
    invoice = data["invoices"][0]
    expected = {
        "source": "books",
        "invoice": "INV-0013",
        "client": "acme",
        "project": "acme-website",
        "milestone": "design",
        "currency": "GBP",
        "total": "4000.00",
        "outstanding": "4000.00",
        "issued_on": "2026-10-20",
        "due_on": "2026-11-04",
        "days_overdue": 17,
        "state": "overdue",
        "flags": [],
        "fees": "25.00",
        "interest": "12.27",
        "next_step": "final-notice",
        "next_on": "2026-11-24",
    }
    assert {name: invoice[name] for name in expected} == expected
    build = data["projects"][0]["phases"][1]
    assert (build["phase"], build["verdict"], build["started"]) == ("build", "blocked", "2026-10-21")
    reason = build["reasons"][0]
    assert (reason["code"], reason["milestone"], reason["invoice"]) == ("milestone-unpaid", "design", "INV-0013")
    assert data["totals"][1] == {
        "currency": "JPY",
        "outstanding": "1000000",
        "overdue": "1000000",
        "fees": "0",
        "interest": "0",
    }
    assert data["sources"][2] == {
        "source": "bank",
        "synced_at": None,
        "complete": False,
        "stale": True,
        "problem": None,
    }
    assert data["needs_you"][0]["code"] == "invoice-ambiguous"


def test_flags_are_sorted_and_what_is_not_stated_is_null():
    view = factories.invoice(
        flags=frozenset({Flag.STALE, Flag.HELD, Flag.OLD}), project="", milestone="", due_on=None, next_step=None
    )
    invoice = valid("status", as_json.status(factories.decision(invoices=[view])))["invoices"][0]
    assert invoice["flags"] == ["held", "old", "stale"]
    assert (invoice["project"], invoice["milestone"], invoice["due_on"], invoice["next_step"]) == (None,) * 4


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_word(state):
    view = factories.invoice(state=state)
    assert as_json.status(factories.decision(invoices=[view]))["invoices"][0]["state"] == state.word
    valid("status", as_json.status(factories.decision(invoices=[view])))


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_its_code(code):
    verdict = factories.verdict(reasons=(replace(factories.unpaid(), code=code),))
    assert valid("gate", as_json.gate(verdict, factories.AS_OF))["reasons"][0]["code"] == code.value


def test_a_waived_gate_is_open_and_still_gives_its_reasons():
    verdict = factories.verdict("launch", reasons=(factories.unpaid(),), waiver=factories.waiver())
    data = valid("gate", as_json.gate(verdict, factories.AS_OF))
    assert data["verdict"] == "open"
    assert data["waiver"]["until"] == "2026-12-01"
    assert data["reasons"]


def test_a_plan_lists_messages_takebacks_changes_and_news():
    data = valid("plan", as_json.plan(factories.decision()))
    assert data["messages"][0]["notices"][0]["fee"]["amount"] == "25.00"
    assert data["messages"][0]["corrections"][0]["invoice"] == "INV-0010"
    assert data["takebacks"][0]["invoice"] == "INV-0010"
    assert data["changes"][0]["after"] == "blocked"
    plain = factories.notice_item(fee=None, announces=None, blocks=())
    bare = factories.message(notices=(plain,), recipient=factories.recipient(email=""))
    data = valid("plan", as_json.plan(factories.decision(plan=factories.plan_of(bare))))
    assert data["messages"][0]["email"] is None


def test_an_explanation_carries_exact_fractions_beside_decimal_text():
    data = valid("explain", as_json.explain(factories.explanation(), factories.AS_OF))
    first = data["stretches"][0]
    assert (first["from"], first["to"], first["days"]) == ("2026-11-08", "2026-11-10", 3)
    assert (first["interest"], first["numerator"], first["denominator"]) == ("3.287671", 12_000_000, 36_500)
    assert data["notices"][0]["step"] == "friendly-reminder"
    assert data["charges"][1]["reversals"][0]["amount"] == "25.00"


def test_readings_tell_their_problems_by_severity():
    reports = [report(problems=(BAD_ROW, WARNING)), report(error="the server did not answer")]
    data = valid("sync", operations_json.sync(reports))
    assert [problem["severity"] for problem in data["sources"][0]["problems"]] == ["error", "warning"]
    assert data["sources"][1]["error"] == "the server did not answer"


@pytest.mark.parametrize(
    ("report", "left_out"),
    [
        (ran(), False),
        (ran(waiting=("m-2",)), False),
        (ran(synced=(report(problems=(WARNING,)),)), False),
        (ran(synced=(report(problems=(BAD_ROW,)),)), True),
        (ran(synced=(report(error="down"),)), True),
        (ran(unsure=("m-2",)), True),
        (ran(failed=("m-2",)), True),
        (ran(decision=factories.decision()), True),
    ],
)
def test_a_run_says_whether_something_was_left_out(report, left_out):
    assert valid("run", operations_json.run(report))["left_out"] is left_out


def test_a_check_of_the_journal_names_its_faults():
    data = valid("log-verify", operations_json.log_verify(7, 1, ["record 3 was changed"]))
    assert (data["holds"], data["records"], data["erased"], data["faults"]) == (False, 7, 1, ["record 3 was changed"])
    assert valid("log-verify", operations_json.log_verify(7, 0, []))["holds"] is True


def test_a_replay_tells_what_differs_line_by_line():
    act = Act(7, "INV-1", "reminder", "", True, False, ("due on: 2026-11-04 then, 2026-11-20 now",))
    footings = (
        Footing("agreement", "ab" * 32, "cd" * 32, ("policies.standard.grace",)),
        Footing("rates", "", "ef" * 32),
    )
    again = Replayed(12, datetime(2026, 11, 21, 9, 30, tzinfo=UTC), (act,), footings)
    data = valid("replay", replay.replay_json(factories.AS_OF, [again]))
    assert (data["same"], data["decisions"][0]["acts"][0]["differences"]) == (False, list(act.why))
    assert data["decisions"][0]["stood_on"][1]["then"] is None
    text = replay.replay_text(factories.AS_OF, [again], Style(signs=False))
    assert "INV-1, reminder: decided then, not now" in text
    assert "the rate tables: not recorded then, efefefefefef now" in text


def test_findings_are_counted_by_severity():
    data = valid("doctor", operations_json.doctor([BAD_ROW, WARNING, WARNING]))
    assert (data["errors"], len(data["findings"])) == (1, 3)


def test_where_the_store_is_and_whether_it_is_live_here() -> None:
    found = store_info.StoreInfo("studio/payflow.db", 2, Head(7, "ab" * 32), "studio/payflow.db.anchor", False, "", {})
    data = valid("store", store_info.as_json(found))
    assert (data["journal"]["records"], data["live"], data["not_live_because"]) == (7, False, None)
    assert "live     no" in store_info.as_text(found, Style())
