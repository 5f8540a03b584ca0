"""The program of docs/ageing.md runs as it stands there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "ageing.md"


def test_the_program_of_the_page_writes_the_report(tmp_path, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "invoices.csv").write_text(
        "invoice,client,currency,issued_on,due_on,total\n"
        "A-1,Acme,GBP,2026-08-03,2026-09-02,1000.00\nA-2,Acme,GBP,2026-11-02,2026-12-02,70.00\nA-3,Acme,GBP,soon,,1.00\n"
    )
    (tmp_path / "payments.csv").write_text("invoice,paid_on,amount\nA-1,2026-10-05,400.00\n")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(PAGE), "exec"), {})
    assert "invoices.csv:4: issued_on: 'soon' is no day" in capsys.readouterr().out
    with (tmp_path / "ageing.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    # 80 days since 2 September; 1,000.00 for 30 days and 600.00 for 47, after 3 of grace: 12.756...
    assert (row["current"], row["days_61_90"], row["interest"], row["fees"]) == ("70.00", "600.00", "12.76", "25.00")
