"""The words and pieces of every report that ships."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from reports.catalog import BUILDERS
from reports.shared.glyphs import replace_missing
from yunshao.text import texts_of

ROOT = Path(__file__).resolve().parents[2] / "reports"
PACKAGES = ("reports.shared", *(f"reports.{kind}" for kind in BUILDERS))


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_have_the_same_keys(package: str) -> None:
    texts = texts_of(package)
    assert texts.keys("zh") == texts.keys("en")


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_fill_the_same_places(package: str) -> None:
    texts = texts_of(package)
    for key in texts.keys("zh"):
        places = [set(re.findall(r"\{(\w+)\}", texts(language, key))) for language in ("zh", "en")]
        assert places[0] == places[1], key


@pytest.mark.parametrize("path", sorted(ROOT.rglob("text.*.yml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_key_stands_twice(path: Path) -> None:
    def walk(node: yaml.Node, where: str) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), (where, keys)
            for key, value in node.value:
                walk(value, f"{where}.{key.value}")

    walk(yaml.compose(path.read_text(encoding="utf-8")), "")


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_kind_has_its_fixed_files(kind: str) -> None:
    for name in ("build.py", "text.zh.yml", "text.en.yml"):
        assert (ROOT / kind / name).is_file()


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_key_that_the_code_names_exists(kind: str) -> None:
    known = texts_of(f"reports.{kind}").keys("zh") | texts_of("reports.shared").keys("zh")
    for path in [*(ROOT / kind).glob("*.py"), *(ROOT / "shared").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and _is_words(node.func)
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                assert node.args[0].value in known, (path.name, node.args[0].value)


def _is_words(function: ast.expr) -> bool:
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    return name == "words" or (name == "text" and isinstance(function, ast.Attribute))


def test_the_texts_hold_no_character_that_the_pdf_cannot_print() -> None:
    for package in PACKAGES:
        texts = texts_of(package)
        for language in ("zh", "en"):
            for key in texts.keys(language):
                assert not replace_missing(texts(language, key))[1], key
