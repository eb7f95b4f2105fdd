"""A whole message that was refused, read back from its topic, or from what was kept of it."""

from __future__ import annotations

from console.roles.cluster import cluster_of
from console.wiring import Workspace
from yunshao.adapters.kafka.readback import read_back
from yunshao.errors import WrongUse
from yunshao.ports import Letter
from yunshao.wire.envelope import Item, opened
from yunshao.wire.packing import BadMessage

MAX_RAW = 1 << 20


def message_of(place: Workspace, letter: Letter) -> list[Item]:
    """Its records. Raises WrongUse where it still is no envelope, or is there no longer; Unreachable."""
    raw = _read_back(place, letter) or letter.record.raw
    if len(raw) == MAX_RAW and raw == letter.record.raw:
        raise WrongUse("the message is no longer in its topic, and only its beginning was kept", "")
    try:
        return opened(raw)
    except BadMessage as error:
        raise WrongUse(f"it still is no message of ours: {error}", "it stays a dead letter") from None


def _read_back(place: Workspace, letter: Letter) -> bytes | None:
    found = read_back(cluster_of(place), letter.topic, letter.partition, letter.offset, letter.offset + 1)
    return found[0].value if found else None
