"""The two ends, the connection and the traffic of a Zeek entry as OCSF objects."""

from __future__ import annotations

from math import isfinite
from typing import Any

from collectors.values import address, count, flag, port, some, text
from yunshao.model.event import Native

ENDS = frozenset(
    {"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "uid", "proto", "ts", "_path", "_write_ts", "@stream"}
)
_PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "sctp": 132}
_LONGEST_MS = 1 << 53


def span(value: Any) -> int | None:
    """An interval in seconds as whole milliseconds."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LONGEST_MS / 1000:
        return None
    return round(value * 1000) if isfinite(value) else None


def source_end(native: Native) -> dict[str, Any] | None:
    """The originator."""
    return _end(native.get("id.orig_h"), native.get("id.orig_p"), native.get("orig_l2_addr"))


def destination_end(native: Native) -> dict[str, Any] | None:
    """The responder."""
    return _end(native.get("id.resp_h"), native.get("id.resp_p"), native.get("resp_l2_addr"))


def connection(native: Native) -> dict[str, Any] | None:
    """What is known of the connection itself."""
    protocol = text(native.get("proto"))
    uid = text(native.get("uid"))
    if not protocol and not uid:
        return None
    info: dict[str, Any] = {"direction_id": _direction(native)}
    if uid:
        info["uid"] = uid
    if protocol:
        info["protocol_name"] = protocol.lower()
        number = _PROTOCOLS.get(protocol.lower())
        if number is not None:
            info["protocol_num"] = number
    history = text(native.get("history"))
    if history:
        info["flag_history"] = history
    community = text(native.get("community_id"))
    if community:
        info["community_uid"] = community
    return info


def traffic(native: Native) -> dict[str, Any] | None:
    """Bytes and packets as the originator sees them; the IP layer's count where TCP's sequence numbers cannot be."""
    missed = count(native.get("missed_bytes"))
    history = native.get("history")
    doubtful = bool(missed) or (isinstance(history, str) and "g" in history.lower())
    sent = count(native.get("orig_ip_bytes")) if doubtful else None
    received = count(native.get("resp_ip_bytes")) if doubtful else None
    sent = sent if sent is not None else count(native.get("orig_bytes"))
    received = received if received is not None else count(native.get("resp_bytes"))
    return some(
        bytes_out=sent,
        bytes_in=received,
        bytes=sent + received if sent is not None and received is not None and sent + received < 1 << 63 else None,
        packets_out=count(native.get("orig_pkts")),
        packets_in=count(native.get("resp_pkts")),
        bytes_missed=missed,
    )


def _end(host: Any, number: Any, hardware: Any) -> dict[str, Any] | None:
    found = address(host)
    named = None if found else text(host)
    mac = text(hardware)
    end = some(ip=found, hostname=named, port=port(number), mac=mac if mac and _is_mac(mac) else None)
    return end if end and (found or named) else None


def _is_mac(value: str) -> bool:
    parts = value.replace("-", ":").split(":")
    return len(parts) == 6 and all(
        len(part) == 2 and part.isalnum() and part.isascii() and _is_hex(part) for part in parts
    )


def _is_hex(part: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in part)


def _direction(native: Native) -> int:
    here, there = flag(native.get("local_orig")), flag(native.get("local_resp"))
    if here is None or there is None:
        return 0
    if here:
        return 3 if there else 2
    return 1 if there else 0
