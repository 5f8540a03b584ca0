"""What is installed: one version, every package typed and in the wheel, commands and connectors that load."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from importlib import import_module
from importlib.metadata import distribution, entry_points
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

import payflow
from documents import ROOT
from payflow.connector import discover

PACKAGES = [
    "payflow",
    "payflow_bank",
    "payflow_exports",
    "payflow_quickbooks",
    "payflow_stripe",
    "payflow_templates",
    "payflow_xero",
]
INSTALLED = distribution("payflow-gate")
#: Where the source is: not beside tests that run against the wheel.
SOURCE = ROOT / "payflow"
CHANGELOG = ROOT / "CHANGELOG.md"

pyproject_only = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").exists(), reason="no pyproject.toml beside these tests"
)
wheel_only = pytest.mark.skipif(
    not any(str(path) == "payflow/__init__.py" for path in INSTALLED.files),
    reason="an editable installation has no files of its own",
)
source_only = pytest.mark.skipif(not SOURCE.exists(), reason="the source is out of reach")


def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_the_one_that_is_installed():
    assert INSTALLED.version == payflow.__version__


@pyproject_only
def test_the_version_is_written_in_one_place():
    assert "version" not in settings()["project"]
    assert settings()["tool"]["hatch"]["version"] == {"path": "payflow/__init__.py"}


@pytest.mark.skipif(not CHANGELOG.exists(), reason="no CHANGELOG.md beside these tests")
def test_the_changelog_knows_the_version():
    assert f"\n## [{payflow.__version__}]" in CHANGELOG.read_text(encoding="utf-8")


def test_help_works_as_an_installed_command():
    command = Path(sysconfig.get_path("scripts")) / "payflow"
    run = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Usage: payflow [OPTIONS] COMMAND [ARGS]...")


def test_help_works_as_a_module():
    run = subprocess.run([sys.executable, "-m", "payflow", "--help"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Usage: payflow [OPTIONS] COMMAND [ARGS]...")


def test_every_entry_point_loads_a_connector_of_its_name():
    points = [point for point in entry_points(group="payflow.connectors") if point.dist.name == INSTALLED.name]
    assert {point.name for point in points} >= {"quickbooks", "stripe", "tabular", "xero"}
    found = discover()
    assert all(found[point.name].name == point.name for point in points)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_that_it_is_typed(package: str):
    folder = Path(find_spec(package).submodule_search_locations[0])
    assert (folder / "py.typed").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_of_a_package_imports(package: str):
    folder = Path(find_spec(package).submodule_search_locations[0])
    for path in folder.rglob("*.py"):
        name = ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")
        if not name.endswith(".__main__"):
            assert import_module(name).__doc__, f"{name} does not say what it is for"


@wheel_only
def test_the_wheel_installs_these_packages_and_nothing_else():
    tops = {PurePosixPath(path).parts[0] for path in INSTALLED.files if path.suffix in (".py", ".typed", ".txt")}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


@wheel_only
def test_the_wheel_holds_what_is_read_at_run_time():
    names = {str(path) for path in INSTALLED.files}
    for name in ("sample/payflow.toml", "sample/example-website.toml"):
        assert f"payflow/workspace/{name}" in names
    assert "payflow/report/schemas/status.schema.json" in names
    for step in ("heads-up", "reminder", "late-fee", "final-notice"):
        assert {f"payflow_templates/en/{step}.{kind}" for kind in ("txt", "html")} <= names


@wheel_only
def test_the_wheel_carries_the_licence():
    assert any(path.match("*.dist-info/licenses/LICENSE") for path in INSTALLED.files)


@source_only
def test_every_package_stands_in_the_design_notes():
    notes = (ROOT / "docs" / "design-notes.md").read_text(encoding="utf-8")
    found = [f"payflow.{path.stem}" for path in SOURCE.glob("[!_]*") if path.suffix == ".py" or path.is_dir()]
    found += [path.name for folder in ("connectors", "templates") for path in (ROOT / folder).glob("payflow_*")]
    assert [name for name in sorted(found) if f"`{name}`" not in notes] == []


@source_only
def test_every_package_of_the_source_is_packed_checked_and_linted():
    """A package that is forgotten in one of these lists is missing, untyped or free to import anything."""
    folders = {
        path.parent for top in (".", "connectors", "templates") for path in (ROOT / top).glob("payflow*/__init__.py")
    }
    assert {folder.name for folder in folders} == set(PACKAGES)
    tool = settings()["tool"]
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == {
        folder.relative_to(ROOT).as_posix() for folder in folders
    }
    assert set(tool["importlinter"]["root_packages"]) == set(PACKAGES)
    assert set(tool["mypy"]["packages"]) >= set(PACKAGES)


@source_only
def test_every_module_of_payflow_has_its_layer():
    contracts = settings()["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    known = {name.strip() for layer in layers for name in layer.split("|")}
    modules = {f"payflow.{path.stem}" for path in SOURCE.glob("*.py")} | {
        f"payflow.{path.parent.name}" for path in SOURCE.glob("*/__init__.py")
    }
    assert modules - {"payflow.__init__", "payflow.__main__"} == known


@source_only
@pytest.mark.parametrize(
    ("group", "declared"),
    [
        ("runtime", lambda project: project["project"]["dependencies"]),
        ("build", lambda project: project["dependency-groups"]["build"]),
        ("test", lambda project: project["dependency-groups"]["test"]),
        ("check", lambda project: project["dependency-groups"]["check"]),
        ("mutation", lambda project: project["dependency-groups"]["mutation"]),
    ],
)
def test_the_lock_pins_all_that_is_asked_for(group: str, declared):
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    for text in declared(settings()):
        asked = Requirement(text)
        versions = [
            str(pin.specifier).removeprefix("==")
            for pin in pins
            if canonicalize_name(pin.name) == canonicalize_name(asked.name)
        ]
        assert versions, f"{asked.name} is not in requirements/{group}.txt; run `make lock`"
        assert all(asked.specifier.contains(version) for version in versions), f"{asked.name}: run `make lock`"


@pyproject_only
def test_every_exception_from_warnings_as_errors_names_its_reason():
    """`filterwarnings` begins with `error`; each line after it must be preceded by a comment."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text.partition("filterwarnings = [\n")[2].partition("\n]")[0].splitlines()
    assert lines[0].strip() == '"error",'
    for before, line in pairwise(lines):
        assert line.strip().startswith("#") or before.strip().startswith("#"), f"{line.strip()} needs a reason above it"
