"""Who pays, as banks and books write it: names that mean the same one, and how they are looked up among many."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Names that are cut short are the same if so many signs of them are.
_ENOUGH = 8


def same_name(payer: str, client: str) -> bool:
    """Whether a bank and the books mean the same one: banks cut names short, write capitals and leave legal forms out."""
    one, other = _name_words(payer), _name_words(client)
    if not one or not other:
        return False
    if one == other:
        return True
    short, long = sorted(("".join(one), "".join(other)), key=len)
    return len(short) >= _ENOUGH and long.startswith(short)


#: What legal forms and titles say, which banks and books leave out at will.
_LEGAL = re.compile(
    r"ltd|limited|llc|inc|incorporated|corp|corporation|co|company|plc|ll?p|gmbh|ag|kg|ohg|ug|mbh|e[vgk]|sas?|sarl|srl|spa|"
    r"[bn]v|vof|ab|asa?|aps|oyj?|slu?|kft|zrt|sp|zoo|sro|pty|the|and|und|et|y|mrs?|ms|herrn?|frau"
)


#: Letters that are no others with a mark, and how banks write them.
_LATIN = str.maketrans({"æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
#: `ä` is written `a` by some banks and `ae` by others: without its second letter all are one.
_WRITTEN_OUT = re.compile(r"(?<=[aou])e")


def _plain(text: str) -> str:
    """A name in the letters that every bank has: `Müller`, `Mueller` and `MULLER` are one."""
    if text.isascii():
        folded = text.casefold()
    else:
        marked = unicodedata.normalize("NFKD", text.casefold().translate(_LATIN))
        folded = "".join(sign for sign in marked if not unicodedata.combining(sign))
    return _WRITTEN_OUT.sub("", folded)


@lru_cache(maxsize=100_000)
def _name_words(text: str) -> tuple[str, ...]:
    folded = "".join(sign if sign.isalnum() else "" if sign in ".'" else " " for sign in _plain(text))
    return tuple(word for word in folded.split() if not _LEGAL.fullmatch(word))


def name_key(text: str) -> str:
    """What any two names share that are the same by `same_name`: where to look for one among many."""
    return "".join(_name_words(text))[:_ENOUGH]
