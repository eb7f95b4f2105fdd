"""`yunshao incident`: real incidents, from the alerts that opened them to the report on them."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import Format, FormatOption, WorkspaceOption, line, moment, new_app, say, show, visible
from console.cli.snooze import full_id
from console.days import time_of
from console.roles.incidents import Incidents
from console.roles.notices import Notices
from console.roles.reporting import build_report, bundle_path
from console.roles.runs import Runs
from console.wiring import Workspace, open_workspace, wall_clock
from playbooks.incident import book
from playbooks.incident.rows import brief
from yunshao.errors import CheckFailed, WrongUse
from yunshao.model.gbt20986 import CATEGORIES, GRADES, KINDS, category_name
from yunshao.model.incident_duty import CRITERIA

app = new_app("Real incidents: open, grade, work, report, close.")
COLUMNS = ("id", "state", "grade", "category", "title", "known", "open_tasks", "next_report")
Note = Annotated[str, typer.Option("--note", help="Why, in a few words.")]
At = Annotated[str, typer.Option("--at", help="When, as 2026-03-01T22:30 in the workspace's time zone; default: now.")]


def _desk(folder: Path) -> tuple[Workspace, Incidents, str]:
    place = open_workspace(folder)
    return place, Incidents(place, Notices(place)), getpass.getuser()


def moment_of(text: str, zone: str) -> int | None:
    """A moment as people write it, in ms; None for nothing. Raises WrongUse."""
    return time_of(text, zone) if text else None


@app.command("open")
def open_(
    alerts: Annotated[list[str] | None, typer.Argument(help="Alert ids, or the first 8 or more characters.")] = None,
    title: Annotated[str, typer.Option(help="What it is about; default: the gravest alert's title.")] = "",
    category: Annotated[str, typer.Option(help="GB/T 20986, such as NA.06; default: as the alerts propose.")] = "",
    operator: Annotated[str, typer.Option(help="cii, organ or other; default: as in the settings.")] = "",
    known: Annotated[str, typer.Option(help="Since when it is known; default: now. The clocks start there.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Open one from alerts, or by itself; prints its id. An alert of a drill is refused."""
    place, desk, by = _desk(workspace)
    ids = [full_id(place, one) for one in alerts or ()]
    at = moment_of(known, place.settings.timezone)
    typer.echo(desk.open(ids, by, title=title, category=category, operator=operator, known=at))


