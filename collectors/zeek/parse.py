"""Zeek: every log, as JSON (dotted, underscored or nested names) or as a table that the reader turned into JSON."""

from __future__ import annotations

from typing import Any

from collectors.events import metadata
from collectors.json_record import digest, native_of
from collectors.times import millis
from collectors.values import text
from collectors.zeek.logs import SHAPES, anything
from collectors.zeek.names import log_of, one_spelling
from collectors.zeek.parts import span
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

SOURCE = "zeek"
_SECRETS = ("password",)


class Zeek:
    """Parser of `zeek`."""

    source = SOURCE

    def decode(self, raw: bytes, hint: str) -> Native:
        """The log entry with `_path` set and one spelling of names; passwords are dropped. Raises Rejection."""
        native = one_spelling(native_of(raw))
        for name in _SECRETS:
            native.pop(name, None)
        log = log_of(native, hint)
        if log:
            native["_path"] = log
        return native

    def identify(self, native: Native) -> Identity:
        """A connection's `uid`; for other logs a hash, since one connection has many entries. Raises Rejection."""
        if "ts" not in native:
            raise Rejection("not_this_source", "no ts")
        log = native.get("_path")
        if not log and not ("uid" in native and "id.orig_h" in native):
            raise Rejection("not_this_source", "no _path")
        moment = millis(native["ts"])
        if moment is None:
            raise Rejection("bad_time", f"ts {str(native['ts'])[:80]!r}")
        uid = native.get("uid")
        if log == "conn":
            moment += span(native.get("duration")) or 0
            if uid and uid.__class__ is str:
                return Identity(f"{uid}/conn", moment)
        return Identity(digest(native), moment)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: the class of the protocol, Network Activity for what has two ends, else a Base Event."""
        log = text(native.get("_path")) or "unknown"
        about = metadata(
            identity,
            "Zeek",
            "Zeek",
            log_name=log,
            correlation_uid=text(native.get("uid")),
            logged_time=millis(native.get("_write_ts")),
        )
        shaped = SHAPES.get(log, anything)(native, identity, about)
        return shaped if shaped is not None else anything(native, identity, about)


def recognises(native: Any, hint: str) -> bool:
    """Whether a JSON object is an entry of a Zeek log."""
    if not isinstance(native, dict) or "ts" not in native:
        return False
    if "_path" in native or "@stream" in native or "id.orig_h" in native or "id_orig_h" in native:
        return True
    return bool("uid" in native and log_of(native, hint)) or (log_of(native, hint) != "" and "event_type" not in native)
