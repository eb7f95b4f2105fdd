"""An audit document to a report: who did what, what was set by hand, whether the chain is whole."""

from __future__ import annotations

from reports.shared.charts import bars, lines
from reports.shared.draft import Draft
from reports.shared.outline import Outline, ending
from reports.shared.plain import figure, mapping, mappings, moment, pick, visible, whole
from reports.spec import Block, Cell, Tile, Tiles

ENTRIES = {"op": "count", "of": "entries", "where": {}}
FAILED = "login.failed"
MOST = 12


def _said(draft: Draft, key: str) -> int:
    return whole(pick(draft.document, "summary", key))


def summary(draft: Draft) -> tuple[Block | None, ...]:
    """Key figures, and acts by day."""
    words = draft.words
    total, people, failed = _said(draft, "entries"), _said(draft, "people"), _said(draft, "failed")
    overrides = len(mappings(draft.document, "overrides"))
    refs = draft.sure("entries", str(total), [total], ENTRIES, n=total)
    people_refs = draft.sure(
        "people", str(people), [people], {"op": "distinct", "of": "entries", "field": "by"}, n=total
    )
    failed_refs = draft.sure("failed", str(failed), [failed], {**ENTRIES, "where": {"did": FAILED}}, n=total)
    set_refs = draft.sure(
        "overrides", str(overrides), [overrides], {"op": "count", "of": "overrides"}, n=_said(draft, "decisions")
    )
    n = words("shared.unit_n", n=total)
    whole_chain = not mappings(mapping(draft.document, "chain"), "flaws")
    return (
        draft.text(
            "summary.lead",
            refs=refs,
            total=total,
            people=people,
            chain=words("summary.whole" if whole_chain else "summary.broken"),
        ),
        Tiles(
            (
                Tile(words("tile.entries"), str(total), n, "", refs),
                Tile(words("tile.people"), str(people), n, "", people_refs),
                Tile(words("tile.failed"), str(failed), n, "warn" if failed else "good", failed_refs),
                Tile(
                    words("tile.overrides"),
                    str(overrides),
                    words("shared.unit_n", n=_said(draft, "decisions")),
                    "",
                    set_refs,
                ),
            )
        ),
        *_days(draft),
    )


def _days(draft: Draft) -> tuple[Block | None, ...]:
    words = draft.words
    days = mappings(draft.document, "days")
    counted = [whole(one.get("count")) for one in days]
    refs = draft.sure(
        "days", str(sum(counted)), [sum(counted)], {"op": "sum", "of": "days", "field": "count"}, n=len(days)
    )
    alt = words("alt.days", n=sum(counted), days=len(days), most=max(counted, default=0))
    labels = [visible(one.get("day") or "—")[5:] for one in days]
    svg = lines(labels, {words("figure.entries"): list(counted)}, alt) if days else ""
    return (draft.figure("days", svg, alt, note=alt, width=85, refs=refs) if days else None,)


def acts(draft: Draft) -> tuple[Block | None, ...]:
    """By kind of act and by who acted."""
    words = draft.words
    total = _said(draft, "entries")
    kinds = [
        (words.term("act", one.get("name")), visible(one.get("name") or "—"), whole(one.get("count")))
        for one in mappings(draft.document, "acts")
    ]
    people = [(visible(one.get("name") or "—"), whole(one.get("count"))) for one in mappings(draft.document, "people")]
    shown = mappings(draft.document, "acts")[:MOST]
    alt = words(
        "alt.acts", said=", ".join(f"{visible(one.get('name'))} {whole(one.get('count'))}" for one in shown) or "—"
    )
    counted = sum(whole(one.get("count")) for one in mappings(draft.document, "acts"))
    refs = draft.sure("acts", str(counted), [counted], {"op": "sum", "of": "acts", "field": "count"}, n=total)
    drawn = bars(
        [words.term("act", one.get("name")) for one in shown],
        {words("figure.entries"): [whole(one.get("count")) for one in shown]},
        alt,
    )
    return (
        draft.figure("acts", drawn, alt, width=80, refs=refs) if shown else None,
        draft.table("acts", draft.columns("act", ("what", 2), ("#id", 2), ("count", 1, "end")), kinds),
        draft.table("people", draft.columns("person", ("name", 3), ("count", 1, "end")), people),
    )


