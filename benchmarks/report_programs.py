"""Programs that make the ageing and interest report: `python -m benchmarks.report_programs payflow|duckdb|decimal FOLDER`.

Each reads invoices.csv and payments.csv of the folder (DuckDB and the loop also rates.csv) and writes a file of its name.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.report_books import AS_OF, GRACE, STATUTE


def payflow(folder: Path) -> None:
    """As the documentation's page on ageing does it."""
    from fractions import Fraction

    import numpy as np

    from payflow.books import read_book
    from payflow.model.agreement import Binding, LateFee, LateFeeBand, Policy
    from payflow.model.interest import Interest
    from payflow.policy.assess import assess
    from payflow.policy.fees_arisen import fees_arisen
    from payflow.policy.terms import parse_terms
    from payflow.report.ageing import age
    from payflow.report.ageing_csv import ageing_csv

    currencies = ("EUR", "GBP", "USD")
    read = read_book(folder / "invoices.csv", folder / "payments.csv")
    assert not read.problems
    policy = Policy(
        name="standard",
        terms=parse_terms("net-30"),
        grace=GRACE,
        binding=Binding.INVOICE,
        late_fee=LateFee(
            bands=(
                LateFeeBand(flat=dict.fromkeys(currencies, 2500), up_to=dict.fromkeys(currencies, 100_000)),
                LateFeeBand(percent=Fraction(2, 100)),
            ),
            maximum=dict.fromkeys(currencies, 40_000),
        ),
        interest=Interest(Fraction(0), statute=STATUTE),
    )
    governed, binding = np.zeros(len(read.book), dtype=np.int64), np.ones(len(read.book), dtype=np.bool_)
    found = assess(read.book, [policy], governed, binding, AS_OF)
    assert not found.unrated.any()
    fees = fees_arisen(read.book, [policy], governed, binding, found, AS_OF)
    (folder / "payflow.csv").write_text(ageing_csv(age(read.book, found, fees)), encoding="utf-8", newline="")


def duckdb(folder: Path) -> None:
    """The same in SQL, in whole numbers; interest by a running sum of the daily rates, as payflow has it."""
    import duckdb  # type: ignore[import-not-found,unused-ignore]  # a yardstick: not one of the project's packages

    duckdb.execute(_SQL.format(folder=folder, as_of=AS_OF, grace=GRACE))


_SQL = """\
CREATE TABLE rate AS SELECT * FROM read_csv('{folder}/rates.csv', columns = {{'since': 'DATE', 'bp': 'BIGINT'}});
CREATE TABLE running AS
  SELECT day, sum(bp) OVER (ORDER BY day) AS c FROM (
    SELECT day, bp
    FROM (SELECT unnest(generate_series((SELECT min(since) FROM rate), DATE '{as_of}', INTERVAL 1 DAY))::DATE AS day)
    ASOF JOIN rate ON day >= since);
SET VARIABLE today = (SELECT max(c) FROM running);
CREATE TABLE invoice AS
  SELECT invoice, client, currency, (total * 100)::BIGINT AS total, due_on, least(due_on + {grace}, DATE '{as_of}') AS starts
  FROM read_csv('{folder}/invoices.csv', header = true, columns = {{'invoice': 'VARCHAR', 'client': 'VARCHAR',
    'currency': 'VARCHAR', 'issued_on': 'DATE', 'due_on': 'DATE', 'total': 'DECIMAL(18,2)'}});
CREATE TABLE moved AS
  SELECT invoice, sum(amount)::BIGINT AS paid, coalesce(sum(amount) FILTER (paid_on <= due_on + {grace}), 0)::BIGINT AS early,
    sum(amount * (getvariable('today') - c))::BIGINT AS weighed
  FROM (SELECT invoice, paid_on, (amount * 100)::BIGINT AS amount
    FROM read_csv('{folder}/payments.csv', header = true,
      columns = {{'invoice': 'VARCHAR', 'paid_on': 'DATE', 'amount': 'DECIMAL(18,2)'}}))
  JOIN invoice USING (invoice) JOIN running ON day = greatest(paid_on, starts)
  GROUP BY invoice;
CREATE TABLE found AS
  SELECT client, currency, total - coalesce(paid, 0) AS outstanding, DATE '{as_of}' - due_on AS late,
    ((2 * (total * (getvariable('today') - c) - coalesce(weighed, 0)) + 3650000) // 7300000)::BIGINT AS interest,
    CASE WHEN DATE '{as_of}' <= due_on + {grace} OR total <= coalesce(early, 0) THEN 0
      WHEN total - coalesce(early, 0) <= 100000 THEN 2500
      ELSE least(40000, (2 * (total - coalesce(early, 0)) * 2 + 100) // 200) END AS fees
  FROM invoice LEFT JOIN moved USING (invoice) JOIN running ON day = starts;
COPY (
  SELECT client, client AS name, currency, {{amounts}} FROM (
    SELECT client, currency, coalesce(sum(outstanding) FILTER (late <= 0), 0) AS current,
      coalesce(sum(outstanding) FILTER (late BETWEEN 1 AND 30), 0) AS days_1_30,
      coalesce(sum(outstanding) FILTER (late BETWEEN 31 AND 60), 0) AS days_31_60,
      coalesce(sum(outstanding) FILTER (late BETWEEN 61 AND 90), 0) AS days_61_90,
      coalesce(sum(outstanding) FILTER (late > 90), 0) AS over_90,
      sum(outstanding) AS outstanding, sum(interest) AS interest, sum(fees) AS fees
    FROM found WHERE outstanding <> 0 OR interest <> 0 OR fees <> 0 GROUP BY client, currency)
  ORDER BY client, currency
) TO '{folder}/duckdb.csv' (HEADER);
"""
_AMOUNTS = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90", "outstanding", "interest", "fees")
_SQL = _SQL.replace(
    "{{amounts}}", ", ".join(f"({name}::DECIMAL(18,0) / 100)::DECIMAL(18,2) AS {name}" for name in _AMOUNTS)
)


