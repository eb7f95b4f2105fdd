"""`oncall.yaml` as values: channels, people, rotas, escalation policies, routes. Refused with the field when wrong."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from yunshao.errors import BadConfiguration
from yunshao.model.finding import LEVELS
from yunshao.yaml_text import check_depth

MAX_BYTES = 1 << 20
NAME = r"^[a-z0-9][a-z0-9_.-]{0,62}$"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
LEAST_TURN_MINUTES = 30
UNITS_MINUTES = {"m": 1, "h": 60, "d": 1440}

Name = Annotated[str, Field(pattern=NAME)]
ClockTime = Annotated[str, Field(pattern=CLOCK, description="A time of day such as 09:00.")]
Level = Literal["informational", "low", "medium", "high", "critical"]
Duration = Annotated[str, Field(pattern=r"^\d{1,5}[mhd]$", description="A duration such as 15m, 12h or 7d.")]
Target = Annotated[str, Field(pattern=r"^(rota|person|channel):[a-z0-9][a-z0-9_.-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Strict):
    """A secret that stands elsewhere: in a file beside `oncall.yaml`, or in an environment variable."""

    file: str = ""
    env: str = ""

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if bool(self.file) == bool(self.env):
            raise ValueError("either file or env is wanted")
        return self


class Limit(_Strict):
    """At most so many messages in so many seconds; what exceeds it waits and is told together."""

    count: int = Field(20, ge=1, le=10_000)
    within: int = Field(60, ge=1, le=3600, description="Seconds.")


class ChannelSettings(_Strict):
    """One way out. `url` is the base of the service and can be any; what is secret stands in files or variables."""

    kind: Literal["mail", "webhook", "dingtalk", "wecom", "feishu", "slack", "apprise"]
    url: str = Field("", max_length=500, description="Base URL; for mail smtp://host:port or smtps://host:port.")
    token: Secret | None = Field(None, description="What names the robot or the hook: token, key or path.")
    secret: Secret | None = Field(None, description="What signs: robot's secret, webhook's key, mail password.")
    user: str = Field("", max_length=200, description="Mail: the account to log in with.")
    sender: str = Field("", max_length=200, description="Mail: the From address.")
    starttls: bool = Field(True, description="Mail by smtp://: refuse to go on without STARTTLS.")
    language: Literal["zh", "en", "both"] = "both"
    limit: Limit = Limit()
    timeout: int = Field(10, ge=1, le=60, description="Seconds to wait for the other side.")

    @model_validator(mode="after")
    def _complete(self) -> ChannelSettings:
        schemes = {"mail": ("smtp://", "smtps://"), "apprise": ("",)}.get(self.kind, ("https://", "http://"))
        if not self.url.startswith(schemes):
            raise ValueError(f"{self.kind} wants a url that begins with {' or '.join(schemes)}")
        if self.kind == "mail" and "@" not in self.sender:
            raise ValueError("mail wants a sender")
        if self.kind in {"dingtalk", "wecom", "feishu", "slack", "apprise"} and self.token is None:
            raise ValueError(f"{self.kind} wants a token")
        return self


class Quiet(_Strict):
    """Hours in which a person is left alone, except for this level and above."""

    begins: ClockTime
    ends: ClockTime
    unless: Level = "critical"


class Reach(_Strict):
    """One way to a person; the next is taken where this one has failed for good."""

    channel: Name
    to: str = Field("", max_length=200)


class Person(_Strict):
    """Somebody who can be on call, by post. `account` is the console account that acts for them."""

    name: str = Field("", max_length=100)
    account: str = Field("", max_length=64)
    language: Literal["zh", "en"] = "zh"
    reach: tuple[Reach, ...] = Field(min_length=1, max_length=10)
    quiet: Quiet | None = None


class Rota(_Strict):
    """People who take turns, each for `turn`, from a local moment on."""

    people: tuple[Name, ...] = Field(min_length=1, max_length=100)
    turn: Duration = "7d"
    starts: str = Field("2026-01-05", pattern=r"^\d{4}-\d{2}-\d{2}$", description="The first day, a date.")
    at: ClockTime = "09:00"
    cover: Name | None = Field(None, description="The rota that stands in outside `hours`.")
    hours: tuple[ClockTime, ClockTime] | None = Field(None, description="Only between these times of day.")
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field((1, 2, 3, 4, 5, 6, 7), min_length=1)

    @field_validator("turn")
    @classmethod
    def _long_enough(cls, turn: str) -> str:
        if minutes(turn) < LEAST_TURN_MINUTES:
            raise ValueError(f"a turn takes {LEAST_TURN_MINUTES} minutes at least")
        return turn


class Rung(_Strict):
    """Whom to tell `after` so long without an answer."""

    after: Duration = "0m"
    tell: tuple[Target, ...] = Field(min_length=1, max_length=20)


class Policy(_Strict):
    """A ladder: rung after rung until somebody answers, then again `repeat` times."""

    rungs: tuple[Rung, ...] = Field(min_length=1, max_length=20)
    repeat: int = Field(1, ge=0, le=20)
    every: Duration = Field("30m", description="From the last rung to the next round.")

    @field_validator("rungs")
    @classmethod
    def _rising(cls, rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
        if [minutes(one.after) for one in rungs] != sorted(minutes(one.after) for one in rungs):
            raise ValueError("the rungs must not go back in time")
        return rungs


class Route(_Strict):
    """Which alerts page whom: the first route that fits is taken."""

    levels: tuple[Level, ...] = ("high", "critical")
    units: tuple[str, ...] = ()
    rules: tuple[str, ...] = Field((), description="Names of rules; * at the end stands for anything.")
    policy: Name


class OnCall(_Strict):
    """The whole file."""

    keep_days: int = Field(90, ge=0, le=3650, description="Days that settled deliveries are kept; 0: for ever.")
    link: str = Field("", max_length=300, description="Where the console is reached from outside: https://…")
    channels: dict[Name, ChannelSettings] = Field(default_factory=dict, max_length=100)
    people: dict[Name, Person] = Field(default_factory=dict, max_length=1000)
    rotas: dict[Name, Rota] = Field(default_factory=dict, max_length=200)
    policies: dict[Name, Policy] = Field(default_factory=dict, max_length=200)
    routes: tuple[Route, ...] = Field((), max_length=500)
    posts: dict[str, Target] = Field(default_factory=dict, max_length=200)
    post_policy: Name | None = Field(None, description="The ladder of a drill's tasks and a playbook's questions.")

    @model_validator(mode="after")
    def _joined(self) -> OnCall:
        """Every name that is used is there, and a channel that is told as a whole is a group's."""
        for place, kind, name in _uses(self):
            if name not in getattr(self, kind):
                raise ValueError(f"{place}: no {kind} {name!r}")
        for key in self.rotas:
            _check_cover(self.rotas, key)
        if self.link and not self.link.startswith(("https://", "http://")):
            raise ValueError("link: an address that begins with https:// is wanted")
        return self


