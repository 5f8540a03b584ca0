"""A few nights of a small studio, lived again and again with runs that are killed: what went out, twice or never?

    python tests/faults/kills.py --every 1 --random 500              all combinations of store and transport
    python tests/faults/kills.py --store sqlite --transport smtp     one of them
    python tests/faults/kills.py --write docs/reliability.md         and put the table there

A life is four nights. In each a run is killed, at one boundary or at random moments, and started again until one comes to its
end; in a crowd, eight runs begin at once. What the mail server and the outbox folder hold at the end is compared with a life in
which nothing was killed:

double   an e-mail that went to someone twice
loss     an e-mail that never went out, to someone of whose messages none is `unsure`
fault    a journal that does not verify, or a board, notices or charges that differ from the life in which nothing was killed
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from boundaries import Rule, arm  # noqa: E402  # beside it

import servers  # noqa: E402  # found above this file
from payflow.errors import StoreError  # noqa: E402  # likewise
from payflow.report.as_json import status  # noqa: E402  # after the path above
from payflow.store import open_store  # noqa: E402  # likewise
from payflow.sync import begin  # noqa: E402  # likewise
from stores import KINDS, url_of  # noqa: E402  # likewise
from stories.world import Row, World, contract, invoice, paid, settings  # noqa: E402  # likewise

CLIENTS = {"acme": "Acme Ltd", "birch": "Birch & Co", "cedar": "Cedar GmbH"}
FOLDER = 'transport = "folder"\nfolder = "outbox"\n'
SMTP = 'transport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
OWNER = "billing@studio-north.example"
#: A run that takes longer hangs.
PATIENCE = 300.0
#: How a run ends that waited too long for another's transaction.
GAVE_UP = 3
#: Runs that begin at the same moment.
CROWD = 8


class Night(NamedTuple):
    """A moment, and what the books show then; `saved`: an export that is older than the night on which it arrives."""

    moment: str
    rows: Sequence[Row]
    saved: str = ""


def _debts(*paid_for: str) -> list[Row]:
    one = {
        "INV-0012": ("3000.00", "Acme Ltd"),
        "INV-0013": ("1200.00", "Birch & Co"),
        "INV-0014": ("800.50", "Cedar GmbH"),
        "INV-0015": ("450.00", "Birch & Co"),
    }
    return [
        (paid if number in paid_for else invoice)(number, total, client=client)
        for number, (total, client) in one.items()
    ]


NIGHTS = (
    # reminders to all
    Night("2026-11-05 09:30", _debts()),
    # Cedar paid, which opens its gate; the others get the late fee
    Night("2026-11-11 09:30", _debts("INV-0014")),
    # an export of the 10th arrives late: Acme had paid before its fee, which goes back
    Night("2026-11-13 10:30", _debts("INV-0012", "INV-0014"), "2026-11-10 18:00"),
    # Birch pays one of two; a new invoice of Cedar's is overdue
    Night(
        "2026-11-17 09:30",
        [
            *_debts("INV-0012", "INV-0013", "INV-0014"),
            invoice("INV-0020", "99.95", client="Cedar GmbH", issued="2026-11-01", due="2026-11-16"),
        ],
    ),
)


@dataclass(slots=True)
class Tally:
    """What came of lives."""

    lives: int = 0
    kills: int = 0
    runs: int = 0
    effects: int = 0
    unsure: int = 0
    doubles: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another tally."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Effect(NamedTuple):
    """An e-mail that someone has, of one day."""

    to: str
    subject: str
    day: str


@dataclass(frozen=True, slots=True)
class End:
    """How a life ended: what went out, and what the store says of it."""

    effects: list[Effect]
    unsure: list[tuple[str, str]]
    state: dict[str, Any]
    faults: list[str]
    #: events of each night's last run, which came to its end
    events: list[int]


@dataclass(slots=True)
class Stage:
    """Where lives are lived: one store and one transport. `fresh_url` gives the address of an empty store each time."""

    folder: Path
    transport: str
    fresh_url: Callable[[], str]
    port: int = 0
    sunk: Path = Path()
    lived: int = 0

    def world(self) -> World:
        """A new workspace with an empty store."""
        self.lived += 1
        root = self.folder / f"life-{self.lived}"
        self.sunk.write_bytes(b"")
        toml = settings() + f'\n[store]\nurl = "{self.fresh_url()}"\n'
        if self.transport == "smtp":
            toml = toml.replace(FOLDER, SMTP.format(port=self.port))
        contracts = {
            slug: contract(
                f"{slug}-site",
                name,
                milestones={"deposit": (amount, [number])},
                email=f"accounts@{slug}.example",
            )
            for (slug, name), (amount, number) in zip(
                CLIENTS.items(),
                [("3000.00", "INV-0012"), ("1200.00", "INV-0013"), ("800.50", "INV-0014")],
                strict=True,
            )
        }
        return World(root, toml=toml, **contracts)

    def effects(self, world: World) -> list[Effect]:
        """What went out."""
        if self.transport == "folder":
            return [_effect(path.read_bytes()) for path in sorted((world.root / "outbox" / "new").glob("*.eml"))]
        return [_effect(bytes.fromhex(line)) for line in self.sunk.read_text("ascii").splitlines()]


def _effect(content: bytes) -> Effect:
    message = message_from_bytes(content, policy=policy.default)
    [address] = message["To"].addresses
    return Effect(address.addr_spec, str(message["Subject"]), message["Date"].datetime.date().isoformat())


#: Lives through a night and returns the events of the run that came to its end.
Living = Callable[[World, int, Tally], int]


def killed_at(rules: Callable[[int, int], Rule]) -> Living:
    """Nights of runs one after the other; `rules(night, attempt)` says where one dies."""

    def through(world: World, night: int, tally: Tally) -> int:
        attempt, seen = 0, 0
        while seen <= 0:
            seen = _run(world, rules(night, attempt))
            tally.runs += 1
            tally.kills += not seen
            attempt += 1
        return seen

    return through


def crowded(count: int, chance: random.Random) -> Living:
    """Nights of so many runs at the same time, some of them killed, and a last one that is left alone."""

    def through(world: World, night: int, tally: Tally) -> int:
        dying = [Rule(after=chance.uniform(0.01, 0.5)) for _ in range(count // 4)]
        tally.kills += _at_once(world, [*dying, *[Rule()] * (count - len(dying))])
        tally.runs += count + 1
        return _run(world, Rule())

    return through


def live(stage: Stage, through: Living, tally: Tally) -> End:
    """One life, night by night."""
    world = stage.world()
    world.on("2026-10-20").books(*_debts())
    with open_store(world.workspace.store_url, world.root, create=True) as store:
        # the references of charges follow from the store's name
        begin(store, world.now, "a studio")
    world.begin()
    events = []
    for number, night in enumerate(NIGHTS):
        world.on(night.moment).books(*night.rows, name=f"{number}.csv", at=night.saved.replace(" ", "T") or None)
        world.close()
        events.append(through(world, number, tally))
    # the next clean run
    _run(world.on("2026-11-17 10:30"), Rule())
    end = End(stage.effects(world), _unsure(world), _state(world), world.verify(), events)
    tally.lives += 1
    tally.effects += len(end.effects)
    tally.unsure += len(end.unsure)
    world.close()
    shutil.rmtree(world.root)
    return end


def _run(world: World, rule: Rule) -> int:
    """One run in a process of its own. How many events it came through, 0 if it was killed, -1 if it gave up.

    Raises `RuntimeError` when it ended in another way.
    """
    return _ended(*_start(world, rule))


def _at_once(world: World, rules: Sequence[Rule]) -> int:
    """Runs that begin at the same moment, none of which asks for the lock. How many were killed."""
    world.close()
    started = [_start(world, rule) for rule in rules]
    return [_ended(*one) for one in started].count(0)


def _start(world: World, rule: Rule) -> tuple[int, int]:
    """Begin a run; its process, and where it will say how many events it came through."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        # whatever happens here, the copy of the harness must not go on
        code = 1
        try:
            os.close(read_end)
            counter = arm(rule)
            world.run()
            os.write(write_end, b"%d" % max(counter.seen, 1))
            code = 0
        except StoreError:
            traceback.print_exc()
            code = GAVE_UP
        except BaseException:  # noqa: BLE001  # told, and then the process ends
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write_end)
    return child, read_end


