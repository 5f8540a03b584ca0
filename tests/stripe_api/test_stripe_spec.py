"""The connector as payflow finds it: by its entry point, cheap to import, its options and documents in step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from payflow.connector import ConnectorSpec, discover
from payflow_stripe import CONNECTOR
from payflow_stripe.api import PERMISSIONS, VERSION, Api
from payflow_stripe.pull import EVENTS, StripeSource
from stripe_api import made
from stripe_api.standin import KEY, Standin

DOCS = Path(__file__).parents[2] / "docs" / "stripe.md"


def test_the_entry_point_names_this_connector() -> None:
    assert discover()["stripe"] is CONNECTOR
    assert isinstance(CONNECTOR, ConnectorSpec)
    assert (CONNECTOR.name, CONNECTOR.secrets, CONNECTOR.stale_after) == ("stripe", {"key"}, 2)


def test_importing_it_loads_neither_the_library_nor_pandas() -> None:
    heavy = "{'stripe', 'pandas', 'pyarrow', 'requests', 'iso4217'}"
    check = f"import sys, payflow_stripe; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_key_opens_the_api(account: Standin) -> None:
    made.invoice(account)
    connector = CONNECTOR.open(made.context(key=KEY))
    assert isinstance(connector, StripeSource)
    [batch] = connector.pull(None)
    assert len(batch.invoices) == 1


def test_the_pinned_version_is_the_one_whose_types_the_library_ships() -> None:
    import stripe

    assert stripe.api_version == VERSION
    assert Api("stripe", KEY).clock is None


def test_every_event_asked_for_is_one_stripe_sends() -> None:
    from stripe.params import WebhookEndpointCreateParams

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [name for name in EVENTS if f"'{name}'" not in known] == []
    assert len(EVENTS) == len(set(EVENTS)) <= 20


def test_the_documentation_names_every_option_permission_and_status() -> None:
    text = DOCS.read_text(encoding="utf-8")
    words = {name for names in PERMISSIONS.values() for name in names.replace(" and ", ", ").split(", ")}
    for word in (*words, "key", "api_base", "draft", "open", "paid", "uncollectible", "void", VERSION):
        assert word in text, word
