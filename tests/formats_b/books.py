"""A tiny writer of XLSX workbooks, so that fixtures are readable rows instead of binary files."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import unified_diff
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from exports.golden import DOWNLOADED, tell
from payflow.connector import Batch

Cell = str | int | float | bool | date | None
Rows = Sequence[Sequence[Cell]]

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DAY, _MOMENT = 1, 2


class Formula(float):
    """A number that a formula made, as it was cached."""


def letters(column: int) -> str:
    """`A` for 0, `AA` for 26."""
    text = ""
    while column >= 0:
        column, rest = column // 26 - 1, column % 26
        text = chr(65 + rest) + text
    return text


def sheet_xml(rows: Rows) -> str:
    """The XML of one sheet."""
    lines = []
    for number, cells in enumerate(rows, 1):
        filled = "".join(_cell(f"{letters(place)}{number}", cell) for place, cell in enumerate(cells))
        lines.append(f'<row r="{number}">{filled}</row>')
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, cell: Cell) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, date):
        days: float = cell.toordinal() - date(1899, 12, 30).toordinal()
        if isinstance(cell, datetime):
            days += (cell.hour * 60 + cell.minute) / 1440
        return f'<c r="{place}" s="{_MOMENT if isinstance(cell, datetime) else _DAY}"><v>{days!r}</v></c>'
    if isinstance(cell, Formula):
        return f'<c r="{place}"><f>SUM(A1:A2)</f><v>{float(cell)!r}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'


def workbook(sheets: Mapping[str, Rows | str], hidden: Sequence[str] = ()) -> bytes:
    """An XLSX file; a sheet is rows of cells, or the XML of it."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
            f" state={quoteattr('hidden' if name in hidden else 'visible')}/>"
            for number, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            {
                "styles": ("styles", "styles.xml"),
                **{
                    f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml")
                    for number in range(1, len(sheets) + 1)
                },
            }
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="3">'
        '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = rows if isinstance(rows, str) else sheet_xml(rows)
    return archive(parts)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(
                name, content if isinstance(content, bytes) or content.startswith("<?xml") else _HEAD + content
            )
    return out.getvalue()


def write_book(folder: Path, name: str, sheets: Mapping[str, Rows | str], hidden: Sequence[str] = ()) -> Path:
    """A workbook in a folder, with a known file time."""
    path = folder / name
    path.write_bytes(workbook(sheets, hidden))
    os.utime(path, (DOWNLOADED.timestamp(), DOWNLOADED.timestamp()))
    return path


def check_rows(batch: Batch, golden: Path) -> None:
    """Compare what a workbook yields with a golden file; `GOLDEN_UPDATE=1` writes it anew."""
    found = tell(batch)
    if os.environ.get("GOLDEN_UPDATE"):
        golden.write_text(found, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8")
    diff = "".join(unified_diff(expected.splitlines(True), found.splitlines(True), golden.name, "read now"))
    assert not diff, diff


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'
