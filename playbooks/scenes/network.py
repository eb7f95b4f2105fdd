"""Kubernetes audit, Zeek, Suricata and syslog records as those programs write them."""

from __future__ import annotations

from typing import Any

from playbooks.scenes.city import Site
from playbooks.scenes.line import Line, Pen, iso, pack

KUBECTL = "kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def k8s(
    pen: Pen,
    site: Site,
    time: int,
    user: str,
    verb: str,
    resource: str,
    *,
    namespace: str = "",
    name: str = "",
    subresource: str = "",
    group: str = "",
    groups: tuple[str, ...] = ("system:authenticated",),
    address: str = "",
    code: int = 200,
    body: dict[str, Any] | None = None,
    agent: str = KUBECTL,
    part: str = "",
) -> Line:
    """One answered request to the API server."""
    reference: dict[str, str] = {"resource": resource, "apiVersion": "v1"}
    given = {"namespace": namespace, "name": name, "apiGroup": group, "subresource": subresource}
    reference |= {key: value for key, value in given.items() if value}
    prefix = f"/apis/{group}/v1" if group else "/api/v1"
    path = f"{prefix}/namespaces/{namespace}/{resource}" if namespace else f"{prefix}/{resource}"
    path += "".join(f"/{piece}" for piece in (name, subresource) if piece)
    record: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request" if body else "Metadata",
        "auditID": pen.id(),
        "stage": "ResponseComplete",
        "requestURI": path,
        "verb": verb,
        "user": {"username": user, "groups": list(groups)},
        "sourceIPs": [address or pen.inside(site.network, 3)],
        "userAgent": agent,
        "objectRef": reference,
        "responseStatus": {"metadata": {}, "code": code},
        "requestReceivedTimestamp": iso(time - 4, 6),
        "stageTimestamp": iso(time, 6),
        "annotations": {
            "authorization.k8s.io/decision": "allow" if code < 400 else "forbid",
            "authorization.k8s.io/reason": "",
        },
    }
    if body:
        record["requestObject"] = body
    return pack("k8s.audit", time, record, part)


def zeek(pen: Pen, time: int, log: str, client: str, server: str, port: int, part: str = "", **fields: Any) -> Line:
    """One row of a Zeek log in JSON."""
    record = {
        "_path": log,
        "ts": time / 1000,
        "uid": pen.zeek_uid(),
        "id.orig_h": client,
        "id.orig_p": pen.port(),
        "id.resp_h": server,
        "id.resp_p": port,
        **fields,
    }
    return pack("zeek", time, record, part)


def zeek_conn(pen: Pen, time: int, client: str, server: str, port: int, part: str = "", **fields: Any) -> Line:
    """One connection."""
    sent, answered = pen.chance.randrange(200, 9000), pen.chance.randrange(400, 90000)
    usual = {
        "proto": "tcp",
        "service": {443: "ssl", 80: "http", 22: "ssh", 53: "dns"}.get(port, ""),
        "duration": round(pen.chance.uniform(0.01, 40), 6),
        "orig_bytes": sent,
        "resp_bytes": answered,
        "conn_state": "SF",
        "local_orig": True,
        "local_resp": server.startswith("10."),
        "missed_bytes": 0,
        "history": "ShADadFf",
        "orig_pkts": 4 + sent // 900,
        "orig_ip_bytes": sent + 240,
        "resp_pkts": 4 + answered // 1200,
        "resp_ip_bytes": answered + 260,
    }
    row = {key: value for key, value in {**usual, **fields}.items() if value != ""}
    return zeek(pen, time, "conn", client, server, port, part, **row)


def zeek_dns(pen: Pen, time: int, client: str, server: str, query: str, part: str = "", kind: str = "A") -> Line:
    """One question to a name server."""
    return zeek(
        pen, time, "dns", client, server, 53, part,
        proto="udp", trans_id=pen.chance.randrange(65536), rtt=round(pen.chance.uniform(0.001, 0.08), 6), query=query,
        qclass=1, qclass_name="C_INTERNET", qtype={"A": 1, "TXT": 16, "AAAA": 28}[kind], qtype_name=kind, rcode=0,
        rcode_name="NOERROR", AA=False, TC=False, RD=True, RA=True, Z=0,
        answers=[pen.inside("10.20")] if kind == "A" else ["v=1"], TTLs=[300.0], rejected=False,
    )  # fmt: skip


def eve(
    pen: Pen,
    time: int,
    kind: str,
    client: str,
    server: str,
    port: int,
    part: str = "",
    proto: str = "TCP",
    **fields: Any,
) -> Line:
    """One event of Suricata."""
    record = {
        "timestamp": iso(time, 6).replace("Z", "+0000"),
        "flow_id": pen.chance.randrange(10**15),
        "in_iface": "ens5",
        "event_type": kind,
        "src_ip": client,
        "src_port": pen.port(),
        "dest_ip": server,
        "dest_port": port,
        "proto": proto,
        **fields,
    }
    return pack("suricata.eve", time, record, part)


def eve_alert(
    pen: Pen,
    time: int,
    client: str,
    server: str,
    port: int,
    number: int,
    signature: str,
    category: str,
    severity: int,
    part: str = "",
) -> Line:
    """One hit of a signature."""
    alert = {
        "action": "allowed",
        "gid": 1,
        "signature_id": number,
        "rev": 2,
        "signature": signature,
        "category": category,
        "severity": severity,
    }
    return eve(pen, time, "alert", client, server, port, part, app_proto="http", alert=alert)


def syslog(
    pen: Pen, time: int, host: str, app: str, message: str, *, facility: int = 3, severity: int = 6, part: str = ""
) -> Line:
    """One line of RFC 5424."""
    head = f"<{facility * 8 + severity}>1 {iso(time, 3)} {host} {app} {pen.chance.randrange(300, 32000)} - -"
    return Line("syslog", time, f"{head} {message}".encode(), part)
