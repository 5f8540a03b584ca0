"""The workspace: `payflow.toml` and `contracts/*.toml` as typed, checked, frozen objects.

lines, document    TOML with the line of every key; typed reading that collects every mistake
values, secrets    amounts, dates, zones, addresses; references to secrets
settings           [business], [store], [mail], [[source]]
policies           [policy.NAME] and its steps
contracts, across  contracts/*.toml, one by one and together
load               find_root, load
new                what `payflow init` writes
versions           stable keys of what was renamed
files              the files of a source
doctor             what is allowed, but probably not meant
"""

from __future__ import annotations

from payflow.workspace.load import Loaded, find_root, load

__all__ = ["Loaded", "find_root", "load"]
