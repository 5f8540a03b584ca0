"""Reading `late_fee = { ... }`: every form of `payflow.policy.late_fees` as a person writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from payflow import money
from payflow.policy.late_fees import FeeBand, FeeBase, FeeSize, FeeTerms, Take
from payflow.policy.reading import LONGEST_DAYS, Reader


def read_late_fee(top: Reader, currency: str, warnings: list[str]) -> FeeTerms | None:
    """The late fee of a claim in a currency; None where none is written, or none in that currency."""
    return _LateFee(top, currency, warnings).read()


@dataclass(slots=True)
class _LateFee:
    """Reads one; methods note mistakes and return what is harmless."""

    top: Reader
    currency: str
    warnings: list[str]

    def read(self) -> FeeTerms | None:
        """The terms; None where none are written, none apply, or they are wrong."""
        table = self.top.table("late_fee", '{ amount = "25.00" } or { percent = "1.5" }')
        if table is None:
            return None
        bands = self._bands(table)
        days, months = self._every(table)
        grace = table.whole("grace", LONGEST_DAYS)
        terms = FeeTerms(
            bands=bands,
            base=table.word("of", FeeBase, FeeBase.OUTSTANDING),
            minimum=self._money(table, "minimum"),
            maximum=self._money(table, "maximum"),
            every_days=days,
            every_months=months,
            cap=self._money(table, "cap"),
            grace=grace or 0,
        )
        if terms.minimum is not None and terms.maximum is not None and terms.maximum < terms.minimum:
            table.wrong("maximum", "is less than minimum", "Write a maximum of at least the minimum.")
        table.finish()
        return terms if bands else None

    def _bands(self, table: Reader) -> tuple[FeeBand, ...]:
        """The bands, or the one size; empty where the fee is in other currencies, or wrong."""
        if "bands" not in table:
            size = self._size(table, 'amount = "25.00" or percent = "1.5"')
            return (FeeBand(size),) if size is not None else ()
        if "amount" in table or "percent" in table:
            table.wrong("bands", "stand beside an amount or a percentage", "Write those inside the bands only.")
        for key in ("amount", "percent", "take"):
            table.asked.append(key)
        found, last = [], 0
        items = table.tables("bands", '{ up_to = "1000.00", amount = "25.00" }')
        for at, item in enumerate(items):
            size = self._size(item, 'amount = "25.00" or percent = "1.5"')
            up_to, below = item.amount("up_to", self.currency), item.amount("below", self.currency)
            limit = up_to or below
            if "up_to" in item and "below" in item:
                item.wrong(
                    "below", "stands beside up_to", "Leave one of them out: up_to belongs to the band, below does not."
                )
            if limit is None and at < len(items) - 1 and "up_to" not in item and "below" not in item:
                item.wrong("", "has no limit, and bands follow it", 'Write up_to = "1000.00", or put it last.')
            if limit is not None and limit <= last:
                item.wrong("up_to" if up_to else "below", "is not above the band before", "Write bands in order.")
            last = limit or last
            item.finish()
            if size is not None:
                found.append(FeeBand(size, up_to, below))
        if not items and isinstance(table.data["bands"], list):
            table.wrong("bands", "no band is given", 'Write { up_to = "1000.00", amount = "25.00" }, ...')
        return tuple(found)

    def _size(self, table: Reader, example: str) -> FeeSize | None:
        amount, percent = self._money(table, "amount"), table.percent("percent")
        take = table.text("take", 'take = "greater" or "lesser"')
        if take is not None and take not in tuple(Take):
            table.wrong("take", f"{take!r} is not known here", 'Write "greater" or "lesser".')
            take = None
        both = "amount" in table and "percent" in table
        if "amount" not in table and "percent" not in table:
            table.wrong("", "the fee says nothing", f"Write {example}.")
            return None
        if both and "take" not in table:
            table.wrong("take", "is missing beside amount and percent", 'Write take = "greater" or take = "lesser".')
        if take is not None and not both:
            table.wrong(
                "take", "compares an amount with a percentage, and one is missing", "Write both, or leave it out."
            )
        if amount is None and percent is None:
            return None
        return FeeSize(amount, percent, Take(take) if take else None)

    def _money(self, table: Reader, key: str) -> int | None:
        """An amount in the claim's currency: text, or a table of amounts by currency."""
        value = table.get(key)
        if not isinstance(value, Mapping):
            return table.amount_of((key,), value, self.currency, 1)
        found = None
        for code, item in value.items():
            if not (code.isascii() and money.is_currency(code)):
                table.wrong((key, code), f"{code[:20]!r} is no currency", "Write three letters of ISO 4217: EUR, GBP.")
                continue
            units = table.amount_of((key, code), item, code, 1)
            found = units if code == self.currency else found
        if self.currency and self.currency not in value:
            self.warnings.append(f"late_fee.{key} names no amount in {self.currency}, so none counts.")
        return found

    def _every(self, table: Reader) -> tuple[int, int]:
        """Days and months after which the fee comes again; none for a fee that comes once."""
        text = table.text("every", 'every = "once", "month" or "7 days"') or "once"
        if text == "once":
            return 0, 0
        count, _, unit = text.partition(" ") if text != "month" else ("1", "", "month")
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0
        if unit.removesuffix("s") not in ("day", "month") or not 0 < number <= LONGEST_DAYS:
            table.wrong("every", f"{text[:40]!r} is no rhythm", 'Write "once", "month", "3 months" or "7 days".')
            return 0, 0
        return (number, 0) if unit.startswith("day") else (0, number)
