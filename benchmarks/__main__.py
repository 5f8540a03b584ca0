"""`python -m benchmarks [NAME...] [--scale PART] [--write]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import page
from benchmarks.figures import ALL


def main() -> None:
    """Measure what is named, everything by default, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure payflow beside yardsticks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(ALL)}; all by default")
    parser.add_argument(
        "--scale", type=float, default=1.0, metavar="PART", help="with so much of the data; 1 by default"
    )
    parser.add_argument("--write", action="store_true", help="write the rows into docs/performance.md")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in ALL]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}")
    found: dict[str, list[str]] = {}
    for name in asked.names or ALL:
        print(f"{name} ...", file=sys.stderr)
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="payflow-bench.") as folder:
            found[name] = page.lines(name, ALL[name](Path(folder) / "studio", asked.scale), load)
        if asked.write:
            page.write(found)
    print(page.table(found), end="")


main()
