"""`payflow calc`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import DAY, json_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payflow.cli.scenario_file import Written
    from payflow.policy.reading import KeyPath

#: Which flag writes which key, so that a mistake is told by the name that was typed.
_FLAGS = {
    ("amount",): "--amount",
    ("currency",): "--currency",
    ("issued_on",): "--issued",
    ("terms",): "--terms",
    ("due_on",): "--due",
    ("as_of",): "--as-of",
    ("calendar",): "--calendar",
    ("allocation",): "--allocation",
    ("compensation",): "--compensation",
    ("interest", "annual"): "--annual",
    ("interest", "monthly"): "--monthly",
    ("interest", "daily"): "--daily",
    ("interest", "statute"): "--statute",
    ("interest", "day_count"): "--day-count",
    ("interest", "rounding"): "--rounding",
    ("interest", "mode"): "--mode",
    ("interest", "compound"): "--compound",
    ("interest", "grace"): "--grace",
    ("late_fee", "amount"): "--fee",
    ("late_fee", "percent"): "--fee-percent",
    ("late_fee", "take"): "--fee-percent",
    ("payments",): "--paid",
    ("credits",): "--credit",
    ("refunds",): "--refund",
}


class _Movement(click.ParamType[dict[str, Any]]):
    """`ON=AMOUNT`; what stands on either side is checked with the rest of the scenario."""

    name = "on=amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Raises click's usage error where nothing is said of the day or of the amount."""
        if isinstance(value, dict):
            return value
        on, mark, amount = value.partition("=")
        if not (on and mark and amount):
            self.fail(f"{value!r} does not say when and how much. Write 2025-06-01=400.00.", param, ctx)
        return {"on": on, "amount": amount}


_MOVED = _Movement()


@click.command()
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--amount", metavar="AMOUNT", help="What was invoiced, with tax: 1000 or 1000.00.")
@click.option("--currency", metavar="CODE", help="ISO 4217: GBP, EUR, USD.")
@click.option("--due", metavar="DATE", type=DAY, help="The day it was due.")
@click.option("--issued", metavar="DATE", type=DAY, help="The day of the invoice; with --terms instead of --due.")
@click.option("--terms", metavar="TERMS", help='net-30, 2/10-net-30, or parts: "45 days, end of month".')
@click.option("--as-of", metavar="DATE", type=DAY, help="The day to work it out for. Default: today.")
@click.option("--statute", metavar="NAME", help="A law on late payment: uk, de, fr, us-prompt-payment, ...")
@click.option("--annual", metavar="PERCENT", help="A rate that was agreed, percent a year.")
@click.option("--monthly", metavar="PERCENT", help="Percent a month.")
@click.option("--daily", metavar="PERCENT", help="Percent a day.")
@click.option("--day-count", metavar="WORD", help="actual/365, actual/360, actual/actual, 30/360 or 30E/360.")
@click.option("--rounding", metavar="WORD", help="What is rounded: end, segment or day.")
@click.option("--mode", metavar="WORD", help="half-up, half-even or down.")
@click.option("--compound", metavar="WORD", help="none, yearly, monthly or 30-days.")
@click.option("--grace", metavar="DAYS", type=int, help="Days after the due date that bear no interest.")
@click.option("--paid", metavar="ON=AMOUNT", type=_MOVED, multiple=True, help="A payment; may be given again.")
@click.option("--credit", metavar="ON=AMOUNT", type=_MOVED, multiple=True, help="A credit note.")
@click.option("--refund", metavar="ON=AMOUNT", type=_MOVED, multiple=True, help="Money that went back.")
@click.option("--fee", metavar="AMOUNT", help="A late fee, once; with --fee-percent the greater of both.")
@click.option("--fee-percent", metavar="PERCENT", help="A late fee in percent of what is outstanding.")
@click.option(
    "--compensation/--no-compensation",
    default=None,
    help="The statute's fixed sum. Default: with it, but not beside a late fee.",
)
@click.option("--allocation", metavar="WORD", help="principal-first, interest-first or costs-first.")
@click.option("--calendar", metavar="CODE", help="Whose business days terms move to: GB, DE-BY.")
@json_option
@pass_session
def command(session: Session, /, file: str | None, as_json: bool, **flags: Any) -> None:
    """Work out late-payment interest, fees and compensation on one invoice.

    Needs no workspace. The claim is told by options, or by FILE in TOML or JSON (- for standard input); options win over
    the file. docs/calc.md tells every key. Where a workspace is at hand, rate tables in its folder rates/ count too.

    \b
    Example:
      payflow calc --amount 1000 --currency GBP --due 2025-05-14 --as-of 2025-07-03 --statute uk
      payflow calc --amount 5000 --currency USD --due 2025-03-01 --monthly 1.5 --paid 2025-04-10=2000
      payflow calc --amount 900 --currency EUR --issued 2025-01-31 --terms net-30-eom --annual 9 --fee 40 --json
    """
    from payflow.policy.scenario import read_scenario, work_out
    from payflow.workspace.business_days import known_calendar

    written = _written(session, file)
    data = dict(written.data) if written is not None else {}
    told = set(_lay_over(data, flags))

    def place(path: KeyPath) -> str:
        return _flag_of(path) if written is None or path[:1] in told or path[:2] in told else written.place(path)

    scenario = read_scenario(data, today=_today(session), calendars=known_calendar, place=place)
    claim, found, warnings = work_out(scenario, extra=_own_rates(session))
    from payflow.report import calc as report

    if as_json:
        session.say_json(report.as_json(claim, found, warnings))
    else:
        session.say(report.text(scenario, claim, found, warnings, session.style))


