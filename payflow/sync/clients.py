"""What readings say of clients, into the mirror: of each word the one that was said last, in whatever order the readings come.

A word is a name, an e-mail, a language or a country that is not empty. Of two that were said at one moment the one counts that
sorts last, for want of a reason; of a report that was corrected, what it says now. For this the moment must be known at which
each word was last said, yet a reading that says what the one before said may write nothing. So what each kind of report says is
kept apart, and a word that the newest whole reading of its kind said is stored without a moment: it moves on with that reading.
Only where a client, or a word of it, drops out of such a reading is the moment written at which that was last said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from payflow.model.facts import Scope
from payflow.store import mirror, mirror_writes
from payflow.store.mirror import ClientRow, ReadingRow, SaidRow
from payflow.sync.work import Work


class _Word(NamedTuple):
    """A word of a client, and the moment at which it was last said."""

    at: str
    text: str


#: Of a client its name, e-mail, language and country.
_Words = tuple[_Word, ...]
#: client's key -> kind of report -> what that said last
_Said = Mapping[str, dict[str, _Words]]
_SILENT: _Words = (_Word("", ""),) * 4
_NOBODY = ("", "")


def write_clients(work: Work) -> None:
    """Take in what a reading says of clients."""
    source, own, stamp = work.state.source, _kind(work.reading), work.stamp
    newest = _newest(work.state.readings)
    clients = {row.key: row for row in mirror.clients(work.tx, source)}
    known = mirror.said(work.tx, source)
    steady = _steady(work, known, clients) if work.stamp >= newest.get(own, "") else set()
    said: dict[str, dict[str, _Words]] = {}
    for row in known:
        if row.key not in steady:
            said.setdefault(row.key, {})[row.report] = _words(row, newest)
    told = [one for one in work.read.clients if one.key not in steady]
    for one in told:
        kinds = said.setdefault(one.key, {})
        if not kinds and one.key in clients:  # described by a release that did not keep when
            kinds[""] = tuple(_Word(max(newest.values(), default=""), text) for text in clients[one.key][2:])
        texts = (one.name, one.email, one.language, one.country)
        words = zip(kinds.get(own, _SILENT), texts, strict=True)
        kinds[own] = tuple(_later(word, _Word(stamp, text), corrected=work.corrected) for word, text in words)
    if _is_whole(work.reading):
        newest[own] = max(stamp, newest.get(own, ""))
    _write(work, said, newest, set(known))
    described = {one.key: _described(source, one.key, said[one.key].values()) for one in told}
    mirror_writes.write_clients(work.tx, [row for key, row in described.items() if row != clients.get(key)])


def _steady(work: Work, known: Iterable[SaidRow], clients: Mapping[str, ClientRow]) -> set[str]:
    """Clients that only this kind of report describes, and as they are known: nearly all of large books. The newest whole reading
    said them, this one says them again, and is now the newest."""
    if not _is_whole(work.reading):
        return set()
    own, told = _kind(work.reading), Counter(one.key for one in work.read.clients)
    kinds = Counter(row.key for row in known)
    texts = {one.key: one[1:] for one in work.read.clients}
    return {
        row.key
        for row in known
        if row.report == own
        and kinds[row.key] == told[row.key] == 1
        and row[3:7] == texts[row.key] == clients.get(row.key, _NOBODY)[2:]
        and not any(row[7:])
    }


def _kind(reading: ReadingRow) -> str:
    return f"{reading.report}|{reading.scope}"


def _is_whole(reading: ReadingRow) -> bool:
    """Whether a client that stands in it, and stood in the one before, was said by both."""
    return bool(reading.finished) and reading.scope != Scope.CHANGED


def _newest(readings: Iterable[ReadingRow]) -> dict[str, str]:
    """The moment of the newest whole reading of each kind."""
    newest: dict[str, str] = {}
    for one in readings:
        if _is_whole(one):
            newest[_kind(one)] = max(one.as_of, newest.get(_kind(one), ""))
    return newest


def _words(row: SaidRow, newest: Mapping[str, str]) -> _Words:
    """What a row says, every word with its moment."""
    texts, moments = row[3:7], row[7:11]
    last = newest.get(row.report, "")
    return tuple(_Word(at or last, text) if text else _SILENT[0] for text, at in zip(texts, moments, strict=True))


def _later(old: _Word, new: _Word, *, corrected: bool) -> _Word:
    """Of two words of one kind of report the one that was said last."""
    if not new.text or (old.text and old.at > new.at):
        return old
    return new if corrected and old.at == new.at else max(old, new)


def _write(work: Work, said: _Said, newest: Mapping[str, str], known: set[SaidRow]) -> None:
    """Write what differs; a word that was said by the newest whole reading of its kind goes without its moment."""
    rows = (
        SaidRow(
            *(work.state.source, key, kind),
            *(word.text for word in words),
            *("" if word.at == newest.get(kind, "") else word.at for word in words),
        )
        for key, kinds in said.items()
        for kind, words in kinds.items()
    )
    mirror_writes.write_said(work.tx, [row for row in rows if row not in known])


def _described(source: str, key: str, kinds: Iterable[_Words]) -> ClientRow:
    """A client in the words that were said last, whichever report said them."""
    return ClientRow(source, key, *(max(words).text for words in zip(*kinds, strict=True)))
