"""Records with secrets: what they show of themselves."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from payflow.guarded import Guarded


class Key(Guarded, frozen=True):
    """A record with a secret."""

    unshown: ClassVar[frozenset[str]] = frozenset({"secret"})

    name: str
    secret: str
    tries: int = 3


def test_a_guarded_record_shows_all_but_its_secrets() -> None:
    assert repr(Key("books", "sk_live_1")) == "Key(name='books', tries=3)"
    assert f"{Key('books', 'sk_live_1')}" == "Key(name='books', tries=3)"


def test_a_secret_is_part_of_the_record_all_the_same() -> None:
    key = Key("books", "sk_live_1")
    assert key != replace(key, secret="sk_live_2")
    assert replace(key, tries=5).secret == "sk_live_1"
