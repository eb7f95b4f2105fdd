"""The splitter: the same records in every shape, however the bytes are cut."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.files.reading import MAX_RECORD, Broken, Framing, Piece, Splitter

ONE = {"eventVersion": "1", "text": 'a "quoted" }{ \\ [', "inner": {"list": [1, {"b": []}]}}
TWO = {"eventVersion": "2", "empty": []}
dumps = orjson.dumps
PRETTY = orjson.OPT_INDENT_2
SHAPES = {
    "lines": dumps(ONE) + b"\n" + dumps(TWO) + b"\n",
    "no last newline": dumps(ONE) + b"\n" + dumps(TWO),
    "byte order mark and CRLF": b"\xef\xbb\xbf" + dumps(ONE) + b"\r\n" + dumps(TWO) + b"\r\n",
    "NULs before and between": b"\0\0\0" + dumps(ONE) + b"\n\0\0" + dumps(TWO) + b"\n\0",
    "blank lines": b"\n\n" + dumps(ONE) + b"\n  \n" + dumps(TWO) + b"\n\n",
    "array": dumps([ONE, TWO]),
    "pretty array": dumps([ONE, TWO], option=PRETTY),
    "one a line in an array": b"[\n" + dumps(ONE) + b",\n" + dumps(TWO) + b"\n]\n",
    "Records": dumps({"Records": [ONE, TWO]}),
    "pretty Records": dumps({"Records": [ONE, TWO]}, option=PRETTY),
    "value with a link after it": dumps({"@odata.context": "x", "value": [ONE, TWO], "nextLink": {"a": [{}]}}),
    "items after metadata": dumps({"kind": "EventList", "metadata": {"n": {}}, "items": [ONE, TWO]}),
    "items first": dumps({"apiVersion": "v1", "items": [ONE, TWO], "kind": "EventList"}) + b"\n",
    "answer of an API": dumps({"Response": {"Events": [ONE, TWO], "NextToken": "x}", "ListOver": True}}),
    "pretty answer with a count before": dumps(
        {"Response": {"TotalCount": 2, "Events": [ONE, TWO], "RequestId": {"a": [1]}}, "more": {}}, option=PRETTY
    ),
    "list of answers": dumps([{"Response": {"Events": [ONE]}}, {"Response": {"Events": [TWO], "Id": "x"}}]),
    "list of wrappers": dumps([{"Records": [ONE]}, {"Records": [TWO]}]),
    "a wrapper a line": dumps({"Records": [ONE]}) + b"\n" + dumps({"Records": [TWO]}) + b"\n",
    "run together": dumps(ONE) + dumps(TWO),
    "run together on one line": dumps(ONE) + dumps(TWO) + b"\n",
    "run together with a blank": dumps(ONE) + b" " + dumps(TWO) + b"\n",
    "pretty and run together": dumps(ONE, option=PRETTY) + dumps(TWO, option=PRETTY),
    "pretty, one after another": dumps(ONE, option=PRETTY) + b"\n" + dumps(TWO, option=PRETTY) + b"\n",
    "empty wrapper between": dumps(ONE) + b"\n" + dumps({"Records": []}) + b"\n" + dumps(TWO),
}


def split(data: bytes, cuts: list[int] | None = None, framing: Framing = "json") -> list[Piece]:
    """All pieces of the data, fed in the stretches between the cuts."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    splitter = Splitter(framing)
    found = [piece for start, end in pairwise(places) for piece in splitter.feed(data[start:end])]
    return [*found, *splitter.close()]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_its_two_records(shape: str) -> None:
    pieces = split(SHAPES[shape])
    assert [orjson.loads(piece) for piece in pieces if isinstance(piece, bytes)] == [ONE, TWO]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1, 2, 7, 64])
def test_the_cuts_change_nothing(shape: str, step: int) -> None:
    data = SHAPES[shape]
    assert split(data, list(range(0, len(data), step))) == split(data)


