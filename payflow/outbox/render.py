"""Messages in words. One section per invoice, by the template of its step, so that wording is per invoice."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from payflow.errors import Problem, WorkspaceError
from payflow.model.acts import ClientMessage, Need, VerdictChange
from payflow.model.agreement import Business, Workspace
from payflow.outbox import sample, wording
from payflow.outbox.mime import one_line
from payflow.outbox.templates import FALLBACK, Templates, checked_name

#: Column at which the lines of a plain text end.
WIDTH = 76


class Rendered(NamedTuple):
    """A message in words. `html` is empty where plain text is all there is."""

    subject: str
    text: str
    html: str


class _Part(NamedTuple):
    text: str
    html: str


class Renderer:
    """Renders the messages of one business; `root` is the workspace. What templates see is in `wording`."""

    def __init__(self, root: Path, business: Business) -> None:
        self._business = business
        self._templates = Templates(root)

    def client_message(self, message: ClientMessage, today: date) -> Rendered:
        """The e-mail to a client. `WorkspaceError` for a template that is missing or does not work."""
        language = message.recipient.language or FALLBACK
        items, corrections = wording.items_of(message), wording.corrections_of(message)
        common: dict[str, Any] = {"business": self._business, "today": today}
        parts = [self._part(language, "correction", {**common, "correction": item}) for item in corrections]
        for notice, item in zip(message.notices, items, strict=True):
            parts.append(self._part(language, notice.template, {**common, "item": item}))
        context = {
            **common,
            "client": one_line(message.recipient.name),
            "items": items,
            "corrections": corrections,
            "totals": wording.totals_of(items),
        }
        subject = self._templates.text(language, "subject.txt", context)
        text = self._templates.text(language, "message.txt", {**context, "sections": [part.text for part in parts]})
        marked = {**context, "sections": [part.html for part in parts]}
        html = self._templates.html(language, "message", marked, text)
        return Rendered(one_line(subject), wrapped(text), str(html))

    def owner_message(self, changes: Sequence[VerdictChange], needs: Sequence[Need], today: date) -> Rendered:
        """The e-mail to the business itself: verdicts that changed, and what needs a person. Plain text, in English."""
        context = {
            "business": self._business,
            "today": today,
            "changes": [VerdictChange(*map(one_line, change)) for change in changes],
            "needs": [Need(*map(one_line, need)) for need in needs],
        }
        subject = self._templates.text(FALLBACK, "owner-subject.txt", context)
        return Rendered(one_line(subject), wrapped(self._templates.text(FALLBACK, "owner.txt", context)), "")

    def _part(self, language: str, name: str, context: dict[str, Any]) -> _Part:
        text = self._templates.text(language, f"{checked_name(name)}.txt", context).strip("\n")
        return _Part(text, self._templates.html(language, name, context, text))

    def check(self, emails: Iterable[str], languages: Iterable[str]) -> list[Problem]:
        """Every mistake in templates, those of the workspace and payflow's: each compiles, each step's works."""
        found: dict[str, Problem] = {}
        for language in sorted({FALLBACK, *languages}):
            for problem in self._check_language(language, sorted(set(emails))):
                found.setdefault(str(problem), problem)
        return list(found.values())

    def _check_language(self, language: str, emails: Sequence[str]) -> Iterator[Problem]:
        try:
            names = self._templates.names(language)
        except WorkspaceError as error:
            yield from error.problems
            return
        if not self._templates.speaks(language) and language != FALLBACK:
            remedy = f"Write templates/{language}/message.txt and the others, or leave language out of the contract"
            yield Problem(
                f"language {language!r}", "it has no templates, so English ones are used", remedy, warning=True
            )
        broken = [problem for name in names if (problem := self._templates.compiled(language, name))]
        yield from broken
        yield from self._templates.unpaired(language)
        if not broken:
            yield from self._try(language, emails)

    def _try(self, language: str, emails: Sequence[str]) -> Iterator[Problem]:
        """Render messages about nobody, so that a mistake shows before a client's message needs the template."""
        for email in emails:
            try:
                for message in sample.messages(email, language):
                    self.client_message(message, sample.TODAY)
            except WorkspaceError as error:
                yield from error.problems
        try:
            self.owner_message(*sample.owner(), sample.TODAY)
        except WorkspaceError as error:
            yield from error.problems


def check_templates(workspace: Workspace) -> list[Problem]:
    """What is wrong with the templates that the agreement's steps and clients use; for `payflow doctor`."""
    agreement = workspace.agreement
    emails = {step.email for policy in agreement.policies.values() for step in policy.ladder}
    languages = {contract.client.language for contract in agreement.contracts.values()}
    return Renderer(workspace.root, workspace.business).check(emails, languages)


def wrapped(text: str) -> str:
    """Plain text with lines of at most `WIDTH` where words allow, the indent kept, and no two empty lines in a row."""
    lines: list[str] = []
    for line in text.splitlines():
        plain = line.rstrip()
        if plain or (lines and lines[-1]):
            lines.extend(_folded(plain))
    return "\n".join(lines).strip("\n") + "\n"


# most lines stand in every letter of a run
@lru_cache(maxsize=1024)
def _folded(line: str) -> Sequence[str]:
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    hanging = indent + ("  " if line.lstrip().startswith("- ") else "")
    return textwrap.wrap(
        line.lstrip(),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
