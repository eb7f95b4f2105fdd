"""Which sources a rule's log source means. One table; a log source that is in none of its lines is read by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from detectors.sigma.model import LogSource
from detectors.sigma.pattern import parse_text
from detectors.sigma.tree import Item, Node, all_of

SOURCES = (
    "aws.cloudtrail",
    "azure.activity",
    "azure.signin",
    "gcp.audit",
    "alibaba.actiontrail",
    "huawei.cts",
    "tencent.cloudaudit",
    "k8s.audit",
    "okta.system",
    "m365.audit",
    "github.audit",
    "zeek",
    "suricata.eve",
    "vpc.flow",
    "netflow",
    "syslog",
    "cef",
    "leef",
    "auditd",
    "windows.event",
)


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """One source that answers to a log source: what an event of it must hold (`guard`), how fields are read.

    `fields` is `native`, `generic` (native, then OCSF) or `logon_process` (Windows security event 4688).
    """

    source: str
    guard: Node | None = None
    fields: str = "native"


def _equals(field: str, *values: str) -> Item:
    return Item(field, tuple(parse_text(value.replace("\\", "\\\\")) for value in values))


def _zeek(log: str, fields: str = "native") -> Feed:
    return Feed("zeek", _equals("_path", log), fields)


def _suricata(kind: str, fields: str = "native") -> Feed:
    return Feed("suricata.eve", _equals("event_type", kind), fields)


SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")

SYSMON_EVENTS: Mapping[str, tuple[str, ...]] = {
    "process_creation": ("1",),
    "file_change": ("2",),
    "network_connection": ("3",),
    "sysmon_status": ("4", "16"),
    "process_termination": ("5",),
    "driver_load": ("6",),
    "image_load": ("7",),
    "create_remote_thread": ("8",),
    "raw_access_thread": ("9",),
    "process_access": ("10",),
    "file_event": ("11",),
    "registry_add": ("12",),
    "registry_delete": ("12",),
    "registry_set": ("13",),
    "registry_rename": ("14",),
    "registry_event": ("12", "13", "14"),
    "create_stream_hash": ("15",),
    "pipe_created": ("17", "18"),
    "wmi_event": ("19", "20", "21"),
    "dns_query": ("22",),
    "file_delete": ("23", "26"),
    "clipboard_capture": ("24",),
    "process_tampering": ("25",),
    "file_block_executable": ("27",),
    "file_block_shredding": ("28",),
    "file_executable_detected": ("29",),
    "sysmon_error": ("255",),
}

WINDOWS_CHANNELS: Mapping[str, tuple[str, ...]] = {
    "security": ("Security",),
    "system": ("System",),
    "application": ("Application",),
    "sysmon": (SYSMON,),
    "powershell": POWERSHELL,
    "powershell-classic": ("Windows PowerShell",),
    "applocker": (
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker/MSI and Script",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment",
        "Microsoft-Windows-AppLocker/Packaged app-Execution",
    ),
    "appmodel-runtime": ("Microsoft-Windows-AppModel-Runtime/Admin",),
    "appxdeployment-server": ("Microsoft-Windows-AppXDeploymentServer/Operational",),
    "appxpackaging-om": ("Microsoft-Windows-AppxPackaging/Operational",),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational",),
    "capi2": ("Microsoft-Windows-CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": (
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    ),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational",),
    "dhcp": ("Microsoft-Windows-DHCP-Server/Operational",),
    "diagnosis-scripted": ("Microsoft-Windows-Diagnosis-Scripted/Operational",),
    "dns-client": ("Microsoft-Windows-DNS Client Events/Operational", "Microsoft-Windows-DNS-Client/Operational"),
    "dns-server": ("DNS Server",),
    "dns-server-analytic": ("Microsoft-Windows-DNS-Server/Analytical",),
    "driver-framework": ("Microsoft-Windows-DriverFrameworks-UserMode/Operational",),
    "firewall-as": ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "ldap_debug": ("Microsoft-Windows-LDAP-Client/Debug",),
    "lsa-server": ("Microsoft-Windows-LSA/Operational",),
    "microsoft-servicebus-client": ("Microsoft-ServiceBus-Client",),
    "msexchange-management": ("MSExchange Management",),
    "ntlm": ("Microsoft-Windows-NTLM/Operational",),
    "openssh": ("OpenSSH/Operational",),
    "printservice-admin": ("Microsoft-Windows-PrintService/Admin",),
    "printservice-operational": ("Microsoft-Windows-PrintService/Operational",),
    "security-mitigations": (
        "Microsoft-Windows-Security-Mitigations/Kernel Mode",
        "Microsoft-Windows-Security-Mitigations/User Mode",
    ),
    "shell-core": ("Microsoft-Windows-Shell-Core/Operational",),
    "smbclient-connectivity": ("Microsoft-Windows-SMBClient/Connectivity",),
    "smbclient-security": ("Microsoft-Windows-SmbClient/Security",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational",),
    "terminalservices-localsessionmanager": ("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",),
    "windefend": ("Microsoft-Windows-Windows Defender/Operational",),
    "wmi": ("Microsoft-Windows-WMI-Activity/Operational",),
}

_WINDOWS_OTHER: Mapping[str, Node] = {
    "ps_script": all_of((_equals("Channel", *POWERSHELL), _equals("EventID", "4104"))),
    "ps_module": all_of((_equals("Channel", *POWERSHELL), _equals("EventID", "4103"))),
    "ps_classic_start": all_of((_equals("Channel", "Windows PowerShell"), _equals("EventID", "400"))),
    "ps_classic_provider_start": all_of((_equals("Channel", "Windows PowerShell"), _equals("EventID", "600"))),
    "ps_classic_script": all_of((_equals("Channel", "Windows PowerShell"), _equals("EventID", "800"))),
}

_SIGNINS = _equals(
    "category",
    *("SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"),
    *("ADFSSignInLogs", "UserRiskEvents"),
)
_LINUX_SERVICES = ("syslog", "auth", "sshd", "sudo", "cron", "clamav", "guacamole", "vsftpd", "modsecurity", "su")
_APPLIANCES = ("cisco", "fortigate", "fortinet", "fortios", "huawei", "juniper", "paloalto", "checkpoint", "sophos")

CATEGORIES: Mapping[str, tuple[Feed, ...]] = {
    "dns": (_zeek("dns", "generic"), _suricata("dns", "generic")),
    "firewall": (
        _zeek("conn", "generic"),
        _suricata("flow", "generic"),
        _suricata("alert", "generic"),
        Feed("vpc.flow", None, "generic"),
        Feed("netflow", None, "generic"),
        Feed("cef", None, "generic"),
        Feed("leef", None, "generic"),
        Feed("syslog", None, "generic"),
    ),
    "network_connection": (
        _zeek("conn", "generic"),
        _suricata("flow", "generic"),
        Feed("vpc.flow", None, "generic"),
        Feed("netflow", None, "generic"),
    ),
    "proxy": (
        _zeek("http", "generic"),
        _suricata("http", "generic"),
        Feed("cef", None, "generic"),
        Feed("leef", None, "generic"),
    ),
    "webserver": (
        _zeek("http", "generic"),
        _suricata("http", "generic"),
        Feed("cef", None, "generic"),
        Feed("leef", None, "generic"),
    ),
    "ids": (_suricata("alert", "generic"),),
    "flow": (Feed("vpc.flow", None, "generic"), Feed("netflow", None, "generic"), _zeek("conn", "generic")),
}

SERVICES: Mapping[tuple[str, str], tuple[Feed, ...]] = {
    ("aws", ""): (Feed("aws.cloudtrail"),),
    ("aws", "cloudtrail"): (Feed("aws.cloudtrail"),),
    ("aws", "vpcflow"): (Feed("vpc.flow", None, "generic"),),
    ("aws", "vpc-flow"): (Feed("vpc.flow", None, "generic"),),
    ("azure", ""): (Feed("azure.activity"), Feed("azure.signin")),
    ("azure", "activitylogs"): (Feed("azure.activity"),),
    ("azure", "auditlogs"): (Feed("azure.activity"), Feed("azure.signin")),
    ("azure", "signinlogs"): (Feed("azure.signin"), Feed("azure.activity", _SIGNINS)),
    ("azure", "riskdetection"): (Feed("azure.signin"), Feed("azure.activity", _SIGNINS)),
    ("azure", "pim"): (Feed("azure.signin"), Feed("azure.activity")),
    ("gcp", ""): (Feed("gcp.audit"),),
    ("gcp", "gcp.audit"): (Feed("gcp.audit"),),
    ("gcp", "google_workspace.admin"): (Feed("gcp.audit"),),
    ("gcp", "google_workspace.login"): (Feed("gcp.audit"),),
    ("kubernetes", ""): (Feed("k8s.audit"),),
    ("kubernetes", "audit"): (Feed("k8s.audit"),),
    ("okta", ""): (Feed("okta.system"),),
    ("okta", "okta"): (Feed("okta.system"),),
    ("github", ""): (Feed("github.audit"),),
    ("github", "audit"): (Feed("github.audit"),),
    **{
        (product, service): (Feed(source),)
        for product, services, source in (
            ("m365", ("", "audit", "exchange", "threat_management", "threat_detection", "sharepoint"), "m365.audit"),
            ("alibaba", ("", "actiontrail", "audit"), "alibaba.actiontrail"),
            ("aliyun", ("", "actiontrail", "audit"), "alibaba.actiontrail"),
            ("huawei", ("cts", "audit"), "huawei.cts"),
            ("huaweicloud", ("", "cts", "audit"), "huawei.cts"),
            ("tencent", ("", "cloudaudit", "audit"), "tencent.cloudaudit"),
        )
        for service in services
    },
    ("linux", "auditd"): (Feed("auditd"),),
    ("linux", ""): (Feed("syslog"), Feed("auditd")),
    **{("linux", service): (Feed("syslog"),) for service in _LINUX_SERVICES},
    ("network", "dns"): CATEGORIES["dns"],
    ("network", "connection"): CATEGORIES["network_connection"],
    ("network", ""): CATEGORIES["firewall"],
    ("", "netflow"): (Feed("netflow", None, "generic"), Feed("vpc.flow", None, "generic")),
    ("", "apache"): (Feed("syslog"),),
    ("", "nginx"): (Feed("syslog"),),
    ("", "syslog"): (Feed("syslog"),),
    ("cef", ""): (Feed("cef"),),
    ("leef", ""): (Feed("leef"),),
}

LINUX_CATEGORIES: Mapping[str, tuple[Feed, ...]] = {
    category: (Feed("auditd", None, "generic"),)
    for category in ("process_creation", "file_event", "network_connection")
}


@cache
def feeds(logsource: LogSource) -> tuple[Feed, ...]:
    """The sources that answer to a log source; none where nothing that the product reads does."""
    product, category, service = logsource.product, logsource.category, logsource.service
    if product == "windows":
        return _windows(category, service)
    if product == "zeek":
        return (_zeek(service),) if service else CATEGORIES.get(category, (Feed("zeek"),))
    if product == "suricata":
        kind = category if service == "eve" else service or category
        return (_suricata(kind),) if kind else (Feed("suricata.eve"),)
    if product == "linux" and category:
        return LINUX_CATEGORIES.get(category, ())
    known = SERVICES.get((product, service))
    if known is not None and (product or service):
        return known
    if not product and category in CATEGORIES:
        return CATEGORIES[category]
    if product in _APPLIANCES:
        return (Feed("syslog", None, "generic"), Feed("cef", None, "generic"), Feed("leef", None, "generic"))
    return ()


def _windows(category: str, service: str) -> tuple[Feed, ...]:
    if category in SYSMON_EVENTS:
        found = [Feed("windows.event", _sysmon(*SYSMON_EVENTS[category]))]
        if category == "process_creation":
            guard = all_of((_equals("Channel", "Security"), _equals("EventID", "4688")))
            found.append(Feed("windows.event", guard, "logon_process"))
        return tuple(found)
    if category in _WINDOWS_OTHER:
        return (Feed("windows.event", _WINDOWS_OTHER[category]),)
    if service in WINDOWS_CHANNELS:
        return (Feed("windows.event", _equals("Channel", *WINDOWS_CHANNELS[service])),)
    return () if category or service else (Feed("windows.event"),)


def _sysmon(*events: str) -> Node:
    return all_of((_equals("Channel", SYSMON), _equals("EventID", *events)))


def sources_of(logsource: LogSource) -> tuple[str, ...]:
    """The names of the sources that answer to a log source, each once."""
    return tuple(dict.fromkeys(feed.source for feed in feeds(logsource)))
