"""The journal read back as the pure parts need it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from payflow.errors import JournalError
from payflow.model.agreement import Agreement, Policy, TermPart, Terms
from payflow.model.journal import (
    Announcement,
    ChargeState,
    Confirmation,
    Hold,
    Link,
    Memory,
    Notice,
    Record,
    RecordKind,
    Reversal,
    Version,
    Waiver,
)
from payflow.model.serial import agreement_to_json
from payflow.store import Store
from payflow.store.memory import Live, last_live, load_memory
from store.journal_samples import AT, DAY, add, fee, notice, outcome, record

K = RecordKind


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def agreement(grace: int) -> Agreement:
    policy = Policy("standard", Terms("net-15", ((TermPart.DAYS, 15),)), grace)
    return Agreement({"standard": policy}, {}, "standard", {"books": "books"}, f"digest-{grace}")


def agreed(version: Agreement, day: date) -> Record:
    return record(K.AGREEMENT, day, digest=version.digest, agreement=agreement_to_json(version))


def test_an_empty_journal_is_an_empty_memory(store: Store) -> None:
    assert load_memory(store) == Memory(versions=(), holds=(), waivers=())
    assert last_live(store) is None


def test_versions_of_the_agreement_stand_in_order_with_their_days(store: Store) -> None:
    add(store, agreed(agreement(3), DAY), agreed(agreement(5), on(2)), agreed(agreement(7), on(2)))
    assert load_memory(store).versions == (
        Version(DAY, agreement(3)),
        Version(on(2), agreement(5)),
        Version(on(2), agreement(7)),
    )
    assert load_memory(store, on(1)).versions == (Version(DAY, agreement(3)),)


def test_the_last_word_on_being_live_counts_and_memory_knows_that_of_the_day_asked_for(store: Store) -> None:
    add(store, record(K.LIVE, DAY, **{"from": "2026-11-01", "place": "here"}))
    add(store, record(K.LIVE, on(5), **{"from": "2026-10-01", "place": "there"}))
    assert last_live(store) == Live(date(2026, 10, 1), "there", on(5))
    assert [load_memory(store, day).live_from for day in (None, on(4), on(-1))] == [
        date(2026, 10, 1),
        date(2026, 11, 1),
        None,
    ]


def test_a_sent_message_leaves_notices_charges_and_its_day(store: Store) -> None:
    announced = {"step": "late-fee", "on": "2026-11-28", "text": "a fee of 25.00 GBP"}
    items = [notice(1, announced=announced), notice(2, "late-fee")]
    add(store, outcome(DAY, key="m1", notices=items, charges=[fee("PF-1", 2)]))
    memory = load_memory(store)
    due = date(2026, 11, 4)
    named = Announcement("late-fee", date(2026, 11, 28), "a fee of 25.00 GBP")
    assert memory.notices == {
        1: (Notice(1, "reminder", DAY, due, True, named, "m1"),),
        2: (Notice(2, "late-fee", DAY, due, True, None, "m1"),),
    }
    [charge] = memory.charges[2]
    assert (charge.ref, charge.amount, charge.currency, charge.claimed_on) == ("PF-1", 2500, "GBP", DAY)
    assert (charge.state, charge.standing, charge.message) == (ChargeState.CLAIMED, 2500, "m1")
    assert charge.terms == {"policy": "standard", "fee": "25.00 GBP"}
    assert memory.written == {("acme", DAY)}


def test_an_unsure_message_counts_for_the_ladder_and_claims_nothing(store: Store) -> None:
    add(store, outcome(DAY, "unsure", notices=[notice(1, "late-fee")], charges=[fee("PF-1", 1)]))
    memory = load_memory(store)
    assert [item.handed_over for item in memory.notices[1]] == [False]
    assert memory.charges == {}
    assert memory.written == {("acme", DAY)}


@pytest.mark.parametrize("said", ["failed", "retry"])
def test_a_message_that_was_not_accepted_leaves_nothing(store: Store, said: str) -> None:
    add(store, outcome(DAY, said, notices=[notice()], charges=[fee()]))
    assert load_memory(store) == Memory(versions=(), holds=(), waivers=())


def test_the_day_of_a_notice_is_the_day_of_its_message(store: Store) -> None:
    recovered = outcome(DAY, notices=[notice()])
    add(store, Record(K.OUTCOME, on(1), recovered.body))
    assert load_memory(store).notices[1][0].on == DAY
    assert load_memory(store, DAY).notices == {}


def reversal(amount: int, why: str = "paid on time") -> dict[str, Any]:
    return {"ref": "PF-1", "invoice": 1, "amount": amount, "currency": "GBP", "why": why}


def test_a_charge_taken_back_in_parts_is_reversed_once_nothing_stands(store: Store) -> None:
    add(store, outcome(charges=[fee("PF-1", 1)]), record(K.CHARGE_REVERSED, on(1), **reversal(1000)))
    [charge] = load_memory(store).charges[1]
    assert (charge.state, charge.standing) == (ChargeState.CLAIMED, 1500)
    add(store, record(K.CHARGE_REVERSED, on(2), **reversal(1500, "credited")))
    [charge] = load_memory(store).charges[1]
    assert (charge.state, charge.standing) == (ChargeState.REVERSED, 0)
    assert charge.reversals == (Reversal(1000, on(1), "paid on time"), Reversal(1500, on(2), "credited"))
    assert load_memory(store, on(1)).charges[1][0].standing == 1500


@pytest.mark.parametrize(
    ("kind", "state", "standing"),
    [(K.CHARGE_WAIVED, ChargeState.WAIVED, 0), (K.CHARGE_SETTLED, ChargeState.SETTLED, 2500)],
)
def test_a_charge_is_waived_or_settled_by_its_reference(
    store: Store, kind: RecordKind, state: ChargeState, standing: int
) -> None:
    add(store, outcome(charges=[fee("PF-1", 1), fee("PF-2", 1, occurrence="final")]))
    add(store, record(kind, ref="PF-2", reason="goodwill", by="Ann"))
    first, second = load_memory(store).charges[1]
    assert (first.state, second.state, second.standing) == (ChargeState.CLAIMED, state, standing)


def hold(day: date, identity: str = "1", until: date | None = None, scope: str = "invoice") -> Record:
    body = {"scope": scope, "id": identity, "until": until and until.isoformat(), "reason": "talks", "by": "Ann"}
    return record(K.HOLD, day, **body)


def release(day: date, identity: str = "1", scope: str = "invoice") -> Record:
    return record(K.RELEASE, day, scope=scope, id=identity, reason="done", by="Ann")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([hold(on(0))], [("1", on(0), None)]),
        ([hold(on(0), until=on(9))], [("1", on(0), on(9))]),
        ([hold(on(0)), release(on(4))], [("1", on(0), on(3))]),
        ([hold(on(0), until=on(9)), release(on(4))], [("1", on(0), on(3))]),
        ([hold(on(0), until=on(4)), release(on(4))], [("1", on(0), on(3))]),
        # it had ended by itself
        ([hold(on(0), until=on(3)), release(on(4))], [("1", on(0), on(3))]),
        ([hold(on(0)), release(on(0))], []),
        ([hold(on(0)), release(on(4)), hold(on(6))], [("1", on(0), on(3)), ("1", on(6), None)]),
        ([hold(on(0), "1"), hold(on(0), "2"), release(on(4), "2")], [("1", on(0), None), ("2", on(0), on(3))]),
        ([hold(on(0), "web", scope="project"), release(on(4), "web", "client")], [("web", on(0), None)]),
        ([hold(on(0)), hold(on(1), until=on(8)), release(on(2))], [("1", on(0), on(1)), ("1", on(1), on(1))]),
    ],
)
def test_a_hold_ends_on_its_day_or_the_day_before_it_is_released(
    store: Store, records: list[Record], expected: list[tuple[str, date, date | None]]
) -> None:
    add(store, *records)
    holds = load_memory(store).holds
    assert [(item.id, item.since, item.until) for item in holds] == expected
    assert all(item.reason == "talks" for item in holds)


def test_a_release_is_not_known_the_day_before(store: Store) -> None:
    add(store, hold(on(0)), release(on(4)))
    assert load_memory(store, on(3)).holds == (Hold("invoice", "1", on(0), None, "talks"),)


def test_what_people_say_of_invoices_is_remembered_and_their_last_word_counts(store: Store) -> None:
    said = {"reason": "told by phone", "by": "Ann"}
    add(
        store,
        record(K.CHASE, invoice=4, **said),
        record(K.CONFIRM, DAY, invoice=5, on="2026-11-10", **{"as": "paid"}, **said),
        record(K.CONFIRM, on(1), invoice=5, on=None, **{"as": "open"}, **said),
        record(K.LINK, invoice=6, to=2, **{"as": "same"}, **said),
        record(K.LINK, invoice=7, to="PF-1", **{"as": "charge"}, **said),
        record(K.LINK, invoice=7, to=None, **{"as": "debt"}, **said),
    )
    memory = load_memory(store)
    assert memory.chased == {4}
    assert memory.confirmations == {5: Confirmation(5, "open", on(1), AT)}
    assert load_memory(store, DAY).confirmations == {5: Confirmation(5, "paid", date(2026, 11, 10), AT)}
    assert memory.links == {6: Link(6, "same", "2"), 7: Link(7, "debt", "")}


def test_waivers_begin_on_the_day_they_are_given(store: Store) -> None:
    body = {"project": "web", "phase": "build", "until": "2026-12-01", "reason": "old client", "by": "Ann"}
    add(store, record(K.WAIVER, on(1), **body))
    assert load_memory(store).waivers == (Waiver("web", "build", on(1), date(2026, 12, 1), "old client", "Ann"),)


def test_a_phase_started_again_after_its_end_is_not_finished(store: Store) -> None:
    phase = {"project": "web", "phase": "build", "by": "Ann"}
    key = ("web", "build")

    def state() -> tuple[date | None, date | None]:
        memory = load_memory(store)
        return memory.started.get(key), memory.finished.get(key)

    add(store, record(K.PHASE_STARTED, on(0), **phase), record(K.PHASE_STARTED, on(1), **phase))
    assert state() == (on(0), None)
    add(store, record(K.PHASE_FINISHED, on(5), **phase))
    assert state() == (on(0), on(5))
    add(store, record(K.PHASE_STARTED, on(8), **phase))
    assert state() == (on(8), None)
    assert load_memory(store, on(7)).finished == {key: on(5)}


def test_what_the_owner_was_told_last_counts(store: Store) -> None:
    add(store, record(K.TOLD, DAY, verdicts={"web/build": "blocked", "web/test": "blocked"}, needs=["a", "b"]))
    add(store, record(K.TOLD, on(1), verdicts={"web/build": "open"}, needs=["c"]))
    memory = load_memory(store)
    assert memory.told_verdicts == {"web/build": "open", "web/test": "blocked"}
    assert memory.told_needs == {"c"}


def test_kinds_of_a_newer_program_are_passed_over(store: Store) -> None:
    add(store, record(K.CREATED, store="a1"), Record("starlight", DAY, {"odd": True}))  # type: ignore[arg-type] # a kind of the future
    add(store, record(K.IDENTITIES, rows=[]), record(K.OBSERVATIONS, rows=[]), record(K.DECISION, messages=[]))
    assert load_memory(store) == Memory(versions=(), holds=(), waivers=())


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (K.CHARGE_REVERSED, reversal(5)),
        (K.CONFIRM, {"invoice": 1, "as": "paid", "on": "yesterday"}),
        (K.TOLD, {"verdicts": None, "needs": []}),
        (K.LIVE, {}),
        (K.AGREEMENT, {"digest": "x", "agreement": {"policies": 5}}),
    ],
)
def test_a_record_that_makes_no_sense_is_named(store: Store, kind: RecordKind, body: dict[str, Any]) -> None:
    add(store, record(K.CHASE, invoice=1), record(kind, **body))
    with pytest.raises(JournalError, match=rf"record 2 \({kind}\) cannot be understood.*payflow log verify"):
        load_memory(store)
