"""A decision worked out by Dask workers beside the same parts one after the other: `python -m benchmarks.workers [INVOICES]`.

Invoices of made-up clients, three of five paid, some part-paid, with what was seen of them; interest and a ladder of two
steps. The whole way counts: cutting, packing, working out, unpacking, putting together. The figures are compared.

    python -m benchmarks.workers                  a million invoices, two local workers
    python -m benchmarks.workers grow 10000000    so many in one process, a chunk in memory at a time
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from payflow.columns import to_day
from payflow.decide.banked import Banked
from payflow.decide.doubts import Standing
from payflow.decide.facts import Facts, Observed
from payflow.decide.known import Known
from payflow.decide.parts import Found, InTurn, Pool, work_out, worked_out
from payflow.model.journal import Memory
from payflow.policy.claims import Governed
from payflow.policy.sightings import Sighting
from payflow.store.mirror import InvoiceRow
from payflow.workspace import load

if TYPE_CHECKING:
    from payflow.model.agreement import Agreement

AS_OF = date(2026, 11, 20)
#: Invoices of a part, and of a client.
ROWS, EACH = 20_000, 40
_READ = "2026-11-20T08:00:00Z"


def made(count: int, first: int = 0) -> Known:
    """What is known of so many invoices; `first` is the number before the first one's."""
    agreement = _agreement()
    policy = agreement.policies["standard"]
    rows = [_invoice(first + number) for number in range(count)]
    governed = [Governed(f"books:{row.client}", None, "", policy, agreement.digest) for row in rows]
    return Known(
        facts=Facts(rows, {}, [], {}, (), {row.id: _seen(row) for row in rows}, ()),
        memory=Memory(live_from=AS_OF - timedelta(days=60)),
        agreement=agreement,
        home="GB",
        governed=governed,
        standing=Standing({}, {}, {}),
        bank=Banked(),
        names=[row.client for row in rows],
        fresh=[_READ] * count,
        stale=[False] * count,
        moments={_READ: datetime(2026, 11, 20, 8, tzinfo=UTC)},
        source_names={"books": "books"},
        unread=frozenset(),
        open_credit_of={("books", row.client): item.client for row, item in zip(rows, governed, strict=True)},
        reachable=frozenset(item.client for item in governed),
        rates=None,
        as_of=AS_OF,
        store_id="0123456789abcdef",
    )


def _agreement() -> Agreement:
    from benchmarks.books import SETTINGS

    with TemporaryDirectory() as folder:
        (Path(folder) / "contracts").mkdir()
        (Path(folder) / "payflow.toml").write_text(SETTINGS, encoding="utf-8")
        return load(Path(folder)).workspace.agreement


def _invoice(number: int) -> InvoiceRow:
    issued = to_day(AS_OF) - number * 7919 % 720
    total = 10_000 + number * 6151 % 900_000
    paid = (total, total, total, 0, total // 3)[number % 5]
    return InvoiceRow(
        number + 1, "books", f"K{number}", f"INV-{number:09}", f"Client {number // EACH}", "GBP", total, paid, 0, total - paid,
        issued, issued + 14, None, "paid" if paid == total else "open", "", "", 0, _READ, _READ,
    )  # fmt: skip


def _seen(row: InvoiceRow) -> Observed:
    return Observed([Sighting(_READ, to_day(AS_OF), row.paid or 0, 0)], row.due_on)


@contextmanager
def two_workers() -> Iterator[str]:
    """The address of a scheduler of two worker processes of one thread each, on this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def compare(count: int, rounds: int = 3) -> tuple[float, float]:
    """Median seconds of the workers, and of one process; raises `AssertionError` where a figure differs."""
    from statistics import median

    from payflow.cluster import connect

    known = made(count)
    taken: dict[str, list[float]] = {"workers": [], "one process": []}
    with two_workers() as address, connect(address, rows=ROWS) as pool:
        worked_out(made(100), pool)  # the workers import payflow
        for _ in range(rounds):
            alone, seconds = _timed(known, InTurn(ROWS))
            taken["one process"].append(seconds)
            together, seconds = _timed(known, pool)
            taken["workers"].append(seconds)
            assert (alone.views, alone.acts, alone.needs) == (together.views, together.acts, together.needs)
            del alone, together
    return median(taken["workers"]), median(taken["one process"])


def _timed(known: Known, pool: Pool) -> tuple[Found, float]:
    started = time.perf_counter()
    found = worked_out(known, pool)
    return found, time.perf_counter() - started


def grow(count: int) -> None:
    """Work out so many invoices, a chunk after the other, and print seconds and peak memory at each power of ten."""
    spent, done, acts = 0.0, 0, 0
    while done < count:
        size = min(ROWS, count - done)
        known = made(size, done)
        started = time.perf_counter()
        acts += len(work_out(known).acts)
        spent += time.perf_counter() - started
        done += size
        if done == count or done in (100_000, 1_000_000, 10_000_000):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{done:,} invoices: {spent:.1f} s, {spent / done * 1e6:.1f} us each, {acts:,} acts, peak {peak:.0f} MiB",
                flush=True,
            )


def main() -> None:
    """Compare, or grow."""
    if sys.argv[1:2] == ["grow"]:
        grow(int(sys.argv[2]))
        return
    count = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    workers, alone = compare(count)
    print(f"{count:,} invoices: two workers {workers:.1f} s, one process {alone:.1f} s, {workers / alone:.2f} times")


if __name__ == "__main__":
    main()
