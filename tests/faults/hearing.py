"""A receiver of hooks in a process of its own that notes every event before it answers for it.

python hearing.py FILE      prints its port; one JSON object per try in FILE

The first try of an event about Birch is noted and refused, so that it has to come again.
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

#: Of this project's events the first try is refused.
DEAF_TO = "birch-site"
HEADERS = ("Payflow-Id", "Payflow-Timestamp", "Payflow-Signature")


class _Handler(BaseHTTPRequestHandler):
    file = Path()

    def do_POST(self) -> None:
        """Note it, have it on the disk, answer."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        known = {json.loads(line)["Payflow-Id"] for line in self.file.read_text("utf-8").splitlines()}
        verdict = json.loads(body)["verdict"] or {}
        deaf = verdict.get("project") == DEAF_TO and self.headers["Payflow-Id"] not in known
        with self.file.open("a", encoding="utf-8") as out:
            noted = {name: self.headers[name] for name in HEADERS}
            out.write(json.dumps({**noted, "body": body, "taken": not deaf}) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self.send_response(503 if deaf else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Not a word on the terminal."""


def serve(file: Path) -> None:
    """Serve on a free port of this machine until the process ends."""
    _Handler.file = file
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
