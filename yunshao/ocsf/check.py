"""Is this a valid event, and if not, where: the base attributes, numbers and must-haves, cheaply."""

from __future__ import annotations

from collections.abc import Iterator

from yunshao.model.event import Ocsf
from yunshao.ocsf.classes import (
    BASE_REQUIRED,
    CATEGORIES,
    CLASSES,
    EVENT_STATUSES,
    FINDING_STATUSES,
    OBJECT_NEEDS_ONE,
    PROFILE_REQUIRED,
    SEVERITIES,
    VERSION,
    EventClass,
)

_FINDINGS = 2


def check(ocsf: Ocsf) -> tuple[str, ...]:
    """What is wrong with the event, one line a problem; empty when nothing is."""
    missing = [f"{name} is missing" for name in BASE_REQUIRED if name not in ocsf]
    known = CLASSES.get(ocsf["class_uid"]) if _is_int(ocsf.get("class_uid")) else None
    if missing or known is None:
        return (*missing, *(() if known else (f"class_uid {ocsf.get('class_uid')!r} is not a known class",)))
    return (*_numbers(ocsf, known), *_metadata(ocsf), *_members(ocsf, known), *_objects(ocsf))


def _numbers(ocsf: Ocsf, known: EventClass) -> Iterator[str]:
    activity = ocsf["activity_id"]
    if not _is_int(activity) or activity not in known.activities:
        yield f"activity_id {activity!r} is not an activity of {known.name}"
    elif ocsf["type_uid"] != known.uid * 100 + activity:
        yield f"type_uid {ocsf['type_uid']!r} is not class_uid * 100 + activity_id"
    if activity == 99 and not ocsf.get("activity_name"):
        yield "activity_id 99 needs activity_name"
    if ocsf["category_uid"] != known.category_uid or known.category_uid not in CATEGORIES:
        yield f"category_uid {ocsf['category_uid']!r} is not the category of {known.name}"
    if not _is_int(ocsf["severity_id"]) or ocsf["severity_id"] not in SEVERITIES:
        yield f"severity_id {ocsf['severity_id']!r} is not a severity"
    statuses = FINDING_STATUSES if known.category_uid == _FINDINGS else EVENT_STATUSES
    if "status_id" in ocsf and (not _is_int(ocsf["status_id"]) or ocsf["status_id"] not in statuses):
        yield f"status_id {ocsf['status_id']!r} is not a status of {known.name}"
    if not _is_int(ocsf["time"]):
        yield "time is not a whole number of milliseconds"


def _metadata(ocsf: Ocsf) -> Iterator[str]:
    metadata = ocsf["metadata"]
    if not isinstance(metadata, dict):
        yield "metadata is not an object"
        return
    if metadata.get("version") != VERSION:
        yield f"metadata.version is not {VERSION}"
    product = metadata.get("product")
    if not isinstance(product, dict) or not (product.get("name") or product.get("uid")):
        yield "metadata.product has neither name nor uid"
    profiles = metadata.get("profiles", ())
    for profile in profiles if isinstance(profiles, list) else ():
        for needed in PROFILE_REQUIRED.get(profile, ()) if isinstance(profile, str) else ():
            if needed not in ocsf:
                yield f"profile {profile} needs {needed}"
    cloud = ocsf.get("cloud")
    if cloud is not None and not (isinstance(cloud, dict) and cloud.get("provider")):
        yield "cloud.provider is missing"


def _members(ocsf: Ocsf, known: EventClass) -> Iterator[str]:
    for name in known.required:
        if name not in ocsf:
            yield f"{known.name} needs {name}"
    if known.needs_one and not any(name in ocsf for name in known.needs_one):
        yield f"{known.name} needs one of {', '.join(known.needs_one)}"


def _objects(ocsf: Ocsf) -> Iterator[str]:
    for name, needed in OBJECT_NEEDS_ONE.items():
        if name in ocsf and not _has_one(ocsf[name], needed):
            yield f"{name} needs one of {', '.join(needed)}"
    actor = ocsf.get("actor")
    if isinstance(actor, dict) and "user" in actor and not _has_one(actor["user"], OBJECT_NEEDS_ONE["user"]):
        yield "actor.user needs one of account, name, uid"
    api = ocsf.get("api")
    if api is not None and not (isinstance(api, dict) and isinstance(api.get("operation"), str)):
        yield "api.operation is missing"


def _has_one(value: object, names: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and any(name in value for name in names)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
