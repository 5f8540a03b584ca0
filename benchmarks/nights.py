"""One night of a large business: a run over very many invoices of which few changed, beside the bare work on the same rows.

python -m benchmarks.nights prepare FOLDER COUNT   a business that is live and whose debtors had every notice
python -m benchmarks.nights climb|copy FOLDER      the notices; the invoices alone, for the yardstick
python -m benchmarks.nights change FOLDER COUNT N  another export of invoices that were paid since: one in a hundred
python -m benchmarks.nights bare|narrow FOLDER COUNT N  the yardstick, on the same rows

Of a hundred invoices 75 are paid, 20 overdue with the ladder climbed and a fee claimed, 5 not due yet; each client has 40.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.books import HEADER, LAST, SETTINGS
from benchmarks.figures import NOW, PAYFLOW, Row
from benchmarks.measure import Run, once

#: Invoices of one client.
_EACH = 40
#: Of a hundred, these are paid, and these after them overdue.
_PAID, _OVERDUE = 75, 20
_DAY = timedelta(days=1)
_ROUNDS = 3


def nights(folder: Path, scale: float) -> list[Row]:
    """The first run looks at everything; the runs after it find one in a hundred invoices changed."""
    count = int(1_000_000 * scale)
    ours = [sys.executable, "-m", "benchmarks.nights"]
    at = [PAYFLOW, "-C", folder, "--now", NOW]
    once([*ours, "prepare", folder, count])
    once([*at, "import", folder / "sales.csv"])
    once([*ours, "climb", folder])
    once([*ours, "copy", folder])
    first = once([*at, "run"])
    found: dict[str, list[Run]] = {"run": [], "bare": [], "narrow": []}
    for night in range(_ROUNDS):
        once([*ours, "change", folder, count, night])
        for name, command in {
            "run": [*at, "run"],
            "bare": [*ours, "bare", folder, count, night],
            "narrow": [*ours, "narrow", folder, count, night],
        }.items():
            found[name].append(once(command))
    runs = {
        name: Run(*(sorted(column)[_ROUNDS // 2] for column in zip(*of, strict=True))) for name, of in found.items()
    }
    what = f"`payflow run` over {count:,} invoices, {count // 100:,} of them changed, 20 % overdue, nothing due"
    changed = f"{count // 100:,} rows upserted"
    return [
        Row(what, runs["run"], f"{changed}, all read back by `sqlite3`, the NumPy kernel", runs["bare"], "3 times"),
        Row("the same", runs["run"], f"{changed}, three columns read back, the NumPy kernel", runs["narrow"]),
        Row("the first run over them, which looks at all", first, "the run after it", runs["run"]),
    ]


def prepare(folder: Path, count: int) -> None:
    """The workspace, a store that is live, and the export of all invoices."""
    from payflow import rulings
    from payflow.store import open_store
    from payflow.workspace import load

    for name in ("contracts", "exports"):
        (folder / name).mkdir(parents=True)
    (folder / "payflow.toml").write_text(SETTINGS, encoding="utf-8")
    _write(folder / "sales.csv", range(count), hour=5)
    # a run reads what stands here: something that is known already
    _write(folder / "exports" / "paid.csv", [0], hour=6, paid=True)
    workspace = load(folder).workspace
    with open_store(workspace.store_url, folder, create=True) as store:
        rulings.live(store, workspace, LAST - 900 * _DAY, _moment())


def change(folder: Path, count: int, night: int) -> None:
    """One in a hundred invoices was paid, of those that were not due yet."""
    _write(folder / "exports" / "paid.csv", _changed(count, night), hour=7 + night, paid=True)


def _changed(count: int, night: int) -> range:
    return range(_PAID + _OVERDUE + night, count, 100)


def _moment() -> datetime:
    return datetime(LAST.year, LAST.month, LAST.day, 5, tzinfo=UTC)


def _issued(number: int) -> date:
    if number % 100 >= _PAID + _OVERDUE:
        return LAST - (1 + number * 31 % 11) * _DAY
    return LAST - (61 + number * 7919 % 600) * _DAY


def _total(number: int) -> int:
    return 10_000 + number * 6151 % 900_000


def _client(number: int) -> str:
    return f"Client {number // _EACH:06}"


def _write(export: Path, numbers: Iterable[int], hour: int, *, paid: bool = False) -> None:
    places = {name: place for place, name in enumerate(HEADER.split(","))}
    empty = [""] * len(places)
    with export.open("w", encoding="utf-8", newline="\r\n") as file:
        file.write(HEADER + "\n")
        for number in numbers:
            settled, issued, total = paid or number % 100 < _PAID, _issued(number), _total(number)
            money = f"{total // 100}.{total % 100:02}"
            cells = empty.copy()
            for name, text in {
                "ContactName": _client(number),
                "EmailAddress": f"accounts@client{number // _EACH:06}.example",
                "InvoiceNumber": f"INV-{number:08}",
                "InvoiceDate": f"{issued:%d/%m/%Y}",
                "DueDate": f"{issued + 14 * _DAY:%d/%m/%Y}",
                "Total": money,
                "TaxTotal": "0.00",
                "InvoiceAmountPaid": money if settled else "0.00",
                "InvoiceAmountDue": "0.00" if settled else money,
                "Quantity": "1",
                "UnitAmount": money,
                "LineAmount": money,
                "Currency": "GBP",
                "Type": "Sales invoice",
                "Sent": "Sent",
                "Status": "Paid" if settled else "Awaiting Payment",
            }.items():
                cells[places[name]] = text
            file.write(",".join(cells) + "\n")
    # the age of an export is its file's
    at = _moment().replace(hour=hour).timestamp()
    os.utime(export, (at, at))


def climb(folder: Path) -> None:
    """Journal that each client had the reminder and the fee's notice about whatever is overdue."""
    from payflow.model.journal import Record, RecordKind
    from payflow.store import journal, open_store
    from payflow.store.workings import get_meta

    with open_store("sqlite:///payflow.db", folder) as store, store.transaction() as tx:
        name = get_meta(tx, "store") or ""
        rows = tx.query("SELECT id, client, total, issued_on FROM invoice WHERE status = 'open' ORDER BY id")
        overdue = (row for row in rows if row[3] < _number(LAST - 30 * _DAY))
        bodies = [
            body
            for client, several in groupby(overdue, key=lambda row: str(row[1]))
            for body in _letters(name, f"books:{client}", list(several))
        ]
        seen: set[str] = set()
        for body in bodies:
            # of 40 bits: among so many two may be the same, and the second is no charge then
            body["charges"] = [one for one in body["charges"] if one["ref"] not in seen]
            seen.update(one["ref"] for one in body["charges"])
        records = [
            Record(RecordKind.OUTCOME, date.fromisoformat(body["day"]), body, client=body["client"]) for body in bodies
        ]
        records.sort(key=lambda one: one.day)
        for start in range(0, len(records), 5000):
            journal.append(tx, records[start : start + 5000], at=_moment())


