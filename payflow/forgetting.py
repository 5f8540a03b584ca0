"""Erasing a client's data: out of the journal, the mirror, the outbox and the letters that lie in files, in one transaction.

What remains says what was done and when, about a name such as `forgotten-1`, so that nothing is sent, charged or counted anew.
Each erased record is named by the record of the erasure, so the chain holds on. What stands in the user's own files is theirs.
"""

from __future__ import annotations

import getpass
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from payflow.decide import Ground, ground, today
from payflow.decide.erased_lines import Erasure, erasure
from payflow.decide.forgotten import longest_first, marks, own_words, without
from payflow.errors import Refused, StoreError, UnknownName
from payflow.model.agreement import Contract, Workspace
from payflow.model.facts import State
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.policy.claims import squeeze
from payflow.scrub import Scrub, contains
from payflow.store import journal, messages, mirror, mirror_writes, resting
from payflow.store.anchor import advance
from payflow.store.schema import text_columns
from payflow.store.stamp import stamp
from payflow.sync import same

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

#: Tables whose rows are changed as a whole below, or made anew from the journal.
_OWN_WAY = frozenset(
    {
        "journal",
        "journal_body",
        "client",
        "client_said",
        "invoice",
        "entry",
        "identity",
        "observation",
        "charge",
        "resting",
    }
)
#: An invoice in one of these states still asks for something.
_OPEN = frozenset({State.OPEN, State.OVERDUE, State.DISPUTED, State.UNKNOWN})


class Person(Struct, frozen=True):
    """A client and all that names it: `pairs` are (source key, the client's key in it), `others` texts that name other clients.

    `name` is what it is called afterwards, `id` what the journal then calls it.
    """

    client: str
    name: str
    id: str
    pairs: frozenset[tuple[str, str]]
    names: frozenset[str]
    emails: frozenset[str]
    invoices: frozenset[int]
    projects: frozenset[str]
    open: tuple[str, ...]
    keys: Mapping[str, str] = field(default_factory=dict)


class Forgot(Struct, frozen=True):
    """What an erasure did. `left` are places of the user's own in which the client still stands."""

    name: str
    records: int
    messages: int
    files: int
    in_clear: int
    left: tuple[str, ...]
    #: whether it was forgotten before, so that only the disk was cleared
    again: bool = False


def person(store: Store, workspace: Workspace, client: str, now: datetime) -> Person:
    """Everything that is known of a client, by the id that `payflow status` shows. Raises `UnknownName`."""
    found = ground(store, workspace, today(workspace, now), now)
    views = [view for view in found.decision.invoices if view.client == client]
    contracts = _contracts(found, client)
    if not views and not contracts:
        known = {view.client for view in found.decision.invoices} | {one.client for one in found.decision.projects}
        raise UnknownName("client", client, sorted(known))
    return _person(store, workspace, found, client, views, contracts)


def _contracts(found: Ground, client: str) -> list[Contract]:
    """Every version of every contract of a client, the present ones included."""
    versions = [found.agreed.workspace.agreement, *(version.agreement for version in found.memory.versions)]
    return [one for version in versions for one in version.contracts.values() if one.client.id == client]


