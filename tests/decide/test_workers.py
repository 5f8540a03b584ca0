"""A run on a cluster of two worker processes: the same figures, the same letters, and a sentence where it cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from decide.clusters import Cluster, cluster
from payflow import cluster as clusters
from payflow import nightly
from payflow.cli import main
from payflow.cluster import connect
from payflow.decide import decide, ground
from payflow.decide.footing import Footing, footing
from payflow.decide.known import cut
from payflow.decide.packing import pack
from payflow.errors import Refused
from stores import url_of
from stories.papers import ANY_HOUR, invoice, settings
from stories.world import World

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 2) as started:
        yield started


def due(root: Path, kind: str = "sqlite") -> World:
    """Five clients with an overdue invoice each, one of them under contract."""
    world = World(root, toml=settings(mail=ANY_HOUR, business='policy = "standard"'), store_url=url_of(kind))
    rows = [
        invoice(
            f"INV-{number:04}",
            f"{number}00.00",
            issued="2026-10-20",
            client=f"Client {number}",
            email=f"c{number}@x.example",
        )
        for number in range(20, 24)
    ]
    return world.on("2026-11-05").books(invoice("INV-0012", "3000.00"), *rows).begin()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_change_no_figure_and_no_letter(tmp_path: Path, two_workers: Cluster, kind: str) -> None:
    alone, together = due(tmp_path / "alone"), due(tmp_path / "together", kind)
    for world in (alone, together):
        world.on("2026-11-06")
    with connect(two_workers.address, rows=2) as pool:
        found = ground(together.store, together.workspace, together.now.date(), together.now, pool)
        assert found.decision == decide(together.store, together.workspace, together.now.date(), together.now)
        assert found.decision.plan.messages
        report = nightly.run(together.store, together.workspace, now=together.now, pool=pool)
        again = nightly.run(together.store, together.workspace, now=together.now, pool=pool)
    alone.run()
    assert len(report.sent) == len(alone.mails()) > 1
    assert [mail.flat for mail in together.mails()] == [mail.flat for mail in alone.mails()]
    assert again.sent == ()
    for world in (alone, together):
        world.close()


def test_the_command_decides_on_workers(tmp_path: Path, two_workers: Cluster) -> None:
    world = due(tmp_path).on("2026-11-06")
    world.close()
    command = ["-C", str(tmp_path), "--now", "2026-11-06T09:30", "run", "--dry-run", "--json"]
    alone = CliRunner().invoke(main, command)
    together = CliRunner().invoke(main, command, env={"PAYFLOW_RUN_WORKERS": two_workers.address})
    assert "INV-0012" in together.output
    assert together.output == alone.output


def test_a_worker_that_dies_has_its_parts_worked_out_by_another(tmp_path: Path) -> None:
    world = due(tmp_path / "studio").on("2026-11-06")
    day, now = world.now.date(), world.now
    known = ground(world.store, world.workspace, day, now).setting
    parts = [part.known for part in cut(known, 5)]
    with cluster(tmp_path, 2) as started, connect(started.address) as pool:
        every = pool.work_out(parts * 3)
        first = next(every)
        started.workers[0].kill()
        started.workers[0].wait()
        found = [first, *every]
    whole = [row for one in found[: len(parts)] for row in one.views]
    assert sorted(view.number for view in whole) == sorted(row.number for row in known.facts.invoices)
    assert [one.views for one in found[: len(parts)]] == [one.views for one in found[len(parts) : 2 * len(parts)]]
    world.close()


def test_a_scheduler_that_does_not_answer_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 0.5)
    world = due(tmp_path).on("2026-11-06")
    world.close()
    answer = CliRunner().invoke(main, ["-C", str(tmp_path), "run", "--workers", "tcp://127.0.0.1:9"])
    assert answer.exit_code == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in answer.output
    assert "Traceback" not in answer.output


class Told:
    """A client whose workers say what they stand on."""

    def __init__(self, **workers: Any) -> None:
        self.workers = workers

    def wait_for_workers(self, count: int, timeout: float) -> None:
        if len(self.workers) < count:
            raise TimeoutError

    def run(self, asked: object, on_error: str) -> dict[str, Any]:
        return self.workers


@pytest.mark.parametrize(
    ("workers", "said"),
    [
        ({}, "the scheduler at tcp://x:1 has no workers"),
        ({"a": footing()._replace(payflow="0.0.1")}, "the worker a has payflow 0.0.1 instead of"),
        ({"a": footing(), "b": footing()._replace(holidays="0.1")}, "the worker b has holidays 0.1 instead of"),
        ({"a": footing()._replace(rates="f" * 64)}, "rate tables ffffffffffff instead of"),
        (
            {"a": ModuleNotFoundError("No module named 'payflow'")},
            "cannot load this payflow (No module named 'payflow')",
        ),
    ],
)
def test_workers_that_would_not_come_to_the_same_figures_are_refused(workers: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=r"run without --workers") as refused:
        clusters.Cluster(Told(**workers), "tcp://x:1").check()  # type: ignore[arg-type]
    assert said in str(refused.value)


def test_workers_that_stand_on_the_same_are_taken() -> None:
    clusters.Cluster(Told(a=Footing(*footing())), "tcp://x:1").check()  # type: ignore[arg-type]


def test_no_secret_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MAIL_PASSWORD", "canary-of-mail")
    world = due(tmp_path / "studio").on("2026-11-06")
    known = ground(world.store, world.workspace, world.now.date(), world.now).setting
    packed = pack(cut(known, 1)[0].known)
    assert b"INV-0012" in packed
    for secret in ("canary-of-mail", "c20@x.example", str(tmp_path), "payflow.db"):
        assert secret.encode() not in packed
    world.close()
