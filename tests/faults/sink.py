"""A mail server in a process of its own that notes every message before it answers for it.

python sink.py FILE      prints its port; one line of hexadecimal digits per message in FILE
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Noting:
    """Writes a message down, and has it on the disk, before it says so."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        """Called once the final dot is there."""
        content = envelope.content
        assert isinstance(content, bytes)
        with self._file.open("a", encoding="ascii") as file:
            file.write(content.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return "250 noted"


async def serve(file: Path) -> None:
    """Serve on a free port of this machine until the process ends."""
    handler = Noting(file)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
