"""Every construct of Sigma detections: what fires, what does not."""

import pytest

SELECT = "selection:\n  {item}\ncondition: selection"


@pytest.fixture
def item(fires):
    def ask(line: str, native: dict) -> bool:
        return fires(SELECT.format(item=line), native)

    return ask


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("a: Stop", "stop", True),
        ("a: Stop", "Stopped", False),
        ("a|cased: Stop", "stop", False),
        ("a|cased: Stop", "Stop", True),
        ("a: St*p", "StXXp", True),
        ("a: St*p", "Stp", True),
        ("a: St?p", "Stop", True),
        ("a: St?p", "Stp", False),
        ("a: '*'", "anything", True),
        ("a: '*'", "", True),
        ("a: '?*'", "", False),
        ("a|contains: to", "sTOp", True),
        ("a|contains: '*to*'", "sTOp", True),
        ("a|startswith: st", "STOP", True),
        ("a|startswith: to", "STOP", False),
        ("a|endswith: OP", "stop", True),
        ("a|endswith: st", "stop", False),
        ("a|contains|cased: to", "sTOp", False),
        ("a|endswith|cased: op", "stop", True),
        ("a|contains: 'b*d'", "abcde", True),
        ("a|contains: 'd*b'", "abcde", False),
        ("a: 'a*b*c'", "aXbYc", True),
        ("a: 'ab*ba'", "aba", False),
        ("a: 'ab*ba'", "abba", True),
        ("a: '*?x'", "x", False),
        ("a: '*?x'", "yx", True),
        ("a: STRASSE", "straße", True),
        ("a: ΣΊΣΥΦΟΣ", "σίσυφος", True),
    ],
)
def test_a_text_is_matched_whole_and_without_regard_to_capitals(item, line, value, expected):
    assert item(line, {"a": value}) is expected


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"\*", "*", True),
        (r"\*", "x", False),
        (r"a\?c", "a?c", True),
        (r"a\?c", "abc", False),
        (r"C:\Windows\x", r"c:\windows\x", True),
        (r"\\*", r"\anything", True),
        (r"\\\*", r"\*", True),
        (r"\\\*", r"\x", False),
        (r"\\\\", r"\\", True),
        (r"end\\", "end\\", True),
        ("end\\", "end\\", True),
    ],
)
def test_a_backslash_makes_wildcards_literal_and_is_itself_elsewhere(item, pattern, value, expected):
    assert item(f"a: '{pattern}'", {"a": value}) is expected


def test_a_map_is_and_and_a_list_is_or(fires):
    detection = "selection:\n  a: [x, y]\n  b: z\ncondition: selection"
    assert fires(detection, {"a": "y", "b": "z"})
    assert not fires(detection, {"a": "y", "b": "q"})
    assert not fires(detection, {"a": "q", "b": "z"})


def test_a_list_of_maps_is_or(fires):
    detection = "selection:\n  - a: x\n    b: y\n  - c: z\ncondition: selection"
    assert fires(detection, {"c": "z"})
    assert fires(detection, {"a": "x", "b": "y"})
    assert not fires(detection, {"a": "x"})


def test_all_asks_for_every_value(item):
    assert item("a|contains|all: [one, two]", {"a": "two and one"})
    assert not item("a|contains|all: [one, two]", {"a": "one"})


def test_with_all_one_form_of_each_value_is_enough(item):
    assert item("a|contains|windash|all: [' -x', ' -y']", {"a": "c -x /y"})
    assert not item("a|contains|windash|all: [' -x', ' -y']", {"a": "c -x"})
    assert item("a|base64offset|contains|all: [foobar, bazqux]", {"a": "Zm9vYmFyYmF6cXV4"})
    assert not item("a|contains|windash|all|neq: [' -x', ' -y']", {"a": "c -x /y"})


def test_keywords_with_all_may_have_several_forms(fires):
    detection = "keywords:\n  '|windash|all':\n    - ' -x'\n    - ' -y'\ncondition: keywords"
    assert fires(detection, {"a": "c /x", "b": "c -y"})
    assert not fires(detection, {"a": "c /x"})


def test_with_all_each_pattern_may_match_another_element(item):
    assert item("a|contains|all: [one, two]", {"a": ["xonex", "xtwox"]})
    assert not item("a|contains|all: [one, two]", {"a": ["xonex", "three"]})


