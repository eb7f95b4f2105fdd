"""Every figure again, from the evidence that it points to: what `yunshao verify` does without us, off-line.

A figure carries a recipe: a closed list of operations over the rows of the sealed document and its alerts. Nothing in a
recipe is run as code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.shared.plain import half_up, mapping, mappings, number, pick, strings, whole
from yunshao.errors import BadConfiguration, WrongUse
from yunshao.model.risk import (
    METHODS,
    Method,
    asset_value,
    asset_value_cia,
    eased,
    effectiveness,
    frequency_level,
    parse_method,
    per_year,
)

Row = Mapping[str, Any]
Numbers = tuple[float, ...]
EPISODE_GAP_MS = 24 * 3_600_000
ENOUGH_TRIAGED = 10
LEVELS = (5, 4, 3, 2, 1)
MAX_FIGURES = 100_000
MOST_DIGITS = 9
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that does not follow from the evidence: its name, what was printed, what comes out."""

    name: str
    printed: Numbers
    found: Numbers


def evaluate(recipe: Row, rows_of: Callable[[str], Sequence[Row]]) -> Numbers:
    """The numbers of a recipe over named lists of rows. Raises WrongUse for a recipe that is none."""
    digits = recipe.get("digits")
    if isinstance(digits, int) and 0 <= digits <= MOST_DIGITS:
        return tuple(half_up(found, digits) for found in evaluate({**recipe, "digits": None}, rows_of))
    how = recipe.get("op")
    if how == "ratio":
        over = evaluate(mapping(recipe, "num"), rows_of)[0]
        under = evaluate(mapping(recipe, "den"), rows_of)[0]
        return (over / under,) if under else ()
    rows = [row for row in rows_of(str(recipe.get("of"))) if _holds(row, mapping(recipe, "where"))]
    field = str(recipe.get("field", ""))
    if how == "count":
        return (float(len(rows)),)
    if how == "sum":
        return (float(sum(_numbers(rows, field))),)
    if how == "mean":
        found = list(_numbers(rows, field))
        return (sum(found) / len(found),) if found else ()
    if how == "gap":
        return _mean_gap(rows, str(recipe.get("from")), str(recipe.get("to")))
    if how == "max":
        return (max(_numbers(rows, field), default=0.0),)
    if how == "distinct":
        return (float(len({text for row in rows for text in strings(_at(row, field))})),)
    if how == "levels":
        counted = Counter(whole(_at(row, field)) for row in rows)
        return tuple(float(counted[level]) for level in LEVELS)
    if how == "pairs":
        names = strings(recipe.get("fields"))
        paired = Counter(tuple(whole(_at(row, name)) for name in names) for row in rows)
        return tuple(float(part) for key in sorted(paired) for part in (*key, paired[key]))
    raise WrongUse(f"no such recipe: {str(how)[:40]!r}", "")


def used(recipe: Row, rows_of: Callable[[str], Sequence[Row]]) -> Iterator[tuple[str, list[Row], tuple[str, ...]]]:
    """The rows that a recipe takes in: (name of the list, rows, the fields that it reads of each)."""
    if recipe.get("op") == "ratio":
        for part in ("num", "den"):
            yield from used(mapping(recipe, part), rows_of)
        return
    where = mapping(recipe, "where")
    named = [str(recipe[name]) for name in ("field", "from", "to") if recipe.get(name)]
    fields = dict.fromkeys([*where, *named, *strings(recipe.get("fields"))])
    name = str(recipe.get("of"))
    yield name, [row for row in rows_of(name) if _holds(row, where)], tuple(fields)


def read_field(row: Row, field: str) -> Any:
    """A field of a row by its dotted path; None where there is none."""
    return _at(row, field)


def _mean_gap(rows: Iterable[Row], begin: str, end: str) -> Numbers:
    """The mean of the seconds between two times (ms) of each row; rows without one of them are left out."""
    gaps = [
        (last - first) / 1000
        for row in rows
        if (first := number(_at(row, begin))) is not None and (last := number(_at(row, end))) is not None
    ]
    good = [gap for gap in gaps if gap >= 0]
    return (sum(good) / len(good),) if good else ()


