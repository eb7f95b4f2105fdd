"""One spelling for the fields of a flow log, and the records that are no objects yet."""

from __future__ import annotations

from datetime import datetime

from collectors.files.table import FLOW_FIELDS
from yunshao.model.event import Native

DEFAULT = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
    *("packets", "bytes", "start", "end", "action", "log-status"),
)
_SPELLINGS = {name.replace("-", ""): name for name in FLOW_FIELDS}
_FOREIGN = {"status": "log-status", "starttime": "start", "endtime": "end", "account": "account-id"}
_STATUSES = frozenset({"OK", "NODATA", "SKIPDATA"})
_MESSAGES = ("message", "event", "log")


def of_line(line: str) -> Native | None:
    """A line of the default format, also behind the time that an export puts before it."""
    cells = line.split()
    if len(cells) == len(DEFAULT) + 1 and _is_time(cells[0]):
        cells = cells[1:]
    if len(cells) != len(DEFAULT) or not cells[0].isdecimal() or cells[-1] not in _STATUSES:
        return None
    return dict(zip(DEFAULT, cells, strict=True))


def of_object(native: Native) -> Native:
    """An object under the fields' own names, whatever the tool made of them (`srcAddr`, `account_id`)."""
    for name in _MESSAGES:
        held = native.get(name)
        if isinstance(held, str) and (inner := of_line(held)):
            return inner
    found = {}
    for name, value in native.items():
        bare = name.replace("-", "").replace("_", "").lower()
        found[_SPELLINGS.get(bare) or _FOREIGN.get(bare) or name] = value
    return found


def _is_time(cell: str) -> bool:
    try:
        return bool(datetime.fromisoformat(cell))
    except ValueError:
        return False
