"""Where templates run: no way to Python's insides, no endless loop, no endless text.

A template of the workspace is a file that somebody wrote, perhaps somebody else. It sees plain values and may call what is
harmless (Jinja's sandbox); here it may also not go on for ever: turns of loops and calls of macros are counted, and what is
multiplied or added up has an end.
"""

from __future__ import annotations

from functools import cache
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, nodes
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Turns of all loops of one message together; the longest one payflow writes takes a few for each invoice.
TURNS = 100_000
#: Signs of a text, items of a list, and the greatest number that sums and products may come to.
SIZE = 1_000_000


class Compiled(BytecodeCache):
    """Templates that this process has compiled, for as long as their text stays the same.

    Which of them are escaped and what may be called goes by their names, the same in every workspace.
    """

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of this very text."""
        checksum, code = self._codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._codes[bucket.key] = bucket.checksum, bucket.code


COMPILED = Compiled()


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates whose work has an end."""

    intercepted_binops = frozenset({"+", "-", "*", "**", "//", "%"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turns = 0
        self.globals["_turn"] = self._turn

    def begin(self) -> None:
        """Count anew: another template runs."""
        self._turns = 0

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of what a message says, at once; of anything else what Jinja finds harmless, which takes it long to find."""
        if attribute in _fields(obj.__class__):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def _turn(self) -> str:
        self._turns += 1
        if self._turns > TURNS:
            raise SecurityError(f"the loops of this template go on for more than {TURNS} turns")
        return ""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        repeated: list[nodes.For | nodes.Macro] = [*tree.find_all(nodes.For), *tree.find_all(nodes.Macro)]
        for one in repeated:
            call = nodes.Call(nodes.Name("_turn", "load"), [], [], None, None)
            one.body.insert(0, nodes.Output([call]).set_lineno(one.lineno))
        for constant in tree.find_all(nodes.Const):
            if isinstance(constant.value, int) and abs(constant.value) > SIZE:
                raise SecurityError(f"the number {constant.value} is more than a template may use")
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A sum or product, if it has a size that a letter can have."""
        if operator == "*" and _size(left) * _size(right) > SIZE:
            raise SecurityError("a product is larger than a template may make")
        if operator == "**" and (not isinstance(right, int) or abs(right) > _EXPONENT or _size(left) > SIZE):
            raise SecurityError("a power is larger than a template may make")
        if operator == "+" and _size(left) + _size(right) > 2 * SIZE:
            raise SecurityError("a sum is larger than a template may make")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("a text is put together with {{ }} or ~, not with %")
        return super().call_binop(context, operator, left, right)


_EXPONENT = 6


@cache
def _fields(kind: type) -> frozenset[str]:
    """Fields of payflow's own structs and named tuples: plain values; methods and what is internal are none of them."""
    names: tuple[str, ...] = getattr(kind, "__struct_fields__", getattr(kind, "_fields", ()))
    own = kind.__module__.startswith("payflow.")
    return frozenset(name for name in names if not name.startswith("_")) if own else frozenset()


def _size(value: Any) -> int:
    """How much of something there is: signs of a text, of all items of a list, or how great a number is."""
    if isinstance(value, int):
        return max(abs(value), 1)
    if isinstance(value, (list, tuple)):
        return 1 + sum(_size(one) for one in value)
    try:
        return max(len(value), 1)
    except TypeError:
        return 1