def test_any_element_of_a_list_is_enough(item):
    assert item("a: x", {"a": ["y", "x"]})
    assert item("a: x", {"a": [["y"], [["x"]]]})
    assert not item("a: x", {"a": []})


def test_negation_applies_after_any_of(fires):
    detection = "selection:\n  b: 1\nfilter:\n  a: x\ncondition: selection and not filter"
    assert not fires(detection, {"b": 1, "a": ["y", "x"]})
    assert fires(detection, {"b": 1, "a": ["y"]})


@pytest.mark.parametrize(
    ("line", "native", "expected"),
    [
        ("a: null", {}, True),
        ("a: null", {"a": None}, True),
        ("a: null", {"a": ""}, False),
        ("a: null", {"a": "x"}, False),
        ("a: null", {"a": [None]}, True),
        ("a: null", {"a": []}, False),
        ("a: null", {"a": [[]]}, False),
        ("a: ''", {"a": ""}, True),
        ("a: ''", {}, False),
        ("a: ''", {"a": None}, False),
        ("a: ''", {"a": "x"}, False),
        ("a|exists: true", {"a": None}, True),
        ("a|exists: true", {"a": ""}, True),
        ("a|exists: true", {}, False),
        ("a|exists: false", {}, True),
        ("a|exists: false", {"a": 0}, False),
        ("a: '*'", {}, False),
        ("a: '*'", {"a": None}, False),
        ("a|neq: x", {}, True),
        ("a|neq: x", {"a": "x"}, False),
        ("a|neq: [x, y]", {"a": "y"}, False),
        ("a|neq: [x, y]", {"a": "z"}, True),
        ("a|contains|neq: x", {"a": "axa"}, False),
    ],
)
def test_absence_null_and_emptiness_are_told_apart(item, line, native, expected):
    assert item(line, native) is expected


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("a: 4625", 4625, True),
        ("a: 4625", "4625", True),
        ("a: '4625'", 4625, True),
        ("a: 4625", 4625.0, True),
        ("a: true", True, True),
        ("a: true", "TRUE", True),
        ("a: 'True'", True, True),
        ("a: false", False, True),
        ("a: 0", False, False),
        ("a: 1", True, False),
        ("a: 007", "007", True),
        ("a: 007", 7, False),
        ("a: 1.10", "1.10", True),
        ("a: 1.5", 1.5, True),
        ("a: 12.0", 12, True),
        ("a: 12.0", "12.0", True),
        ("a: 2026-01-02", "2026-01-02", True),
        ("a: No", "no", True),
        ("a: No", False, False),
        ("a: 12:30:45", "12:30:45", True),
        ('a|contains: \'"k":"v"\'', {"k": "v"}, True),
    ],
)
def test_numbers_and_booleans_match_as_they_are_written(item, line, value, expected):
    assert item(line, {"a": value}) is expected


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("a|re: 'St[oa]p'", "xxStopxx", True),
        ("a|re: 'St[oa]p'", "xxstopxx", False),
        ("a|re|i: 'St[oa]p'", "xxstopxx", True),
        ("a|re|ignorecase: 'St[oa]p'", "xxstopxx", True),
        (r"a|re: '^a\.b$'", "a.b", True),
        (r"a|re: '^a\.b$'", "axb", False),
        ("a|re: '^b'", "a\nb", False),
        ("a|re|m: '^b'", "a\nb", True),
        ("a|re: 'a.b'", "a\nb", False),
        ("a|re|s: 'a.b'", "a\nb", True),
        ("a|re|m|s|i: '^B.c'", "a\nb\nc", True),
        ("a|re: '^(a|b){2,3}$'", "aba", True),
        ("a|re: '4625'", 4625, True),
        ("a|re: '.*'", "", True),
        ("a|re: 'foo$'", "foo\n", True),
        ("a|re: '(foo$|bar)'", "foo\n", True),
        ("a|re: 'foo$'", "foo\n\n", False),
        ("a|re: 'foo[$]'", "foo$", True),
        (r"a|re: 'foo\$'", "foo$", True),
        (r"a|re: 'foo\$'", "foo\n", False),
    ],
)
def test_a_regular_expression_is_found_anywhere_and_minds_capitals(item, line, value, expected):
    assert item(line, {"a": value}) is expected


