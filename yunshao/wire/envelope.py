"""Raw records on their way from a collector to a worker: up to 500 of one intake and source in one message."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from yunshao.model.event import Owner, Record, Rejected
from yunshao.wire.packing import RECORDS, BadMessage, packed, unpacked
from yunshao.wire.text import dumps, quick_loads

MAX_RECORDS = 500
MAX_BYTES = 900_000
LENGTH = struct.Struct(">I")

Item = Record | Rejected


def sealed(items: Sequence[Item]) -> bytes:
    """One message of these records, and of what their collector could not even cut into records, in order."""
    runs: list[Any] = []
    raws: list[bytes] = []
    for about, group in groupby(items, key=_about):
        part = list(group)
        runs.append([*about, [item.position for item in part], [len(item.raw) for item in part]])
        raws += [item.raw for item in part]
    head = dumps({"runs": runs}).encode()
    return packed(RECORDS, b"".join((LENGTH.pack(len(head)), head, *raws)))


def _about(item: Item) -> tuple[Any, ...]:
    """What neighbours have in common is written once."""
    if isinstance(item, Rejected):
        return (item.source, item.received, item.hint, None, item.reason, item.detail)
    claim = item.claim
    return (item.source, item.received, item.hint, (claim.unit, claim.system, claim.cloud), "", "")


def opened(message: bytes | None) -> list[Item]:
    """The records of a message. Raises BadMessage."""
    body = unpacked(RECORDS, message)
    try:
        (length,) = LENGTH.unpack_from(body)
        head = quick_loads(body[LENGTH.size : LENGTH.size + length])
        found: list[Item] = []
        place = LENGTH.size + length
        for source, received, hint, claim, reason, detail, positions, lengths in head["runs"]:
            owner = Owner(*claim) if claim else None
            for position, size in zip(positions, lengths, strict=True):
                raw = body[place : place + size]
                place += size
                if owner is None:
                    found.append(Rejected(source, position, reason, detail, raw, received, hint))
                else:
                    found.append(Record(source, raw, position, received, hint, owner))
    except (struct.error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadMessage("damaged_message", f"{type(error).__name__}: {error}"[:300]) from None
    if place != len(body) or len(found) > MAX_RECORDS:
        raise BadMessage("damaged_message", f"{len(found)} records in {place} of {len(body)} bytes")
    return found


def parcels(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The records in messages' worth, in order; a record that is larger than a message should be travels alone."""
    parcel: list[Item] = []
    size = 0
    for item in items:
        if parcel and (len(parcel) >= MAX_RECORDS or size + len(item.raw) > MAX_BYTES):
            yield parcel
            parcel, size = [], 0
        parcel.append(item)
        size += len(item.raw)
    if parcel:
        yield parcel
