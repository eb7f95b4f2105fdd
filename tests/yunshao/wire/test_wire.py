"""What crosses the broker comes out as it went in, or is refused with its reason."""

from __future__ import annotations

from contextlib import suppress

import pytest
from contract.samples import event, finding
from hypothesis import given
from hypothesis import strategies as st

from yunshao.model.event import Owner, Record, Rejected
from yunshao.model.finding import Observation
from yunshao.wire.envelope import MAX_BYTES, opened, parcels, sealed
from yunshao.wire.hops import Found, Observed, opened_found, opened_observed, sealed_found, sealed_observed
from yunshao.wire.packing import FOUND, RECORDS, BadMessage, packed, unpacked

TEXT = st.text(max_size=8)
RECORD = st.builds(
    Record, TEXT, st.binary(max_size=40), st.integers(0, 9), st.integers(0, 9), TEXT, st.builds(Owner, TEXT, TEXT, TEXT)
)
REJECTED = st.builds(Rejected, TEXT, st.integers(0, 9), TEXT, TEXT, st.binary(max_size=40), st.integers(0, 9), TEXT)


@given(st.lists(st.one_of(RECORD, REJECTED), max_size=30))
def test_an_envelope_gives_back_what_was_put_in(items):
    assert opened(sealed(items)) == items


def test_parcels_are_bounded_and_lose_nothing():
    records = [
        Record("zeek", b"x" * size, n, 0) for n, size in enumerate([10] * 1300 + [MAX_BYTES * 2] + [400_000] * 5)
    ]
    found = list(parcels(records))
    assert [one for part in found for one in part] == records
    assert all(
        len(part) == 1 or (len(part) <= 500 and sum(len(one.raw) for one in part) <= MAX_BYTES) for part in found
    )


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (None, "empty_message"),
        (b"", "empty_message"),
        (b"hello world", "no_envelope"),
        (packed(FOUND, b"{}"), "no_envelope"),
        (b"YSR\x09" + packed(RECORDS, b"{}")[4:], "unknown_version"),
        (sealed([Record("zeek", b"abc" * 900, 1, 0)])[:-9], "damaged_message"),
        (packed(RECORDS, b"\x00\x00\x00\x05hello"), "damaged_message"),
        (packed(RECORDS, b"\x00"), "damaged_message"),
        (b"YSR\x01" + b"\x00" * (21 << 20), "message_too_large"),
        (packed(RECORDS, b"\x00" * (97 << 20)), "message_too_large"),
    ],
)
def test_anything_else_is_refused_with_its_reason(message, reason):
    with pytest.raises(BadMessage) as told:
        opened(message)
    assert told.value.reason == reason


@given(st.binary(max_size=200))
def test_any_bytes_end_as_records_or_as_a_refusal(raw):
    for kind in (b"", b"YSR\x01", b"YSO\x01", b"YSF\x01"):
        for read in (opened, opened_observed, opened_found):
            with suppress(BadMessage):
                read(kind + raw)


def test_hops_give_back_what_was_put_in():
    one = event("a\ud800")
    seen = Observation("sigma", "k\ud800", 5, one.ref, Owner("u", "s", "c"), {"n": 1 << 70, "x": [None, 2.5]})
    message = Observed(1, 2, [(5, "zeek", [seen])], {"zeek": 5}, True, "", 7, [1])
    assert opened_observed(sealed_observed(message)) == message
    found = Found("0-a", 3, 9, [[finding(one)], [finding(event("b"), excepted="known", staged=True)]])
    assert opened_found(sealed_found(found)) == found
    assert unpacked(FOUND, sealed_found(found))
