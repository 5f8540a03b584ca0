"""What all file exports share: a format is a declaration of columns plus the few lines that are truly its own.

format      Format: the declaration; Portion: what it yields; About: what titles and footers say
common      the options all file sources share; options reads them
source      from a file to its header: encoding, delimiter, title rows
body        the rows below as columns of text with their row numbers
texts       a column of text, each distinct value once
amounts     which mark is the decimal one; minor units
dates       which slot is the day
sheet       Sheet: rows asked column by column; bad cells become problems
invoices    from rows to canonical tables
lines       what an invoice's lines tell together: sums, texts
statuses    where a status alone tells what is open
entries     money movements out of rows
spec        FileSpec: a connector made of formats
files       FileConnector: its pull, one reading per file
products    connectors of products that one module each is enough for
tabular     any CSV, its columns named in payflow.toml
"""
