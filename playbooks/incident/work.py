"""What is done inside an incident: tasks, comments, evidence, playbooks. Pure; see `book` for its states."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from playbooks.incident.book import MAX_TEXT, MAX_TITLE, Incident, bounded, opened, say
from yunshao.errors import NotFound, WrongUse

ENDINGS = ("done", "dropped")


def add_task(
    incident: Incident, title: str, post: str, due: int | None, by: str, now: int, key: str = ""
) -> tuple[Incident, str]:
    """A task for a post until a moment; gives its id. The same `key` adds it once. Raises WrongUse without a title."""
    if key and (known := next((one for one in incident["tasks"] if one.get("key") == key), None)):
        return incident, str(known["id"])
    if not title.strip():
        raise WrongUse("a task has a title", "")
    changed = opened(incident)
    name = f"T-{len(changed['tasks']) + 1:02d}"
    task = {"id": name, "title": title.strip()[:MAX_TITLE], "post": post[:100], "due": due, "state": "open",
            "made": now, "made_by": by, "ended": None, "by": "", "note": "", "key": key}  # fmt: skip
    changed["tasks"] = [*changed["tasks"], task]
    bounded(changed["tasks"], "tasks")
    say(changed, now, by, "task", f"{name} {title}")
    return changed, name


def end_task(incident: Incident, task: str, how: str, by: str, now: int, note: str = "") -> Incident:
    """A task is done, or dropped with a reason. Raises NotFound, WrongUse."""
    changed = opened(incident)
    found = next((one for one in changed["tasks"] if one["id"] == task), None)
    if found is None:
        raise NotFound(f"incident {incident['id']} has no task {task[:20]!r}", "`yunshao incident show`")
    if how not in ENDINGS or (how == "dropped" and not note.strip()):
        raise WrongUse(f"a task does not end as {how[:20]!r}", "done, or dropped with a reason")
    if found["state"] != "open":
        raise WrongUse(f"task {task} is {found['state']} already", "")
    found.update(state=how, ended=now, by=by, note=note[:MAX_TEXT])
    say(changed, now, by, f"task_{how}", f"{task} {found['title']}{f': {note}' if note else ''}")
    return changed


def comment(incident: Incident, text: str, by: str, now: int, key: str = "") -> Incident:
    """Somebody says something; after the end too, for what was learnt. The same `key` says it once."""
    if key and any(one.get("key") == key for one in incident["comments"]):
        return incident
    if not text.strip():
        raise WrongUse("a comment says something", "")
    changed = deepcopy(incident)
    changed["comments"] = [*changed["comments"], {"at": now, "by": by, "text": text[:MAX_TEXT], "key": key}]
    bounded(changed["comments"], "comments")
    return changed


def add_evidence(
    incident: Incident, name: str, size: int, sha256: str, kind: str, by: str, now: int, note: str = ""
) -> Incident:
    """A piece of evidence by its hash (SHA-256, hex) and size in bytes; the same content is entered once."""
    if any(one["sha256"] == sha256 for one in incident["evidence"]):
        return incident
    changed = opened(incident)
    number = f"E-{len(changed['evidence']) + 1:02d}"
    piece: dict[str, Any] = {"id": number, "name": name[:MAX_TITLE], "size": size, "sha256": sha256, "kind": kind,
                             "at": now, "by": by, "note": note[:MAX_TEXT]}  # fmt: skip
    changed["evidence"] = [*changed["evidence"], piece]
    bounded(changed["evidence"], "pieces of evidence")
    say(changed, now, by, "evidence", f"{number} {name} {sha256}")
    return changed


def attach_run(incident: Incident, run: str, playbook: str, by: str, now: int) -> Incident:
    """A response playbook was begun for it."""
    if run in incident["runs"]:
        return incident
    changed = opened(incident)
    changed["runs"] = [*changed["runs"], run]
    say(changed, now, by, "playbook", f"{playbook} {run}")
    return changed


def lead(incident: Incident, who: str, by: str, now: int) -> Incident:
    """Who leads the response from now on."""
    changed = opened(incident)
    changed["lead"] = who[:100]
    say(changed, now, by, "lead", who)
    return changed
