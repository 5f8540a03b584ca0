"""Taking a person out of texts and JSON bodies, without touching the names by which things are known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Keys of bodies whose values name things, not people: they are looked for again, and stay what they are.
_NAMES_OF_THINGS = frozenset(
    (
        "project",
        "phase",
        "step",
        "policy",
        "occurrence",
        "ref",
        "kind",
        "currency",
        "digest",
        "agreement",
        "outcome",
        "transport",
        "place",
        "store",
        "scope",
        "intents",
        "rows",
        "invoices",
        "verdicts",
        "day",
        "due_on",
        "issued_on",
        "read_at",
        "rates",
        "program",
        "movements",
        "terms",
        "state",
        "as",
        "on",
        "until",
        "from",
        "by",
    )
)
#: Keys under which people write in their own words, or servers answer: what stands there about a person goes as a whole.
_FREE = frozenset({"reason", "detail"})


def contains(text: str, words: Iterable[str]) -> bool:
    """Whether a text has any of the words in it, whatever their case."""
    folded = text.casefold()
    return any(word.casefold() in folded for word in words if word)


class Scrub:
    """Replaces what names one person. `ids` are whole values, `keys` parts that are unlike any other text, `words` names."""

    def __init__(self, ids: Mapping[str, str], keys: Mapping[str, str], words: Iterable[str], name: str) -> None:
        self._ids, self._name = ids, name
        self._keys = _pattern(keys)
        self._new_keys = keys
        self._words = _pattern(words, whole=True)

    def text(self, value: str) -> str:
        """A text without the person."""
        if value in self._ids:
            return self._ids[value]
        if self._keys is not None:
            value = self._keys.sub(lambda found: self._new_keys[found[0]], value)
        return self._words.sub(self._name, value) if self._words is not None else value

    def body(self, body: Mapping[str, Any], about: bool) -> dict[str, Any]:
        """A record's body without the person; where it is `about` the person, without anybody's own words either."""
        return {key: self._value(value, key, about) for key, value in body.items()}

    def stored(self, value: str) -> str:
        """A text of any table; one that holds JSON is taken apart, since JSON may spell letters otherwise."""
        if value[:1] in ("{", "["):
            try:
                data = json.loads(value)
            except ValueError:
                return self.text(value)
            new = self._value(data, "", False)
            return value if new == data else json.dumps(new, sort_keys=True)
        return self.text(value)

    def _value(self, value: Any, key: str, about: bool) -> Any:
        if isinstance(value, dict):
            inside = about or value.get("client") in self._ids
            return {name: self._value(one, name, inside) for name, one in value.items()}
        if key in _NAMES_OF_THINGS and not isinstance(value, dict):
            return value
        if isinstance(value, list):
            return [] if key == "to" and about else [self._value(one, key, about) for one in value]
        if isinstance(value, str):
            return "" if key in _FREE and about else self.text(value)
        return value


def _pattern(words: Iterable[str], *, whole: bool = False) -> re.Pattern[str] | None:
    """Any of the words, the longest first; `whole`: not within a longer word, and in any case."""
    parts = [re.escape(word) for word in sorted(words, key=len, reverse=True) if word]
    if not parts:
        return None
    either = "|".join(parts)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if whole else re.compile(either)
