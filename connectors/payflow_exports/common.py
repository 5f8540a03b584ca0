"""The options that all file sources share, by name; `options` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMON: Mapping[str, str] = MappingProxyType(
    {
        "encoding": "text encoding of the files, such as cp1250; by default UTF-8, else cp1252",
        "delimiter": "what stands between columns: `,`, `;` or `tab`; by default found out",
        "decimal": "decimal mark of amounts: point or comma; by default found out",
        "date_format": "order in dates like 3/4/2026: day-first or month-first; by default found out",
        "currency": "currency of exports that name none, such as EUR",
        "scope": "what the exports list: all invoices, open ones only, or just those that changed",
        "sheet": "name of the sheet in a workbook; by default the one whose header is known",
    }
)

#: What helps where the books say how much was paid, but not when.
BANK_STATEMENT = 'A bank statement beside it (connector = "bank") tells what came in, and when.'
#: What to do where a file does not prove how it is written.
SAY_DECIMAL = 'Say decimal = "point" (1,234.50) or "comma" (1.234,50) in the source, or once as --option decimal=point.'
SAY_DATES = 'Say date_format = "day-first" or "month-first" in the source, or once as --option date_format=day-first.'
