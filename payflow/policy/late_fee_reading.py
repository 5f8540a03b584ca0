"""Reading `late_fee = { ... }`: every form of `payflow.policy.late_fees` as a person writes it.

The same words in a scenario of `payflow calc` and in a policy of `payflow.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from payflow import money
from payflow.model.agreement import FeeBase, LateFee, LateFeeBand, Take
from payflow.policy.late_fees import FeeTerms, silent_in, terms_in
from payflow.policy.reading import LONGEST_DAYS, Reader

_EXAMPLE = 'amount = "25.00" or percent = "1.5"'


def read_late_fee(top: Reader, currency: str, *, steps: bool = False) -> LateFee | None:
    """The late fee of a table with the key `late_fee`; None where none is written, or it is wrong.

    `currency` is the one that an amount without a currency is in. `steps` says that there are steps that may claim it.
    """
    table = top.table("late_fee", '{ amount = "25.00" } or { percent = "1.5" }')
    return None if table is None else _LateFee(table, currency, steps).read()


def late_fee_in(top: Reader, currency: str, warnings: list[str]) -> FeeTerms | None:
    """The late fee of a claim in its currency; None, with a warning, where an amount of it does not name the currency."""
    fee = read_late_fee(top, currency)
    if fee is None or not currency:
        return None
    silent = silent_in(fee, currency)
    warnings += [f"late_fee.{key} names no amount in {currency}, so none counts." for key in silent]
    return terms_in(fee, currency)


class _LateFee(Struct):
    """Reads one; methods note mistakes and return what is harmless."""

    table: Reader
    currency: str
    steps: bool

    def read(self) -> LateFee | None:
        """The fee; None where it says nothing, or is wrong."""
        table = self.table
        bands, size = self._bands(), None
        if "bands" not in table:
            size = self._size(table)
        days, months = self._every()
        fee = LateFee(
            flat=size.flat if size else {},
            percent=size.percent if size else None,
            take=size.take if size else None,
            of=table.word("of", FeeBase, FeeBase.OUTSTANDING),
            tax=self._tax(),
            bands=bands,
            minimum=self._money(table, "minimum"),
            maximum=self._money(table, "maximum"),
            cap=self._money(table, "cap"),
            every_days=days,
            every_months=months,
            grace=table.whole("grace", LONGEST_DAYS) or 0,
        )
        if any(fee.maximum.get(code, least) < least for code, least in fee.minimum.items()):
            table.wrong("maximum", "is less than minimum", "Write a maximum of at least the minimum.")
        table.finish()
        return fee if bands or size is not None else None

    def _bands(self) -> tuple[LateFeeBand, ...]:
        """The bands; none where there are none, or they are wrong."""
        table = self.table
        if "bands" not in table:
            table.asked.append("bands")
            return ()
        if "amount" in table or "percent" in table:
            table.wrong("bands", "stand beside an amount or a percentage", "Write those inside the bands only.")
        for key in ("amount", "percent", "take"):
            table.asked.append(key)
        found: list[LateFeeBand] = []
        last: Mapping[str, int] = {}
        items = table.tables("bands", '{ up_to = "1000.00", amount = "25.00" }')
        for at, item in enumerate(items):
            size = self._size(item, least=0)
            up_to, below = self._money(item, "up_to"), self._money(item, "below")
            limit = up_to or below
            if "up_to" in item and "below" in item:
                item.wrong(
                    "below", "stands beside up_to", "Leave one of them out: up_to belongs to the band, below does not."
                )
            if not limit and at < len(items) - 1 and "up_to" not in item and "below" not in item:
                item.wrong("", "has no limit, and bands follow it", 'Write up_to = "1000.00", or put it last.')
            if any(amount <= last.get(code, 0) for code, amount in limit.items()):
                item.wrong("up_to" if up_to else "below", "is not above the band before", "Write bands in order.")
            last = limit or last
            item.finish()
            if size is not None:
                found.append(LateFeeBand(size.flat, size.percent, size.take, up_to, below))
        if not items and isinstance(table.data["bands"], list):
            table.wrong("bands", "no band is given", 'Write { up_to = "1000.00", amount = "25.00" }, ...')
        return tuple(found)

    def _size(self, table: Reader, least: int = 1) -> LateFeeBand | None:
        """Amount and percentage of a fee or of a band of it, where an amount of 0 says that there is none."""
        flat, percent = self._money(table, "amount", least), table.percent("percent")
        take = table.text("take", 'take = "greater" or "lesser"')
        if take is not None and take not in tuple(Take):
            table.wrong("take", f"{take!r} is not known here", 'Write "greater" or "lesser".')
            take = None
        both = "amount" in table and "percent" in table
        if "amount" not in table and "percent" not in table:
            table.wrong("", "the fee says nothing", f"Write {_EXAMPLE}.")
            return None
        if both and "take" not in table:
            table.wrong("take", "is missing beside amount and percent", 'Write take = "greater" or take = "lesser".')
        if take is not None and not both:
            table.wrong(
                "take", "compares an amount with a percentage, and one is missing", "Write both, or leave it out."
            )
        if not flat and percent is None:
            return None
        return LateFeeBand(flat, percent, Take(take) if take else None)

    def _money(self, table: Reader, key: str, least: int = 1) -> Mapping[str, int]:
        """Amounts by currency: text in the currency of the claim, or a table of amounts by currency."""
        value = table.get(key)
        if not isinstance(value, Mapping):
            units = table.amount_of((key,), value, self.currency, least)
            return {} if units is None or not self.currency else {self.currency: units}
        found: dict[str, int] = {}
        for code, item in value.items():
            if not (code.isascii() and money.is_currency(code)):
                table.wrong((key, code), f"{code[:20]!r} is no currency", "Write three letters of ISO 4217: EUR, GBP.")
                continue
            amount = table.amount_of((key, code), item, code, least)
            if amount is not None:
                found[code] = amount
        if not value:
            table.wrong(key, "no amount is given", f'Write {key} = "25.00" or {key} = {{ GBP = "25.00" }}.')
        return found

    def _tax(self) -> Fraction | None:
        """The tax that percentages leave out, with base = "net"; nothing tells it but the person who writes."""
        table = self.table
        base, tax = table.text("base", 'base = "gross" or "net"'), table.percent("tax")
        if base not in (None, "gross", "net"):
            table.wrong("base", f"{base!r} is not known here", 'Write "gross" (with tax) or "net" (without).')
        elif base == "net" and "tax" not in table:
            remedy = 'Write the rate of the tax in the amounts: tax = "20". Books tell totals with tax only.'
            table.wrong("tax", "is missing: a fee on the net amount needs it", remedy)
        elif base != "net" and "tax" in table:
            table.wrong("tax", "counts only for a fee on the net amount", 'Write base = "net", or leave it out.')
        return tax if base == "net" else None

    def _every(self) -> tuple[int, int]:
        """Days and months after which the fee comes again; none for a fee that comes once, or with each step that says so."""
        table = self.table
        text = table.text("every", 'every = "once", "month" or "7 days"') or "once"
        if text == "once" or (self.steps and text == "step"):
            return 0, 0
        if text == "step":
            table.wrong("every", "there are no steps here", 'Write "once", "month", "3 months" or "7 days".')
            return 0, 0
        count, _, unit = text.partition(" ") if text != "month" else ("1", "", "month")
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0
        if unit.removesuffix("s") not in ("day", "month") or not 0 < number <= LONGEST_DAYS:
            remedy = f'Write "once", {chr(34) + "step" + chr(34) + ", " if self.steps else ""}"month", "3 months" or "7 days".'
            table.wrong("every", f"{text[:40]!r} is no rhythm", remedy)
            return 0, 0
        return (number, 0) if unit.startswith("day") else (0, number)
