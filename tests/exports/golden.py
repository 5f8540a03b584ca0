"""Golden files: an export next to the canonical rows it yields.

`GOLDEN_UPDATE=1 python -m pytest tests/exports tests/xero tests/quickbooks` writes them anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

from payflow.connector import Batch, ConnectorSpec, SourceContext, decimal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
#: When the exports were downloaded, as far as their files say.
DOWNLOADED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def context(*files: Path, **options: Any) -> SourceContext:
    """A source of a business in London."""
    return SourceContext("books", files, "GBP", "Europe/London", NOW, options)


def pull(spec: ConnectorSpec, *files: Path, **options: Any) -> list[Batch]:
    """All batches of a source with these files."""
    return list(spec.open(context(*files, **options)).pull(None))


def read(spec: ConnectorSpec, file: Path, **options: Any) -> Batch:
    """The one batch of one file."""
    (batch,) = pull(spec, file, **options)
    return batch


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """An export in a temporary folder, with a known file time."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (DOWNLOADED.timestamp(), DOWNLOADED.timestamp()))
    return path


def tell(batch: Batch) -> str:
    """A batch as text, one line per fact."""
    reading = batch.reading
    lines = [
        f"report      {reading.report}",
        f"as of       {reading.as_of.isoformat()}",
        f"scope       {reading.scope}, issued {reading.covers_from or '...'} to {reading.covers_to or '...'}",
        f"finished    {'yes' if reading.finished else 'no'}",
    ]
    frames = (("client", batch.clients), ("invoice", batch.invoices), ("entry", batch.entries), ("line", batch.lines))
    for title, frame in frames:
        for row in [] if frame is None else frame.to_dict("records"):
            lines += ["", title, *(f"  {name:<10}  {value}" for name, value in _shown(row).items())]
    problems = [f"{'warning' if problem.warning else 'problem'}: {problem}" for problem in batch.problems]
    return "\n".join([*lines, "", *problems]).rstrip() + "\n"


def check_golden(spec: ConnectorSpec, export: Path, folder: Path, **options: Any) -> None:
    """Compare what an export yields with the `.rows.txt` beside it."""
    copy = Path(shutil.copy(export, folder / export.name))
    os.utime(copy, (DOWNLOADED.timestamp(), DOWNLOADED.timestamp()))
    found, golden = tell(read(spec, copy, **options)), export.with_suffix(".rows.txt")
    if os.environ.get("GOLDEN_UPDATE"):
        golden.write_text(found, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8")
    diff = "".join(unified_diff(expected.splitlines(True), found.splitlines(True), golden.name, "read now"))
    assert not diff, diff


def _shown(row: Mapping[Any, Any]) -> dict[str, str]:
    shown = {}
    for name, value in row.items():
        text = "" if value is None or str(value) in ("<NA>", "NaT") else str(value)
        if name == "key" and "bank_id" in row:
            continue  # a digest tells a reader nothing
        if text and name in ("total", "paid", "credited", "balance", "amount"):
            text = f"{decimal(int(value), row['currency'])} {row['currency']}"
        if name in ("issued_on", "due_on", "closed_on", "on", "value_on"):
            text = text.removesuffix(" 00:00:00")
        if text and name != "currency":
            shown[str(name)] = text.replace("\n", "\\n")
    return shown
