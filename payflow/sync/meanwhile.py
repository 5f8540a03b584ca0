"""Work for a second core, while the first is at something else: Arrow, SQLite and digests run without Python's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_T = TypeVar("_T")
_END = object()


class Meanwhile(Generic[_T]):
    """What a function gives, worked out by another thread from now on."""

    def __init__(self, work: Callable[[], _T]) -> None:
        pool = _thread()
        self._coming = pool.submit(work)
        pool.shutdown(wait=False)

    def result(self) -> _T:
        """Wait for it. Raises what the function raised."""
        return self._coming.result()


def ahead(items: Iterator[_T]) -> Iterator[_T]:
    """The same items; each is worked out by another thread while the caller is still at the one before.

    So they may not touch the database.
    """
    with _thread() as pool:
        coming = pool.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, items, _END)
            yield cast(_T, item)


def _thread() -> ThreadPoolExecutor:
    # of small imports none asks for it
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1)
