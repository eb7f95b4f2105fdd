"""The published OCSF schema and our own check as judges of an event."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from yunshao.ocsf.check import check
from yunshao.ocsf.classes import CLASSES, VERSION


@cache
def _embedded() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION))


@cache
def _judge(class_uid: int, profiles: tuple[str, ...]) -> Any:
    return jsonschema_rs.validator_for(_embedded().get_class_schema(CLASSES[class_uid].name, list(profiles)))


def problems_of(event: dict[str, Any]) -> list[str]:
    """What the schema of its class and the check find wrong with an event."""
    judge = _judge(event["class_uid"], tuple(event["metadata"].get("profiles", ())))
    found = [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in judge.iter_errors(event)]
    return [*found, *check(event)]
