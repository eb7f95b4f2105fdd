"""Every figure of a report follows from the evidence that is sealed with it; one that does not is named."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from report_documents import AS_OF, DAY

from console.roles.losses import scenario_row
from playbooks.assess.proposals import decide, propose
from playbooks.assess.run import Said, assess, changes
from playbooks.load import library
from playbooks.scenes import demo_estate
from reports.catalog import build
from reports.follow import look_into, recomputed, trail_of
from reports.keys import Signer, new_key
from reports.recheck import check_review
from reports.recompute import check_assessment, check_figures, evaluate
from reports.seal import seal
from yunshao.errors import NotFound, WrongUse
from yunshao.estate.load import parse_estate
from yunshao.model.alert import Alert, raise_alert
from yunshao.model.event import EventRef, Owner
from yunshao.model.finding import Finding
from yunshao.model.risk import METHODS, parse_method

ESTATE = parse_estate(demo_estate(), "demo")
PLAYBOOK = library()["city_risk_assessment"]
SYSTEMS = [one for one in ESTATE.systems.values() if one.status == "live"]
TECHNIQUES = ("T1110.003", "T1078.004", "T1530", "T1685.002", "T1098.001")
VERDICTS = ("true_positive", "false_positive", "", "duplicate", "benign")


def alert(number: int) -> Alert:
    system = SYSTEMS[number % len(SYSTEMS)]
    time = AS_OF - DAY * (number % 80) - number * 60_000
    said = {"zh": f"告警 {number}", "en": f"alert {number}"}
    ref = EventRef("syslog", f"event-{number}", time)
    made = raise_alert(
        Finding(
            f"rule-{number % 7}", "r", said, "high", time, f"user{number % 5}", (ref,), Owner(system.unit, system.id),
            said,
            techniques=(TECHNIQUES[number % 5],), weakness="open_port" if number % 3 == 0 else "",
        ),
        time + 1000,
    )  # fmt: skip
    object.__setattr__(made, "verdict", VERDICTS[number % 5])
    return made


ALERTS = [alert(number) for number in range(60)]
DRILLS = [
    {"id": "drill-1", "state": "done", "ended": AS_OF - DAY, "alerts": [{"techniques": ["T1110"]}],
     "expectations": [{"type": "alert", "state": "met"}, {"type": "alert", "state": "missed"}]},
]  # fmt: skip
SOURCES = [{"source": "syslog", "last_event": AS_OF, "last_received": AS_OF, "processed": 60, "rejected": 0}]
UNITS = frozenset(one.unit for one in SYSTEMS)


def assessed(method: str = "gbt20984-matrix", said: Said | None = None, methods: Any = METHODS) -> dict[str, Any]:
    playbook = type(PLAYBOOK)(**{name: getattr(PLAYBOOK, name) for name in PLAYBOOK.__slots__} | {"method": method})
    found = assess(playbook, ESTATE, ALERTS, SOURCES, DRILLS, None, AS_OF, UNITS, said=said or Said(), methods=methods)
    return dict(orjson.loads(orjson.dumps(found)))


DOCUMENT = assessed()
FILES = build("assessment", DOCUMENT, ["zh", "en"], ["json"])
SIGNER = Signer.from_pem(new_key())
EVENTS = [
    {
        "source": "syslog",
        "uid": f"event-{n}",
        "time": AS_OF - n,
        "unit": "metro",
        "native": {"what": f"\u202eevent-{n}"},
    }
    for n in range(60)
]


def sealed(document: dict[str, Any]) -> bytes:
    files = build("assessment", document, ["zh", "en"], ["json"])
    return seal(files, {"alerts": document["alerts"], "events": EVENTS}, SIGNER, {"report": "x"})


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_row_follows_from_the_evidence_by_every_method(method: str) -> None:
    document = assessed(method)
    count, wrong = check_assessment(document, document["alerts"])
    assert wrong == []
    assert count >= len(document["assets"]) + len(document["risks"]) + len(document["measures"]) + 2
    assert any(row["episodes"] for row in document["threats"])


def test_a_sites_own_method_is_recomputed_from_its_sealed_criteria() -> None:
    own = parse_method({"id": "own", "name": {"zh": "自", "en": "own"}, "cuts": {"R": [3, 6, 9, 12, 25]}}, "here")
    document = assessed("own", methods={**METHODS, "own": own})
    assert check_assessment(document, document["alerts"])[1] == []
    document["criteria"][2]["cuts"] = [6, 12, 18, 23, 25]
    assert check_assessment(document, document["alerts"])[1]


def test_decisions_of_people_are_recomputed_too() -> None:
    proposals = propose(DOCUMENT["assets"], DOCUMENT["threats"], DOCUMENT["weaknesses"], DOCUMENT["measures"])
    changes = [decide(one, "decline", "analyst", None, "no") for one in proposals[:2]]
    changes += [decide(one, "adjust", "analyst", 1, "seen") for one in proposals[2:4]]
    said = Said(decisions={one.key: dict(one.body or {}) for one in changes})
    document = assessed(said=said)
    assert document["overrides"]
    assert check_assessment(document, document["alerts"])[1] == []


def test_the_printed_figures_of_both_languages_follow_from_the_evidence() -> None:
    twin = orjson.loads(FILES["assessment.json"])
    for language in ("zh", "en"):
        figures = twin["reports"][language]["figures"]
        count, wrong = check_figures(figures, twin["document"], DOCUMENT["alerts"])
        assert wrong == []
        assert count == len(figures) >= 6
        printed = {row["label"] for row in figures}
        cells = orjson.dumps(twin["reports"][language]["chapters"]).decode()
        assert all(f'"{label}"' in cells for label in printed)


def test_a_bundle_recomputes_itself_and_says_how_many() -> None:
    inside = look_into(sealed(DOCUMENT))
    assert inside is not None
    count, wrong = recomputed(inside)
    assert wrong == []
    assert count > 100


CHANGES: list[tuple[str, Any]] = [
    ("asset", lambda d: d["assets"][0].update(value=d["assets"][0]["value"] % 5 + 1)),
    ("threat", lambda d: next(t for t in d["threats"] if t["episodes"]).update(episodes=999)),
    ("threat", lambda d: next(t for t in d["threats"] if t["episodes"]).update(precision=0.99)),
    ("measure", lambda d: d["measures"][0].update(effectiveness=0.99)),
    ("risk", lambda d: d["risks"][0]["current"].update(level=d["risks"][0]["current"]["level"] % 5 + 1)),
    ("risk", lambda d: d["risks"][-1]["inherent"].update(R=1)),
    ("summary", lambda d: d["summary"]["counts"].update({"5": 99})),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_a_figure_that_was_made_up_before_sealing_is_named(name: str, change: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    inside = look_into(sealed(document))
    assert inside is not None
    assert any(problem.name.startswith(name) for problem in recomputed(inside)[1])


def test_a_printed_number_that_is_not_that_of_the_rows_is_named() -> None:
    twin = orjson.loads(FILES["assessment.json"])
    figures = twin["reports"]["en"]["figures"]
    for figure in figures:
        wrong = [{**figure, "numbers": [number + 1 for number in figure["numbers"]]}]
        assert check_figures(wrong, twin["document"], DOCUMENT["alerts"])[1], figure["label"]


@pytest.mark.parametrize("place", [0, 7, 13])
def test_a_figure_is_followed_by_its_printed_numbers_to_the_record_of_an_event(place: int) -> None:
    refs = [{"source": "syslog", "uid": f"event-{n}", "time": AS_OF - n} for n in range(60)]
    inside = look_into(sealed({**DOCUMENT, "evidence_refs": refs}))
    assert inside is not None
    seen = [risk["id"] for risk in DOCUMENT["risks"] if risk["evidence"]]
    printed = next(trail_of(inside, seen[place % len(seen)])).split()[0]
    assert printed.startswith("R-")
    lines = list(trail_of(inside, printed))
    assert "L(T=" in "".join(lines)
    alert = next(line.split()[2] for line in lines if line.strip().startswith("rests on A-"))
    lines = list(trail_of(inside, alert))
    assert "1 events, 1 of them in the bundle" in "".join(lines)
    number, name = next(line.split()[1:3] for line in lines if line.strip().startswith("event V-"))
    assert list(trail_of(inside, number)) == list(trail_of(inside, name.rstrip(":")))
    assert f'"what":"[U+202E]{name.rstrip(":")}"' in "".join(trail_of(inside, number))


def test_the_numbers_of_risks_are_those_that_the_report_prints() -> None:
    inside = look_into(sealed(DOCUMENT))
    assert inside is not None
    annex = orjson.loads(FILES["assessment.json"])["reports"]["en"]["chapters"][-1]["blocks"]
    rows = next(
        block["rows"] for block in annex if block["kind"] == "table" and block["caption"].startswith("Numbers of risks")
    )
    for row in rows[:3]:
        label, key = (row[0]["refs"] or [row[0]["text"]])[0], row[1]["text"]
        assert next(trail_of(inside, label)).startswith(f"{label} {key}: level ")


def test_a_figure_shows_the_rows_that_its_recipe_takes_in_and_what_it_reads_of_them() -> None:
    inside = look_into(sealed(DOCUMENT))
    assert inside is not None
    high = [risk for risk in DOCUMENT["risks"] if risk["current"]["level"] >= 4]
    lines = list(trail_of(inside, "F-02"))
    assert f"  takes in {len(high)} of the {len(DOCUMENT['risks'])} rows of risks" in lines
    assert sum(": current.level " in line for line in lines) == min(len(high), 12)
    assert any("2026-" in line and "Z" in line for line in trail_of(inside, "F-06"))


def test_a_figure_that_is_not_there_is_said_with_those_that_are() -> None:
    inside = look_into(sealed(DOCUMENT))
    assert inside is not None
    with pytest.raises(NotFound):
        list(trail_of(inside, "F-99"))


ONE = {"op": "count", "of": "rows", "where": {"a": 1}}
ROWS = [{"a": 1, "b": {"c": 2}, "t": ["x", "y"]}, {"a": 4, "b": {"c": 5}, "t": ["y"]}, {"a": "no"}]


@pytest.mark.parametrize(
    ("recipe", "numbers"),
    [
        ({"op": "count", "of": "rows"}, (3,)),
        ({"op": "count", "of": "rows", "where": {"b.c": {"least": 3}}}, (1,)),
        ({"op": "count", "of": "rows", "where": {"a": [1, 4]}}, (2,)),
        ({"op": "sum", "of": "rows", "field": "a"}, (5,)),
        ({"op": "mean", "of": "rows", "field": "a"}, (2.5,)),
        ({"op": "max", "of": "rows", "field": "b.c"}, (5,)),
        ({"op": "distinct", "of": "rows", "field": "t"}, (2,)),
        ({"op": "levels", "of": "rows", "field": "a"}, (0, 1, 0, 0, 1)),
        ({"op": "ratio", "num": ONE, "den": {"op": "count", "of": "rows"}}, (1 / 3,)),
        ({"op": "ratio", "num": {"op": "count", "of": "none"}, "den": {"op": "count", "of": "none"}}, ()),
    ],
    ids=str,
)  # fmt: skip
def test_recipes(recipe: dict[str, Any], numbers: tuple[float, ...]) -> None:
    assert evaluate(recipe, lambda name: ROWS if name == "rows" else []) == pytest.approx(numbers)


@pytest.mark.parametrize("recipe", [{}, {"op": "__import__('os')"}, {"op": ["count"]}])
def test_what_is_no_recipe_is_refused(recipe: dict[str, Any]) -> None:
    with pytest.raises(WrongUse):
        evaluate(recipe, lambda _: ROWS)


def test_bytes_that_are_no_bundle_hold_no_figures() -> None:
    assert look_into(b"PK") is None


def test_means_of_times_follow_from_their_rows() -> None:
    rows = [{"a": 1000, "b": 3500}, {"a": 0, "b": 4000}, {"a": 9, "b": None}, {"a": 9000, "b": 1}]
    assert evaluate({"op": "gap", "of": "x", "from": "a", "to": "b"}, lambda _: rows) == (3.25,)
    assert evaluate({"op": "gap", "of": "x", "from": "a", "to": "b", "digits": 1}, lambda _: rows) == (3.3,)
    assert evaluate({"op": "gap", "of": "x", "from": "a", "to": "c"}, lambda _: rows) == ()


def test_a_loss_is_drawn_again_from_its_estimates() -> None:
    row = scenario_row({"id": "s", "name": {"zh": "甲", "en": "A"}, "lef": 2, "primary": {"response": [1, 2, 9]}})
    assert check_review({"kind": "assessment", "quantitative": [row]}, []) == (1, [])
    assert len(check_review({"quantitative": [{**row, "p95": row["p95"] + 1}]}, [])[1]) == 1
    assert len(check_review({"quantitative": [{**row, "draws": 10**12}]}, [])[1]) == 1


def test_the_difference_to_the_last_run_is_counted_by_level() -> None:
    def risk(key: str, level: int) -> dict[str, Any]:
        return {"id": key, "current": {"level": level}}

    now, before = [risk("a", 5), risk("b", 2), risk("c", 3)], [risk("b", 4), risk("c", 3), risk("d", 1)]
    assert changes(now, before) == [
        {"id": "a", "kind": "new", "before": None, "after": 5},
        {"id": "b", "kind": "lowered", "before": 4, "after": 2},
        {"id": "d", "kind": "gone", "before": 1, "after": None},
    ]