@app.command("list")
def list_(
    state: Annotated[
        list[str] | None, typer.Option(help="Only these states; repeatable. Default: what is open.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """Newest first."""
    for one in state or ():
        if one not in book.STATES:
            raise WrongUse(f"unknown state {one[:40]!r}", f"one of {', '.join(book.STATES)}")
    _, desk, _ = _desk(workspace)
    wanted = set(state or book.STATES if state or all_ else set(book.STATES) - set(book.OVER))
    rows = [brief(one, wall_clock()) for one in desk.find() if one["state"] in wanted]
    if format_ is Format.table:
        rows = [_for_people(row) for row in rows]
    show(rows, COLUMNS, format_, "no incidents")


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    report = row["next_report"]
    grade = f"{row['classification_grade']}/{row['reporting_grade']}"
    due = f"{report['duty']} {report['state']} {moment(report['due'])}" if report else ""
    return {**row, "known": moment(row["known"]), "grade": grade, "next_report": due}


@app.command("show")
def show_(incident: str, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """What is known, owed and done; NDJSON gives the whole document."""
    _, desk, _ = _desk(workspace)
    kept = desk.get(incident)
    if format_ is Format.ndjson:
        line({**kept, "clocks": book.clocks(kept, wall_clock())})
        return
    grade = GRADES[kept["classification"]["grade"]]["en"]
    owed = GRADES[kept["reporting"]["grade"]]["en"]
    lines = [
        f"{kept['title']['en']}  [{kept['state']}]",
        f"  category {kept['category']} {category_name(kept['category'], 'en')}",
        f"  grade {grade} (GB/T 20986); {owed} (reporting)",
        f"  known {moment(kept['known'])}  units {', '.join(kept['units']) or '-'}  lead {kept['lead'] or '-'}",
        f"  alerts {', '.join(one[:12] for one in kept['alerts']) or '-'}",
    ]
    lines += [f"  report {one['duty']:<8} {one['state']:<9} due {moment(one['due'])}  to {one['to']['en']}"
              for one in book.clocks(kept, wall_clock())]  # fmt: skip
    lines += [f"  task {one['id']} {one['state']:<8} {one['title']}  {one['post']} {moment(one['due'])}"
              for one in kept["tasks"]]  # fmt: skip
    lines += [f"  evidence {one['id']} {one['sha256'][:16]}… {one['size']} bytes  {one['name']}"
              for one in kept["evidence"]]  # fmt: skip
    lines += [f"  comment {moment(one['at'])} {one['by']}: {one['text']}" for one in kept["comments"]]
    lines += [f"  {moment(one['at'])}  {one['by']}  {one['did']}  {one['note']}" for one in kept["timeline"]]
    for text in lines:
        typer.echo(visible(text))


@app.command()
def add(incident: str, alerts: list[str], workspace: WorkspaceOption = Path()) -> None:
    """More alerts of the same matter."""
    place, desk, by = _desk(workspace)
    desk.add_alerts(incident, [full_id(place, one) for one in alerts], by)
    say(f"{incident}: {len(alerts)} alerts")


@app.command()
def state(incident: str, to: str, note: Note = "", workspace: WorkspaceOption = Path()) -> None:
    """Forward: triaged, confirmed, contained, eradicated, recovered, reported; or false_positive, with --note."""
    _, desk, by = _desk(workspace)
    desk.move(incident, to, by, note)
    say(f"{incident}: {to}")


@app.command()
def close(incident: str, note: Note = "", workspace: WorkspaceOption = Path()) -> None:
    """End one that is recovered or reported; refused while tasks are open or reports owed."""
    _, desk, by = _desk(workspace)
    desk.move(incident, "closed", by, note)
    say(f"{incident}: closed")


@app.command()
def reopen(incident: str, note: Note = "", workspace: WorkspaceOption = Path()) -> None:
    """Back to triage."""
    _, desk, by = _desk(workspace)
    desk.reopen(incident, by, note)
    say(f"{incident}: open again")


@app.command()
def classify(incident: str, category: str, note: Note = "", workspace: WorkspaceOption = Path()) -> None:
    """Say what kind it is by GB/T 20986; `yunshao incident categories` lists them."""
    _, desk, by = _desk(workspace)
    desk.classify(incident, category, by, note)
    say(f"{incident}: {category} {category_name(category, 'en')}")


@app.command()
def categories(format_: FormatOption = Format.table) -> None:
    """The categories of GB/T 20986, and what the grading guide of the national measures asks."""
    rows = [{"key": key, "category": CATEGORIES[key.partition(".")[0]]["en"], "kind": name["en"], "kind_zh": name["zh"]}
            for key, name in KINDS.items()]  # fmt: skip
    show(rows, ("key", "category", "kind", "kind_zh"), format_)
    if format_ is Format.table:
        for key, row in CRITERIA.items():
            bounds = ", ".join(f"{GRADES[grade]['en'].split(',')[0]} from {bound:g}" for grade, bound in
                               sorted(row.bounds.items()))  # fmt: skip
            say(f"--fact {key}=N  {row.name['en']} ({row.unit}): {bounds}")


@app.command()
def grade(
    incident: str,
    object_: Annotated[str, typer.Option("--object", help="especially_important, important or general.")] = "",
    loss: Annotated[str, typer.Option(help="especially_serious, serious, larger or smaller.")] = "",
    harm: Annotated[str, typer.Option(help="especially_major, major, larger or general (social harm).")] = "",
    fact: Annotated[list[str] | None, typer.Option(help="KEY=NUMBER of the grading guide; repeatable.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Grade by GB/T 20986 (--object --loss --harm), and by the guide that decides about reports (--fact)."""
    _, desk, by = _desk(workspace)
    if not (object_ or loss or harm or fact):
        raise WrongUse("graded by what?", "--object --loss --harm, or --fact KEY=NUMBER")
    if object_ or loss or harm:
        kept = desk.get(incident)["classification"]
        desk.grade(incident, object_ or kept["object"], loss or kept["loss"], harm or kept["harm"], by)
    if fact:
        desk.grade_reporting(incident, facts_of(fact), by)
    kept = desk.get(incident)
    say(f"{incident}: {GRADES[kept['classification']['grade']]['en']} by GB/T 20986, "
        f"{GRADES[kept['reporting']['grade']]['en']} for reporting")  # fmt: skip


def facts_of(pairs: list[str]) -> dict[str, float]:
    """KEY=NUMBER as numbers. Raises WrongUse."""
    found = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        try:
            found[key] = float(value)
        except ValueError:
            raise WrongUse(
                f"{pair[:60]!r} is no fact", "KEY=NUMBER; `yunshao incident categories` lists them"
            ) from None
    return found


@app.command()
def clock(
    incident: str,
    operator: Annotated[str, typer.Option(help="cii, organ or other.")] = "",
    known: Annotated[str, typer.Option(help="Since when it is known, as 2026-03-01T22:30.")] = "",
    crime: Annotated[bool | None, typer.Option(help="Whether a crime is suspected.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """What the clocks of reports start from."""
    place, desk, by = _desk(workspace)
    desk.set_clock(incident, by, operator=operator, known=moment_of(known, place.settings.timezone), crime=crime)


@app.command()
def sent(incident: str, duty: str, at: At = "", note: Note = "", workspace: WorkspaceOption = Path()) -> None:
    """Record that a report (first, onward, summary, police) has gone; it goes by the authority's own channel."""
    place, desk, by = _desk(workspace)
    desk.sent(incident, duty, by, moment_of(at, place.settings.timezone), note)
    say(f"{incident}: the {duty} report is recorded")


@app.command()
def lead(incident: str, who: str, workspace: WorkspaceOption = Path()) -> None:
    """Who leads the response."""
    _, desk, by = _desk(workspace)
    desk.lead(incident, who, by)


@app.command()
def task(
    incident: str,
    title: Annotated[str, typer.Argument(help="What is to be done; empty with --done or --drop.")] = "",
    post: Annotated[str, typer.Option(help="Whose it is.")] = "",
    due: Annotated[str, typer.Option(help="Until when, as 2026-03-01T22:30.")] = "",
    done: Annotated[str, typer.Option(help="A task's id: it is done.")] = "",
    drop: Annotated[str, typer.Option(help="A task's id: it is not done, with --note.")] = "",
    note: Note = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Add a task, or end one."""
    place, desk, by = _desk(workspace)
    if sum(map(bool, (title, done, drop))) != 1:
        raise WrongUse("which task?", "a title, --done T-01, or --drop T-01")
    if title:
        typer.echo(desk.task(incident, title, by, post, moment_of(due, place.settings.timezone)))
    else:
        desk.end_task(incident, done or drop, "done" if done else "dropped", by, note)


@app.command()
def comment(incident: str, text: str, workspace: WorkspaceOption = Path()) -> None:
    """Say something."""
    _, desk, by = _desk(workspace)
    desk.comment(incident, text, by)


@app.command()
def evidence(
    incident: str,
    files: Annotated[list[Path] | None, typer.Argument(help="Files to keep.")] = None,
    events: Annotated[bool, typer.Option("--events", help="The events of its alerts, as stored now.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare what is kept with its hashes; exit 1 if not.")
    ] = False,
    get: Annotated[str, typer.Option(help="A piece's id: write its bytes to stdout.")] = "",
    note: Note = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Keep files or events with their hashes, check them, or get one back."""
    _, desk, by = _desk(workspace)
    if not (files or events or check or get):
        raise WrongUse("which evidence?", "FILE…, --events, --check or --get E-01")
    for path in files or ():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise WrongUse(f"{path}: {error.strerror}", "") from None
        typer.echo(desk.keep_file(incident, path.name, data, by, note))
    if events:
        typer.echo(desk.keep_events(incident, by, note))
    if check and (wrong := desk.check_evidence(incident)):
        raise CheckFailed("; ".join(what for _, what in wrong))
    if check:
        say("every piece is what was entered")
    if get:
        typer.get_binary_stream("stdout").write(desk.evidence(incident, get)[1])


@app.command()
def merge(keep: str, other: str, workspace: WorkspaceOption = Path()) -> None:
    """Everything of the second goes into the first, which keeps the earlier clock."""
    _, desk, by = _desk(workspace)
    desk.merge(keep, other, by)
    say(f"{other} is part of {keep}")


@app.command()
def times(
    unit: Annotated[str, typer.Argument(help="A unit and all below it; none: the whole city.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3660)] = 90,
    workspace: WorkspaceOption = Path(),
    format_: FormatOption = Format.table,
) -> None:
    """How long it took to detect, acknowledge, triage, contain, recover and report, in seconds; drills are in none."""
    place, desk, _ = _desk(workspace)
    units = place.estate.below(unit) if unit else (*place.estate.units, "unowned")
    if not units:
        raise WrongUse(f"no unit {unit!r}", "`yunshao org show` lists them")
    rows = [{"time": name, **one} for name, one in desk.figures(units, days).items()]
    show(rows, ("time", "mean", "median", "p90", "n", "unfinished", "errors"), format_)


@app.command()
def playbook(
    incident: str,
    name: str,
    given: Annotated[list[str] | None, typer.Option("--input", help="KEY=VALUE beside alert and incident.")] = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Begin a response playbook for it; `yunshao up` goes on with it. An outward act waits for an approval."""
    place, _, by = _desk(workspace)
    pairs = dict(one.partition("=")[::2] for one in given or ())
    typer.echo(Runs(place, Notices(place)).start_for(incident, name, pairs, by))


@app.command()
def report(
    incident: str,
    formats: Annotated[str, typer.Option("--format", help="html,pdf,docx,json")] = "html,pdf,json",
    languages: Annotated[str, typer.Option("--lang", help="zh,en")] = "zh,en",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Build the report of an incident into a sealed bundle; prints where it is."""
    place, _, by = _desk(workspace)
    made = build_report(place, incident, by, formats.split(","), languages.split(","))
    typer.echo(str(bundle_path(place, made)))
