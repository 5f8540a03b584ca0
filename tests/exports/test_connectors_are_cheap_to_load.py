"""Knowing the connectors must not cost what reading costs: a board lists sources without reading any."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["payflow_xero", "payflow_quickbooks", "payflow_exports.tabular"])
def test_a_connector_is_known_without_pandas_and_pyarrow(module: str) -> None:
    program = f"import sys, {module}; {module}.CONNECTOR; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "pyarrow"} & set(loaded)