def _uses(whole: OnCall) -> list[tuple[str, str, str]]:
    kinds = {"rota": "rotas", "person": "people", "channel": "channels"}
    found = [(f"people.{key}", "channels", way.channel) for key, one in whole.people.items() for way in one.reach]
    found += [(f"rotas.{key}", "people", person) for key, one in whole.rotas.items() for person in one.people]
    found += [(f"rotas.{key}", "rotas", one.cover) for key, one in whole.rotas.items() if one.cover]
    found += [(f"routes[{i}]", "policies", one.policy) for i, one in enumerate(whole.routes)]
    found += [("post_policy", "policies", whole.post_policy)] if whole.post_policy else []
    told = [
        (f"policies.{key}", target) for key, one in whole.policies.items() for rung in one.rungs for target in rung.tell
    ]
    told += [(f"posts.{key}", target) for key, target in whole.posts.items()]
    return found + [(place, kinds[target.partition(":")[0]], target.partition(":")[2]) for place, target in told]


def _check_cover(rotas: dict[str, Rota], key: str) -> None:
    seen, here = {key}, rotas[key].cover
    while here:
        if here in seen:
            raise ValueError(f"rotas.{key}: its cover leads in a circle")
        seen.add(here)
        here = rotas[here].cover


def minutes(duration: str) -> int:
    """A duration such as 15m, 12h or 7d in minutes."""
    return int(duration[:-1]) * UNITS_MINUTES[duration[-1]]


def at_least(level: str, least: str) -> bool:
    """Whether a level is this one or above; an unknown one is taken as the highest."""
    return level not in LEVELS or LEVELS.index(level) >= LEVELS.index(least)


def parse_oncall(text: str, where: str) -> OnCall:
    """The settings from the text of a file. Raises BadConfiguration with the field and the reason."""
    if len(text) > MAX_BYTES:
        raise BadConfiguration("larger than 1 MiB", "", where)
    try:
        tree = yaml.load(check_depth(text), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadConfiguration(f"not YAML: {' '.join(str(error).split())}", "", where) from None
    try:
        return OnCall.model_validate(tree or {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        raise BadConfiguration(f"{field}: {first['msg']}", "see docs/on-call.md", where) from None


def zone_of(name: str) -> ZoneInfo:
    """The time zone of the workspace."""
    return ZoneInfo(name)
