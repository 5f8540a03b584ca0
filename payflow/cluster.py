"""Parts of a decision worked out by the workers of a Dask cluster that is running already.

Workers get bytes that say all they need, and give bytes back: they know no store, no mail server and no secret, and send
nothing. When a worker dies, another works its part out; when none can, the run ends with a sentence. Dask is imported only
when it is asked for.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from payflow.decide.footing import Footing, footing
from payflow.decide.known import Known
from payflow.decide.packing import pack, unpack, work_out_packed
from payflow.decide.parts import Found
from payflow.errors import Refused

if TYPE_CHECKING:
    from distributed import Client

#: The most invoices of a part: some 30 MB of bytes, a second or two of work.
ROWS = 20_000
#: Seconds to find the scheduler, and then a first worker.
PATIENCE = 10
#: How often a part is worked out again after a worker died over it.
_TRIES = 3


class Cluster:
    """A pool of the workers that one scheduler knows."""

    def __init__(self, client: Client, address: str, rows: int = ROWS) -> None:
        self._client, self._address, self._rows = client, address, rows

    def parts(self, rows: int) -> int:
        """As many as keep every worker busy, none too large."""
        threads: int = sum(self._client.nthreads().values())
        return max(min(threads, rows), -(-rows // self._rows), 1)

    def work_out(self, parts: Sequence[Known]) -> Iterator[Found]:
        """What follows from each part, in their order. Only few are on their way at a time. Raises `Refused`."""
        waiting = deque(parts)
        going: deque[Any] = deque()
        ahead = 2 * max(1, sum(self._client.nthreads().values()))
        try:
            while waiting or going:
                while waiting and len(going) < ahead:
                    going.append(self._submit(waiting.popleft()))
                yield unpack(self._result(going.popleft()))
        finally:
            for one in going:
                one.cancel()

    def check(self) -> None:
        """Raise `Refused` when there is no worker, or one that would not come to the same figures."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise Refused(
                f"the scheduler at {self._address} has no workers. Nothing was read or sent. Start some with "
                f"dask worker {self._address} --nthreads 1, or run without --workers."
            ) from None
        for worker, found in self._client.run(footing, on_error="return").items():
            if not isinstance(found, Footing):
                raise self._other(worker, f"cannot load this payflow ({found})")
            if found != footing():
                raise self._other(worker, f"has {footing().differences(found)}")

    def _other(self, worker: str, what: str) -> Refused:
        return Refused(
            f"the worker {worker} {what}. Install the same there, payflow-gate[dask]=={footing().payflow} and its libraries, "
            "or run without --workers."
        )

    def _submit(self, part: Known) -> Any:
        return self._client.submit(work_out_packed, pack(part), pure=False, retries=_TRIES)

    def _result(self, future: Any) -> bytes:
        try:
            result: bytes = future.result()
        except Exception as error:  # whatever a cluster may fail with, nothing was decided yet
            raise Refused(
                f"the workers of {self._address} could not finish ({type(error).__name__}: {error}). Nothing more was decided or "
                "sent; what was sent is in the journal. Run again, or run without --workers."
            ) from error
        return result


@contextmanager
def connect(address: str, rows: int = ROWS) -> Iterator[Cluster]:
    """The cluster at `tcp://host:port` or `tls://host:port`, checked. Raises `Refused`."""
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise Refused("--workers needs Dask. Install it: pip install 'payflow-gate[dask]'.") from None
    # what distributed logs of lost connections is said by a sentence
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # parts are large on purpose; a part has to survive its worker, so that it goes through the scheduler
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        try:
            client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise Refused(
                f"no Dask scheduler answers at {address} ({type(error).__name__}). Nothing was read or sent. Start one with "
                "dask scheduler, correct the address, such as tcp://127.0.0.1:8786, or run without --workers."
            ) from None
        with client:
            cluster = Cluster(client, address, rows)
            cluster.check()
            yield cluster
