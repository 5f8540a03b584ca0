"""The tables, as numbered steps. A step that was ever released is never edited: a change is a new step.

Days are whole numbers since 1970-01-01, moments UTC text that sorts (`payflow.store.moments`), money minor units, yes and no
are 1 and 0. The checks on money and days keep out floats, and array scalars that SQLite would store as bytes.
"""

from __future__ import annotations

import re

from msgspec import Struct


class Migration(Struct, frozen=True):
    """One step: its number, one more than the step before; what it is for; its statements."""

    number: int
    name: str
    statements: tuple[str, ...]


_MIRROR = (
    """CREATE TABLE client (
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        language TEXT NOT NULL,
        country TEXT NOT NULL,
        PRIMARY KEY (source, key)
    )""",
    """CREATE TABLE invoice (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        number TEXT NOT NULL,
        client TEXT NOT NULL,
        currency TEXT NOT NULL,
        total BIGINT NOT NULL CHECK (total = CAST(total AS BIGINT)),
        paid BIGINT CHECK (paid = CAST(paid AS BIGINT)),
        credited BIGINT CHECK (credited = CAST(credited AS BIGINT)),
        balance BIGINT CHECK (balance = CAST(balance AS BIGINT)),
        issued_on INTEGER NOT NULL CHECK (issued_on = CAST(issued_on AS INTEGER)),
        due_on INTEGER CHECK (due_on = CAST(due_on AS INTEGER)),
        closed_on INTEGER CHECK (closed_on = CAST(closed_on AS INTEGER)),
        status TEXT NOT NULL,
        reference TEXT NOT NULL,
        pay_url TEXT NOT NULL,
        dated_entries INTEGER NOT NULL,
        state_as_of TEXT NOT NULL,
        read_at TEXT NOT NULL,
        unknown_since TEXT,
        UNIQUE (source, key)
    )""",
    """CREATE TABLE entry (
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        invoice INTEGER,
        client TEXT NOT NULL,
        kind TEXT NOT NULL,
        paid_on INTEGER CHECK (paid_on = CAST(paid_on AS INTEGER)),
        amount BIGINT NOT NULL CHECK (amount = CAST(amount AS BIGINT)),
        currency TEXT NOT NULL,
        settlement TEXT NOT NULL,
        PRIMARY KEY (source, key)
    )""",
    "CREATE INDEX entry_invoice ON entry (invoice)",
    """CREATE TABLE reading (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        scope TEXT NOT NULL,
        as_of TEXT NOT NULL,
        finished INTEGER NOT NULL,
        covers_from INTEGER,
        covers_to INTEGER,
        dated_entries INTEGER NOT NULL,
        origin TEXT NOT NULL,
        digest TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        problem TEXT NOT NULL,
        report TEXT NOT NULL
    )""",
    "CREATE INDEX reading_source ON reading (source)",
)

_JOURNAL = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        day INTEGER NOT NULL,
        client TEXT NOT NULL,
        project TEXT NOT NULL,
        invoice INTEGER,
        version INTEGER NOT NULL,
        digest TEXT NOT NULL,
        prev TEXT NOT NULL,
        hash TEXT NOT NULL
    )""",
    "CREATE INDEX journal_kind ON journal (kind)",
    "CREATE INDEX journal_invoice ON journal (invoice)",
    """CREATE TABLE journal_body (
        seq INTEGER PRIMARY KEY REFERENCES journal (seq),
        salt TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
)

_PROJECTIONS = (
    """CREATE TABLE identity (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        number TEXT NOT NULL,
        UNIQUE (source, key)
    )""",
    """CREATE TABLE observation (
        invoice INTEGER NOT NULL,
        as_of TEXT NOT NULL,
        paid BIGINT NOT NULL CHECK (paid = CAST(paid AS BIGINT)),
        credited BIGINT NOT NULL CHECK (credited = CAST(credited AS BIGINT)),
        due_on INTEGER CHECK (due_on = CAST(due_on AS INTEGER)),
        PRIMARY KEY (invoice, as_of)
    )""",
    """CREATE TABLE charge (
        ref TEXT PRIMARY KEY,
        invoice INTEGER NOT NULL,
        kind TEXT NOT NULL,
        occurrence TEXT NOT NULL,
        generation INTEGER NOT NULL,
        UNIQUE (invoice, kind, occurrence, generation)
    )""",
)

