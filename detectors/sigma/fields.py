"""Where the fields that rules name stand in each source's native record, or in the OCSF form of a generic one.

A field that is in no table is looked up under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from detectors.sigma import clouds
from detectors.sigma.values import Get, first_of, reader
from yunshao.model.event import Event, Native

Paths = tuple[str, ...]

NATIVE: Mapping[str, Mapping[str, Paths]] = {
    **clouds.NATIVE,
    "k8s.audit": {
        "apiGroup": ("objectRef.apiGroup",),
        "hostPath": ("requestObject.spec.volumes.hostPath", "requestObject.spec.hostPath"),
        "capabilities": ("requestObject.spec.containers.securityContext.capabilities.add",),
    },
    "okta.system": {
        "eventtype": ("eventType",),
        "displaymessage": ("displayMessage",),
    },
    "m365.audit": {
        "eventSource": ("Workload", "eventSource"),
        "eventName": ("Name", "AlertType", "Operation", "eventName"),
        "status": ("ResultStatus", "Status", "status"),
        "Payload": ("Data", "Payload"),
    },
    "windows.event": {
        "Provider_Name": ("Provider_Name", "ProviderName", "SourceName", "Provider"),
        "Computer": ("Computer", "Hostname", "MachineName"),
    },
    "zeek": {
        "id.orig_h": ("id.orig_h", "id_orig_h"),
        "id.orig_p": ("id.orig_p", "id_orig_p"),
        "id.resp_h": ("id.resp_h", "id_resp_h"),
        "id.resp_p": ("id.resp_p", "id_resp_p"),
        "src_ip": ("id.orig_h", "id_orig_h"),
        "src_port": ("id.orig_p", "id_orig_p"),
        "dst_ip": ("id.resp_h", "id_resp_h"),
        "dst_port": ("id.resp_p", "id_resp_p"),
        "record_type": ("qtype_name",),
        "answer": ("answers",),
        "c-uri": ("uri",),
        "cs-uri": ("uri",),
        "cs-uri-stem": ("uri",),
        "cs-uri-query": ("uri",),
        "c-useragent": ("user_agent",),
        "cs-user-agent": ("user_agent",),
        "cs-method": ("method",),
        "cs-host": ("host",),
        "cs-referer": ("referrer",),
        "cs-username": ("username",),
        "sc-status": ("status_code",),
        "destination.port": ("id.resp_p", "id_resp_p"),
    },
    "suricata.eve": {
        "query": ("dns.rrname", "dns.query.rrname", "dns.queries.rrname"),
        "record_type": ("dns.rrtype", "dns.query.rrtype", "dns.queries.rrtype"),
        "answer": ("dns.rdata", "dns.answers.rdata", "dns.answer.rdata"),
        "dst_ip": ("dest_ip",),
        "dst_port": ("dest_port",),
        "destination.port": ("dest_port",),
        "action": ("alert.action",),
        "c-uri": ("http.url",),
        "cs-uri": ("http.url",),
        "cs-uri-stem": ("http.url",),
        "cs-uri-query": ("http.url",),
        "c-useragent": ("http.http_user_agent",),
        "cs-user-agent": ("http.http_user_agent",),
        "cs-method": ("http.http_method",),
        "cs-host": ("http.hostname",),
        "cs-referer": ("http.http_refer",),
        "sc-status": ("http.status",),
    },
}

LOGON_PROCESS: Mapping[str, Paths] = {
    "Image": ("NewProcessName",),
    "ParentImage": ("ParentProcessName",),
    "CommandLine": ("CommandLine",),
    "User": ("SubjectUserName",),
    "ProcessId": ("NewProcessId",),
    "ParentProcessId": ("ProcessId",),
    "LogonId": ("SubjectLogonId",),
    "IntegrityLevel": ("MandatoryLabel",),
}

OCSF: Mapping[str, Paths] = {
    "src_ip": ("src_endpoint.ip",),
    "src_port": ("src_endpoint.port",),
    "dst_ip": ("dst_endpoint.ip",),
    "dst_port": ("dst_endpoint.port",),
    "destination.port": ("dst_endpoint.port",),
    "SourceIp": ("src_endpoint.ip",),
    "SourcePort": ("src_endpoint.port",),
    "DestinationIp": ("dst_endpoint.ip",),
    "DestinationPort": ("dst_endpoint.port",),
    "DestinationHostname": ("dst_endpoint.hostname",),
    "Protocol": ("connection_info.protocol_name",),
    "proto": ("connection_info.protocol_name",),
    "action": ("action", "disposition"),
    "query": ("query.hostname",),
    "QueryName": ("query.hostname",),
    "record_type": ("query.type",),
    "answer": ("answers.rdata",),
    "c-uri": ("http_request.url.url_string", "http_request.url.path"),
    "cs-uri": ("http_request.url.url_string", "http_request.url.path"),
    "cs-uri-stem": ("http_request.url.path",),
    "cs-uri-query": ("http_request.url.query_string", "http_request.url.path"),
    "c-uri-query": ("http_request.url.query_string",),
    "c-useragent": ("http_request.user_agent",),
    "cs-user-agent": ("http_request.user_agent",),
    "cs-method": ("http_request.http_method",),
    "cs-host": ("http_request.url.hostname",),
    "cs-referer": ("http_request.referrer",),
    "sc-status": ("http_response.code",),
    "Image": ("process.file.path",),
    "CommandLine": ("process.cmd_line",),
    "ParentImage": ("process.parent_process.file.path", "actor.process.file.path"),
    "ParentCommandLine": ("process.parent_process.cmd_line", "actor.process.cmd_line"),
    "User": ("actor.user.name",),
    "TargetFilename": ("file.path",),
}


def find_native(source: str, overlay: Mapping[str, Paths] | None = None) -> Callable[[str], Get]:
    """The reader of a field in one source's native records; `overlay` goes before the source's table."""
    known = {**NATIVE.get(source, {}), **(overlay or {})}
    made: dict[str, Get] = {}

    def find(field: str) -> Get:
        if field not in made:
            made[field] = first_of(tuple(reader(path) for path in known.get(field, (field,))))
        return made[field]

    return find


def is_flat(source: str, field: str) -> bool:
    """Whether a field is nothing but a key of the source's native record."""
    return NATIVE.get(source, {}).get(field, (field,)) == (field,) and "." not in field