def _written(session: Session, file: str | None) -> Written | None:
    """What the file says; paths go from the folder that -C names."""
    if file is None:
        return None
    from payflow.cli.scenario_file import read_file

    return read_file(file if file == "-" or session.directory is None else str(session.directory / file))


def _flag_of(path: KeyPath) -> str:
    """The flag of a key, or the key itself where no flag writes it: `--paid #2, amount`."""
    for size in (2, 1):
        flag = _FLAGS.get(tuple(str(part) for part in path[:size]))
        if flag is not None:
            rest = "".join(f" #{part + 1}" if isinstance(part, int) else f", {part}" for part in path[size:])
            return f"{flag}{rest}"
    from payflow.policy.reading import dotted

    return dotted(path) or "the claim"


def _lay_over(data: dict[str, Any], flags: dict[str, Any]) -> Iterator[KeyPath]:
    """Write the flags over what the file says, payments and the like behind it; yields the keys that flags wrote."""
    for key, name in _PLAIN.items():
        if flags[name] is not None:
            data[key] = _terms(flags[name]) if name == "terms" else flags[name]
            yield (key,)
    for key, name in (("payments", "paid"), ("credits", "credit"), ("refunds", "refund")):
        before = data.get(key, [])
        if flags[name] and isinstance(before, list):
            data[key] = [*before, *flags[name]]
            yield from ((key, len(before) + number) for number in range(len(flags[name])))
    said = {name: flags[name] for name in _INTEREST if flags[name] is not None}
    yield from _lay_table(data, "interest", said, _RATES)
    fee = {key: flags[name] for key, name in (("amount", "fee"), ("percent", "fee_percent")) if flags[name] is not None}
    if len(fee) == 2:
        fee["take"] = "greater"
    yield from _lay_table(data, "late_fee", fee, ("amount", "percent", "take"))


_PLAIN = {
    "amount": "amount",
    "currency": "currency",
    "issued_on": "issued",
    "due_on": "due",
    "terms": "terms",
    "as_of": "as_of",
    "compensation": "compensation",
    "allocation": "allocation",
    "calendar": "calendar",
}
_RATES = ("annual", "monthly", "daily", "statute")
_INTEREST = (*_RATES, "day_count", "rounding", "mode", "compound", "grace")


def _lay_table(data: dict[str, Any], key: str, said: dict[str, Any], instead: tuple[str, ...]) -> Iterator[KeyPath]:
    """Write over a table; where a flag is one of `instead`, what the file says of those no longer counts."""
    before = data.get(key, {})
    if not said or not isinstance(before, dict):
        return
    gone = instead if any(name in said for name in instead) else ()
    data[key] = {name: value for name, value in before.items() if name not in gone} | said
    yield from ((key, name) for name in said)


def _terms(text: str) -> str | list[str]:
    """A short name, or parts between commas."""
    from payflow.policy.terms_in_words import TermsError, parse_terms

    parts = [part.strip() for part in text.split(",")]
    try:
        parse_terms(text)
    except TermsError:
        return parts if len(parts) > 1 or " " in text else text
    return text


def _today(session: Session) -> date:
    """The day of the rehearsal, or of this machine's clock: without a workspace there is no other zone."""
    from datetime import datetime

    return session.rehearsal.date() if session.rehearsal is not None else datetime.now().astimezone().date()


def _own_rates(session: Session) -> Path | None:
    """The folder of the user's own rate tables, where a workspace is at hand."""
    from payflow.errors import WorkspaceError

    try:
        folder = session.root / "rates"
    except WorkspaceError:
        return None
    return folder if folder.is_dir() else None