def set_by_hand(draft: Draft) -> tuple[Block | None, ...]:
    """Every decision of a person on a figure that the machine proposed."""
    words = draft.words
    rows = [
        (
            moment(one.get("at")),
            visible("/".join(str(one.get(part) or "—") for part in ("kind", "key", "field"))),
            words.term("verdict", one.get("verdict")),
            figure(one.get("proposed")),
            figure(one.get("value")),
            visible(one.get("by") or "—"),
            visible(one.get("reason") or "—"),
        )
        for one in mappings(draft.document, "decisions")
    ]
    columns = draft.columns(
        "decision",
        ("when", 1.6),
        ("#subject", 2.4),
        ("verdict", 0.8),
        ("proposed", 0.8, "end"),
        ("value", 0.8, "end"),
        ("by", 1),
        ("reason", 2),
    )
    return draft.text("set.lead"), draft.table("decisions", columns, rows, dense=True)


def exceptions(draft: Draft) -> tuple[Block | None, ...]:
    """What exceptions kept from being an alert."""
    rows = [
        (visible(one.get("name") or "—"), whole(one.get("count"))) for one in mappings(draft.document, "exceptions")
    ]
    return draft.text("exceptions.lead"), draft.table(
        "exceptions", draft.columns("exception", ("name", 3), ("count", 1, "end")), rows
    )


def chain(draft: Draft) -> tuple[Block | None, ...]:
    """Whether the chain over everything is whole."""
    words = draft.words
    found = mapping(draft.document, "chain")
    flaws = [
        (visible(one.get("code") or "—"), visible(one.get("name") or "—"), visible(one.get("text") or "—"))
        for one in mappings(found, "flaws")
    ]
    facts = [
        (words("chain.links"), str(whole(found.get("links")))),
        (words("chain.end"), visible(found.get("end") or "—")),
        (words("chain.fingerprint"), visible(found.get("fingerprint") or "—")),
    ]
    return (
        draft.text("chain.broken" if flaws else "chain.whole", n=whole(found.get("links"))),
        draft.table("chain", draft.columns("fact", ("name", 1.4), ("#value", 4)), facts),
        draft.table("flaws", draft.columns("flaw", ("code", 1.2), ("name", 1), ("text", 3)), flaws),
    )


def entries(draft: Draft) -> tuple[Block | None, ...]:
    """The entries themselves, newest first."""
    words = draft.words
    rows = [
        (
            Cell(visible(one.get("id") or "—")),
            moment(one.get("at")),
            visible(one.get("by") or "—"),
            words.term("act", one.get("did")),
            visible(one.get("on") or "—"),
            visible(one.get("detail") or "—"),
        )
        for one in mappings(draft.document, "entries")
    ]
    columns = draft.columns(
        "entry", ("ref", 0.8), ("when", 1.7), ("by", 1.1), ("did", 1.3), ("#on", 2), ("detail", 2.2)
    )
    return (draft.table("entries", columns, rows, dense=True),)


def conclusion(draft: Draft) -> tuple[Block | None, ...]:
    """What stands out, limits, signatures."""
    flaws = mappings(mapping(draft.document, "chain"), "flaws")
    return ending(
        draft,
        draft.text("conclusion.broken" if flaws else "conclusion.whole", n=len(flaws), failed=_said(draft, "failed")),
    )


OUTLINE = Outline(
    "audit",
    "YS-AU",
    (
        ("summary", summary),
        ("acts", acts),
        ("set", set_by_hand),
        ("exceptions", exceptions),
        ("chain", chain),
        ("entries", entries),
        ("conclusion", conclusion),
    ),
)
