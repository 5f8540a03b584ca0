"""Everything payflow raises on purpose.

    PayflowError              base; the command line prints it and exits 1
    ├── WorkspaceError        payflow.toml or a contract has mistakes; carries every one of them
    ├── ConnectorError        a source could not be read at all
    ├── StoreError            the database is missing, too new, locked or damaged
    │   └── JournalError      the hash chain or the anchor does not hold
    ├── UnknownName           a project, phase, invoice, ... that nobody knows
    ├── Refused               what was asked would break a rule; says which
    └── DeliveryError         a message was not accepted; carries whether to try again

Bad rows in a file are not exceptions but `Problem` values, collected and reported together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake in something a user wrote or exported: where it is, what was found, what to do."""

    where: str
    found: str
    remedy: str
    #: A warning is shown; an error also makes the exit code differ from 0.
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. {self.remedy}"


class PayflowError(Exception):
    """Base of all errors a user may see; the message ends in what to do."""


class WorkspaceError(PayflowError):
    """The agreement could not be read; `problems` lists every mistake found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConnectorError(PayflowError):
    """A source could not be read; nothing of it was taken over."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class StoreError(PayflowError):
    """The store cannot be used as it is."""


class JournalError(StoreError):
    """The journal does not verify."""


class UnknownName(PayflowError):
    """A name that nobody knows, with the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(f"no {kind} called {name!r}. {nearest(name, known, few=20)}")


class Refused(PayflowError):
    """What was asked would break a rule of payflow's."""


class DeliveryError(PayflowError):
    """A message was not accepted. `permanent` tells whether another try can help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(message)


def nearest(name: str, known: Sequence[str], few: int = 12) -> str:
    """A sentence that helps: the nearest known name, or all of them when they are few."""
    from difflib import get_close_matches

    same = [one for one in known if one.casefold() == name.casefold()]
    close = same or get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    if not known:
        return "None is known yet."
    shown = ", ".join(sorted(known)[:few])
    return f"Known: {shown}{', ...' if len(known) > few else ''}."
