"""What packages offer is found in folders as `importlib.metadata` finds it; it is asked wherever folders cannot tell."""

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from payflow import entry_points as ours
from payflow.entry_points import EntryPoint, entry_points

GROUP = "payflow.connectors"


def test_the_folders_tell_what_the_library_tells():
    found = entry_points(GROUP)
    assert {name: one.value for name, one in found.items()} == {
        one.name: one.value for one in metadata.entry_points(group=GROUP)
    }
    assert found["xero"].release.startswith("payflow-gate ")
    assert found["xero"].load().name == "xero"


def test_looking_one_up_loads_no_metadata_library():
    import subprocess

    asked = (
        f"import sys; from payflow.entry_points import entry_points; assert entry_points({GROUP!r}); "
        "print('importlib.metadata' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", asked], text=True).strip() == "False"


def package(place: Path, text: str, name: str = "ledgerfox-1.0.dist-info") -> Path:
    folder = place / name
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: ledgerfox\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(text)
    return place


def path(monkeypatch: pytest.MonkeyPatch, *entries: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(entry) for entry in entries])


def test_only_lines_of_the_group_count(tmp_path, monkeypatch):
    others = "[console_scripts]\nfox = ledgerfox:main\n\n", "[other]\na = b:c\n"
    text = "[payflow.connectors]\n# ours\nfox = ledgerfox.books:CONNECTOR\n".join(others)
    path(monkeypatch, package(tmp_path, text))
    assert entry_points(GROUP) == {"fox": EntryPoint("fox", "ledgerfox.books:CONNECTOR", "ledgerfox")}


def test_of_two_releases_the_first_on_the_path_counts(tmp_path, monkeypatch):
    old = package(tmp_path / "old", "[payflow.connectors]\nfox = old:X\n", "ledgerfox-0.9.dist-info")
    new = package(tmp_path / "new", "[payflow.connectors]\nfox = new:X\n")
    path(monkeypatch, new, old)
    assert entry_points(GROUP)["fox"].value == "new:X"
    path(monkeypatch, old, new)
    assert entry_points(GROUP)["fox"].value == "old:X"


@pytest.mark.parametrize("odd", ["archive", "egg", "importer", "offered twice", "nothing"])
def test_where_folders_cannot_tell_the_library_is_asked(tmp_path, monkeypatch, odd):
    first = package(tmp_path / "one", "[payflow.connectors]\nfox = folder:X\n")
    entries = [first]
    if odd == "archive":
        entries.append(tmp_path / "packages.zip")
        entries[-1].write_bytes(b"PK")
    if odd == "egg":
        entries.append(tmp_path / "hound.egg")
    if odd == "importer":
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, SimpleNamespace(find_distributions=lambda context: [])])
    if odd == "offered twice":
        entries.append(package(tmp_path / "two", "[payflow.connectors]\nfox = hound:X\n", "hound-2.dist-info"))
    if odd == "nothing":
        entries = [tmp_path / "nowhere"]
    asked = []
    monkeypatch.setattr(
        ours, "_by_the_book", lambda group: asked.append(group) or [EntryPoint("fox", "book:X", "book")]
    )
    path(monkeypatch, *entries)
    assert entry_points(GROUP)["fox"].value == "book:X"
    assert asked == [GROUP]
