"""Suricata EVE: alerts, flows and protocol events."""

from __future__ import annotations

import hashlib
from typing import Any

from collectors.events import HIGH, INFORMATIONAL, LOW, MEDIUM, OTHER, event, leftovers, metadata
from collectors.json_record import digest, native_of
from collectors.secrets import without_secrets
from collectors.suricata.parts import connection, destination_end, http_exchange, names_asked, source_end, tls, traffic
from collectors.times import millis
from collectors.values import first_text, full, integer, mapping, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "suricata.eve"
BASE, FINDING, NETWORK, HTTP, DNS, SSH = 0, 2004, 4001, 4002, 4003, 4007
TRAFFIC, CLOSE = 6, 2
_SEVERITIES = {1: HIGH, 2: MEDIUM, 3: LOW, 4: INFORMATIONAL}
_ENDS = frozenset(
    {
        "timestamp", "flow_id", "event_type", "src_ip", "src_port", "dest_ip", "dest_port", "proto", "community_id",
        "app_proto", "flow", "netflow",
    }
)  # fmt: skip


class Suricata:
    """Parser of `suricata.eve`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The EVE record; header fields that hold credentials are dropped. Raises Rejection."""
        native = native_of(raw)
        http = native.get("http")
        if http.__class__ is dict and ("request_headers" in http or "http_basic_auth" in http):
            native["http"] = _without_credentials(http)
        return native

    def identify(self, native: Native) -> Identity:
        """A hash of an alert's flow, signature, transaction and time, or of the whole record. Raises Rejection."""
        kind = native.get("event_type")
        if kind.__class__ is not str or not kind:
            raise Rejection("not_this_source", "no event_type")
        if "timestamp" not in native:
            raise Rejection("not_this_source", "no timestamp")
        if kind == "stats":
            raise Rejection("not_an_event", "the engine's own statistics")
        moment = millis(native["timestamp"])
        if moment is None:
            raise Rejection("bad_time", f"timestamp {str(native['timestamp'])[:80]!r}")
        return Identity(_uid(native, str(kind)), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: Detection Finding, or the activity of the protocol."""
        kind = text(native.get("event_type")) or "unknown"
        about = metadata(
            identity,
            "Suricata",
            "OISF",
            log_name="eve",
            event_code=kind,
            correlation_uid=text(native.get("flow_id")),
            profiles=["security_control"] if _action(native) else None,
        )
        if kind in ("alert", "anomaly"):
            return _finding(native, identity, about, kind)
        if not source_end(native) and not destination_end(native):
            return event(
                *(BASE, OTHER, INFORMATIONAL, identity, about),
                activity_name=kind,
                unmapped=leftovers(native, frozenset({"timestamp", "event_type"})),
            )
        return _network(native, identity, about, kind)


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an EVE record."""
    return isinstance(native, dict) and "event_type" in native and "timestamp" in native


def _uid(native: Native, kind: str) -> str:
    alert = native.get("alert")
    if kind != "alert" or not isinstance(alert, dict):
        return digest(native)
    parts = (native.get("flow_id"), kind, native.get("tx_id"), native.get("timestamp"), alert.get("signature_id"))
    if parts[0] is None:
        return digest(native)
    return hashlib.sha256("|".join(map(repr, parts)).encode("utf-8", "replace")).hexdigest()[:32]


def _without_credentials(http: dict[str, Any]) -> dict[str, Any]:
    kept = dict(http)
    kept.pop("http_basic_auth", None)
    for part in ("request_headers", "response_headers"):
        headers = kept.get(part)
        if isinstance(headers, list):
            kept[part] = [header for header in headers if not _is_credential(header)]
    return kept


def _is_credential(header: Any) -> bool:
    name = header.get("name") if isinstance(header, dict) else None
    return isinstance(name, str) and name.lower() in {"authorization", "cookie", "set-cookie", "proxy-authorization"}


def _finding(native: Native, identity: Identity, about: dict[str, Any], kind: str) -> Ocsf:
    alert = mapping(native.get(kind))
    title = first_text(alert.get("signature"), alert.get("event"), alert.get("type")) or kind
    rule = first_text(alert.get("signature_id"), alert.get("event")) or title
    severity = _SEVERITIES.get(integer(alert.get("severity")) or 0, LOW) if kind == "alert" else LOW
    category = text(alert.get("category"))
    action = _action(native)
    evidence = some(
        src_endpoint=source_end(native),
        dst_endpoint=destination_end(native),
        connection_info=connection(native),
        **http_exchange(native),
    )
    return event(
        *(FINDING, 1, severity, identity, about),
        is_alert=True,
        message=title,
        action_id=action,
        action={1: "Allowed", 2: "Denied"}.get(action or 0),
        finding_info=full(
            {
                "uid": identity.uid,
                "title": title,
                "types": [category] if category else None,
                "created_time": identity.time,
                "analytic": full(
                    {
                        "uid": rule,
                        "name": title,
                        "version": text(alert.get("rev")),
                        "category": category,
                        "type_id": 1 if kind == "alert" else 2,
                        "type": "Rule" if kind == "alert" else "Behavioral",
                    }.items()
                ),
            }.items()
        ),
        evidences=[evidence] if evidence else None,
        unmapped=_rest(native, frozenset()),
    )


def _action(native: Native) -> int | None:
    """What the engine did about an alert: 1 allowed, 2 denied."""
    if native.get("event_type") != "alert":
        return None
    return {"allowed": 1, "blocked": 2}.get(text(mapping(native.get("alert")).get("action")) or "")


def _network(native: Native, identity: Identity, about: dict[str, Any], kind: str) -> Ocsf:
    class_uid, activity, members, mapped = _protocol(native, kind)
    flow = mapping(native.get("flow")) or mapping(native.get("netflow"))
    return event(
        *(class_uid, activity, INFORMATIONAL, identity, about),
        src_endpoint=source_end(native),
        dst_endpoint=destination_end(native),
        connection_info=connection(native),
        traffic=traffic(flow),
        app_name=text(native.get("app_proto")),
        start_time=millis(flow.get("start")),
        end_time=millis(flow.get("end")),
        status_detail=text(flow.get("reason")),
        unmapped=_rest(native, mapped),
        **members,
    )


def _protocol(native: Native, kind: str) -> tuple[int, int, dict[str, Any], frozenset[str]]:
    """Class, activity, members of the protocol, and the native parts that they came from."""
    if kind == "dns":
        activity, members = names_asked(mapping(native.get("dns")))
        return DNS, activity, members, frozenset()
    if kind == "http" and (exchange := http_exchange(native)):
        return HTTP, *_method(native), exchange, frozenset()
    if kind == "ssh":
        return SSH, TRAFFIC, {}, frozenset()
    if kind == "flow":
        return NETWORK, CLOSE, {}, frozenset()
    return NETWORK, TRAFFIC, {"tls": tls(native)} if kind == "tls" else {}, frozenset()


def _method(native: Native) -> tuple[int]:
    """The activity of the HTTP method; what OCSF has no number for is traffic of an unknown kind."""
    methods = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH")
    written = (text(mapping(native.get("http")).get("http_method")) or "").upper()
    return (methods.index(written) + 1 if written in methods else 0,)


def _rest(native: Native, mapped: frozenset[str]) -> dict[str, Any] | None:
    return without_secrets(leftovers(native, _ENDS | mapped)) or None
