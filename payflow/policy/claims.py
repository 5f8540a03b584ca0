"""Which contract claims an invoice, and under which version of the agreement it stands.

Links follow the agreement as it is now: adding a number to a milestone works at once. Terms follow the version in force on
the day the invoice was issued, or the first one that knew the contract (design section 2): editing them never re-bills.
A contract whose file is gone goes on governing the invoices issued while it was there, as it last stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from payflow.model.agreement import Agreement, Contract, Policy
from payflow.model.journal import Version
from payflow.policy.payers import same_name

#: Names with slashes between them, as "acme-website/deposit" in a longer text.
_REFERENCE = re.compile(r"[\w.-]+(?:/[\w.-]+)+")


class Listed(Struct, frozen=True):
    """What claiming looks at in an invoice. `client` and `client_name` are the source's; `source` its present name."""

    id: int
    source: str
    number: str
    reference: str
    client: str
    client_name: str
    currency: str
    issued_on: date


class Governed(NamedTuple):
    """Under what an invoice stands. No contract and no policy: it is listed and left alone."""

    client: str
    contract: Contract | None
    milestone: str
    policy: Policy | None
    digest: str


class Doubt(Struct, frozen=True):
    """A claim that does not fit; `text` is a sentence for a person."""

    code: str
    invoice: int
    text: str


class Claimed(Struct, frozen=True):
    """What every invoice stands under, in the order given, and the claims that do not fit."""

    governed: Sequence[Governed]
    doubts: Sequence[Doubt] = ()
    #: contracts that no file has any more, by key
    retired: Mapping[str, Contract] = field(default_factory=dict)


def squeeze(text: str) -> str:
    """A name as it is compared: case and runs of blanks do not count."""
    return " ".join(text.casefold().split())


def claim(invoices: Sequence[Listed], versions: Sequence[Version]) -> Claimed:
    """Find the contract, milestone and governing policy of every invoice. `versions` in order of their days."""
    if not versions:
        return Claimed([Governed(own_client(item), None, "", None, "") for item in invoices])
    present = versions[-1].agreement
    retired = _retired(versions)
    standing = [_Standing(contract) for contract in present.contracts.values()] + list(retired.values())
    clients = _Clients(standing)
    links, doubts = _links(invoices, standing, clients)
    governed = []
    for item in invoices:
        contract, milestone = links.get(item.id, (None, ""))
        governed.append(_governed(item, contract, milestone, versions, clients))
    return Claimed(governed, doubts, {key: one.contract for key, one in retired.items()})


def own_client(item: Listed) -> str:
    """The id of a client that no contract knows: the source and its key."""
    return f"{item.source}:{item.client}"


class _Standing(Struct, frozen=True):
    """A contract that may claim, and from which day on it is gone."""

    contract: Contract
    gone: date | None = None

    def claims(self, item: Listed) -> bool:
        """Whether an invoice of that day may be its own: one issued after it was given up is not."""
        return self.gone is None or item.issued_on < self.gone


def _retired(versions: Sequence[Version]) -> dict[str, _Standing]:
    present = {contract.key for contract in versions[-1].agreement.contracts.values()}
    gone: dict[str, _Standing] = {}
    for version, following in pairwise(versions):
        for contract in version.agreement.contracts.values():
            if contract.key not in present:
                gone[contract.key] = _Standing(contract, following.since)
    return gone


class _Clients:
    """Finds the contract client that a source's client is."""

    def __init__(self, contracts: Iterable[_Standing]) -> None:
        self._names: dict[str, str] = {}
        self._matches: dict[tuple[str, str], str] = {}
        self._covering: dict[str, list[_Standing]] = {}
        self._found: dict[tuple[str, str, str], str | None] = {}
        for one in contracts:
            client = one.contract.client
            self._names.setdefault(squeeze(client.name), client.id)
            for match in client.match:
                source, _, text = match.partition(":")
                self._matches.setdefault((source, squeeze(text)), client.id)
            if one.contract.covers_client:
                self._covering.setdefault(client.id, []).append(one)

    def covering(self, client: str, item: Listed) -> Contract | None:
        """The contract that covers a client's invoices which no milestone names."""
        return next((one.contract for one in self._covering.get(client, ()) if one.claims(item)), None)

    def find(self, item: Listed) -> str | None:
        """The id of the client that an invoice's is, looked for once for each."""
        name = (item.source, item.client, item.client_name)
        if name not in self._found:
            self._found[name] = self._look_for(item)
        return self._found[name]

    def _look_for(self, item: Listed) -> str | None:
        for text in (squeeze(item.client), squeeze(item.client_name)):
            if text and (item.source, text) in self._matches:
                return self._matches[item.source, text]
        for text in (squeeze(item.client_name), squeeze(item.client)):
            if text and text in self._names:
                return self._names[text]
        return None


Links = dict[int, tuple[Contract, str]]


def _links(invoices: Sequence[Listed], contracts: Sequence[_Standing], clients: _Clients) -> tuple[Links, list[Doubt]]:
    """Which milestone each invoice belongs to: named in the contract first, then named on the invoice."""
    links, doubts = _by_number(invoices, contracts, clients)
    named = _milestones(contracts)
    for item in invoices:
        if item.id in links or "/" not in item.reference:
            continue
        found = next((named[text] for text in _names_in(item.reference) if text in named), None)
        if found is None:
            continue
        one, milestone = found
        client = clients.find(item)
        if client not in (None, one.contract.client.id):
            text = (
                f"{item.number} names {one.contract.project}/{milestone}, but it belongs to {item.client_name}, "
                f"not to {one.contract.client.name}"
            )
            doubts.append(Doubt("claim-mismatch", item.id, text))
        elif one.claims(item):
            links[item.id] = (one.contract, milestone)
    return links, doubts