@pytest.mark.parametrize(
    ("network", "value", "expected"),
    [
        ("10.0.0.0/8", "10.9.8.7", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "::ffff:10.1.1.1", True),
        ("2001:db8::/32", "2001:db8:1::5", True),
        ("2001:db8::/32", "10.0.0.1", False),
        ("10.0.0.0/8", "not an address", False),
        ("10.0.0.0/8", 167772161, False),
        ("10.0.0.0/8", ["172.16.0.1", "10.2.3.4"], True),
        ("10.0.0.0/8", None, False),
    ],
)
def test_cidr_takes_v4_and_v6_and_lists(item, network, value, expected):
    assert item(f"a|cidr: '{network}'", {"a": value}) is expected


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("a|gt: 5", 6, True),
        ("a|gt: 5", 5, False),
        ("a|gte: 5", "5", True),
        ("a|lt: 5", 4.5, True),
        ("a|lte: 5", 5, True),
        ("a|lt: 5", "-1e3", True),
        ("a|gt: 5", "many", False),
        ("a|gt: 0", True, False),
        ("a|lt: 5", None, False),
        ("a|lt: 5", [9, 3], True),
        ("a|gt: 5", "nan", False),
        ("a|gt: 5", "inf", False),
    ],
)
def test_comparisons_need_numbers_on_both_sides(item, line, value, expected):
    assert item(line, {"a": value}) is expected


@pytest.mark.parametrize(
    ("part", "number"), [("minute", 4), ("hour", 3), ("day", 2), ("week", 1), ("month", 1), ("year", 2026)]
)
def test_parts_of_a_time_are_taken_as_written(item, part, number):
    assert item(f"a|{part}: {number}", {"a": "2026-01-02T03:04:05+08:00"})
    assert not item(f"a|{part}: {number + 1}", {"a": "2026-01-02T03:04:05+08:00"})
    assert item(f"a|{part}|gte: {number}", {"a": "2026-01-02T03:04:05Z"})
    assert item(f"a|{part}: {number}", {"a": 1767323045})
    assert item(f"a|{part}: {number}", {"a": 1767323045000})
    assert not item(f"a|{part}: {number}", {"a": "yesterday"})


def test_base64_is_of_the_bytes_and_minds_capitals(item):
    assert item("a|base64: 'cmd'", {"a": "Y21k"})
    assert not item("a|base64: 'cmd'", {"a": "y21K"})
    assert item("a|wide|base64: 'cmd'", {"a": "YwBtAGQA"})
    assert item("a|utf16le|base64: 'cmd'", {"a": "YwBtAGQA"})
    assert item("a|utf16be|base64: 'cmd'", {"a": "AGMAbQBk"})
    assert item("a|utf16|base64: 'cmd'", {"a": "//5jAG0AZAA="})


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("http://", ("aHR0cDovL", "h0dHA6Ly", "odHRwOi8v")),
        ("/bin/bash", ("L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2")),
    ],
)
def test_base64offset_finds_the_three_forms_and_minds_capitals(item, word, forms):
    for form in forms:
        assert item(f"a|base64offset|contains: '{word}'", {"a": f"xx{form}xx"})
        assert not item(f"a|base64offset|contains: '{word}'", {"a": f"xx{form.swapcase()}xx"})


@pytest.mark.parametrize("dash", ["-", "/", "\u2013", "\u2014", "\u2015"])
def test_windash_takes_every_dash_in_front_of_an_option(item, dash):
    assert item("a|windash|contains: ' -param-name '", {"a": f"tool {dash}param-name x"})
    assert item("a|contains|windash: ' /param-name '", {"a": f"tool {dash}param-name x"})
    assert not item("a|windash|contains: ' -param-name '", {"a": f"tool {dash}param/name x"})
    assert item("a|windash|contains: ' \u2013param-name '", {"a": f"tool {dash}param-name x"})


def test_fieldref_compares_two_fields_of_the_event(item):
    assert item("a|fieldref: b", {"a": "X", "b": "x"})
    assert not item("a|fieldref: b", {"a": "X", "b": "y"})
    assert not item("a|fieldref: b", {"a": "X"})
    assert not item("a|fieldref: b", {"b": "X"})
    assert item("a|fieldref|neq: b", {"a": "X", "b": "y"})
    assert item("a|fieldref|startswith: b", {"a": "prefix-more", "b": "prefix"})
    assert item("a|fieldref|endswith: b", {"a": "more-suffix", "b": "SUFFIX"})
    assert item("a|fieldref|contains: b", {"a": "so much more", "b": "much"})
    assert not item("a|fieldref|cased: b", {"a": "X", "b": "x"})
    assert item("a|fieldref: b.c", {"a": 5, "b": {"c": "5"}})


