"""`[[hook]]`: mistakes are told where they stand, and never with what may be a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.workspace import load

SECRET = "a-secret-of-some-length"
GOOD = '[[hook]]\nname = "tracker"\nurl = "https://tracker.example/x"\nsecret = "env:HOOK"\n'


@pytest.fixture
def hooked(write: Callable[..., Path], settings: str, environ: Mapping[str, str]) -> Callable[[str], list[str]]:
    """All mistakes of a workspace with these hooks, as text; empty when there is none."""

    def read(text: str) -> list[str]:
        root = write(f"{settings}\n{text}")
        try:
            load(root, {**environ, "HOOK": SECRET, "SHORT": "short", "URL": "https://hooks.example/T0/secret-path"})
        except WorkspaceError as error:
            return [str(problem) for problem in error.problems]
        return []

    return read


def test_a_hook_is_read(write: Callable[..., Path], settings: str, environ: Mapping[str, str]) -> None:
    [hook] = load(write(f"{settings}\n{GOOD}"), {**environ, "HOOK": SECRET}).workspace.hooks
    assert (hook.name, hook.url, hook.secret) == ("tracker", "https://tracker.example/x", SECRET)
    assert (hook.events, hook.allow_private) == (("verdict", "needs-you"), False)
    assert SECRET not in repr(hook)
    assert "tracker.example" not in repr(hook)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"https:', '"http:'), "it is not encrypted"),
        (("tracker.example/x", "10.0.0.1/x"), "a private network or this machine"),
        (("tracker.example/x", "[::1]/x"), "a private network or this machine"),
        (("tracker.example/x", "localhost/x"), "a private network or this machine"),
        (("tracker.example/x", "me:word@tracker.example/x"), "this is no address that a hook can have"),
        (('"https://tracker.example/x"', '"ftp://tracker.example"'), "this is no address that a hook can have"),
        (('url = "https://tracker.example/x"\n', ""), "'url' is missing"),
        (('secret = "env:HOOK"\n', ""), "'secret' is missing"),
        (("env:HOOK", "plain-text-secret"), "may stand in the file itself"),
        (("env:HOOK", "env:SHORT"), "fewer than 16 characters"),
        (("env:HOOK", "env:NOT_THERE"), "NOT_THERE is not set"),
        (("secret =", 'events = ["verdicts"]\nsecret ='), "'verdicts' is no event"),
        (("secret =", 'ca_file = "none.pem"\nsecret ='), "there is no file none.pem"),
        (("secret =", "retries = 3\nsecret ="), "unknown key 'retries'"),
    ],
)
def test_mistakes_are_told_without_the_secret(
    hooked: Callable[[str], list[str]], change: tuple[str, str], told: str
) -> None:
    [problem] = hooked(GOOD.replace(*change))
    assert told in problem
    assert problem.startswith("payflow.toml:")
    for secret in (SECRET, "plain-text-secret", "word@"):
        assert secret not in problem


def test_two_hooks_have_two_names(hooked: Callable[[str], list[str]]) -> None:
    assert "two hooks are called 'tracker'" in hooked(GOOD + GOOD)[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "https://10.0.0.1/x", "http://tracker.lan/"])
def test_a_private_address_may_be_allowed(hooked: Callable[[str], list[str]], url: str) -> None:
    assert hooked(GOOD.replace("https://tracker.example/x", url) + "allow_private = true\n") == []


def test_an_address_may_be_a_secret(hooked: Callable[[str], list[str]]) -> None:
    assert hooked(GOOD.replace("https://tracker.example/x", "env:URL")) == []
