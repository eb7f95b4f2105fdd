"""Playbook files, ours and the site's, as values; what cannot be used is refused with file and field.

Reads our packaged library and the folder that the settings name, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from playbooks.engine.program import parse_program
from playbooks.words import Expectation, Playbook, Stage, Text, Threat
from yunshao.errors import BadContent
from yunshao.model.risk import METHODS
from yunshao.yaml_text import check_depth

MAX_BYTES = 256 << 10
MAX_FILES = 500
MAX_ITEMS = 500
ID = re.compile(r"^[a-z][a-z0-9_]{2,63}$")
DURATION = re.compile(r"^(\d{1,6})(s|m|h|d)$")
UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
COMMON = {"id", "kind", "version", "title", "summary"}
ASSESSMENT = COMMON | {"method", "window", "threats", "losses"}
DRILL = COMMON | {"every", "forms", "objectives", "story", "run", "expect", "revert", "clean_up", "warm_up"}
DRILL |= {"groups", "background"}
FORMS = {
    "method": ("tabletop", "practical", "demonstration"),
    "scope": ("internal", "sector", "cross_sector", "local", "cross_region"),
    "content": ("comprehensive", "special"),
}
GROUPS = (
    "command", "planning", "supervision", "advisers", "implementation", "support", "evaluation", "technical",
    "observers",
)  # fmt: skip
POSTS = (
    "on_call", "data_security", "unit_chief", "system_chief", "general_chief", "operations", "business", "publicity",
    "supplier",
)  # fmt: skip
DOES = ("triage", "contain", "recover")
EVERY = ("month", "quarter", "half_year", "year")


class _Reader:
    """Reads one file's tree, naming the place of whatever is wrong."""

    def __init__(self, where: str) -> None:
        self.where = where

    def refuse(self, place: str, why: str) -> BadContent:
        return BadContent(f"{place}: {why}", "see docs/write-a-playbook.md", self.where)

    def keys(self, place: str, tree: Any, allowed: set[str], needed: set[str]) -> Mapping[str, Any]:
        if not isinstance(tree, Mapping):
            raise self.refuse(place, "a mapping is wanted")
        if unknown := sorted(map(str, set(tree) - allowed)):
            raise self.refuse(place, f"unknown key {unknown[0]!r}")
        if missing := sorted(needed - set(tree)):
            raise self.refuse(place, f"{missing[0]!r} is missing")
        return tree

    def text(self, place: str, value: Any) -> Text:
        tree = self.keys(place, value, {"zh", "en"}, {"zh", "en"})
        if not all(isinstance(words, str) and words.strip() for words in tree.values()):
            raise self.refuse(place, "words in zh and en are wanted")
        return {"zh": tree["zh"].strip(), "en": tree["en"].strip()}

    def word(self, place: str, value: Any, allowed: tuple[str, ...] | None = None) -> str:
        if not isinstance(value, str) or not value or len(value) > 200:
            raise self.refuse(place, "a word is wanted")
        if allowed and value not in allowed:
            raise self.refuse(place, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def items(self, place: str, value: Any, least: int = 0) -> list[Any]:
        if not isinstance(value, list) or not least <= len(value) <= MAX_ITEMS:
            raise self.refuse(place, f"a list of {least} to {MAX_ITEMS} is wanted")
        return value

    def duration(self, place: str, value: Any) -> int:
        match = DURATION.match(value) if isinstance(value, str) else None
        if not match:
            raise self.refuse(place, f"{value!r} is no duration such as 30s, 5m, 2h or 90d")
        return int(match[1]) * UNITS_MS[match[2]]


def parse_playbook(text: str, where: str, methods: tuple[str, ...] = tuple(METHODS)) -> Playbook:
    """One playbook of the text of a file; it may name these methods. Raises BadContent with file and field."""
    reader = _Reader(where)
    if len(text) > MAX_BYTES:
        raise reader.refuse("file", "larger than 256 KiB")
    try:
        tree = yaml.load(check_depth(text), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BadContent(f"not YAML: {error.problem}", "", where, line) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise BadContent("not YAML", "", where) from None
    kind = reader.word(
        "kind", tree.get("kind") if isinstance(tree, Mapping) else None, ("assessment", "drill", "response")
    )
    if kind == "response":
        return _response(reader, tree)
    return _assessment(reader, tree, methods) if kind == "assessment" else _drill(reader, tree)


def _common(reader: _Reader, tree: Mapping[str, Any]) -> dict[str, Any]:
    key = reader.word("id", tree["id"])
    if not ID.match(key):
        raise reader.refuse("id", "small letters, digits and _ are wanted")
    return {
        "id": key,
        "kind": tree["kind"],
        "version": str(tree.get("version", "1")),
        "title": reader.text("title", tree["title"]),
        "summary": reader.text("summary", tree["summary"]),
        "file": reader.where,
    }


def _response(reader: _Reader, tree: Any) -> Playbook:
    program = parse_program(tree, reader.where)
    title, summary = program.title.model_dump(), program.summary.model_dump()
    return Playbook(program.id, "response", program.version, title, summary, reader.where, program=program)


def _assessment(reader: _Reader, tree: Any, methods: tuple[str, ...]) -> Playbook:
    reader.keys("file", tree, ASSESSMENT, {"id", "title", "summary", "method", "threats"})
    threats = tuple(
        _threat(reader, f"threats[{i}]", one) for i, one in enumerate(reader.items("threats", tree["threats"], 1))
    )
    if len({threat.id for threat in threats}) != len(threats):
        raise reader.refuse("threats", "two have the same id")
    window = reader.duration("window", tree.get("window", "90d")) // UNITS_MS["d"]
    return Playbook(
        **_common(reader, tree),
        method=reader.word("method", tree["method"], methods),
        window_days=max(1, window),
        threats=threats,
        losses=_losses(reader, tree.get("losses", [])),
    )


def _losses(reader: _Reader, tree: Any) -> tuple[Mapping[str, Any], ...]:
    """Scenarios for FAIR; their estimates are read where they are drawn."""
    found = []
    for number, one in enumerate(reader.items("losses", tree, 0)):
        place = f"losses[{number}]"
        known = {"id", "name", "lef", "tef", "vulnerability", "capability", "strength", "primary", "secondary"}
        reader.keys(place, one, known | {"secondary_share"}, {"id", "name", "primary"})
        found.append(
            {**one, "id": reader.word(f"{place}.id", one["id"]), "name": reader.text(f"{place}.name", one["name"])}
        )
    return tuple(found)


def _threat(reader: _Reader, place: str, tree: Any) -> Threat:
    keys = {"id", "name", "source", "kind", "techniques", "baseline"}
    reader.keys(place, tree, keys, keys)
    baseline = tree["baseline"]
    if not isinstance(baseline, int) or not 1 <= baseline <= 5:
        raise reader.refuse(f"{place}.baseline", "1 to 5 is wanted")
    return Threat(
        id=reader.word(f"{place}.id", tree["id"]),
        name=reader.text(f"{place}.name", tree["name"]),
        source=reader.text(f"{place}.source", tree["source"]),
        kind=reader.word(f"{place}.kind", tree["kind"]),
        techniques=tuple(reader.word(f"{place}.techniques", one) for one in reader.items(place, tree["techniques"], 1)),
        baseline=baseline,
    )


def _drill(reader: _Reader, tree: Any) -> Playbook:
    needed = {"id", "title", "summary", "forms", "objectives", "run", "revert"}
    reader.keys("file", tree, DRILL, needed)
    forms = reader.keys("forms", tree["forms"], set(FORMS), set(FORMS))
    stages = tuple(_stage(reader, f"run[{i}]", one) for i, one in enumerate(reader.items("run", tree["run"], 1)))
    expect = tuple(
        _expectation(reader, f"expect[{i}]", one)
        for i, one in enumerate(reader.items("expect", tree.get("expect", [])))
    )
    sends = any(stage.type == "send" for stage in stages)
    if sends != ("story" in tree):
        raise reader.refuse("run", "nothing is sent" if "story" in tree else "what is sent wants a story")
    if not sends and (forms["method"] != "tabletop" or any(one.type == "alert" for one in expect)):
        raise reader.refuse("run", "where nothing is sent nothing can be noticed: a tabletop expects no alert")
    if sends and not expect:
        raise reader.refuse("expect", "what is sent must be noticed by something")
    if [stage.at for stage in stages] != sorted(stage.at for stage in stages):
        raise reader.refuse("run", "the moments must not go back")
    return Playbook(
        **_common(reader, tree),
        objectives=tuple(reader.text("objectives", one) for one in reader.items("objectives", tree["objectives"], 1)),
        forms={axis: reader.word(f"forms.{axis}", forms[axis], FORMS[axis]) for axis in FORMS},
        stages=stages,
        expect=expect,
        story=reader.word("story", tree["story"]) if sends else "",
        every=reader.word("every", tree.get("every", "year"), EVERY),
        groups=_groups(reader, tree.get("groups", {})),
        background=reader.text("background", tree["background"]) if "background" in tree else {},
    )


def _groups(reader: _Reader, tree: Any) -> dict[str, Text]:
    """Posts by the groups of GB/T 38645."""
    known = reader.keys("groups", tree, set(GROUPS), set())
    return {group: reader.text(f"groups.{group}", post) for group, post in known.items()}


def _stage(reader: _Reader, place: str, tree: Any) -> Stage:
    reader.keys(place, tree, {"at", "send", "part", "ask", "tell", "does", "title"}, {"at", "title"})
    at, title = reader.duration(f"{place}.at", tree["at"]), reader.text(f"{place}.title", tree["title"])
    kinds = [kind for kind in ("send", "ask", "tell") if kind in tree]
    if len(kinds) != 1:
        raise reader.refuse(place, "one of send, ask and tell is wanted")
    kind, extra = kinds[0], {"send": "part", "ask": "does"}.get(kinds[0], "")
    if wrong := sorted({"part", "does"} & set(tree) - {extra}):
        raise reader.refuse(f"{place}.{wrong[0]}", f"has no meaning where something is {kind}")
    word = reader.word(f"{place}.{kind}", tree[kind])
    if kind == "send":
        part = reader.word(f"{place}.part", tree["part"]) if "part" in tree else ""
        return Stage(at, kind, title, source=word, part=part)
    does = reader.word(f"{place}.does", tree["does"], DOES) if "does" in tree else ""
    if word not in POSTS:
        raise reader.refuse(f"{place}.{kind}", f"{word!r} is none of {', '.join(POSTS)}")
    return Stage(at, kind, title, post=word, does=does)


def _expectation(reader: _Reader, place: str, tree: Any) -> Expectation:
    reader.keys(place, tree, {"alert", "acknowledged_by", "within"}, {"within"})
    within = reader.duration(f"{place}.within", tree["within"])
    if ("alert" in tree) == ("acknowledged_by" in tree):
        raise reader.refuse(place, "either alert or acknowledged_by is wanted")
    if "alert" in tree:
        return Expectation("alert", within, rule=reader.word(f"{place}.alert", tree["alert"]))
    post = reader.word(f"{place}.acknowledged_by", tree["acknowledged_by"], POSTS)
    return Expectation("acknowledged", within, post=post)


def _load(folder: Traversable, where: str, methods: tuple[str, ...] = tuple(METHODS)) -> dict[str, Playbook]:
    found: dict[str, Playbook] = {}
    files = sorted((one for one in folder.iterdir() if one.name.endswith((".yml", ".yaml"))), key=lambda one: one.name)
    for file in files[:MAX_FILES]:
        place = f"{where}/{file.name}"
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise BadContent("cannot be read as UTF-8", "", place) from None
        playbook = parse_playbook(text, place, methods)
        if playbook.id in found or playbook.id != file.name.rsplit(".", 1)[0]:
            raise BadContent(f"id: {playbook.id!r} is taken, or is not the file's name", "", place)
        found[playbook.id] = playbook
    return found


@cache
def library() -> dict[str, Playbook]:
    """The playbooks that ship, by id."""
    return _load(resources.files("playbooks").joinpath("library"), "library")


def load_folder(folder: Path, methods: tuple[str, ...] = tuple(METHODS)) -> dict[str, Playbook]:
    """The playbooks of a folder, by id. Raises BadContent."""
    return _load(folder, str(folder), methods)