def _person(
    store: Store,
    workspace: Workspace,
    found: Ground,
    client: str,
    views: Sequence[InvoiceView],
    contracts: Sequence[Contract],
) -> Person:
    own = {view.id for view in views}
    called = {squeeze(one.client.name) for one in contracts}
    rows, described = mirror.invoices(store), mirror.clients(store)
    pairs = {(row.source, row.client) for row in rows if row.id in own and row.client}
    pairs |= {(one.source, one.key) for one in described if {squeeze(one.name), squeeze(one.key)} & called}
    mine = [one for one in described if (one.source, one.key) in pairs]
    strangers = [one for one in described if (one.source, one.key) not in pairs]
    listed = journal.entries(store, kinds=[RecordKind.OUTCOME], client=client)
    emails = {one.email for one in mine} | {address for entry in listed for address in entry.body.get("to", ())}
    emails |= {address for one in contracts for address in (one.client.email, *one.client.cc)}
    # an address or a name that somebody else has too tells nothing of this one
    shared = {squeeze(text) for one in strangers for text in (one.email, one.name, one.key)}
    shared |= {squeeze(workspace.business.email), squeeze(workspace.business.name), ""}
    present = found.agreed.workspace.agreement.contracts.values()
    shared |= {
        squeeze(text) for one in present if one.client.id != client for text in (one.client.email, one.client.name)
    }
    names = {one.name for one in mine} | {one.client.name for one in contracts} | {key for _, key in pairs}
    number = len(found.memory.forgotten) + 1
    name = f"forgotten-{number}"
    source = client.partition(":")[0]
    return Person(
        client=client,
        name=name,
        id=name if contracts else f"{source}:{name}",
        pairs=frozenset(pairs),
        names=frozenset(one for one in names if squeeze(one) not in shared),
        emails=frozenset(one for one in emails if squeeze(one) not in shared),
        invoices=frozenset(row.id for row in rows if (row.source, row.client) in pairs) | own,
        projects=frozenset(one.key for one in contracts),
        open=tuple(view.number for view in views if view.state in _OPEN and view.outstanding > 0),
        keys={key: _renamed(key, name) for key in _keys(store, client)},
    )


def _keys(store: Store, client: str) -> Iterator[str]:
    """The keys of every message to a client: they hold its id in letters."""
    yield from (row.key for row in messages.messages(store) if row.client == client)
    for entry in journal.entries(store, kinds=[RecordKind.DECISION, RecordKind.OUTCOME]):
        for one in (entry.body, *entry.body.get("messages", ()), *entry.body.get("dropped", ())):
            if one.get("client") == client and one.get("key"):
                yield one["key"]


def _renamed(key: str, name: str) -> str:
    """`2026-11-05-acme-3f9a0c12de` with another name in it; the digest, and a number behind it, keep it apart from all others."""
    digest = re.search(r"-([0-9a-f]{10}(?:-\d+)?)$", key)
    return f"{key[:10]}-{name}-{digest[1] if digest else key.rpartition('-')[2]}"


def forget(
    store: Store, workspace: Workspace, client: str, *, reason: str, force: bool = False, now: datetime
) -> Forgot:
    """Erase a client's data.

    Of one that is forgotten already, by its new name, only the disk is cleared again. Raises `Refused` while a message to it is
    being handed over, and with open invoices unless forced; `StoreError` when the disk could not be cleared.
    """
    found = ground(store, workspace, today(workspace, now), now)
    again = next((one.name for one in found.memory.forgotten if client == one.name), None)
    if again is not None:
        store.purge()
        return Forgot(again, 0, 0, 0, 0, (), again=True)
    one = person(store, workspace, client, now)
    check(store, one, reason, force=force)
    scrub = _scrub(one)
    lines = _lines(store, found, one)
    with store.transaction() as tx:
        if stamp(tx) != found.stamp:
            raise Refused("the books or the journal changed at this very moment. Ask again.")
        _drop_waiting(tx, one)
        left = [*_left(tx, one, scrub)]
        in_clear = _in_clear(tx, left)
        _mirror(tx, one)
        mirror_writes.write_bank_lines(tx, lines.rows)
        for table, columns in text_columns().items():
            if table not in _OWN_WAY:
                _table(tx, table, columns, scrub)
        tx.execute("DELETE FROM meta WHERE name LIKE 'glance:%'")
        same.forget(tx)
        salt = secrets.token_hex(16)
        hashes = marks(salt, [client], one.pairs, one.emails, {*one.names, *lines.payers}, lines.accounts, lines.lines)
        body = {"name": one.name, "reason": reason, "by": _by(), "salt": salt, "hashes": hashes}
        day = found.decision.as_of
        journal.erase(tx, left, Record(RecordKind.ERASED, day, body, client=one.id), at=now)
        journal.append(tx, _kept(lines, day), at=now)
        stop = {"scope": "client", "id": one.id, "until": None, "reason": "forgotten", "by": _by()}
        journal.append(tx, [Record(RecordKind.HOLD, day, stop, client=one.id)], at=now)
        journal.rebuild_projections(tx)
    files = _files(workspace.mail.folder, one)
    told = {*one.names, *one.emails, *lines.payers}
    advance(store.anchor, store, now)
    try:
        store.purge()
    except StoreError as error:
        remedy = (
            f"The erasure is done and stands in the journal. To clear the disk too: payflow forget {one.name}, later."
        )
        raise StoreError(f"{error} {remedy}") from error
    return Forgot(one.name, len(left), len(one.keys), files, in_clear, tuple(_theirs(workspace, one, told)))


