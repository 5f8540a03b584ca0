"""How terms are written: a short name such as `2/10-net-30`, or a list of parts such as `["30 days", "end of month"]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from msgspec import Struct

from payflow.model.agreement import Anchor, Discount, DiscountBase, Parts, TermPart, Terms

#: What `terms = "..."` may say, for messages.
ACCEPTED = (
    '"due-on-receipt", "net-N" (N days), "eom" (end of the month), "net-N-eom" (N days, then the end of that month), '
    '"eom-N" (the end of the month, then N days), any of them after a discount as in "2/10-net-30", '
    'or a list such as ["30 days", "end of month", "day 10"]'
)

#: What a part of a list may say, for messages.
ACCEPTED_PARTS = (
    '"30 days", "1 month", "end of month", "day 10", "day 10 of next month", "next business day", '
    '"previous business day", "next business day in DE-BY", "from delivery" or "2% within 10 days"'
)

#: Longer terms are a slip of the keyboard: no contract grants more than ten years.
LONGEST = 3650
_LONGEST_MONTHS = 120
#: Terms of more parts are a mistake.
_MOST_PARTS = 12

_END_OF_MONTH: Parts = ((TermPart.END_OF_MONTH, 0),)
_NEXT_MONTH: Parts = (*_END_OF_MONTH, (TermPart.DAYS, 1))
_NAME = re.compile(r"(?P<offers>(?:[^-]*/[^-]*-)*)(?P<due>.*)", re.ASCII | re.DOTALL)
_OFFER = r"(?P<percent>[0-9]{1,2}(?:\.[0-9]{1,4})?)/(?P<days>[0-9]{1,4})"
_DUE = re.compile(r"net-(?P<days>[0-9]{1,4})(?P<eom>-eom)?|eom(?:-(?P<after>[0-9]{1,4}))?", re.ASCII)
_EITHER_READING = r"(?:net-)?(?P<days>[0-9]{1,4})[- ]?(?:days?[- ])?(?:eom|end[- ]of[- ]month)"


class TermsError(ValueError):
    """A text that is no terms. `place` is the part of a list that is wrong, None for a name or the list as a whole."""

    def __init__(self, found: str, remedy: str, place: int | None = None) -> None:
        super().__init__(f"{found}. {remedy}")
        self.found, self.remedy, self.place = found, remedy, place


def parse_terms(written: str | Sequence[str]) -> Terms:
    """The terms that a short name or a list of parts stands for. Raises `TermsError` that lists what is accepted."""
    return _of_name(written) if isinstance(written, str) else _of_list(written)


def _of_name(text: str) -> Terms:
    named = _NAME.fullmatch(text)
    offers = named["offers"].split("-")[:-1] if named else ()
    parts = _named_parts(named["due"]) if named else None
    discounts = [_named_discount(offer) for offer in offers]
    if parts is None or None in discounts:
        raise TermsError(f"{text!r} are no terms", _remedy(text))
    return Terms(text, parts, discounts=_ordered([item for item in discounts if item is not None]))


def _named_parts(text: str) -> Parts | None:
    """The parts of a name without its discounts; None for a name that is none."""
    if text == "due-on-receipt":
        return ()
    match = _DUE.fullmatch(text)
    if match is None or int(match["days"] or match["after"] or 0) > LONGEST:
        return None
    if match["days"]:
        return ((TermPart.DAYS, int(match["days"])), *(_END_OF_MONTH if match["eom"] else ()))
    return (*_END_OF_MONTH, *(((TermPart.DAYS, int(match["after"])),) if match["after"] else ()))


def _named_discount(text: str) -> Discount | None:
    match = re.fullmatch(_OFFER, text, re.ASCII)
    if match is None or not Fraction(match["percent"]) or int(match["days"]) > LONGEST:
        return None
    return Discount(Fraction(match["percent"]) / 100, ((TermPart.DAYS, int(match["days"])),))


def _remedy(text: str) -> str:
    """What to write instead: what is close first, then all that is accepted."""
    close = ""
    either = re.fullmatch(_EITHER_READING, text, re.ASCII)
    if either:
        days = either["days"]
        close = (
            f'It has two readings: "net-{days}-eom" adds the days first, "eom-{days}" goes to the month\'s end first. '
        )
    elif _is_part(text):
        close = f'Parts stand in a list: ["{text}"]. '
    return f"{close}Write {ACCEPTED}, N from 0 to {LONGEST}."


class _Read(Struct, frozen=True):
    """What a part of a list says."""

    parts: Parts = ()
    anchor: Anchor | None = None
    calendar: str = ""
    discount: Discount | None = None


def _of_list(written: Sequence[str]) -> Terms:
    if not written:
        raise TermsError("the terms are an empty list", f'Write "due-on-receipt", or parts: {ACCEPTED_PARTS}.')
    if len(written) > _MOST_PARTS:
        raise TermsError(f"the terms have {len(written)} parts", f"Write at most {_MOST_PARTS}.")
    read = [_part(text, place) for place, text in enumerate(written)]
    for place, one in enumerate(read):
        if one.anchor is not None and place:
            raise TermsError(
                f"{written[place]!r} stands after other parts", "Terms begin with what they count from.", place
            )
    countries = [(place, one.calendar) for place, one in enumerate(read) if one.calendar]
    for place, country in countries:
        if country != countries[0][1]:
            remedy = "Terms move to the business days of one country: write the same in both."
            raise TermsError(f"{country!r} stands beside {countries[0][1]!r}", remedy, place)
    return Terms(
        ", ".join(written),
        tuple(part for one in read for part in one.parts),
        read[0].anchor or Anchor.INVOICE,
        countries[0][1] if countries else "",
        _ordered([one.discount for one in read if one.discount is not None]),
    )


def _part(text: str, place: int) -> _Read:
    for form, read in _FORMS:
        match = re.fullmatch(form, text, re.ASCII)
        found = read(match) if match else None
        if found is not None:
            return found
    raise TermsError(f"{text!r} is no part of terms", f"Write {ACCEPTED_PARTS}.", place)


def _is_part(text: str) -> bool:
    return any(re.fullmatch(form, text, re.ASCII) for form, _ in _FORMS)


def _days(match: re.Match[str]) -> _Read | None:
    count = int(match["count"])
    return _Read(((TermPart.DAYS, count),)) if count <= LONGEST else None


def _months(match: re.Match[str]) -> _Read | None:
    count = int(match["count"])
    return _Read(((TermPart.MONTHS, count),)) if count <= _LONGEST_MONTHS else None


def _day(match: re.Match[str]) -> _Read | None:
    number = int(match["number"])
    ahead = _NEXT_MONTH if match["next"] else ()
    return _Read((*ahead, (TermPart.DAY_OF_MONTH, number))) if 1 <= number <= 31 else None


def _business_day(match: re.Match[str]) -> _Read:
    way = TermPart.FOLLOWING if match["way"] in ("next", "following") else TermPart.PRECEDING
    return _Read(((way, 0),), calendar=match["country"] or "")


def _discount(match: re.Match[str]) -> _Read | None:
    percent, limit = Fraction(match["percent"]) / 100, _limit(match["within"] or match["by"])
    base = DiscountBase(match["base"] or DiscountBase.GROSS)
    return _Read(discount=Discount(percent, limit, base)) if percent and limit else None


def _limit(text: str) -> Parts | None:
    """The last day of a discount; None for a text that names none."""
    try:
        return _part(text, 0).parts
    except TermsError:
        return None


def _anchor(match: re.Match[str]) -> _Read:
    return _Read(anchor=Anchor(match["anchor"]))


_DAYS, _MONTHS, _DAY = r"[0-9]{1,4} days?", r"[0-9]{1,3} months?", r"day [0-9]{1,2}(?: of next month)?"
_COUNTRY = r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?"
_WAYS = "next|following|previous|preceding"
_OF, _UNTIL = (
    r"(?: of (?P<base>gross|net))?",
    rf"(?:within (?P<within>{_DAYS}|{_MONTHS})|by (?P<by>end of month|{_DAY}))",
)

#: How each part is written, and how it is read.
_FORMS: Sequence[tuple[str, Callable[[re.Match[str]], _Read | None]]] = [
    (r"(?P<count>[0-9]{1,4}) days?", _days),
    (r"(?P<count>[0-9]{1,3}) months?", _months),
    (r"end of month", lambda _: _Read(_END_OF_MONTH)),
    (r"day (?P<number>[0-9]{1,2})(?P<next> of next month)?", _day),
    (rf"(?P<way>{_WAYS}) business day(?: in (?P<country>{_COUNTRY}))?", _business_day),
    (rf"from (?P<anchor>{'|'.join(Anchor)})", _anchor),
    (rf"(?P<percent>[0-9]{{1,2}}(?:\.[0-9]{{1,4}})?) ?%{_OF} {_UNTIL}", _discount),
]


def _ordered(discounts: Sequence[Discount]) -> tuple[Discount, ...]:
    """The higher discount first: it is the one for paying earlier."""
    return tuple(sorted(discounts, key=lambda one: -one.percent))
