"""Five nights of a small studio, lived with real servers beside it: what goes out, and how a life ends.

Acme and Birch are billed through a service that charges are posted to and that can be asked again (`desk.py`), Cedar and Dune by
exports. A hook hears of verdicts and of what needs a person (`hearing.py`); mail leaves by a folder or by SMTP (`sink.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, NamedTuple

import children
from boundaries import Rule
from desk import FarTill, ask

from payflow import connector, workspace
from payflow.model.agreement import Workspace
from payflow.report.as_json import status
from payflow.store import effects, open_store
from payflow.sync import begin, configured
from stores import url_of
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import BOOKS, Row, contract, invoice, paid, settings
from stories.world import World

HERE = Path(__file__).parent
CLIENTS = {"acme": "Acme Ltd", "birch": "Birch & Co", "cedar": "Cedar GmbH", "dune": "Dune Ltd"}
AT_THE_DESK = ("acme", "birch")
DEPOSITS = {
    "acme": ("3000.00", "INV-0012"),
    "birch": ("1200.00", "INV-0013"),
    "cedar": ("800.50", "INV-0014"),
    "dune": ("640.00", "INV-0016"),
}
FOLDER = 'transport = "folder"\nfolder = "outbox"\n'
SMTP = 'transport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
SECRET = "s3cret-of-the-tracker"
HOOK = (
    '[[hook]]\nname = "tracker"\nurl = "http://127.0.0.1:{port}/"\nsecret = "env:HOOK_SECRET"\nallow_private = true\n'
)


class Night(NamedTuple):
    """A moment, and what the books say then.

    `paid` are numbers of invoices that are paid, `more` rows beside the usual ones, `saved` an export that is older than the
    night on which it arrives, `moves` what the service tells of money.
    """

    moment: str
    paid: Sequence[str] = ()
    more: Sequence[Row] = ()
    saved: str = ""
    moves: Sequence[Mapping[str, Any]] = ()


_LATE = move("py_1", "in_INV-0012", 300000, "2026-11-10", client="acme")
_BIRCH = move("py_2", "in_INV-0013", 120000, "2026-11-16", client="birch")
_BACK = move("re_1", "in_INV-0012", -300000, "2026-11-16", kind="refund", client="acme")
_NEW = invoice("INV-0020", "99.95", client="Cedar GmbH", issued="2026-11-01", due="2026-11-16")

NIGHTS = (
    # reminders to all
    Night("2026-11-05 09:30"),
    # Cedar paid, which opens its gate; the others get the late fee, which is posted where it can be
    Night("2026-11-11 09:30", ["INV-0014"]),
    # nothing new: what was not posted yet is
    Night("2026-11-12 09:30", ["INV-0014"]),
    # Acme and Dune had paid before their fee, which goes back; Dune's export of the 10th arrives only now
    Night("2026-11-13 10:30", ["INV-0012", "INV-0014", "INV-0016"], (), "2026-11-10 18:00", [_LATE]),
    # Birch pays one of two, Acme's money is refunded, which shuts its gate again; a new invoice of Cedar's is overdue
    Night(
        "2026-11-17 09:30",
        ["INV-0012", "INV-0013", "INV-0014", "INV-0016"],
        [_NEW],
        moves=[_LATE, _BIRCH, _BACK],
    ),
)
#: The next clean run: long enough after the last night that everything which was tried and refused is due again.
AFTER = "2026-11-17 16:30"


class Effect(NamedTuple):
    """An e-mail that someone has, of one day."""

    to: str
    subject: str
    day: str


class Heard(NamedTuple):
    """A hook's event that its receiver took, under its id: all that it says but its id and its moment."""

    key: str
    event: str
    text: str


class Deed(NamedTuple):
    """What the service made: a charge, or one taken back."""

    deed: str
    tag: str
    amount: int
    number: str


@dataclass(frozen=True, slots=True)
class End:
    """How a life ended: what went out, and what the store says of it."""

    mails: list[Effect]
    deeds: list[Deed]
    heard: list[Heard]
    #: tries at the hook, and calls to the service
    tries: int
    calls: int
    unsure: list[tuple[str, str]]
    #: references of charges that the journal claims on invoices of the service
    claimed: list[str]
    state: dict[str, Any]
    faults: list[str]
    #: each night's last run, which came to its end
    runs: list[children.Ended]