def _letters(store: str, client: str, rows: list[Any]) -> Iterator[dict[str, Any]]:
    """What the journal holds of the two letters to one client."""
    from payflow.plan import reference

    reminded, charged = LAST - 40 * _DAY, LAST - 30 * _DAY
    text = "a late fee of £25.00"
    dues = [(number, total, date.fromordinal(day + _EPOCH + 15)) for number, _, total, day in rows]
    for step, day in (("reminder", reminded), ("late-fee", charged)):
        announced = {"step": "late-fee", "on": charged.isoformat(), "text": text} if step == "reminder" else None
        said = [
            {
                "invoice": number,
                "step": step,
                "due_on": due.isoformat(),
                "announced": announced,
                "outstanding": total,
                "interest": 0,
                "currency": "GBP",
            }
            for number, total, due in dues
        ]
        charges = [
            {
                "ref": reference(store, number, step, 0),
                "invoice": number,
                "kind": "late-fee",
                "occurrence": step,
                "generation": 0,
                "amount": 2500,
                "currency": "GBP",
                "terms": {
                    "policy": "standard",
                    "agreement": "",
                    "words": "£25.00",
                    "rests_on": "the invoice",
                    "due_on": due.isoformat(),
                    "percent": None,
                    "fee": None,
                    "day": 7,
                    "base": total,
                },
            }
            for number, total, due in (dues if step == "late-fee" else ())
        ]
        yield {
            "key": f"{day}-{client}-{step}",
            "client": client,
            "day": day.isoformat(),
            "outcome": "sent",
            "transport": "folder",
            "detail": "",
            "to": [],
            "notices": said,
            "charges": charges,
        }


_EPOCH = date(1970, 1, 1).toordinal()


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH


def bare(folder: Path, count: int, night: int, *, narrow: bool = False) -> None:
    """Upsert the changed rows, read all rows back and work their interest out: nothing is checked, compared or remembered.

    The table is payflow's own, in a database of its own. `narrow` reads back no more than the kernel needs.
    """
    import sqlite3

    import numpy as np

    from payflow.store.mirror import InvoiceRow
    from payflow.store.upserts import upsert_statement

    with sqlite3.connect(folder / "bare.db", isolation_level=None) as store:
        store.execute("PRAGMA synchronous = FULL")
        store.execute("BEGIN IMMEDIATE")
        store.executemany(upsert_statement("invoice", InvoiceRow._fields, ("id",)), map(_paid, _changed(count, night)))
        store.execute("COMMIT")
        if narrow:
            rows = store.execute("SELECT total, coalesce(paid, 0), issued_on FROM invoice").fetchall()
        else:
            found = store.execute(f"SELECT {', '.join(InvoiceRow._fields)} FROM invoice").fetchall()
            rows = [(row[6], row[7] or 0, row[10]) for row in found]
    total, paid, issued = np.array(rows, dtype=np.int64).T
    late = np.maximum(_number(LAST) - (issued + 15 + 3), 0)
    interest = (2 * (total - paid) * late * 8 + 36_500) // (2 * 36_500)
    assert len(interest) == count


def _paid(number: int) -> tuple[Any, ...]:
    """The row of an invoice that is paid now; identities are minted in the order of the export."""
    name, total, at = f"INV-{number:08}", _total(number), f"{LAST.isoformat()}T07:00:00.000000Z"
    issued = _number(_issued(number))
    return (
        *(number + 1, "books", name, name, _client(number), "GBP", total, total, None, 0),
        *(issued, issued + 14, None, "paid", "", "", 0, at, at, None),
    )


def copy(folder: Path) -> None:
    """The invoices alone, for the yardstick."""
    import sqlite3

    from payflow.store import open_store

    open_store("sqlite:///bare.db", folder, create=True).close()
    with sqlite3.connect(folder / "bare.db") as store:
        store.execute("ATTACH DATABASE ? AS ours", (str(folder / "payflow.db"),))
        store.execute("INSERT INTO invoice SELECT * FROM ours.invoice")


if __name__ == "__main__":
    program, root, numbers = sys.argv[1], Path(sys.argv[2]), [int(word) for word in sys.argv[3:]]
    if program in ("bare", "narrow"):
        bare(root, *numbers, narrow=program == "narrow")
    elif program == "prepare":
        prepare(root, *numbers)
    elif program == "change":
        change(root, *numbers)
    else:
        {"climb": climb, "copy": copy}[program](root)
