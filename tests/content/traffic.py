"""Everyday traffic to judge the library by: the project's own, and the real logs beside the checkout."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from shared_data import shared_data

from collectors.catalog import PARSERS, framing_of
from collectors.files.content import gunzipped
from collectors.files.reading import Splitter
from collectors.spec import hint_for
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.match import Matcher
from playbooks.scenes.city import demo_city
from playbooks.scenes.everyday import everyday
from streams.offline import detect
from streams.pipeline import Rooms
from yunshao.model.event import Event, Record, Rejected
from yunshao.model.finding import Observation

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FRIDAY_MS = 1_795_708_800_000
"""Midnight of a Friday in the city, which is at UTC+8: 27 November 2026."""
PER_HOUR = 2_000
"""The rate of a busy hour at which 100,000 lines fill working days, nights and a weekend."""
RECEIVED = 1_900_000_000_000


@dataclass(slots=True)
class Tally:
    """What a stretch of traffic amounted to: events and base matches by source and rule, alerts by rule and entity."""

    events: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    groups: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    rejected: int = 0

    @property
    def total(self) -> int:
        """How many events were read."""
        return sum(self.events.values())

    def per_100_000(self, count: int) -> float:
        """A count as a rate."""
        return count * 100_000 / self.total if self.total else 0.0

    def grouped(self) -> Counter[str]:
        """Alerts of each rule, several a day about one entity counted once."""
        return Counter({rule: len(seen) for rule, seen in self.groups.items()})


class Counting:
    """A detector that finds nothing, and counts the events and which rules match them."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._matches = Matcher(library().rules).matches

    @property
    def name(self) -> str:
        """`counting`."""
        return "counting"

    def observe(self, event: Event) -> Sequence[Observation]:
        """Nothing; the counts are the point."""
        self._tally.events[event.source] += 1
        self._tally.matches.update(rule.name for rule in self._matches(event))
        return ()


def judged(records: Iterable[Record | Rejected]) -> Tally:
    """The whole library over the records, in order."""
    tally = Tally()
    rooms = Rooms(PARSERS, [Counting(tally), SigmaDetector(library())], lambda _event, claim: claim)

    def reject(_: Rejected) -> None:
        tally.rejected += 1

    for alert in detect(rooms, records, reject):
        finding = alert.finding
        tally.alerts[finding.rule_name] += 1
        tally.groups.setdefault(finding.rule_name, set()).add((finding.entity, finding.time // DAY_MS))
    return tally


def own(count: int, since: int = FRIDAY_MS, per_hour: int = PER_HOUR) -> Iterator[Record]:
    """So many lines of the project's own everyday traffic, in the order of time."""
    lines = islice(everyday(demo_city(), "library", since, None, per_hour), count)
    for number, line in enumerate(lines, start=1):
        yield Record(line.source, line.raw, number, RECEIVED, "everyday")


def pack(source: str, name: str, part: str, *, only: str = "") -> Iterator[Record]:
    """The records of the files of a pack whose path holds `part`; of labelled rows those with the label `only`."""
    with tarfile.open(shared_data(name)) as archive:
        members = sorted((one for one in archive if one.isfile() and part in one.name), key=lambda one: one.name)
        for member in members:
            held = archive.extractfile(member)
            content = held.read() if held else b""
            if content[:2] == b"\x1f\x8b":
                content = b"".join(text for text in gunzipped([content]) if isinstance(text, bytes))
            splitter = Splitter(framing_of(source))
            for number, raw in enumerate([*splitter.feed(content), *splitter.close()], start=1):
                if isinstance(raw, bytes) and (not only or f'"label":"{only}"'.encode() in raw):
                    yield Record(source, raw, number, RECEIVED, hint_for(framing_of(source), member.name, RECEIVED))


def in_order(records: Iterable[Record]) -> list[Record]:
    """Records of several files in the order of their events' time, as a live stream would bring them."""
    timed = []
    for record in records:
        parser = PARSERS[record.source]
        timed.append((parser.identify(parser.decode(record.raw, record.hint)).time, record))
    return [record for _, record in sorted(timed, key=lambda each: each[0])]


def levels() -> dict[str, str]:
    """The level of each rule and correlation, by its name."""
    return {each.name: each.level for each in (*library().rules, *library().correlations)}


def table(title: str, tally: Tally, rows: int = 12) -> str:
    """The rules that match and alert most, as rates per 100,000 events."""
    grouped, level = tally.grouped(), levels()
    names = sorted({*tally.matches, *tally.alerts}, key=lambda name: (-grouped[name], -tally.matches[name], name))
    lines = [f"{title}: {tally.total:,} events; per 100,000: matches, alerts, alerts about different entities"]
    lines += [
        f"  {name:<36} {level[name]:<14} {tally.per_100_000(tally.matches[name]):>9,.1f}"
        f" {tally.per_100_000(tally.alerts[name]):>9,.1f} {tally.per_100_000(grouped[name]):>9,.1f}"
        for name in names[:rows]
    ]
    return "\n".join(lines)
