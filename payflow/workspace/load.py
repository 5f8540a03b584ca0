"""Finds a workspace, reads all its files and hands out one checked, frozen `Workspace`, or all that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from payflow.errors import Problem, WorkspaceError, nearest
from payflow.model.agreement import Agreement, Business, Contract, Policy, Workspace
from payflow.model.serial import digest_of
from payflow.workspace.across import (
    check_compensations,
    check_fee_currencies,
    check_match_sources,
    check_statutes,
    join_contracts,
)
from payflow.workspace.contracts import ContractFile, Setting, read_contract
from payflow.workspace.document import Document, Findings, Table, read_document
from payflow.workspace.hooks import read_hooks
from payflow.workspace.policies import PolicyReader
from payflow.workspace.secrets import Vault
from payflow.workspace.settings import SourceReader, read_business, read_mail, read_run, read_store

SETTINGS = "payflow.toml"
CONTRACTS = "contracts"


class Loaded(Struct, frozen=True):
    """A workspace without mistakes, and what is worth a word all the same."""

    workspace: Workspace
    warnings: tuple[Problem, ...]


def find_root(start: Path) -> Path:
    """The folder with `payflow.toml`: `start` or the nearest folder above it. Raises `WorkspaceError` when none has one."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS).is_file():
            return candidate
    remedy = "Run `payflow init` to write one here, or name its folder with -C DIR."
    raise WorkspaceError([Problem(str(folder), f"there is no {SETTINGS} here or in a folder above", remedy)])


def load(root: Path, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read the workspace in `root`. Raises `WorkspaceError` with every mistake in it; writes nothing."""
    root = root.absolute()
    findings = Findings()
    reader = SourceReader(Vault(root, environ))
    settings = read_document(root / SETTINGS, SETTINGS, findings)
    contracts = list(_documents(root, findings))
    if settings is None:
        _check_contracts_alone(contracts, findings)
        raise WorkspaceError(findings.problems)
    workspace = _read(root, Table(settings, (), settings.data, findings), contracts, reader)
    warnings = tuple(problem for problem in findings.problems if problem.warning)
    if len(warnings) < len(findings.problems):
        raise WorkspaceError(findings.problems)
    return Loaded(workspace, warnings)


def _documents(root: Path, findings: Findings) -> Sequence[Document]:
    names = sorted(path.name for path in (root / CONTRACTS).glob("*.toml") if not path.name.startswith("."))
    found = [read_document(root / CONTRACTS / name, f"{CONTRACTS}/{name}", findings) for name in names]
    return [document for document in found if document is not None]


def _read(root: Path, top: Table, documents: Sequence[Document], reader: SourceReader) -> Workspace:
    business = read_business(top)
    store_url = read_store(top, reader.vault)
    mail = read_mail(top, root, reader.vault)
    run = read_run(top, root, reader.vault)
    hooks = read_hooks(top, root, reader.vault)
    sources = reader.read(top)
    policies = PolicyReader(business.currency, root).read(top)
    if business.policy is not None and business.policy not in policies:
        known = nearest(business.policy, tuple(policies))
        top.wrong(("business", "policy"), f"there is no policy {business.policy!r}", known)
    top.finish()
    files = _contract_files(documents, Setting(business, policies, today_of(business)), top.findings)
    check_match_sources(files, [source.name for source in sources], reader)
    check_fee_currencies(files, policies, top.findings)
    contracts = join_contracts(files, business, top.findings)
    check_statutes(files, contracts, policies, top.findings)
    check_compensations(files, contracts, policies, top.findings)
    keys = {source.name: source.key for source in sources}
    was = {source.name: source.was for source in sources if source.was is not None}
    agreement = _agreement(policies, contracts, business, keys, was)
    return Workspace(root, business, store_url, mail, sources, agreement, run, hooks)


def _contract_files(documents: Sequence[Document], setting: Setting, findings: Findings) -> list[ContractFile]:
    return [read_contract(Table(document, (), document.data, findings), setting) for document in documents]


def _check_contracts_alone(documents: Sequence[Document], findings: Findings) -> None:
    """Without settings: find at least what is wrong with the contracts in themselves."""
    nobody = Business("", "", "", "UTC", "", "")
    files = _contract_files(documents, Setting(nobody, None, today_of(nobody)), findings)
    join_contracts(files, nobody, findings)


def _agreement(
    policies: Mapping[str, Policy],
    contracts: Mapping[str, Contract],
    business: Business,
    sources: Mapping[str, str],
    was: Mapping[str, str],
) -> Agreement:
    agreement = Agreement(policies, contracts, business.policy, sources, "", was)
    return replace(agreement, digest=digest_of(agreement))


def today_of(business: Business) -> date:
    """Today where the business is."""
    return datetime.now(ZoneInfo(business.timezone)).date()
