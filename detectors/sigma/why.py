"""Why a rule fired, in words: the rule's own template, or its title and what the event held."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detectors.sigma.chain import Readers
from detectors.sigma.model import Correlation, Rule
from detectors.words import render, shown, visible
from yunshao.model.event import UNOWNED, Event, Native

MAX_MATCHED = 6
UnitNames = Mapping[str, Mapping[str, str]]
NO_NAMES: UnitNames = MappingProxyType({})


class Why:
    """The words of one rule, in zh and en, over the fields of one source."""

    def __init__(self, rule: Rule, find: Readers, units: UnitNames = NO_NAMES) -> None:
        self._rule = rule
        self._find = find
        self._units = units

    def matched(self, native: Native, event: Event) -> dict[str, str]:
        """The fields that the rule looks at and the event has, as shown to people."""
        found: dict[str, str] = {}
        for field in self._rule.fields:
            text = shown(self._find[field](native, event))
            if text:
                found[field] = text
            if len(found) >= MAX_MATCHED:
                break
        return found

    def words(
        self, native: Native, event: Event, entity: str, unit: str, matched: dict[str, str] | None = None
    ) -> dict[str, str]:
        """The reason in both languages; `matched` where it is known already."""
        said = self._rule.words

        def read(field: str, language: str) -> str:
            if field == "unit":
                return unit_words(unit, self._units)[language]
            if field == "entity":
                return visible(entity)
            return shown(self._find[field](native, event))

        zh, en = said.why_zh or said.why, said.why or said.why_zh
        if en:
            return {
                "zh": render(zh, "zh", lambda field: read(field, "zh")),
                "en": render(en, "en", lambda field: read(field, "en")),
            }
        held = self.matched(native, event) if matched is None else matched
        return _plain(self._rule.titles, entity, held)


def unit_words(unit: str, names: UnitNames = NO_NAMES) -> dict[str, str]:
    """The unit as it is put into a sentence: by its name in the registry, else by its id."""
    if unit == UNOWNED:
        return {"zh": "无主单位", "en": "no registered unit"}
    return {language: visible(names.get(unit, {}).get(language) or unit) for language in ("zh", "en")}


def _plain(titles: dict[str, str], entity: str, matched: dict[str, str]) -> dict[str, str]:
    """The title, whom it is about, and the matched fields."""
    held = ", ".join(f"{field}={value}" for field, value in matched.items())
    ending = {"zh": f"：{entity}", "en": f": {entity}"}
    detail = {"zh": f"（{held}）" if held else "", "en": f" ({held})" if held else ""}
    return {language: f"{titles[language]}{ending[language]}{detail[language]}" for language in ("zh", "en")}


def span_words(milliseconds: int) -> dict[str, str]:
    """A timespan such as five minutes, in its largest whole unit."""
    units = ((86_400_000, "天", "d"), (3_600_000, "小时", "h"), (60_000, "分钟", "m"), (1_000, "秒", "s"))
    for size, zh, en in units:
        if milliseconds % size == 0:
            return {"zh": f"{milliseconds // size} {zh}", "en": f"{milliseconds // size}{en}"}
    return {"zh": f"{milliseconds} 毫秒", "en": f"{milliseconds}ms"}


def correlated(rule: Correlation, known: dict[str, str], names: UnitNames = NO_NAMES) -> dict[str, str]:
    """Why a correlation fired.

    Its template may name what `known` holds (`unit`, `entity`, `count`, `figure`, `group`, the fields grouped by) and
    `timespan`, `title`.
    """
    said = rule.words
    templates = {"zh": said.why_zh or said.why or _COUNTED["zh"], "en": said.why or said.why_zh or _COUNTED["en"]}
    spans = span_words(rule.timespan)
    found = {}
    units = unit_words(known.get("unit", UNOWNED), names)
    for language, template in templates.items():
        here = {**known, "unit": units[language], "timespan": spans[language], "title": rule.titles[language]}
        found[language] = render(template, language, lambda field, here=here: here.get(field, ""))  # type: ignore[misc]
    return found


_COUNTED = {
    "zh": "{title}：{entity}，{timespan}内 {count} 个相关事件",
    "en": "{title}: {entity}, {count} related events within {timespan}",
}
