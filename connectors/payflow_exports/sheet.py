"""The data rows of one file, asked column by column: texts, amounts in minor units, days, words of a known set.

A cell that cannot be read is a problem of its row and marks the row as bad; `good` tells which rows are left. Decimal mark and
order of dates are decided from the whole file, however few rows a sheet still holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from payflow.connector import (
    NO_DAY,
    AmountError,
    ConnectorError,
    Ints,
    Kind,
    Marks,
    Problem,
    decimal,
    exponent,
    is_currency,
    nearest,
    to_day,
)
from payflow_exports import dates
from payflow_exports.amounts import MarkProof, amount, mark_proof
from payflow_exports.body import Body
from payflow_exports.common import SAY_DATES, SAY_DECIMAL
from payflow_exports.format import About, DayOrder
from payflow_exports.options import Options
from payflow_exports.problems import Problems
from payflow_exports.source import Found
from payflow_exports.texts import Mask, Rows, Texts

if TYPE_CHECKING:
    import pandas as pd

_WORD = TypeVar("_WORD")


class Amounts(Struct, frozen=True):
    """Minor units per row; `known` is false where the cell is empty or unreadable."""

    values: Ints
    known: Mask

    def series(self, index: Ints) -> pd.Series[Any]:
        """As `Int64`, NA where not known."""
        import pandas as pd

        return pd.Series(pd.arrays.IntegerArray(self.values, ~self.known), index=index)

    def __neg__(self) -> Amounts:
        return Amounts(-self.values, self.known)


class Conventions(Struct, frozen=True, dict=True):
    """How a file writes amounts and dates, decided once from all its rows, when first asked."""

    found: Found
    body: Body
    options: Options
    about: About

    def texts(self, kind: Kind) -> dict[str, Texts]:
        """The file's columns of one kind."""
        return {name: texts for name, texts in self.body.columns.items() if self.found.format.kind(name) is kind}

    @cached_property
    def _marks(self) -> dict[str, MarkProof]:
        return {name: _proof_of(texts) for name, texts in self.texts(Kind.MONEY).items()}

    def marks(self, name: str) -> Marks:
        """The marks of a column. Raises `ConnectorError` where the file does not prove them."""
        if self.options.marks is not None:
            return self.options.marks
        own = self._marks.get(name, MarkProof())  # a column made of others is written as they are
        for proof in (own, *self._marks.values()):
            if proof.point and proof.comma:
                found = f"amounts are written both like {proof.point!r} and like {proof.comma!r}"
                raise ConnectorError(Problem(self.where(name, proof.comma), found, SAY_DECIMAL))
            if proof.point or proof.comma:
                return Marks.POINT if proof.point else Marks.COMMA
        if own.either:
            found = f"{own.either!r} may have a decimal mark or a thousands mark, and nothing in the file tells"
            raise ConnectorError(Problem(self.where(name, own.either), found, SAY_DECIMAL))
        return Marks.POINT

    @cached_property
    def day_order(self) -> DayOrder:
        """Day-first or month-first. Raises `ConnectorError` where the file does not prove it."""
        columns = self.texts(Kind.DATE)
        own = self.found.format.day_order
        if self.options.day_order is not None:
            return self.options.day_order
        proof = dates.proof(text for texts in columns.values() for text in texts.used())
        if proof.day_first and proof.month_first:
            if own is not None:
                return own
            found = f"dates are written both day-first ({proof.day_first}) and month-first ({proof.month_first})"
            raise ConnectorError(Problem(self.where_any(columns, proof.month_first), found, SAY_DATES))
        if proof.day_first or proof.month_first:
            return DayOrder.DAY_FIRST if proof.day_first else DayOrder.MONTH_FIRST
        if not proof.either:
            return DayOrder.DAY_FIRST  # no date depends on it
        by_period = self._order_by_period()
        if by_period or own:
            return by_period or own or DayOrder.DAY_FIRST
        found = f"{proof.either!r} may be day-first or month-first, and no date in the file tells"
        raise ConnectorError(Problem(self.where_any(columns, proof.either), found, SAY_DATES))

    def _order_by_period(self) -> DayOrder | None:
        """The one order in which all issue dates fall into the period that the report's titles name."""
        earliest, latest = self.about.covers_from, self.about.covers_to or self.about.as_of
        issued = self.body.columns.get("issued_on")
        if issued is None or (earliest is None and latest is None):
            return None
        fitting = [order for order in DayOrder if dates.fits(issued.used(), order, earliest, latest)]
        return fitting[0] if len(fitting) == 1 else None

    def where(self, name: str, text: str) -> str:
        """The first cell of a column that holds a text, as problems cite it."""
        row = self.body.rows[np.argmax(self.body.columns[name].equal(text))]
        return f"{self.found.name}:{row}: {self.header(name)}"

    def where_any(self, columns: Mapping[str, Texts], text: str) -> str:
        """The same for the first of several columns."""
        return next(self.where(name, text) for name, texts in columns.items() if text in texts.used())

    def header(self, name: str) -> str:
        """The header text of a field in this file; the field's own name where a heading above the rows holds it."""
        place = self.found.places.get(name)
        return name if place is None else " ".join(self.found.header[place].split()) or name


