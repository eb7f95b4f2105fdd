"""What would become of a tree of rules here: which load, which never fire and why, which are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from detectors.sigma.document import Document
from detectors.sigma.known import Known
from detectors.sigma.model import Correlation, Loaded, Refused, Rule
from detectors.sigma.route import sources_of

LOADS, SILENT, REFUSED = "loads", "never_fires", "refused"
RETIRED = ("deprecated", "unsupported")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One rule. `fate` is loads, never_fires or refused; `why` a stable code, `reason` its words."""

    entry: Rule | Correlation | Refused
    fate: str
    product: str
    why: str = ""
    reason: str = ""


def product_of(document: Document) -> str:
    """What a rule document says its log source is: the product, else the category or the service; or correlation."""
    value = document.value if isinstance(document.value, dict) else {}
    if "correlation" in value:
        return "(correlation)"
    logsource = value.get("logsource")
    parts = logsource if isinstance(logsource, dict) else {}
    named = (str(parts[key]).lower()[:64] for key in ("product", "category", "service") if parts.get(key))
    return next(named, "(none)")


def survey(loaded: Loaded, known: Known, products: Mapping[str, str]) -> Iterator[Surveyed]:
    """Every rule, correlation and refusal, in that order; `products` by file, for those that are refused."""
    silent = set()
    for rule in loaded.rules:
        one = _rule(rule, known)
        if one.fate == SILENT:
            silent.add(rule.id)
        yield one
    for correlation in loaded.correlations:
        yield _correlation(correlation, silent)
    for refused in loaded.refused:
        yield Surveyed(refused, REFUSED, products.get(refused.file, "(none)"), "refused", refused.reason)


def _rule(rule: Rule, known: Known) -> Surveyed:
    product = rule.logsource.product or rule.logsource.category or rule.logsource.service
    if rule.status in RETIRED:
        return Surveyed(rule, SILENT, product, rule.status, f"its authors call it {rule.status}")
    if not sources_of(rule.logsource):
        return Surveyed(rule, SILENT, product, "no_source", f"no source reads {rule.logsource}")
    if not known.can_fire(rule):
        fields = ", ".join(each.field for each in known.unknown(rule))
        return Surveyed(rule, SILENT, product, "no_field", f"the source never has {fields}")
    return Surveyed(rule, LOADS, product)


def _correlation(correlation: Correlation, silent: set[str]) -> Surveyed:
    product = "(correlation)"
    if correlation.status in RETIRED:
        reason = f"its authors call it {correlation.status}"
        return Surveyed(correlation, SILENT, product, correlation.status, reason)
    if all(name in silent for name in correlation.rules):
        return Surveyed(correlation, SILENT, product, "no_base", "none of its rules ever fires")
    return Surveyed(correlation, LOADS, product)


def by_product(found: Iterable[Surveyed]) -> list[dict[str, str | int]]:
    """A row a product, the largest first, and one for all: how many rules, load, never fire, are refused."""
    counts: dict[str, dict[str, int]] = {}
    for one in found:
        for name in (one.product, "all"):
            row = counts.setdefault(name, dict.fromkeys((LOADS, SILENT, REFUSED, "no_source", "no_field", *RETIRED), 0))
            row[one.fate] += 1
            if one.why in row and one.why != one.fate:
                row[one.why] += 1
    rows: list[dict[str, str | int]] = [
        {"product": name, "rules": row[LOADS] + row[SILENT] + row[REFUSED], **row} for name, row in counts.items()
    ]
    return sorted(rows, key=lambda row: (row["product"] == "all", -int(row["rules"]), row["product"]))
