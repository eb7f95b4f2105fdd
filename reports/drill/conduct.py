"""Chapters 4 to 6: what happened, what was noticed and when, what was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.drill.facts import Facts, seconds, spell, state
from reports.drill.front import alerts_of
from reports.shared.charts import Track, bars, timeline
from reports.shared.draft import Draft
from reports.shared.plain import brief, figure, mappings, number, percent
from reports.spec import Block, Cell, Figure, Sub, Table

PHASES = ("warm_up", "run", "revert", "clean_up")
MAX_TRACKS = 24
SHORT_MINUTES = 3


def course(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Planned against actual, drawn and listed; the log; surprises."""
    words = draft.words
    steps = [
        (
            str(place),
            words.say(step.get("title")),
            brief(step.get("planned")),
            brief(step.get("done")),
            _late(draft, step.get("planned"), step.get("done")),
            words.term("person", step.get("by") or step.get("post")) or "—",
            state(draft, step.get("state")),
        )
        for place, step in enumerate(facts.steps, start=1)
    ]
    log = [
        (
            brief(row.get("at")),
            words.term("event", row.get("kind")),
            words.say(row.get("text")),
            _reference(draft, row.get("ref")),
        )
        for row in facts.timeline
    ]
    step_columns = draft.columns(
        "step",
        ("place", 0.5, "center"),
        ("title", 3),
        ("planned", 1.8),
        ("done", 1.8),
        ("late", 1.2, "end"),
        ("by", 1.1),
        ("state", 1.15, "center"),
    )
    log_columns = draft.columns("log", ("when", 1.8), ("kind", 0.9), ("text", 4), ("ref", 1))
    surprises = [row for row in facts.timeline if row.get("kind") == "surprise"]
    return (
        _drawn(draft, facts),
        draft.text("course.legend"),
        _paused(draft, facts),
        Sub(words("sub.steps")),
        draft.table("steps", step_columns, steps, dense=True),
        Sub(words("sub.log")),
        draft.table("log", log_columns, log, dense=True),
        Sub(words("sub.surprises")),
        draft.text("course.surprises", n=len(surprises)) if surprises else draft.text("course.no_surprises"),
    )


def _paused(draft: Draft, facts: Facts) -> Block | None:
    """How long the drill was held, where it was."""
    given = facts.document.get("pauses")
    whole = [one for one in given if isinstance(one, list) and len(one) == 2] if isinstance(given, list) else []
    pauses = [found for one in whole if (found := seconds(*one)) is not None]
    return draft.text("course.paused", n=len(pauses), span=spell(draft, sum(pauses))) if pauses else None


def _late(draft: Draft, planned: object, done: object) -> str:
    """How long after its plan a step was done."""
    first, last = number(planned), number(done)
    if first is None or last is None:
        return "—"
    sign = "+" if last >= first else "−"
    return f"{sign}{spell(draft, abs(last - first) / 1000)}"


def _reference(draft: Draft, key: object) -> Cell:
    name = draft.words.say(key)
    place = name.removeprefix("step:")
    if place != name and place.isdecimal():
        return Cell(draft.words("course.step", place=int(place) + 1))
    alert = name.removeprefix("alert:")
    return Cell("", refs=draft.ledger.cite(alert)[0]) if draft.ledger.knows(alert) else Cell(name or "—")


def _drawn(draft: Draft, facts: Facts) -> Figure:
    words = draft.words
    tracks = [
        Track(
            f"{place}. {words.say(step.get('title'))}",
            (facts.minutes(step.get("planned")), facts.minutes(step.get("done"))),
        )
        for place, step in enumerate(facts.steps, start=1)
    ]
    tracks.extend(
        Track(
            f"{words('course.expected')} {facts.expected(row)}",
            (
                None,
                facts.minutes(row.get("injected")),
                facts.minutes(row.get("detected")),
                facts.minutes(row.get("acknowledged")),
            ),
        )
        for row in facts.expectations
    )
    shown, unit = _scaled(tracks[:MAX_TRACKS])
    alt = words("alt.timeline", steps=len(facts.steps), n=len(facts.expectations))
    stages = [words(f"stage.{name}") for name in ("planned", "actual", "detected", "acknowledged")]
    svg = timeline(shown, stages, alt, words(f"axis.{unit}"))
    refs = draft.ledger.basis(
        words("basis.timeline"),
        words("basis.timeline_value", n=len(shown)),
        len(tracks),
        words("basis.timeline_method"),
        words("basis.steps"),
        alerts_of(facts),
    )
    return draft.figure("timeline", svg, alt, refs=refs)


def _scaled(tracks: Sequence[Track]) -> tuple[list[Track], str]:
    """The tracks in minutes, or in seconds where the whole drill took less than three minutes."""
    latest = max((mark for track in tracks for mark in track.marks if mark is not None), default=0)
    if latest >= SHORT_MINUTES:
        return list(tracks), "minutes"
    return [Track(one.label, [None if mark is None else mark * 60 for mark in one.marks]) for one in tracks], "seconds"


