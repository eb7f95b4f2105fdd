"""The steps of a response playbook as values, refused with the field; the schema is docs/playbook.schema.json."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from yunshao.errors import BadContent

MAX_STEPS = 500
UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
CONDITION = re.compile(
    r"^(?:steps\.(?P<step>[a-z][a-z0-9_]{0,63})\.(?P<part>answer|state)|input\.(?P<input>[a-z][a-z0-9_]{0,63}))"
    r" (?P<how>==|!=) (?P<value>[A-Za-z0-9_.:-]{1,100})$"
)
PLACE = re.compile(r"\{(steps|input)\.([a-z][a-z0-9_]{0,63})(?:\.(answer|state))?\}")
# What a step may do. An outward act reaches somebody outside the product, and wants somebody's approval.
ACTS = (
    "note", "alert.acknowledge", "alert.assign", "alert.reopen", "incident.comment", "incident.task",
    "incident.evidence", "notify.post", "notify.channel",
)  # fmt: skip
OUTWARD = ("notify.channel",)

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Duration = Annotated[str, Field(pattern=r"^\d{1,6}[smhd]$")]
NAMELESS = re.sub(r"\?P<[a-z]+>", "", CONDITION.pattern)
Condition = Annotated[str, Field(pattern=NAMELESS)]
Value = Annotated[str, Field(max_length=2000)]

KINDS = {
    "Act": "act", "Ask": "ask", "Wait": "wait", "Branch": "branch", "Parallel": "parallel", "Repeat": "repeat",
}  # fmt: skip
NO_KIND = ""
KIND = re.compile(rf"({'|'.join(KINDS)})\]*$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(_Strict):
    """Words in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=500)]
    en: Annotated[str, Field(min_length=1, max_length=500)]


class Deed(_Strict):
    """What is done, and with what; `{input.x}` and `{steps.x.answer}` are filled in, nothing else is understood."""

    act: Literal[ACTS]  # type: ignore[valid-type]
    given: dict[Id, Value] = Field(default_factory=dict, alias="with", max_length=20)

    @model_validator(mode="after")
    def _plain(self) -> Deed:
        for key, value in self.given.items():
            if "{" in PLACE.sub("", value) or "}" in PLACE.sub("", value):
                raise ValueError(f"{key}: only {{input.…}} and {{steps.….answer}} are filled in")
        return self


class Retry(_Strict):
    """How often and how soon a failed act is tried again."""

    times: int = Field(2, ge=1, le=10)
    wait: Duration = "30s"


class Approval(_Strict):
    """Who must agree before the act, and for how long they are waited for."""

    post: Id
    within: Duration = "30m"


class _Step(_Strict):
    id: Id
    title: Words
    when: Condition | None = None
    on_fail: Literal["fail", "continue"] = "fail"


class Act(_Step, Deed):
    """Do something; `compensate` undoes it when the run is aborted or fails later."""

    retry: Retry | None = None
    approval: Approval | None = None
    compensate: Deed | None = None

    @model_validator(mode="after")
    def _asked(self) -> Act:
        if self.act in OUTWARD and self.approval is None:
            raise ValueError(f"{self.act} reaches somebody outside and wants an approval")
        return self


class Ask(_Step):
    """Put something to a post and wait for the answer; after `within` it has failed, and a late answer is noted."""

    ask: Id
    answers: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")], ...] = Field((), max_length=20)
    within: Duration = "30m"


class Wait(_Step):
    """Let time pass."""

    wait: Duration


class Way(_Strict):
    """One way of a branch."""

    when: Condition
    steps: tuple[Step, ...] = Field(min_length=1, max_length=100)


class Branch(_Step):
    """The first way whose condition holds, else `otherwise`."""

    branch: tuple[Way, ...] = Field(min_length=1, max_length=20)
    otherwise: tuple[Step, ...] = Field((), max_length=100)


class Parallel(_Step):
    """Several rows of steps side by side; over when all are, failed when one has."""

    parallel: tuple[tuple[Step, ...], ...] = Field(min_length=2, max_length=20)


