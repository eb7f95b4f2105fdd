"""The ends, the connection and the protocol's own words of an EVE record as OCSF objects."""

from __future__ import annotations

from typing import Any

from collectors.values import (
    address,
    count,
    first_text,
    full,
    integer,
    items,
    mapping,
    objects,
    port,
    some,
    text,
)
from yunshao.model.event import Native

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"})
_RCODES = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
}
_NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1, "IPV6-ICMP": 58, "SCTP": 132}


def source_end(native: Native) -> dict[str, Any] | None:
    """Where the packet came from: what the alert names as its source, else the packet's own."""
    named = mapping(mapping(native.get("alert")).get("source"))
    return _end(named.get("ip"), named.get("port")) or _end(native.get("src_ip"), native.get("src_port"))


def destination_end(native: Native) -> dict[str, Any] | None:
    """Where the packet went: what the alert names as its target, else the packet's own."""
    named = mapping(mapping(native.get("alert")).get("target"))
    return _end(named.get("ip"), named.get("port")) or _end(native.get("dest_ip"), native.get("dest_port"))


def connection(native: Native) -> dict[str, Any]:
    """Protocol, flow and community id; EVE does not say which side is ours."""
    protocol = text(native.get("proto"))
    return full(
        {
            "direction_id": 0,
            "uid": text(native.get("flow_id")),
            "protocol_name": protocol.lower() if protocol else None,
            "protocol_num": _NUMBERS.get(protocol.upper()) if protocol else None,
            "community_uid": text(native.get("community_id")),
        }.items()
    )


def traffic(flow: dict[str, Any]) -> dict[str, Any] | None:
    """Bytes and packets as the client sees them; a netflow record has one direction only."""
    return some(
        bytes_out=count(flow.get("bytes_toserver")),
        bytes_in=count(flow.get("bytes_toclient")),
        packets_out=count(flow.get("pkts_toserver")),
        packets_in=count(flow.get("pkts_toclient")),
        bytes=count(flow.get("bytes")),
        packets=count(flow.get("pkts")),
    )


def tls(native: Native) -> dict[str, Any] | None:
    """The TLS handshake."""
    told = mapping(native.get("tls"))
    version = text(told.get("version"))
    if not version:
        return None
    return full(
        {
            "version": version,
            "sni": text(told.get("sni")),
            "ja3_hash": _md5(mapping(told.get("ja3")).get("hash")),
            "ja3s_hash": _md5(mapping(told.get("ja3s")).get("hash")),
        }.items()
    )


def http_exchange(native: Native) -> dict[str, Any]:
    """Request and response, as members of an event or of an evidence."""
    told = mapping(native.get("http"))
    method = (text(told.get("http_method")) or "").upper()
    path, _, query = (text(told.get("url")) or "").partition("?")
    url = full({"hostname": text(told.get("hostname")), "path": path or None, "query_string": query or None}.items())
    code = integer(told.get("status"))
    request = some(
        http_method=method if method in _METHODS else None,
        url=url if path else None,
        user_agent=text(told.get("http_user_agent")),
        referrer=text(told.get("http_refer")),
        version=text(told.get("protocol")),
    )
    response = some(code=code, content_type=text(told.get("http_content_type")), length=count(told.get("length")))
    return full({"http_request": request, "http_response": response if code is not None else None}.items())


def names_asked(told: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Activity and members of a DNS record in any of EVE's three layouts."""
    asked = next(iter(objects(told.get("queries"), 1)), None) or told
    name = text(asked.get("rrname"))
    kind = text(told.get("type")) or ""
    code = text(told.get("rcode"))
    query = {"hostname": name, "type": text(asked.get("rrtype")), "packet_uid": count(told.get("id"))}
    answered = kind in ("answer", "response")
    return (
        2 if answered else 1,
        full(
            {
                "query": full(query.items()) if name else None,
                "rcode": code,
                "rcode_id": _RCODES.get(code.upper(), 99) if code else None,
                "answers": _answers(told) if answered else None,
            }.items()
        ),
    )


def _answers(told: dict[str, Any]) -> list[dict[str, Any]]:
    listed = objects(told.get("answers")) or ([told] if "rdata" in told else [])
    found = [
        full({"rdata": data, "ttl": count(answer.get("ttl")), "type": text(answer.get("rrtype"))}.items())
        for answer in listed
        if (data := first_text(answer.get("rdata")))
    ]
    if found:
        return found
    grouped = mapping(told.get("grouped"))
    return [
        {"rdata": data, "type": kind}
        for kind, values in grouped.items()
        for item in items(values)
        if (data := text(item))
    ]


def _end(host: Any, number: Any) -> dict[str, Any] | None:
    found = address(host)
    named = None if found else text(host)
    if not found and not named:
        return None
    return full({"ip": found, "hostname": named, "port": port(number)}.items())


def _md5(value: Any) -> dict[str, Any] | None:
    found = text(value)
    return {"value": found, "algorithm_id": 1, "algorithm": "MD5"} if found else None