class _Studio(World):
    """A world whose secrets are those of its hook."""

    @property
    def workspace(self) -> Workspace:
        """The workspace as it stands in the files now."""
        return workspace.load(self.root, {"HOOK_SECRET": SECRET}).workspace


@dataclass(slots=True)
class Stage:
    """Where lives are lived: one store, one transport, and servers. `fresh_url` gives the address of an empty store each time."""

    folder: Path
    transport: str
    fresh_url: Callable[[], str]
    ports: dict[str, int]
    #: whether a run can be cut off from its store
    cuts: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    lived: int = 0

    def __post_init__(self) -> None:
        self.ledger.till = FarTill(port=self.ports["desk"])
        self.ledger.askable = True
        known = {**connector.discover(), self.ledger.name: self.ledger}
        connector.discover = configured.discover = lambda: known  # type: ignore[assignment]  # for all runs of this process

    @property
    def sunk(self) -> Path:
        """What the mail server got."""
        return self.folder / "sunk.txt"

    @property
    def heard(self) -> Path:
        """What the receiver of hooks got."""
        return self.folder / "heard.txt"

    def world(self) -> World:
        """A new workspace with an empty store, on a day when everything is billed and nothing is due."""
        self.lived += 1
        self.sunk.write_bytes(b"")
        self.heard.write_bytes(b"")
        ask(self.ports["desk"], do="begin")
        sources = f"{LEDGER}post_charges = true\n\n{BOOKS}\n{HOOK.format(port=self.ports['hearing'])}"
        toml = f'[store]\nurl = "{self.fresh_url()}"\n\n' + settings(sources=sources.replace('"books"', '"desk"', 1))
        if self.transport == "smtp":
            toml = toml.replace(FOLDER, SMTP.format(port=self.ports["sink"]))
        contracts = {
            slug: contract(
                f"{slug}-site",
                name,
                milestones={"deposit": (DEPOSITS[slug][0], [DEPOSITS[slug][1]])},
                email=f"accounts@{slug}.example",
                more='covers = "client"',
            )
            for slug, name in CLIENTS.items()
        }
        world = _Studio(self.folder / f"life-{self.lived}", toml=toml, **contracts)
        self.come(world, Night("2026-10-20 09:30"), 0)
        return world

    def come(self, world: World, night: Night, number: int) -> None:
        """Let it be that night, and the books say what they say then."""
        world.on(night.moment)
        debts = {**DEPOSITS, "birch, too": ("450.00", "INV-0015")}
        rows, billed = [*night.more], []
        for who, (total, invoice_number) in debts.items():
            slug = who.partition(",")[0]
            done = invoice_number in night.paid
            if slug in AT_THE_DESK:
                billed.append(
                    debt(
                        f"in_{invoice_number}",
                        round(float(total) * 100),
                        number=invoice_number,
                        client=slug,
                        status="paid" if done else "",
                    )
                )
            else:
                rows.append((paid if done else invoice)(invoice_number, total, client=CLIENTS[slug]))
        world.books(*rows, name=f"{number}.csv", at=night.saved.replace(" ", "T") or None)
        people = [
            {"key": slug, "name": CLIENTS[slug], "email": "", "language": "", "country": ""} for slug in AT_THE_DESK
        ]
        # what was pulled is an hour old, so that each run asks the service once more before it writes to anyone
        self.ledger.says(world.now - timedelta(hours=1), billed, night.moves, source="desk", clients=people)
        self.ledger.now_says = (billed, night.moves)

    def mails(self, world: World) -> list[Effect]:
        """The e-mails that went out."""
        if self.transport == "folder":
            return [_effect(path.read_bytes()) for path in sorted((world.root / "outbox" / "new").glob("*.eml"))]
        return [_effect(bytes.fromhex(line)) for line in self.sunk.read_text("ascii").splitlines()]

    def tries(self) -> list[dict[str, Any]]:
        """Every try at the hook."""
        return [json.loads(line) for line in self.heard.read_text("utf-8").splitlines()]


def _effect(content: bytes) -> Effect:
    message = message_from_bytes(content, policy=policy.default)
    [address] = message["To"].addresses
    return Effect(address.addr_spec, str(message["Subject"]), message["Date"].datetime.date().isoformat())


