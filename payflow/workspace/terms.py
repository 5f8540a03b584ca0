"""`terms` and `instalments` of a policy: when an invoice is due, at once or in parts."""

from __future__ import annotations

from typing import Any

from payflow.model.agreement import InstalmentTerms, Terms
from payflow.policy.instalments import Line, check, lines_in
from payflow.policy.terms_in_words import TermsError, parse_terms
from payflow.workspace import values
from payflow.workspace.document import Table

#: what stands for terms that could not be read
NO_TERMS = Terms("", ())


def read_terms(table: Table) -> Terms:
    """`terms`: a short name or a list of parts, that a workspace can follow."""
    before = len(table.findings.problems)
    if isinstance(table.data.get("terms"), list):
        written: str | tuple[str, ...] = table.texts("terms", '["30 days", "end of month"]')
    else:
        written = table.text("terms", example='"net-15"')
    if len(table.findings.problems) > before:
        return NO_TERMS
    try:
        terms = parse_terms(written)
    except TermsError as error:
        table.wrong("terms" if error.place is None else ("terms", error.place), error.found, error.remedy)
        return NO_TERMS
    if terms.calendar and not _is_known(terms.calendar):
        remedy = "Write the ISO 3166 code of a country, or of a part of it that has holidays of its own: GB, GB-SCT."
        table.wrong("terms", f"the public holidays of {terms.calendar!r} are not known", remedy)
    return terms


def _is_known(country: str) -> bool:
    from payflow.workspace.business_days import known_calendar

    return known_calendar(country) is not None


def read_instalments(table: Table, currency: str) -> tuple[InstalmentTerms, ...]:
    """`instalments`: several parts, each with terms of its own; empty where the whole is due at once."""
    if table.data.get("instalments") is None:
        return ()
    before = len(table.findings.problems)
    found: list[InstalmentTerms] = []
    for item in table.tables("instalments"):
        one = InstalmentTerms(read_terms(item), values.percent(item, "percent"), _amount(item, currency))
        item.finish()
        if "percent" in item and "amount" in item:
            item.wrong("percent", "an instalment is a share or an amount, not both", "Leave one of them out.")
        found.append(one)
    if len(table.findings.problems) == before:
        _check_together(table, found)
    _refuse_others(table)
    return tuple(found) if len(table.findings.problems) == before else ()


def _amount(item: Table, currency: str) -> Any:
    return values.amounts(item, "amount", currency, least=1)


def _check_together(table: Table, found: list[InstalmentTerms]) -> None:
    """Note parts that do not add up to every total, or that count from different days."""
    currencies = {code for one in found for code in one.amount}
    lines: list[Line] | None = lines_in(found, min(currencies, default=""))
    try:
        if all(not one.amount or set(one.amount) == currencies for one in found):
            check(lines or ())
        else:
            table.wrong(
                "instalments",
                "the amounts name different currencies",
                "Name the same currencies in each instalment that is an amount.",
            )
            return
    except ValueError as error:
        what, _, remedy = str(error).rpartition(": ")
        table.wrong("instalments", what, f"{remedy[:1].upper()}{remedy[1:]}.")
        return
    if len({one.terms.anchor for one in found}) > 1:
        table.wrong(
            "instalments",
            "the instalments count from different days",
            "Let all of them count from the same: the invoice, its receipt, the delivery or the acceptance.",
        )


def _refuse_others(table: Table) -> None:
    """Note keys of the policy that instalments do not go with."""
    if table.get("terms") is not None:
        table.wrong("terms", "each instalment has terms of its own", "Leave out the terms of the policy.")
