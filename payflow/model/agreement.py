"""What was agreed: the typed form of `payflow.toml` and `contracts/*.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct, field

from payflow.guarded import Guarded
from payflow.model.interest import Allocation
from payflow.model.interest import Interest as Interest


class Billing(StrEnum):
    """Which milestones a phase needs when no phase names its needs."""

    # phase n+1 needs milestones 1..n: work is paid after it is done
    ARREARS = "arrears"
    # phase n needs milestones 1..n: work is paid before it starts
    ADVANCE = "advance"


class Binding(StrEnum):
    """What makes fees and contractual interest bind (design 6.2)."""

    # a contract claims the invoice and was signed on or before the invoice's date
    SIGNATURE = "signature"
    # the terms stand on the invoices themselves
    INVOICE = "invoice"


class DueRule(StrEnum):
    """Which due date counts (design 6.3)."""

    # the later of the contract's and the one printed on the invoice
    LATER = "later"
    # the contract's, whatever the invoice prints
    CONTRACT = "contract"


class Anchor(StrEnum):
    """The day that terms count from."""

    # the date of the invoice
    INVOICE = "invoice"
    # the client has the invoice
    RECEIPT = "receipt"
    # the goods or the work are with the client
    DELIVERY = "delivery"
    # the client accepted the work
    ACCEPTANCE = "acceptance"


class TermPart(StrEnum):
    """One move of a due date; terms are an ordered list of parts, each with a number that some need (else 0)."""

    # add calendar days
    DAYS = "days"
    # add months, to the same day of the month or the last one it has; several in a row are added at once
    MONTHS = "months"
    # move to the last day of the month
    END_OF_MONTH = "end of month"
    # move to the next day with this number, not before the day reached; a short month has its last day instead
    DAY_OF_MONTH = "day of month"
    # move off a day that is no business day, to the next one that is
    FOLLOWING = "next business day"
    # move off a day that is no business day, to the last one before it, but not to before the anchor
    PRECEDING = "previous business day"


Parts = tuple[tuple[TermPart, int], ...]


class DiscountBase(StrEnum):
    """What a discount for early payment is a percentage of."""

    # the total with tax
    GROSS = "gross"
    # the total without tax
    NET = "net"


class Discount(Struct, frozen=True):
    """A discount for early payment: `percent` an exact fraction of one, `parts` from the anchor to its last day."""

    percent: Fraction
    parts: Parts
    base: DiscountBase = DiscountBase.GROSS


class Terms(Struct, frozen=True):
    """When an invoice falls due: `parts` applied in order to the anchor's day. `name` is what was written, in one line.

    `calendar` is the ISO 3166 code whose business days count, where parts move to one; empty: the client's. `discounts`
    lower what is asked of a client who pays early, in the order of their last days; they move no due date.
    """

    name: str
    parts: Parts
    anchor: Anchor = Anchor.INVOICE
    calendar: str = ""
    discounts: tuple[Discount, ...] = ()

    @property
    def rolls(self) -> bool:
        """Whether the due date depends on a calendar of business days."""
        return any(part in (TermPart.FOLLOWING, TermPart.PRECEDING) for part, _ in self.parts)


class InstalmentTerms(Struct, frozen=True):
    """One instalment of an invoice: a share of the total, a fixed sum by currency in minor units, or else what is left."""

    terms: Terms
    #: An exact fraction of one.
    percent: Fraction | None = None
    amount: Mapping[str, int] = field(default_factory=dict)


class FeeBase(StrEnum):
    """What percentages and bands go by."""

    # what is unpaid at the end of the day before the fee arises
    OUTSTANDING = "outstanding"
    # the invoice's amount, whatever was paid since
    ORIGINAL = "original"


class Take(StrEnum):
    """Which one, where a fee is both a sum and a percentage."""

    # the higher of the two
    GREATER = "greater"
    # the lower of the two
    LESSER = "lesser"


class LateFeeBand(Struct, frozen=True):
    """A fee for amounts `up_to` a limit that belongs to it, or `below` one that does not, or for all the rest.

    Money by currency in minor units; `percent` an exact fraction of one.
    """

    flat: Mapping[str, int] = field(default_factory=dict)
    percent: Fraction | None = None
    take: Take | None = None
    up_to: Mapping[str, int] = field(default_factory=dict)
    below: Mapping[str, int] = field(default_factory=dict)


class LateFee(Struct, frozen=True):
    """A late fee as agreed: flat, a percent, the greater or lesser of both, or one of these by bands of the amount.

    Money by currency in minor units. A fee exists in a currency if every amount in it names that currency.
    `payflow.policy.late_fees` works it out.
    """

    flat: Mapping[str, int] = field(default_factory=dict)
    #: Percent as an exact fraction of one: 1.5 % is Fraction(15, 1000).
    percent: Fraction | None = None
    take: Take | None = None
    of: FeeBase = FeeBase.OUTSTANDING
    #: The rate of the tax that amounts contain and percentages leave out, as a fraction of one; None: percentages are of gross.
    tax: Fraction | None = None
    #: Asked in order; where there are any, the keys above are theirs.
    bands: tuple[LateFeeBand, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)
    maximum: Mapping[str, int] = field(default_factory=dict)
    #: The most that all fees of one invoice may come to.
    cap: Mapping[str, int] = field(default_factory=dict)
    #: The fee arises again after so many days or months; 0 and 0: only with the steps that say so.
    every_days: int = 0
    every_months: int = 0
    #: Days after the due date without a fee, beside the policy's grace.
    grace: int = 0

    @property
    def repeats(self) -> bool:
        """Whether it arises again and again."""
        return bool(self.every_days or self.every_months)


class Bill(StrEnum):
    """When interest that arose is claimed."""

    # once, when the principal is paid
    ON_PAYMENT = "on-payment"
    # each month, for the month before
    MONTHLY = "monthly"
    # it is shown, and asked for in notices, but never made a charge
    NEVER = "never"


class Compensation(Struct, frozen=True):
    """A fixed sum for late payment, once per invoice: what a statute grants, or what was agreed, in minor units by currency."""

    amounts: Mapping[str, int] = field(default_factory=dict)
    statute: str = ""


class Step(Struct, frozen=True):
    """One notice of the ladder, `day` relative to the due date (negative: before it).

    `key` is the name the journal knows it by: the first name it ever had. `was` is the former name written beside a new one.
    """

    name: str
    key: str
    day: int
    email: str
    fee: bool = False
    was: str | None = None


class Policy(Struct, frozen=True):
    """Terms, late fee, interest, ladder and gate rules under one name. Days are calendar days."""

    name: str
    terms: Terms
    grace: int = 0
    spacing: int = 2
    binding: Binding = Binding.SIGNATURE
    due: DueRule = DueRule.LATER
    late_fee: LateFee | None = None
    interest: Interest | None = None
    ladder: tuple[Step, ...] = ()
    #: Whether the gate also asks for charges; by default it asks for principal only.
    gate_charges: bool = False
    #: What neither blocks nor is chased, in minor units per currency.
    tolerance: Mapping[str, int] = field(default_factory=dict)
    compensation: Compensation | None = None
    #: When interest is billed; None: a person is asked once the principal is paid.
    bill: Bill | None = None
    #: Which of principal, interest and costs a part payment pays first.
    allocation: Allocation = Allocation.PRINCIPAL_FIRST
    #: Where an invoice is paid in several parts; `terms` are those of the last one then.
    instalments: tuple[InstalmentTerms, ...] = ()


class ClientKind(StrEnum):
    """Which statutes on late payment hold for a client."""

    # a business or an authority
    BUSINESS = "business"
    # a person who buys for themselves
    CONSUMER = "consumer"


class ClientTerms(Struct, frozen=True):
    """The client of a contract: who pays, and how to write to them."""

    id: str
    name: str
    match: tuple[str, ...] = ()
    email: str = ""
    cc: tuple[str, ...] = ()
    language: str = "en"
    #: IANA zone and ISO 3166 country (holidays); the business's where the contract is silent.
    timezone: str = "UTC"
    country: str = ""
    kind: ClientKind = ClientKind.BUSINESS


class Milestone(Struct, frozen=True):
    """A payment a project waits for. `amount` in minor units of the contract's currency."""

    id: str
    amount: int
    name: str = ""
    invoices: tuple[str, ...] = ()
    #: days that terms may count from instead of the invoice's: None while they have not come, or nobody said
    received: date | None = None
    delivered: date | None = None
    accepted: date | None = None
    #: the policy of its invoices; empty: the contract's
    policy: str = ""

    def anchor_day(self, anchor: Anchor) -> date | None:
        """The day of an anchor that is not the invoice's own."""
        return {Anchor.RECEIPT: self.received, Anchor.DELIVERY: self.delivered, Anchor.ACCEPTANCE: self.accepted}.get(
            anchor
        )


