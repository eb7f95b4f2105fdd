"""A raw record to an event, or to a rejection with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yunshao.errors import Rejection
from yunshao.model.block import Block, Envelope
from yunshao.model.event import Event, Record, Rejected
from yunshao.ports import BlockParser, Parser

AUTO = "auto"
UNKNOWN = "unknown"
MAX_DETAIL = 500
# The years 1 to 9999: what a date can print.
MIN_TIME, MAX_TIME = -62_135_596_800_000, 253_402_300_799_999

Guess = Callable[[bytes, str], str | None]


def normalise(parsers: Mapping[str, Parser], guess: Guess | None, record: Record) -> Event | Rejected:
    """The event of a record. Any bytes at all end as an event or as a rejection; a parser's own bug is
    `internal_error`, because one odd record must not end the stream."""
    parser = parsers.get(record.source)
    if parser is None:
        guessed = guess(record.raw, record.hint) if guess and record.source == AUTO else None
        parser = parsers.get(guessed) if guessed else None
        if parser is None:
            return _unparsed(record)
    try:
        native = parser.decode(record.raw, record.hint)
        uid, time = identity = parser.identify(native)
    except Rejection as why:
        return reject(record, parser.source, why.reason, why.detail)
    except Exception as error:  # noqa: BLE001 - counted and kept as a rejected record
        return internal_error(record, parser.source, error)
    if not MIN_TIME <= time <= MAX_TIME:
        return reject(record, parser.source, "time_out_of_range", str(identity.time)[:40])
    return Event(
        parser.source,
        uid,
        time,
        native,
        parser.normalise,
        position=record.position,
        received=record.received,
        owner=record.claim,
    )


def normalise_all(parsers: Mapping[str, BlockParser], envelope: Envelope) -> Block | None:
    """The events of an envelope, all of them; None where `normalise` has to look at each of its records."""
    parser = parsers.get(envelope.source)
    if parser is None or not envelope.raws:
        return None
    try:
        columns = parser.read_all(envelope.raws)
    except Exception:  # noqa: BLE001 - which record it is, and why, is found out one by one
        return None
    if columns is None or min(columns.times) < MIN_TIME or max(columns.times) > MAX_TIME:
        return None
    return Block(parser.source, envelope, columns, parser.normalise)


def reject(record: Record, source: str, reason: str, detail: str) -> Rejected:
    """The record as one that was not taken."""
    return Rejected(source, record.position, reason, detail[:MAX_DETAIL], record.raw, record.received, record.hint)


def internal_error(record: Record, source: str, error: Exception) -> Rejected:
    """The record on which our own code failed: kept, so that it can be replayed when that is mended."""
    return reject(record, source, "internal_error", f"{type(error).__name__}: {error}")


def _unparsed(record: Record) -> Rejected:
    if record.source == AUTO:
        return reject(record, AUTO, "unrecognised", "looks like no source that is known")
    # One name for all that are not known: a sender must not fill the ledger with names.
    return reject(record, UNKNOWN, "unknown_source", f"no parser for source {record.source[:80]!r}")
