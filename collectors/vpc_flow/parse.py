"""VPC flow logs: the default format, custom formats with their header, and rows that a tool turned into objects."""

from __future__ import annotations

from typing import Any

from collectors.events import FAILURE, INFORMATIONAL, STATUS, SUCCESS, event, leftovers, metadata
from collectors.json_record import MAX_BYTES, digest, native_of, whole
from collectors.times import millis
from collectors.values import address, count, first_text, full, integer, port, some, text
from collectors.vpc_flow.names import of_line, of_object
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "vpc.flow"
NETWORK, REFUSE, TRAFFIC = 4001, 5, 6
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6"}
_NUMBERS = {name: number for number, name in _PROTOCOLS.items()}
_DIRECTIONS = {"ingress": 1, "egress": 2}
_MAPPED = frozenset(
    {
        "account-id", "action", "bytes", "dstaddr", "dstport", "end", "packets", "protocol", "region", "srcaddr",
        "srcport", "start", "version", "vpc-id", "subnet-id", "instance-id", "interface-id", "tcp-flags",
        "flow-direction",
    }
)  # fmt: skip
_LONGEST_LINE = 16 << 10


class FlowLog:
    """Parser of `vpc.flow`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The record under the fields' own names; `-` is nothing. Raises Rejection."""
        if raw[:1] == b"{":
            native = of_object(native_of(raw))
        else:
            if len(raw) > min(MAX_BYTES, _LONGEST_LINE):
                raise Rejection("too_large", f"{len(raw)} bytes, at most {_LONGEST_LINE}")
            found = of_line(raw.decode("utf-8", "replace"))
            if found is None:
                raise Rejection("not_this_source", "neither the default format nor a row below a header")
            native = whole(found)
        return {name: value for name, value in native.items() if value not in ("-", None)}

    def identify(self, native: Native) -> Identity:
        """A hash, and the end of the interval, else its start. Raises Rejection."""
        if native.get("log-status") in ("NODATA", "SKIPDATA"):
            raise Rejection("not_an_event", f"log-status {native['log-status']}")
        if "srcaddr" not in native and "dstaddr" not in native and "pkt-srcaddr" not in native:
            raise Rejection("not_this_source", "no srcaddr")
        written = native.get("end", native.get("start"))
        moment = millis(written)
        if moment is None:
            raise Rejection("bad_time", f"end {str(written)[:80]!r}")
        return Identity(digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: Network Activity. Accepted and rejected stand in `action` and `disposition`."""
        action = (text(native.get("action")) or "").upper()
        verdict = {"ACCEPT": (1, "Allowed", 1, "Allowed"), "REJECT": (2, "Denied", 2, "Blocked")}.get(action)
        refused = action == "REJECT"
        account = text(native.get("account-id"))
        members = _members(native)
        if verdict:
            names = ("action_id", "action", "disposition_id", "disposition")
            members.update(zip(names, verdict, strict=True))
            status = FAILURE if refused else SUCCESS
            members.update(status_id=status, status=STATUS[status])
        about = metadata(
            identity,
            "VPC Flow Logs",
            "AWS",
            log_name="vpcflow",
            log_version=text(native.get("version")),
            profiles=["cloud", *(["security_control"] if verdict else [])],
        )
        return event(
            *(NETWORK, REFUSE if refused else TRAFFIC, INFORMATIONAL, identity, about),
            cloud=full({"provider": "AWS", "region": text(native.get("region")), "account": some(uid=account)}.items()),
            unmapped=leftovers(native, _MAPPED),
            **members,
        )


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a line or an object is a flow."""
    if isinstance(native, str):
        return of_line(native[:_LONGEST_LINE]) is not None
    if not isinstance(native, dict) or "event_type" in native:
        return False
    found = of_object(native)
    return "srcaddr" in found and "dstaddr" in found


def _members(native: Native) -> dict[str, Any]:
    direction = _DIRECTIONS.get((text(native.get("flow-direction")) or "").lower(), 0)
    written = text(native.get("protocol"))
    number = integer(native.get("protocol"))
    number = _NUMBERS.get((written or "").lower()) if number is None else number
    known = number if number is not None and 0 <= number <= 255 else None
    return {
        "src_endpoint": _end(native, "src", direction == 2),
        "dst_endpoint": _end(native, "dst", direction == 1) or {"svc_name": "unknown"},
        "connection_info": full(
            {
                "direction_id": direction,
                "protocol_num": known,
                "protocol_name": _PROTOCOLS.get(known) if known is not None else None,
                "tcp_flags": integer(native.get("tcp-flags")),
            }.items()
        ),
        "traffic": some(bytes=count(native.get("bytes")), packets=count(native.get("packets"))),
        "start_time": millis(native.get("start")),
        "end_time": millis(native.get("end")),
    }


def _end(native: Native, side: str, own: bool) -> dict[str, Any] | None:
    """One end; `own` is the end that the watched interface is at."""
    host = address(first_text(native.get(f"pkt-{side}addr"), native.get(f"{side}addr")))
    known = some(ip=host, port=port(native.get(f"{side}port")) if host else None)
    if not known or not own:
        return known
    placed = {
        "interface_uid": text(native.get("interface-id")),
        "instance_uid": text(native.get("instance-id")),
        "subnet_uid": text(native.get("subnet-id")),
        "vpc_uid": text(native.get("vpc-id")),
    }
    return {**known, **full(placed.items())}
