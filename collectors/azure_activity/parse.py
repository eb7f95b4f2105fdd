"""Azure activity log, storage logs and Entra audit log; sign-ins too, where one stream carries all of them."""

from __future__ import annotations

from typing import Any

from collectors.azure.record import Kind
from collectors.azure.shape import AzureRecords, recognised

SOURCE = "azure.activity"
_RECOGNISED: frozenset[Kind] = frozenset({"activity", "storage", "audit"})


class AzureActivity(AzureRecords):
    """Parser of `azure.activity`."""

    source = SOURCE
    kinds: frozenset[Kind] = frozenset({"activity", "storage", "audit", "signin", "risk"})


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a record of the activity, storage or audit log."""
    return recognised(native, _RECOGNISED)
