"""T2, the hand-over and T3 (design section 8): mail goes out at most once, whatever dies in between.

The claim is committed before the one step that makes the message the client's; what became of it is committed after. A
claim whose owner died is asked of the transport, never sent again on suspicion.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from payflow.decide.needs import about_message
from payflow.errors import DeliveryError
from payflow.model.agreement import Workspace
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.outbox.folder import FolderTransport
from payflow.outbox.transport import Outcome, Transport
from payflow.store import DuplicateKeyError, journal, messages
from payflow.store.effects import EffectRow, EffectState
from payflow.store.moments import from_moment, to_day
from payflow.store.stamp import Stamp, stamp

if TYPE_CHECKING:
    from payflow.outbox.mime import Email
    from payflow.store import Store, Transaction

#: Waits between tries that failed for now: 15 minutes, doubling, at most a day.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=15), timedelta(days=1)


#: The records that say what became of a message, and their words for what it is from then on.
_TELLING = (RecordKind.OUTCOME, RecordKind.MESSAGE_RESOLVED)
_AS_TOLD = {state.value: state for state in (MessageState.SENT, MessageState.UNSURE, MessageState.FAILED)}


class Delivered(Struct):
    """Keys of messages by what became of them."""

    sent: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def note(self, key: str, state: MessageState) -> None:
        """Note one message; of one that waits there is nothing to tell."""
        if state is MessageState.SENT:
            self.sent.append(key)
        elif state is MessageState.UNSURE:
            self.unsure.append(key)
        elif state is MessageState.FAILED:
            self.failed.append(key)


class Letter(Struct, frozen=True):
    """A message ready to be handed over: to whom, the e-mail, and what its outcome is to record if it goes out."""

    key: str
    addresses: Sequence[str]
    email: Email
    body: Mapping[str, Any]


class Courier(Struct):
    """Hands letters over for one run. `pause` is called at each boundary, for tests that stop there.

    A letter is claimed only while the store knows nothing but what the letter was decided on; after that the courier is
    `outdated` until it trusts a new decision.
    """

    store: Store
    workspace: Workspace
    transport: Transport
    as_of: date
    now: datetime
    delivered: Delivered = field(default_factory=Delivered)
    pause: Callable[[str], None] = lambda _place: None
    outdated: bool = False
    #: called inside T3 with the charges that it claims and their day, so that the effect which posts them is committed with them
    claimed_charges: Callable[[Transaction, Sequence[Mapping[str, Any]], date], None] = lambda _tx, _charges, _day: None
    _stamp: Stamp | None = None

    def trust(self, known: Stamp) -> None:
        """Letters from now on were decided on what the store knew at this stamp."""
        self._stamp, self.outdated = known, False

    def recover(self) -> None:
        """Settle claims whose owner died between T2 and T3."""
        for row in messages.messages(self.store, MessageState.CLAIMED):
            if self._is_left(row) and not self._is_told(row.key):
                self._record(row.key, self._recovered(row), row.body)

    def _is_told(self, key: str) -> bool:
        """Whether the journal says already what became of a claimed message; then another program changed the outbox.

        It stands again as the journal says: told twice, its charges would break their unique key, in this run and every other.
        """
        with self.store.transaction() as tx:
            told = [
                one.body.get("outcome") for one in journal.entries(tx, kinds=_TELLING) if one.body.get("key") == key
            ]
            state = _AS_TOLD.get(str(told[-1])) if told else None
            row = messages.message(tx, key)
            if state is not None and row is not None and row.state is MessageState.CLAIMED:
                messages.settle(tx, key, state, "as the journal says")
        return state is not None

    def _is_left(self, row: messages.MessageRow) -> bool:
        """Whether nobody hands this message over any more, and this run is the one to say what became of it."""
        if row.owner == own_name():
            return True
        today = to_day(self.as_of)
        if _is_of_this_host(row.owner):
            return not _runs(row.owner)
        # another host is taken at its word while its session lasts; where no session tells, on the day of its claim
        gone = self.store.is_gone(row.owner)
        is_past = row.day is not None and row.day < today
        return is_past if gone is None or self._is_in_another_folder(row) else gone

    def _is_in_another_folder(self, row: messages.MessageRow) -> bool:
        """Whether it was claimed for a folder that only its own host can look into."""
        transport = self.transport
        return (
            isinstance(transport, FolderTransport)
            and row.transport == transport.name
            and not _is_of_this_host(row.owner)
            and not transport.has(row.key)
        )

    def _recovered(self, row: messages.MessageRow) -> Outcome:
        """What became of a claim, as the transport it was claimed for tells; another one knows nothing of it."""
        if self._is_in_another_folder(row):
            host = row.owner.rsplit(":", 2)[0]
            return Outcome(MessageState.UNSURE, f"its folder is on {host}, which did not say what became of it")
        if row.transport != self.transport.name:
            return Outcome(
                MessageState.UNSURE,
                f"the run that was handing it over by {row.transport} ended before it could say, "
                f"and mail leaves by {self.transport.name} now",
            )
        return self.transport.recover(row.key)

    def hand_over(self, letter: Letter) -> None:
        """Prepare, claim, hand over, record."""
        try:
            prepared = self.transport.prepare(letter.key, letter.email, letter.addresses)
        except DeliveryError as error:
            self._note_error(letter.key, letter.body, error)
            return
        self.pause("prepared")
        if not self._claim(letter):
            prepared.abandon()
            return
        self.pause("claimed")
        outcome = prepared.hand_over()
        self.pause("handed over")
        self._record(letter.key, outcome, letter.body)
        self.pause("recorded")

    def refuse(self, key: str, client: str, error: DeliveryError) -> None:
        """Note a message that could not even be written, as to an address that is none."""
        self._note_error(key, {"client": client, "day": self.as_of.isoformat()}, error)

    def _note_error(self, key: str, body: Mapping[str, Any], error: DeliveryError) -> None:
        state = MessageState.FAILED if error.permanent else MessageState.WAITING
        self._record(key, Outcome(state, str(error)), body, claimed=False)

    def _claim(self, letter: Letter) -> bool:
        """T2. False when another run took it, the client had a message today, or the facts changed since the decision.

        Hosts claim side by side: what they write is a row of their own, and nobody else writes anything meanwhile.
        """
        self.store.announce(own_name())
        try:
            with self.store.transaction(sharing=True) as tx:
                self.outdated = stamp(tx) != self._stamp
                return not self.outdated and messages.claim(
                    tx,
                    letter.key,
                    day=to_day(self.as_of),
                    owner=own_name(),
                    transport=self.transport.name,
                    body=letter.body,
                )
        except DuplicateKeyError:
            return False

    def _record(self, key: str, outcome: Outcome, body: Mapping[str, Any], *, claimed: bool = True) -> None:
        """T3: outcome, notices and the charges they carry, in one transaction; nothing if another run recorded it."""
        expected = MessageState.CLAIMED if claimed else MessageState.WAITING
        with self.store.transaction() as tx:
            if not claimed:
                messages.count_attempt(tx, key)
            row = messages.message(tx, key)
            if row is None or row.state is not expected:
                return
            known = stamp(tx)
            waits = outcome.state is MessageState.WAITING
            not_before = self.now + wait_after(row.attempts) if waits else None
            messages.settle(tx, key, outcome.state, outcome.detail, not_before=not_before)
            # a recovered claim names the transport it was claimed for, whatever mail leaves by now
            transport = row.transport if claimed else self.transport.name
            records = _records(key, outcome, body, transport, self.as_of)
            journal.append(tx, records, at=self.now)
            self.claimed_charges(tx, records[0].body["charges"], records[0].day)
            if known == self._stamp:
                # what a run itself records is no news to it
                self._stamp = stamp(tx)
        self.delivered.note(key, outcome.state)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries."""
    doublings: int = min(max(attempts - 1, 0), 10)
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)