_WORKINGS = (
    "CREATE TABLE cursor (source TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)

_OUTBOX = (
    """CREATE TABLE message (
        key TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        day INTEGER,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before TEXT,
        owner TEXT NOT NULL DEFAULT '',
        transport TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    # once-only is these keys: one message waits per client, one goes out per client and day, a step is taken once
    "CREATE UNIQUE INDEX message_waiting ON message (client) WHERE state = 'waiting'",
    "CREATE UNIQUE INDEX message_day ON message (client, day) WHERE state IN ('claimed', 'sent', 'unsure')",
    """CREATE TABLE intent (
        invoice INTEGER NOT NULL,
        step TEXT NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (invoice, step)
    )""",
    "CREATE INDEX intent_message ON intent (message)",
)

_BANK_LINES = (
    """CREATE TABLE bank_line (
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        account TEXT NOT NULL,
        booked_on INTEGER NOT NULL CHECK (booked_on = CAST(booked_on AS INTEGER)),
        value_on INTEGER CHECK (value_on = CAST(value_on AS INTEGER)),
        amount BIGINT NOT NULL CHECK (amount = CAST(amount AS BIGINT)),
        currency TEXT NOT NULL,
        payer TEXT NOT NULL,
        payer_account TEXT NOT NULL,
        remittance TEXT NOT NULL,
        reference TEXT NOT NULL,
        bank_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        reports TEXT NOT NULL,
        PRIMARY KEY (source, key)
    )""",
)


def text_columns() -> dict[str, list[str]]:
    """Table -> its columns of text, as the steps make them."""
    found: dict[str, list[str]] = {}
    for step in MIGRATIONS:
        for statement in step.statements:
            words = " ".join(statement.split())
            made = re.match(r"CREATE TABLE (\w+) \((.*)\)$", words)
            added = re.match(r"ALTER TABLE (\w+) ADD COLUMN (.*)$", words)
            gone = re.match(r"DROP TABLE (\w+)$", words)
            if made or added:
                table, body = (made or added).groups()  # type: ignore[union-attr]  # one of the two is there
                found.setdefault(table, []).extend(re.findall(r"(?:^ ?|, )(\w+) TEXT\b", body))
            elif gone:
                found.pop(gone[1], None)
    return found


_EFFECTS = (
    # beside e-mail: what is to happen outside, once (charges) or at least once under one key (hooks)
    """CREATE TABLE effect (
        key TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        target TEXT NOT NULL,
        invoice INTEGER,
        charge TEXT,
        occurrence TEXT,
        generation INTEGER,
        deed TEXT,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before TEXT,
        owner TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL,
        body TEXT NOT NULL,
        progress TEXT NOT NULL DEFAULT '{}',
        UNIQUE (invoice, charge, occurrence, generation, deed)
    )""",
    "CREATE INDEX effect_state ON effect (state)",
)

# records that tell the first sightings of many invoices, and of which identities
_SIGHTED = (
    """CREATE TABLE sighted (
        record INTEGER PRIMARY KEY REFERENCES journal (seq),
        low INTEGER NOT NULL,
        high INTEGER NOT NULL
    )""",
)

# what each kind of report last said of a client, word by word, and when; empty where the newest reading of that kind said it, so
# that a reading that says what the one before said writes nothing
_SAID = (
    """CREATE TABLE client_said (
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        report TEXT NOT NULL,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        language TEXT NOT NULL,
        country TEXT NOT NULL,
        name_at TEXT NOT NULL,
        email_at TEXT NOT NULL,
        language_at TEXT NOT NULL,
        country_at TEXT NOT NULL,
        PRIMARY KEY (source, key, report)
    )""",
)

# workings: invoices about which nothing can come up before a day, unless new facts or words do
_RESTING = (
    """CREATE TABLE resting (
        invoice INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        until INTEGER NOT NULL,
        asks BIGINT
    )""",
    "CREATE INDEX resting_client ON resting (client)",
)


MIGRATIONS = (
    Migration(1, "the first schema", _MIRROR + _JOURNAL + _PROJECTIONS + _WORKINGS + _OUTBOX),
    Migration(2, "lines of bank statements", _BANK_LINES),
    Migration(3, "what happens outside beside e-mail", _EFFECTS),
    Migration(4, "first sightings of many invoices stay in their records", _SIGHTED),
    Migration(5, "when each word of a client was last said", _SAID),
    Migration(6, "invoices that rest until a day", _RESTING),
)
