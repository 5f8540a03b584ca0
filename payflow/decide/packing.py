"""Parts as bytes, for workers that are other processes, perhaps on other machines.

What travels is what is known of some clients' invoices, what was agreed and what is remembered of them: no settings of sources,
of mail or of the store, and so no secret. Rows travel as plain columns, which are quicker to take apart again.
"""

from __future__ import annotations

import atexit
import io
import pickle
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from payflow.decide.facts import Observed
from payflow.decide.footing import footing
from payflow.decide.known import Known
from payflow.decide.parts import Found, work_out
from payflow.model.invoice_view import InvoiceView
from payflow.policy.claims import Governed
from payflow.policy.rate_files import own_rows, own_tables
from payflow.policy.sightings import Sighting
from payflow.store.mirror import EntryRow, InvoiceRow


class OtherFooting(Exception):
    """A worker does not stand on what the part was made on."""


def pack(known: Known) -> bytes:
    """A part to be worked out elsewhere, with the rate tables of the user's own. Raises `WorkspaceError` for a bad table."""
    facts = known.facts
    slim = replace(
        known,
        facts=replace(facts, invoices=_columns(facts.invoices), entries=_columns(facts.entries), observed={}),
        governed=_columns(known.governed),
        rates=None,
    )
    observed = [
        (invoice, one.due_on, [tuple(sighting) for sighting in one.sightings])
        for invoice, one in facts.observed.items()
    ]
    return _dumps((footing(), slim, observed, _rates(known.rates)))


def work_out_packed(packed: bytes) -> bytes:
    """What follows from a packed part, packed. Raises `OtherFooting`."""
    made_on, slim, observed, rates = pickle.loads(packed)  # noqa: S301  # from this very run, through its own cluster
    if made_on != footing():
        raise OtherFooting(made_on.differences(footing()))
    facts = slim.facts
    known = replace(
        slim,
        facts=replace(
            facts,
            invoices=_rows(InvoiceRow._make, facts.invoices),
            entries=_rows(EntryRow._make, facts.entries),
            observed={
                invoice: Observed([Sighting._make(one) for one in seen], due_on) for invoice, due_on, seen in observed
            },
        ),
        governed=_rows(Governed._make, slim.governed),
        rates=_folder(rates),
    )
    found = work_out(known)
    acting = {row for row, _ in found.acts}
    # what reckons interest later holds all of the part's book
    cases = [(row, replace(case, interest_at=None)) for row, case in found.cases if row in acting]
    return _dumps(replace(found, views=_columns(found.views), cases=cases))


def unpack(packed: bytes) -> Found:
    """What was found. Of the cases only those that something is to be done about came along."""
    found: Found = pickle.loads(packed)  # noqa: S301  # from this very run, through its own cluster
    return replace(found, views=_rows(InvoiceView._make, found.views))


def _columns(rows: Sequence[tuple[Any, ...]]) -> Any:
    return [list(column) for column in zip(*rows, strict=True)]


def _rows(make: Callable[[tuple[Any, ...]], Any], columns: Any) -> list[Any]:
    return [make(row) for row in zip(*columns, strict=True)]


class _Pickler(pickle.Pickler):
    #: a mapping that cannot be changed has no pickle of its own
    dispatch_table = {MappingProxyType: lambda value: (MappingProxyType, (dict(value),))}  # noqa: RUF012  # as pickle asks


def _dumps(value: object) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def _rates(folder: Path | None) -> tuple[tuple[str, str], ...]:
    """The user's own tables as text, each checked."""
    if folder is None:
        return ()
    found = []
    for name in own_tables(folder):
        own_rows(folder, name)
        found.append((name, (folder / f"{name}.csv").read_text(encoding="utf-8-sig")))
    return tuple(found)


@cache
def _folder(rates: tuple[tuple[str, str], ...]) -> Path | None:
    """A folder of this process with those tables, for as long as it lives."""
    if not rates:
        return None
    folder = Path(tempfile.mkdtemp(prefix="payflow-rates."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in rates:
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
