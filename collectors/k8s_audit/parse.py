"""Kubernetes API-server audit events, of every audit API version."""

from __future__ import annotations

from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of, opened
from collectors.secrets import DROPPED, without_secrets
from collectors.times import millis
from collectors.values import address, first_text, full, integer, items, mapping, some, text, texts
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "k8s.audit"
API_ACTIVITY = 6003
_ACTIVITIES = {
    "get": 2,
    "list": 2,
    "watch": 2,
    "head": 2,
    "create": 1,
    "post": 1,
    "update": 3,
    "patch": 3,
    "put": 3,
    "proxy": 3,
    "connect": 3,
    "delete": 4,
    "deletecollection": 4,
}
_PRIVILEGED = frozenset(
    {
        "clusterrolebindings", "clusterroles", "certificatesigningrequests", "mutatingwebhookconfigurations",
        "rolebindings", "roles", "secrets", "serviceaccounts", "validatingwebhookconfigurations", "nodes",
    }
)  # fmt: skip
_PRIVILEGED_PARTS = frozenset({"exec", "attach", "portforward", "ephemeralcontainers", "token", "approval"})
_TIMES = ("stageTimestamp", "requestReceivedTimestamp", "timestamp")
_MAPPED = frozenset(
    {
        "apiVersion", "auditID", "impersonatedUser", "kind", "level", "metadata", "objectRef", "requestObject",
        "requestReceivedTimestamp", "requestURI", "responseObject", "responseStatus", "sourceIPs", "stage",
        "stageTimestamp", "timestamp", "user", "userAgent", "verb",
    }
)  # fmt: skip


