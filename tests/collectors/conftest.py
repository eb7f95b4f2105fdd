"""What the tests of collectors share: the OCSF schema as a judge, and samples by source."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from yunshao.ocsf.check import check
from yunshao.ocsf.classes import CLASSES, VERSION

Problems = Callable[[dict[str, Any]], list[str]]


@cache
def _embedded() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION))


@cache
def _judge(class_uid: int, profiles: tuple[str, ...]) -> Any:
    return jsonschema_rs.validator_for(_embedded().get_class_schema(CLASSES[class_uid].name, list(profiles)))


def _problems(event: dict[str, Any]) -> list[str]:
    judge = _judge(event["class_uid"], tuple(event["metadata"].get("profiles", ())))
    found = [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in judge.iter_errors(event)]
    return [*found, *check(event)]


@pytest.fixture(scope="session")
def problems() -> Problems:
    """What the published schema and our own check find wrong with an event."""
    return _problems
