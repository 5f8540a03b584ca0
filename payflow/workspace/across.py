"""What only shows when all files are read: names used twice, clients told apart, fees in a currency they do not name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from payflow.errors import ConnectorError, nearest
from payflow.model.agreement import Business, ClientKind, ClientTerms, Contract, Policy
from payflow.policy.bearing import law_of
from payflow.policy.binding import FOR_CONSUMERS, suits
from payflow.policy.compensation import speaks_of
from payflow.policy.late_fees import silent_in
from payflow.policy.statutes import STATUTES
from payflow.workspace.contracts import ContractFile
from payflow.workspace.document import Findings, Spot
from payflow.workspace.settings import SourceReader


def join_contracts(files: Sequence[ContractFile], business: Business, findings: Findings) -> dict[str, Contract]:
    """The contracts by project, each with its client completed from the other contracts of that client."""
    _check_projects(files, findings)
    _check_invoices(files, findings)
    _check_covers(files, findings)
    clients = _clients(files, business, findings)
    return {
        file.contract.project: replace(file.contract, client=clients.get(file.client.id, ClientTerms("", "")))
        for file in reversed(files)
    }


def _check_projects(files: Sequence[ContractFile], findings: Findings) -> None:
    first: dict[str, Spot] = {}
    for file in files:
        project, spot = file.contract.project, file.spot("project")
        if project and project in first:
            found = f"project {project!r} has a contract in {first[project].at} already"
            findings.add(spot, found, "Give each contract a project of its own, or delete one of the two files.")
        first.setdefault(project, spot)


def _check_invoices(files: Sequence[ContractFile], findings: Findings) -> None:
    first: dict[str, Spot] = {}
    for file in files:
        for row, milestone in enumerate(file.contract.milestones):
            for place, number in enumerate(milestone.invoices):
                spot = file.spot("milestone", row, "invoices", place)
                if number in first:
                    found = f"invoice {number!r} is claimed in {first[number].at} already"
                    findings.add(spot, found, "An invoice belongs to one milestone: take it out of one of the two.")
                first.setdefault(number, spot)


def _check_covers(files: Sequence[ContractFile], findings: Findings) -> None:
    first: dict[str, Spot] = {}
    for file in files:
        client = file.client.id
        if not file.contract.covers_client or not client:
            continue
        if client in first:
            found = f"the other invoices of client {client!r} are covered in {first[client].at} already"
            findings.add(file.spot("covers"), found, 'Keep covers = "client" in one of the two contracts.')
        first.setdefault(client, file.spot("covers"))


def _clients(files: Sequence[ContractFile], business: Business, findings: Findings) -> dict[str, ClientTerms]:
    """Every client by id. Contracts of one client may leave out what another says, but not say something else."""
    by_id: dict[str, list[ContractFile]] = {}
    for file in files:
        if file.client.id:
            by_id.setdefault(file.client.id, []).append(file)
    found = {identity: _client(identity, group, business, findings) for identity, group in by_id.items()}
    _check_matches(files, findings)
    return found


def _client(identity: str, group: Sequence[ContractFile], business: Business, findings: Findings) -> ClientTerms:
    stated: dict[str, tuple[object, ContractFile]] = {}
    match: dict[str, None] = {}
    for file in group:
        for key, value in file.client.stated.items():
            if key == "match":
                match.update(dict.fromkeys(value))
                continue
            before, where = stated.setdefault(key, (value, file))
            if before != value:
                other = where.spot("client", key).at
                found = f"client {identity!r} has {key} {_shown(value)} here, but {_shown(before)} in {other}"
                remedy = "Write the same in both, leave it out of one, or give the clients different ids."
                findings.add(file.spot("client", key), found, remedy)
    if "name" not in stated and not match:
        remedy = 'Add name = "Acme Ltd", what the books call the client, or match = ["books:Acme Ltd"].'
        findings.add(group[0].spot("client"), "'name' is missing", remedy)
    plain = {key: value for key, (value, _) in stated.items()}
    plain = {"name": identity, "timezone": business.timezone, "country": business.country} | plain
    return replace(ClientTerms(identity, "", match=tuple(match)), **plain)


def _shown(value: object) -> str:
    return ", ".join(map(repr, value)) or "none" if isinstance(value, tuple) else repr(value)


def _check_matches(files: Sequence[ContractFile], findings: Findings) -> None:
    """No two clients may be found by the same words of a source."""
    first: dict[str, tuple[str, Spot]] = {}
    for file in files:
        for place, entry in enumerate(file.client.stated.get("match", ())):
            client, spot = first.setdefault(entry, (file.client.id, file.spot("client", "match", place)))
            if client != file.client.id:
                found = f"{entry!r} stands for client {client!r} in {spot.at} already"
                remedy = "Write the same client id in both contracts, or take it out of one."
                findings.add(file.spot("client", "match", place), found, remedy)


def check_match_sources(files: Iterable[ContractFile], sources: Sequence[str], reader: SourceReader) -> None:
    """Each entry of `match` starts with a source, or with a connector (the source that `payflow import` makes by itself)."""
    for file in files:
        table = file.table.table("client")
        for place, entry in enumerate(file.client.stated.get("match", ())):
            if table is None:
                continue
            source, colon, rest = entry.partition(":")
            if not colon or not rest.strip():
                remedy = 'Write the source, a colon and what it calls the client: "books:Acme Ltd".'
                table.wrong(("match", place), f"{entry!r} names no source and client", remedy)
            elif source not in sources and source not in _connectors(reader):
                table.wrong(("match", place), f"there is no source {source!r}", nearest(source, sources))


def _connectors(reader: SourceReader) -> Iterable[str]:
    known = reader.connectors
    return () if isinstance(known, ConnectorError) else known


def _policies(file: ContractFile, policies: Mapping[str, Policy]) -> Iterator[tuple[Policy, Spot]]:
    """Each policy that a contract or a milestone of it names, and where."""
    for name in file.contract.policies():
        if name not in policies:
            continue
        if name == file.contract.policy:
            yield policies[name], file.spot("policy") if "policy" in file.table else file.spot()
        else:
            place = next(at for at, one in enumerate(file.contract.milestones) if one.policy == name)
            yield policies[name], file.spot("milestone", place, "policy")


def check_statutes(
    files: Iterable[ContractFile], contracts: Mapping[str, Contract], policies: Mapping[str, Policy], findings: Findings
) -> None:
    """A statute on what businesses owe needs a client that is one; a statute on what consumers owe, a consumer."""
    for file in files:
        contract = contracts.get(file.contract.project)
        for policy, spot in _policies(file, policies):
            law = law_of(policy.interest)
            if contract is None or law is None:
                continue
            if not suits(policy, contract.client.kind):
                found = f"policy {policy.name!r} claims interest by the statute {law.name!r}, which is for business clients only"
                other = f'statute = "{law.consumers}"' if law.consumers else 'a rate that was agreed, annual = "5"'
                remedy = f'Name a policy with {other}, or write kind = "business" under [client] if it is one.'
                findings.add(spot, found, remedy)
            elif law.name in FOR_CONSUMERS and contract.client.kind is ClientKind.BUSINESS:
                own = next((act.name for act in STATUTES.values() if act.consumers == law.name), "")
                found = f"policy {policy.name!r} claims interest by the statute {law.name!r}, which is for consumers"
                remedy = (
                    f'Write kind = "consumer" under [client] if it is one, or name a policy with statute = "{own}".'
                )
                findings.add(spot, found, remedy)


def check_compensations(
    files: Iterable[ContractFile], contracts: Mapping[str, Contract], policies: Mapping[str, Policy], findings: Findings
) -> None:
    """A fixed sum by law is owed by businesses alone; and warn where the law names it in another currency than the contract's."""
    for file in files:
        contract = contracts.get(file.contract.project)
        for policy, spot in _policies(file, policies):
            name = policy.compensation.statute if policy.compensation is not None else ""
            fixed = STATUTES[name].compensation if name else None
            if contract is None or fixed is None:
                continue
            if contract.client.kind is not ClientKind.BUSINESS:
                found = (
                    f"policy {policy.name!r} claims a compensation by the statute {name!r}, which businesses alone owe"
                )
                remedy = 'Name a policy without it, or write kind = "business" under [client] if it is one.'
                findings.add(spot, found, remedy)
            elif contract.currency and not speaks_of(fixed, contract.currency):
                found = f"no compensation will be claimed in {contract.currency}: {fixed.rule}"
                remedy = f'Write what was agreed, compensation = {{ {contract.currency} = "40.00" }}, or leave it out.'
                findings.add(_currency_spot(file, spot), found, remedy, warning=True)


def check_fee_currencies(files: Iterable[ContractFile], policies: Mapping[str, Policy], findings: Findings) -> None:
    """Warn where a flat late fee names other currencies than the contract's: no fee can arise there."""
    for file in files:
        currency = file.contract.currency
        for policy, spot in _policies(file, policies):
            fee = policy.late_fee
            silent = silent_in(fee, currency) if fee is not None and currency else ()
            if silent:
                found = f"the late fee of policy {policy.name!r} has no {' and no '.join(silent)} in {currency}"
                remedy = f"Add {currency} to its amounts, or no fee will arise under this contract."
                findings.add(_currency_spot(file, spot), found, remedy, warning=True)


def _currency_spot(file: ContractFile, spot: Spot) -> Spot:
    return file.spot("currency") if "currency" in file.table else spot
