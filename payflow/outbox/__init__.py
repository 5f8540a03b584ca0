"""Carries acts out, exactly (design section 8).

propose    T1: the decision is journaled, steps are reserved, what is no longer wanted is dropped
deliver    T2, the hand-over, T3; and what became of a claim whose owner died
render     templates to text and HTML          mime       text and HTML to an e-mail
transport  the protocol; folder, smtp          calendar   hours and business days of the client
"""
