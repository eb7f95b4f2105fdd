"""The one file of a workspace, `yunshao.yaml`, as values. Refused at start, with the field, when it is wrong."""

from __future__ import annotations

from datetime import date
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from yunshao.errors import BadConfiguration
from yunshao.model.scorecard import INDICATORS
from yunshao.yaml_text import check_depth

MAX_SETTINGS_BYTES = 1 << 20


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(_Strict):
    """One intake: which source, how its records arrive, and whose they are unless their content says so."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$", description="Unique name; keys the offset.")
    source: str = Field(description="Source name such as aws.cloudtrail, or auto.")
    kind: Literal["file", "syslog", "push"] = Field(description="file: a path; syslog: a socket; push: HTTP.")
    path: str = Field("", description="A file, a folder or a glob pattern (kind: file).")
    udp: str = Field("", description="host:port to listen on (kind: syslog).")
    tcp: str = Field("", description="host:port to listen on (kind: syslog).")
    unit: str = Field("", description="Unit that owns what nothing else claims.")
    system: str = Field("", description="Information system, likewise.")
    cloud: str = Field("", description="Cloud, likewise.")

    @model_validator(mode="after")
    def _complete(self) -> SourceSettings:
        if self.kind == "file" and not self.path:
            raise ValueError("a file source needs path")
        if self.kind == "syslog" and not (self.udp or self.tcp):
            raise ValueError("a syslog source needs udp or tcp")
        return self


class ConsoleSettings(_Strict):
    """Where the console listens."""

    host: str = Field("127.0.0.1", description="Address to bind.")
    port: int = Field(8440, ge=0, le=65535, description="Port to bind; 0 takes a free one.")
    secure_cookies: bool = Field(False, description="Set to true behind TLS.")


class ScheduleSettings(_Strict):
    """One thing that runs by itself: an assessment playbook, a review, or questionnaires."""

    playbook: str = Field("", description="Id of an assessment playbook.")
    report: str = Field("", description="A review instead: posture, scorecard, audit, mlps, data_security.")
    ask: int = Field(0, ge=0, le=500, description="Questionnaires instead: how many control points each unit is asked.")
    cron: str = Field("", description="Five cron fields, in the workspace's time zone.")
    working_days: bool = Field(False, description="What falls on a day off is moved to the next working day.")
    after: tuple[Literal["new_system", "critical_exposure", "drill_finished"], ...] = Field(
        (), description="Events that start it too: new_system, critical_exposure, drill_finished."
    )
    pause_hours: int = Field(24, ge=0, le=8760, description="Events start it at most once in so many hours.")
    approve: bool = Field(False, description="Its report waits until somebody approves the document.")

    @property
    def key(self) -> str:
        """What it is called in the store."""
        return self.playbook or self.report or "questionnaires"

    @model_validator(mode="after")
    def _complete(self) -> ScheduleSettings:
        if bool(self.playbook) + bool(self.report) + bool(self.ask) != 1:
            raise ValueError("one of playbook, report and ask is wanted")
        if not (self.cron or self.after):
            raise ValueError("cron or after is wanted")
        if self.ask and self.approve:
            raise ValueError("questionnaires are not approved")
        return self


class BlackoutSettings(_Strict):
    """A period when no drill begins."""

    start: str = Field(description="First day, such as 2026-10-01, or a moment such as 2026-10-01T18:00.")
    end: str = Field(description="Last day, which is within the period, or the moment at which it ends.")
    why: str = Field("", max_length=200, description="The reason, which the calendar shows.")

    @field_validator("start", "end", mode="before")
    @classmethod
    def _written(cls, given: object) -> object:
        """YAML makes a date or a moment of what is written without quotes."""
        return given.isoformat() if isinstance(given, date) else given


class CalendarSettings(_Strict):
    """Which days are worked, and when nothing is begun."""

    holidays: tuple[str, ...] = Field((), description="Days off beside weekends: 2026-10-01 or 2026-10-01..2026-10-07.")
    worked: tuple[str, ...] = Field((), description="Weekend days that are worked in exchange, written likewise.")
    blackouts: tuple[BlackoutSettings, ...] = Field((), max_length=500, description="Periods when no drill begins.")

    @field_validator("holidays", "worked", mode="before")
    @classmethod
    def _written(cls, given: object) -> object:
        """YAML makes a date of a day that is written without quotes."""
        return tuple(str(one) for one in given) if isinstance(given, list) else given


class IncidentSettings(_Strict):
    """Who reports real incidents, and who is reminded of it."""

    operator: Literal["cii", "organ", "other"] = Field("other", description="Kind of operator; sets the first limit.")
    post: str = Field("on_call", description="Post that is paged when a report is due.")


class DetectSettings(_Strict):
    """Which rules and detectors judge."""

    rules: tuple[str, ...] = Field(("rules",), description="Folders of Sigma rules, beside the own library.")
    library: bool = Field(True, description="Load the rules that ship.")
    pipelines: tuple[str, ...] = Field((), description="pySigma processing pipelines for the site's own rules.")
    anomalies: bool = Field(True, description="Run the detectors that learn.")
    lateness: int = Field(
        5, ge=0, le=86_400, description="Seconds that correlations wait for events which come out of order."
    )
    flood: int = Field(
        200, ge=0, le=10_000, description="Groups of a rule and source in an hour before they are one flood; 0: never."
    )


class ClusterSettings(_Strict):
    """The engines of a workspace that runs distributed. Passwords come from the environment, never from this file.

    YUNSHAO_KAFKA_PASSWORD and YUNSHAO_OPENSEARCH_PASSWORD.
    """

    kafka: str = Field(description="Bootstrap servers of the broker, host:port,host:port.")
    opensearch: str = Field(description="URL of the node, http:// or https://.")
    prefix: str = Field("yunshao", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Begins every topic and index.")
    partitions: int = Field(4, ge=1, le=256, description="Partitions of each topic; fixed once they are made.")
    replicas: int = Field(1, ge=1, le=5, description="Copies of each partition.")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How the broker is spoken to."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the password is shown to the broker."
    )
    kafka_user: str = Field("", description="User at the broker.")
    kafka_ca: str = Field("", description="Certificates that the broker's is checked with (PEM).")
    opensearch_user: str = Field("", description="User at the node.")
    opensearch_ca: str = Field("", description="Certificates that the node's is checked with (PEM).")
    push: str = Field("", description="host:port where `yunshao collect` takes HTTP pushes; none: it does not.")
    raw_days: int = Field(7, ge=1, le=3650, description="Days that the raw topic is kept.")
    event_days: int = Field(180, ge=1, le=3650, description="Days that stored events are kept, by event time.")
    event_shards: int = Field(1, ge=1, le=1024, description="Shards of a day's events; for days that are to come.")


class ReviewSettings(_Strict):
    """How reviews reckon: the template of the MLPS conclusion, weights and targets of the scorecard."""

    mlps_template: Literal["2025", "2021"] = Field("2025", description="By the date of the contract: 2025-03-20.")
    weights: dict[str, float] = Field(default_factory=dict, description=f"Of the scorecard: {', '.join(INDICATORS)}.")
    targets: dict[str, float] = Field(default_factory=dict, description="Of the same indicators, as shares.")

    @field_validator("weights", "targets")
    @classmethod
    def _known(cls, given: dict[str, float]) -> dict[str, float]:
        for name, value in given.items():
            if name not in INDICATORS:
                raise ValueError(f"no indicator {name!r}: one of {', '.join(INDICATORS)}")
            if not 0 <= value <= 1000:
                raise ValueError(f"{name} is {value}, and not from 0 to 1000")
        return given


class PadesSettings(_Strict):
    """The key that signs PDF files, with the extra `pades`."""

    pkcs12: str = Field(description="A .p12 file with key and certificate, relative to the workspace.")
    passphrase_env: str = Field("", description="The variable that holds its passphrase; none: it has none.")


class Pkcs11Settings(_Strict):
    """A PKCS#11 token that holds the key that seals, with the extra `pkcs11`."""

    module: str = Field(min_length=1, description="The library of the token's maker, a path.")
    token: str = Field(min_length=1, max_length=32, description="The token's label.")
    label: str = Field("yunshao", min_length=1, max_length=64, description="The label of the key on it.")
    pin_env: str = Field("YUNSHAO_PIN", min_length=1, description="The variable that holds the PIN.")


