"""YAML read strictly, within bounds, with lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.sigma.document import read_documents, resolve
from yunshao.errors import BadContent


def documents(text: str):
    return list(read_documents(text, "f.yml"))


def test_each_document_knows_its_line():
    found = documents("a: 1\n---\n\nb: 2\n")
    assert [(each.value, each.line) for each in found] == [({"a": 1}, 1), ({"b": 2}, 4)]


def test_keys_know_their_lines():
    (found,) = documents("a:\n  b: 1\n  c:\n    - x\n    - d: 2\n")
    assert found.value.line_of("a", "c") == 3
    assert found.value["a"]["c"].lines == [4, 5]
    assert found.value.line_of("a", "nothing") == 1


def test_an_alias_is_the_anchored_value():
    (found,) = documents("a: &x [1, 2]\nb: *x\n")
    assert found.value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", 2),
        ("a: !!python/object/apply:os.system [x]\n", 1),
        ("a: !!int '3'\n", 1),
        ("a: *nobody\n", 1),
        ("a: [1\n", 2),
        ("? [x]\n: y\n", 1),
        ("a: \x00\n", 1),
        ("[" * 100_000, 1),
        ("- " * 100_000, 1),
        ("{a: " * 50_000, 1),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text, line):
    with pytest.raises(BadContent) as caught:
        documents(text)
    assert caught.value.line_number == line


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(BadContent, match="values"):
        documents("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("No", "No"),
        ("12", 12),
        ("-3", -3),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1.5", 1.5),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("99999999999999999999999", "99999999999999999999999"),
    ],
)
def test_scalars_are_what_they_print_as(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@given(st.text(max_size=200))
def test_any_text_is_documents_or_one_refusal_with_a_line(text):
    try:
        documents(text)
        line = 1
    except BadContent as error:
        line = error.line_number
    assert line is not None
