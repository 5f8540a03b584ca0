"""The format of a statement, known by how its file begins; only its first bytes are read."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from payflow_bank import camt
from payflow_bank.mt940 import is_mt940
from payflow_bank.ofx import is_ofx
from payflow_bank.qif import is_qif
from payflow_bank.text import head_of

OFX, QIF, MT940, CAMT, TABLE = "OFX", "QIF", "MT940", "CAMT", "table"
#: How web pages and documents begin, which may hold a statement in their middle.
_NO_STATEMENTS = ("<!doctype html", "<html", "<table", "%pdf")
_TITLES = {OFX: "OFX statement", QIF: "QIF statement", MT940: "MT940 statement"}


class Kind(Struct, frozen=True):
    """A format by its word and, for people, its title."""

    word: str
    title: str


def kind_of(path: Path) -> Kind | None:
    """The format of a file, None where it is no statement that is known without its columns; never raises."""
    head = head_of(path)
    if head.lstrip()[:20].casefold().startswith(_NO_STATEMENTS):
        return None
    if message := camt.message_of(head):
        titles = {
            camt.STATEMENT: "CAMT.053 statement",
            camt.REPORT: "CAMT.052 report",
            camt.NOTIFICATION: "CAMT.054 notification",
        }
        return Kind(CAMT, titles[message])
    for word, knows in ((OFX, is_ofx), (QIF, is_qif), (MT940, is_mt940)):
        if knows(head):
            return Kind(word, _TITLES[word])
    return _table(path)


def _table(path: Path) -> Kind | None:
    from payflow_bank.table import shared
    from payflow_exports.source import claimed

    found = claimed(path, (shared(""),))
    return None if found is None else Kind(TABLE, found.name)