def _records(key: str, outcome: Outcome, body: Mapping[str, Any], transport: str, as_of: date) -> list[Record]:
    """The outcome, and for news to the owner what was told. Charges are claimed only by a notice that was handed over."""
    word = "retry" if outcome.state is MessageState.WAITING else outcome.state.value
    day = date.fromisoformat(body["day"]) if "day" in body else as_of
    gone = outcome.state in (MessageState.SENT, MessageState.UNSURE)
    record = Record(
        RecordKind.OUTCOME,
        day,
        {
            "key": key,
            "client": body.get("client", ""),
            "day": day.isoformat(),
            "outcome": word,
            "transport": transport,
            "detail": outcome.detail,
            "to": body.get("to", []),
            "notices": body.get("notices", []) if gone else [],
            "charges": body.get("charges", []) if outcome.state is MessageState.SENT else [],
        },
        client=str(body.get("client", "")),
    )
    told = body.get("told")
    if told is None or word == "retry":
        return [record]
    if outcome.state is not MessageState.SENT:
        # that mail to the owner does not arrive is shown, and no reason for yet another
        told = {**told, "needs": sorted({*told["needs"], about_message(key)})}
    return [record, Record(RecordKind.TOLD, day, {**told, "message": key})]


def due(row: messages.MessageRow, now: datetime) -> bool:
    """Whether a waiting message may be tried again."""
    return row.not_before is None or from_moment(row.not_before) <= now


def own_name() -> str:
    """Who claims: this host and process, with the moment the process began, since numbers are used again."""
    return f"{platform.node()}:{os.getpid()}:{_own_beginning(os.getpid())}"


def is_free(store: Store, row: EffectRow, now: datetime) -> bool:
    """Whether an effect may be tried now: it waits and its time has come, or the run that claimed it is gone."""
    over = row.not_before is None or from_moment(row.not_before) <= now
    if row.state is not EffectState.CLAIMED or over:
        return over
    if row.owner == own_name():
        return True
    return not _runs(row.owner) if _is_of_this_host(row.owner) else store.is_gone(row.owner) is True


def _is_of_this_host(owner: str) -> bool:
    return owner.rsplit(":", 2)[0] == platform.node()


def _runs(owner: str) -> bool:
    """Whether a process of this host still runs."""
    _, number, began = owner.rsplit(":", 2)
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _began(int(number)) == began


@lru_cache(maxsize=1)
def _own_beginning(process: int) -> str:
    """When this process began; one that was forked off it has another number."""
    return _began(process)


def _began(process: int) -> str:
    """When a process began, in the kernel's ticks; empty where the system does not say."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