def _ended(child: int, read_end: int) -> int:
    with open(read_end, "rb") as report:
        seen = report.read()
    status_word = _wait(child)
    if os.WIFSIGNALED(status_word) and os.WTERMSIG(status_word) in (signal.SIGKILL, signal.SIGALRM):
        return 0
    if os.WIFEXITED(status_word) and os.WEXITSTATUS(status_word) == GAVE_UP:
        return -1
    if status_word:
        raise RuntimeError(f"a run ended with status {status_word:#x}, see above")
    return int(seen)


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


def _unsure(world: World) -> list[tuple[str, str]]:
    """(address, day) of messages of which nobody knows whether they arrived."""
    return [
        (", ".join(entry.body["to"]), entry.body["day"])
        for entry in world.journal("outcome")
        if entry.body["outcome"] == "unsure"
    ]


def _state(world: World) -> dict[str, Any]:
    """What must not depend on what was killed: the board, the notices, the charges and what became of them."""
    board = status(world.decision())
    for source in board["sources"]:
        source.pop("synced_at", None)
    return {
        "board": board,
        "notices": sorted(world.notices()),
        "charges": sorted(world.charges(), key=lambda charge: str(charge["ref"])),
        "reversed": sorted(entry.body["ref"] for entry in world.journal("charge-reversed")),
    }


