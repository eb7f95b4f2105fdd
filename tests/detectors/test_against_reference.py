"""The engine against the plain second reading of the specification: the same answers, rule for rule."""

from __future__ import annotations

import base64
import os
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import Unreadable, read_rules

from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from yunshao.model.event import Event

EXAMPLES = int(os.environ.get("YUNSHAO_REFERENCE_EXAMPLES", "100"))
FIELDS = ("a", "b", "c.d", "e.f.g")
PLACEHOLDERS = {"admins": ["ops*", "Root"], "one": ["x\\*y"]}
PIECES = (
    *("alpha", "Beta", "tail.exe", "x", "AB", "12", " ", " -p", "/q ", "a-b", "\u2013n", "%", "%admins%"),
    *(
        "\\",
        "\\\\",
        "C:\\",
        "\\*",
        "\\?",
        "\\\\*",
        "*",
        "?",
        "**",
        "?*",
        "\u00e9",
        "\u00c9",
        "\u00df",
        "\u4e91",
        "\u017f",
        ".",
    ),
)
TEXT_KEYS = (
    *("", "", "|contains", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|startswith|cased"),
    *("|cased|endswith", "|neq", "|contains|neq", "|cased|neq", "|endswith|neq", "|windash", "|windash|contains"),
    *("|contains|windash", "|endswith|windash", "|wide|contains", "|utf16be|contains", "|startswith|endswith"),
)
EXPANDED_KEYS = ("|expand", "|expand|contains", "|expand|cased", "|contains|expand")
LISTED_KEYS = ("|all", "|contains|all", "|contains|windash|all", "|contains|all|neq", "|startswith|all", "|all|cased")
CODED_KEYS = (
    *(
        "|base64",
        "|base64|contains",
        "|base64offset|contains",
        "|wide|base64|contains",
        "|utf16le|base64offset|contains",
    ),
    *("|utf16be|base64offset|contains", "|utf16|base64|startswith", "|wide|base64offset|contains|neq"),
)
REGEX_KEYS = ("|re", "|re|i", "|re|m", "|re|s", "|re|i|m|s", "|re|neq", "|re|ignorecase", "|re|dotall")
REGEXES = (
    *("alpha", "^alpha", "beta$", "^x.*y$", "[a-c]+x", "(alpha|Beta)12", "a{2,3}", "x?y", "tail\\.exe$", "^$", "\\d+"),
    *("al(ph)?a", "[^a-z]x", "(ab)+", "12|34", "alp.a", "^beta$", ".", "Beta+", "alphab?", "C:\\\\\\w+", "a.b"),
)
NETWORKS = ("10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32", "0.0.0.0/0", "192.168.0.0/16", "::/0")
ADDRESSES = (
    "10.1.2.3",
    "11.0.0.1",
    "::ffff:10.1.2.3",
    "2001:db8::5",
    "2001:DB8:0:0::5",
    "10.1.2",
    " 10.1.2.3",
    "192.168.300.1",
)
NUMBERS = (0, 1, 2, 12, -3, 4625, 1.5, 12.0, 100000, 0.25)
MOMENTS = (
    *(
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05+08:00",
        "2026-01-02 23:59:59",
        "2024-12-30",
        1767323045,
        1767323045000,
    ),
    *("1767323045.5", "yesterday"),
)
PARTS = {
    "minute": (4, 59, 0),
    "hour": (3, 23, 0),
    "day": (2, 30),
    "week": (1, 53),
    "month": (1, 12),
    "year": (2026, 2024),
}
REFERENCES = ("", "|startswith", "|endswith", "|contains", "|cased", "|neq", "|contains|cased")

texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
plain = st.lists(st.sampled_from([each for each in PIECES if not set(each) & set("*?")]), min_size=1, max_size=3).map(
    "".join
)
scalars = st.one_of(texts, texts, texts, st.sampled_from(NUMBERS), st.booleans(), st.just(""))


@st.composite
def items(draw) -> tuple[str, Any]:
    """One line of a selection: `field|modifiers` and a value or a list of values."""
    name = draw(st.sampled_from(FIELDS))
    match draw(st.integers(0, 13)):
        case 0 | 1 | 2 | 3 | 4:
            return name + draw(st.sampled_from(TEXT_KEYS)), draw(
                st.one_of(scalars, st.lists(scalars, min_size=1, max_size=4))
            )
        case 5:
            return name + draw(st.sampled_from(LISTED_KEYS)), draw(st.lists(texts, min_size=2, max_size=3))
        case 6:
            return name + draw(st.sampled_from(CODED_KEYS)), draw(plain.filter(lambda text: len(text) > 1))
        case 7:
            wanted = st.sampled_from(REGEXES)
            return name + draw(st.sampled_from(REGEX_KEYS)), draw(
                st.one_of(wanted, st.lists(wanted, min_size=1, max_size=3))
            )
        case 8:
            return name + draw(st.sampled_from(["|cidr", "|cidr|neq"])), draw(st.sampled_from(NETWORKS))
        case 9:
            key = draw(st.sampled_from(["|lt", "|lte", "|gt", "|gte", "|gt|neq"]))
            return name + key, draw(st.sampled_from(NUMBERS))
        case 12:
            return name + draw(st.sampled_from(EXPANDED_KEYS)), draw(st.lists(texts, min_size=1, max_size=2))
        case 10:
            part = draw(st.sampled_from(sorted(PARTS)))
            return f"{name}|{part}{draw(st.sampled_from(['', '|gte', '|lt', '|neq']))}", draw(
                st.sampled_from(PARTS[part])
            )
        case 11:
            return f"{name}|fieldref{draw(st.sampled_from(REFERENCES))}", draw(st.sampled_from(FIELDS))
        case _:
            key = draw(st.sampled_from(["|exists", ""]))
            return name + key, draw(st.booleans()) if key else None


maps = st.lists(items(), min_size=1, max_size=3).map(dict)
words = st.one_of(texts, st.integers(0, 5000))
keyword_maps = st.one_of(
    st.lists(texts, min_size=2, max_size=3).map(lambda found: {"|all": found}),
    st.sampled_from(REGEXES).map(lambda found: {"|re": found}),
    st.lists(texts, min_size=1, max_size=2).map(lambda found: {"|cased": found}),
)
selections = st.one_of(
    maps,
    maps,
    maps,
    st.lists(st.one_of(maps, maps, texts), min_size=1, max_size=3),
    st.lists(words, min_size=1, max_size=3),
    keyword_maps,
)


@st.composite
def conditions(draw, names: list[str], depth: int = 0) -> str:
    """A condition over the names, with and without brackets and in either case."""
    kind = draw(st.integers(0, 8 if depth < 3 else 2))
    if kind <= 1:
        return draw(st.sampled_from(names))
    if kind == 2:
        few = draw(st.sampled_from(["1 of", "all of", "any of", "1 OF"]))
        return f"{few} {draw(st.sampled_from(['them', 'sel*', 's*0', '*']))}"
    if kind == 3:
        return f"{draw(st.sampled_from(['not', 'NOT']))} {draw(conditions(names, depth + 2))}"
    if kind == 4:
        return f"({draw(conditions(names, depth + 1))})"
    word = draw(st.sampled_from(["and", "or", "and not", "or not", "AND", "OR"]))
    return f"{draw(conditions(names, depth + 1))} {word} {draw(conditions(names, depth + 1))}"


@st.composite
def detections(draw) -> dict[str, Any]:
    count = draw(st.integers(1, 3))
    block: dict[str, Any] = {f"sel{number}0": draw(selections) for number in range(count)}
    if draw(st.integers(0, 4)) == 0:
        block["_hidden"] = draw(maps)
    found = draw(st.lists(conditions(list(block)), min_size=1, max_size=2))
    block["condition"] = found[0] if len(found) == 1 else found
    return block


def wanted_by(value: Any) -> list[Any]:
    """Everything that a detection block names as a value."""
    if isinstance(value, dict):
        return [each for inner in value.values() for each in wanted_by(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in wanted_by(inner)]
    return [value]


@st.composite
def near(draw, wanted: Any) -> Any:
    """A value that the wanted one should match, or nearly."""
    if not isinstance(wanted, str):
        return draw(st.sampled_from([wanted, str(wanted), -1 if wanted is None else wanted]))
    text = wanted
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(CHANGES))(text)
    return text


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CHANGES = (
    lambda text: text.replace("*", ""),
    lambda text: text.replace("*", "mid").replace("?", "z"),
    lambda text: text.replace("\\*", "*").replace("\\?", "?").replace("\\\\", "\\"),
    lambda text: text.replace("%admins%", "ops7"),
    lambda text: text.replace("%admins%", "root"),
    lambda text: text.replace("-", "/", 1),
    lambda text: text.replace("-", "\u2014"),
    lambda text: text.replace("/", "-").replace("\u2013", "-"),
    lambda text: text.swapcase(),
    lambda text: text.upper(),
    lambda text: text.casefold(),
    lambda text: text[1:],
    lambda text: text[:-1],
    lambda text: text + "x",
    lambda text: "C:\\dir\\" + text,
    lambda text: "x" + text + "\n",
    lambda text: text + "\nbeta",
    lambda text: text + text,
    lambda text: encoded("yy" + text + "z"),
    lambda text: encoded(text),
    lambda text: base64.b64encode(b"k" + text.encode("utf-16-le") + b"\0z").decode(),
    lambda text: base64.b64encode(text.encode("utf-16-be")).decode(),
    lambda text: base64.b64encode(text.encode("utf-16")).decode() + "==",
    lambda text: text.encode("utf-16-le").decode("latin-1"),
)
ANYTHING = (
    *ADDRESSES,
    *MOMENTS,
    *NUMBERS,
    "",
    None,
    True,
    False,
    "true",
    "alpha12",
    "Beta",
    "beta\n",
    "aab",
    "a\nb",
    {"k": "alpha"},
)


@st.composite
def records(draw, pool: list[Any]) -> dict[str, Any]:
    """A record whose fields hold what the rules ask for, or nearly; flat, nested, in lists."""
    single = st.one_of(st.sampled_from(pool or ["x"]).flatmap(near), st.sampled_from(ANYTHING))
    value = st.one_of(single, single, single, st.lists(st.one_of(single, st.lists(single, max_size=2)), max_size=3))
    record: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={"a": value, "b": value, "m": value}))
    match draw(st.integers(0, 4)):
        case 0:
            record["c.d"] = draw(value)
        case 1:
            record["c"] = [{"d": draw(value)}, {"other": 1}, {"d": draw(value)}]
        case 2:
            record["c"] = {"d": draw(value)}
    match draw(st.integers(0, 3)):
        case 0:
            record["e"] = {"f": {"g": draw(value)}}
        case 1:
            record["e"] = {"f.g": draw(value)}
        case 2:
            record["e"] = [{"f": [{"g": draw(value)}]}]
    return record


