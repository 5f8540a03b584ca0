"""Mutation testing of the policy package and the gate: would the tests notice if the code were wrong?

    python tests/mutation.py                                    everything, in a copy under the system's temporary folder
    python tests/mutation.py --only policy/accrual.py gate.py   some modules
    python tests/mutation.py --list                             the survivors of the last run, with their differences

mutmut makes the mutants: each is one function with one small change, beside the original, behind a switch. Here one pytest
session runs all tests once and notes which functions each one reaches. Then every mutant gets a forked process, which turns
the switch and runs the tests that reach its function, the fastest first, until one fails. Forks of a session that has
collected its tests make thousands of mutants affordable. A mutant counts as killed if a test fails or it does not come to an
end. `docs/mutation.md` has the figures and the survivors that are meant to survive.

Needs `pip install mutmut` and a system that can fork.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import gc
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACE = Path(tempfile.gettempdir()) / "payflow-mutants"
#: What is mutated. Tables of data (`acts`, `tables`) are read when they are imported; they have tests of their own.
WHAT = ("payflow/policy/*.py", "payflow/gate.py")
TESTS = (
    *("tests/policy", "tests/gate", "tests/plan", "tests/workspace", "tests/bank"),
    *(f"tests/cli/test_{name}.py" for name in ("calc_command", "rates_command", "match_command")),
    *(
        f"tests/stories/test_{name}.py"
        for name in (
            "bank_lines_are_payments",
            "due_on_business_days",
            "instalments_are_paid",
            "interest_by_agreement_and_law",
        )
    ),
)
#: What is asked of a function that runs when its module is imported: those that make the statutes.
AT_IMPORT = tuple(f"tests/policy/test_{name}.py" for name in ("statutes_fixed_sums", "statutes_rates", "statutes_page"))
COPIED = (
    "payflow",
    "connectors",
    "templates",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
)
#: Fewer examples than the suite's: a mutant that only the two hundredth example would show is none to rely on.
EXAMPLES = 12
#: A mutant that a test fails on, or that does not come to an end.
DEAD = ("killed", "timeout")
#: CPU seconds of tests that a mutant gets at most, the fastest tests first.
ENOUGH = 5
#: CPU seconds that a mutant may take beyond ten times what its tests took.
PATIENCE = 5


def main() -> None:
    """Make the copy with its mutants, run them, and say how many were killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="FILE", help="modules under payflow/, such as policy/terms.py")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="folders and files of tests")
    parser.add_argument("--again", action="store_true", help="run the survivors of the last run again")
    parser.add_argument("--most", type=int, metavar="N", help="so many of them, the same ones each time")
    parser.add_argument(
        "--new", action="store_true", help="only those that no run before has looked at, for another sample"
    )
    parser.add_argument("--list", action="store_true", help="print the survivors of the last run")
    parser.add_argument("--place", type=Path, default=PLACE, help="the folder of the copy")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(_differences(asked.place)))
        return
    known = _results(asked.place)
    lived = {name for name, found in known.items() if found not in DEAD}
    _copy(asked.place)
    names = _mutate(asked.place, [f"payflow/{name}" for name in asked.only] if asked.only else None)
    if asked.again:
        names = [name for name in names if name in lived]
    if asked.new:
        names = [name for name in names if name not in known]
    # in one order that mixes all modules, so that a run that is stopped has looked at a fair share of each
    random.Random(0).shuffle(names)
    names = names[: asked.most]
    (asked.place / "names.json").write_text(json.dumps(names))
    _run(asked.place, asked.tests)
    print("\n".join(table(_results(asked.place))))


def _copy(place: Path) -> None:
    for name in COPIED:
        target = place / name
        if target.is_dir():
            shutil.rmtree(target)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