#: Lives through a night and returns how the run ended that came to its end.
Living = Callable[[World, int], children.Ended]


def live(stage: Stage, through: Living) -> End:
    """One life, night by night."""
    world = stage.world()
    with open_store(world.workspace.store_url, world.root, create=True) as store:
        # the references of charges follow from the store's name
        begin(store, world.now, "a studio")
    world.begin()
    runs = []
    for number, night in enumerate(NIGHTS):
        stage.come(world, night, number)
        world.close()
        runs.append(through(world, number))
    stage.come(world, NIGHTS[-1]._replace(moment=AFTER), len(NIGHTS))
    world.close()
    children.run(world, Rule())
    end = _end(stage, world, runs)
    world.close()
    shutil.rmtree(world.root)
    return end


def _end(stage: Stage, world: World, runs: list[children.Ended]) -> End:
    tries, told = stage.tries(), ask(stage.ports["desk"], do="tell")
    taken = {one["Payflow-Id"]: one for one in tries if one["taken"]}
    at_the_desk = {one.id for one in world.decision().invoices if one.source == "desk"}
    return End(
        mails=stage.mails(world),
        deeds=[Deed(*one) for one in told["made"]],
        heard=[_heard(one) for one in taken.values()],
        tries=len(tries),
        calls=told["calls"],
        unsure=_unsure(world),
        claimed=[str(charge["ref"]) for charge in world.charges() if charge["invoice"] in at_the_desk],
        state=_state(world),
        faults=[*world.verify(), *_misheard(tries, taken), *_waiting(world), *_last_words(world, taken)],
        runs=runs,
    )


def _heard(tried: Mapping[str, Any]) -> Heard:
    body = json.loads(tried["body"])
    said = {name: value for name, value in body.items() if name not in ("id", "at")}
    return Heard(tried["Payflow-Id"], body["event"], json.dumps(said, sort_keys=True))


def _misheard(tries: Sequence[Mapping[str, Any]], taken: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Events whose signature is not ours, and tries of one event that do not say the same."""
    for one in tries:
        text = f"{one['Payflow-Timestamp']}.{one['Payflow-Id']}.{one['body']}"
        wanted = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if one["Payflow-Signature"] != f"v1={wanted}":
            yield f"event {one['Payflow-Id']} is not signed as it should be"
        if one["body"] != taken.get(one["Payflow-Id"], one)["body"]:
            yield f"event {one['Payflow-Id']} did not always say the same"


def _waiting(world: World) -> Iterator[str]:
    """Effects that did not come to their end."""
    for kind in ("charge", "hook"):
        for row in effects.effects(world.store, kind):
            if row.state not in (effects.EffectState.DONE, effects.EffectState.DROPPED):
                yield f"{kind} {row.key} is still {row.state.value}: {row.detail}"


def _last_words(world: World, taken: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Phases of which the receiver was told something else last than what stands."""
    stands = {(project.project, one.phase): one.word for project in world.decision().projects for one in project.phases}
    said = {}
    for one in taken.values():
        verdict = json.loads(one["body"])["verdict"]
        if verdict:
            said[verdict["project"], verdict["phase"]] = verdict["verdict"]
    for phase, word in said.items():
        if stands[phase] != word:
            yield f"the receiver believes that {phase} is {word}"


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
        "effects": sorted(
            (row.key, row.state.value)
            for kind in ("charge", "hook")
            for row in effects.effects(world.store, kind)
            if kind == "charge" or row.body["event"] == "verdict"
        ),
    }


TRANSPORTS = ("folder", "smtp")


@contextmanager
def staged(store: str, transport: str, folder: Path) -> Iterator[Stage]:
    """A stage with its servers running."""
    for file in ("sunk.txt", "heard.txt"):
        (folder / file).touch()
    servers = {"sink": ["sink.py", folder / "sunk.txt"], "hearing": ["hearing.py", folder / "heard.txt"]}
    with ExitStack() as stack:
        ports = {}
        for name, words in {**servers, "desk": ["desk.py"]}.items():
            command = [sys.executable, str(HERE / str(words[0])), *map(str, words[1:])]
            server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(server.terminate)
            assert server.stdout is not None
            ports[name] = int(server.stdout.readline())
        yield Stage(folder, transport, lambda: url_of(store), ports, cuts=store == "postgresql")