FRAGMENTS = st.sampled_from(
    [
        b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b"\r\n", b"\\", b"\0", b" ", b'{"a":1}', b'{"b":[1]}', b"x",
        b'"k"', b'{"Records":[', b'{"value": [', b"]}", b'"s\\"t"', b"#fields\ta\tb\n", b"#path\tconn\n", b"1\t2\n",
        b"\xef\xbb\xbf", b"{}", b'{"eventVersion":"1"', b'},{"eventVersion":"2"}', b"-12.5e3", b"\xff",
        b'{"metadata":{', b'{"Response":{', b'{"Response":{"Events":[',
    ]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(FRAGMENTS, max_size=40).map(b"".join), st.lists(st.integers(0, 400), max_size=30))
def test_any_text_cut_anywhere_gives_the_same_pieces(data: bytes, cuts: list[int]) -> None:
    assert split(data, cuts) == split(data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=20), st.sampled_from(["json", "lines"]))
def test_any_bytes_give_pieces_and_nothing_else(data: bytes, cuts: list[int], framing: Framing) -> None:
    pieces = split(data, cuts, framing)
    assert pieces == split(data, None, framing)
    assert all(isinstance(piece, bytes | Broken) and piece for piece in pieces)


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=30).map(b"".join), st.integers(0, 300), st.integers(0, 300))
def test_reading_on_from_a_mark_loses_and_repeats_nothing(data: bytes, first: int, second: int) -> None:
    low, high = sorted((first % (len(data) + 1), second % (len(data) + 1)))
    splitter = Splitter()
    before = [*splitter.feed(data[:low]), *splitter.feed(data[low:high])]
    mark = splitter.mark
    header = data[mark.header :] if mark.header >= 0 else b""
    again = Splitter("json", mark, header)
    after = [*again.feed(data[mark.at :]), *again.close()]
    assert [*before, *after] == split(data)


def test_a_header_that_something_stands_in_is_two_headers_wherever_reading_goes_on() -> None:
    data = b"#fields\ta\tb\n{}#path\tconn\n{#path\tconn\nx\ty\n#fields\ta\tb\nx\ty\n"
    whole = split(data)
    for at in range(len(data)):
        first = Splitter()
        before = first.feed(data[:at])
        mark = first.mark
        again = Splitter("json", mark, data[mark.header :] if mark.header >= 0 else b"")
        assert [*before, *again.feed(data[mark.at :]), *again.close()] == whole, at


RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8), lambda x: st.lists(x, max_size=3)
        ),
        max_size=4,
    ).map(lambda d: {"id": 1, **d}),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(
    RECORDS,
    st.sampled_from(["lines", "array", "pretty array", "Records", "run"]),
    st.lists(st.integers(0, 900), max_size=9),
)
def test_any_records_come_back_from_any_shape(records: list[dict[str, object]], shape: str, cuts: list[int]) -> None:
    data = {
        "lines": b"".join(dumps(record) + b"\n" for record in records),
        "array": dumps(records),
        "pretty array": dumps(records, option=PRETTY),
        "Records": dumps({"Records": records}),
        "run": b"".join(dumps(record) for record in records),
    }[shape]
    pieces = split(data, cuts)
    assert [orjson.loads(piece) for piece in pieces if isinstance(piece, bytes)] == records
    assert len(pieces) == len(records)


def test_a_broken_line_costs_only_itself() -> None:
    data = dumps(ONE)[:25] + b"\n" + dumps(TWO) + b"\nnot JSON\n[1,2]\n" + dumps(ONE) + b"\n"
    assert split(data) == [dumps(ONE)[:25], dumps(TWO), b"not JSON", b"[1,2]", dumps(ONE)]


def test_a_cut_off_document_gives_what_was_whole() -> None:
    data = dumps({"Records": [ONE, TWO, ONE]})
    cut = data[: -len(dumps(ONE))]
    pieces = split(cut)
    assert pieces[:2] == [dumps(ONE), dumps(TWO)]
    assert len(pieces) == 3


