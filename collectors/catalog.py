"""Every collector that ships. One line each, in alphabetical order of the folders."""

from __future__ import annotations

from typing import Any

from collectors import (
    alibaba_actiontrail,
    auditd,
    aws_cloudtrail,
    azure_activity,
    azure_signin,
    cef,
    gcp_audit,
    github_audit,
    huawei_cts,
    k8s_audit,
    leef,
    m365_audit,
    okta_system,
    suricata,
    syslog,
    tencent_cloudaudit,
    vpc_flow,
    windows_event,
    zeek,
)
from collectors.files.reading import Framing
from collectors.json_record import native_of
from yunshao.errors import Rejection
from yunshao.ports import Parser

COLLECTORS = (
    alibaba_actiontrail.COLLECTOR,
    auditd.COLLECTOR,
    aws_cloudtrail.COLLECTOR,
    azure_activity.COLLECTOR,
    azure_signin.COLLECTOR,
    cef.COLLECTOR,
    gcp_audit.COLLECTOR,
    github_audit.COLLECTOR,
    huawei_cts.COLLECTOR,
    k8s_audit.COLLECTOR,
    leef.COLLECTOR,
    m365_audit.COLLECTOR,
    okta_system.COLLECTOR,
    suricata.COLLECTOR,
    syslog.COLLECTOR,
    tencent_cloudaudit.COLLECTOR,
    vpc_flow.COLLECTOR,
    windows_event.COLLECTOR,
    zeek.COLLECTOR,
)
PARSERS: dict[str, Parser] = {collector.source: collector.parser for collector in COLLECTORS}
AUTO = "auto"
_GUESSED_BYTES = 64 << 10


def framing_of(source: str) -> Framing:
    """How a source's bytes are cut into records; `auto` takes any JSON and leaves other lines whole."""
    return next((collector.framing for collector in COLLECTORS if collector.source == source), "json")


def guess(raw: bytes, hint: str) -> str | None:
    """The source that a record looks like, or None. Never raises."""
    seen = _seen(raw)
    return next((collector.source for collector in COLLECTORS if collector.recognises(seen, hint)), None)


def _seen(raw: bytes) -> Any:
    """The JSON object, or the text of what is none."""
    if raw[:1] == b"{":
        try:
            return native_of(raw)
        except Rejection:
            return None
    return raw[:_GUESSED_BYTES].decode("utf-8", "replace")
