"""Write the lock: `make lock`, or `python requirements/make_lock.py`.

Every supported Python resolves the dependencies of `pyproject.toml` by itself, all groups together so that they agree, and with
the versions of the oldest Python wherever it can; what only some of them need gets a marker. Each group's file names what it adds
to the groups that it builds on:

    runtime.txt   what payflow needs
    build.txt     what builds it
    test.txt      runtime, and what its tests need
    check.txt     test and build, and what formats, lints and types it
    mutation.txt  check, and what asks whether the tests would notice a mistake
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "requirements"
SUPPORTED = ("3.11", "3.12", "3.13")
#: group -> the groups that it builds on
GROUPS: Mapping[str, Sequence[str]] = {
    "runtime": (),
    "build": (),
    "test": ("runtime",),
    "check": ("test", "build"),
    "mutation": ("check",),
}

#: name -> version, as one Python resolved it
Pins = Mapping[str, str]


def main() -> None:
    """Resolve with every supported Python there is, and write the files."""
    pythons = {version: path for version in SUPPORTED if (path := shutil.which(f"python{version}"))}
    if missing := [version for version in SUPPORTED if version not in pythons]:
        sys.exit(
            f"The lock is made for Python {', '.join(SUPPORTED)}; not found here: {', '.join(missing)}. Install them."
        )
    declared = _declared()
    pins: dict[str, Mapping[str, Pins]] = {}
    for version, path in pythons.items():
        oldest = next(iter(pins.values()), {})
        preferred = {name: pinned for group in oldest.values() for name, pinned in group.items()}
        pins[version] = _resolve_groups(path, declared, preferred)
    for group, builds_on in GROUPS.items():
        target = HERE / f"{group}.txt"
        of_group = {version: groups[group] for version, groups in pins.items()}
        target.write_text(_text(builds_on, of_group), encoding="utf-8")
        print(target.relative_to(ROOT))


def _declared() -> dict[str, list[str]]:
    """What `pyproject.toml` asks for, per group, with the groups that it builds on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    own = {"runtime": project["project"]["dependencies"], **project["dependency-groups"]}
    return {group: [need for part in (group, *_below(group)) for need in own[part]] for group in GROUPS}


def _below(group: str) -> list[str]:
    return [part for direct in GROUPS[group] for part in (direct, *_below(direct))]


def _resolve_groups(python: str, declared: Mapping[str, Sequence[str]], preferred: Pins) -> dict[str, Pins]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        own = str(Path(folder) / "bin" / "python")
        subprocess.run([own, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
        needs = [need for needs in declared.values() for need in needs]
        try:
            everything = _resolve(own, needs, Path(folder), preferred)
        except subprocess.CalledProcessError:
            everything = _resolve(own, needs, Path(folder), {})
        closed = {group: _resolve(own, asked, Path(folder), everything) for group, asked in declared.items()}
    return {
        group: {
            name: version for name, version in found.items() if not any(name in closed[part] for part in _below(group))
        }
        for group, found in closed.items()
    }


def _resolve(python: str, needs: Iterable[str], folder: Path, constraints: Pins) -> dict[str, str]:
    limits = folder / "constraints.txt"
    limits.write_text("".join(f"{name}=={version}\n" for name, version in constraints.items()), encoding="utf-8")
    command = [python, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    answer = subprocess.run([*command, "-c", str(limits), *needs], check=True, stdout=subprocess.PIPE, text=True)
    found = (item["metadata"] for item in json.loads(answer.stdout)["install"])
    return {re.sub(r"[-_.]+", "-", item["name"]).lower(): item["version"] for item in found}


def _text(builds_on: Sequence[str], pins: Mapping[str, Pins]) -> str:
    """One requirements file. A pin that not every Python made says which did."""
    lines = ["# Made by `make lock`; edit pyproject.toml instead.", *(f"-r {group}.txt" for group in builds_on)]
    chosen = {(name, version) for found in pins.values() for name, version in found.items()}
    for name, version in sorted(chosen):
        having = [python for python, found in pins.items() if found.get(name) == version]
        lines.append(f"{name}=={version}{_marker(having)}")
    return "\n".join(lines) + "\n"


def _marker(having: Sequence[str]) -> str:
    """Which Pythons a pin is for; the newest stand for those to come."""
    if list(having) == list(SUPPORTED):
        return ""
    if list(having) == list(SUPPORTED[-len(having) :]):
        return f' ; python_version >= "{having[0]}"'
    return " ; " + " or ".join(f'python_version == "{python}"' for python in having)


if __name__ == "__main__":
    main()
