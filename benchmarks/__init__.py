"""How fast payflow is, each figure beside a named yardstick that runs in turn with it: `make bench`.

measure   processes and calls, timed in turn; medians and peak memory
books     a business of any size: its workspace and its Xero export
figures   what is measured: one function per benchmark
report    the ageing report, from CSV to CSV, beside other programs (report_programs) on the same books (report_books)
page      the table of docs/performance.md
"""
