"""The register as its pages show it: risks, proposals and what people said, joined and held to the visitor's sight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from playbooks.assess.proposals import subject
from playbooks.assess.run import TREATMENT
from yunshao.model.register import MUST_TREAT
from yunshao.model.risk import level_of
from yunshao.ports import Archive, RiskRegister

Row = dict[str, Any]
PARTS = ("asset", "threat", "weakness", "measure")
MOST_KEPT = 8
KINDS = (*PARTS, "risk", "proposal", "decision", "acceptance", "treatment", "finding")


@dataclass(frozen=True, slots=True)
class Book:
    """The register by kind and key at one moment (`now`, ms); each row also has `_at`, `_by` and `_reason`."""

    kinds: Mapping[str, Mapping[str, Row]]
    now: int

    def name(self, kind: str, key: str) -> Any:
        """What a thing is called, in both languages; its key where it is gone."""
        return self.kinds[kind].get(key, {}).get("name", key)

    def unit(self, risk: Row) -> str:
        """Whose a risk is: the unit of its asset, empty where that is gone."""
        return str(self.kinds["asset"].get(risk["asset"], {}).get("unit", ""))

    def subjects(self, risk: Row) -> set[tuple[str, str]]:
        """The figures that a risk is reckoned from, as proposals name them: (kind, key)."""
        keys = [(kind, risk[kind]) for kind in ("asset", "threat", "weakness")]
        keys += [("measure", key) for key in risk["measures"]]
        return {(kind, str(self.kinds[kind].get(key, {}).get("shared") or key)) for kind, key in keys}


class _Kinds(Mapping[str, Mapping[str, Row]]):
    """The entries by kind and key; a kind is read when it is first asked for."""

    def __init__(self, store: RiskRegister, as_of: int | None) -> None:
        self._store = store
        self._as_of = as_of
        self._read: dict[str, dict[str, Row]] = {}
        self._alone = Lock()

    def __getitem__(self, kind: str) -> dict[str, Row]:
        if kind not in KINDS:
            raise KeyError(kind)
        with self._alone:
            if kind not in self._read:
                self._read[kind] = {
                    one.key: {**(one.body or {}), "_at": one.at, "_by": one.by, "_reason": one.reason}
                    for one in self._store.entries(kind, self._as_of)
                }
            return self._read[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


def book_of(store: RiskRegister, now: int, as_of: int | None = None) -> Book:
    """The register as it stands, or stood at a past moment (ms)."""
    return Book(_Kinds(store, as_of), now if as_of is None else as_of)


class Shelf:
    """Keeps the register as it stands until somebody enters something: with 100,000 risks it takes seconds to read."""

    def __init__(self) -> None:
        self._alone = Lock()
        self._head = -1
        self._kinds: _Kinds | None = None
        self._assessments: dict[str, Row] = {}

    def book(self, store: RiskRegister, now: int, as_of: int | None = None) -> Book:
        """As `book_of`. What is entered while a page is made shows on the next one."""
        if as_of is not None:
            return book_of(store, now, as_of)
        head = store.register_head()
        with self._alone:
            if self._kinds is None or head != self._head:
                self._kinds, self._head = _Kinds(store, None), head
            return Book(self._kinds, now)

    def assessment(self, store: Archive, key: str) -> Row:
        """When and by which method and criteria an assessment reckoned; these never change. Raises NotFound."""
        found = self._assessments.get(key)
        if found is None:
            document = store.get("assessment", key)
            found = {name: document[name] for name in ("as_of", "method", "criteria") if name in document}
            with self._alone:
                while len(self._assessments) >= MOST_KEPT:
                    self._assessments.pop(next(iter(self._assessments)))
                self._assessments[key] = found
        return found


def risk_row(book: Book, key: str) -> Row:
    """A risk with the names of its parts, and what holds for it now: treatment, plan, acceptance."""
    risk = book.kinds["risk"][key]
    asset = book.kinds["asset"].get(risk["asset"], {})
    level = risk["current"]["level"]
    return {
        "id": key,
        **{kind: {"id": risk[kind], "name": book.name(kind, risk[kind])} for kind in ("asset", "threat", "weakness")},
        "unit": book.unit(risk),
        "unit_name": asset.get("unit_name", ""),
        "inherent": risk["inherent"],
        "current": risk["current"],
        "level": level,
        "measures": [{"id": one, "name": book.name("measure", one)} for one in risk["measures"]],
        "effectiveness": risk["effectiveness"],
        **bearing(book, key),
        "acceptable": level < MUST_TREAT,
        "evidence": risk["evidence"],
        "assessed": {"at": risk["_at"], "by": risk["_by"], "in": risk["_reason"]},
    }


def bearing(book: Book, key: str) -> Row:
    """What holds for a risk now: treatment, post and due day, plan, acceptance."""
    risk = book.kinds["risk"][key]
    level = risk["current"]["level"]
    accepted = acceptance_of(book, key, level)
    plan = book.kinds["treatment"].get(key)
    treatment, post, due = risk["treatment"], risk["post"], risk["due"]
    if accepted and accepted["state"] == "valid":
        treatment, post, due = "accepted", accepted["approver"], accepted["until"]
    elif plan:
        treatment, post, due = plan["action"], plan["post"], plan["due"]
    elif treatment == "accepted":
        treatment, post, due = TREATMENT[level], "", None
    return {
        "treatment": treatment,
        "post": post,
        "due": due,
        "overdue": treatment not in ("accepted", "accept") and bool(due) and due < book.now,
        "acceptance": accepted,
        "plan": {name: value for name, value in plan.items() if name[0] != "_"} if plan else None,
    }


def acceptance_of(book: Book, key: str, level: int) -> Row | None:
    """Who bears a risk and until when; `state` is valid, ended, or exceeded where the risk has grown since."""
    found = book.kinds["acceptance"].get(key)
    if not found:
        return None
    state = "ended" if found["until"] <= book.now else "exceeded" if level > found["level"] else "valid"
    kept = {name: value for name, value in found.items() if name[0] != "_"}
    return {**kept, "by": found["_by"], "at": found["_at"], "state": state}


def standing(rows: Sequence[Row]) -> Row:
    """How many risks have each treatment, how many are overdue, and how many acceptances no longer hold."""
    states = Counter(row["acceptance"]["state"] for row in rows if row["acceptance"])
    return {
        "treatments": dict(Counter(row["treatment"] for row in rows).most_common()),
        "overdue": sum(row["overdue"] for row in rows),
        "ended": states["ended"],
        "exceeded": states["exceeded"],
    }


def proposal_row(book: Book, key: str, assessed: int) -> Row:
    """A proposal with what was decided on its subject beside it.

    `counts` is the figure that holds by that; `waits` where it was decided after the last assessment (`assessed`, ms).
    """
    found = book.kinds["proposal"][key]
    said = book.kinds["decision"].get(subject(found))
    verdict = said["verdict"] if said else "open"
    value = found["before"] if verdict == "open" and found["kind"] == "asset" else found["proposed"]
    if said and verdict == "adjust":
        value = said["value"]
    elif verdict == "decline":
        value = found["before"]
    decision = {
        "by": said["_by"],
        "at": said["_at"],
        "reason": said["reason"],
        "on": said["proposed"],
        "earlier": said["proposal"] != key,
        "waits": said["_at"] > assessed,
    } if said else None  # fmt: skip
    return {
        **{name: found[name] for name in ("id", "kind", "key", "name", "field", "proposed", "before", "inputs", "why")},
        "way": found["method"],
        "evidence": found["evidence"],
        "share": found["field"] == "effectiveness",
        "state": verdict,
        "counts": value,
        "decision": decision,
    }


def undecided(book: Book, risks: Sequence[Row], whole: bool) -> int:
    """How many proposals nobody decided on: of all, or of those that go into these risks."""
    decided = book.kinds["decision"]
    number = Counter[tuple[str, str]]() if whole else touched(book, risks)
    return sum(
        subject(found) not in decided and (whole or number[found["kind"], found["key"]] > 0)
        for found in book.kinds["proposal"].values()
    )


def touched(book: Book, risks: Sequence[Row]) -> Counter[tuple[str, str]]:
    """How many of these risks each figure goes into, by (kind, key)."""
    return Counter(one for risk in risks for one in book.subjects(risk))


def heat(rows: Sequence[Row], criteria: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
    """The 5 x 5 map, loss 5 to 1 downwards, likelihood 1 to 5: risks in each cell, and the cell's level.

    The level is that of the method's own matrix of both levels; where the method has none, the highest of the risks in
    the cell, 0 for an empty one.
    """
    matrix = next((one for one in criteria if one["key"] == "R" and len(one["table"]) == 5 and one["cuts"]), None)
    count: Counter[tuple[int, int]] = Counter()
    highest: dict[tuple[int, int], int] = {}
    for row in rows:
        place = (row["current"]["F_level"], row["current"]["L_level"])
        count[place] += 1
        highest[place] = max(highest.get(place, 0), row["current"]["level"])
    return [
        [
            {
                "loss": loss,
                "likelihood": likelihood,
                "count": count[loss, likelihood],
                "level": level_of(matrix["table"][loss - 1][likelihood - 1], matrix["cuts"])
                if matrix
                else highest.get((loss, likelihood), 0),
            }
            for likelihood in range(1, 6)
        ]
        for loss in range(5, 0, -1)
    ]