def _at(row: Row, field: str) -> Any:
    return pick(row, *field.split(".")) if field else None


def _numbers(rows: Iterable[Row], field: str) -> Iterator[float]:
    return (found for row in rows if (found := number(_at(row, field))) is not None)


def _holds(row: Row, where: Row) -> bool:
    """Every condition: a list of values of which the field has one, or [least, most] below `between`."""
    for field, wanted in where.items():
        found = _at(row, field)
        if isinstance(wanted, Mapping):
            least, most = number(wanted.get("least")), number(wanted.get("most"))
            value = number(found)
            if value is None or (least is not None and value < least) or (most is not None and value > most):
                return False
        elif found not in (wanted if isinstance(wanted, list | tuple) else [wanted]):
            return False
    return True


def check_figures(figures: Sequence[Row], document: Row, alerts: Sequence[Row]) -> tuple[int, list[Difference]]:
    """How many printed figures were recomputed, and those that do not follow from the rows."""

    def rows_of(name: str) -> Sequence[Row]:
        return alerts if name == "alerts" else mappings(document, name)

    count, found = 0, []
    for figure in figures[:MAX_FIGURES]:
        recipe = figure.get("recipe")
        if not isinstance(recipe, Mapping) or not recipe:
            continue
        count += 1
        printed = tuple(number(part) or 0.0 for part in figure.get("numbers") or ())
        try:
            again = evaluate(recipe, rows_of)
        except WrongUse:
            again = ()
        if not same(printed, again):
            found.append(Difference(str(figure.get("label", "")), printed, again))
    return count, found


def same(printed: Numbers, found: Numbers) -> bool:
    """Whether two lists of numbers agree but for the last digits."""
    return len(printed) == len(found) and all(
        abs(a - b) <= CLOSE * max(1.0, abs(a)) for a, b in zip(printed, found, strict=True)
    )


def check_assessment(document: Row, alerts: Sequence[Row]) -> tuple[int, list[Difference]]:
    """Every value of an assessment's rows again: assets, frequencies, measures, risks, counts."""
    checks = [
        *(_asset(row) for row in mappings(document, "assets")),
        *(_threat(row, document, alerts) for row in mappings(document, "threats")),
        *(_measure(row) for row in mappings(document, "measures")),
        *_risks(document),
        *_summary(document),
    ]
    done = [one for one in checks if one is not None]
    return len(done), [one for one in done if not same(one.printed, one.found)]


def _asset(row: Row) -> Difference | None:
    parts = [whole(row.get(key)) for key in ("c", "i", "a")]
    if row.get("decision") in {"accept", "adjust"} or not all(1 <= part <= 5 for part in parts):
        return None
    cia = asset_value_cia(*parts)
    value = asset_value(cia, whole(row.get("importance")), str(row.get("carry")))
    printed = (float(whole(row.get("v_cia"))), float(whole(row.get("value"))))
    return Difference(f"asset {row.get('id')}", printed, (float(cia), float(value)))


def _threat(row: Row, document: Row, alerts: Sequence[Row]) -> Difference | None:
    if not row.get("episodes"):
        return None
    techniques = strings(row.get("techniques"))
    window = mapping(document, "window")
    since = number(window.get("since")) or 0
    seen = [
        one
        for one in alerts
        if _meets(techniques, strings(one.get("techniques"))) and (number(one.get("time")) or 0) >= since
    ]
    if len(seen) != whole(row.get("alerts_total")):
        # Not all of them are in the bundle: the limits of the report say so.
        return None
    count, share = episodes(one for one in seen if one.get("verdict") != "duplicate"), precision(seen)
    yearly = per_year(count, share, whole(row.get("window_days")) or 1)
    level = frequency_level(yearly) if row.get("decision") != "adjust" else whole(row.get("frequency"))
    if row.get("decision") == "decline":
        level = whole(row.get("baseline"))
    names = ("episodes", "precision", "per_year", "frequency")
    printed = tuple(number(row.get(name)) or 0.0 for name in names)
    return Difference(
        f"threat {row.get('id')}", printed, (float(count), half_up(share, 4), half_up(yearly, 2), float(level))
    )


