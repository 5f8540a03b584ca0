"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.workspace.lines import KeyPath, index_lines

SAMPLE = '''\
# a comment with [brackets] and key = "value"
title = "x"
"quoted key" = 1
a.b . "c.d" = 2

[plain]  # after a header
one = """
[not a header]
two = 2
"""
two = \'\'\'
[[nor this]]\'\'\'
three = [ # list
  "x", # comment with ]
  { k = "v", "w" = 2 },
  [1,
   2],
]
four = { a = 1, b.c = { d = "}" } }
five = 2026-10-01

[policy.standard]
terms = 'net-15'

[[policy.standard.step]]
name = "a # not a comment"
[[policy.standard.step]]
name = "escaped \\" quote"
day = 3
[policy.standard.step.inner]
deep = true
[[ policy . standard . step ]]
"name" = """two quotes at the end"""""
last = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key",), 3),
        (("a", "b", "c.d"), 4),
        (("plain",), 6),
        (("plain", "one"), 7),
        (("plain", "two"), 11),
        (("plain", "three"), 13),
        (("plain", "three", 0), 14),
        (("plain", "three", 1, "w"), 15),
        (("plain", "three", 2), 16),
        (("plain", "three", 2, 1), 17),
        (("plain", "four", "b", "c", "d"), 19),
        (("plain", "five"), 20),
        (("policy", "standard", "terms"), 23),
        (("policy", "standard", "step"), 25),
        (("policy", "standard", "step", 0, "name"), 26),
        (("policy", "standard", "step", 1), 27),
        (("policy", "standard", "step", 1, "day"), 29),
        (("policy", "standard", "step", 1, "inner", "deep"), 31),
        (("policy", "standard", "step", 2, "name"), 33),
        (("policy", "standard", "step", 2, "last"), 34),
    ],
)
def test_each_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert index_lines(SAMPLE)[path] == line
    assert index_lines(SAMPLE.replace("\n", "\r\n"))[path] == line


def test_nothing_inside_a_text_counts_as_a_key() -> None:
    found = index_lines(SAMPLE)
    assert set(found) == set(all_paths(tomllib.loads(SAMPLE)))


def all_paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path in parsed TOML, tables and elements included."""
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from all_paths(item, (*path, key))
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from all_paths(item, (*path, place))


KEYS = st.sampled_from(["a", "b-1", "c d", "e.f", "#g", 'h"i', "j]"])
VALUES = st.recursive(
    st.sampled_from(["1", "true", "2026-10-01", '"x # y"', "'a = 1'", '"""\n[t]\nk = "v"\n"""', "'''\n}]'''", "1.5"]),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda items: "[\n" + "".join(f"  {item}, # c\n" for item in items) + "]"
    ),
    max_leaves=5,
)


def quoted(key: str) -> str:
    return '"' + key.replace('"', '\\"') + '"'


@given(st.lists(st.tuples(KEYS, st.dictionaries(KEYS, VALUES, max_size=3)), max_size=6))
def test_every_path_that_toml_knows_has_the_line_where_it_is_written(tables: list[tuple[str, dict[str, str]]]) -> None:
    lines, expected, counts = [], {}, dict[str, int]()
    for name, pairs in tables:
        row = counts.get(name, 0)
        counts[name] = row + 1
        expected[("t", name, row)] = len(lines) + 1
        lines.append(f"[[t.{quoted(name)}]]")
        for key, value in pairs.items():
            expected[("t", name, row, key)] = len(lines) + 1
            lines += f"{quoted(key)} = {value}".split("\n")
    text = "\n".join(lines)
    found = index_lines(text)
    assert set(found) == set(all_paths(tomllib.loads(text)))
    assert expected.items() <= found.items()
