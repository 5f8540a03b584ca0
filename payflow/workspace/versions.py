"""Stable keys across versions of the agreement: a step, source or project keeps the key it first had.

Its name may change when `was = "old-name"` says so. What the journal knows must not vanish while something new appears beside it:
that may be a rename, and taking it for a new thing would send or charge again. Pure; where the agreement lies is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from payflow.errors import Problem
from payflow.model.agreement import Agreement, Policy
from payflow.model.serial import digest_of


class Known(Struct, frozen=True):
    """The keys that the journal has records of: (policy, step key), source keys, project keys."""

    steps: frozenset[tuple[str, str]] = frozenset()
    sources: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()


class Resolved(Struct, frozen=True):
    """The agreement with its final keys and digest; with problems it must not be put in force."""

    agreement: Agreement
    problems: tuple[Problem, ...]


class _Named(Struct, frozen=True):
    """A thing in a version: its key there, and what stood as `was` beside it."""

    key: str
    was: str | None


class _Place(Struct, frozen=True):
    """Where things of one kind stand side by side; a rename happens within a place."""

    kind: str
    where: str
    #: present name -> what `was` says
    now: Mapping[str, str | None]
    before: Mapping[str, _Named]
    #: keys that the journal knows
    known: frozenset[str]

    def keys(self, problems: list[Problem]) -> dict[str, str]:
        """The final key of each name; notes what is ambiguous."""
        keys = {name: key for name, was in self.now.items() if (key := self._continued(name, was)) is not None}
        new = [name for name in self.now if name not in keys]
        for name in new:
            keys[name] = self._fresh(name, keys.values())
        self._note_renames([name for name in new if self.now[name] != ""], keys, problems)
        self._note_twins(keys, problems)
        return keys

    def _continued(self, name: str, was: str | None) -> str | None:
        """The key of something that was there before, under this name or another; None when it is new."""
        same = self.before.get(name)
        if same is not None and was in (None, same.was):
            # unchanged: a `was` that stands since an earlier version has done its work
            return same.key
        if not was:
            return None
        if was in self.before:
            return self.before[was].key
        if same is not None:
            return same.key
        return was if was in self.known or not self.before else None

    def _fresh(self, name: str, taken: Collection[str]) -> str:
        """A key for something new: its name, unless another thing has that key.

        A name that comes back after it was gone takes up its old key, so that nothing is done twice; `was = ""` forbids it.
        """
        avoid = {*taken, *(item.key for item in self.before.values())}
        if self.now[name] == "":
            avoid |= self.known
        key, count = name, 1
        while key in avoid:
            count += 1
            key = f"{name}~{count}"
        return key

    def _note_renames(self, new: Sequence[str], keys: Mapping[str, str], problems: list[Problem]) -> None:
        held = set(keys.values())
        gone = [name for name, item in self.before.items() if item.key in self.known and item.key not in held]
        for name in new if gone else ():
            old = " and ".join(repr(item) for item in gone)
            found = f"{self.kind} {old} {'is' if len(gone) == 1 else 'are'} gone and {name!r} is new"
            remedy = (
                f'If it is the same {self.kind} under a new name, write was = "{gone[0]}" beside it; '
                f'if it is really a new one, write was = "".'
            )
            problems.append(Problem(self.where, found, remedy))

    def _note_twins(self, keys: Mapping[str, str], problems: list[Problem]) -> None:
        first: dict[str, str] = {}
        for name, key in keys.items():
            if key in first:
                found = f"{self.kind}s {first[key]!r} and {name!r} would both be what was {key!r}"
                problems.append(Problem(self.where, found, "Take the line `was` out of one of them."))
            first.setdefault(key, name)


def resolve(agreement: Agreement, previous: Agreement | None, known: Known) -> Resolved:
    """The agreement with the key of every step, source and project, from the version before it and `was`.

    Without a version before, things are known by the keys that the journal has.
    """
    problems: list[Problem] = []
    policies = {
        name: _with_step_keys(policy, _steps(policy, previous, known).keys(problems))
        for name, policy in agreement.policies.items()
    }
    sources = _sources(agreement, previous, known).keys(problems)
    projects = _projects(agreement, previous, known).keys(problems)
    contracts = {name: replace(contract, key=projects[name]) for name, contract in agreement.contracts.items()}
    resolved = replace(agreement, policies=policies, contracts=contracts, sources=sources)
    return Resolved(replace(resolved, digest=digest_of(resolved)), tuple(problems))


def _with_step_keys(policy: Policy, keys: Mapping[str, str]) -> Policy:
    return replace(policy, ladder=tuple(replace(step, key=keys[step.name]) for step in policy.ladder))


def _before(
    previous: Agreement | None, known: frozenset[str], read: Callable[[Agreement], Mapping[str, _Named]]
) -> Mapping[str, _Named]:
    return read(previous) if previous is not None else {key: _Named(key, None) for key in known}


def _steps(policy: Policy, previous: Agreement | None, known: Known) -> _Place:
    def read(version: Agreement) -> Mapping[str, _Named]:
        ladder = version.policies[policy.name].ladder if policy.name in version.policies else ()
        return {step.name: _Named(step.key, step.was) for step in ladder}

    keys = frozenset(step for name, step in known.steps if name == policy.name)
    now = {step.name: step.was for step in policy.ladder}
    return _Place("step", f"payflow.toml, policy.{policy.name}", now, _before(previous, keys, read), keys)


def _sources(agreement: Agreement, previous: Agreement | None, known: Known) -> _Place:
    def read(version: Agreement) -> Mapping[str, _Named]:
        return {name: _Named(key, version.source_was.get(name)) for name, key in version.sources.items()}

    now = {name: agreement.source_was.get(name) for name in agreement.sources}
    return _Place("source", "payflow.toml, source", now, _before(previous, known.sources, read), known.sources)


def _projects(agreement: Agreement, previous: Agreement | None, known: Known) -> _Place:
    def read(version: Agreement) -> Mapping[str, _Named]:
        return {name: _Named(contract.key, contract.was) for name, contract in version.contracts.items()}

    now = {name: contract.was for name, contract in agreement.contracts.items()}
    return _Place("project", "contracts, project", now, _before(previous, known.projects, read), known.projects)
