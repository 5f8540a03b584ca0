"""A right workspace, read as it is meant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, time
from fractions import Fraction
from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.model.agreement import Binding, DueRule, Phase, Smtp
from payflow.model.serial import digest_of
from payflow.workspace import find_root, load

Write = Callable[..., Path]


def test_the_sample_of_the_documentation_means_what_it_says(
    write: Write, settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    root = write(settings, acme=contract)
    loaded = load(root, environ)
    workspace = loaded.workspace
    assert loaded.warnings == ()
    assert (workspace.root, workspace.store_url) == (root, "sqlite:///payflow.db")
    assert workspace.business.legal_name == "Studio North Ltd, 4 Quay Street, Leeds"
    assert workspace.mail.folder == root / "outbox"
    assert workspace.mail.hours == (time(9), time(17))
    books, stripe = workspace.sources
    assert (books.name, books.key, books.files) == ("books", "books", ("exports/*.csv",))
    assert stripe.options == {"key": "sk_test_not_a_real_key"}
    assert "sk_test" not in repr(workspace)
    agreement = workspace.agreement
    assert agreement.default_policy == "standard"
    assert agreement.digest == digest_of(agreement)
    policy = agreement.policies["standard"]
    assert (policy.grace, policy.spacing, policy.binding, policy.due) == (3, 2, Binding.SIGNATURE, DueRule.LATER)
    assert policy.late_fee is not None
    assert (policy.late_fee.flat, policy.late_fee.percent) == ({"GBP": 2500}, None)
    assert policy.interest is not None
    assert policy.interest.annual == Fraction(8, 100)
    assert [(step.name, step.key, step.day, step.email, step.fee) for step in policy.ladder] == [
        ("heads-up", "heads-up", -3, "heads-up", False),
        ("reminder", "reminder", 1, "reminder", False),
        ("late-fee", "late-fee", 7, "late-fee", True),
    ]
    acme = agreement.contracts["acme-website"]
    assert (acme.signed, acme.currency, acme.covers_client) == (date(2026, 10, 1), "GBP", False)
    assert (acme.client.timezone, acme.client.country) == ("Europe/London", "GB")
    assert [(item.id, item.amount, item.invoices) for item in acme.milestones] == [
        ("deposit", 300000, ("INV-0012",)),
        ("design", 400000, ()),
    ]
    assert acme.phases == (
        Phase("design", "Design", ("deposit",)),
        Phase("build", "Build", ("deposit", "design"), ("design",)),
    )


def test_what_is_left_out_takes_its_default(write: Write) -> None:
    settings = '[business]\nname = "N"\nemail = "n@n.example"\ntimezone = "Asia/Tokyo"\ncurrency = "JPY"\n'
    settings += '[policy.p]\nterms = "eom"\n'
    contract = 'project = "x"\npolicy = "p"\nsigned = 2020-01-01\n[client]\nid = "c"\nmatch = ["xero:C"]\n'
    contract += '[[milestone]]\nid = "m"\namount = "1200"\n[[phase]]\nid = "build"\n'
    loaded = load(write(settings, x=contract), {})
    assert loaded.warnings == ()
    workspace = loaded.workspace
    assert (workspace.business.legal_name, workspace.business.country) == ("N", "")
    assert (workspace.mail.transport, workspace.mail.business_days, workspace.store_url) == (
        "folder",
        True,
        "sqlite:///payflow.db",
    )
    x = workspace.agreement.contracts["x"]
    assert (x.name, x.currency, x.client.name, x.client.timezone) == ("x", "JPY", "c", "Asia/Tokyo")
    assert (x.milestones[0].amount, x.phases[0].name, x.phases[0].needs) == (1200, "build", None)


def test_the_other_forms_of_a_policy(write: Write, settings: str, environ: Mapping[str, str]) -> None:
    text = settings.replace('{ amount = "25.00" }', '{ amount = { GBP = "25.00", EUR = "30.00" } }').replace(
        'interest = { annual = "8" }',
        'interest = { annual = "8.125" }\ndue = "contract"\ngate = { charges = true }\ntolerance = { GBP = "15.00" }',
    )
    policy = load(write(text.replace('"signature"', '"invoice"')), environ).workspace.agreement.policies["standard"]
    assert policy.late_fee is not None
    assert policy.late_fee.flat == {"GBP": 2500, "EUR": 3000}
    assert policy.interest is not None
    assert policy.interest.annual == Fraction(8125, 100000)
    assert (policy.due, policy.gate_charges, policy.tolerance) == (DueRule.CONTRACT, True, {"GBP": 1500})
    assert policy.binding is Binding.INVOICE


def test_a_percentage_is_exact(write: Write, settings: str, environ: Mapping[str, str]) -> None:
    text = settings.replace('{ amount = "25.00" }', '{ percent = "1.5" }')
    fee = load(write(text), environ).workspace.agreement.policies["standard"].late_fee
    assert fee is not None
    assert (fee.flat, fee.percent) == ({}, Fraction(15, 1000))


def test_mail_through_a_server_takes_its_password_from_a_file(write: Write, settings: str) -> None:
    smtp = (
        'transport = "smtp"\nhost = "smtp.north.example"\nuser = "u"\npassword = "file:keys/smtp"\nca_file = "ca.pem"'
    )
    root = write(settings.replace('transport = "folder"', smtp).replace("09:00-17:00", "any"))
    (root / "keys").mkdir()
    (root / "keys" / "smtp").write_text("pass word\n", "utf-8")
    (root / "keys" / "smtp").chmod(0o600)
    (root / "ca.pem").write_text("-", "utf-8")
    mail = load(root, {"STRIPE_API_KEY": "k"}).workspace.mail
    assert mail.smtp == Smtp("smtp.north.example", 587, "starttls", "u", "pass word", str(root / "ca.pem"), 30)
    assert mail.hours is None
    assert "pass word" not in repr(mail)


def test_contracts_of_one_client_complete_each_other(
    write: Write, settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    shop = 'project = "acme-shop"\nsigned = 2026-10-01\n[client]\nid = "acme"\ncountry = "IE"\n[[phase]]\nid = "go"\n'
    agreement = load(write(settings, acme=contract, shop=shop), environ).workspace.agreement
    assert agreement.contracts["acme-shop"].client == agreement.contracts["acme-website"].client
    client = agreement.contracts["acme-shop"].client
    assert (client.name, client.email, client.country) == ("Acme Ltd", "accounts@acme.example", "IE")


@pytest.mark.parametrize(
    ("right", "wrong", "where", "found"),
    [
        ("signed = 2026-10-01\n", "", "contracts/acme.toml:1", "the contract is not signed"),
        ("2026-10-01", "2999-10-01", "contracts/acme.toml:3, signed", "still to come"),
        ('currency = "GBP"', 'currency = "EUR"', "contracts/acme.toml:5, currency", "has no amount in EUR"),
    ],
)
def test_what_may_be_meant_is_a_warning(
    write: Write,
    settings: str,
    contract: str,
    environ: Mapping[str, str],
    right: str,
    wrong: str,
    where: str,
    found: str,
) -> None:
    (warning,) = load(write(settings, acme=contract.replace(right, wrong)), environ).warnings
    assert warning.warning
    assert warning.where == where
    assert found in warning.found


def test_a_late_fee_that_no_step_claims_is_a_warning(write: Write, settings: str, environ: Mapping[str, str]) -> None:
    (warning,) = load(write(settings.replace("fee = true\n", "")), environ).warnings
    assert "never claimed" in warning.found


def test_former_names_become_keys_and_empty_ones_do_not(
    write: Write, settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    text = settings.replace('name = "books"', 'name = "ledger"\nwas = "books"')
    text = text.replace('name = "stripe"', 'name = "cards"\nwas = ""')
    text = text.replace('name = "reminder"', 'name = "first"\nwas = "reminder"')
    text = text.replace('name = "late-fee"', 'name = "fee"\nwas = ""')
    workspace = load(
        write(text, acme=contract.replace('"acme-website"', '"site"\nwas = "acme-website"')), environ
    ).workspace
    agreement = workspace.agreement
    assert agreement.sources == {"ledger": "books", "cards": "cards"}
    assert agreement.source_was == {"ledger": "books", "cards": ""}
    assert [source.key for source in workspace.sources] == ["books", "cards"]
    assert [step.key for step in agreement.policies["standard"].ladder] == ["heads-up", "reminder", "fee"]
    assert agreement.contracts["site"].key == "acme-website"


def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm(
    write: Write, settings: str, environ: Mapping[str, str]
) -> None:
    root = write(settings)
    plain = load(root, environ).workspace
    (root / "payflow.toml").write_bytes(b"\xef\xbb\xbf" + settings.replace("\n", "\r\n").encode())
    assert load(root, environ).workspace == plain


def test_a_template_of_the_users_own_may_be_sent(write: Write, settings: str, environ: Mapping[str, str]) -> None:
    root = write(settings.replace('email = "reminder"', 'email = "firm-word"'))
    (root / "templates" / "en").mkdir(parents=True)
    (root / "templates" / "en" / "firm-word.txt").write_text("...", "utf-8")
    assert load(root, environ).workspace.agreement.policies["standard"].ladder[1].email == "firm-word"


def test_the_workspace_is_found_from_a_folder_inside_it(write: Write, tmp_path: Path) -> None:
    root = write()
    inner = root / "exports" / "2026"
    inner.mkdir(parents=True)
    assert find_root(inner) == find_root(root) == root


def test_without_a_workspace_the_message_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="payflow init"):
        find_root(tmp_path)


def test_reading_a_workspace_loads_no_heavy_library(write: Write, settings: str, contract: str) -> None:
    root = write(settings.partition("[[source]]")[0] + "[policy" + settings.partition("[policy")[2], acme=contract)
    code = (
        "import sys; from pathlib import Path; from payflow.workspace import load; load(Path(sys.argv[1]), {});"
        "print(*{'pandas', 'numpy', 'holidays', 'iso4217', 'jinja2', 'pyarrow'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("binding", "told"), [("signature", True), ("invoice", False)])
def test_an_unsigned_contract_bears_no_fee_unless_the_terms_stand_on_the_invoices(
    write: Write, settings: str, contract: str, environ: Mapping[str, str], binding: str, told: bool
) -> None:
    settings = settings.replace('binding = "signature"', f'binding = "{binding}"')
    unsigned = contract.replace("signed = 2026-10-01\n", "")
    (warning,) = load(write(settings, acme=unsigned), environ).warnings
    assert "its phases stay shut" in warning.remedy
    assert ("no fee or interest arises" in warning.remedy) is told


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("postgresql://u:canary@db.example/studio", True),
        ("postgresql://u@db.example/studio", False),
        ("env:STORE", False),
    ],
)
def test_a_password_in_the_stores_address_is_warned_of_and_not_repeated(
    write: Write, settings: str, contract: str, environ: Mapping[str, str], url: str, warned: bool
) -> None:
    text = settings.replace('url = "sqlite:///payflow.db"', f'url = "{url}"')
    loaded = load(write(text, acme=contract), {**environ, "STORE": "postgresql://u:canary@db.example/studio"})
    told = [str(problem) for problem in loaded.warnings]
    assert any("a password stands in the file itself" in one for one in told) is warned
    assert "canary" not in "".join(told)