def document(number: int, detection: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": f"rule {number}",
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "logsource": {"product": "aws", "service": "cloudtrail"},
        "detection": detection,
    }


@st.composite
def cases(draw) -> tuple[list[str], list[dict[str, Any]]]:
    blocks = draw(st.lists(detections(), min_size=1, max_size=10))
    pool = [each for block in blocks for each in wanted_by({**block, "condition": []})]
    found = [yaml.safe_dump(document(number, block), allow_unicode=True) for number, block in enumerate(blocks)]
    return found, draw(st.lists(records(pool), min_size=1, max_size=6))


def of_reference(text: str) -> Any:
    try:
        (rule,) = read_rules(text, PLACEHOLDERS)
    except (Unreadable, ValueError) as error:
        return str(error) or type(error).__name__
    return rule


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_many_rules_at_once_say_what_the_specification_says(case):
    files, natives = case
    loaded = load_texts([(f"{number}.yml", text.encode()) for number, text in enumerate(files)], PLACEHOLDERS)
    read = [of_reference(text) for text in files]
    refused = {each.file: each.reason for each in loaded.refused}
    for number, rule in enumerate(read):
        assert isinstance(rule, str) == (f"{number}.yml" in refused), (rule, refused, files[number])
    rules = [rule for rule in read if not isinstance(rule, str)]
    matcher = Matcher(loaded.rules)
    for native in natives:
        found = [rule.id for rule in matcher.matches(Event("aws.cloudtrail", "u", 0, native, lambda _n, _i: {}))]
        assert found == [rule.id for rule in rules if rule.holds(native)]
