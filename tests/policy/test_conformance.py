"""Every published figure of `conformance.csv` is what payflow computes, and the page that shows them is up to date."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from policy.conformance import ARGUED, METHODS, REMARKS, Example, computed, examples, page

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
EXAMPLES = examples()
COMPUTED = [example for example in EXAMPLES if example.id not in ARGUED]


def plain(text: str) -> list[Decimal | str]:
    """Figures by their value, so that 40 is 40.00; all else as written."""
    return [number(part.strip()) for part in text.split("/")]


def number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


@pytest.mark.parametrize("example", COMPUTED, ids=lambda example: example.id)
def test_a_published_figure_is_met(example: Example) -> None:
    expected = example.expected
    if example.method == "years":
        expected = str(Decimal(expected).quantize(Decimal("1e-10")))
    assert plain(computed(example)) == plain(expected), example.source


def test_the_table_is_whole_and_what_is_not_computed_is_argued() -> None:
    assert len(EXAMPLES) == len({example.id for example in EXAMPLES}) == 108
    assert {example.id for example in EXAMPLES if example.method not in METHODS} == set(ARGUED)
    assert len(ARGUED) <= 3
    assert set(REMARKS) <= {example.id for example in COMPUTED}
    assert all(example.source and example.what for example in EXAMPLES)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python tests/policy/conformance.py docs/conformance.md`"