def _milestones(contracts: Sequence[_Standing]) -> dict[str, tuple[_Standing, str]]:
    """What a reference may say, folded: present projects first, then the names that projects had before."""
    named: dict[str, tuple[_Standing, str]] = {}
    for name, one in [
        *((one.contract.project, one) for one in contracts),
        *((one.contract.key, one) for one in contracts),
    ]:
        for milestone in one.contract.milestones:
            named.setdefault(f"{name}/{milestone.id}".casefold(), (one, milestone.id))
    return named


def _names_in(reference: str) -> Iterable[str]:
    """Every "project/milestone" that a text may mean, folded; a full stop after it is no part of it."""
    for chain in _REFERENCE.findall(reference.casefold()):
        for pair in pairwise(chain.split("/")):
            yield "/".join(pair)
            yield "/".join(pair).strip(".-")


def _by_number(
    invoices: Sequence[Listed], contracts: Sequence[_Standing], clients: _Clients
) -> tuple[Links, list[Doubt]]:
    """The invoices whose numbers stand in a contract."""
    links: Links = {}
    doubts: list[Doubt] = []
    by_number: dict[str, list[Listed]] = {
        squeeze(number): []
        for one in contracts
        for milestone in one.contract.milestones
        for number in milestone.invoices
    }
    for item in invoices if by_number else ():
        number = squeeze(item.number)
        for name in (number, f"{squeeze(item.source)}:{number}"):
            if name in by_number:
                by_number[name].append(item)
    for one in contracts:
        for milestone in one.contract.milestones:
            for number in milestone.invoices:
                found = [item for item in by_number.get(squeeze(number), ()) if one.claims(item)]
                chosen, doubt = _choose(found, number, one.contract, clients)
                # what was wrong in a contract that is gone is nobody's to correct
                doubts.extend(doubt if one.gone is None else ())
                for item in chosen:
                    links.setdefault(item.id, (one.contract, milestone.id))
    return links, doubts


def _choose(
    found: Sequence[Listed], number: str, contract: Contract, clients: _Clients
) -> tuple[Sequence[Listed], list[Doubt]]:
    """The invoices a contract means by a number: its own client's; else the only one whose client nobody knows."""
    own = [item for item in found if clients.find(item) == contract.client.id]
    if own:
        return own, []
    strange = [item for item in found if clients.find(item) is None]
    if len(strange) == 1:
        return strange, list(_unlike(strange[0], contract))
    if strange:
        text = (
            f"{number} in the contract {contract.project} may be any of "
            f"{', '.join(f'{item.source}:{item.number} of {item.client_name}' for item in strange)}; "
            f'say which with match = ["{strange[0].source}:{strange[0].client_name}"] under [client]'
        )
        return [], [Doubt("claim-ambiguous", strange[0].id, text)]
    if found:
        text = (
            f"the contract {contract.project} claims {number}, but that invoice belongs to "
            f"{found[0].client_name}, not to {contract.client.name}"
        )
        return [], [Doubt("claim-mismatch", found[0].id, text)]
    return [], []


def _unlike(item: Listed, contract: Contract) -> Iterable[Doubt]:
    """A slip in a number may name somebody else's invoice: whose it is, is told where the books call them otherwise."""
    if not same_name(item.client_name, contract.client.name):
        text = (
            f"the contract {contract.project} claims {item.number}, which the books have for {item.client_name}, a client "
            f'of no contract; if that is {contract.client.name}, write match = ["{item.source}:{item.client_name}"] '
            "under [client]"
        )
        yield Doubt("claim-unlike", item.id, text)


def _governed(
    item: Listed, contract: Contract | None, milestone: str, versions: Sequence[Version], clients: _Clients
) -> Governed:
    client = contract.client.id if contract is not None else clients.find(item)
    if contract is None and client is not None:
        contract = clients.covering(client, item)
    client = client if client is not None else own_client(item)
    if contract is None:
        agreement = in_force(versions, item.issued_on)
        name = agreement.default_policy
        return Governed(client, None, "", agreement.policies.get(name) if name else None, agreement.digest)
    version, agreed = _as_agreed(versions, contract.key, item.issued_on)
    return Governed(client, agreed, milestone, version.policies.get(agreed.policy_of(milestone)), version.digest)


def in_force(versions: Sequence[Version], day: date) -> Agreement:
    """The version in force on a day; the first one for days before any."""
    standing = [version for version in versions if version.since <= day]
    return (standing[-1] if standing else versions[0]).agreement


def _as_agreed(versions: Sequence[Version], key: str, day: date) -> tuple[Agreement, Contract]:
    """The version of a contract that governs an invoice of `day`.

    A signature date that was only written down in a later version counts: when a contract was signed is a fact about it,
    and the terms it makes binding are still those of the governing version.
    """
    knowing = [
        (version, contract)
        for version in versions
        for contract in version.agreement.contracts.values()
        if contract.key == key
    ]
    agreement = in_force([version for version, _ in knowing], day)
    agreed = next(contract for version, contract in knowing if version.agreement is agreement)
    if agreed.signed is None:
        signed = next((contract.signed for _, contract in knowing if contract.signed is not None), None)
        agreed = replace(agreed, signed=signed)
    return agreement, agreed
