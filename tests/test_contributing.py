"""CONTRIBUTING.md does what it says: its export and its step work when one follows the page and does nothing else."""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import payflow_exports
from documents import ROOT, blocks, make_targets
from exports.golden import DOWNLOADED, check_golden
from payflow.cli import main
from payflow.connector import discover
from payflow.workspace.new import write_new

if not (ROOT / "CONTRIBUTING.md").exists():
    pytest.skip("no CONTRIBUTING.md beside these tests", allow_module_level=True)

PAGE = blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
FILES = {block.path: block.text for block in PAGE if block.path}
MODULE = "payflow_exports.ledgerfox"


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the page's files, where its module and its entry point are installed."""
    for name, text in FILES.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    points = tomllib.loads(FILES["pyproject.toml"])["project"]["entry-points"]["payflow.connectors"]
    installed = tmp_path / "installed" / "ledgerfox-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: ledgerfox\nVersion: 1\n", encoding="utf-8")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (installed / "entry_points.txt").write_text("\n".join(["[payflow.connectors]", *lines]), encoding="utf-8")
    monkeypatch.delenv("GOLDEN_UPDATE", raising=False)
    monkeypatch.syspath_prepend(installed.parent)
    own = str(tmp_path / "connectors" / "payflow_exports")
    monkeypatch.setattr(payflow_exports, "__path__", [*payflow_exports.__path__, own])
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop(MODULE, None)


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_export_of_the_page_is_found_through_its_entry_point(followed: Path):
    assert discover()["ledgerfox"].looked_for == [
        "Ledgerfox invoices: Invoice, Customer, Issued, Gross, Received, State",
        "Ledgerfox payments: Payment, Customer, For invoice, Received on, Amount",
    ]


def test_the_tests_of_the_page_pass(followed: Path, tmp_path_factory: pytest.TempPathFactory):
    tests = module_of(followed / "tests" / "ledgerfox" / "test_ledgerfox_download.py")
    tests.test_a_download_yields_the_rows_of_its_golden_file(tmp_path_factory.mktemp("golden"))
    tests.test_each_download_is_known_by_its_header()


def test_the_export_of_the_page_is_imported_by_its_header(followed: Path):
    write_new(followed / "studio")
    export = followed / "tests" / "ledgerfox" / "invoices.csv"
    os.utime(export, (DOWNLOADED.timestamp(), DOWNLOADED.timestamp()))
    words = ["-C", str(followed / "studio"), "--now", "2026-11-20T15:30"]
    imported = CliRunner().invoke(main, [*words, "import", str(export)])
    assert imported.exit_code == 4, imported.output
    assert "invoices.csv:5: Gross: 'four hundred' is not an amount" in imported.stderr
    board = CliRunner().invoke(main, [*words, "status"])
    assert "F-102" in board.stdout
    assert "3,000.00 GBP" in board.stdout
    payments = export.with_name("payments.csv")
    os.utime(payments, (DOWNLOADED.timestamp(), DOWNLOADED.timestamp()))
    assert CliRunner().invoke(main, [*words, "import", str(payments)]).exit_code == 0
    told = CliRunner().invoke(main, [*words, "explain", "F-102"]).stdout
    assert "2026-10-12" in told
    assert "2026-10-13" in told


def test_the_step_of_the_page_passes_the_doctor(followed: Path):
    studio = followed / "studio"
    write_new(studio)
    (studio / "templates" / "en").mkdir(parents=True)
    for kind in ("txt", "html"):
        name = f"nudge.{kind}"
        (studio / "templates" / "en" / name).write_text(
            FILES[f"templates/payflow_templates/en/{name}"], encoding="utf-8"
        )
    before = (studio / "payflow.toml").read_text(encoding="utf-8")
    (studio / "payflow.toml").write_text(f"{before}\n{FILES['step.toml']}", encoding="utf-8")
    told = CliRunner().invoke(main, ["-C", str(studio), "doctor"])
    assert told.exit_code == 0, told.output
    assert "nudge" not in told.output


def test_a_mistake_in_the_step_of_the_page_would_be_told(followed: Path):
    studio = followed / "studio"
    write_new(studio)
    before = (studio / "payflow.toml").read_text(encoding="utf-8")
    (studio / "payflow.toml").write_text(f"{before}\n{FILES['step.toml']}", encoding="utf-8")
    told = CliRunner().invoke(main, ["-C", str(studio), "doctor"])
    assert told.exit_code == 1
    assert "there is no e-mail template 'nudge'" in " ".join(told.output.split())


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="no Makefile beside these tests")
def test_targets_of_make_on_the_page_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert make_targets(PAGE)
    for target in make_targets(PAGE):
        assert f"\n{target}:" in makefile


def test_golden_files_are_compared(followed: Path, tmp_path_factory: pytest.TempPathFactory):
    golden = followed / "tests" / "ledgerfox" / "invoices.rows.txt"
    golden.write_text(golden.read_text(encoding="utf-8").replace("3600.00", "3600.01"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"3600\.01"):
        check_golden(discover()["ledgerfox"], golden.with_name("invoices.csv"), tmp_path_factory.mktemp("golden"))
