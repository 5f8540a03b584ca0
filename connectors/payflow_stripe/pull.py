"""One pull from Stripe's API: everything, or what changed since the last pull beside all that is open.

Events are only hints about which invoices to look at again, since their payloads are old and their order is loose. A pull that
fails half way raises, so that nothing half read is taken for finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from payflow.connector import Batch, Cursor, Problem, Reading, Scope, SourceContext, Status
from payflow_stripe import facts
from payflow_stripe.api import PAGE, VERSION, Api
from payflow_stripe.cursor import MOST_IDS, OVERLAP, Memory, recall
from payflow_stripe.entries import Entry, Related, of_customer, owed_again
from payflow_stripe.facts import Customer, Invoice, Withdrawal
from payflow_stripe.fields import Days, FieldError, Object, part, ref, text
from payflow_stripe.tables import clients_table, entries_table, invoices_table

#: Invoices in one batch.
PORTION = 5000
#: Lists of these statuses are read whole in every pull.
UNSETTLED = ("open", "draft", "uncollectible")
#: What may change an invoice that is in none of those lists; Stripe takes at most 20 types in one question.
EVENTS = (
    "invoice.finalized",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.overpaid",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
    "invoice_payment.paid",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)
#: The intent says whether a debit is on its way, its charge when the client made it.
_INTENT = "data.payment.payment_intent.latest_charge"

_FACT = TypeVar("_FACT")


class StripeSource:
    """A Stripe account, ready to be read through the API."""

    def __init__(self, context: SourceContext, api: Api) -> None:
        self._context = context
        self._api = api

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield one reading: all invoices, or, with a cursor, every open one and those that changed."""
        scene = (self._api.mode, VERSION, self._context.timezone)
        memory = recall(cursor, scene, self._context.now)
        pull = Pull(self._context, self._api, scene)
        if memory is None or not pull.what_changed(memory):
            pull = Pull(self._context, self._api, scene)
            pull.everything()
        yield from pull.batches()

    def reread(self, keys: Sequence[str]) -> Iterator[Batch]:
        """Yield what Stripe says now of these invoices, with all payments, credit notes, refunds and disputes on them."""
        pull = Pull(self._context, self._api, (self._api.mode, VERSION, self._context.timezone))
        pull.these(keys)
        for batch in pull.batches():
            # it says nothing of what else changed, so the next pull goes on from where the last one ended
            yield replace(batch, cursor=None)