@pytest.mark.parametrize("opening", [b'{"a":"', b"", b'{"a":["'])
def test_a_line_of_fifty_megabytes_is_one_rejection_in_bounded_memory(opening: bytes) -> None:
    splitter = Splitter()
    found: list[Piece] = splitter.feed(dumps(TWO) + b"\n" + opening)
    chunk = b"x" * (256 << 10)
    tracemalloc.start()
    for _ in range(200):
        found += splitter.feed(chunk)
    found += splitter.feed(b'"}\n' + dumps(ONE) + b"\n")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found += splitter.close()
    assert most < 8 << 20
    assert found[0] == dumps(TWO)
    assert found[-1] == dumps(ONE)
    (broken,) = (piece for piece in found if isinstance(piece, Broken))
    assert broken.reason == "too_large"
    assert len(broken.raw) <= 4096


def test_a_wrapper_of_any_size_is_streamed() -> None:
    splitter = Splitter()
    seen = len(splitter.feed(b'{"Records":['))
    block = (dumps(ONE) + b",") * 3000
    tracemalloc.start()
    for _ in range(60):
        seen += len(splitter.feed(block))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    seen += len(splitter.feed(dumps(TWO) + b"]}")) + len(splitter.close())
    assert seen == 60 * 3000 + 1
    assert most < 8 << 20


def test_a_large_record_in_an_array_leaves_its_neighbours() -> None:
    large = b'{"eventVersion":"' + b"y" * (MAX_RECORD + 10) + b'"}'
    data = b"[" + dumps(ONE) + b"," + large + b"," + dumps(TWO) + b"]"
    for cuts in (None, list(range(0, len(data), 100_000))):
        first, broken, last = split(data, cuts)
        assert (first, last) == (dumps(ONE), dumps(TWO))
        assert isinstance(broken, Broken)


def test_half_a_line_waits_for_its_newline() -> None:
    splitter = Splitter()
    assert splitter.feed(dumps(ONE)[:30]) == []
    assert splitter.settle() == []
    assert splitter.feed(dumps(ONE)[30:] + b"\n") == [dumps(ONE)]


def test_a_whole_document_needs_no_newline() -> None:
    splitter = Splitter()
    assert splitter.feed(dumps({"Records": [ONE]})) == []
    assert splitter.settle() == [dumps(ONE)]


def test_half_a_syslog_line_waits() -> None:
    splitter = Splitter("lines")
    assert splitter.feed(b"<13>hel") == []
    assert splitter.settle() == []
    assert splitter.feed(b"lo\n<14>x") == [b"<13>hello"]
    assert splitter.close() == [b"<14>x"]


def test_lines_that_look_like_json_stay_lines_where_lines_are_read() -> None:
    assert split(b"[12.5] kernel: up\n{not json\n", None, "lines") == [b"[12.5] kernel: up", b"{not json"]


def test_many_opening_brackets_cost_no_more_than_their_length() -> None:
    assert len(split(b'{"a":\n' * 40_000)) < 40_001
    assert split(b"[" * 100_000)


def test_a_zeek_table_becomes_json() -> None:
    table = (
        b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
        b"#fields\tts\tuid\tid.orig_p\tlocal_orig\ttunnel_parents\tservice\n"
        b"#types\ttime\tstring\tport\tbool\tset[string]\tstring\n"
        b"1767323045.250000\tC1\t53\tT\ta,b\t-\n1767323046.0\tC2\t80\tF\t(empty)\t\\x41b\n"
        b"#close\t2026-01-02-03-04-05\n"
    )
    first, second = (orjson.loads(piece) for piece in split(table) if isinstance(piece, bytes))
    assert first == {
        "_path": "conn",
        "ts": 1767323045.25,
        "uid": "C1",
        "id.orig_p": 53,
        "local_orig": True,
        "tunnel_parents": ["a", "b"],
    }
    assert second["tunnel_parents"] == []
    assert second["service"] == "Ab"
    assert split(table, list(range(len(table)))) == split(table)
