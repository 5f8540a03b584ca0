"""What came of lives with kills, held against one without.

double   an e-mail, a charge or a hook's event that went out twice; an event that comes again under its own id is none
loss     one that never went out: an e-mail to someone of whose messages none is `unsure`, a charge that the journal claims
fault    a journal that does not verify, or a board, notices or charges that differ from the life in which nothing was killed
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lives import Effect, End

OWNER = "billing@studio-north.example"


@dataclass(slots=True)
class Count:
    """Effects of one kind; `again` are tries beyond the first, which the other side knew by their key."""

    effects: int = 0
    again: int = 0
    doubles: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What came of lives."""

    lives: int = 0
    kills: int = 0
    #: runs that ended because their connection was cut
    cuts: int = 0
    runs: int = 0
    unsure: int = 0
    mails: Count = field(default_factory=Count)
    charges: Count = field(default_factory=Count)
    hooks: Count = field(default_factory=Count)
    faults: list[str] = field(default_factory=list)
    #: the places that runs name, all of which the life without kills has come to
    places: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[Count, Count, Count]:
        """One for each kind of effect."""
        return self.mails, self.charges, self.hooks

    @property
    def wrong(self) -> bool:
        """Whether anything was."""
        return bool(self.faults) or any(one.doubles or one.losses for one in self.counts)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compare(end: End, plain: End, tally: Tally, where: str) -> None:
    """Hold a life against the one in which nothing was killed, and count it."""
    tally.lives += 1
    tally.unsure += len(end.unsure)
    tally.faults += [f"{where}: {fault}" for fault in end.faults]
    _mails(end, plain, tally, where)
    _charges(end, plain, tally.charges, where)
    _hooks(end, plain, tally.hooks, where)
    if not end.unsure:
        # what follows from a notice that may not have arrived (no fee, a word to the owner) differs as it should
        for name, value in end.state.items():
            if value != plain.state[name]:
                tally.faults.append(f"{where}: {name} differs: {_difference(value, plain.state[name])}")


def _mails(end: End, plain: End, tally: Tally, where: str) -> None:
    got, wanted, count = Counter(end.mails), Counter(plain.mails), tally.mails
    count.effects += len(end.mails)
    count.doubles += [f"{where}: {effect}" for effect, times in got.items() if times > 1]
    excused = {address for address, _ in end.unsure}

    def is_excused(effect: Effect) -> bool:
        return bool(excused) and (effect.to in excused or effect.to == OWNER)

    count.losses += [f"{where}: {effect}" for effect in wanted - got if not is_excused(effect)]
    more = [effect for effect in got - wanted if got[effect] == 1 and not is_excused(effect)]
    tally.faults += [f"{where}: more than was wanted: {effect}" for effect in more]


def _charges(end: End, plain: End, count: Count, where: str) -> None:
    got = Counter(one.tag for one in end.deeds)
    count.effects += len(end.deeds)
    count.again += end.calls - len(end.deeds)
    count.doubles += [f"{where}: {tag}" for tag, times in got.items() if times > 1]
    wanted = {*end.claimed} if end.unsure else {one.tag for one in plain.deeds} | {*end.claimed}
    count.losses += [f"{where}: {tag}" for tag in wanted if tag not in got]
    posted = {one.tag: one for one in end.deeds}
    count.doubles += [f"{where}: {tag} was never claimed" for tag in got if tag.partition("/")[0] not in end.claimed]
    count.doubles += [
        f"{where}: {one} is not what it was without kills"
        for one in plain.deeds
        if posted.get(one.tag, one) != one and not end.unsure
    ]


def _hooks(end: End, plain: End, count: Count, where: str) -> None:
    got, wanted = (Counter((one.event, one.text) for one in life.heard) for life in (end, plain))
    count.effects += len(end.heard)
    count.again += end.tries - len(end.heard)
    count.doubles += [f"{where}: {text}" for (_, text), times in got.items() if times > 1]
    # what needs a person differs where a message is unsure
    missing = [one for one in wanted - got if one[0] == "verdict" or not end.unsure]
    count.losses += [f"{where}: {text}" for _, text in missing]
    more = [one for one in got - wanted if one[0] == "verdict" or not end.unsure]
    count.doubles += [f"{where}: more than was wanted: {text}" for _, text in more]


def _difference(left: Any, right: Any) -> str:
    one, other = json.dumps(left, sort_keys=True, default=str), json.dumps(right, sort_keys=True, default=str)
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"...{one[max(0, at - 60) : at + 60]} instead of ...{other[max(0, at - 60) : at + 60]}"


MARKS = ("<!-- kills -->", "<!-- end of kills -->")
_FAULTS = ("doubles", "losses")
HEAD = ("store", "mail", "lives", "runs", "kills", "cuts", "e-mails", "unsure", *_FAULTS, "charges", *_FAULTS)
HEAD += ("events", *_FAULTS, "other faults")


def with_table(page: str, tallies: Mapping[tuple[str, str], Tally]) -> str:
    """The page with the table of a campaign between its marks."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    rows = [HEAD, ["---"] * 2 + ["---:"] * (len(HEAD) - 2)]
    rows += [[*place, *(f"{count:,}" for count in _row(tally))] for place, tally in tallies.items()]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}"


def _row(tally: Tally) -> Iterator[int]:
    yield from (tally.lives, tally.runs, tally.kills, tally.cuts)
    for count in tally.counts:
        yield count.effects
        if count is tally.mails:
            yield tally.unsure
        yield from (len(count.doubles), len(count.losses))
    yield len(tally.faults)