def compare(end: End, plain: End, tally: Tally, where: str) -> None:
    """Hold a life against the one in which nothing was killed."""
    got, wanted = Counter(end.effects), Counter(plain.effects)
    tally.doubles += [f"{where}: {effect}" for effect, count in got.items() if count > 1]
    tally.faults += [f"{where}: {fault}" for fault in end.faults]
    if end.unsure:
        # what follows from a notice that may not have arrived (no fee, a word to the owner) differs as it should
        excused = {address for address, _ in end.unsure}
        tally.losses += [
            f"{where}: {effect}" for effect in wanted - got if effect.to not in excused and effect.to != OWNER
        ]
        return
    tally.losses += [f"{where}: {effect}" for effect in wanted - got]
    tally.faults += [f"{where}: more than was wanted: {effect}" for effect in got - wanted if got[effect] == 1]
    for name, value in end.state.items():
        if value != plain.state[name]:
            tally.faults.append(f"{where}: {name} differs: {_difference(value, plain.state[name])}")


def _difference(left: Any, right: Any) -> str:
    one, other = json.dumps(left, sort_keys=True, default=str), json.dumps(right, sort_keys=True, default=str)
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"...{one[max(0, at - 60) : at + 60]} instead of ...{other[max(0, at - 60) : at + 60]}"


def campaign(stage: Stage, every: int, offset: int, rounds: int, crowds: int, seed: int) -> Tally:
    """All lives of one stage: a kill at every boundary (or every so many), kills at random moments, and crowds of runs."""
    tally = Tally()
    _warm_up(stage)
    plain = live(stage, killed_at(lambda _night, _attempt: Rule()), Tally())
    for event in range(1 + offset % every, max(plain.events) + 1, every):

        def at_event(_night: int, attempt: int, event: int = event) -> Rule:
            return Rule(event=event) if attempt == 0 else Rule()

        compare(live(stage, killed_at(at_event), tally), plain, tally, f"killed at event {event}")
    for number in range(rounds):
        chance = random.Random(f"{seed}-{number}")

        def at_random(_night: int, attempt: int, chance: random.Random = chance) -> Rule:
            return Rule(after=chance.uniform(0.001, 0.2)) if attempt < 3 else Rule()

        compare(live(stage, killed_at(at_random), tally), plain, tally, f"killed at random, seed {seed}-{number}")
    for number in range(crowds):
        chance = random.Random(f"{seed}-crowd-{number}")
        compare(live(stage, crowded(CROWD, chance), tally), plain, tally, f"in a crowd, seed {seed}-crowd-{number}")
    return tally


