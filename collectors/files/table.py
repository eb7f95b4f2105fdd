"""Tables: Zeek's tab-separated logs and flow logs; a header, and rows turned into JSON objects."""

from __future__ import annotations

import binascii
from typing import Any

import orjson

MAX_FIELDS = 2000
_DIRECTIVES = (
    b"separator",
    b"set_separator",
    b"empty_field",
    b"unset_field",
    b"path",
    b"open",
    b"fields",
    b"types",
    b"close",
)
FLOW_FIELDS = frozenset(
    {
        "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
        "bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type",
        "pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service",
        "pkt-dst-aws-service", "flow-direction", "traffic-path", "ecs-cluster-arn", "ecs-cluster-name",
        "ecs-container-instance-arn", "ecs-container-instance-id", "ecs-container-id", "ecs-second-container-id",
        "ecs-service-name", "ecs-task-definition-arn", "ecs-task-arn", "ecs-task-id", "reject-reason", "resource-id",
        "encryption-status",
    }
)  # fmt: skip
_FEWEST_FLOW_FIELDS = 4
_LONGEST_FLOW_HEADER = 2048
_WHOLE = frozenset({"count", "int", "port"})
_REAL = frozenset({"double", "interval", "time"})


class Table:
    """What the header lines said so far; `row` reads by it."""

    def __init__(self) -> None:
        self._separator = "\t"
        self._set_separator = ","
        self._empty = "(empty)"
        self._unset = "-"
        self._path = ""
        self._fields: list[str] = []
        self._types: list[str] = []

    @property
    def ready(self) -> bool:
        """Whether the fields are known."""
        return bool(self._fields)

    def header(self, line: bytes) -> bool:
        """Take a line that starts with `#`; False when it is none of Zeek's."""
        name = line[1:].split(b"\t", 1)[0].split(b" ", 1)[0]
        if name not in _DIRECTIVES:
            return False
        text = line.decode("utf-8", "replace")
        if name == b"separator":
            self._separator = _unescape(text[len("#separator ") :]) or "\t"
            return True
        _, _, rest = text.partition(self._separator)
        self._take(name.decode(), rest)
        return True

    def _take(self, name: str, rest: str) -> None:
        match name:
            case "set_separator":
                self._set_separator = _unescape(rest) or ","
            case "empty_field":
                self._empty = rest
            case "unset_field":
                self._unset = rest
            case "path":
                self._path = rest
            case "fields":
                self._fields = rest.split(self._separator)[:MAX_FIELDS]
                self._types = []
            case "types":
                self._types = rest.split(self._separator)[:MAX_FIELDS]

    def row(self, line: bytes) -> bytes | None:
        """The row as one JSON object; None when it has not the fields of the header."""
        cells = line.decode("utf-8", "replace").split(self._separator)
        if not self._fields or len(cells) != len(self._fields):
            return None
        native: dict[str, Any] = {"_path": self._path} if self._path else {}
        types = self._types if len(self._types) == len(cells) else ["string"] * len(cells)
        for field, kind, cell in zip(self._fields, types, cells, strict=True):
            if cell != self._unset:
                native[field] = self._value(kind, cell)
        return orjson.dumps(native)

    def _value(self, kind: str, cell: str) -> Any:
        if kind.startswith(("set[", "vector[")):
            inner = kind[kind.index("[") + 1 : -1]
            return [] if cell == self._empty else [_scalar(inner, part) for part in cell.split(self._set_separator)]
        return "" if cell == self._empty else _scalar(kind, cell)


class FlowTable:
    """A flow log below its header: names separated by blanks."""

    def __init__(self, header: bytes) -> None:
        self._fields = header.decode("ascii", "replace").replace("_", "-").split()

    @property
    def ready(self) -> bool:
        """Always: the header is one line."""
        return True

    def header(self, line: bytes) -> bool:  # noqa: ARG002
        """No further lines belong to the header."""
        return False

    def row(self, line: bytes) -> bytes | None:
        """The row as one JSON object; None when it has not the fields of the header."""
        cells = line.decode("utf-8", "replace").split()
        if len(cells) != len(self._fields):
            return None
        return orjson.dumps({name: cell for name, cell in zip(self._fields, cells, strict=True) if cell != "-"})


def is_flow_header(line: bytes) -> bool:
    """Whether a line names the fields of a flow log."""
    if len(line) > _LONGEST_FLOW_HEADER or not line[:1].isalpha():
        return False
    names = line.decode("ascii", "replace").replace("_", "-").split()
    return len(names) >= _FEWEST_FLOW_FIELDS and FLOW_FIELDS.issuperset(names)


def _scalar(kind: str, cell: str) -> Any:
    if kind == "bool":
        return cell == "T"
    try:
        if kind in _WHOLE and len(cell) <= 19:
            return int(cell)
        if kind in _REAL:
            return float(cell)
    except ValueError:
        return _unescape(cell)
    return _unescape(cell)


def _unescape(text: str) -> str:
    r"""`\x09` and the like, as Zeek writes bytes that would disturb the table."""
    if "\\x" not in text:
        return text
    parts = text.split("\\x")
    whole = bytearray(parts[0].encode("utf-8", "replace"))
    for part in parts[1:]:
        try:
            whole += binascii.unhexlify(part[:2])
            whole += part[2:].encode("utf-8", "replace")
        except ValueError:
            whole += b"\\x" + part.encode("utf-8", "replace")
    return whole.decode("utf-8", "replace")
