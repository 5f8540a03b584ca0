"""Terms, balances over time, interest, fees and the ladder: pure functions of facts, agreement, memory and a day.

terms      when an invoice falls due; terms_in_words reads how they are written, calendars knows business days
discounts  what a client may take off who pays early
instalments  an amount in several lines, each with terms of its own
timeline   the balance of one invoice as stretches of days
interest   simple interest, in columns and stretch by stretch, on the same exact numerator
fees       what a late fee amounts to, and whether one still stands
binding    whether fees and interest arise at all on an invoice
ladder     which notice is next, and from which day
assess     puts them together: one row per invoice for a day
"""
