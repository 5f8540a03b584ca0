"""A few nights of a small studio, lived again and again with runs that are killed: what went out, twice or never?

    python tests/faults/kills.py --every 1 --random 500              all combinations of store and transport
    python tests/faults/kills.py --store sqlite --transport smtp     one of them
    python tests/faults/kills.py --write docs/reliability.md         and put the table there

A life is five nights (`lives.py`). In each a run is killed, at one boundary, at a place that it names or at random moments,
or its connection to PostgreSQL is cut, and it is started again until one comes to its end; in a crowd, eight runs begin at
once. What the servers beside it hold at the end is compared with a life in which nothing was killed (`tallies.py`).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import children  # noqa: E402  # beside it
from boundaries import Rule  # noqa: E402  # likewise
from lives import NIGHTS, TRANSPORTS, Living, Stage, live, staged  # noqa: E402  # likewise
from tallies import Tally, compare, with_table  # noqa: E402  # likewise

import servers  # noqa: E402  # found above this file
from stores import KINDS  # noqa: E402  # likewise
from stories.world import World  # noqa: E402  # likewise

#: Runs that begin at the same moment.
CROWD = 8


def killed_at(rules: Callable[[int], Rule], tally: Tally) -> Living:
    """Nights of runs one after the other; `rules(attempt)` says where one dies."""

    def through(world: World, _night: int) -> children.Ended:
        attempt = 0
        while True:
            ended = children.run(world, rules(attempt))
            tally.runs += 1
            tally.kills += ended.killed
            tally.cuts += ended.gave_up
            if ended.whole:
                return ended
            attempt += 1

    return through


def crowded(count: int, chance: random.Random, tally: Tally) -> Living:
    """Nights of so many runs at the same time, some of them killed, and a last one that is left alone."""

    def through(world: World, _night: int) -> children.Ended:
        dying = [Rule(after=chance.uniform(0.01, 0.5)) for _ in range(count // 4)]
        ended = children.at_once(world, [*dying, *[Rule()] * (count - len(dying))])
        tally.kills += sum(one.killed for one in ended)
        tally.runs += count + 1
        return children.run(world, Rule())

    return through


def campaign(stage: Stage, options: argparse.Namespace) -> Tally:
    """All lives of one stage: kills at boundaries, at the places that runs name, at random moments, and crowds of runs."""
    tally = Tally()
    _warm_up(stage)
    plain = live(stage, killed_at(lambda _attempt: Rule(), Tally()))
    tally.places = sorted({place for run in plain.runs for place in run.places})

    def at(rule: Rule, where: str) -> None:
        living = killed_at(lambda attempt: rule if attempt == 0 else Rule(), tally)
        compare(live(stage, living), plain, tally, where)

    most = max(run.events for run in plain.runs)
    for event in range(1 + options.offset % options.every, most + 1, options.every):
        at(Rule(event=event), f"killed at event {event}")
    places = tally.places[options.offset % options.places :: options.places] if options.places else []
    for place in places:
        at(Rule(place=place), f"killed at {place!r}")
    for place in places[:: options.cuts] if stage.cuts and options.cuts else ():
        at(Rule(place=place, cut=True), f"cut off at {place!r}")
    for number in range(options.random):
        chance = random.Random(f"{options.seed}-{number}")

        def at_random(attempt: int, chance: random.Random = chance) -> Rule:
            return Rule(after=chance.uniform(0.001, 0.3)) if attempt < 3 else Rule()

        end = live(stage, killed_at(at_random, tally))
        compare(end, plain, tally, f"killed at random, seed {options.seed}-{number}")
    for number in range(options.crowds):
        chance = random.Random(f"{options.seed}-crowd-{number}")
        end = live(stage, crowded(CROWD, chance, tally))
        compare(end, plain, tally, f"in a crowd, seed {options.seed}-crowd-{number}")
    return tally


def _warm_up(stage: Stage) -> None:
    """Load all that a run needs, once, so that no child has to."""
    world = stage.world()
    world.begin()
    for number, night in enumerate(NIGHTS[:2]):
        stage.come(world, night, number)
        world.run()
    world.close()
    shutil.rmtree(world.root)


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 when nothing went out twice, was lost or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=KINDS, action="append")
    parser.add_argument("--transport", choices=TRANSPORTS, action="append")
    parser.add_argument("--every", type=int, default=30, metavar="N", help="kill at every Nth boundary")
    parser.add_argument("--offset", type=int, default=0, metavar="N", help="begin with another boundary")
    parser.add_argument("--places", type=int, default=1, metavar="N", help="kill at every Nth place that runs name")
    parser.add_argument("--cuts", type=int, default=3, metavar="N", help="cut connections at every Nth of those places")
    parser.add_argument("--random", type=int, default=3, metavar="N", help="lives with kills at random moments")
    parser.add_argument("--crowds", type=int, default=1, metavar="N", help=f"lives with {CROWD} runs at the same time")
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
        options.write.write_text(with_table(options.write.read_text("utf-8"), tallies), "utf-8")
    if options.json:
        print(json.dumps([{"store": s, "transport": t, **tally.plain()} for (s, t), tally in tallies.items()]))
    return int(any(tally.wrong for tally in tallies.values()))


def _campaigns(options: argparse.Namespace) -> dict[tuple[str, str], Tally]:
    tallies = {}
    for store, transport in product(options.store or KINDS, options.transport or TRANSPORTS):
        with (
            tempfile.TemporaryDirectory(prefix="payflow-kills-") as folder,
            staged(store, transport, Path(folder)) as stage,
        ):
            tally = campaign(stage, options)
        tallies[store, transport] = tally
        if not options.json:
            print(store, transport, tally, flush=True)
    return tallies


if __name__ == "__main__":
    sys.exit(main())
