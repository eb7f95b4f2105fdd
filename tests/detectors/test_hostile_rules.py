"""Rule files that mean harm, or are simply wrong: one line each with file and place, and the others still load."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from detectors.catalog import library
from detectors.sigma.expression import check_expression, finder
from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from detectors.sigma.pattern import Expression
from detectors.sigma.prove import prove
from yunshao.model.event import Event

SOUND = """title: Sound
id: 00000000-0000-4000-8000-000000000001
name: sound
logsource: {product: aws, service: cloudtrail}
detection: {s: {a: x}, condition: s}
"""


def loaded(*texts: str | bytes):
    files = [(f"r{n}.yml", text if isinstance(text, bytes) else text.encode()) for n, text in enumerate(texts)]
    return load_texts([*files, ("sound.yml", SOUND.encode())], {})


def correlation(number: int, *rules: str) -> str:
    return (
        f"title: c\nid: 00000000-0000-4000-8000-{number:012d}\nname: c{number}\n"
        f"correlation: {{type: event_count, rules: [{', '.join(rules)}], timespan: 5m, condition: {{gte: 2}}}}\n---\n"
    )


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOUND + "x: " + "y" * (10 << 20), "larger than"),
        (LAUGHS, "more than 50000 values"),
        ("a: " + "[" * 5000, "nested deeper"),
        ("a: " + "{b: " * 5000, "nested deeper"),
        ("x: &x [*x]", "no anchor before it"),
        ("a: !!python/object/apply:os.system [id]", "tag"),
        ("a: [1, 2", "not YAML"),
        (b"title: \xff\xfe", "not UTF-8"),
        ("- just\n- a list", "not a map"),
        (SOUND.replace("a: x", "a|sounds_like: x").replace("0001", "0002"), "unknown modifier"),
        (
            SOUND.replace("condition: s", f"condition: {'(' * 5000}s{')' * 5000}").replace("0001", "0002"),
            "deeper|longer",
        ),
        (SOUND.replace("condition: s", f"condition: {'not ' * 5000}s").replace("0001", "0002"), "longer"),
        (SOUND.replace("a: x", "a|re: '((((a{100}){100}){100}){100})'").replace("0001", "0002"), "regular expression"),
        (SOUND.replace("a: x", "a|re: '(?:a(?=b)c)'").replace("0001", "0002"), "regular expression"),
        (SOUND.replace("a: x", r"a|re: '(a)\1'").replace("0001", "0002"), "regular expression"),
    ],
    ids=range(15),
)
def test_a_hostile_file_is_one_refusal_and_its_neighbours_load(text, words):
    found = loaded(text)
    assert [rule.name for rule in found.rules] == ["sound"]
    (refused,) = found.refused
    assert (refused.file, refused.line > 0) == ("r0.yml", True)
    assert re.search(words, refused.reason)
    assert "\n" not in refused.reason
    assert len(refused.reason) < 500


def test_correlations_in_a_circle_are_refused_and_so_is_what_stands_on_them():
    found = loaded(correlation(11, "c12") + correlation(12, "c13") + correlation(13, "c11") + correlation(14, "c11"))
    assert not found.correlations
    assert [refused.rule_id[-2:] for refused in found.refused] == ["11", "12", "13", "14"]
    assert all("itself" in refused.reason for refused in found.refused)


def test_a_chain_may_be_eight_long_and_no_longer():
    chain = correlation(11, "sound") + "".join(correlation(n, f"c{n - 1}") for n in range(12, 22))
    found = loaded(chain)
    assert [each.name for each in found.correlations] == [f"c{n}" for n in range(11, 19)]
    assert all("chain of more than 8" in refused.reason for refused in found.refused)


def test_correlations_that_name_each_other_in_every_way_are_looked_at_once():
    layers = [[f"c{100 * layer + n}" for n in range(40)] for layer in range(1, 8)]
    text = "".join(correlation(100 + n, "sound") for n in range(40))
    for below, here in itertools.pairwise(layers):
        text += "".join(correlation(int(name[1:]), *below) for name in here)
    found = loaded(text)
    assert len(found.correlations) == 280


def test_the_tests_of_what_stands_on_a_refused_correlation_are_not_run():
    with_tests = correlation(14, "c11").replace("\n---\n", "\nyunshao: {tests: [{fires: true, event: {a: x}}]}\n---\n")
    assert prove(loaded(correlation(11, "c11") + with_tests), {}) == []


CATASTROPHIC = (
    "(a+)+$",
    "^(a|a)*$",
    "(a|aa)+$",
    "(.*a){25}",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(x+x+)+y",
    "(.*)*b",
    "a{0,500}a{500}b",
    "(?i)(a?){60}a{60}b",
    "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*0",
)


def test_patterns_that_make_other_engines_crawl_end_in_good_time():
    """In a process of its own, so that a regression is a failure here and not a run that never ends."""
    program = textwrap.dedent(f"""
        from detectors.sigma.expression import check_expression, finder
        from detectors.sigma.pattern import Expression
        for pattern in {CATASTROPHIC!r}:
            expression = Expression(pattern)
            if not check_expression(expression):
                for text in ("a" * 60_000, "a" * 60_000 + "!", "xa" * 30_000, "é" * 30_000):
                    finder(expression)(text)
    """)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_what_cannot_be_matched_in_linear_time_is_refused():
    for pattern in (r"(a)\1", "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(?>a+)b", "a++", "(?P=name)"):
        assert check_expression(Expression(pattern)), pattern


def test_an_expression_is_found_where_it_stands_and_not_elsewhere():
    assert finder(Expression("a{2,3}b"))("xaab")
    assert not finder(Expression("a{2,3}b"))("xab")


class Counting(dict):
    """A record that counts how often somebody reads it."""

    reads = 0

    def get(self, *args: Any) -> Any:
        Counting.reads += 1
        return super().get(*args)


def test_an_event_of_very_many_fields_is_asked_for_no_more_of_them():
    matcher = Matcher(library().rules)
    reads = []
    for count in (10, 100_000):
        record = Counting({f"field{n}": f"value{n}" for n in range(count)}, eventName="X", eventSource="y")
        Counting.reads = 0
        matcher.matches(Event("aws.cloudtrail", "u", 0, record, lambda _n, _i: {}))
        reads.append(Counting.reads)
    assert reads[0] == reads[1]


def test_a_value_of_a_megabyte_is_matched_to_its_end():
    found = loaded(SOUND.replace("a: x", "a|contains: needle").replace("0001", "0002"))
    long = {"a": "x" * (1 << 20) + "NEEDLE"}
    assert len(Matcher(found.rules).matches(Event("aws.cloudtrail", "u", 0, long, lambda _n, _i: {}))) == 1
