"""What a record of the journal concerns: the clients, projects and invoices that it names anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from payflow.store.journal import JournalEntry


class Concerns(NamedTuple):
    """Client ids, project keys and identities of invoices; `rows` are invoices among very many that were read at once."""

    clients: frozenset[str]
    projects: frozenset[str]
    invoices: frozenset[int]
    rows: frozenset[int]


def concerns(entry: JournalEntry) -> Concerns:
    """Everything that a record is about: its own columns, and what its body lists."""
    body = entry.body
    listed = [one for name in _LISTS for one in body.get(name, ()) if isinstance(one, Mapping)]
    clients = {entry.client, *(str(one.get("client", "")) for one in (body, *listed))}
    projects = {entry.project, str(body.get("project", "")), *_verdicts(body), *_contracts(body)}
    return Concerns(
        frozenset(clients - {""}), frozenset(projects - {""}), frozenset(_invoices(entry, listed)), _rows(body)
    )


def _rows(body: Mapping[str, Any]) -> frozenset[int]:
    """The invoices of identities and observations: each row begins with one; many are told in columns."""
    columns = body.get("columns", {})
    return frozenset((*(row[0] for row in body.get("rows", ())), *columns.get("id", ()), *columns.get("invoice", ())))


#: The keys under which bodies list things of clients or invoices.
_LISTS = ("messages", "dropped", "notices", "charges", "facts", "taken_back", "released")


def _invoices(entry: JournalEntry, listed: list[Mapping[str, Any]]) -> Iterator[int]:
    if entry.invoice is not None:
        yield entry.invoice
    for one in (entry.body, *listed):
        if isinstance(one.get("invoice"), int):
            yield one["invoice"]
        yield from (intent[0] for intent in one.get("intents", ()))


def _verdicts(body: Mapping[str, Any]) -> Iterator[str]:
    """Projects whose verdicts were told, as "project/phase"."""
    for place in body.get("verdicts", ()):
        yield str(place).rpartition("/")[0]


def _contracts(body: Mapping[str, Any]) -> Iterator[str]:
    """Projects of a version of the agreement."""
    for contract in body.get("agreement", {}).get("contracts", {}).values():
        yield str(contract.get("key", ""))