def _mutate(place: Path, only: Sequence[str] | None) -> list[str]:
    """Write the mutants into the copy; their names, as `payflow.policy.terms.x_due_date__mutmut_3`."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    names = []
    for path in sorted(path for pattern in WHAT for path in place.glob(pattern)):
        told = path.relative_to(place).as_posix()
        if only is not None and told not in only:
            continue
        with chdir(place):
            changed = mutate_file_contents(told, path.read_text(encoding="utf-8"))
        path.write_text(changed.code, encoding="utf-8")
        names += [f"{_module(told)}.{name}" for name in changed.mutant_names]
    return names


def _module(told: str) -> str:
    return told.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def _run(place: Path, tests: Sequence[str]) -> None:
    """One pytest session of the copy, with this file as its plugin."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = [place, *(place / name for name in ("connectors", "templates", "tests")), *sys.path[1:]]
    environment |= {"PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path)), "MUTANT_UNDER_TEST": ""}
    options = ["-p", "mutation", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--rootdir", "."]
    found = subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=place, env=environment, check=False)
    if found.returncode:
        sys.exit(found.returncode)


def _results(place: Path) -> dict[str, str]:
    """What became of each mutant: `killed`, `survived`, `timeout` or `no tests`."""
    path = place / "results.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {one["name"]: one["found"] for one in map(json.loads, lines)}


def table(results: Mapping[str, str]) -> Iterator[str]:
    """A table by module, in Markdown."""
    counts: dict[str, Counter[str]] = {}
    for name, found in results.items():
        counts.setdefault(name.partition(".x")[0], Counter())[found] += 1
    yield "| module | mutants | killed | survived | no test reaches it | killed of all |"
    yield "|---|---|---|---|---|---|"
    for module, one in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        killed = sum(one[found] for found in DEAD)
        share = f"{100 * killed / one.total():.1f} %" if one else ""
        yield f"| {module} | {one.total()} | {killed} | {one['survived']} | {one['no tests']} | {share} |"


def _differences(place: Path) -> Iterator[str]:
    """Each survivor with what was changed in it."""
    sources: dict[str, dict[str, list[str]]] = {}
    for name, found in _results(place).items():
        if found in DEAD:
            continue
        module, _, function = name.rpartition(".")
        if module not in sources:
            sources[module] = dict(_functions((place / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")))
        original = sources[module].get(function.partition("__mutmut_")[0] + "__mutmut_orig", [])
        changed = sources[module].get(function, [])
        yield f"# {name}: {found}"
        for line in difflib.unified_diff(original, changed, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")) and "__mutmut_" not in line:
                yield line


def _functions(code: str) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name:
            yield node.name, ast.unparse(node).splitlines()


# What follows is the plugin that runs inside the copy.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fewer examples for every property, the same ones each time, and no search for smaller ones."""
    from hypothesis import Phase, settings

    for item in items:
        function = getattr(item, "obj", None)
        asked = getattr(function, "_hypothesis_internal_use_settings", None)
        if asked is not None:
            fewer = settings(
                asked,
                max_examples=min(asked.max_examples, EXAMPLES),
                derandomize=True,
                database=None,
                phases=(Phase.explicit, Phase.generate),
            )
            function._hypothesis_internal_use_settings = fewer  # type: ignore[union-attr]


_REACHED: set[str] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Note from now on which functions are reached; the first ones when their modules are imported, by a conftest already."""
    from mutmut.mutation import trampoline

    trampoline.record_trampoline_hit = lambda name, **_: _REACHED.add(name)
    trampoline.set_mutant_under_test("stats")


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Instead of the tests: the mutants."""
    from mutmut.mutation import trampoline

    at_import = frozenset(_REACHED)
    by_function: dict[str, list[tuple[float, pytest.Item]]] = {}
    deadly: Counter[str] = Counter()
    for place, item in enumerate(session.items):
        _REACHED.clear()
        start = time.process_time()
        following = session.items[place + 1] if place + 1 < len(session.items) else None
        if not _passes(item, following):
            # such as one that counts what is imported: mutmut itself is
            print(f"left out, since it fails without any mutant: {item.nodeid}", flush=True)
            continue
        for name in _REACHED:
            by_function.setdefault(name, []).append((time.process_time() - start, item))
    trampoline.set_mutant_under_test("")
    gc.freeze()
    names = json.loads(Path("names.json").read_text())
    with Path("results.jsonl").open("a", encoding="utf-8") as out:
        for place, name in enumerate(names):
            tests = _deadly_first(_enough(by_function.get(name.partition("__mutmut_")[0], [])), deadly)
            start = time.perf_counter()
            if not tests and name.partition("__mutmut_")[0] in at_import:
                found = _judge_anew(name)
            else:
                found, by = _judge(name, [item for _, item in tests], sum(seconds for seconds, _ in tests))
                deadly.update([by] if by else [])
            seconds = round(time.perf_counter() - start, 3)
            out.write(json.dumps({"name": name, "found": found, "seconds": seconds}) + "\n")
            out.flush()
            if place % 100 == 0:
                print(f"{place} of {len(names)}: {name} {found}", flush=True)
    return True


def _enough(tests: Iterable[tuple[float, pytest.Item]]) -> list[tuple[float, pytest.Item]]:
    """The fastest of the tests that reach a function, at least one, as many as time allows."""
    chosen: list[tuple[float, pytest.Item]] = []
    spent = 0.0
    for seconds, item in sorted(tests, key=lambda one: one[0]):
        spent += seconds
        if chosen and spent > ENOUGH:
            break
        chosen.append((seconds, item))
    return chosen


def _deadly_first(
    tests: Sequence[tuple[float, pytest.Item]], deadly: Mapping[str, int]
) -> Sequence[tuple[float, pytest.Item]]:
    """The same tests, those that killed most for their time so far before the others: most mutants die sooner."""
    return sorted(tests, key=lambda one: -deadly[one[1].nodeid] / (one[0] + 0.01))


def _judge(name: str, tests: Sequence[pytest.Item], seconds: float) -> tuple[str, str]:
    """What the tests say of one mutant, in a process of its own, and which one failed."""
    if not tests:
        return "no tests", ""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        limit = int(seconds * 10 + PATIENCE)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        survived = False
        try:
            failed = _failed(name, tests)
            survived = failed is None
            os.write(tell, (failed.nodeid if failed is not None else "").encode()[:4000])
        finally:
            os._exit(0 if survived else 1)
    os.close(tell)
    with os.fdopen(told, "rb") as said:
        by = said.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timeout", ""
    return ("killed", by) if os.WEXITSTATUS(status) else ("survived", "")


def _judge_anew(name: str) -> str:
    """What the tests of statutes say of a mutant in what is worked out when a module is imported."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *AT_IMPORT]
    environment = os.environ | {"MUTANT_UNDER_TEST": name}
    found = subprocess.run(
        # ten times what they take without a mutant
        ["sh", "-c", 'ulimit -t 60; exec "$@"', "sh", *command],
        env=environment,
        capture_output=True,
        check=False,
    )
    if found.returncode < 0:
        return "timeout"
    return "killed" if found.returncode else "survived"


def _failed(name: str, tests: Sequence[pytest.Item]) -> pytest.Item | None:
    """The first of the tests that fails on a mutant; None where it survives them all."""
    from mutmut.mutation import trampoline

    for cached in _caches():
        cached.cache_clear()
    trampoline.set_mutant_under_test(name)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        pairs = zip(tests, [*tests[1:], None], strict=True)
        return next((item for item, following in pairs if not _passes(item, following)), None)


def _caches() -> Iterable[Any]:
    """What the session has kept in memory, which a mutant would have worked out otherwise."""
    modules = [module for name, module in sys.modules.items() if name.startswith("payflow")]
    return [one for module in modules for one in vars(module).values() if callable(getattr(one, "cache_clear", None))]


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    from _pytest.runner import runtestprotocol

    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


if __name__ == "__main__":
    main()
