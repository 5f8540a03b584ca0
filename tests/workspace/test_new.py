"""What `payflow init` writes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from payflow.workspace import load
from payflow.workspace.doctor import examine
from payflow.workspace.new import system_zone, write_new


def test_a_new_workspace_loads_and_passes_the_doctor(tmp_path: Path) -> None:
    written = write_new(tmp_path / "studio")
    names = [path.relative_to(tmp_path / "studio").as_posix() for path in written]
    assert names == ["payflow.toml", "contracts/example-website.toml", ".gitignore"]
    loaded = load(tmp_path / "studio", {})
    assert loaded.warnings == ()
    assert examine(loaded, datetime(2026, 11, 22, tzinfo=UTC)) == []


def test_a_new_workspace_chases_nobody_by_itself(tmp_path: Path) -> None:
    write_new(tmp_path)
    workspace = load(tmp_path, {}).workspace
    assert workspace.agreement.default_policy is None
    assert workspace.mail.transport == "folder"
    assert not workspace.sources
    (contract,) = workspace.agreement.contracts.values()
    assert not contract.covers_client
    assert not any(milestone.invoices for milestone in contract.milestones)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu", "No/Such"])
def test_zone_country_and_currency_follow_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    write_new(tmp_path)
    loaded = load(tmp_path, {})
    business = loaded.workspace.business
    assert loaded.warnings == ()
    assert (business.timezone, business.country, business.currency) == {
        "Europe/Berlin": ("Europe/Berlin", "DE", "EUR"),
        "Asia/Tokyo": ("Asia/Tokyo", "JP", "JPY"),
        "America/New_York": ("America/New_York", "US", "USD"),
        "Asia/Kathmandu": ("Asia/Kathmandu", "NP", "USD"),
        "No/Such": ("UTC", "", "USD"),
    }[zone]


@pytest.mark.parametrize("named", [":Europe/Paris", "Europe/Paris", "Etc/UTC", "UTC0", "../../etc/passwd"])
def test_a_zone_that_is_no_place_counts_as_utc(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("TZ", named)
    assert system_zone() == ("Europe/Paris" if "Paris" in named else "UTC")


def test_every_line_that_is_switched_off_works_once_switched_on(tmp_path: Path) -> None:
    write_new(tmp_path)
    path = tmp_path / "payflow.toml"
    text = path.read_text("utf-8")
    for line in (
        "[[source]]",
        'name = "',
        "connector",
        "files",
        "key = ",
        "late_fee",
        "interest",
        "[[policy",
        "day =",
        "email =",
    ):
        text = text.replace(f"# {line}", line)
    text = text.replace("# fee = true", "fee = true").replace("day = 14", "day = 5")
    path.write_text(text.replace("day = 7", "day = 17"), "utf-8")
    workspace = load(tmp_path, {"STRIPE_API_KEY": "k"}).workspace
    assert [source.name for source in workspace.sources] == ["books", "stripe"]
    assert workspace.agreement.policies["standard"].ladder[-1].fee


def test_nothing_is_overwritten_and_nothing_is_written_beside(tmp_path: Path) -> None:
    (tmp_path / "payflow.toml").write_text("mine", "utf-8")
    with pytest.raises(WorkspaceError, match="exists already"):
        write_new(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["payflow.toml"]
    assert (tmp_path / "payflow.toml").read_text("utf-8") == "mine"


def test_a_gitignore_that_is_there_keeps_its_lines(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.tmp\noutbox/", "utf-8")
    write_new(tmp_path)
    assert (tmp_path / ".gitignore").read_text("utf-8") == "*.tmp\noutbox/\npayflow.db*\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(WorkspaceError, match="nothing can be written"):
        write_new(tmp_path / "file" / "studio")
