"""Runs in processes of their own, forked from this one, that die as a rule says."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from typing import NamedTuple

from boundaries import Rule, arm

from payflow import nightly
from payflow.errors import StoreError
from payflow.store.address import ServerAddress, read_address
from stories.world import World

#: A run that takes longer hangs.
PATIENCE = 300.0
#: How a run ends that waited too long for another's transaction.
_GAVE_UP = 3


class Ended(NamedTuple):
    """How a run ended: killed, given up (another's transaction lasted too long, or the connection was cut), or through so
    many events and those places."""

    killed: bool = False
    gave_up: bool = False
    events: int = 0
    places: Sequence[str] = ()

    @property
    def whole(self) -> bool:
        """Whether it came to its end."""
        return not (self.killed or self.gave_up)


def run(world: World, rule: Rule) -> Ended:
    """One run. Raises `RuntimeError` when it ended in a way that no run should end in."""
    return _ended(*_start(world, rule))


def at_once(world: World, rules: Sequence[Rule]) -> list[Ended]:
    """Runs that begin at the same moment, none of which asks for the lock."""
    world.close()
    started = [_start(world, rule) for rule in rules]
    return [_ended(*one) for one in started]


def _start(world: World, rule: Rule) -> tuple[int, int]:
    """Begin a run; its process, and where it will say what it came through."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        # whatever happens here, the copy of the harness must not go on
        code = 1
        try:
            os.close(read_end)
            counter = arm(rule, lambda: _cut_off(world))
            nightly.run(world.store, world.workspace, now=world.now, pause=counter.come_to)
            os.write(write_end, json.dumps([counter.seen, counter.places]).encode())
            code = 0
        except StoreError:
            if not rule.cut:
                traceback.print_exc()
            code = _GAVE_UP
        except BaseException:  # noqa: BLE001  # told, and then the process ends
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write_end)
    return child, read_end


def _cut_off(world: World) -> None:
    """End this run's session at the server, as an administrator does, and see it gone."""
    import psycopg

    address = read_address(world.workspace.store_url, world.root)
    assert isinstance(address, ServerAddress)
    [[session]] = world.store.query("SELECT pg_backend_pid()")
    with psycopg.connect(address.conninfo, autocommit=True) as server:
        while server.execute(b"SELECT pg_terminate_backend(%s, 5000)", (session,)).fetchone() == (True,):
            time.sleep(0.01)


def _ended(child: int, read_end: int) -> Ended:
    with open(read_end, "rb") as report:
        told = report.read()
    word = _wait(child)
    if os.WIFSIGNALED(word) and os.WTERMSIG(word) in (signal.SIGKILL, signal.SIGALRM):
        return Ended(killed=True)
    if os.WIFEXITED(word) and os.WEXITSTATUS(word) == _GAVE_UP:
        return Ended(gave_up=True)
    if word:
        raise RuntimeError(f"a run ended with status {word:#x}, see above")
    events, places = json.loads(told)
    return Ended(events=events, places=places)


def _wait(child: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while True:
        done, word = os.waitpid(child, os.WNOHANG)
        if done:
            return word
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise RuntimeError(f"a run hung for {PATIENCE:.0f} seconds")
        time.sleep(0.002)
