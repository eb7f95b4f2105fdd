"""One record of Azure or Entra as OCSF, whatever its kind."""

from __future__ import annotations

from typing import Any

from collectors.azure.activity import activity, storage
from collectors.azure.audit import audit
from collectors.azure.record import Fields, Kind, decoded, identified, kind_of
from collectors.azure.signin import risk, signin
from yunshao.errors import Rejection
from yunshao.model.event import Identity, Native, Ocsf

_OURS = ("resourceid", "_resourceid", "subscriptionid", "eventdataid", "correlationid", "tenantid", "riskeventtype")
_CLUSTERS = "kube-audit"


class AzureRecords:
    """What both parsers do: one reads every record, the other those of Entra."""

    source = ""
    kinds: frozenset[Kind] = frozenset()

    def decode(self, raw: bytes, hint: str) -> Native:  # noqa: ARG002
        """The record out of its envelope; JSON that stands in a text is opened. Raises Rejection."""
        return decoded(raw)

    def identify(self, native: Native) -> Identity:
        """The record's own id, or a hash, and when it happened. Raises Rejection."""
        fields = Fields(native)
        kind = kind_of(fields)
        if kind is None:
            raise Rejection("not_this_source", "no operationName")
        if kind not in self.kinds:
            raise Rejection("not_this_source", f"a record of the {kind} log; azure.activity and auto read it")
        return identified(native, fields, kind)

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form: by the kind of its log."""
        fields = Fields(native)
        match kind_of(fields):
            case "signin":
                return signin(fields, identity)
            case "risk":
                return risk(fields, identity)
            case "audit":
                return audit(fields, identity)
            case "storage":
                return storage(native, fields, identity)
            case _:
                return activity(native, fields, identity)


def recognised(native: Any, kinds: frozenset[Kind]) -> bool:
    """Whether a JSON object is an Azure record of one of these kinds."""
    if not isinstance(native, dict):
        return False
    fields = Fields(native)
    if str(native.get("category", "")).startswith(_CLUSTERS):
        return False
    if not any(fields.get(name) for name in _OURS):
        data = native.get("data")
        if not isinstance(data, dict) or not ("operationName" in data or "context" in data):
            return False
        return "activity" in kinds
    return kind_of(fields) in kinds
