"""How memory is taken while millions of rows are read and stored."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def uncollected() -> Iterator[None]:
    """Until the block ends, whatever it raises, only what is no longer referred to is freed.

    There is no search for cyclic garbage: rows hold none, and each search would walk all of them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def thrifty() -> Iterator[None]:
    """Until the block ends, Arrow takes memory from jemalloc, where its build has it.

    Its usual allocator gives large pieces back to the system and asks for them again: a third of the time of reading a large
    file can be the system's, handing out pages.
    """
    import pyarrow as pa

    usual = pa.default_memory_pool()
    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(usual)
