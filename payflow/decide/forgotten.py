"""Clients whose data was erased: how they are known again without their data, and what is kept of them then.

The journal keeps salted hashes of what named a forgotten client: the client's id, its key in each source, its addresses and
names. Whatever names it again, a contract's file or a new reading, goes on under the name it was given when it was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps

from msgspec.structs import replace

from payflow.model.agreement import Agreement, ClientTerms, Contract
from payflow.model.journal import Forgotten
from payflow.model.serial import digest_of
from payflow.policy.claims import squeeze

#: What payflow itself looks for in an invoice's reference: "project/milestone", and a charge of ours.
_OWN_WORDS = re.compile(r"\bPF-[0-9A-Z]{6,}\b|[\w.-]+(?:/[\w.-]+)+")


def mark(salt: str, *words: str) -> str:
    """The hash of what named somebody: `client` and an id, `source`, its key and the client's key, `email`, `name`, `account` of
    a bank, or the `line` of a statement."""
    return sha256(dumps([salt, *words]).encode()).hexdigest()


def marks(
    salt: str,
    ids: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    emails: Iterable[str],
    names: Iterable[str],
    accounts: Iterable[str] = (),
    lines: Iterable[str] = (),
) -> list[str]:
    """All hashes of one client. `pairs` are (source key, the client's key in it), `lines` name lines of statements."""
    found = {mark(salt, "client", one) for one in ids}
    found |= {mark(salt, "source", source, key) for source, key in pairs}
    found |= {mark(salt, "email", squeeze(one)) for one in emails}
    found |= {mark(salt, "name", squeeze(one)) for one in names}
    found |= {mark(salt, "account", one) for one in accounts}
    found |= {mark(salt, "line", one) for one in lines}
    return sorted(found)


class Register:
    """Knows forgotten clients again."""

    def __init__(self, several: Sequence[Forgotten]) -> None:
        self._several = several

    def __bool__(self) -> bool:
        return bool(self._several)

    def client(self, source: str, key: str, email: str = "") -> str | None:
        """The name of a source's client, if it is a forgotten one."""
        return self._found("source", source, key) or (self._found("email", squeeze(email)) if email else None)

    def payer(self, line: str, name: str, account: str) -> str | None:
        """The name of whoever paid in a `line` of a statement, under a name and from an account, if it is a forgotten client."""
        found = self._found("line", line) or (self._found("name", squeeze(name)) if name else None)
        return found or (self._found("account", account) if account else None)

    def contract(self, client: str) -> str | None:
        """The name of a contract's client, if it is a forgotten one."""
        return self._found("client", client)

    def _found(self, *words: str) -> str | None:
        return next((one.name for one in self._several if mark(one.salt, *words) in one.hashes), None)

    def redacted(self, agreement: Agreement) -> Agreement:
        """The agreement without the data of forgotten clients; the very same one when it has none."""
        named = {key: self.contract(one.client.id) for key, one in agreement.contracts.items()} if self else {}
        if not any(named.values()):
            return agreement
        contracts = {
            key: redacted(one, name) if (name := named[key]) else one for key, one in agreement.contracts.items()
        }
        changed = replace(agreement, contracts=contracts)
        return replace(changed, digest=digest_of(changed))


def redacted(contract: Contract, name: str) -> Contract:
    """A contract that goes on under a client's new name, without a title, an address or anything else of the person."""
    client = contract.client
    nobody = ClientTerms(name, name, language=client.language, timezone=client.timezone, country=client.country)
    return replace(contract, name=contract.project, client=nobody)


def own_words(reference: str) -> str:
    """Of an invoice's reference what payflow looks for, and nothing of what else a person wrote there."""
    return " ".join(_OWN_WORDS.findall(reference))


def without(text: str, names: Mapping[str, str]) -> str:
    """A key without the texts that it was made of; `names` are text -> what stands for it, the longest first."""
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def longest_first(texts: Iterable[str], name: str) -> dict[str, str]:
    """Texts that tell who somebody is, each with the name that stands for it; very short ones may be anything."""
    telling = {text for text in texts if len(text) > _SHORT and any(sign.isalpha() for sign in text)}
    return dict.fromkeys(sorted(telling, key=len, reverse=True), name)


#: A text of so few letters stands in others by chance.
_SHORT = 3