class Phase(Struct, frozen=True):
    """A stretch of work. `needs` None: what it needs follows from `Contract.billing`."""

    id: str
    name: str
    needs: tuple[str, ...] | None = None
    after: tuple[str, ...] = ()


class Contract(Struct, frozen=True):
    """What was agreed for one project. `key` is the project's first known name; `signed` None: not signed."""

    project: str
    key: str
    name: str
    signed: date | None
    policy: str
    currency: str
    client: ClientTerms
    milestones: tuple[Milestone, ...]
    phases: tuple[Phase, ...]
    billing: Billing = Billing.ARREARS
    covers_client: bool = False
    was: str | None = None

    def policy_of(self, milestone: str) -> str:
        """The policy of the invoices of a milestone, and of those of none."""
        return next((one.policy for one in self.milestones if one.id == milestone), "") or self.policy

    def policies(self) -> tuple[str, ...]:
        """Every policy that its invoices may stand under, its own first."""
        return tuple(dict.fromkeys([self.policy, *(one.policy for one in self.milestones if one.policy)]))

    def needs_of(self, index: int) -> tuple[str, ...]:
        """Milestone ids that the phase at `index` needs, in order (design section 7)."""
        if any(phase.needs is not None for phase in self.phases):
            return self.phases[index].needs or ()
        count = index if self.billing is Billing.ARREARS else index + 1
        return tuple(milestone.id for milestone in self.milestones[:count])


