"""Every mistake a user can make in the two kinds of files: where it is said to be, what was found, what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from payflow import connector
from payflow.errors import ConnectorError, Problem, WorkspaceError
from payflow.workspace import load

S, C = "payflow.toml", "contracts/acme.toml"
STEP = '[[policy.standard.step]]\nname = "heads-up"\nday = -3\nemail = "heads-up"\n'

#: (file, what stands there, what is written instead, file:line, key, part of what was found, part of the remedy)
MISTAKES = [
    # keys and kinds
    (S, "grace = 3", "gracee = 3", 31, "policy.standard.gracee", "unknown key 'gracee'", "Did you mean 'grace'?"),
    (S, "[mail]", "[mial]", 13, "mial", "unknown key 'mial'", "Did you mean 'mail'?"),
    (S, 'legal_name = "', 'legalname = "', 3, "business.legalname", "unknown key", "Did you mean 'legal_name'?"),
    (C, 'billing = "arrears"', 'biling = "arrears"', 6, "biling", "unknown key", "Did you mean 'billing'?"),
    (C, 'language = "en"', 'lang = "en"', 12, "client.lang", "unknown key", "Did you mean 'language'?"),
    (C, 'id = "design"\namount', 'ident = "x"\nid = "design"\namount', 20, "milestone#2.ident", "unknown key", "id"),
    (S, "grace = 3", 'grace = "3"', 31, "policy.standard.grace", "text stands where a whole number", "grace = 3"),
    (S, "grace = 3", "grace = true", 31, "policy.standard.grace", "true or false stands where", "grace = 3"),
    (S, "fee = true", 'fee = "yes"', 51, "policy.standard.step#3.fee", "text stands where yes or no", "fee = true"),
    (S, 'name = "Studio North"', "name = 7", 2, "business.name", "a number stands where text", "in quotes"),
    (S, 'name = "Studio North"', 'name = " "', 2, "business.name", "empty", "name ="),
    (S, 'name = "Studio North"', 'name = """Studio\nBcc: all@all.example"""', 2, "business.name", "line break", "one line"),
    (C, 'needs = ["deposit"]', 'needs = "deposit"', 26, "phase#1.needs", "text stands where a list", '["deposit"]'),
    (C, "[[milestone]]\nid", "[milestone]\nid", 19, None, "not TOML", "once per section"),
    (S, "[[source]]\nname = \"books\"", '[sauce]\nname = "books"', 19, "sauce", "unknown key 'sauce'", "'source'?"),
    (C, "[client]", "[[client]]", 8, "client", "a list stands where a table", "[client]"),
    # missing
    (S, 'email = "billing@studio-north.example"\n', "", 1, "business", "'email' is missing", "Add email ="),
    (S, 'timezone = "Europe/London"\n', "", 1, "business", "'timezone' is missing", "Europe/London"),
    (S, 'currency = "GBP"\n', "", 1, "business", "'currency' is missing", "Add currency ="),
    (S, 'terms = "net-15"\n', "", 29, "policy.standard", "'terms' is missing", '"net-15"'),
    (S, "day = 1\n", "", 42, "policy.standard.step#2", "'day' is missing", "days after the due date"),
    (S, 'email = "reminder"\n', "", 42, "policy.standard.step#2", "'email' is missing", "reminder"),
    (S, 'connector = "xero"\n', "", 19, "source#1", "'connector' is missing", "xero"),
    (C, 'project = "acme-website"\n', "", 1, "", "'project' is missing", "acme-website"),
    (C, 'amount = "4000.00"\n', "", 19, "milestone#2", "'amount' is missing", '"1000.00"'),
    (C, 'id = "acme"\n', "", 8, "client", "'id' is missing", '"acme"'),
    (C, 'name = "Acme Ltd"\n', "", 8, "client", "'name' is missing", "match ="),
    # dates
    (C, "signed = 2026-10-01", "signed = 2026-13-01", 3, None, "not TOML", "2026-10-01"),
    (C, "signed = 2026-10-01", "signed = 01.10.2026", 3, None, "not TOML", "2026-10-01"),
    (C, "signed = 2026-10-01", "signed = 2026-02-30", 3, None, "not TOML", "2026-10-01"),
    (C, "signed = 2026-10-01", 'signed = "2026-10-01"', 3, "signed", "text stands where a date", "without quotes"),
    (C, "signed = 2026-10-01", "signed = 2026-10-01T09:00:00", 3, "signed", "a date with a time", "2026-10-01"),
    # amounts and percentages
    (C, '"4000.00"', "4000.00", 21, "milestone#2.amount", "a number with decimals stands", 'amount = "4000.00"'),
    (C, '"4000.00"', "4000", 21, "milestone#2.amount", "a number stands", 'amount = "4000.00"'),
    (C, '"4000.00"', '"4000.005"', 21, "milestone#2.amount", "3 decimals", "at most 2: GBP has 2"),
    (C, '"4000.00"', '"4.000"', 21, "milestone#2.amount", "3 decimals", "at most 2"),
    (C, '"4000.00"', '"4,000.00"', 21, "milestone#2.amount", "no amount", '"4000.00"'),
    (C, '"4000.00"', '"£4000"', 21, "milestone#2.amount", "no amount", '"4000.00"'),
    (C, '"4000.00"', '"-5"', 21, "milestone#2.amount", "no amount", '"4000.00"'),
    (C, '"4000.00"', '"1000000000000000.00"', 21, "milestone#2.amount", "no amount", "up to 15 digits"),
    (C, '"4000.00"', '"0.00"', 21, "milestone#2.amount", "nothing", "above zero"),
    (C, 'currency = "GBP"', 'currency = "JPY"', 16, "milestone#1.amount", "2 decimals", "JPY has none"),
    (S, '{ amount = "25.00" }', "{ amount = 25 }", 34, "policy.standard.late_fee.amount", "a number", '"25.00"'),
    (S, '{ amount = "25.00" }', "{ amount = { GPB = \"1\" } }", 34, "policy.standard.late_fee.amount.GPB", "no currency", "ISO"),
    (S, '{ amount = "25.00" }', '{ amount = { GBP = "1.234" } }', 34, "policy.standard.late_fee.amount.GBP", "3 dec", "most 2"),
    (S, '{ amount = "25.00" }', '{ amount = "1", percent = "1" }', 34, "policy.standard.late_fee.take", "is missing", "greater"),
    (S, '{ amount = "25.00" }', "{}", 34, "policy.standard.late_fee", "says nothing", "amount"),
    (S, '{ amount = "25.00" }', '{ percent = "1.5%" }', 34, "policy.standard.late_fee.percent", "no percentage", "without"),
    (S, '{ amount = "25.00" }', '{ percent = "150" }', 34, "policy.standard.late_fee.percent", "between 0 and 100", "point"),
    (S, '{ annual = "8" }', "{ annual = 8.5 }", 35, "policy.standard.interest.annual", "a number with", 'annual = "8.5"'),
    (S, '{ annual = "8" }', '{ statute = "ukk" }', 35, "policy.standard.interest.statute", "no statute 'ukk'", "'uk'"),
    (S, '{ annual = "8" }', '{ statute = "uk", annual = "8" }', 35, "policy.standard.interest.statute", "beside annual", "Leave"),
    (S, '{ annual = "8" }', "{ }", 35, "policy.standard.interest", "no rate is named", 'monthly = "1.5"'),
    (S, '{ annual = "8" }', '{ annual = "8", compound = "daily" }', 35, "policy.standard.interest.compound", "'daily'", "yearly"),
    (S, '{ annual = "8" }', '{ annual = "8", floor = 5.5 }', 35, "policy.standard.interest.floor", "where an amount", "text"),

    (S, "spacing = 2", 'spacing = 2\ntolerance = "0.005"', 33, "policy.standard.tolerance", "3 decimals", "at most 2"),
    # codes and names
    (S, 'currency = "GBP"', 'currency = "gbp"', 7, "business.currency", "'gbp' is no currency", "GBP"),
    (C, 'currency = "GBP"', 'currency = "POUND"', 5, "currency", "'POUND' is no currency", "ISO 4217"),
    (S, '"Europe/London"', '"Europe/Lundon"', 5, "business.timezone", "no time zone", "Did you mean 'Europe/London'?"),
    (S, '"Europe/London"', '"../../etc/passwd"', 5, "business.timezone", "no time zone", "Europe/London"),
    (S, 'country = "GB"', 'country = "UK"', 6, "business.country", "'UK' is no country", "Did you mean 'GB'?"),
    (S, 'country = "GB"', 'country = "XX"', 6, "business.country", "'XX' is no country", "ISO 3166"),
    (C, 'language = "en"', 'language = "English"', 12, "client.language", "no language", '"en"'),
    (S, "billing@studio-north.example", "billing at studio", 4, "business.email", "no e-mail address", "@"),
    (C, "accounts@acme.example", "a@b@c.example", 11, "client.email", "no e-mail address", "@"),
    (C, "accounts@acme.example", "Acme <a@acme.example>", 11, "client.email", "no e-mail address", "bare address"),
    (C, 'email = "acc', 'cc = ["x@y.example", "z"]\nemail = "acc', 11, "client.cc#2", "no e-mail address", "@"),
    (C, '"acme-website"', '"Acme website"', 1, "project", "no name", '"acme-website"'),
    (C, 'id = "deposit"', 'id = "a/b"', 15, "milestone#1.id", "no name", '"a-b"'),
    # things named twice, or not there
    (C, 'id = "design"\namount', 'id = "deposit"\namount', 20, "milestone#2.id", "two milestones", "of its own"),
    (C, 'id = "build"', 'id = "design"', 29, "phase#2.id", "two phases", "of its own"),
    (S, 'name = "late-fee"', 'name = "reminder"', 48, "policy.standard.step#3.name", "two steps", "of its own"),
    (S, 'name = "stripe"', 'name = "books"', 25, "source#2.name", "two sources", "of its own"),
    (C, '["deposit", "design"]', '["deposit", "desing"]', 31, "phase#2.needs#2", "no milestone 'desing'", "'design'?"),
    (C, 'after = ["design"]', 'after = ["desing"]', 32, "phase#2.after#1", "no phase 'desing'", "'design'?"),
    (C, 'after = ["design"]', 'after = ["build"]', 32, "phase#2.after", "'build' after 'build'", "out of `after`"),
    (C, 'policy = "standard"', 'policy = "standart"', 4, "policy", "no policy 'standart'", "Did you mean 'standard'?"),
    (S, 'policy = "standard"', 'policy = "strict"', 8, "business.policy", "no policy 'strict'", "standard"),
    (S, '"net-15"', '"net15"', 30, "policy.standard.terms", "'net15' are no terms", "net-N-eom"),
    (S, 'connector = "xero"', 'connector = "xerro"', 21, "source#1.connector", "'xerro'", "Did you mean 'xero'?"),
    (S, 'files = "ex', 'dayfirst = true\nfiles = "ex', 22, "source#1.dayfirst", "unknown key", "'day_first'?"),
    (S, 'email = "reminder"', 'email = "remindr"', 45, "policy.standard.step#2.email", "no e-mail template", "'reminder'?"),
    (S, 'email = "reminder"', 'email = "owner"', 45, "policy.standard.step#2.email", "no e-mail template", "templates/"),
    (C, 'billing = "arrears"', 'billing = "arears"', 6, "billing", "'arears'", "Did you mean 'arrears'?"),
    (C, 'billing = "arrears"', 'covers = "all"', 6, "covers", "'all'", "client"),
    (C, 'email = "acc', 'match = ["Acme"]\nemail = "acc', 11, "client.match#1", "names no source", '"books:Acme Ltd"'),
    (C, 'email = "acc', 'match = ["book:A"]\nemail = "acc', 11, "client.match#1", "no source 'book'", "'books'?"),
    (C, '["INV-0012"]', '["INV-0012", "INV-0012"]', 17, "milestone#1.invoices#2", "acme.toml:17 already", "one of the"),
    (C, '["INV-0012"]', '["INV-0012", ""]', 17, "milestone#1.invoices#2", "empty", ""),
    # the ladder
    (S, "day = 7", "day = 1", 49, "policy.standard.step#3.day", "'reminder' is on day 1 as well", "day of its own"),
    (S, "day = 7", "day = 0", 49, "policy.standard.step#3.day", "day 0 comes before day 1", "in the order"),
    (S, "day = 7", "day = 3", 49, "policy.standard.step#3.day", "within the 3 days of grace", "4 or later"),
    (S, 'late_fee = { amount = "25.00" }\n', "", 50, "policy.standard.step#3.fee", "no late_fee", "Add late_fee"),
    (S, STEP, STEP.replace("-3", "5") + "fee = true\n", 41, "policy.standard.step#1.fee", "first step", "before it"),
    (S, "grace = 3", "grace = -1", 31, "policy.standard.grace", "-1 is out of range", "from 0"),
    (S, "spacing = 2", "spacing = -2", 32, "policy.standard.spacing", "-2 is out of range", "from 0"),
    # mail and store
    (S, '"09:00-17:00"', '"9-17"', 16, "mail.hours", "no span of hours", '"09:00-17:00"'),
    (S, '"09:00-17:00"', '"17:00-09:00"', 16, "mail.hours", "ends before it starts", '"09:00-17:00"'),
    (S, '"09:00-17:00"', '"09:00-24:30"', 16, "mail.hours", "no span of hours", '"any"'),
    (S, 'days = "business"', 'days = "bussiness"', 17, "mail.days", "'bussiness'", "Did you mean 'business'?"),
    (S, 'folder = "outbox"', 'host = "smtp.x.example"', 15, "mail.host", "a setting of smtp", 'transport = "smtp"'),
    (S, '"folder"\n', '"smtp"\n', 13, "mail", "'host' is missing", "Add host"),
    (S, '"folder"\n', '"smtp"\nhost = "h"\nport = 0\n', 16, "mail.port", "out of range", "from 1 to 65535"),
    (S, '"folder"\n', '"smtp"\nhost = "h"\nsecurity = "ssl"\n', 16, "mail.security", "'ssl'", "starttls"),
    (S, '"folder"\n', '"smtp"\nhost = "h"\nca_file = "no.pem"\n', 16, "mail.ca_file", "no file no.pem", "PEM"),
    (S, '"folder"\n', '"smtp"\nhost = "h"\nuser = "u"\n', 16, "mail.user", "without a password", "env:NAME"),
    (S, '"sqlite:///payflow.db"', '"payflow.db"', 11, "store.url", "no address of a database", "sqlite:///payflow.db"),
    # secrets
    (S, "env:STRIPE_API_KEY", "env:STRIPE_KEY", 27, "source#2.key", "variable STRIPE_KEY is not set", "file:PATH"),
    (S, "env:STRIPE_API_KEY", "file:no-such-file", 27, "source#2.key", "cannot be read: No such file", "chmod 600"),
    (S, "env:STRIPE_API_KEY", "sk_live_0123456789", 27, "source#2.key", "may stand in the file itself", "env:NAME"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "right", "wrong", "line", "key", "found", "remedy"), MISTAKES)
def test_a_mistake_is_told_with_file_line_key_and_remedy(
    write: Callable[..., Path],
    settings: str,
    contract: str,
    environ: Mapping[str, str],
    file: str,
    right: str,
    wrong: str,
    line: int,
    key: str | None,
    found: str,
    remedy: str,
) -> None:
    texts = {S: settings, C: contract}
    assert right in texts[file]
    texts[file] = texts[file].replace(right, wrong, 1)
    root = write(texts[S], acme=texts[C])
    problems = problems_of(root, environ)
    where = f"{file}:{line}" + (f", {key}" if key else "")
    matching = [item for item in problems if item.where == where]
    assert any(found in item.found and remedy in item.remedy for item in matching), problems
    assert "sk_live" not in str(problems)


def problems_of(root: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    before = sorted(path for path in root.rglob("*"))
    with pytest.raises(WorkspaceError) as caught:
        load(root, environ)
    assert sorted(path for path in root.rglob("*")) == before, "nothing is written"
    return caught.value.problems


def test_all_mistakes_of_all_files_are_told_in_one_go(
    write: Callable[..., Path], settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    root = write(
        settings.replace("grace = 3", "gracee = 3").replace('"net-15"', '"net15"').replace('"GB"', '"UK"'),
        acme=contract.replace('"4000.00"', "4000.00").replace('after = ["design"]', 'after = ["desing"]'),
        broken="project = [",
        latin="x",
    )
    (root / "contracts" / "latin.toml").write_bytes('project = "caf\u00e9"'.encode("latin-1"))
    assert {problem.where.partition(",")[0] for problem in problems_of(root, {})} == {
        "payflow.toml:6",
        "payflow.toml:27",
        "payflow.toml:30",
        "payflow.toml:31",
        "contracts/acme.toml:21",
        "contracts/acme.toml:32",
        "contracts/broken.toml:1",
        "contracts/latin.toml:1",
    }


def test_contracts_are_checked_even_where_the_settings_cannot_be_read(
    write: Callable[..., Path], contract: str, environ: Mapping[str, str]
) -> None:
    problems = problems_of(write("[business\n", acme=contract.replace('"4000.00"', '"4000.005"')), environ)
    assert [problem.where for problem in problems] == ["payflow.toml:1", "contracts/acme.toml:21, milestone#2.amount"]


def test_a_missing_business_is_told_once_and_not_for_each_of_its_keys(write: Callable[..., Path]) -> None:
    assert [problem.found for problem in problems_of(write(""), {})] == ["the section [business] is missing"]


def test_two_contracts_of_one_project_are_told_with_both_files(
    write: Callable[..., Path], settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    twin = contract.replace("INV-0012", "INV-0013")
    (problem,) = problems_of(write(settings, acme=contract, twin=twin), environ)
    assert problem.where == "contracts/twin.toml:1, project"
    assert "contracts/acme.toml:1" in problem.found


def test_contracts_that_disagree_about_a_client_are_told_with_what_both_say(
    write: Callable[..., Path], settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    other = contract.replace("acme-website", "acme-shop").replace("INV-0012", "INV-0013")
    other = other.replace("accounts@acme", "office@acme").replace('"en"', '"de"')
    email, language = problems_of(write(settings, acme=contract, shop=other), environ)
    assert email.where == "contracts/shop.toml:11, client.email"
    assert email.found == (
        "client 'acme' has email 'office@acme.example' here, but 'accounts@acme.example' in contracts/acme.toml:11"
    )
    assert language.found == "client 'acme' has language 'de' here, but 'en' in contracts/acme.toml:12"


def test_an_invoice_covers_and_match_belong_to_one_contract(
    write: Callable[..., Path], settings: str, contract: str, environ: Mapping[str, str]
) -> None:
    covering = contract.replace('billing = "arrears"', 'covers = "client"')
    shop = covering.replace("acme-website", "acme-shop")
    match = 'match = ["books:Acme"]\nemail'
    other = contract.replace("acme-website", "bolt").replace('"acme"', '"bolt"').replace("INV-0012", "INV-9")
    problems = problems_of(
        write(settings, acme=covering.replace("email", match, 1), shop=shop, zbolt=other.replace("email", match, 1)),
        environ,
    )
    assert [problem.where for problem in problems] == [
        "contracts/shop.toml:17, milestone#1.invoices#1",
        "contracts/shop.toml:6, covers",
        "contracts/zbolt.toml:11, client.match#1",
    ]
    assert all("contracts/acme.toml" in problem.found for problem in problems)


def test_every_circle_of_phases_is_shown(write: Callable[..., Path], settings: str, environ: Mapping[str, str]) -> None:
    waits = {"a": "c", "b": "a", "c": "b", "d": "e", "e": "d", "f": "a"}
    phases = "".join(f'[[phase]]\nid = "{name}"\nafter = ["{other}"]\n' for name, other in waits.items())
    head = 'project = "x"\nsigned = 2026-01-01\n[client]\nid = "x"\nname = "X"\n'
    first, second = problems_of(write(settings, x=head + phases), environ)
    assert sorted(first.found.partition(": ")[2].split(" after ")[1:]) == ["'a'", "'b'", "'c'"]
    assert sorted(second.found.partition(": ")[2].split(" after ")[1:]) == ["'d'", "'e'"]


@pytest.mark.parametrize(
    ("content", "mode", "found"),
    [
        (b"secret\n", 0o644, "others than you may open key (mode 0644)"),
        (b"secret\n", 0o620, "others than you may open key (mode 0620)"),
        (b"", 0o600, "is empty"),
        (b"one\ntwo\n", 0o600, "has several lines"),
        (b"\xff\xfe", 0o600, "cannot be read"),
    ],
)
def test_a_secret_file_is_one_line_that_only_its_owner_can_read(
    write: Callable[..., Path], settings: str, content: bytes, mode: int, found: str
) -> None:
    root = write(settings.replace("env:STRIPE_API_KEY", "file:key"))
    (root / "key").write_bytes(content)
    (root / "key").chmod(mode)
    (problem,) = problems_of(root, {})
    assert found in problem.found
    assert "secret" not in problem.found


def test_a_connector_that_does_not_load_is_told_at_the_source_that_names_one(
    write: Callable[..., Path], settings: str, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Mapping[str, connector.ConnectorSpec]:
        raise ConnectorError(Problem("connector other", "it does not load", "Install it again."))

    monkeypatch.setattr(connector, "discover", broken)
    problems = problems_of(write(settings), environ)
    assert [str(problem) for problem in problems] == [
        "payflow.toml:21, source#1.connector: it does not load. Install it again.",
        "payflow.toml:26, source#2.connector: it does not load. Install it again.",
    ]


@given(text=st.text(max_size=60) | st.text("[]{}=.\"'\\\n#a1 ", max_size=60))
@settings_of(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_at_all_gives_problems_and_never_another_exception(
    write: Callable[..., Path], settings: str, text: str
) -> None:
    root = write(settings, x=text)
    (root / "contracts" / "x.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert problems_of(root, {})