def _lines(store: Store, found: Ground, one: Person) -> Erasure:
    """What becomes of the client's lines in bank statements."""
    rows = mirror.bank_lines(store)
    return erasure(found.setting.bank, rows, one.invoices, one.names, one.name, found.memory.matches)


def _kept(lines: Erasure, day: date) -> list[Record]:
    """What erased lines were recognised as, so that they pay the same without their texts."""
    return [
        Record(
            RecordKind.MATCH,
            day,
            {"line": line, "as": "kept", "parts": [list(part) for part in parts], "reason": "forgotten", "by": _by()},
            invoice=parts[0].invoice,
        )
        for line, parts in lines.kept
    ]


def check(store: Store, one: Person, reason: str, *, force: bool) -> None:
    """Raises `Refused` for a client that cannot be forgotten now."""
    if any(row.client == one.client for row in messages.messages(store, MessageState.CLAIMED)):
        raise Refused(
            f"a message to {one.client} is being handed over, or its run died. Let payflow run settle it, then ask again."
        )
    if one.open and not force:
        raise Refused(
            f"{one.client} still owes: {', '.join(one.open)}. Once forgotten nobody can be written to about that. "
            "Settle, credit or write them off in the books first, or say --yes."
        )
    if contains(reason, [*one.names, *one.emails]):
        raise Refused("the reason itself names the client, and it is kept. Say why without the name.")


def _by() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _scrub(one: Person) -> Scrub:
    ids = {one.client: one.id, **dict.fromkeys((key for _, key in one.pairs), one.name)}
    return Scrub(ids, one.keys, [*one.names, *one.emails], one.name)


def _drop_waiting(tx: Transaction, one: Person) -> None:
    """What waits for its hour is not sent any more; its steps stay taken."""
    for row in messages.messages(tx, MessageState.WAITING):
        if row.client == one.client:
            messages.settle(tx, row.key, MessageState.DROPPED, "")


def _left(tx: Transaction, one: Person, scrub: Scrub) -> Iterator[journal.Erased]:
    """What stays of every record that says something of the person."""
    for entry in journal.entries(tx):
        client = one.id if entry.client == one.client else entry.client
        about = entry.client == one.client or entry.invoice in one.invoices or entry.project in one.projects
        if entry.kind == RecordKind.AGREEMENT:
            body = _agreement(entry.body, one)
        elif entry.kind == RecordKind.IDENTITIES:
            body = _identities(entry.body, one)
        elif entry.kind in _NO_PERSON:
            body = dict(entry.body)
        else:
            body = scrub.body(entry.body, about)
        if (client, body) != (entry.client, entry.body):
            yield journal.Erased(entry.seq, client, entry.project, body)


_NO_PERSON = frozenset({RecordKind.CREATED, RecordKind.LIVE, RecordKind.OBSERVATIONS, RecordKind.ERASED})


def _agreement(body: Mapping[str, object], one: Person) -> dict[str, object]:
    """A version of the agreement whose contracts with the client name nobody. It keeps its digest as its name."""
    agreement = body["agreement"]
    assert isinstance(agreement, dict)
    contracts = {key: _contract(contract, one) for key, contract in agreement["contracts"].items()}
    return {**body, "agreement": {**agreement, "contracts": contracts}}


