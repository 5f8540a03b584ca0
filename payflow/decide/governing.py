"""The policies that govern, ready to be applied in columns."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from payflow.model.agreement import Policy, Terms
from payflow.policy.claims import Governed


def compiled(governed: Sequence[Governed], home: str) -> tuple[list[Policy], list[int]]:
    """Every policy that governs, once, and which one each row has (-1: none).

    Terms that move to a business day know whose, here: that of the country they name, else of the client's, else of `home`,
    the business's. Policies are told apart by identity: versions hold one object each, and comparing their content is slow.
    """
    policies: list[Policy] = []
    places: dict[tuple[int, str], int] = {}
    unplaced: dict[int, bool] = {}
    codes = []
    for item in governed:
        policy = item.policy
        if policy is None:
            codes.append(-1)
            continue
        if id(policy) not in unplaced:
            unplaced[id(policy)] = any(_unplaced(one) for one in _all_terms(policy))
        country = _country(item, home) if unplaced[id(policy)] else ""
        place = places.setdefault((id(policy), country), len(policies))
        if place == len(policies):
            policies.append(_placed(policy, country) if country else policy)
        codes.append(place)
    return policies, codes


def _all_terms(policy: Policy) -> tuple[Terms, ...]:
    return (policy.terms, *(one.terms for one in policy.instalments))


def _unplaced(terms: Terms) -> bool:
    return terms.rolls and not terms.calendar


def _placed(policy: Policy, country: str) -> Policy:
    """The policy whose terms know the country that they name, or this one."""

    def placed(terms: Terms) -> Terms:
        return replace(terms, calendar=country) if _unplaced(terms) else terms

    parts = tuple(replace(one, terms=placed(one.terms)) for one in policy.instalments)
    return replace(policy, terms=placed(policy.terms), instalments=parts)


def _country(item: Governed, home: str) -> str:
    return (item.contract.client.country if item.contract is not None else "") or home
