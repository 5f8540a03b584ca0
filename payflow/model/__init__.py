"""The domain's types: what was agreed, what the books say, what payflow did, and what follows from it.

Frozen structs (msgspec), named tuples and enums only; none of them reaches out to a store, a clock or a file.

    agreement   Contract, Milestone, Phase, Policy, Step, ... and Workspace      (what was agreed)
    facts       Client, invoice and entry words of the mirror                    (what the books say)
    journal     Record and the typed memory read back from records               (what payflow did)
    decision    Verdict, Reason, Act, InvoiceView, Decision                      (what follows for a day)
"""
