"""What is known of a client does not depend on the order in which exports are read, and the same words again write nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payflow.model.facts import Scope
from payflow.store import Store, mirror, mirror_writes, open_store
from payflow.sync.apply import apply
from payflow.sync.known import known
from payflow.sync.tables import gather
from stores import url_of
from stories.ledger import ACME_CLIENT, batch

LONDON = "Europe/London"
START = datetime(2026, 10, 1, 9, tzinfo=ZoneInfo(LONDON))
NOW = START + timedelta(days=60)


class Said(NamedTuple):
    """What one export says: (name, e-mail) by client."""

    day: int
    clients: Mapping[str, tuple[str, str]]
    report: str = "list"
    scope: Scope = Scope.ALL
    finished: bool = True


def _read(store: Store, exports: Iterable[Said]) -> None:
    for one in exports:
        made = batch(
            START + timedelta(days=one.day),
            [],
            clients=[
                {**ACME_CLIENT, "key": key, "name": name, "email": email} for key, (name, email) in one.clients.items()
            ],
            scope=one.scope,
            finished=one.finished,
            report=one.report,
            origin=f"{one.report} {one.scope} {one.day} {one.finished} {sorted(one.clients.items())}",
        )
        for read in gather([made])[0]:
            with store.transaction() as tx:
                apply(tx, "books", read, known(tx, "books"), timezone=LONDON, now=NOW)


def _clients(store: Store) -> dict[str, tuple[str, str]]:
    return {row.key: (row.name, row.email) for row in mirror.clients(store)}


def _after(folder: Path, exports: Sequence[Said]) -> dict[str, tuple[str, str]]:
    with open_store("sqlite:///words.db", folder, create=True) as store:
        _read(store, exports)
        return _clients(store)


def _last(exports: Iterable[Said]) -> dict[str, tuple[str, str]]:
    """The rule itself: of each word the one that was said last, of several the last in the alphabet."""
    exports = list(exports)
    keys = {key for one in exports for key in one.clients}

    def last(key: str, place: int) -> str:
        told = [(one.day, one.clients[key][place]) for one in exports if key in one.clients and one.clients[key][place]]
        return max(told, default=(0, ""))[1]

    return {key: (last(key, 0), last(key, 1)) for key in keys}


A = Said(1, {"acme": ("Acme", "old@acme.example")})
B = Said(2, {"acme": ("Acme Ltd", "new@acme.example")})
C = Said(3, {"acme": ("Acme", "")})
D = Said(4, {"other": ("Other", "")})


@pytest.mark.parametrize("order", list(permutations([A, B, C, D])))
def test_exports_that_disagree_leave_the_word_that_was_said_last(tmp_path: Path, order: tuple[Said, ...]) -> None:
    assert _after(tmp_path, order)["acme"] == ("Acme", "new@acme.example")


words = st.tuples(st.sampled_from(["Acme", "Acme Ltd", "Beta"]), st.sampled_from(["", "a@x.example", "b@x.example"]))
exports = st.builds(
    Said,
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(["acme", "other"]), words),
    st.sampled_from(["list", "list", "aged"]),
    st.sampled_from([Scope.ALL, Scope.ALL, Scope.OPEN, Scope.CHANGED]),
    st.sampled_from([True, True, True, False]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), told=st.lists(exports, min_size=1, max_size=6))
def test_whatever_the_order_of_exports_each_word_is_the_last_one_said(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Said]
) -> None:
    order = data.draw(st.permutations(told))
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    assert _after(tmp_path_factory.mktemp("words"), [*order, *again]) == _last(told)


def test_in_postgresql_too(tmp_path: Path) -> None:
    for order in permutations([A, B, C]):
        with open_store(url_of("postgresql"), tmp_path, create=True) as store:
            _read(store, order)
            assert _clients(store)["acme"] == ("Acme", "new@acme.example")


def test_an_export_that_says_the_same_later_writes_nothing_of_clients(tmp_path: Path) -> None:
    with open_store("sqlite:///words.db", tmp_path, create=True) as store:
        _read(store, [A])
        rows = mirror.said(store, "books")
        assert [row.name_at for row in rows] == [""]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mirror_writes, "write_said", _only_none)
            patch.setattr(mirror_writes, "write_clients", _only_none)
            _read(store, [A._replace(day=day) for day in (2, 3)])
        assert mirror.said(store, "books") == rows
        # the late export of the second day is older than what the third day's said again
        _read(store, [B])
        assert _clients(store)["acme"] == ("Acme", "old@acme.example")


def _only_none(_: object, rows: Iterable[object]) -> int:
    assert list(rows) == []
    return 0


def test_only_who_drops_out_of_an_export_is_written_with_the_moment_before(tmp_path: Path) -> None:
    both = Said(1, {"acme": ("Acme", ""), "other": ("Other", "")})
    with open_store("sqlite:///words.db", tmp_path, create=True) as store:
        _read(store, [both, D])
        moments = {row.key: row.name_at for row in mirror.said(store, "books")}
    assert moments == {"acme": "2026-10-02T08:00:00.000000Z", "other": ""}


def test_clients_of_an_older_release_stand_as_said_by_its_newest_reading(tmp_path: Path) -> None:
    with open_store("sqlite:///words.db", tmp_path, create=True) as store:
        _read(store, [B])
        with store.transaction() as tx:
            tx.execute("DELETE FROM client_said")
        _read(store, [A])
        assert _clients(store)["acme"] == ("Acme Ltd", "new@acme.example")
        _read(store, [C])
        assert _clients(store)["acme"] == ("Acme", "new@acme.example")
