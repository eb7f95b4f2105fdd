"""Each Zeek log as an OCSF event: one function a log, and one for all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, LOW, MEDIUM, OTHER, STATUS, SUCCESS, event, leftovers
from collectors.times import millis
from collectors.values import address, count, first_text, flag, full, integer, items, some, text, texts
from collectors.zeek.parts import ENDS, connection, destination_end, source_end, span, traffic
from yunshao.model.event import Identity, Native, Ocsf

Shape = Callable[[Native, Identity, dict[str, Any]], Ocsf | None]
BASE, AUTHENTICATION, FINDING = 0, 3002, 2004
NETWORK, HTTP, DNS, DHCP, RDP, SMB, SSH, FTP, TUNNEL = 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4014
CLOSE, RESET, FAIL, REFUSE, TRAFFIC, OPEN = 2, 3, 4, 5, 6, 1
_STATES = {
    "S0": FAIL,
    "REJ": REFUSE,
    **dict.fromkeys(("RSTO", "RSTR", "RSTOS0", "RSTRH"), RESET),
    **dict.fromkeys(("SF", "S2", "S3"), CLOSE),
    "S1": OPEN,
}
_METHODS = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
_DHCP = {
    "DISCOVER": 1,
    "OFFER": 2,
    "REQUEST": 3,
    "DECLINE": 4,
    "ACK": 5,
    "NAK": 6,
    "RELEASE": 7,
    "INFORM": 8,
}
_FTP = {"STOR": 1, "APPE": 1, "RETR": 2, "DELE": 4, "RNFR": 5, "RNTO": 5, "LIST": 6, "NLST": 6, "MLSD": 6}
_TUNNELS = {"Tunnel::DISCOVER": 1, "Tunnel::CLOSE": 2, "Tunnel::EXPIRE": 2}
_SMB = {"SMB::FILE_OPEN": 2}


def anything(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf:
    """Network Activity for an entry with ends, a Base Event for one without."""
    source, destination = source_end(native), destination_end(native)
    if source or destination:
        return _network(NETWORK, TRAFFIC, native, identity, about)
    hosts = [address(next(iter(items(native.get(name), 1)), None)) for name in ("tx_hosts", "rx_hosts")]
    if any(hosts):
        return event(
            *(NETWORK, TRAFFIC, INFORMATIONAL, identity, about),
            src_endpoint=some(ip=hosts[0]),
            dst_endpoint=some(ip=hosts[1]),
            unmapped=leftovers(native, frozenset({"_path"})),
        )
    return event(
        *(BASE, OTHER, INFORMATIONAL, identity, about),
        activity_name=text(native.get("_path")) or "log",
        message=first_text(native.get("message"), native.get("name"), native.get("msg")),
        unmapped=leftovers(native, frozenset({"_path", "ts"})),
    )


def _network(
    class_uid: int,
    activity: int,
    native: Native,
    identity: Identity,
    about: dict[str, Any],
    mapped: frozenset[str] = frozenset(),
    severity: int = INFORMATIONAL,
    **members: Any,
) -> Ocsf:
    members.setdefault("start_time", millis(native.get("ts")))
    return event(
        class_uid,
        activity,
        severity,
        identity,
        about,
        src_endpoint=source_end(native),
        dst_endpoint=destination_end(native),
        connection_info=connection(native),
        unmapped=leftovers(native, ENDS | mapped),
        **members,
    )


def _has_ends(native: Native) -> bool:
    return bool(source_end(native) or destination_end(native))


def _conn(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    state = text(native.get("conn_state"))
    activity = _STATES.get(state or "", TRAFFIC)
    mapped = frozenset(
        {
            "service", "duration", "orig_bytes", "resp_bytes", "history", "orig_pkts", "resp_pkts", "missed_bytes",
            "local_orig", "local_resp", "community_id",
        }
    )  # fmt: skip
    return _network(
        *(NETWORK, activity, native, identity, about, mapped),
        app_name=text(native.get("service")),
        duration=span(native.get("duration")),
        end_time=identity.time,
        traffic=traffic(native),
        status_code=state,
    )


def _dns(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    code = integer(native.get("rcode"))
    answers, lives = texts(native.get("answers")), items(native.get("TTLs"))
    known = code is not None and 0 <= code <= 23 and code not in range(12, 16)
    name = text(native.get("query"))
    query = full(
        {
            "hostname": name,
            "type": text(native.get("qtype_name")),
            "class": text(native.get("qclass_name")),
            "packet_uid": count(native.get("trans_id")),
        }.items()
    )
    mapped = frozenset(
        {"query", "qtype_name", "qclass_name", "trans_id", "rcode", "rcode_name", "answers", "TTLs", "rtt"}
    )
    return _network(
        *(DNS, TRAFFIC if code is not None or answers else 1, native, identity, about, mapped),
        query=query if name else None,
        answers=[_answer(data, lives[place] if place < len(lives) else None) for place, data in enumerate(answers)],
        rcode_id=code if known else OTHER if code is not None else None,
        rcode=first_text(native.get("rcode_name"), code),
        duration=span(native.get("rtt")),
        query_time=millis(native.get("ts")),
    )


def _answer(data: str, life: Any) -> dict[str, Any]:
    return full({"rdata": data, "ttl": count(life)}.items())


def _http(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    method = (text(native.get("method")) or "").upper()
    activity = _METHODS.get(method, OTHER)
    host, uri = text(native.get("host")), text(native.get("uri"))
    path, _, query = (uri or "").partition("?")
    url = some(hostname=host, path=path or None, query_string=query or None)
    request = some(
        http_method=method if method in _METHODS else None,
        url=url if path else None,
        user_agent=text(native.get("user_agent")),
        referrer=text(native.get("referrer")),
        version=text(native.get("version")),
        body_length=count(native.get("request_body_len")),
    )
    code = integer(native.get("status_code"))
    response = some(
        code=code, message=text(native.get("status_msg")), body_length=count(native.get("response_body_len"))
    )
    if not request and code is None:
        return None
    mapped = frozenset(
        {
            "method", "uri", "user_agent", "referrer", "version", "request_body_len", "status_code", "status_msg",
            "response_body_len",
        }
    )  # fmt: skip
    return _network(
        *(HTTP, activity, native, identity, about, mapped),
        activity_name=(method or "unknown") if activity == OTHER else None,
        http_request=request,
        http_response=response if code is not None else None,
        status_code=text(code),
    )


def _ssl(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    version = text(native.get("version"))
    established = flag(native.get("established"))
    tls = some(
        version=version,
        cipher=text(native.get("cipher")),
        sni=text(native.get("server_name")),
        ja3_hash=_md5(native.get("ja3")),
        ja3s_hash=_md5(native.get("ja3s")),
    )
    mapped = frozenset({"version", "cipher", "server_name", "ja3", "ja3s"}) if version else frozenset[str]()
    return _network(
        *(NETWORK, OPEN if established else TRAFFIC, native, identity, about, mapped),
        tls=tls if version else None,
        app_name="ssl",
        status_detail=text(native.get("validation_status")),
    )


def _md5(value: Any) -> dict[str, Any] | None:
    found = text(value)
    return {"value": found, "algorithm_id": 1, "algorithm": "MD5"} if found else None


def _ssh(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    succeeded = flag(native.get("auth_success"))
    activity = TRAFFIC if succeeded is None else OPEN if succeeded else FAIL
    return _network(
        *(SSH, activity, native, identity, about, frozenset({"version"}), LOW if succeeded is False else INFORMATIONAL),
        protocol_ver=text(native.get("version")),
        **_outcome(succeeded),
    )


def _rdp(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    return _network(
        *(RDP, TRAFFIC, native, identity, about, frozenset({"cookie", "result"})),
        identifier_cookie=text(native.get("cookie")),
        status_detail=text(native.get("result")),
    )


def _smb(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    action = first_text(native.get("action"), native.get("command"), native.get("_path")) or "smb"
    activity = _SMB.get(action, OTHER)
    name = text(native.get("name"))
    return _network(
        *(SMB, activity, native, identity, about, frozenset({"action", "share_type"})),
        activity_name=action if activity == OTHER else None,
        file={"name": name, "type_id": 0} if name else None,
        share=text(native.get("path")),
        share_type=text(native.get("share_type")),
    )


def _ftp(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    command = text(native.get("command")) or "unknown"
    activity = _FTP.get(command.upper(), OTHER)
    return _network(
        *(FTP, activity, native, identity, about, frozenset({"command"})),
        activity_name=command if activity == OTHER else None,
        command=command,
    )


def _dhcp(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    source = address(native.get("client_addr")) or address(native.get("assigned_addr"))
    destination = address(native.get("server_addr"))
    if not source and not destination:
        return None
    messages = texts(native.get("msg_types"))
    last = messages[-1].upper() if messages else "unknown"
    activity = _DHCP.get(last, OTHER)
    return event(
        *(DHCP, activity, INFORMATIONAL, identity, about),
        activity_name=last if activity == OTHER else None,
        src_endpoint=some(ip=source),
        dst_endpoint=some(ip=destination),
        lease_dur=count(native.get("lease_time")),
        unmapped=leftovers(native, frozenset({"_path", "ts", "lease_time"})),
    )


def _tunnel(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not source_end(native):
        return None
    action = text(native.get("action")) or "unknown"
    activity = _TUNNELS.get(action, OTHER)
    return _network(
        *(TUNNEL, activity, native, identity, about, frozenset({"tunnel_type"})),
        activity_name=action if activity == OTHER else None,
        tunnel_type=text(native.get("tunnel_type")),
    )


def _kerberos(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    activity = {"AS": 3, "TGS": 4}.get(text(native.get("request_type")) or "", OTHER)
    return _logon(native, identity, about, activity, "client", "success", 2, "kerberos")


def _ntlm(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    return _logon(native, identity, about, 1, "username", "success", 1, "ntlm")


def _logon(
    native: Native,
    identity: Identity,
    about: dict[str, Any],
    activity: int,
    who: str,
    verdict: str,
    protocol: int,
    service: str,
) -> Ocsf | None:
    name = text(native.get(who))
    if not name or not _has_ends(native):
        return None
    succeeded = flag(native.get(verdict))
    return event(
        *(AUTHENTICATION, activity, LOW if succeeded is False else INFORMATIONAL, identity, about),
        activity_name=text(native.get("request_type")) or "Ticket" if activity == OTHER else None,
        user=full({"name": name, "domain": text(native.get("domainname"))}.items()),
        service={"name": text(native.get("service")) or service},
        src_endpoint=source_end(native),
        dst_endpoint=destination_end(native),
        auth_protocol_id=protocol,
        auth_protocol=service.upper() if protocol == 1 else "Kerberos",
        status_detail=text(native.get("error_msg")),
        unmapped=leftovers(native, ENDS | {who, "domainname", "error_msg"}),
        **_outcome(succeeded),
    )


def _notice(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf:
    note = text(native.get("note")) or "notice"
    evidence = some(
        src_endpoint=source_end(native) or some(ip=address(native.get("src"))),
        dst_endpoint=destination_end(native) or some(ip=address(native.get("dst"))),
        connection_info=connection(native),
    )
    return event(
        *(FINDING, 1, MEDIUM if "ACTION_ALARM" in str(native.get("actions")) else LOW, identity, about),
        is_alert=True,
        message=text(native.get("msg")),
        finding_info=full(
            {
                "uid": identity.uid,
                "title": note,
                "desc": text(native.get("msg")),
                "types": [note],
                "analytic": {"uid": note, "name": note, "type_id": 2, "type": "Behavioral"},
                "created_time": identity.time,
            }.items()
        ),
        evidences=[evidence] if evidence else None,
        unmapped=leftovers(native, ENDS | {"note", "msg"}),
    )


def _weird(native: Native, identity: Identity, about: dict[str, Any]) -> Ocsf | None:
    if not _has_ends(native):
        return None
    return _network(*(NETWORK, TRAFFIC, native, identity, about, frozenset({"name"})), message=text(native.get("name")))


def _outcome(succeeded: bool | None) -> dict[str, Any]:
    if succeeded is None:
        return {}
    status = SUCCESS if succeeded else FAILURE
    return {"status_id": status, "status": STATUS[status]}


SHAPES: dict[str, Shape] = {
    "conn": _conn,
    "dhcp": _dhcp,
    "dns": _dns,
    "ftp": _ftp,
    "http": _http,
    "kerberos": _kerberos,
    "notice": _notice,
    "ntlm": _ntlm,
    "rdp": _rdp,
    "smb_files": _smb,
    "smb_mapping": _smb,
    "ssh": _ssh,
    "ssl": _ssl,
    "tunnel": _tunnel,
    "weird": _weird,
}
