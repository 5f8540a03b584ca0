"""The account every test here reads from."""

from stripe_api.standin import account

__all__ = ["account"]