def test_expand_takes_the_operators_values(read, rule, event):
    from detectors.sigma.match import Matcher

    text = rule("selection:\n  a|expand: '%admins%'\ncondition: selection")
    rules = read(text, placeholders={"admins": ["ops*", "root"]}).rules
    assert [bool(Matcher(rules).matches(event({"a": name}))) for name in ("ops7", "root", "guest")] == [
        True,
        True,
        False,
    ]


def test_without_expand_percent_signs_are_literal(item):
    assert item("a: '%admins%'", {"a": "%admins%"})


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ({"x": {"y": ["nothing", {"z": "some EVIL word"}]}}, True),
        ({"x": "evil"}, True),
        ({"evil": "x"}, False),
        ({"x": 1}, False),
    ],
)
def test_a_keyword_is_looked_for_in_every_text_of_the_event(fires, native, expected):
    assert fires("keywords:\n  - evil\n  - 4711\ncondition: keywords", native) is expected


def test_keywords_with_all_are_all_needed(fires):
    detection = "keywords:\n  '|all':\n    - one\n    - two\ncondition: keywords"
    assert fires(detection, {"a": "one", "b": "two"})
    assert not fires(detection, {"a": "one"})


def test_a_numeric_keyword_is_found_in_numbers_too(fires):
    assert fires("keywords:\n  - 4711\ncondition: keywords", {"a": 4711})


def test_keywords_may_have_wildcards(fires):
    assert fires("keywords:\n  - 'fail*root'\ncondition: keywords", {"message": "login failed for root user"})
    assert not fires("keywords:\n  - 'fail*root'\ncondition: keywords", {"message": "root failed"})


def test_keywords_do_not_reach_across_two_texts(fires):
    assert not fires("keywords:\n  - 'fail*root'\ncondition: keywords", {"a": "fail", "b": "root"})


@pytest.mark.parametrize(
    ("field", "native"),
    [
        ("a.b", {"a.b": "x"}),
        ("a.b", {"a": {"b": "x"}}),
        ("a.b", {"a": [{"c": 1}, {"b": "x"}]}),
        ("a.b.c", {"a": {"b.c": "x"}}),
        ("a.b/c.d", {"a": {"b/c.d": "x"}}),
        ("a.b.c", {"a": [{"b": [{"c": "y"}, {"c": "x"}]}]}),
    ],
)
def test_a_field_is_found_flat_nested_and_through_lists(item, field, native):
    assert item(f"{field}: x", native)
    assert not item(f"{field}: other", native)


@pytest.mark.parametrize(
    ("item_line", "words"),
    [
        ("a|nonsense: x", "unknown modifier"),
        ("a|all: x", "more than one"),
        ("a|contains|contains: x", "twice"),
        ("a|gt: many", "takes a number"),
        ("a|cidr: nowhere", "no network"),
        ("a|contains|cidr: 10.0.0.0/8", "unmodified|does not go|alone"),
        ("a|re: '(a'", "regular expression"),
        ("a|re: '(?=a)b'", "regular expression"),
        ("a|re|contains: x", "does not go with"),
        ("a|exists: maybe", "true or false"),
        ("a|base64: 'a*b'", "wildcards"),
        ("a|base64offset|contains: a", "too short"),
        ("a|fieldref: 'b*'", "wildcards"),
        ("a|expand: '%nobody%'", "no value for the placeholder"),
        ("a|windash: '-a -b -c -d'", "windash"),
        ("a: [x, null]", "null inside a list"),
        ("a: []", "empty list"),
        ("a: {b: c}", "map inside"),
        ("a: [[x]]", "map or a list"),
        ("a|i: x", "does not go with"),
        ("a|hour|contains: 3", "does not go with"),
    ],
)
def test_an_item_that_makes_no_sense_is_refused_with_its_line(refusal, item_line, words):
    import re

    line, reason = refusal(SELECT.format(item=item_line))
    assert re.search(words, reason)
    assert line == 7


def test_a_pattern_against_a_hostile_text_takes_no_time(item):
    import time

    begun = time.perf_counter()
    item("a: '*a*a*a*a*a*a*a*b'", {"a": "a" * 60_000})
    item("a|re: '(a+)+$'", {"a": "a" * 60_000 + "b"})
    item("a|re: '(x+x+)+y'", {"a": "x" * 60_000})
    assert time.perf_counter() - begun < 5
