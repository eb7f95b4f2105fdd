"""Events about a machine: processes, files, registry, network, services, tasks, scripts, threats, cleared logs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from collectors.events import HIGH, LOW, MEDIUM, OTHER
from collectors.values import first_text, full, items, text, texts
from collectors.windows_event.parts import (
    NAMED_PIPE,
    acting,
    destination_end,
    device,
    file_at,
    hashes,
    launched,
    process,
    said,
    source_end,
)
from collectors.windows_event.shapes import Told

Shaped = tuple[int, int, dict[str, Any]] | None
FILE, EXTENSION, MODULE, JOB, PROCESS, EVENT_LOG, SCRIPT = 1001, 1002, 1005, 1006, 1007, 1008, 1009
FINDING, NETWORK, DNS, SMB = 2004, 4001, 4003, 4006
REGISTRY_KEY, REGISTRY_VALUE, SERVICE = 201001, 201002, 201004
_PROTOCOLS = {"tcp": 6, "udp": 17, "6": 6, "17": 17, "1": 1}
_POWERSHELL = 2
_REGISTRY = {
    "createkey": (REGISTRY_KEY, 1),
    "deletekey": (REGISTRY_KEY, 4),
    "renamekey": (REGISTRY_KEY, 5),
    "deletevalue": (REGISTRY_VALUE, 4),
    "renamevalue": (REGISTRY_VALUE, 3),
    "setvalue": (REGISTRY_VALUE, 2),
    "%%1904": (REGISTRY_VALUE, 2),
    "%%1905": (REGISTRY_VALUE, 3),
    "%%1906": (REGISTRY_VALUE, 4),
}
_REGISTRY_BY_CODE = {"13": (REGISTRY_VALUE, 2), "14": (REGISTRY_KEY, 5), "4657": (REGISTRY_VALUE, 3)}


def _process(activity: int, told: Told) -> Shaped:
    known = launched(told.data)
    if known is None:
        return None
    parent = known.get("parent_process")
    actor = acting({"User": told.data.get("User"), **_subjects(told.data)}, told.sid)
    if parent:
        actor = {**{key: value for key, value in actor.items() if key != "app_name"}, "process": parent}
    return PROCESS, activity, {"process": known, "actor": actor}


def _subjects(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data.get(name) for name in ("SubjectUserName", "SubjectUserSid", "SubjectDomainName")}


def _reached(activity: int, told: Told) -> Shaped:
    """One process opened another, or began a thread in it."""
    data = told.data
    reached = process(
        data.get("TargetImage"),
        data.get("TargetProcessId"),
        first_text(data.get("TargetProcessGuid"), data.get("TargetProcessGUID")),
    )
    return (PROCESS, activity, {"process": reached, "actor": acting(data, told.sid)}) if reached else None


def _tampered(told: Told) -> Shaped:
    known = launched(told.data)
    members: dict[str, Any] = {"process": known, "actor": acting(told.data, told.sid), "activity_name": "Tamper"}
    return (PROCESS, OTHER, members) if known else None


def _file(activity: int, told: Told) -> Shaped:
    data = told.data
    file = file_at(data.get("TargetFilename"), hashes=hashes(data.get("Hashes")))
    members: dict[str, Any] = {"file": file, "actor": acting(data, told.sid)}
    if activity == OTHER:
        members["activity_name"] = "Block"
    return (FILE, activity, members) if file else None


def _pipe(activity: int, told: Told) -> Shaped:
    file = file_at(told.data.get("PipeName"), NAMED_PIPE)
    return (FILE, activity, {"file": file, "actor": acting(told.data, told.sid)}) if file else None


def _object(told: Told) -> Shaped:
    """An audited object that was opened, deleted or whose security changed."""
    data = told.data
    if said(data.get("ObjectType")) != "File":
        return None
    file = file_at(data.get("ObjectName"))
    activity = {"4660": 4, "4670": 7}.get(told.code, 14)
    return (FILE, activity, {"file": file, "actor": acting(data, told.sid)}) if file else None


def _share(told: Told) -> Shaped:
    data = told.data
    source = source_end(data)
    name = said(data.get("ShareName"))
    if source is None or name is None:
        return None
    return (
        SMB,
        2,
        {
            "src_endpoint": source,
            "dst_endpoint": {key: value for key, value in device(told).items() if key != "type_id"},
            "share": name,
            "file": file_at(data.get("RelativeTargetName")),
            "actor": acting(data, told.sid),
        },
    )


def _module(told: Told) -> Shaped:
    file = file_at(told.data.get("ImageLoaded"), hashes=hashes(told.data.get("Hashes")))
    members = {"module": {"file": file, "load_type_id": 0}, "actor": acting(told.data, told.sid)}
    return (MODULE, 1, members) if file else None


def _driver(told: Told) -> Shaped:
    file = file_at(told.data.get("ImageLoaded"), hashes=hashes(told.data.get("Hashes")))
    return (EXTENSION, 1, {"driver": {"file": file}, "actor": {"app_name": "Windows"}}) if file else None


def _registry(told: Told) -> Shaped:
    data = told.data
    path = first_text(said(data.get("TargetObject")), said(data.get("ObjectName")))
    kind = (first_text(data.get("EventType"), data.get("OperationType")) or "").lower()
    class_uid, activity = _REGISTRY.get(kind) or _REGISTRY_BY_CODE.get(told.code, (REGISTRY_KEY, 0))
    if not path:
        return None
    actor = acting(data, told.sid)
    if class_uid == REGISTRY_KEY:
        return REGISTRY_KEY, activity, {"reg_key": {"path": path}, "actor": actor}
    key, _, name = path.rpartition("\\")
    named = said(data.get("ObjectValueName"))
    value = {
        "path": path if named else key or path,
        "name": named or name or path,
        "data": first_text(data.get("Details"), data.get("NewValue")),
    }
    return REGISTRY_VALUE, activity, {"reg_value": full(value.items()), "actor": actor}


def _connection(told: Told) -> Shaped:
    data = told.data
    source, destination = source_end(data), destination_end(data)
    if not source and not destination:
        return None
    protocol = (text(data.get("Protocol")) or "").lower()
    outward = text(data.get("Initiated")) or text(data.get("Direction")) or ""
    refused = told.code in ("5152", "5157")
    info = {
        "direction_id": {"true": 2, "%%14593": 2, "false": 1, "%%14592": 1}.get(outward.lower(), 0),
        "protocol_name": {"6": "tcp", "17": "udp", "1": "icmp"}.get(protocol, protocol) or None,
        "protocol_num": _PROTOCOLS.get(protocol),
    }
    members = {
        "src_endpoint": source,
        "dst_endpoint": destination,
        "connection_info": full(info.items()),
        "actor": acting({**data, "Image": data.get("Image") or data.get("Application")}, told.sid),
    }
    return NETWORK, 5 if refused else 1, members


def _lookup(told: Told) -> Shaped:
    data = told.data
    name = said(data.get("QueryName"))
    found = [part.strip() for part in (text(data.get("QueryResults")) or "")[:4096].split(";") if part.strip()]
    members = {
        "src_endpoint": {key: value for key, value in device(told).items() if key != "type_id"},
        "query": {"hostname": name} if name else None,
        "answers": [{"rdata": part} for part in found if part != "-"],
        "actor": acting(data, told.sid),
    }
    return (DNS, 1, members) if name else None


def _service(told: Told) -> Shaped:
    data = told.data
    name = said(data.get("ServiceName"))
    path = first_text(data.get("ImagePath"), data.get("ServiceFileName"))
    start = (text(data.get("StartType")) or text(data.get("ServiceStartType")) or "").lower()
    service = {
        "name": name,
        "cmd_line": path or "unknown",
        "service_file": file_at(path),
        "service_start_name": said(first_text(data.get("AccountName"), data.get("ServiceAccount"))),
        "service_start_type_id": {"auto start": 3, "demand start": 4, "2": 3, "3": 4}.get(start),
    }
    members = {"win_service": full(service.items()), "actor": acting({**data, "AccountName": None}, told.sid)}
    return (SERVICE, 1, {**members, "severity_id": LOW}) if name else None


def _task(activity: int, told: Told) -> Shaped:
    name = said(told.data.get("TaskName"))
    command = said(told.data.get("ActionName"))
    job = full({"name": name, "cmd_line": command}.items())
    actor = acting({**told.data, "User": first_text(told.data.get("UserContext"), told.data.get("UserName"))}, told.sid)
    return (JOB, activity, {"job": job, "actor": actor}) if name else None


def _script(told: Told) -> Shaped:
    content = text(told.data.get("ScriptBlockText"))
    path = said(told.data.get("Path"))
    script = {
        "type_id": _POWERSHELL,
        "script_content": {"value": content},
        "uid": said(told.data.get("ScriptBlockId")),
        "file": file_at(path),
    }
    return (SCRIPT, 1, {"script": full(script.items()), "actor": acting({}, told.sid)}) if content else None


def _cleared(told: Told) -> Shaped:
    name = said(told.data.get("Channel")) if told.code == "104" else told.channel
    return EVENT_LOG, 1, {"log_name": name or told.channel, "actor": acting(told.data, told.sid), "severity_id": MEDIUM}


def _threat(told: Told) -> Shaped:
    data = {name.replace(" ", ""): value for name, value in told.data.items()}
    name = said(data.get("ThreatName")) or f"Event {told.code}"
    path = next(iter(texts(items(data.get("Path"), 1))), None) or said(data.get("Path"))
    info = {
        "uid": "",
        "title": name,
        "types": [kind] if (kind := said(data.get("CategoryName"))) else None,
        "analytic": {"name": name, "type_id": 1, "type": "Rule"},
    }
    return (
        FINDING,
        1,
        {
            "finding_info": full(info.items()),
            "is_alert": True,
            "severity_id": {"5": HIGH, "4": HIGH, "2": MEDIUM}.get(text(data.get("SeverityID")) or "", MEDIUM),
            "evidences": [{"file": file}] if (file := file_at(path)) else None,
            "message": name,
        },
    )


def _each(shape: Callable[..., Shaped], activities: dict[int, str]) -> dict[str, Callable[[Told], Shaped]]:
    return {code: partial(shape, activity) for activity, codes in activities.items() for code in codes.split()}


MONITOR: dict[str, Callable[[Told], Shaped]] = {
    **_each(_process, {1: "1", 2: "5"}),
    **_each(_reached, {4: "8", 3: "10"}),
    **_each(_file, {1: "11 15 29", 4: "23 26", 6: "2", OTHER: "27 28"}),
    **_each(_pipe, {1: "17", 14: "18"}),
    **dict.fromkeys(("12", "13", "14"), _registry),
    "3": _connection,
    "6": _driver,
    "7": _module,
    "22": _lookup,
    "25": _tampered,
}
MACHINE: dict[str, Callable[[Told], Shaped]] = {
    **_each(_process, {1: "4688", 2: "4689"}),
    **_each(_task, {1: "4698", 2: "4702", 3: "4699", 4: "4700", 5: "4701"}),
    **dict.fromkeys(("4656", "4660", "4663", "4670"), _object),
    **dict.fromkeys(("5140", "5145"), _share),
    **dict.fromkeys(("5152", "5156", "5157"), _connection),
    "1102": _cleared,
    "4657": _registry,
    "4697": _service,
}
SYSTEM: dict[str, Callable[[Told], Shaped]] = {"104": _cleared, "7045": _service}
SCRIPTS: dict[str, Callable[[Told], Shaped]] = {"4104": _script}
TASKS: dict[str, Callable[[Told], Shaped]] = _each(_task, {1: "106", 2: "140", 3: "141", 5: "142", 6: "200"})
THREATS: dict[str, Callable[[Told], Shaped]] = dict.fromkeys(("1006", "1015", "1116", "1117"), _threat)
