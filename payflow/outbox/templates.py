"""Jinja templates by language: where they are found, how they run, and what is said when one does not work.

For the language `de-AT` a template is looked for in `templates/de-AT`, `templates/de` and `templates/en` of the workspace and
of payflow, a language at a time, the workspace first. A text template that is found before its HTML sibling makes the HTML
of its part too: so a user who rewrites one file has rewritten both.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payflow.errors import Problem, WorkspaceError
from payflow.outbox import wording

if TYPE_CHECKING:
    from payflow.outbox.sandbox import Sandbox

#: The language that is always there.
FALLBACK = "en"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_REMEDY = "Correct the template; docs/mail.md lists what it may use"


class Templates:
    """The templates of one workspace. Each is looked for and compiled once per language."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._environments: dict[str, Sandbox] = {}
        self._ranks: dict[tuple[str, str], int] = {}

    def text(self, language: str, name: str, context: Mapping[str, Any]) -> str:
        """The text of one template; `WorkspaceError` with file and line where it does not work."""
        environment = self._environment(language)
        try:
            template = environment.get_template(name)
            environment.begin()
            return template.render(context)
        except Exception as error:  # a template that a user wrote may fail in any way
            raise WorkspaceError([self._problem(error, name)]) from error

    def html(self, language: str, name: str, context: Mapping[str, Any], text: str) -> str:
        """The HTML of a part as safe markup: by its own template, or `text` as it stands where that was found first."""
        from markupsafe import Markup, escape

        if self.rank(language, f"{name}.txt") < self.rank(language, f"{name}.html"):
            return Markup('<div style="white-space: pre-wrap">') + escape(text) + Markup("</div>")
        # Marked as safe: autoescape has escaped every value in it.
        return Markup(self.text(language, f"{name}.html", context))  # noqa: S704

    def compiled(self, language: str, name: str) -> Problem | None:
        """What keeps a template from being compiled, if anything does."""
        environment = self._environment(language)
        try:
            environment.get_template(name)
        except Exception as error:  # noqa: BLE001 - a file that a user wrote may be anything
            return self._problem(error, name)
        return None

    def names(self, language: str) -> Sequence[str]:
        """Every template that can be used in a language."""
        return self._environment(language).list_templates(extensions=("txt", "html"))

    def unpaired(self, language: str) -> Iterator[Problem]:
        """Templates of the workspace that say one thing while payflow's sibling says another."""
        for name in self.names(language):
            stem, _, kind = name.rpartition(".")
            other = f"{stem}.{'html' if kind == 'txt' else 'txt'}"
            # A text makes its own HTML, except where it is only a piece that others include.
            alone = kind == "html" or stem.startswith("_")
            if alone and self.rank(language, name) < self.rank(language, other) < len(self.folders(language)):
                where = self._shown(str(self.folders(language)[self.rank(language, name)] / name))
                found = f"it stands without {other}, so payflow's own words are used there"
                yield Problem(where, found, f"Write {other} beside it", warning=True)

    def rank(self, language: str, name: str) -> int:
        """How early a template is found: 0 is the first folder, the number of folders where it is in none."""
        if (language, name) not in self._ranks:
            folders = self.folders(language)
            found = (rank for rank, folder in enumerate(folders) if (folder / name).is_file())
            self._ranks[language, name] = next(found, len(folders))
        return self._ranks[language, name]

    def folders(self, language: str) -> list[Path]:
        """Where the templates of a language are looked for, first to last; every second folder is the workspace's."""
        languages = dict.fromkeys((checked_name(language), language.partition("-")[0], FALLBACK))
        return [base / one for one in languages for base in (self._root / "templates", _own())]

    def speaks(self, language: str) -> bool:
        """Whether anything is there for a language itself."""
        return any(folder.is_dir() for folder in self.folders(language) if folder.name != FALLBACK)

    def _environment(self, language: str) -> Sandbox:
        if language not in self._environments:
            from jinja2 import FileSystemLoader, StrictUndefined

            from payflow.outbox.sandbox import COMPILED, Sandbox

            environment = Sandbox(
                loader=FileSystemLoader(self.folders(language)),
                autoescape=lambda name: name is not None and name.endswith(".html"),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                bytecode_cache=COMPILED,
            )
            environment.filters["day"] = wording.day
            environment.filters["count"] = wording.count
            self._environments[language] = environment
        return self._environments[language]

    def _problem(self, error: Exception, name: str) -> Problem:
        """Where a template failed, what was found there, what to do."""
        from jinja2 import TemplateNotFound, TemplateSyntaxError

        if isinstance(error, TemplateNotFound):
            known = "payflow has " + ", ".join(sorted(STEPS)) + " for steps"
            where = self._place(error, None)
            missing = f"there is no template {error.name}"
            return Problem(where, missing, f"Write templates/{FALLBACK}/{error.name} in the workspace; {known}")
        if isinstance(error, TemplateSyntaxError):
            where = f"{self._shown(error.filename or name)}:{error.lineno}"
            return Problem(where, error.message or "this is not a template", _REMEDY)
        if isinstance(error, UnicodeDecodeError):
            return Problem(f"template {name}", "it is not UTF-8 text", "Save the file as UTF-8")
        return Problem(self._place(error, name), str(error) or type(error).__name__, _REMEDY)

    def _place(self, error: Exception, name: str | None) -> str:
        """The file and line of the innermost template that was running."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename.endswith((".txt", ".html")):
                return f"{self._shown(frame.filename)}:{frame.lineno}"
        return f"template {name}" if name else "templates"

    def _shown(self, filename: str) -> str:
        path = Path(filename)
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else filename


#: The step templates that payflow brings.
STEPS = ("heads-up", "reminder", "late-fee", "final-notice", "charges")


def checked_name(name: str) -> str:
    """A template's or a language's name, which must be a plain word: no folders, no dots."""
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            [
                Problem(
                    "templates",
                    f"{name[:60]!r} cannot name a template or a language",
                    "Use letters, digits, dashes and underscores only",
                )
            ]
        )
    return name


def _own() -> Path:
    import payflow_templates

    return Path(payflow_templates.__path__[0])