def only_path(source: str, field: str) -> str | None:
    """Where a field stands in the source's native record, if that is one place."""
    paths = NATIVE.get(source, {}).get(field, (field,))
    return paths[0] if len(paths) == 1 else None


def find_generic(source: str) -> Callable[[str], Get]:
    """As `find_native`, and where the native record has nothing, the event's OCSF form."""
    native = find_native(source)
    made: dict[str, Get] = {}

    def find(field: str) -> Get:
        if field not in made:
            standard = tuple(_in_ocsf(reader(path)) for path in OCSF.get(field, ()))
            made[field] = first_of((native(field), *standard))
        return made[field]

    return find


def _in_ocsf(get: Get) -> Get:
    def read(_native: Native, event: Event) -> Any:
        return get(event.ocsf, event)

    return read


def windows_view(native: Native) -> Native:
    """System and event data of a Windows event side by side, whichever tool printed it."""
    if dict not in set(map(type, native.values())):
        return native
    inner = native.get("Event")
    event: Native = inner if isinstance(inner, dict) else native
    winlog = native.get("winlog")
    flat = {key: value for key, value in event.items() if not isinstance(value, dict)}
    if isinstance(winlog, dict):
        flat.update(_winlog(winlog))
    system = event.get("System")
    if isinstance(system, dict):
        flat.update(_system(system))
    for part in ("EventData", "UserData"):
        data = event.get(part)
        if isinstance(data, dict):
            flat.update(_data(data))
    return flat


def _system(system: Native) -> Native:
    flat = {key: _plain(value) for key, value in system.items()}
    provider = system.get("Provider")
    if isinstance(provider, dict):
        flat["Provider_Name"] = _attribute(provider, "Name")
    return flat


def _plain(value: Any) -> Any:
    """The text of an element that also has attributes."""
    if isinstance(value, dict):
        return value.get("#text", value.get("Value", value))
    return value


def _attribute(element: Native, name: str) -> Any:
    inner = element.get("#attributes")
    if isinstance(inner, dict) and name in inner:
        return inner[name]
    return element.get(f"@{name}", element.get(name))


def _winlog(winlog: Native) -> Native:
    names = {
        "event_id": "EventID",
        "channel": "Channel",
        "provider_name": "Provider_Name",
        "computer_name": "Computer",
    }
    flat = {names[key]: value for key, value in winlog.items() if key in names}
    for part in ("user_data", "event_data"):
        data = winlog.get(part)
        if isinstance(data, dict):
            flat.update(data)
    return flat


def _data(data: Native) -> Native:
    """Event data as name and value, also where it is printed as a list of named elements."""
    flat = {key: _plain(value) for key, value in data.items()}
    listed = data.get("Data")
    for element in listed if isinstance(listed, list) else ():
        if isinstance(element, dict):
            name = _attribute(element, "Name")
            if isinstance(name, str):
                flat[name] = _plain(element)
    for value in data.values():
        if isinstance(value, dict):
            flat.update({key: inner for key, inner in value.items() if key not in flat and not key.startswith("#")})
    spaced = {key.replace(" ", ""): value for key, value in flat.items() if " " in key}
    return {**spaced, **flat} if spaced else flat


VIEWS: Mapping[str, Callable[[Native], Native]] = {
    "azure.activity": clouds.azure_view,
    "azure.signin": clouds.azure_view,
    "gcp.audit": clouds.gcp_view,
    "windows.event": windows_view,
}