class SealSettings(_Strict):
    """What seals bundles: Ed25519, by a file or a token; and SM2 beside it."""

    sm2: bool = Field(False, description="Sign with an SM2 key too, with the extra `sm2`.")
    pkcs11: Pkcs11Settings | None = Field(None, description="Without it the key is a file of mode 0600.")


class Settings(_Strict):
    """The workspace."""

    language: Literal["zh", "en"] = Field("zh", description="Language of messages and reports by default.")
    timezone: str = Field("Asia/Shanghai", description="Time zone of schedules and printed times.")
    data: str = Field("data", description="Folder of the store, relative to the workspace.")
    org: str = Field("org.yaml", description="The registry of units, chiefs, clouds and systems.")
    playbooks: str = Field("playbooks", description="Folder of the site's own playbooks.")
    oncall: str = Field("oncall.yaml", description="Channels, people, rotas and escalation; none: nobody is told.")
    console: ConsoleSettings = ConsoleSettings()
    detect: DetectSettings = DetectSettings()
    sources: tuple[SourceSettings, ...] = ()
    schedule: tuple[ScheduleSettings, ...] = ()
    calendar: CalendarSettings = CalendarSettings()
    incidents: IncidentSettings = IncidentSettings()
    cluster: ClusterSettings | None = Field(None, description="Kafka and OpenSearch; without it, all in one process.")
    review: ReviewSettings = ReviewSettings()
    seal: SealSettings = SealSettings()
    pades: PadesSettings | None = Field(None, description="Sign PDF files of reports; without it they are not.")
    acknowledge_within_minutes: int = Field(15, ge=1, description="The promise that the console measures.")

    @field_validator("schedule")
    @classmethod
    def _once(cls, schedule: tuple[ScheduleSettings, ...]) -> tuple[ScheduleSettings, ...]:
        keys = [one.key for one in schedule]
        if len(keys) != len(set(keys)):
            raise ValueError("two entries for the same thing")
        return schedule

    @field_validator("sources")
    @classmethod
    def _unique(cls, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [source.name for source in sources]
        if len(names) != len(set(names)):
            raise ValueError("two sources have the same name")
        return sources


def parse_settings(text: str, where: str) -> Settings:
    """Settings from the text of a file. Raises BadConfiguration with the field and the reason."""
    if len(text) > MAX_SETTINGS_BYTES:
        raise BadConfiguration("larger than 1 MiB", "a settings file is small", where)
    try:
        tree = yaml.load(check_depth(text), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadConfiguration(f"not YAML: {' '.join(str(error).split())}", "", where) from None
    try:
        return Settings.model_validate(tree or {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        raise BadConfiguration(f"{field}: {first['msg']}", "see docs/settings.md", where) from None
