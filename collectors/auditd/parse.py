"""Linux audit: each line of the audit log a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from collectors.auditd.record import MAX_BYTES, arguments, read_record
from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import digest, native_of, whole
from collectors.times import millis
from collectors.values import address, full, integer, port, some, text
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "auditd"
BASE, FILE, PROCESS, EVENT_LOG, ACCOUNT_CHANGE, AUTHENTICATION, GROUP, NETWORK = (
    *(0, 1001, 1007, 1008, 3001, 3002, 3006, 4001),
)
_NAMETYPES = {"CREATE": 1, "DELETE": 4, "NORMAL": 14, "PARENT": 14}
_LOGONS = {"USER_LOGIN": 1, "USER_AUTH": 6, "USER_LOGOUT": 2, "USER_END": 2, "USER_START": OTHER}
_CHANGES = {"ADD_USER": 1, "USER_CHAUTHTOK": 3, "DEL_USER": 6, "ACCT_LOCK": 9, "ACCT_UNLOCK": 12, "USER_MGMT": OTHER}
_GROUPS = {"DEL_GROUP": 5, "ADD_GROUP": 6}
_DAEMON = {"DAEMON_START": 6, "DAEMON_END": 7, "DAEMON_ABORT": 7, "DAEMON_RESUME": 6, "DAEMON_ROTATE": 5}
_GOOD, _BAD = frozenset({"success", "yes", "1"}), frozenset({"failed", "no", "0"})
_NOTABLE = ("ANOM_", "AVC", "CONFIG_CHANGE", "MAC_", "SECCOMP", "NETFILTER_CFG", "KERN_MODULE")
_NO_ID = frozenset({"4294967295", "-1", "unset", "?"})
_INTERNET = re.compile(r"0200([0-9A-F]{4})([0-9A-F]{8})")
_INTERNET_6 = re.compile(r"0A00([0-9A-F]{4})[0-9A-F]{8}([0-9A-F]{32})")
Shaped = tuple[int, int, dict[str, Any]]


class LinuxAudit:
    """Parser of `auditd`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """Names and values of a line, also of one that a shipper put into a JSON `message`. Raises Rejection."""
        if len(raw) > MAX_BYTES:
            raise Rejection("too_large", f"{len(raw)} bytes, at most {MAX_BYTES}")
        line = raw.decode("utf-8", "replace")
        if raw[:1] == b"{":
            line = _shipped(raw)
        native = read_record(line)
        if native is None:
            raise Rejection("not_this_source", "no type=… msg=audit(…)")
        found: Native = whole(native)
        return found

    def identify(self, native: Native) -> Identity:
        """A hash, since one event has many records, and the moment in `audit(…)`. Raises Rejection."""
        if "type" not in native or "timestamp" not in native:
            raise Rejection("not_this_source", "no type=… msg=audit(…)")
        moment = millis(native["timestamp"])
        if moment is None:
            raise Rejection("bad_time", f"audit({str(native['timestamp'])[:40]})")
        return Identity(digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: what the record itself tells; the records of one event share `metadata.correlation_uid`."""
        kind = text(native.get("type")) or "unknown"
        class_uid, activity, members = _shaped(kind, native)
        status = _status(native)
        severity = LOW if status == FAILURE or kind.startswith(_NOTABLE) else INFORMATIONAL
        about = metadata(
            identity,
            "Linux audit",
            "Linux",
            log_name="audit",
            event_code=kind,
            correlation_uid=f"{native.get('timestamp')}:{native.get('serial')}",
            profiles=["host"],
        )
        members = {"device": _device(native), **members}
        return event(
            *(class_uid, activity, MEDIUM if kind == "DAEMON_ABORT" else severity, identity, about),
            activity_name=kind if activity == OTHER else None,
            status_id=status,
            status=STATUS.get(status) if status else None,
            unmapped=leftovers(native, frozenset({"timestamp"})),
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a line is one of the audit log."""
    if isinstance(native, dict):
        native = native.get("message")
    return isinstance(native, str) and "audit(" in native[:600] and read_record(native[:4096]) is not None


def _shipped(raw: bytes) -> str:
    held = native_of(raw)
    for name in ("message", "log", "MESSAGE"):
        if isinstance(held.get(name), str):
            return str(held[name])
    return ""


def _shaped(kind: str, native: Native) -> Shaped:
    shape = _SHAPES.get(kind)
    found = shape(kind, native) if shape else None
    return found or (BASE, OTHER, {"actor": _actor(native)})


def _executed(kind: str, native: Native) -> Shaped | None:
    """EXECVE and PROCTITLE name no process: the id of the audit event stands for it."""
    words = arguments(native) if kind == "EXECVE" else []
    line = " ".join(words) if words else text(native.get("proctitle"))
    if not line:
        return None
    program = words[0] if words else line.split(" ", 1)[0]
    known = {
        "uid": f"{native.get('timestamp')}:{native.get('serial')}",
        "cmd_line": line,
        "name": program.rpartition("/")[2] or program,
        "file": _file(program) if "/" in program else None,
    }
    return PROCESS, 1 if kind == "EXECVE" else 0, {"process": full(known.items()), "actor": _actor(native)}


def _called(_kind: str, native: Native) -> Shaped | None:
    if native.get("SYSCALL") not in ("execve", "execveat"):
        return None
    process = _process(native)
    return (PROCESS, 1, {"process": process, "actor": _actor(native)}) if process else None


def _commanded(_kind: str, native: Native) -> Shaped | None:
    process = _process(native)
    line = text(native.get("cmd"))
    if not process or not line:
        return None
    return PROCESS, 1, {"process": {**process, "cmd_line": line}, "actor": _actor(native)}


def _touched(_kind: str, native: Native) -> Shaped | None:
    file = _file(native.get("name"))
    activity = _NAMETYPES.get(text(native.get("nametype")) or "", 0)
    return (FILE, activity, {"file": file, "actor": _actor(native)}) if file else None


def _reached(_kind: str, native: Native) -> Shaped | None:
    written = text(native.get("saddr")) or ""
    four, six = _INTERNET.match(written), _INTERNET_6.match(written)
    found = four or six
    if not found:
        return None
    digits = found[2]
    if four:
        host = ".".join(str(int(digits[at : at + 2], 16)) for at in range(0, 8, 2))
    else:
        host = ":".join(digits[at : at + 4] for at in range(0, 32, 4))
    return NETWORK, 1, {"dst_endpoint": some(ip=address(host), port=port(int(found[1], 16)))}


def _logged(kind: str, native: Native) -> Shaped | None:
    user = _account(native)
    if not user:
        return None
    members = {
        "user": user,
        "service": {"name": _base(native.get("exe")) or "login"},
        "src_endpoint": _origin(native),
        "actor": _actor(native),
    }
    return AUTHENTICATION, _LOGONS[kind], members


def _changed(kind: str, native: Native) -> Shaped | None:
    user = _account(native)
    return (ACCOUNT_CHANGE, _CHANGES[kind], {"user": user, "actor": _actor(native)}) if user else None


def _grouped(kind: str, native: Native) -> Shaped | None:
    group = some(name=text(native.get("grp")) or text(native.get("acct")), uid=text(native.get("id")))
    return (GROUP, _GROUPS[kind], {"group": group, "actor": _actor(native)}) if group else None


def _daemon(kind: str, native: Native) -> Shaped:
    return EVENT_LOG, _DAEMON[kind], {"log_name": "audit", "actor": _actor(native)}


def _process(native: Native) -> dict[str, Any] | None:
    number = integer(native.get("pid"))
    if number is None or not 0 <= number < 1 << 31:
        return None
    parent = integer(native.get("ppid"))
    known = {
        "pid": number,
        "name": text(native.get("comm")) or _base(native.get("exe")),
        "file": _file(native.get("exe")),
        "user": _numbered(native, "UID", "uid"),
        "working_directory": text(native.get("cwd")),
        "parent_process": {"pid": parent} if parent is not None and 0 <= parent < 1 << 31 else None,
    }
    return full(known.items())


def _actor(native: Native) -> dict[str, Any]:
    """Who signed in at the beginning (`auid`), else who it runs as."""
    user = _numbered(native, "AUID", "auid") or _numbered(native, "UID", "uid")
    session = text(native.get("ses"))
    known = some(user=user, process=_process(native), session=some(uid=session if session not in _NO_ID else None))
    return known or {"app_name": "auditd"}


def _numbered(native: Native, named: str, number: str) -> dict[str, Any] | None:
    uid = text(native.get(number))
    name = text(native.get(named))
    if uid in _NO_ID:
        return None
    return some(name=name or ("root" if uid == "0" else None), uid=uid)


def _account(native: Native) -> dict[str, Any] | None:
    name = text(native.get("acct"))
    uid = text(native.get("id"))
    known = some(name=name if name != "?" else None, uid=uid if uid not in _NO_ID else None)
    return known or _numbered(native, "UID", "uid")


def _origin(native: Native) -> dict[str, Any] | None:
    named = text(native.get("hostname"))
    found = address(native.get("addr")) or address(named)
    return some(ip=found, hostname=named if named and named != "?" and not address(named) else None)


def _device(native: Native) -> dict[str, Any]:
    return {"hostname": text(native.get("node")) or "unknown", "type_id": 0}


def _file(path: Any) -> dict[str, Any] | None:
    found = text(path)
    if not found:
        return None
    return {"name": found.rstrip("/").rpartition("/")[2] or found, "path": found, "type_id": 1}


def _base(path: Any) -> str | None:
    found = text(path)
    return (found.rpartition("/")[2] or found) if found else None


def _status(native: Native) -> int | None:
    written = (text(native.get("res")) or text(native.get("success")) or "").lower()
    return SUCCESS if written in _GOOD else FAILURE if written in _BAD else None


_SHAPES: dict[str, Callable[[str, Native], Shaped | None]] = {
    **dict.fromkeys(("EXECVE", "PROCTITLE"), _executed),
    **dict.fromkeys(_LOGONS, _logged),
    **dict.fromkeys(_CHANGES, _changed),
    **dict.fromkeys(_GROUPS, _grouped),
    **dict.fromkeys(_DAEMON, _daemon),
    "SYSCALL": _called,
    "USER_CMD": _commanded,
    "PATH": _touched,
    "SOCKADDR": _reached,
}
