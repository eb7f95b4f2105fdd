"""Exceptions: known cases in which a rule that fired alerts nobody, with an owner and an end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from detectors.sigma.build import Builder, Find, Holds
from detectors.sigma.document import Document, Mapping, read_documents
from detectors.sigma.document import Sequence as Listed
from detectors.sigma.read import Reading, read_match
from detectors.sigma.tree import Node, items
from detectors.sigma.values import MISSING, Get
from yunshao.errors import BadContent
from yunshao.model.event import Event, Native
from yunshao.model.finding import Finding

MAX_EXCEPTIONS = 2000
MAX_DAYS = 366
OWN_FIELDS = ("entity", "unit", "system", "cloud")
"""What the exception of a correlation may read beside the fields that it groups by."""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{1,62}\Z")
_KEYS = ("id", "rule", "match", "owner", "reason", "created", "expires")

Ask = Callable[[Native, Event], str]


@dataclass(frozen=True, slots=True)
class RuleException:
    """One known case: of which rule, what the event looks like, who answers for it, why, and until when."""

    id: str
    rule: str
    tree: Node
    match: Any
    owner: str
    reason: str
    created: date
    expires: date
    file: str = ""
    line: int = 0

    @property
    def ends(self) -> int:
        """The first moment (ms, event time) at which it holds no more: the end of its last day, UTC."""
        after = datetime.combine(self.expires + timedelta(days=1), datetime.min.time(), UTC)
        return int(after.timestamp() * 1000)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it reads."""
        return tuple(dict.fromkeys(item.field for item in items(self.tree) if item.field))


def parse_exceptions(text: str, where: str) -> list[RuleException | BadContent]:
    """The exceptions of a file, in order; one that cannot be used stands as the error that says why and where."""
    try:
        documents = list(read_documents(text, where))
        return [each for document in documents if document.value is not None for each in _of(document, where)]
    except BadContent as error:
        return [error]


def _of(document: Document, where: str) -> Iterator[RuleException | BadContent]:
    value = document.value
    listed = value.get("exceptions") if isinstance(value, Mapping) else None
    if not isinstance(listed, Listed) or len(listed) > MAX_EXCEPTIONS:
        raise BadContent(f"`exceptions` is a list of at most {MAX_EXCEPTIONS}", "", where, document.line)
    for each, line in zip(listed, listed.lines, strict=True):
        try:
            yield _exception(Reading(Document(each, line), where, {}))
        except BadContent as error:
            yield error


def _exception(reading: Reading) -> RuleException:
    for key in reading.value:
        if key not in _KEYS:
            raise reading.refuse(f"unknown key {key!r}", key, mend=f"one of {', '.join(_KEYS)}")
    texts = {key: reading.text_at(key, limit=2000).strip() for key in _KEYS if key != "match"}
    for key, said in texts.items():
        if not said:
            raise reading.refuse(f"{key!r} is missing", key)
    if not _ID.match(texts["id"]):
        raise reading.refuse("id is 2 to 63 small letters, digits, - and _", "id")
    created, expires = _day(reading, "created", texts["created"]), _day(reading, "expires", texts["expires"])
    if expires < created:
        raise reading.refuse("expires lies before created", "expires")
    if expires > created + timedelta(days=MAX_DAYS):
        raise reading.refuse("expires lies more than a year after created", "expires")
    return RuleException(
        texts["id"],
        texts["rule"],
        read_match(reading, "match"),
        reading.value["match"],
        texts["owner"],
        texts["reason"],
        created,
        expires,
        reading.where,
        reading.line,
    )


def _day(reading: Reading, key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise reading.refuse(f"{key} {text[:40]!r} is no date", key, mend="YYYY-MM-DD") from None


class Exceptions:
    """Compiled exceptions, by the id of their rule."""

    def __init__(self, exceptions: Iterable[RuleException]) -> None:
        self._of: dict[str, list[RuleException]] = {}
        for each in exceptions:
            self._of.setdefault(each.rule, []).append(each)
        self._compiled: dict[str, Ask] = {}

    def of_events(self, rule_id: str, find: Find) -> Ask:
        """What says the id of the exception that holds for an event on which the rule fired; empty for none."""
        held = self._of.get(rule_id)
        if not held:
            return _none
        builder = Builder(find)
        compiled: list[tuple[str, int, Holds]] = [(each.id, each.ends, builder.build(each.tree)) for each in held]

        def ask(native: Native, event: Event) -> str:
            for name, ends, holds in compiled:
                if event.time < ends and holds(native, event):
                    return name
            return ""

        return ask

    def marked(self, finding: Finding) -> Finding:
        """The finding of a correlation, with the exception that holds for it."""
        if finding.rule_id not in self._of:
            return finding
        ask = self._compiled.get(finding.rule_id)
        if ask is None:
            ask = self._compiled[finding.rule_id] = self.of_events(finding.rule_id, _plain)
        owner, group = finding.owner, finding.facts.get("group")
        own = dict(zip(OWN_FIELDS, (finding.entity, owner.unit, owner.system, owner.cloud), strict=True))
        record = {**own, **(group if isinstance(group, dict) else {})}
        event = Event("", "", finding.time, record, lambda native, _identity: native)
        return replace(finding, excepted=ask(record, event))


def _none(_native: Native, _event: Event) -> str:
    return ""


def _plain(field: str) -> Get:
    """A field that stands in the record under its whole name."""
    return lambda native, _event: native.get(field, MISSING)
