"""The CSV template from which Xero imports sales invoices; some keep their invoices in it.

One row per line. It says what was billed and nothing of what was paid. Its numbers may repeat from contact to contact, so an
invoice is known by both. The template of bills has the same names, but its description is not required.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, ConnectorError, Kind, Limits, Marks, Problem, Scope, empty, exponent
from payflow_exports.format import DayOrder, Format, Portion
from payflow_xero.invoices import SHARED

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet
    from payflow_exports.texts import Texts

_KEY = ("client", "number")
#: Tax types that add nothing to an amount.
_UNTAXED = re.compile(r"exempt|no (vat|tax|gst)|zero.?rated|\bfree\b|^none$|(^|[( ])0 ?%", re.IGNORECASE)
#: Longer texts are no quantities or prices.
_LONGEST = 30
_FILL_IN = "Fill in the column Total; the invoice is left out."


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, require

    _refuse_bills(sheet)
    require(sheet, "client")
    sheet = _totalled(sheet.keep(sheet.good))
    return Portion(clients_of(sheet), invoices_of(sheet, {}, by_line=True, key=_KEY), empty(ENTRIES))


def _refuse_bills(sheet: Sheet) -> None:
    """Required columns have a star, and only sales invoices require a description."""
    names = ["".join(name.split()).casefold() for name in sheet.conventions.found.header]
    if "*contactname" in names and "description" in names:
        found = "is the template of bills: its description has no star"
        raise ConnectorError(Problem(sheet.conventions.found.name, found, "Give the template of sales invoices."))


def _totalled(sheet: Sheet) -> Sheet:
    """With a total where the file states none and the lines prove it, which they do where no tax is added or contained."""
    from payflow_exports.invoices import groups
    from payflow_exports.sheet import Amounts

    if not len(sheet):
        return sheet
    currencies = sheet.currencies()
    total = sheet.money("total", currencies)
    group = groups(sheet, _KEY, by_line=True).tolist()
    stated = {number for number, known in zip(group, total.known.tolist(), strict=True) if known}
    sums: dict[int, int | None] = {}
    marks = sheet.conventions.marks("price")
    for row, number in enumerate(group):
        if number not in stated:
            line = _line(sheet, row, currencies, marks)
            before = sums.get(number, 0)
            sums[number] = None if line is None or before is None else before + line
    texts = sheet.text("number")
    for row in sorted({group.index(number) for number, value in sums.items() if value is None}):
        found = f"{texts[row]!r} states no total, and whether tax comes on top of its lines is not in the file"
        sheet.problems.add(f"{sheet.rows[row]}: {sheet.conventions.header('total')}", found, _FILL_IN)
    values, known = total.values.copy(), total.known.copy()
    for row, number in enumerate(group):
        added = sums.get(number)
        if added is not None:
            values[row], known[row] = added, True
        elif number in sums:
            sheet.good[row] = False
    if sums:
        sheet = sheet.with_money("total", Amounts(values, known), currencies)
    return sheet.keep(sheet.good)


def _line(sheet: Sheet, row: int, currencies: Texts, marks: Marks) -> int | None:
    """What a line comes to, rounded as Xero rounds lines; None where it is not certain."""
    tax = _decimal(sheet.text("tax")[row], marks)
    untaxed = tax == 0 if sheet.text("tax")[row] else bool(_UNTAXED.search(sheet.text("tax_type")[row]))
    quantity, price = (_decimal(sheet.text(name)[row], marks) for name in ("quantity", "price"))
    off = _decimal(sheet.text("discount")[row].rstrip("% ") or "0", marks)
    if not untaxed or quantity is None or price is None or off is None:
        return None
    line = quantity * price * (100 - off) / 100 * 10 ** exponent(currencies[row])
    return int(line.quantize(Decimal(1), ROUND_HALF_UP)) if abs(line) < 10**15 else None


def _decimal(text: str, marks: Marks) -> Decimal | None:
    if not text or len(text) > _LONGEST:
        return None
    plain = text.replace(" ", "")
    plain = plain.replace(",", "") if marks is Marks.POINT else plain.replace(".", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


IMPORT_TEMPLATE = Format(
    name="Xero sales invoice template",
    columns={
        **SHARED,
        "quantity": ("Quantity",),
        "price": ("UnitAmount",),
        "discount": ("Discount",),
        "tax": ("TaxAmount",),
        "tax_type": ("TaxType",),
        "account_code": ("AccountCode",),
        "currency": ("Currency",),
    },
    required=("client", "number", "issued_on", "due_on", "quantity", "price", "account_code"),
    kinds={"price": Kind.MONEY},
    foreign=("InvoiceAmountDue", "InvoiceAmountPaid"),
    build=_build,
    day_order=DayOrder.DAY_FIRST,
    scope=Scope.CHANGED,
    limits=Limits(
        cannot_tell=(
            "what was paid, and whether an invoice is a draft, open, paid or void",
            "the total where the column Total is empty and the lines are taxed",
            "credit notes, payments and refunds",
        ),
        better="The sales invoice export (Business > Invoices > Export) tells what is open and what was paid.",
    ),
)