def _meets(some: Sequence[str], others: Sequence[str]) -> bool:
    return any(a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.") for a in some for b in others)


def episodes(alerts: Iterable[Row]) -> int:
    """Alerts about one entity at most 24 h apart are one episode."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in alerts:
        spans[str(row.get("entity"))].append((number(row.get("first")) or 0, number(row.get("last")) or 0))
    found = 0
    for each in spans.values():
        end = float("-inf")
        for first, last in sorted(each):
            found += first - end > EPISODE_GAP_MS
            end = max(end, last)
    return found


def precision(alerts: Sequence[Row]) -> float:
    """The share of closed alerts that were true; below ten of them drawn towards a half."""
    counted = Counter(str(row.get("verdict")) for row in alerts)
    true = counted["true_positive"]
    closed = true + counted["false_positive"] + counted["benign"]
    if closed < ENOUGH_TRIAGED:
        return (true + 1) / (closed + 2)
    return true / closed


def _measure(row: Row) -> Difference | None:
    if row.get("decision") in {"adjust", "decline"}:
        return None
    parts = [number(row.get(name)) or 0.0 for name in ("deployed", "health", "efficacy")]
    printed = (number(row.get("effectiveness")) or 0.0,)
    return Difference(f"measure {row.get('id')}", printed, (half_up(effectiveness(*parts), 4),))


def method_of(document: Row) -> Method | None:
    """The method that a document was reckoned by: a shipped one, or the site's, from the criteria that were sealed."""
    key = str(document.get("method"))
    criteria = {str(one.get("key")): one for one in mappings(document, "criteria")}
    if key in METHODS or not criteria:
        return METHODS.get(key)
    name = {"zh": key, "en": key}
    base = "iso27005" if "iso" in criteria else "gbt20984-matrix"
    tables = {part: one.get("table") for part, one in criteria.items()}
    cuts = {part: one.get("cuts") for part, one in criteria.items() if base != "iso27005"}
    try:
        return parse_method({"id": key, "name": name, "base": base, "tables": tables, "cuts": cuts}, "criteria")
    except BadConfiguration:
        return None


def _risks(document: Row) -> Iterator[Difference]:
    by_id = {
        kind: {str(row.get("id")): row for row in mappings(document, kind)}
        for kind in ("assets", "threats", "weaknesses", "measures")
    }
    method = method_of(document)
    for risk in mappings(document, "risks"):
        row = {
            kind: by_id[kind].get(str(risk.get(part)), {})
            for kind, part in (("assets", "asset"), ("threats", "threat"), ("weaknesses", "weakness"))
        }
        own = [by_id["measures"].get(key, {}) for key in strings(risk.get("measures"))]
        effect = max((number(one.get("effectiveness")) or 0.0 for one in own), default=0.0)
        values = (
            whole(row["assets"].get("value")),
            whole(row["threats"].get("frequency")),
            whole(row["weaknesses"].get("severity")),
        )
        found: list[float] = [effect]
        printed: list[float] = [number(risk.get("effectiveness")) or 0.0]
        for side, weak in (("inherent", values[2]), ("current", eased(values[2], effect))):
            printed += [number(pick(risk, side, key)) or 0.0 for key in ("A", "T", "V", "L", "F", "R", "level")]
            found += [float(values[0]), float(values[1]), float(weak), *_reckoned(method, values[0], values[1], weak)]
        yield Difference(f"risk {risk.get('id')}", tuple(printed), tuple(found))


def _reckoned(method: Method | None, asset: int, threat: int, weak: int) -> Numbers:
    if method is None:
        return ()
    try:
        row = method.calculate(method.read(asset, threat, weak)).as_row()
    except (WrongUse, IndexError):
        return ()
    return tuple(float(row[key]) for key in ("L", "F", "R", "level"))


def _summary(document: Row) -> Iterator[Difference]:
    risks = mappings(document, "risks")
    for side, key in (("current", "counts"), ("inherent", "inherent_counts")):
        stated = mapping(mapping(document, "summary"), key)
        counted = Counter(whole(pick(risk, side, "level")) for risk in risks)
        printed = tuple(float(whole(stated.get(str(level)))) for level in LEVELS)
        yield Difference(f"summary {key}", printed, tuple(float(counted[level]) for level in LEVELS))
