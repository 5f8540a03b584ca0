"""Templates of a workspace: no way out, no endless work, no name that leads elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.model.agreement import Business
from payflow.outbox import sample
from payflow.outbox.render import Renderer
from payflow.outbox.templates import Templates

NORTH = Business("Studio North", "Studio North Ltd", "billing@studio-north.example", "Europe/London", "GB", "GBP")


def render(root: Path, text: str, name: str = "reminder.txt") -> str:
    folder = root / "templates" / "en"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    [message, *_] = sample.messages("reminder", "en")
    return Renderer(root, NORTH).client_message(message, sample.TODAY).text


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ item|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ '{0.__class__}'.format(item) }}",
        "{{ '%s' % 'x' }}",
        "{% for one in range(10 ** 9) %}x{% endfor %}",
        "{% for one in range(1000000000) %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro again() %}{{ again() }}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ 'x' * 999999999 }}",
        "{{ ['x' * 100000] * 100000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{% include '../../../../etc/passwd' %}",
        "{% include '/etc/passwd' %}",
        "{% include 'reminder.txt' %}",
    ],
)
def test_what_a_letter_has_no_need_of_is_refused_with_file_and_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorkspaceError) as told:
        render(tmp_path, text)
    assert "root:" not in str(told.value)
    assert "template" in str(told.value)


def test_a_letter_with_loops_and_sums_of_its_own_works(tmp_path: Path) -> None:
    text = "{% for n in range(3) %}{{ n * 2 + 1 }} {% endfor %}{{ '-' * 20 }}"
    assert "1 3 5 --------------------" in render(tmp_path, text)


@pytest.mark.parametrize("name", ["../reminder", "/etc/passwd", "a/b", "..", "", "x\0y", "a.b", "-x", "a\nb", "é"])
def test_names_of_templates_and_languages_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    templates = Templates(tmp_path)
    with pytest.raises(WorkspaceError, match="cannot name a template or a language"):
        templates.folders(name)
    with pytest.raises(WorkspaceError):
        templates.text("en", f"{name}.txt", {})
