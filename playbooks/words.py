"""The values that a playbook file becomes: an assessment's threats and method, a drill's steps and expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.engine.program import Program

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Threat:
    """One entry of the threat catalogue: measured by alerts of these techniques, else judged by `baseline` 1 to 5."""

    id: str
    name: Text
    source: Text
    kind: str
    techniques: tuple[str, ...]
    baseline: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One planned moment of a drill: records to `send` (`story`, `part`), something to `tell` or to `ask` a post.

    `does` says which clock a task's answer stops: `triage`, `contain` or `recover`.
    """

    at: int
    type: str
    title: Text
    source: str = ""
    story: str = ""
    part: str = ""
    post: str = ""
    does: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be noticed: an alert of a rule, or its acknowledgement, within so many ms."""

    type: str
    within: int
    rule: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Playbook:
    """One playbook of either kind; the fields of the other kind are empty."""

    id: str
    kind: str
    version: str
    title: Text
    summary: Text
    file: str
    method: str = ""
    window_days: int = 90
    threats: tuple[Threat, ...] = ()
    losses: tuple[Mapping[str, Any], ...] = ()
    objectives: tuple[Text, ...] = ()
    forms: dict[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    expect: tuple[Expectation, ...] = ()
    story: str = ""
    every: str = ""
    groups: dict[str, Text] = field(default_factory=dict)
    background: Text = field(default_factory=dict)
    program: Program | None = None
