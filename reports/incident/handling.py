"""Chapters 6 to 10 and the annex: what was done, reported and kept, how long it took, what was learnt."""

from __future__ import annotations

from reports.incident.account import CLOCK_TONE, said_of
from reports.shared.closing import evidence, limits, overrides, sign_off
from reports.shared.draft import Draft
from reports.shared.plain import brief, figure, mapping, mappings, moment, number, visible
from reports.spec import Block, Cell, Items, Sub

TASK_TONE = {"done": "good", "open": "warn", "dropped": ""}
# From the stamp on the left to that on the right, as docs/incidents.md defines them.
SPANS = (
    ("detect", "occurred", "detected"),
    ("acknowledge", "detected", "acknowledged"),
    ("triage", "detected", "triaged"),
    ("contain", "detected", "contained"),
    ("recover", "detected", "recovered"),
    ("notify", "known", "first"),
)


def measures(draft: Draft) -> tuple[Block | None, ...]:
    """Matters 2 and 6: what was done and is planned: tasks, playbooks, words."""
    words, document = draft.words, draft.document
    tasks = [
        (visible(one.get("id") or ""), words.say(one.get("title")), words.term("post", one.get("post")) or "—",
         moment(one.get("due")),
         Cell(words.term("task", one.get("state")), tone=TASK_TONE.get(str(one.get("state")), "")),
         moment(one.get("ended")))
        for one in mappings(document, "tasks")
    ]  # fmt: skip
    acted = [
        (words.say(run.get("title")), brief(line.get("at")), words.term("run", line.get("kind")),
         visible(line.get("step") or "—"), words.say(line.get("note")) or visible(line.get("by") or "") or "—")
        for run in mappings(document, "playbooks")
        for line in mappings(run, "timeline")
    ]  # fmt: skip
    said = [
        (brief(one.get("at")), visible(one.get("by") or ""), words.say(one.get("text")))
        for one in mappings(document, "comments")
    ]
    return (
        draft.table(
            "tasks",
            draft.columns(
                "task", ("#id", 0.6), ("title", 3.4), ("post", 1.3), ("due", 1.6), ("state", 0.8), ("ended", 1.6)
            ),
            tasks,
        ),
        Sub(words("sub.playbooks")),
        draft.table(
            "playbooks",
            draft.columns("run", ("title", 2), ("at", 1.6), ("kind", 1.2), ("#step", 1), ("note", 2)),
            acted,
            dense=True,
        ),
        Sub(words("sub.comments")),
        draft.table("comments", draft.columns("comment", ("at", 1.6), ("by", 1), ("text", 4)), said),
    )


def reports(draft: Draft) -> tuple[Block | None, ...]:
    """What was owed to whom by when, and what went."""
    words = draft.words
    rows = [
        (
            words.term("duty", one.get("duty")),
            words.say(one.get("to")),
            moment(one.get("starts")),
            moment(one.get("due")),
            moment(one.get("sent")),
            Cell(words.term("clock", one.get("state")), tone=CLOCK_TONE.get(str(one.get("state")), "")),
        )
        for one in mappings(draft.document, "clocks")
    ]
    columns = draft.columns(
        "clock", ("duty", 1), ("to", 2.4), ("starts", 1.6), ("due", 1.6), ("sent", 1.6), ("state", 0.9)
    )
    return draft.text("reports.lead"), draft.table("clocks", columns, rows, note=words("reports.note"))


def times(draft: Draft) -> tuple[Block | None, ...]:
    """How long it took to notice, to take, to triage, to contain, to recover and to report."""
    words, document = draft.words, draft.document
    first = mapping(mapping(document, "sent"), "first").get("at")
    ahead = max((number(one) or 0 for one in mapping(document, "skews").values()), default=0)
    began = number(document.get("occurred"))
    began = None if began is None else began - ahead
    stamps = {**mapping(document, "stamps"), "occurred": began, "known": document.get("known"), "first": first}
    rows = []
    for name, begin, end in SPANS:
        start, stop = number(stamps.get(begin)), number(stamps.get(end))
        minutes = None if start is None or stop is None else (stop - start) / 60_000
        refs = draft.ledger.basis(
            words(f"span.{name}"), figure(minutes, 1), 1, words("basis.span", begin=words(f"stamp.{begin}"),
            end=words(f"stamp.{end}")), words("basis.stamps"),
        )  # fmt: skip
        rows.append((words(f"span.{name}"), moment(start), moment(stop), Cell(figure(minutes, 1), refs=refs)))
    columns = draft.columns("span", ("name", 2), ("begin", 2), ("end", 2), ("minutes", 1, "end"))
    note = words("times.note")
    if ahead:
        note = f"{note} {words('times.skew', seconds=figure(ahead / 1000, 1))}"
    return (draft.table("times", columns, rows, note=note),)


def kept(draft: Draft) -> tuple[Block | None, ...]:
    """Matter 7: how the scene is kept: each piece with its hash."""
    rows = [
        (visible(one.get("id") or ""), visible(one.get("name") or ""), figure(one.get("size"), 0),
         visible(one.get("sha256") or ""), brief(one.get("at")), visible(one.get("by") or ""))
        for one in mappings(draft.document, "evidence")
    ]  # fmt: skip
    columns = draft.columns(
        "piece", ("#id", 0.6), ("name", 1.6), ("size", 0.9, "end"), ("#sha256", 3), ("at", 1.6), ("by", 0.9)
    )
    return draft.text("evidence.lead", n=len(rows)), draft.table("pieces", columns, rows)


def lessons(draft: Draft) -> tuple[Block | None, ...]:
    """Matter 8 and the summary's: harm, accountability, rectification and lessons; limits; signatures."""
    words, document = draft.words, draft.document
    found = []
    if document.get("state") not in {"closed", "false_positive", "merged"}:
        found.append(words("limit.open", state=words.term("state", document.get("state"))))
    if any(one.get("draft") for one in mappings(mapping(document, "reporting"), "criteria")):
        found.append(words("limit.draft"))
    if not document.get("category_by"):
        found.append(words("limit.proposed"))
    if key := visible(document.get("category") or ""):
        found.append(words("limit.keys", key=key))
    return (
        Items(said_of(draft, ("lesson", "教训")) or (Cell(words("lessons.open")),)),
        Sub(words("sub.limits")),
        limits(draft, found),
        Sub(words("sub.overrides")),
        overrides(draft),
        Sub(words("sub.signatures")),
        sign_off(draft),
    )


def annex(draft: Draft) -> tuple[Block | None, ...]:
    """Figures, alerts, events and their hashes."""
    return (*evidence(draft),)
