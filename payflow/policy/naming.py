"""Where a bank line names an invoice: its number in the text, or a structured reference made for it.

How sure a name is depends on what it looks like. Two letters and a digit that stand as a word of their own hardly come about
by accident ("INV-0012"); a bare number may be a day, a year, a telephone or a customer number, and a short one anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple


class Strength(IntEnum):
    """How sure it is that a text names an invoice."""

    # looks like it, and may be something else
    WEAK = 0
    # is the number if the amount agrees as well
    WITH_AMOUNT = 1
    # is the number
    SURE = 2


class Name(NamedTuple):
    """An invoice named in a text."""

    invoice: int
    strength: Strength
    #: as it stands in the text
    found: str


#: Runs of letters and runs of digits: what is between them may be written in many ways.
_CHUNK = re.compile(r"[^\W\d_]+|\d+")
#: Words after which a bare number is most likely that of an invoice.
_CALLED = re.compile(
    r"(?:invoices?|inv|bill|rechnungs?|rechnungsnummer|rg|rnr|re|factures?|fact|facturas?|fatturas?|fattura|factuur|faktura|"
    r"faktur|fatura|lasku)\s*(?:(?:no|nr|num|number|nummer|n)\b)?\s*[.:#°º-]*\s*$",
    re.IGNORECASE,
)
_PERIODS = re.compile(
    r"jan(uary|uar)?|feb(ruary|ruar)?|mar(ch)?|m(ae|ä)rz|apr(il)?|ma[yi]|june?|jun[ie]|july?|jul[iy]|aug(ust)?|"
    r"sept?(ember)?|o[ck]t(ober)?|nov(ember)?|de[cz](ember)?|[qh]|kw|wk|week"
)
#: Chunks of the longest number that is looked for.
_MOST_CHUNKS = 12


def squeeze(number: str) -> str:
    """A number as it is compared: signs, blanks and case do not count."""
    return "".join(_CHUNK.findall(number.casefold()))


class Numbers:
    """Every number by which an invoice may be named, ready to be looked up in texts."""

    def __init__(self, numbers: Iterable[tuple[str, int]]) -> None:
        self._by_squeezed: dict[str, dict[int, list[tuple[str, ...]]]] = {}
        self._first: set[str] = set()
        self._longest = 1
        for number, invoice in numbers:
            chunks = tuple(_CHUNK.findall(number.casefold()))
            if not chunks or len(chunks) > _MOST_CHUNKS or not any(chunk.isdigit() for chunk in chunks):
                continue
            self._longest = max(self._longest, len(chunks))
            self._first.add(chunks[0])
            known = self._by_squeezed.setdefault("".join(chunks), {})
            known.setdefault(invoice, []).append(chunks)

    def named_in(self, text: str) -> list[Name]:
        """The invoices that a text names, each once, by its surest mention; of overlapping names only the longest counts."""
        spans = [(match.start(), match.end()) for match in _CHUNK.finditer(text)]
        words = [text[start:end].casefold() for start, end in spans]
        best: dict[int, Name] = {}
        at = 0
        while at < len(spans):
            step = 1
            # a word is quickly told to begin no number; digits may be divided otherwise than in the number
            most = at + self._longest + 2 if words[at] in self._first or words[at].isdigit() else at
            for last in range(min(len(spans), most), at, -1):
                found = self._by_squeezed.get("".join(words[at:last]))
                if found is None:
                    continue
                start, end = spans[at][0], spans[last - 1][1]
                for invoice, ways in found.items():
                    strength = max(_strength(text, start, end, words[at:last], way) for way in ways)
                    if invoice not in best or strength > best[invoice].strength:
                        best[invoice] = Name(invoice, strength, " ".join(text[start:end].split()))
                step = last - at
                break
            at += step
        return sorted(best.values())


def _strength(text: str, start: int, end: int, written: Sequence[str], number: Sequence[str]) -> Strength:
    """How sure a mention from `start` to `end` is; `written` and `number` are the chunks in the text and of the number."""
    if not _stands_alone(text, start, end):
        return Strength.WEAK
    squeezed, same = "".join(number), list(written) == list(number)
    letters = "".join(chunk for chunk in number if not chunk.isdigit())
    if len(squeezed) < 4 or _like_a_period(number):
        return Strength.WEAK
    if letters:
        sure = len(squeezed) >= 5 or len(letters) >= 2
        together = not any(sign.isspace() for sign in text[start:end])
        return Strength.SURE if sure and (same or together) else Strength.WEAK
    if not same or any(sign.isspace() for sign in text[start:end]) or _like_a_day_or_year(number):
        return Strength.WEAK
    if _CALLED.search(text[:start]) or text[:start].rstrip().endswith("#") or len(squeezed) >= 5:
        return Strength.WITH_AMOUNT
    return Strength.WEAK


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a mention is a word of its own, and no part of a longer word, number, date or amount."""
    before, after = text[:start], text[end:]
    if before[-1:].isalnum() or after[:1].isalnum():
        return False
    if text[start].isdigit() and re.search(r"\d[-./,:]$|\+$", before):
        return False
    return not (text[end - 1].isdigit() and re.match(r"[-./,:]\d", after))


