"""Entra sign-ins of people, applications and managed identities, and risk detections; audit records too."""

from __future__ import annotations

from typing import Any

from collectors.azure.record import Kind
from collectors.azure.shape import AzureRecords, recognised

SOURCE = "azure.signin"
_RECOGNISED: frozenset[Kind] = frozenset({"signin", "risk"})


class AzureSignIn(AzureRecords):
    """Parser of `azure.signin`."""

    source = SOURCE
    kinds: frozenset[Kind] = frozenset({"signin", "risk", "audit"})


def recognises(native: Any, hint: str) -> bool:  # noqa: ARG001
    """Whether a JSON object is a sign-in or a risk detection."""
    return recognised(native, _RECOGNISED)
