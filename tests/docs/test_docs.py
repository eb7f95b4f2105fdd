"""A setting, command or metric that the docs do not name does not exist for its user."""

from __future__ import annotations

import re

import pytest
from house.structure import ROOT
from prometheus_client import REGISTRY

from collectors.catalog import PARSERS
from console.cli.main import COMMANDS
from playbooks.oncall.settings import (
    ChannelSettings,
    Limit,
    OnCall,
    Person,
    Policy,
    Quiet,
    Reach,
    Rota,
    Route,
    Rung,
)
from yunshao import meters
from yunshao.settings import (
    BlackoutSettings,
    CalendarSettings,
    ClusterSettings,
    ConsoleSettings,
    DetectSettings,
    IncidentSettings,
    PadesSettings,
    ReviewSettings,
    ScheduleSettings,
    Settings,
    SourceSettings,
)

ONCALL = (OnCall, ChannelSettings, Person, Rota, Policy, Rung, Route, Reach, Quiet, Limit)
MODELS = (
    Settings,
    SourceSettings,
    ConsoleSettings,
    DetectSettings,
    ScheduleSettings,
    ReviewSettings,
    PadesSettings,
    CalendarSettings,
    ClusterSettings,
    BlackoutSettings,
    IncidentSettings,
)
DOCS = ROOT / "docs"


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("field", sorted({name for model in MODELS for name in model.model_fields}))
def test_each_setting_is_explained(field: str) -> None:
    assert re.search(rf"`(\w+\.)?{field}`|## `{field}`", _page("settings.md"))


@pytest.mark.parametrize("field", sorted({name for model in ONCALL for name in model.model_fields}))
def test_each_setting_of_who_is_on_call_is_explained(field: str) -> None:
    assert re.search(rf"`([\w.]+\.)?{field}`", _page("on-call.md"))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_on_the_map(command: str) -> None:
    assert f"`yunshao {command}" in _page("commands.md")


def test_each_metric_is_listed() -> None:
    assert meters
    names = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("yunshao_")}
    page = _page("metrics.md")
    assert names
    assert not [name for name in names if f"`{name}" not in page]


@pytest.mark.parametrize("source", sorted(PARSERS))
def test_each_source_is_described(source: str) -> None:
    assert f"`{source}`" in _page("sources.md")


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = []
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert not broken
