"""payflow: net terms, late fees, and a hard stop: the next phase does not start until the last milestone is paid."""

__version__ = "0.1.0"