class Repeat(_Step):
    """The steps again and again, `every` so long, until a condition holds or `times` are over."""

    repeat: tuple[Step, ...] = Field(min_length=1, max_length=100)
    times: int = Field(ge=1, le=100)
    until: Condition | None = None
    every: Duration = "0s"


Step = Act | Ask | Wait | Branch | Parallel | Repeat


class Program(_Strict):
    """A response playbook: its steps, in order."""

    id: Id
    kind: Literal["response"]
    version: str = Field("1", max_length=40)
    title: Words
    summary: Words
    needs: tuple[Id, ...] = Field((), max_length=20, description="What must be given as input, such as alert.")
    steps: tuple[Step, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _whole(self) -> Program:
        """Ids are unique, conditions and places name what stands before them or is needed, loops do not nest."""
        known = [step.id for step in flat(self.steps)]
        if len(known) > MAX_STEPS:
            raise ValueError(f"more than {MAX_STEPS} steps")
        if len(known) != len(set(known)):
            raise ValueError(f"two steps are called {next(one for one in known if known.count(one) > 1)!r}")
        for kind, name in _named(self.model_dump(by_alias=True)):
            if name not in (self.needs if kind == "input" else known):
                raise ValueError(f"{kind}.{name} is not there")
        for step in flat(self.steps):
            if isinstance(step, Repeat) and any(isinstance(one, Repeat) for one in flat(step.repeat)):
                raise ValueError(f"{step.id}: a repeat inside a repeat")
        return self


for _model in (Way, Branch, Parallel, Repeat, Program):
    _model.model_rebuild()


def flat(steps: tuple[Step, ...]) -> list[Step]:
    """Every step, those inside others too, in the order in which they stand."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for row in inner(step):
            found += flat(row)
    return found


def inner(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The rows of steps inside a step."""
    if isinstance(step, Branch):
        return (*(way.steps for way in step.branch), step.otherwise)
    if isinstance(step, Parallel):
        return step.parallel
    return (step.repeat,) if isinstance(step, Repeat) else ()


def _named(tree: Any) -> list[tuple[str, str]]:
    """(steps or input, name) of everything that a condition or a place refers to."""
    if isinstance(tree, dict):
        return [one for value in tree.values() for one in _named(value)]
    if isinstance(tree, list | tuple):
        return [one for value in tree for one in _named(value)]
    if not isinstance(tree, str):
        return []
    found = [(match[1], match[2]) for match in PLACE.finditer(tree)]
    if match := CONDITION.match(tree):
        found.append(("steps", match["step"]) if match["step"] else ("input", match["input"]))
    return found


def duration_ms(text: str) -> int:
    """A duration such as 30s in ms."""
    return int(text[:-1]) * UNITS_MS[text[-1]]


def parse_program(tree: Any, where: str) -> Program:
    """A program from a parsed file. Raises BadContent with the field and the reason."""
    try:
        return Program.model_validate(tree)
    except ValidationError as error:
        # A step is tried as every kind; what counts is said of the kind that it is.
        told = [(place, one) for one in error.errors() if (place := _place(tree, one["loc"])) is not None]
        place, worst = max(told, key=lambda one: (len(one[0]), one[1]["type"] != "extra_forbidden"))
        said = worst["msg"] if place[-1:] != [NO_KIND] else f"one of {', '.join(KINDS.values())} is wanted"
        field = ".".join(part for part in place if part) or "file"
        raise BadContent(f"{field}: {said}", "see docs/write-a-playbook.md", where) from None


def _place(tree: Any, where: tuple[int | str, ...]) -> list[str] | None:
    """Where a complaint is, as the file has it; None for one about another kind of step than stands there."""
    found: list[str] = []
    for before, part in zip(("", *where), where, strict=False):
        kind = KIND.search(str(part)) if isinstance(before, int) else None
        if kind:
            if not isinstance(tree, dict) or not any(name in tree for name in KINDS.values()):
                return [*found, NO_KIND]
            if KINDS[kind[1]] not in tree:
                return None
            continue
        found.append(str(part))
        inside = isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        tree = tree[part] if inside or (isinstance(tree, dict) and part in tree) else None
    return found
