"""The dashboard's invoices.csv: one row per invoice, amounts in major units, stamps in UTC.

Keys are Stripe's own ids, the same as through the API, so that a source may move from one to the other. Its status words decide:
`Amount Due` is what the invoice asked for when it was issued and stays there when it is paid or void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.connector import ENTRIES, Connector, Kind, Limits, Marks, Scope, SourceContext, Status, empty
from payflow_exports.files import FileConnector
from payflow_exports.format import Format, Portion
from payflow_exports.options import read_options
from payflow_exports.sheet import Sheet
from payflow_exports.spec import FileSpec
from payflow_stripe.facts import STATUSES
from payflow_stripe.payments import PAYMENTS

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "id": ("id",),
    "client": ("Customer", "Customer ID"),
    "client_name": ("Customer Name",),
    "email": ("Customer Email",),
    "number": ("Number",),
    "currency": ("Currency",),
    "issued_on": ("Date (UTC)",),
    "due_on": ("Due Date (UTC)",),
    "total": ("Total",),
    "due": ("Amount Due",),
    "paid": ("Amount Paid",),
    "status": ("Status",),
    "milestone": ("payflow_milestone (metadata)",),
    "charge": ("payflow_charge (metadata)",),
    "description": ("Description",),
}
#: Columns whose texts make up the canonical reference, in order.
_REFERENCE = ("charge", "milestone", "description")


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, merged, require

    one = merged(sheet, ("id",), by_line=False)
    require(one, "id", "status")
    due = one.money("due", one.currencies()).series(one.rows)
    texts = [one.text(name).objects() for name in _REFERENCE]
    references = [" ".join(filter(None, row)) for row in zip(*texts, strict=True)]
    invoices = invoices_of(one, STATUSES, by_line=False, key=("id",))
    import pandas as pd

    reference = pd.Series(references, index=one.rows, dtype="str")[invoices.index]
    numbered = invoices["number"].where(invoices["number"] != "", invoices["key"])
    invoices = _reckoned(invoices.assign(reference=reference, number=numbered), due[invoices.index])
    earliest = invoices["issued_on"].min()
    covers_from = None if pd.isna(earliest) else earliest.date()
    return Portion(clients_of(one), invoices, empty(ENTRIES), covers_from=covers_from)


def _reckoned(invoices: pd.DataFrame, due: pd.Series) -> pd.DataFrame:
    """With paid, credited and open amounts that add up to the total, by what the status says.

    What an invoice did not ask of its total went off before: by credit notes, or by credit of the client's balance; the file does
    not tell which, so it lowers the price and is not called paid.
    """
    total, paid = invoices["total"], invoices["paid"].fillna(0)
    credited = (total - due).fillna(0).clip(lower=0)
    asked = total - credited
    done = invoices["status"] == Status.PAID.value
    paid = paid.clip(upper=asked).mask(done, asked)
    return invoices.assign(paid=paid, credited=credited, balance=asked - paid)


INVOICES_CSV = Format(
    name="Stripe invoices.csv",
    columns=_COLUMNS,
    required=("id", "client", "issued_on", "total", "paid", "status"),
    build=_build,
    kinds={"due": Kind.MONEY},
    utc=True,
    scope=Scope.OPEN,
    limits=Limits(
        cannot_tell=(
            "when an invoice was paid: payment days are inferred from one export to the next",
            "refunds and disputes: an invoice whose money went back still reads as paid",
            "debits that are under way",
            "whether credit notes or credit of the client's balance lowered what an invoice asked",
            "the client's name, e-mail address and the payment link",
        ),
        better='The API tells all of this: give the source `key = "env:STRIPE_API_KEY"` instead of `files`.',
    ),
)

FILES = FileSpec("stripe", (INVOICES_CSV, PAYMENTS))


def open_files(context: SourceContext) -> Connector:
    """The files of one source. Stripe writes decimal points in every language, so 12.345 dinars need no proof."""
    options = read_options(context.options, context.name)
    return FileConnector(context, FILES.formats, replace(options, marks=options.marks or Marks.POINT))