def _contract(contract: dict[str, object], one: Person) -> dict[str, object]:
    client = contract["client"]
    assert isinstance(client, dict)
    if client["id"] != one.client:
        return contract
    nobody = {**client, "id": one.name, "name": one.name, "match": [], "email": "", "cc": []}
    return {**contract, "name": contract["project"], "client": nobody}


def _identities(body: Mapping[str, Any], one: Person) -> dict[str, Any]:
    """Identities, by keys that were made of no name: told in rows or, where there are many, in columns."""
    if "columns" not in body:
        rows = [
            [number, source, _key(number, key, printed, one), printed] for number, source, key, printed in body["rows"]
        ]
        return {**body, "rows": rows}
    columns = body["columns"]
    told = zip(*(columns[name] for name in ("id", "key", "number")), strict=True)
    return {**body, "columns": {**columns, "key": [_key(number, key, printed, one) for number, key, printed in told]}}


def _key(number: int, key: str, printed: str, one: Person) -> str:
    """An invoice's key without the name it may be made of; numbers stay, they are the business's own."""
    return key if number not in one.invoices or key == printed else without(key, _telling(one))


def _telling(one: Person) -> dict[str, str]:
    return longest_first({*one.names, *one.emails, *(key for _, key in one.pairs)}, one.name)


def _in_clear(tx: Transaction, left: Iterable[journal.Erased]) -> int:
    """How many of the records were written when the hash still covered the client in clear, so that its id stays there."""
    old = {seq for (seq,) in tx.query("SELECT seq FROM journal WHERE version = 1 AND client <> ''")}
    return sum(one.seq in old for one in left)


def _mirror(tx: Transaction, one: Person) -> None:
    """Invoices and movements stay, under the new name; what describes the client goes."""
    telling = _telling(one)
    for source, key in sorted(one.pairs):
        for number, old, printed, reference in tx.query(
            "SELECT id, key, number, reference FROM invoice WHERE source = ? AND client = ?", (source, key)
        ):
            new = old if old == printed else without(old, telling)
            values = (new, one.name, own_words(reference), "", number)
            tx.execute("UPDATE invoice SET key = ?, client = ?, reference = ?, pay_url = ? WHERE id = ?", values)
        for (old,) in tx.query("SELECT key FROM entry WHERE source = ? AND client = ?", (source, key)):
            changed = (without(old, telling), one.name, source, old)
            tx.execute("UPDATE entry SET key = ?, client = ? WHERE source = ? AND key = ?", changed)
        tx.execute("DELETE FROM client WHERE source = ? AND key = ?", (source, key))
        tx.execute("DELETE FROM client_said WHERE source = ? AND key = ?", (source, key))
    # what rests goes by the ids of clients; the next run looks at everything
    resting.forget(tx)
    mirror_writes.touch(tx)


def _table(tx: Transaction, table: str, columns: Sequence[str], scrub: Scrub) -> None:
    """Any other table: every text in which the person is named."""
    for column in columns:
        # names of our own tables, no value from outside, go into the text
        for (value,) in tx.query(f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''"):  # noqa: S608 (see above)
            new = scrub.stored(value)
            if new != value:
                tx.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, value))  # noqa: S608 (see above)


def _files(folder: Path, one: Person) -> int:
    """Remove letters to the client that lie in the outbox's folder; how many there were."""
    gone = 0
    for key in one.keys:
        for path in (folder / "new" / f"{key}.eml", folder / "tmp" / key):
            with suppress(FileNotFoundError):
                path.unlink()
                gone += 1
    return gone


def _theirs(workspace: Workspace, one: Person, told: Collection[str]) -> Iterator[str]:
    """Files of the user's own in which the client is still named: contracts, settings, exports."""
    from payflow.workspace.files import files_of

    paths = [*sorted((workspace.root / "contracts").glob("*.toml")), workspace.root / "payflow.toml"]
    paths += [path for source in workspace.sources for path in files_of(workspace.root, source.files)]
    for path in dict.fromkeys(paths):
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if contains(text, told) or (path.suffix == ".toml" and f'"{one.client}"' in text):
            yield str(path.relative_to(workspace.root)) if path.is_relative_to(workspace.root) else str(path)
