"""What is read together means what each record means by itself."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.catalog import PARSERS, guess
from detectors.catalog import library
from detectors.sigma.detector import SigmaDetector
from streams.enrich import by_claim
from streams.normalise import normalise
from streams.offline import detect
from streams.pipeline import Rooms, understand, understand_all, understand_each, understand_parts
from yunshao.errors import Rejection
from yunshao.model.block import Envelope
from yunshao.model.event import Event, Record, Rejected

RECEIVED = 1_772_413_200_000
TRAIL = {
    "eventVersion": "1.10", "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "awsRegion": "r",
    "eventTime": "2026-03-02T01:00:00Z", "eventID": "e1", "userIdentity": {"type": "Root", "accountId": "1"},
    "requestParameters": {"name": "t", "password": "p"},
}  # fmt: skip
HOST = {
    "Channel": "Security", "EventID": 1102, "EventRecordID": 7, "Provider_Name": "Microsoft-Windows-Eventlog",
    "Computer": "ws", "TimeCreated": "2026-03-02T01:00:00.5Z",
}  # fmt: skip
ODD = st.sampled_from([None, "", "x", 7, True, 1.5, [], {}, {"password": "p"}, "2026-03-02T01:00:09Z", "9999999"])
DETECTOR = SigmaDetector(library())
JUNK = st.sampled_from([b"{", b"null", b"[]", b"{}", b'{"a":' * 70 + b"1" + b"}" * 70, b"\xff{}", b'{"eventName":NaN}'])


def records(kind):
    changed = st.dictionaries(st.sampled_from(sorted(kind)), ODD, max_size=2)
    return st.lists(changed.map(lambda more: orjson.dumps({**kind, **more})) | JUNK, min_size=1, max_size=6)


def known(source, raw):
    try:
        native = PARSERS[source].decode(raw, "")
        return native, *PARSERS[source].identify(native)
    except Rejection:
        return None


@pytest.mark.parametrize(("source", "kind"), [("aws.cloudtrail", TRAIL), ("windows.event", HOST)])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_block_holds_what_its_records_are(source, kind, data):
    raws = data.draw(records(kind))
    envelope = Envelope(source, raws, 3, RECEIVED, "file")
    block = understand_all(Rooms(PARSERS, [], by_claim), envelope)
    alone = [normalise(PARSERS, None, envelope.record(place)) for place in range(len(raws))]
    if block is None:
        return
    assert not any(isinstance(each, Rejected) for each in alone)
    assert [(event.native, event.uid, event.time) for event in block] == [known(source, raw) for raw in raws]
    assert [event.position for event in block] == [each.position for each in alone]
    assert [event.ocsf for event in block] == [each.ocsf for each in alone if isinstance(each, Event)]
    assert block[-1] is block[len(block) - 1]


def test_plain_records_are_a_block():
    for source, kind in (("aws.cloudtrail", TRAIL), ("windows.event", HOST)):
        envelope = Envelope(source, [orjson.dumps(kind)] * 3, 1, RECEIVED)
        assert understand_all(Rooms(PARSERS, [], by_claim), envelope) is not None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_alerts_and_rejections_are_the_same_together_and_one_by_one(data):
    rooms = Rooms(PARSERS, [DETECTOR], by_claim)
    envelopes = [
        Envelope(source, data.draw(records(kind)), 1, RECEIVED, "file")
        for source, kind in (("aws.cloudtrail", TRAIL), ("windows.event", HOST), ("aws.cloudtrail", TRAIL))
    ]
    singly = [each.record(place) for each in envelopes for place in range(len(each.raws))]
    refused: tuple[list[Rejected], list[Rejected]] = ([], [])
    together = list(detect(rooms, envelopes, refused[0].append))
    assert together == list(detect(rooms, singly, refused[1].append))
    assert refused[0] == refused[1]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_records_in_any_company_are_understood_as_each_by_itself(data):
    rooms = Rooms(PARSERS, [], by_claim, guess)
    mixed: list[Record | Rejected] = []
    for place, (source, kind) in enumerate((("aws.cloudtrail", TRAIL), ("auto", TRAIL), ("windows.event", HOST))):
        envelope = Envelope(source, data.draw(records(kind)), 1, RECEIVED + place, "file")
        mixed += [envelope.record(at) for at in range(len(envelope.raws))]
    mixed.insert(data.draw(st.integers(0, len(mixed))), Rejected("auto", 9, "broken", "", b"", RECEIVED))
    if data.draw(st.booleans()):
        data.draw(st.randoms()).shuffle(mixed)
    alone = [each if isinstance(each, Rejected) else understand(rooms, each) for each in mixed]
    for one, other in zip(understand_each(rooms, mixed), alone, strict=True):
        if isinstance(one, Event) and isinstance(other, Event):
            assert (one.ref, one.native, one.position, one.received) == (
                *(other.ref, other.native, other.position, other.received),
            )
            assert (one.owner, one.ocsf) == (other.owner, other.ocsf)
        else:
            assert one == other


@settings(max_examples=60, deadline=None)
@given(odd=st.sets(st.integers(0, 299), max_size=20), count=st.integers(1, 300))
def test_odd_records_make_only_their_neighbours_slow(odd, count):
    rooms = Rooms(PARSERS, [], by_claim)
    raws = [b"{}" if place in odd else orjson.dumps({**TRAIL, "eventID": f"e{place}"}) for place in range(count)]
    parts = list(understand_parts(rooms, Envelope("aws.cloudtrail", raws, 1, RECEIVED)))
    assert [raw for part, _ in parts for raw in part.raws] == raws
    assert [part.position for part, _ in parts] == [
        1 + sum(len(before.raws) for before, _ in parts[:at]) for at in range(len(parts))
    ]
    slow = sum(len(part.raws) for part, block in parts if block is None)
    if len(odd & set(range(count))) == 1:
        assert slow <= 16
    if not odd & set(range(count)):
        assert slow == 0
