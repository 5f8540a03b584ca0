"""Terms, interest, fees and the ladder: pure functions of facts, agreement, memory and a day. What stands where, by subject:

When an invoice is due
    terms               the due date; `terms_in_words` reads how terms are written
    calendars           business days, and how a day that is none moves to one that is
    discounts           what a client may take off who pays early
    instalments         an amount in several lines, each with terms of its own

What it costs to be late, one claim at a time and exactly
    accrual             interest stretch by stretch, fees, compensation; `allocation`: what a part payment pays first
    daycount, rounding  how long a stretch is, and how a figure becomes whole minor units
    bearing             at which rates a claim bears interest
    late_fees, fees     fees in every form, and in words
    compensation        the fixed sum that some laws add
    timeline            what is owed at the end of a day

The same of a whole book, in columns
    assess              one row per invoice for a day, all together
    entries_by_row      which entries count, and their sums by invoice
    interest            interest of all rows: `rules` compiles rates, `rulebook` finds each row's, `interest_columns` adds up,
                        and `rows` hands what columns cannot say to the exact engine
    fee_columns         late fees of a column; `fees_arisen`: those that arose by a day
    parts               invoices that are paid in instalments

What the law says
    acts, law           the statutes, one by one, and their type; `statutes` finds them and their rates
    rates, tables       rates over time; `rate_files` reads them, `rate_digest` names all that are known
    cautions            ceilings and penalties of places: warnings, not caps

What binds, and what comes next
    claims, binding     which contract claims an invoice, and whether fees and interest arise on it
    ladder              which notice is next, and from which day

How people write all this
    reading             typed values out of tables; `interest_reading`, `late_fee_reading`; `scenario`: what `payflow calc` reads
    percents            percentages as exact fractions, and as text

Money that was seen
    sightings           movements inferred from balances of different days
    matching            which invoices the lines of bank statements pay: `bank_lines`, `naming`, `payers`, `suggesting`,
                        `returns`, `statements` (one line told twice) and `one_money` (one payment told by bank and books)
"""
