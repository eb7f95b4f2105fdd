"""What the demo plays: two weeks that were, and a life that goes on."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import count

import orjson

from playbooks.scenes.city import City
from playbooks.scenes.everyday import HOUR_MS, everyday
from playbooks.scenes.line import Line, Pen
from playbooks.scenes.stories import STORIES
from playbooks.scenes.telling import story

DAY_MS = 24 * HOUR_MS
HISTORY_PER_HOUR = 180
LIVE_PER_HOUR = 60_000
STORY_EVERY_MS = 75_000
FOLDERS = {
    "k8s.audit": "k8s.audit/audit-{day}.log",
    "zeek": "zeek/zeek-{day}.log",
    "suricata.eve": "suricata.eve/eve-{day}.json",
    "syslog": "syslog/messages-{day}.log",
}


def demo_history(city: City, seed: int, until: int, days: int = 14, per_hour: int = HISTORY_PER_HOUR) -> Iterator[Line]:
    """Everyday traffic of some days up to a time, with every story told once in the second half."""
    since = until - days * DAY_MS
    pen = Pen(f"{seed}|history")
    span = (until - since) // 2
    starts = sorted(pen.chance.randrange(since + span, until - HOUR_MS) for _ in STORIES)
    told = [story(name, city, at, f"{seed}|history") for name, at in zip(STORIES, starts, strict=True)]
    return merge(everyday(city, seed, since, until, per_hour), *told, key=lambda line: line.time)


def demo_live(city: City, seed: int, since: int) -> Iterator[Line]:
    """Everyday traffic for ever from a time, with a story every minute or so."""
    return merge(
        everyday(city, f"{seed}|live", since, None, LIVE_PER_HOUR),
        _stories(city, seed, since),
        key=lambda line: line.time,
    )


def _stories(city: City, seed: int, since: int) -> Iterator[Line]:
    """One story after the other, each begun after the one before has ended, so that time never goes back."""
    pen = Pen(f"{seed}|live stories")
    at = since + 5_000
    for number in count():
        lines = story(pen.chance.choice(list(STORIES)), city, at, f"{seed}|live|{number}|{since}")
        yield from lines
        at = max(at + STORY_EVERY_MS, lines[-1].time + 10_000)


def logs_of(lines: Iterable[Line]) -> Iterator[tuple[str, bytes]]:
    """The lines as the log files they would be in: (name, bytes), a day at a time.

    CloudTrail as gzip with a `Records` wrapper per account, as it arrives in a bucket; the others a line a record.
    """
    day = -1
    trail: dict[str, list[bytes]] = {}
    others: dict[str, bytearray] = {}
    for line in lines:
        if line.time // DAY_MS != day:
            yield from _files(day, trail, others)
            day, trail, others = line.time // DAY_MS, {}, {}
        if line.source == "aws.cloudtrail":
            trail.setdefault(orjson.loads(line.raw)["recipientAccountId"], []).append(line.raw)
        else:
            others.setdefault(line.source, bytearray()).extend(line.raw + b"\n")
    yield from _files(day, trail, others)


def _files(day: int, trail: dict[str, list[bytes]], others: dict[str, bytearray]) -> Iterator[tuple[str, bytes]]:
    for account, records in trail.items():
        body = b'{"Records":[' + b",".join(records) + b"]}"
        yield f"aws.cloudtrail/{account}/{account}_CloudTrail_cn-north-1_{day}.json.gz", gzip.compress(body, 6, mtime=0)
    for source, data in others.items():
        yield FOLDERS[source].format(day=day), bytes(data)