def decimal(folder: Path) -> None:
    """The same as one would first write it: decimals and days, invoice by invoice."""
    from bisect import bisect_right
    from datetime import date, timedelta
    from decimal import ROUND_HALF_UP, Decimal

    cent = Decimal("0.01")
    with (folder / "rates.csv").open(newline="") as file:
        rates = [(date.fromisoformat(row["since"]), Decimal(row["bp"]) / 100) for row in csv.DictReader(file)]
    changes = [since for since, _ in rates]
    payments: dict[str, list[tuple[date, Decimal]]] = {}
    with (folder / "payments.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            paid = (date.fromisoformat(row["paid_on"]), Decimal(row["amount"]))
            payments.setdefault(row["invoice"], []).append(paid)
    sums: dict[tuple[str, str], list[Decimal]] = {}
    with (folder / "invoices.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            due_on, balance = date.fromisoformat(row["due_on"]), Decimal(row["total"])
            start = due_on + timedelta(GRACE)
            weighed, fee, day = Decimal(0), None, start
            for on, amount in [*sorted(payments.get(row["invoice"], [])), (AS_OF, Decimal(0))]:
                if fee is None and on > start and start < AS_OF:
                    owed = min(Decimal(400), (balance / 50).quantize(cent, ROUND_HALF_UP))
                    fee = Decimal(0) if not balance else Decimal(25) if balance <= 1000 else owed
                while balance and day < on:
                    place = bisect_right(changes, day + timedelta(1))
                    until = min(on, changes[place] - timedelta(1)) if place < len(changes) else on
                    weighed += balance * rates[place - 1][1] * (until - day).days
                    day = until
                day = max(day, on)
                balance -= amount
            interest = (weighed / 36500).quantize(cent, ROUND_HALF_UP)
            fee = fee or Decimal(0)
            if balance or interest or fee:
                late = (AS_OF - due_on).days
                mine = sums.setdefault((row["client"], row["currency"]), [Decimal(0)] * 8)
                mine[(late > 0) + (late > 30) + (late > 60) + (late > 90)] += balance
                for at, figure in ((5, balance), (6, interest), (7, fee)):
                    mine[at] += figure
    with (folder / "decimal.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["client", "name", "currency", *_AMOUNTS])
        for (client, currency), figures in sorted(sums.items()):
            writer.writerow([client, client, currency, *(f"{figure:.2f}" for figure in figures)])


PROGRAMS: Mapping[str, Callable[[Path], object]] = {"payflow": payflow, "duckdb": duckdb, "decimal": decimal}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]))