#: A sign of one currency alone, and its code.
_OWN_SIGN, _OWN_CODE = "€", "EUR"
_TITLED = re.compile(r"[(\[] ?([A-Z]{3}|€) ?[)\]]")
#: Signs of currencies, and whose they are.
_SIGNS = {
    "$": "AUD CAD USD NZD SGD HKD TWD MXN ARS CLP COP UYU DOP JMD TTD BSD BBD BZD FJD XCD BMD KYD GYD LRD NAD SRD",
    "€": "EUR",
    "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "¥": "JPY CNY",
}


class Sheet(Struct, frozen=True, dict=True):
    """Some data rows of one file. `currency` is the one for rows that name none; `home` the business's time zone."""

    conventions: Conventions
    rows: Ints
    columns: Mapping[str, Texts]
    problems: Problems
    home: tzinfo
    currency: str
    good: Mask
    #: whether the currency for silent rows was asked for by the user
    currency_sure: bool = True
    #: other sheets of the same workbook that belong to this one
    parts: Mapping[str, Sheet] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    @property
    def about(self) -> About:
        """What the report's titles and footer say."""
        return self.conventions.about

    def keep(self, rows: Rows) -> Sheet:
        """Only these rows, in this order."""
        columns = {name: texts.take(rows) for name, texts in self.columns.items()}
        return replace(self, rows=self.rows[rows], columns=columns, good=self.good[rows])

    def with_columns(self, **columns: Texts) -> Sheet:
        """With columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})

    def text(self, name: str) -> Texts:
        """A column; empty in every row where the file has no such column."""
        return self.columns[name] if name in self.columns else Texts.constant("", len(self))

    def reject(self, rows: Mask, name: str, found: Callable[[int], str], remedy: str) -> None:
        """Mark rows as bad, each with its problem; `found` says of a row what was found."""
        found_in = self.conventions.found
        column = f": {self.conventions.header(name)}" if name in (*found_in.places, found_in.format.heading) else ""
        for row in np.flatnonzero(rows & self.good):
            self.problems.add(f"{self.rows[row]}{column}", found(int(row)), remedy)
        self.good[rows] = False

    def with_currency(self) -> Sheet:
        """With the source's currency in every row that names none; said once, unless the user asked for that currency."""
        given = self.text("currency").map(lambda text: _currency(text) if text else "")
        if not self.currency_sure:
            given = self._signed(given)
            if titled := self._titled():
                given = given.map(lambda text: text or titled)
        silent = int(given.equal("").sum())
        if silent and not self.currency_sure:
            found = f"{silent} of {len(self)} rows name no currency; {self.currency} is assumed{self._against()}"
            self.problems.add(
                "", found, f'Write currency = "{self.currency}" for this source if that is right.', warning=True
            )
        return self.with_columns(currency=given.map(lambda text: text or self.currency))

    def _titled(self) -> str:
        """The one currency that headers of amounts name in brackets, as `Betrag (EUR)` does; empty where none or several."""
        headers = map(self.conventions.header, self.conventions.texts(Kind.MONEY))
        named = {_OWN_CODE if code == _OWN_SIGN else code for header in headers for code in _TITLED.findall(header)}
        known = [code for code in named if is_currency(code)]
        return known[0] if len(known) == 1 else ""

    def _signed(self, given: Texts) -> Texts:
        """With the currency of rows that name none, but whose amounts bear a sign that only one currency has."""
        import pyarrow.compute as pc

        silent = given.equal("")
        signed = np.zeros(len(self), dtype=np.bool_)
        for name in self.conventions.texts(Kind.MONEY) if silent.any() else ():
            texts = self.text(name)
            if pc.any(pc.match_substring(texts.used_arrow(), _OWN_SIGN)).as_py():
                signed |= texts.where(lambda text: _OWN_SIGN in text)
        if not (signed & silent).any():
            return given
        rows = zip(given.objects().tolist(), signed.tolist(), strict=True)
        return Texts.of(_OWN_CODE if own and not code else code for code, own in rows)

    def _against(self) -> str:
        """What speaks against the assumed currency: a sign in front of an amount that is not its own."""
        for name, texts in self.conventions.texts(Kind.MONEY).items():
            for text in texts.used()[:1000]:
                if (sign := text.lstrip("(-")[:1]) in _SIGNS and self.currency not in _SIGNS[sign]:
                    return f", although an amount is written {text!r} under {self.conventions.header(name)}"
        return ""

    def currencies(self) -> Texts:
        """The ISO 4217 code of every row; a code that is none is a problem of its row."""
        codes = self.text("currency")
        wrong = ~codes.where(is_currency)
        self.reject(
            wrong, "currency", lambda row: f"{codes[row]!r} is not a currency", "Write an ISO 4217 code such as EUR."
        )
        return codes.map(lambda text: text if is_currency(text) else self.currency)

    def money(self, name: str, currencies: Texts) -> Amounts:
        """Amounts of a column in minor units of each row's currency."""
        texts = self.columns.get(name)
        if texts is None:
            return Amounts(np.zeros(len(self), dtype=np.int64), np.zeros(len(self), dtype=np.bool_))
        marks = self.conventions.marks(name) if len(self) else Marks.POINT
        values, known = _plain_amounts(texts, currencies, marks)
        rest = np.flatnonzero(~known & ~texts.equal(""))
        pairs, which = np.unique(
            texts.codes[rest].astype(np.int64) * len(currencies.values) + currencies.codes[rest], return_inverse=True
        )
        found, readable = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs), dtype=np.bool_)
        errors: dict[int, str] = {}
        for place, pair in enumerate(pairs.tolist()):
            code, currency = divmod(pair, len(currencies.values))
            try:
                found[place] = amount(texts.values[code], currencies.values[currency], marks)
                readable[place] = True
            except AmountError as error:
                errors[place] = str(error)
        values[rest], known[rest] = found[which], readable[which]
        if errors:
            said = {int(row): errors[int(place)] for row, place in zip(rest, which, strict=True) if place in errors}
            wrong = np.zeros(len(self), dtype=np.bool_)
            wrong[list(said)] = True
            self.reject(wrong, name, said.__getitem__, "Correct the amount in the books, or the option `decimal`.")
        return Amounts(values, known)

    def with_money(self, name: str, amounts: Amounts, currencies: Texts) -> Sheet:
        """With other amounts in a column of money, written as the file writes them; empty where they are not known."""
        comma = self.conventions.marks(name) is Marks.COMMA
        rows = zip(amounts.values.tolist(), amounts.known.tolist(), currencies.objects().tolist(), strict=True)
        texts = (decimal(value, currency) if known else "" for value, known, currency in rows)
        return self.with_columns(**{name: Texts.of(text.replace(".", ",") if comma else text for text in texts)})

    def days(self, name: str) -> Ints:
        """Days of a column since 1970-01-01, `NO_DAY` where it is empty."""
        texts = self.columns.get(name)
        if texts is None or not len(self):
            return np.full(len(self), NO_DAY, dtype=np.int64)
        order, utc = self.conventions.day_order, self.conventions.found.format.utc
        days = np.full(len(texts.values), NO_DAY, dtype=np.int64)
        wrong = np.zeros(len(texts.values), dtype=np.bool_)
        for code in texts.used_codes().tolist():
            if text := texts.values[code]:
                written = dates.read(text)
                day = written.on(order, self.home, utc=utc) if written else None
                days[code], wrong[code] = (to_day(day), False) if day else (NO_DAY, True)

        def found(row: int) -> str:
            written = dates.read(texts[row])
            how = f" written {order.value}" if written is None or written.open else ""
            return f"{texts[row][:60]!r} is not a date{how}"

        self.reject(wrong[texts.codes], name, found, "Correct the date in the books, or the option `date_format`.")
        return days[texts.codes]

    def words(
        self, name: str, known: Mapping[str, _WORD], otherwise: _WORD, *, warn: bool = False
    ) -> NDArray[np.object_]:
        """What each row's word means; case does not count. An unknown word is a problem of its row; with `warn` it is only
        warned of, once per word, and means `otherwise`. So does an empty cell."""
        texts = self.text(name)
        meanings = [known.get(_squeezed(text), otherwise if not text or warn else None) for text in texts.values]
        strange = texts.where(lambda text: bool(text) and _squeezed(text) not in known)
        if warn:
            for text in texts.take(strange).used():
                place = f"{self.rows[np.argmax(texts.equal(text))]}: {self.conventions.header(name)}"
                found = f"{text[:60]!r} is no word known here and is taken as not stated"
                self.problems.add(place, found, nearest(text, list(known)), warning=True)
        else:
            self.reject(
                strange,
                name,
                lambda row: f"{texts[row][:60]!r} is no word known here",
                "The row is left out. " + nearest("", list(known)),
            )
        meaning = np.empty(len(meanings) + 1, dtype=np.object_)
        meaning[: len(meanings)] = meanings
        return meaning[texts.codes]