class Pull:
    """What one pull gathers before it yields anything."""

    def __init__(self, context: SourceContext, api: Api, scene: Sequence[str]) -> None:
        self._context = context
        self._api = api
        self._scene = scene
        self._days = Days(ZoneInfo(context.timezone))
        self._invoices: dict[str, Invoice] = {}
        self._clients: dict[str, Customer] = {}
        #: Customers whose own object was seen, not just what an invoice says of them.
        self._known: set[str] = set()
        #: Charge -> its payment intent.
        self._intents: dict[str, str] = {}
        self._related = Related()
        self._problems: list[Problem] = []
        self._scope = Scope.ALL
        #: When everything was read last.
        self._full = context.now
        self._owed_again = False

    def everything(self) -> None:
        """All invoices first, so that whatever happens meanwhile is only better known than they say."""
        for raw in self._api.all("/v1/invoices"):
            self._take_invoice(raw)
        for raw in self._api.all("/v1/invoice_payments", expand=[_INTENT]):
            self._take_payment(raw)
        for raw in self._api.all("/v1/credit_notes"):
            self._take_note(raw)
        self._related.refunds += self._money_back("refund", facts.refund)
        self._related.disputes += self._money_back("dispute", facts.dispute)
        for raw in self._api.all("/v1/customers"):
            self._take_customer(raw, only_known=True)

    def what_changed(self, memory: Memory) -> bool:
        """Everything open, and what events or the last pull hint at. False when there are so many hints that all is read."""
        self._scope = Scope.OPEN
        self._full = memory.full
        self._owed_again = memory.owed_again
        dirty = self._hints(memory)
        hints = dirty | set(memory.unsettled)
        for status in UNSETTLED:
            for raw in self._api.all("/v1/invoices", status=status, expand=["data.customer"]):
                self._take_invoice(raw)
                hints.discard(text(raw, "id"))
        if len(hints) > MOST_IDS:
            return False
        for key in sorted(hints):
            if (invoice := self._api.one("/v1/invoices", key, expand=["customer"])) is not None:
                self._take_invoice(invoice)
        for raw in self._api.all("/v1/invoice_payments", status="open", expand=[_INTENT]):
            self._take_payment(raw)
        for found in list(self._invoices.values()):
            self._look_into(found, everything=found.key in dirty)
        for key in sorted(self._clients.keys() - self._known):
            if (customer := self._api.one("/v1/customers", key)) is not None:
                self._take_customer(customer)
        return True

    def these(self, keys: Sequence[str]) -> None:
        """Some invoices, and all that moved them. Many are picked out of the list of open ones, the rest asked for one by one."""
        self._scope = Scope.CHANGED
        wanted = set(keys)
        if len(wanted) > PAGE:
            for raw in self._api.all("/v1/invoices", status="open", expand=["data.customer"]):
                if text(raw, "id") in wanted:
                    self._take_invoice(raw)
        for key in sorted(wanted - self._invoices.keys()):
            if (invoice := self._api.one("/v1/invoices", key, expand=["customer"])) is not None:
                self._take_invoice(invoice)
        for found in list(self._invoices.values()):
            self._look_into(found, everything=True)

    def batches(self) -> Iterator[Batch]:
        """The reading, in portions; the last one carries the cursor."""
        reading = Reading(
            scope=self._scope,
            as_of=self._context.now,
            dated_entries=True,
            origin="stripe API",
            report="stripe API",
        )
        invoices = list(self._invoices.values())
        entries = [*self._related.entries(invoices, self._problems), *self._open_credit()]
        self._owed_again |= owed_again(invoices, entries)
        clients = list(self._clients.values())
        portions = max(1, -(-len(invoices) // PORTION))
        for number in range(portions):
            portion = invoices[number * PORTION : (number + 1) * PORTION]
            keys = {invoice.key for invoice in portion}
            last = number == portions - 1
            yield Batch(
                clients=clients_table(clients if number == 0 else ()),
                invoices=invoices_table(portion),
                entries=entries_table(item for item in entries if item.invoice in keys or (last and not item.invoice)),
                reading=reading,
                problems=tuple(self._problems) if last else (),
                cursor=self._memory().to_cursor() if last else None,
            )

    def _hints(self, memory: Memory) -> set[str]:
        """Ids of invoices that events since the last pull, and a while before, are about."""
        found: set[str] = set()
        intents: set[str] = set()
        since = int((memory.until - OVERLAP).timestamp())
        for event in self._api.all("/v1/events", types=list(EVENTS), created={"gte": since}):
            about = part(part(event, "data"), "object")
            kind = text(about, "object")
            invoice = text(about, "id") if kind == "invoice" else ref(about, "invoice")
            if invoice:
                found.add(invoice)
            else:
                charge = text(about, "id") if kind == "charge" else ref(about, "charge")
                intents.add(ref(about, "payment_intent") or self._intent_of(charge))
        for intent in sorted(intents - {""}):
            found |= {ref(raw, "invoice") for raw in self._payments_of(intent)}
        return found - {""}

    def _payments_of(self, intent: str) -> Iterator[dict[str, Any]]:
        how = {"type": "payment_intent", "payment_intent": intent}
        return self._api.all("/v1/invoice_payments", payment=how, expand=[_INTENT])

    def _look_into(self, invoice: Invoice, *, everything: bool) -> None:
        """Payments, credit notes, refunds and disputes of one invoice, as far as there can be any."""
        if invoice.status is Status.DRAFT:
            return
        if everything or invoice.has_payments:
            self._related.payments.pop(invoice.key, None)
            for raw in self._api.all("/v1/invoice_payments", invoice=invoice.key, expand=[_INTENT]):
                self._take_payment(raw)
        if everything or invoice.has_credits:
            for raw in self._api.all("/v1/credit_notes", invoice=invoice.key):
                self._take_note(raw)
        if everything or invoice.has_payments:
            self._look_for_money_back(invoice)

    def _look_for_money_back(self, invoice: Invoice) -> None:
        for name, key in sorted(self._money_of(invoice)):
            refunds = self._money_back("refund", facts.refund, **{name: key})
            disputes = self._money_back("dispute", facts.dispute, **{name: key})
            if (refunds or disputes) and name == "payment_intent":
                # the same payment may have paid other invoices, which bear their part of it
                for raw in self._payments_of(key):
                    if ref(raw, "invoice") not in self._invoices:
                        self._take_payment(raw)
            seen = {item.key for item in (*self._related.refunds, *self._related.disputes)}
            self._related.refunds += [item for item in refunds if item.key not in seen]
            self._related.disputes += [item for item in disputes if item.key not in seen]

    def _money_back(self, kind: str, read: Callable[[Object, Days], Withdrawal], **of: str) -> list[Withdrawal]:
        """Refunds or disputes, each with the payment intent it is about even where only its charge is named."""
        found = self._facts(kind, read, self._api.all(f"/v1/{kind}s", **of))
        return [item if item.intent else replace(item, intent=self._intent_of(item.charge)) for item in found]

    def _intent_of(self, charge: str) -> str:
        """The payment intent of a charge; empty for none. Every charge is asked for once."""
        if charge and charge not in self._intents:
            self._intents[charge] = ref(self._api.one("/v1/charges", charge) or {}, "payment_intent")
        return self._intents.get(charge, "")

    def _money_of(self, invoice: Invoice) -> set[tuple[str, str]]:
        """What paid it, as a filter of refunds and disputes: by payment intent, else by charge."""
        payments = [item for item in self._related.payments.get(invoice.key, []) if item.settlement is not None]
        pairs = [(item.intent, item.charge) for item in payments] or [(invoice.intent, invoice.charge)]
        found = {("payment_intent", intent) if intent else ("charge", charge) for intent, charge in pairs}
        return {(name, key) for name, key in found if key}

    def _take_invoice(self, raw: Object) -> None:
        for found in self._facts("invoice", facts.invoice, [raw]):
            self._invoices[found.key] = found
            if not found.client:
                continue
            expanded = part(raw, "customer")
            if expanded and not expanded.get("deleted"):
                self._take_customer(expanded)
            elif found.client not in self._known:
                # lists are newest first: the newest invoice says best who the client is
                self._clients.setdefault(found.client, facts.customer_on(raw))
                if expanded:
                    self._known.add(found.client)

    def _take_customer(self, raw: Object, *, only_known: bool = False) -> None:
        for found in self._facts("customer", facts.customer, [raw]):
            if found.key in self._clients or not only_known:
                self._clients[found.key] = _merged(found, self._clients.get(found.key))
                self._known.add(found.key)

    def _take_payment(self, raw: Object) -> None:
        for item in self._facts("payment", facts.payment, [raw]):
            known = self._related.payments.setdefault(item.invoice, [])
            if any(other.key == item.key for other in known):
                continue
            if item.unclear and self._is_open(item.invoice):
                intent = self._api.one("/v1/payment_intents", item.intent, expand=["latest_charge"])
                known += self._facts("payment", partial(facts.payment, asked=intent), [raw])
            else:
                known.append(item)

    def _is_open(self, key: str) -> bool:
        return key in self._invoices and self._invoices[key].status is Status.OPEN

    def _take_note(self, raw: Object) -> None:
        for found in self._facts("credit note", facts.credit_note, [raw]):
            self._related.notes.setdefault(found.invoice, []).append(found)

    def _facts(self, kind: str, read: Callable[[Object, Days], _FACT], objects: Iterable[Object]) -> list[_FACT]:
        """What could be read; what could not is a problem each."""
        result: list[_FACT] = []
        for raw in objects:
            try:
                result.append(read(raw, self._days))
            except FieldError as error:
                self._problems.append(_malformed(kind, raw, error))
        return result

    def _open_credit(self) -> Iterator[Entry]:
        return (of_customer(client) for client in self._clients.values() if client.credit)

    def _memory(self) -> Memory:
        now, clock = self._context.now, self._api.clock
        unsettled = (Status.OPEN, Status.DRAFT, Status.WRITTEN_OFF)
        return Memory(
            # by the slower of two clocks: too early costs a second look, too late would lose an event
            until=min(now, clock) if clock else now,
            full=self._full,
            unsettled=[item.key for item in self._invoices.values() if item.status in unsettled],
            owed_again=self._owed_again,
            scene=self._scene,
        )


def _merged(customer: Customer, shown: Customer | None) -> Customer:
    """The customer's own object, completed by what an invoice shows where it is silent."""
    if shown is None or (customer.email and customer.country):
        return customer
    name = shown.name if customer.name == customer.key else customer.name
    return replace(customer, name=name, email=customer.email or shown.email, country=customer.country or shown.country)


def _malformed(kind: str, raw: Object, error: FieldError) -> Problem:
    name = text(raw, "number") or text(raw, "id") or "without an id"
    return Problem(
        f"Stripe {kind} {name}",
        f"{error}, so it was left out",
        "Look at it in the Stripe dashboard; if it is right there, update payflow.",
    )