def detection(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """What was expected and what came, with every time; MTTD and MTTA; what was missed."""
    words = draft.words
    missed = [row for row in facts.alerts_expected if row.get("state") == "missed"]
    return (
        draft.text("detection.definitions"),
        _expected(draft, facts),
        _speed(draft, facts),
        Sub(words("sub.metrics")),
        _metrics(draft, facts),
        Sub(words("sub.missed")),
        draft.table(
            "missed",
            draft.columns("missed", ("title", 3), ("#rule", 2), ("injected", 2), ("within", 1.2, "end")),
            [
                (
                    facts.expected(row),
                    words.say(row.get("rule")) or "—",
                    brief(row.get("injected")),
                    spell(draft, facts.limit(row)),
                )
                for row in missed
            ],
        ),
    )


def _taken(row: Mapping[str, Any]) -> float | None:
    """How long it took to be acknowledged, of a document that does not say how long without the pauses."""
    return seconds(row.get("detected"), row.get("acknowledged"))


def _expected(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    rows = [
        (
            facts.expected(row),
            words.say(row.get("rule")) or words.term("expectation", row.get("type")),
            brief(row.get("injected")),
            brief(row.get("detected")),
            spell(draft, seconds(row.get("injected"), row.get("detected"))),
            spell(draft, seconds(0, row["took"]) if "took" in row else _taken(row)),
            spell(draft, facts.limit(row)),
            state(draft, row.get("state")),
            draft.evidence(row.get("alert")),
        )
        for row in facts.expectations
    ]
    columns = draft.columns(
        "expected",
        ("title", 2),
        ("#rule", 1.6),
        ("injected", 1.5),
        ("detected", 1.5),
        ("detect", 1.05, "end"),
        ("acknowledge", 1.05, "end"),
        ("within", 1, "end"),
        ("state", 0.8, "center"),
        ("evidence", 1),
    )
    return draft.table("expected", columns, rows, dense=True)


def _speed(draft: Draft, facts: Facts) -> Figure | None:
    words = draft.words
    rows = facts.alerts_expected[:MAX_TRACKS]
    limits = [facts.limit(row) for row in rows]
    found = [seconds(row.get("injected"), row.get("detected")) for row in rows]
    if not rows or not any(value is not None for value in (*found, *limits)):
        return None
    alt = words("alt.speed", n=len(rows), found=sum(value is not None for value in found))
    svg = bars(
        [facts.expected(row) for row in rows],
        {words("series.within"): limits, words("series.found"): found},
        alt,
        digits=1,
    )
    refs = draft.ledger.basis(
        words("basis.speed"),
        words("basis.speed_value", n=len(rows)),
        len(rows),
        words("basis.mttd_method"),
        words("basis.expectations"),
        alerts_of(facts),
    )
    return draft.figure("speed", svg, alt, width=80, note=words("detection.speed_note"), refs=refs)


def _metrics(draft: Draft, facts: Facts) -> Table:
    words = draft.words
    rows: list[tuple[str, ...]] = [
        (
            words(f"metric.{name}"),
            *(spell(draft, facts.metric(name, part)) for part in ("mean", "median", "p90")),
            figure(facts.metric(name, "n"), 0),
            figure(facts.metric(name, "unfinished"), 0),
        )
        for name in ("mttd", "mtta", "mttt", "mttc", "mttr")
    ]
    rows.append(
        (
            words("metric.rate"),
            percent(facts.metrics.get("detection_rate")),
            "—",
            "—",
            str(len(facts.alerts_expected)),
            "—",
        )
    )
    columns = draft.columns(
        "metric",
        ("name", 3),
        ("mean", 1.2, "end"),
        ("median", 1.2, "end"),
        ("p90", 1.2, "end"),
        ("n", 0.7, "end"),
        ("unfinished", 1, "end"),
    )
    return draft.table("metrics", columns, rows, note=words("detection.metrics_note"))


def notification(draft: Draft, facts: Facts) -> tuple[Block | None, ...]:
    """Simulated report forms against the statutory limits. A drill never sends a real one."""
    words = draft.words
    rows = [
        (
            words.say(row.get("to")),
            brief(row.get("known")),
            brief(row.get("sent")),
            spell(draft, seconds(row.get("known"), row.get("sent"))),
            spell(draft, row.get("limit")),
            state(draft, row.get("state")),
        )
        for row in mappings(facts.document, "notifications")
    ]
    columns = draft.columns(
        "notice",
        ("to", 2.4),
        ("known", 1.8),
        ("sent", 1.8),
        ("took", 1.1, "end"),
        ("limit", 1.1, "end"),
        ("state", 0.9, "center"),
    )
    clocks = [(words(f"clock.{place}"), words(f"clock_limit.{place}")) for place in range(1, 4)]
    return (
        draft.text("notification.lead"),
        draft.table("clocks", draft.columns("clock", ("who", 3), ("limit", 2)), clocks),
        draft.table("notifications", columns, rows),
    )
