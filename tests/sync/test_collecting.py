"""Reading large books does not stop for garbage, and leaves the collector as it found it."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pyarrow as pa
import pytest

from payflow.errors import ConnectorError
from payflow.sync import taking
from stories.papers import invoice
from stories.world import World


def test_the_collector_rests_while_a_source_is_read_and_goes_on_after_it(
    make: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make().on("2026-11-05").books(invoice("INV-0012", "3000.00"))
    seen: list[bool] = []
    pools: list[str] = []
    usual = pa.default_memory_pool().backend_name

    def gather(batches: object) -> object:
        seen.append(gc.isenabled())
        pools.append(pa.default_memory_pool().backend_name)
        return real(batches)  # type: ignore[arg-type]  # handed on as it came

    real = taking.gather
    monkeypatch.setattr(taking, "gather", gather)
    world.sync()
    assert seen == [False]
    assert gc.isenabled()
    assert pools == ["jemalloc" if "jemalloc" in pa.supported_memory_backends() else usual]
    assert pa.default_memory_pool().backend_name == usual


def test_a_file_that_cannot_be_read_leaves_it_on_too(make: Callable[..., World]) -> None:
    world = make().on("2026-11-05").books(invoice("INV-0012", "3000.00"), name="books.csv")
    path = world.root / "exports" / "books.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    world.sync()
    with pytest.raises(ConnectorError, match="no rows below it"):
        world.take("exports/books.csv")
    assert gc.isenabled()
