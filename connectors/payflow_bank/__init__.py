"""Bank statements: OFX and QFX, QIF, MT940, CAMT.053, and any bank's CSV. Lines only; matching them to invoices is payflow's.

spec         which files are statements, options, limits
kinds        formats by how a file begins
pull         one reading per file
statement    Statement and Line, and whether they add up
text         encoding and size
ofx, qif     readers of personal-finance formats
mt940        the SWIFT statement; remittance: its free field
camt         the ISO 20022 statement, streamed
table        CSV whose columns the user names
"""

from payflow_bank.spec import BankSpec

__all__ = ["CONNECTOR"]

CONNECTOR = BankSpec()