#: An amount as nearly all are written, with two decimals. What it proves and what it comes to is read without Python.
_PLAIN = r"^[0-9]{1,12}\.[0-9]{2}$"


def _proof_of(texts: Texts) -> MarkProof:
    """What a column's amounts say about their decimal mark."""
    import pyarrow.compute as pc

    used = texts.used_arrow()
    plain = pc.match_substring_regex(used, _PLAIN)
    proof = mark_proof(used.filter(pc.invert(plain)).to_pylist())
    first = pc.index(plain, True).as_py()
    return proof if first < 0 else MarkProof(used[first].as_py(), proof.comma, proof.either)


def _plain_amounts(texts: Texts, currencies: Texts, marks: Marks) -> tuple[Ints, Mask]:
    """Minor units of the rows whose amount is plainly written, in a currency of two decimals; and which rows these are."""
    import pyarrow.compute as pc

    if marks is not Marks.POINT or not len(texts):
        return np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.bool_)
    array = texts.arrow()
    plain = pc.match_substring_regex(array, _PLAIN)
    digits = pc.if_else(plain, pc.replace_substring(array, ".", ""), "0")
    of_value = pc.cast(digits, "int64").to_numpy(zero_copy_only=False)
    plain = plain.to_numpy(zero_copy_only=False)[texts.codes]
    plain &= currencies.where(lambda code: exponent(code) == 2)
    return np.where(plain, of_value[texts.codes], 0), plain


def dates_of(days: Ints) -> NDArray[np.datetime64]:
    """Day numbers as `datetime64[s]`, NaT for `NO_DAY`."""
    result = days.astype("datetime64[D]").astype("datetime64[s]")
    result[days == NO_DAY] = np.datetime64("NaT")
    return result


def day_text(day: int) -> str:
    """A day number as ISO text; empty for `NO_DAY`."""
    return "" if day == NO_DAY else date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())


def _currency(text: str) -> str:
    """`usd`, `USD`, and names that end in the code: `Swedish Krona - SEK`."""
    last = text.replace("(", " ").replace(")", " ").split()[-1:] or [""]
    return last[0].upper()