def _like_a_period(number: Sequence[str]) -> bool:
    """`Q4-2024`, `NOV 24`: a word of the calendar and a number that may go with it."""
    digits = sum(len(chunk) for chunk in number if chunk.isdigit())
    return _PERIODS.fullmatch(number[0]) is not None and len(number) <= 3 and digits <= 5


def _like_a_day_or_year(number: Sequence[str]) -> bool:
    """`2024`, `20241103`, `03112024`, `03.11.24`."""
    if len(number) == 3 and all(len(chunk) in (1, 2, 4) for chunk in number):
        return True
    if len(number) == 2 and sorted(map(len, number)) in ([1, 4], [2, 4], [2, 2], [1, 2]):
        # 11/2024; a number such as 2024-17 is told from it only by what goes with it
        return all(_month(chunk) or _year(chunk) for chunk in number)
    if len(number) != 1:
        return False
    [text] = number
    if len(text) == 4:
        return _year(text)
    if len(text) == 6:
        return (_month(text[2:4]) and (_day(text[:2]) or _day(text[4:]))) or (_year(text[:4]) and _month(text[4:]))
    if len(text) == 8:
        year_first = _year(text[:4]) and _month(text[4:6]) and _day(text[6:])
        day_first = _year(text[4:]) and (
            (_month(text[2:4]) and _day(text[:2])) or (_month(text[:2]) and _day(text[2:4]))
        )
        return year_first or day_first
    return False


def _year(text: str) -> bool:
    return len(text) == 4 and 1950 <= int(text) <= 2099


def _month(text: str) -> bool:
    return len(text) <= 2 and 1 <= int(text) <= 12


def _day(text: str) -> bool:
    return len(text) <= 2 and 1 <= int(text) <= 31


class References:
    """Structured references and the invoices they were made for."""

    def __init__(self, invoices: Iterable[tuple[int, Sequence[str], str]]) -> None:
        """`invoices` are (id, numbers, every text in which a reference may stand)."""
        self._written: dict[str, set[int]] = {}
        self._bodies: dict[str, set[int]] = {}
        for invoice, own, text in invoices:
            for reference in _structured_in(text):
                self._written.setdefault(reference, set()).add(invoice)
            for number in own:
                if len(body := _body(number)) >= 3:
                    self._bodies.setdefault(body, set()).add(invoice)

    def invoices_of(self, reference: str) -> list[int]:
        """The invoices that a reference means: written on them, or made from their number."""
        tight = "".join(reference.split()).upper()
        if not tight:
            return []
        found = self._written.get(tight)
        if found is None and (body := made_from(tight)) is not None:
            found = self._bodies.get(_body(body))
        return sorted(found) if found else []


def made_from(reference: str) -> str | None:
    """The text from which a structured reference was made, None where it is none or its check digits are wrong.

    ISO 11649 (`RF18 5390 ...`): modulo 97. Swiss ESR and QR references: 27 digits, the last a recursive modulo-10 check.
    """
    tight = "".join(reference.split()).upper()
    if re.fullmatch(r"RF\d{2}[0-9A-Z]{1,21}", tight):
        turned = tight[4:] + tight[:4]
        return tight[4:] if int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1 else None
    if re.fullmatch(r"[0-9]{27}", tight):
        return tight[:-1] if _mod10(tight[:-1]) == int(tight[-1]) else None
    return None


def _mod10(digits: str) -> int:
    """The check digit of ESR and QR references, by the recursive table of the Swiss payment standards."""
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def _body(text: str) -> str:
    """A number as it stands in a reference: signs and leading zeros do not count."""
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum()).lstrip("0")


def _structured_in(text: str) -> Iterable[str]:
    """The structured references in a free text, their blanks taken out."""
    upper = text.upper()
    for pattern in (r"\bRF\d{2}(?: ?[0-9A-Z]){1,21}\b", r"\b\d(?: ?\d){26}\b"):
        for match in re.finditer(pattern, upper):
            # blanks divide both the reference and the words after it: the longest part that checks is the reference
            words = match.group().split()
            for last in range(len(words), 0, -1):
                tight = "".join(words[:last])
                if made_from(tight) is not None:
                    yield tight
                    break
