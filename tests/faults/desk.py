"""A service that charges are posted to, in a process of its own: the till of the stories behind a port.

python desk.py      prints its port; answers one JSON object per connection with another

It keeps what it made for as long as it runs, answers by idempotency key, and lists what it made half an hour late. Some of its
first calls go wrong: one does its work and keeps an error under the key, one is refused for now.
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1])]

from msgspec.structs import asdict

from payflow.connector import ChargeOrder, DeliveryError
from stories.till import ServerError, Till

#: What the first calls about an invoice do.
HABITS = {("post", "INV-0015"): ["500!"], ("reverse", "INV-0012"): ["busy"]}
LAG = timedelta(minutes=30)


class _Handler(StreamRequestHandler):
    till = Till()
    habits: dict[tuple[str, str], list[str]] = {}  # noqa: RUF012  # of the whole server, begun anew for each life

    def handle(self) -> None:
        self.wfile.write(json.dumps(self._answer(json.loads(self.rfile.readline()))).encode() + b"\n")

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        kind, till = type(self), self.till
        if asked["do"] == "begin":
            kind.till = Till(lag=LAG)
            kind.habits = {place: list(several) for place, several in HABITS.items()}
            return {}
        if asked["do"] == "tell":
            made = [[one.deed, one.order.tag, one.order.amount, one.order.number] for one in till.made]
            return {"made": made, "calls": len(till.calls)}
        till.now = datetime.fromisoformat(asked["now"])
        order = ChargeOrder(**asked["order"])
        if asked["do"] == "find":
            return {"made": till.find(order)}
        wrong = self.habits.get((asked["do"], order.number))
        till.habits = [wrong.pop(0)] if wrong else []
        try:
            return {"made": till.make(asked["do"], order, asked["key"])}
        except DeliveryError as error:
            return {"refused": str(error), "permanent": error.permanent}
        except ServerError:
            return {"failed": "500"}


@dataclass
class FarTill(Till):
    """The till in its process, seen from the connector."""

    port: int = 0

    def make(self, deed: str, order: ChargeOrder, key: str) -> str:
        """One call under a key."""
        answer = self._ask(deed, order, key=key)
        if "refused" in answer:
            raise DeliveryError(answer["refused"], permanent=answer["permanent"])
        if "failed" in answer:
            raise ServerError(answer["failed"])
        return str(answer["made"])

    def find(self, order: ChargeOrder) -> str:
        """What bears the tag."""
        return str(self._ask("find", order)["made"])

    def _ask(self, deed: str, order: ChargeOrder, **more: str) -> dict[str, Any]:
        return ask(self.port, do=deed, order=asdict(order), now=self.now.isoformat(), **more)


def ask(port: int, **words: Any) -> dict[str, Any]:
    """One question to the service, and its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(json.dumps(words).encode() + b"\n")
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = json.loads(stream.readline())
    return answer


if __name__ == "__main__":
    with TCPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