class Agreement(Struct, frozen=True):
    """The part of the workspace that has versions: policies, contracts, and the policy of unclaimed invoices.

    `sources` maps the present name of each source to its key, the first name it ever had.
    """

    policies: Mapping[str, Policy]
    contracts: Mapping[str, Contract]
    default_policy: str | None
    sources: Mapping[str, str]
    digest: str
    #: What `was` says beside a source, by its present name; empty text: really new.
    source_was: Mapping[str, str] = field(default_factory=dict)


class Business(Struct, frozen=True):
    """Who bills."""

    name: str
    legal_name: str
    email: str
    timezone: str
    country: str
    currency: str
    policy: str | None = None


class Smtp(Guarded, frozen=True):
    """How to reach the mail server. The password is a secret reference already resolved, never printed."""

    unshown: ClassVar[frozenset[str]] = frozenset({"password"})

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = ""
    ca_file: str = ""
    timeout: int = 30


class MailSettings(Struct, frozen=True):
    """How and when mail goes out. `hours` in the client's local time, None for any."""

    transport: str = "folder"
    folder: Path = Path("outbox")
    hours: tuple[time, time] | None = (time(9), time(17))
    business_days: bool = True
    smtp: Smtp | None = None


#: What a hook may be told of.
HOOK_EVENTS = ("verdict", "needs-you")


class HookSettings(Guarded, frozen=True):
    """A program that is told when a verdict changes or a person is needed. Address and secret are never printed."""

    unshown: ClassVar[frozenset[str]] = frozenset({"url", "secret"})

    name: str
    url: str
    secret: str
    events: tuple[str, ...] = HOOK_EVENTS
    #: Whether the address may be a private one or this machine, and plain http.
    allow_private: bool = False
    ca_file: str = ""


class RunSettings(Guarded, frozen=True):
    """What a run leaves for monitoring. The address may hold a token and is never printed."""

    unshown: ClassVar[frozenset[str]] = frozenset({"heartbeat_url"})

    heartbeat: Path | None = None
    heartbeat_url: str = ""


class SourceSettings(Guarded, frozen=True):
    """One configured connector. `options` are the keys that are the connector's own, secrets resolved."""

    unshown: ClassVar[frozenset[str]] = frozenset({"options"})

    name: str
    key: str
    connector: str
    files: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Days after which a reading is stale; None: 2 for an API, 7 for files.
    stale_after: int | None = None
    was: str | None = None
    #: Whether charges are posted to it, where its connector can write back.
    post_charges: bool = False


class Workspace(Struct, frozen=True):
    """A folder with `payflow.toml` and `contracts/`, read and checked; all paths are absolute."""

    root: Path
    business: Business
    store_url: str
    mail: MailSettings
    sources: tuple[SourceSettings, ...]
    agreement: Agreement
    run: RunSettings = field(default_factory=RunSettings)
    hooks: tuple[HookSettings, ...] = ()
