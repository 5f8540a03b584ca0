"""Forgotten clients are kept out of readings: their invoices come in under the name given to them, their data not at all."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from payflow.decide.erased_lines import account_of, bare_texts
from payflow.decide.forgotten import Register, longest_first, own_words, without
from payflow.policy.naming import Numbers
from payflow.sync.tables import Client, Entry, Invoice, Line, Read, invoice_rows, with_rows


def kept_out(read: Read, source: str, register: Register, numbers: Callable[[], Numbers]) -> Read:
    """The reading without the data of forgotten clients; the very same one when none of them is in it.

    `numbers` are those of all invoices: what a bank line names of them is kept.
    """
    if not register:
        return read
    import pyarrow as pa

    described = {one.key: one for one in read.clients}
    paying = read.invoices.column("client")
    keys = {*described, *paying.unique().to_pylist(), *(one.client for one in read.entries)} - {""}
    names = {key: name for key in keys if (name := _name(source, key, described.get(key), register))}
    lines = read.lines and [_line(one, source, register, numbers) for one in read.lines]
    if not names:
        return replace(read, lines=lines)
    places = [place for place, client in enumerate(paying.to_pylist()) if client in names]
    old = invoice_rows(read.invoices.take(pa.array(places, type=pa.int64())))
    new = [_invoice(one, names, described) for one in old]
    moved = {before.key: after.key for before, after in zip(old, new, strict=True)}
    return replace(
        read,
        clients=[one for one in read.clients if one.key not in names],
        invoices=with_rows(read.invoices, dict(zip(places, new, strict=True))),
        entries=[_entry(one, names, described, moved) for one in read.entries],
        lines=lines,
    )


def _name(source: str, key: str, client: Client | None, register: Register) -> str | None:
    return register.client(source, key, client.email if client is not None else "")


def _texts(key: str, client: Client | None, name: str) -> dict[str, str]:
    """What may stand in keys that a connector made of a client's data."""
    return longest_first({key, client.name if client else "", client.email if client else ""}, name)


def _invoice(one: Invoice, names: dict[str, str], described: dict[str, Client]) -> Invoice:
    name = names.get(one.client)
    if name is None:
        return one
    key = one.key
    if key != one.number:
        key = without(key, _texts(one.client, described.get(one.client), name))
    return one._replace(key=key, client=name, reference=own_words(one.reference), pay_url="")


def _entry(one: Entry, names: dict[str, str], described: dict[str, Client], moved: dict[str, str]) -> Entry:
    invoice = moved.get(one.invoice, one.invoice)
    name = names.get(one.client)
    if name is None:
        return one._replace(invoice=invoice) if invoice != one.invoice else one
    key = without(one.key, _texts(one.client, described.get(one.client), name))
    return one._replace(key=key, client=name, invoice=invoice)


def _line(one: Line, source: str, register: Register, numbers: Callable[[], Numbers]) -> Line:
    name = register.payer(f"{source}|{one.key}", one.payer, account_of(one.payer_account))
    if name is None:
        return one
    text, reference = bare_texts(one.text, one.reference, numbers())
    return one._replace(payer=name, payer_account="", text=text, reference=reference)
