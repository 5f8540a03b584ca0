"""A small studio with three clients, and some weeks of its nights: what `payflow demo` writes and goes through.

studio   the workspace: payflow.toml and three contracts
books    what its two accounting systems export on a day, in their real formats
tour     the nights, and what they come to
"""