class KubernetesAudit:
    """Parser of `k8s.audit`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The audit event; what a Secret holds is dropped at once. Raises Rejection."""
        native = _unwrapped(native_of(raw))
        reference = native.get("objectRef")
        if reference.__class__ is dict and reference.get("resource") == "secrets":
            for part in ("requestObject", "responseObject"):
                if native.get(part):
                    native[part] = _without_bodies(native[part])
        return native

    def identify(self, native: Native) -> Identity:
        """`auditID/stage`, since one request is told in several stages, and when the stage was. Raises Rejection."""
        uid = native.get("auditID")
        if "verb" not in native and ("requestURI" not in native or not uid):
            raise Rejection("not_this_source", "no verb")
        if uid.__class__ is not str or not uid:
            if not {"user", "objectRef", "requestURI"} & native.keys():
                raise Rejection("not_this_source", "no auditID")
            uid = digest(native)
        written = _written(native)
        moment = millis(written)
        if moment is None:
            raise Rejection("bad_time", f"stageTimestamp {str(written)[:80]!r}")
        return Identity(f"{uid}/{text(native.get('stage')) or 'unknown'}", moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: API Activity."""
        verb = (text(native.get("verb")) or "unknown").lower()
        activity = _ACTIVITIES.get(verb, 99)
        code = integer(mapping(native.get("responseStatus")).get("code"))
        failed = (code is not None and code >= 400) or native.get("stage") == "Panic"
        decided = code is not None or native.get("stage") == "Panic"
        status = (FAILURE if failed else SUCCESS) if decided else None
        return event(
            API_ACTIVITY,
            activity,
            _severity(native, failed, activity),
            identity,
            _metadata(native, identity),
            activity_name=verb if activity == 99 else None,
            status_id=status,
            status=STATUS[status] if status else None,
            status_code=text(code),
            status_detail=_detail(native),
            start_time=millis(native.get("requestReceivedTimestamp")),
            **_members(native, verb, identity),
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is an audit event."""
    if not isinstance(native, dict):
        return False
    event = _unwrapped(native)
    return "auditID" in event and ("verb" in event or "requestURI" in event)


def _unwrapped(native: Native) -> Native:
    """Out of the record that Azure's diagnostic stream wraps around each event (`category` `kube-audit`)."""
    log = mapping(native.get("properties")).get("log")
    inner = opened(log) if "auditID" not in native and log else None
    return inner if isinstance(inner, dict) and ("verb" in inner or "auditID" in inner) else native


def _written(native: Native) -> Any:
    for name in _TIMES:
        if native.get(name):
            return native[name]
    return mapping(native.get("metadata")).get("creationTimestamp")


def _without_bodies(value: Any) -> Any:
    """Which Secret it was, without what it holds: also for lists of Secrets and for patches."""
    if isinstance(value, dict):
        kept = {name: value[name] for name in ("kind", "apiVersion", "type") if name in value}
        about = mapping(value.get("metadata"))
        if about:
            kept["metadata"] = {name: about[name] for name in ("name", "namespace", "uid") if name in about}
        kept.update({name: DROPPED for name in ("data", "stringData") if name in value})
        if isinstance(value.get("items"), list):
            kept["items"] = [_without_bodies(item) for item in value["items"]]
        return kept
    return DROPPED


def _members(native: Native, verb: str, identity: Identity) -> dict[str, Any]:
    return {
        "actor": _actor(native),
        "api": some(
            operation=verb,
            version=text(mapping(native.get("objectRef")).get("apiVersion")),
            service=some(name=first_text(mapping(native.get("objectRef")).get("apiGroup"), "kube-apiserver")),
            request=some(
                uid=text(native.get("auditID")) or identity.uid,
                data=without_secrets(native.get("requestObject")) or None,
            ),
            response=_response(native),
        ),
        "src_endpoint": _endpoint(native),
        "http_request": _http_request(native),
        "resources": _resources(native),
        "message": text(native.get("requestURI")),
        "unmapped": without_secrets(_unmapped(native)),
    }


def _actor(native: Native) -> dict[str, Any]:
    user = _user(mapping(native.get("user")))
    return {"user": user} if user else {"app_name": "kube-apiserver"}


def _user(written: dict[str, Any]) -> dict[str, Any] | None:
    name = text(written.get("username"))
    user = some(
        name=name,
        uid=text(written.get("uid")),
        groups=[{"name": group} for group in texts(written.get("groups"))],
    )
    if not user or not ("name" in user or "uid" in user):
        return None
    service = (name or "").startswith("system:")
    admin = any(group == "system:masters" for group in texts(written.get("groups")))
    user["type_id"] = 2 if admin else 4 if service else 1
    user["type"] = {1: "User", 2: "Admin", 4: "Service"}[user["type_id"]]
    return user


def _endpoint(native: Native) -> dict[str, Any]:
    """The last address alone was seen by the server; those before it are the client's word."""
    found = [known for written in items(native.get("sourceIPs"), 64) if (known := address(written))]
    if not found:
        return {"svc_name": "unknown"}
    return full({"ip": found[-1], "intermediate_ips": found[:-1]}.items())


def _http_request(native: Native) -> dict[str, Any] | None:
    uri = text(native.get("requestURI"))
    path, _, query = (uri or "").partition("?")
    url = full({"path": path or None, "query_string": query or None}.items()) if path else None
    return some(user_agent=text(native.get("userAgent")), url=url)


def _response(native: Native) -> dict[str, Any] | None:
    status = mapping(native.get("responseStatus"))
    return some(
        code=integer(status.get("code")),
        message=text(status.get("message")),
        error=text(status.get("reason")),
        data=without_secrets(native.get("responseObject")) or None,
    )


def _resources(native: Native) -> list[dict[str, Any]]:
    reference = mapping(native.get("objectRef"))
    parts = [text(reference.get(name)) for name in ("resource", "subresource")]
    kind = "/".join(part for part in parts if part)
    name = text(reference.get("name"))
    if not kind and not name:
        return []
    uid = first_text(reference.get("uid"))
    return [
        full(
            {
                "name": name or kind,
                "type": kind or None,
                "uid": uid,
                "namespace": text(reference.get("namespace")),
                "version": text(reference.get("apiVersion")),
            }.items()
        )
    ]


def _detail(native: Native) -> str | None:
    notes = mapping(native.get("annotations"))
    status = mapping(native.get("responseStatus"))
    decision = text(notes.get("authorization.k8s.io/decision"))
    reason = text(notes.get("authorization.k8s.io/reason"))
    said = ": ".join(part for part in (decision, reason) if part)
    return first_text(status.get("message"), said)


def _severity(native: Native, failed: bool, activity: int) -> int:
    if failed:
        return LOW
    reference = mapping(native.get("objectRef"))
    touched = text(reference.get("resource")) in _PRIVILEGED and activity != 2
    return MEDIUM if touched or text(reference.get("subresource")) in _PRIVILEGED_PARTS else INFORMATIONAL


def _metadata(native: Native, identity: Identity) -> dict[str, Any]:
    return metadata(
        identity,
        "Kubernetes",
        "Kubernetes",
        log_name="audit",
        log_level=text(native.get("level")),
        log_version=text(native.get("apiVersion")),
        event_code=text(native.get("stage")),
        correlation_uid=text(native.get("auditID")),
        logged_time=millis(native.get("stageTimestamp")),
    )


def _unmapped(native: Native) -> dict[str, Any] | None:
    rest = leftovers(native, _MAPPED) or {}
    if native.get("impersonatedUser"):
        rest["impersonatedUser"] = native["impersonatedUser"]
    extra = mapping(native.get("user")).get("extra")
    if extra:
        rest["user.extra"] = extra
    return rest or None