def _warm_up(stage: Stage) -> None:
    """Load all that a run needs, once, so that no child has to."""
    world = stage.world()
    world.on("2026-10-20").books(*_debts()).begin()
    world.run(NIGHTS[0].moment)
    world.close()
    shutil.rmtree(world.root)


@contextmanager
def staged(store: str, transport: str, folder: Path) -> Iterator[Stage]:
    """A stage with its servers running."""
    sunk = folder / "sunk.txt"
    sunk.touch()
    stage = Stage(folder, transport, lambda: url_of(store), sunk=sunk)
    if transport == "folder":
        yield stage
        return
    words = [sys.executable, str(HERE / "sink.py"), str(sunk)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            stage.port = int(server.stdout.readline())
            yield stage
        finally:
            server.terminate()


TRANSPORTS = ("folder", "smtp")


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 when nothing went out twice, was lost or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=KINDS, action="append")
    parser.add_argument("--transport", choices=TRANSPORTS, action="append")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="kill at every Nth boundary")
    parser.add_argument("--offset", type=int, default=0, metavar="N", help="begin with another boundary")
    parser.add_argument("--random", type=int, default=20, metavar="N", help="lives with kills at random moments")
    parser.add_argument("--crowds", type=int, default=2, metavar="N", help=f"lives with {CROWD} runs at the same time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between its marks in this page")
    options = parser.parse_args(words)
    servers.begin_session()
    try:
        tallies = _campaigns(options)
    finally:
        servers.end_session()
    if options.write:
        options.write.write_text(_with_table(options.write.read_text("utf-8"), tallies), "utf-8")
    if options.json:
        print(json.dumps([{"store": s, "transport": t, **_plain(tally)} for (s, t), tally in tallies.items()]))
    return int(any(tally.doubles or tally.losses or tally.faults for tally in tallies.values()))


def _campaigns(options: argparse.Namespace) -> dict[tuple[str, str], Tally]:
    tallies = {}
    for store, transport in product(options.store or KINDS, options.transport or TRANSPORTS):
        with (
            tempfile.TemporaryDirectory(prefix="payflow-kills-") as folder,
            staged(store, transport, Path(folder)) as stage,
        ):
            tally = campaign(stage, options.every, options.offset, options.random, options.crowds, options.seed)
        tallies[store, transport] = tally
        if not options.json:
            print(store, transport, tally, flush=True)
    return tallies


MARKS = ("<!-- kills -->", "<!-- end of kills -->")


def _with_table(page: str, tallies: Mapping[tuple[str, str], Tally]) -> str:
    """The page with the table of a campaign between its marks."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    head = ["store", "mail", "lives", "runs", "kills", "e-mails", "unsure", "doubles", "losses", "other faults"]
    rows = [head, ["---"] * 2 + ["---:"] * (len(head) - 2)]
    for (store, transport), tally in tallies.items():
        counts = [tally.lives, tally.runs, tally.kills, tally.effects, tally.unsure]
        counts += [len(tally.doubles), len(tally.losses), len(tally.faults)]
        rows.append([store, transport, *(f"{count:,}" for count in counts)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}"


def _plain(tally: Tally) -> dict[str, Any]:
    return {name: getattr(tally, name) for name in Tally.__slots__}


if __name__ == "__main__":
    sys.exit(main())
