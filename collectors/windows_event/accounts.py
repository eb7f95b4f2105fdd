"""Security events about accounts: sign-ins, tickets, changes of users and groups, rights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from collectors.events import FAILURE, OTHER, STATUS, SUCCESS
from collectors.values import first_text, full
from collectors.windows_event.parts import account, acting, device, number, said, source_end, subject, target
from collectors.windows_event.shapes import Told

Shaped = tuple[int, int, dict[str, Any]] | None
ACCOUNT_CHANGE, AUTHENTICATION, SESSION, USER_ACCESS, GROUP = 3001, 3002, 3003, 3005, 3006
LOGON, LOGOFF, TICKET, SERVICE_TICKET, RENEWAL, PREAUTH = range(1, 7)
_LOGONS = {
    0: "System",
    2: "Interactive",
    3: "Network",
    4: "Batch",
    5: "OS Service",
    7: "Unlock",
    8: "Network Cleartext",
    9: "New Credentials",
    10: "Remote Interactive",
    11: "Cached Interactive",
    12: "Cached Remote Interactive",
    13: "Cached Unlock",
}
_REMOTE = frozenset({3, 8, 10, 12})
_FAILED = frozenset({"4625", "4771"})


def _logon(activity: int, told: Told) -> Shaped:
    data = told.data
    user = target(data) or account(data.get("TargetUserName")) or subject(data)
    if user is None:
        return None
    kind = number(data.get("LogonType"))
    failed = told.code in _FAILED or _code_of_failure(data) is not None
    status = FAILURE if failed else SUCCESS
    protocol = first_text(data.get("AuthenticationPackageName"), data.get("PackageName"))
    protocol_id = _protocol(protocol, activity)
    host = device(told)
    return (
        AUTHENTICATION,
        activity,
        {
            "user": user,
            "actor": acting({**data, "User": None}, told.sid),
            "src_endpoint": source_end(data),
            "dst_endpoint": {key: value for key, value in host.items() if key != "type_id"},
            "service": full({"name": said(data.get("ServiceName"))}.items()),
            "logon_type_id": (kind or 1) if kind in _LOGONS else None,
            "logon_type": _LOGONS.get(kind) if kind is not None else None,
            "is_remote": kind in _REMOTE if kind is not None else None,
            "auth_protocol_id": protocol_id,
            "auth_protocol": protocol or ("Kerberos" if protocol_id == 2 else None),
            "status_id": status,
            "status": STATUS[status],
            "status_code": _code_of_failure(data),
            "status_detail": said(data.get("FailureReason")),
        },
    )


def _protocol(name: str | None, activity: int) -> int | None:
    upper = (name or "").upper()
    if "NTLM" in upper or "MICROSOFT_AUTHENTICATION_PACKAGE" in upper:
        return 1
    if "KERBEROS" in upper or activity in (TICKET, SERVICE_TICKET, RENEWAL, PREAUTH):
        return 2
    return OTHER if name else None


def _code_of_failure(data: dict[str, Any]) -> str | None:
    """The code that says why; zero says that it went well."""
    for name in ("SubStatus", "Status", "FailureCode", "ErrorCode", "ResultCode"):
        written = said(data.get(name))
        if written and number(written) != 0:
            return written
    return None


def _change(activity: int, told: Told) -> Shaped:
    user = target(told.data)
    if user is None:
        return None
    members: dict[str, Any] = {"user": user, "actor": _actor(told)}
    if activity == OTHER:
        members["activity_name"] = "Change"
    return ACCOUNT_CHANGE, activity, members


def _membership(activity: int, told: Told) -> Shaped:
    data = told.data
    group = account(data.get("TargetUserName"), data.get("TargetSid"), data.get("TargetDomainName"))
    if group is None:
        return None
    member = account(first_text(_common_name(said(data.get("MemberName")))), data.get("MemberSid"))
    members = {"group": group, "user": member, "actor": _actor(told)}
    return GROUP, activity, members


def _common_name(distinguished: str | None) -> str | None:
    """`CN=name,OU=…` says the name."""
    if distinguished and distinguished[:3].upper() == "CN=":
        return distinguished[3:].partition(",")[0] or distinguished
    return distinguished


def _privileges(told: Told) -> Shaped:
    user = subject(told.data)
    names = (said(told.data.get("PrivilegeList")) or "").split()[:100]
    return (SESSION, 1, {"user": user, "privileges": names}) if user and names else None


def _right(activity: int, told: Told) -> Shaped:
    user = account(told.data.get("TargetSid"))
    names = (said(first_text(told.data.get("PrivilegeList"), told.data.get("AccessGranted"))) or "").split()[:100]
    return (
        (USER_ACCESS, activity, {"user": user, "privileges": names, "actor": _actor(told)}) if user and names else None
    )


def _actor(told: Told) -> dict[str, Any] | None:
    user = subject(told.data, told.sid)
    return {"user": user} if user else None


def _each(shape: Callable[..., Shaped], activities: dict[int, str]) -> dict[str, Callable[[Told], Shaped]]:
    return {code: partial(shape, activity) for activity, codes in activities.items() for code in codes.split()}


ACCOUNTS: dict[str, Callable[[Told], Shaped]] = {
    **_each(
        _logon,
        {
            LOGON: "4624 4625 4648 4776 4778 528 529 540",
            LOGOFF: "4634 4647 4779 538 551",
            TICKET: "4768",
            SERVICE_TICKET: "4769",
            RENEWAL: "4770",
            PREAUTH: "4771",
        },
    ),
    **_each(
        _change,
        {
            1: "4720 4741",
            2: "4722",
            3: "4723",
            4: "4724",
            5: "4725",
            6: "4726 4743",
            9: "4740",
            12: "4767",
            OTHER: "4738 4742 4781",
        },
    ),
    **_each(
        _membership,
        {
            3: "4728 4732 4756 4746 4751 4761",
            4: "4729 4733 4757 4747 4752 4762",
            5: "4730 4734 4758",
            6: "4727 4731 4754",
        },
    ),
    **_each(_right, {1: "4704 4717", 2: "4705 4718"}),
    "4672": _privileges,
}
