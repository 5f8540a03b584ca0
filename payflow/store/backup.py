"""Backups: one file with every row of the store as of one moment, the same for every database, with a digest of each table.

A zip of `tables/NAME.jsonl`, a row per line in the order of its key, and at last `manifest.json`. It is read within one snapshot,
so a run may go on meanwhile. What was restored from one is not live.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

from payflow import __version__
from payflow.errors import Problem, StoreError
from payflow.model.journal import Record, RecordKind
from payflow.store import Store, journal
from payflow.store.address import read_address
from payflow.store.carry import fill, is_new, open_target, rows_of, take_away
from payflow.store.database import Database, Row, Table
from payflow.store.failures import unreachable
from payflow.store.migrations import migrate
from payflow.store.moments import to_moment
from payflow.store.schema import MIGRATIONS

FORMAT = "payflow.backup/1"
_MANIFEST = "manifest.json"


class Written(NamedTuple):
    """What a backup holds, or what was restored of one. `faults` are those of its journal."""

    where: str
    made_at: str
    records: int
    rows: int
    faults: tuple[str, ...] = ()


def write_backup(store: Store, path: Path, now: datetime) -> Written:
    """Write a backup of the store as it is now. Raises `StoreError`; an existing file is never written over."""
    part = path.with_name(f"{path.name}.part")
    try:
        if path.exists():
            raise StoreError(str(Problem(str(path), "this file exists already", "Name another one.")))
        with closing(os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")) as file:
            written = _write(store, file, now)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise unreachable(error, path) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return written


def _write(store: Store, file: IO[bytes], now: datetime) -> Written:
    tables: dict[str, dict[str, Any]] = {}
    with store.snapshot() as reader, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in store.tables():
            with archive.open(_member(table.name), "w", force_zip64=True) as out:
                try:
                    found = _write_rows(out, rows_of(reader, table))
                except TypeError as error:
                    said = f"the table {table.name} holds what payflow never wrote: it was changed, or is damaged"
                    remedy = "Check the journal with `payflow log verify`, and restore an earlier backup."
                    raise StoreError(str(Problem(store.where, said, remedy))) from error
                tables[table.name] = {"columns": list(table.columns), **found}
        head = journal.head(reader)
        manifest = {
            "format": FORMAT,
            "program": __version__,
            "schema": store.schema_version(),
            "made_at": to_moment(now),
            "of": store.where,
            "journal": {"records": head.seq, "hash": head.hash},
            "tables": tables,
        }
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=2))
    return Written(store.where, to_moment(now), head.seq, sum(table["rows"] for table in tables.values()))


def _write_rows(out: IO[bytes], rows: Iterable[Row]) -> dict[str, Any]:
    digest, count = sha256(), 0
    for row in rows:
        line = _line(row)
        digest.update(line)
        out.write(line)
        count += 1
    return {"rows": count, "sha256": digest.hexdigest()}


def _line(row: Row) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _member(name: str) -> str:
    return f"tables/{name}.jsonl"


def restore(path: Path, url: str, root: Path, now: datetime) -> Written:
    """Make a store at `url` of a backup. Raises `StoreError`; nothing is written over, and nothing is left half-written."""
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
        address = read_address(url, root)
        fresh = is_new(address)
        with closing(open_target(address, manifest["schema"])) as target:
            try:
                written = _load(target, archive, manifest, path, now)
                migrate(target, target.where)
            except BaseException:
                target.close()
                if fresh:
                    take_away(address)
                raise
    return written


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise unreachable(error, path) from error
    except zipfile.BadZipFile as error:
        raise _no_backup(path, "this is no backup of payflow's, or its end is missing") from error


def _no_backup(path: Path, found: str) -> StoreError:
    return StoreError(str(Problem(str(path), found, "Name a file that `payflow store backup` wrote.")))


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        schema, form, made_at = int(manifest["schema"]), manifest["format"], manifest["made_at"]
        records = manifest["journal"]["records"]
        told = [(one["columns"], one["rows"], one["sha256"]) for one in manifest["tables"].values()]
    except (*_UNREADABLE, AttributeError) as error:
        raise _no_backup(path, "this is no backup of payflow's, or it is damaged") from error
    kinds = [(made_at, str), (records, int), *((columns, list) for columns, _, _ in told)]
    if schema < 1 or not all(isinstance(value, kind) for value, kind in kinds):
        raise _no_backup(path, "this is no backup of payflow's, or it is damaged")
    if form != FORMAT or schema > MIGRATIONS[-1].number:
        found = f"this backup was written by a newer payflow ({manifest.get('program')})"
        raise StoreError(str(Problem(str(path), found, "Install that version: pip install --upgrade payflow-gate.")))
    return manifest


def _load(
    target: Database, archive: zipfile.ZipFile, manifest: Mapping[str, Any], path: Path, now: datetime
) -> Written:
    told: Mapping[str, Mapping[str, Any]] = manifest["tables"]
    known = {table.name: table for table in target.tables()}
    if known.keys() != told.keys() or any(set(known[name].columns) != set(told[name]["columns"]) for name in told):
        raise _no_backup(path, "its tables are not those of payflow's")
    with target.transaction() as tx:
        for name, table in known.items():
            ordered = Table(name, tuple(told[name]["columns"]), table.keys)
            fill(tx, ordered, _read_rows(archive, ordered, path))
            found = _digest(rows_of(tx, ordered))
            if found != {"rows": told[name]["rows"], "sha256": told[name]["sha256"]}:
                raise _no_backup(path, f"it is damaged: its table {name} is not what was backed up")
        faults = tuple(journal.verify(tx, path.with_name(f"{path.name}.anchor")))
        body = {"made_at": manifest["made_at"], "of": manifest["of"]}
        journal.append(tx, [Record(RecordKind.RESTORED, now.date(), body)], at=now)
    rows = sum(one["rows"] for one in told.values())
    return Written(target.where, manifest["made_at"], manifest["journal"]["records"], rows, faults)


#: What reading a backup raises that was damaged.
_UNREADABLE = (KeyError, ValueError, TypeError, EOFError, OSError, NotImplementedError, zipfile.BadZipFile, zlib.error)
#: What a row holds; yes and no are numbers in it.
_VALUES = frozenset({int, str, type(None)})


def _read_rows(archive: zipfile.ZipFile, table: Table, path: Path) -> Iterator[Row]:
    try:
        with archive.open(_member(table.name)) as lines:
            for line in lines:
                row = json.loads(line)
                if type(row) is not list or len(row) != len(table.columns) or not _VALUES.issuperset(map(type, row)):
                    raise ValueError("this is no row of it")
                yield tuple(row)
    except _UNREADABLE as error:
        raise _no_backup(path, f"it is damaged: its table {table.name} cannot be read") from error


def _digest(rows: Iterable[Row]) -> dict[str, Any]:
    digest, count = sha256(), 0
    for row in rows:
        digest.update(_line(row))
        count += 1
    return {"rows": count, "sha256": digest.hexdigest()}
