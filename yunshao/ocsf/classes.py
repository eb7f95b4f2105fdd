"""The OCSF 1.8.0 classes that the product emits or reads, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

VERSION = "1.8.0"
CATEGORIES = {
    0: "Uncategorized",
    1: "System Activity",
    2: "Findings",
    3: "Identity & Access Management",
    4: "Network Activity",
    5: "Discovery",
    6: "Application Activity",
}
SEVERITIES = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
    99: "Other",
}
EVENT_STATUSES = {0: "Unknown", 1: "Success", 2: "Failure", 99: "Other"}
FINDING_STATUSES = {
    0: "Unknown",
    1: "New",
    2: "In Progress",
    3: "Suppressed",
    4: "Resolved",
    5: "Archived",
    6: "Deleted",
    99: "Other",
}
BASE_REQUIRED = ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid")
PROFILE_REQUIRED = {"cloud": ("cloud",), "host": (), "osint": ("osint",)}
OBJECT_NEEDS_ONE = {
    "account": ("name", "uid"),
    "actor": ("process", "user", "session", "app_name", "app_uid"),
    "analytic": ("name", "uid"),
    "databucket": ("name", "uid"),
    "dst_endpoint": (
        "ip",
        "uid",
        "name",
        "hostname",
        "svc_name",
        "instance_uid",
        "interface_uid",
        "interface_name",
        "domain",
    ),
    "group": ("name", "uid"),
    "product": ("name", "uid"),
    "service": ("name", "uid"),
    "user": ("account", "name", "uid"),
}
OBJECT_NEEDS_ONE["src_endpoint"] = OBJECT_NEEDS_ONE["dst_endpoint"]


@dataclass(frozen=True, slots=True)
class EventClass:
    """One class: its number, schema name, what people call it, its activities, and what it cannot do without."""

    uid: int
    name: str
    caption: str
    activities: dict[int, str]
    required: tuple[str, ...] = ()
    needs_one: tuple[str, ...] = ()
    category_uid: int = field(default=-1)

    def __post_init__(self) -> None:
        """The category is the thousands of the number unless it was given."""
        if self.category_uid < 0:
            object.__setattr__(self, "category_uid", self.uid // 1000)


def _activities(*names: str, first: int = 1) -> dict[int, str]:
    numbered = dict(enumerate(names, start=first))
    return {0: "Unknown", **numbered, 99: "Other"}


_ENDPOINTS = ("dst_endpoint", "src_endpoint")
_CRUD = ("Create", "Read", "Update", "Delete")
_CRUD_KEYS = ("Create", "Read", "Modify", "Delete", "Rename", "Set Security", "Restore", "Import", "Export")
_TRAFFIC = ("Open", "Close", "Reset", "Fail", "Refuse", "Traffic", "Listen")
_FINDING = _activities("Create", "Update", "Close")

_LISTED = (
    EventClass(0, "base_event", "Base Event", _activities()),
    EventClass(
        1001,
        "file_activity",
        "File System Activity",
        _activities(
            *("Create", "Read", "Update", "Delete", "Rename", "Set Attributes", "Set Security"),
            *("Get Attributes", "Get Security", "Encrypt", "Decrypt", "Mount", "Unmount", "Open"),
        ),
        required=("actor", "device", "file"),
    ),
    EventClass(
        1002,
        "kernel_extension_activity",
        "Kernel Extension Activity",
        _activities("Load", "Unload"),
        required=("actor", "device", "driver"),
    ),
    EventClass(
        1005,
        "module_activity",
        "Module Activity",
        _activities("Load", "Unload", "Invoke"),
        required=("actor", "device", "module"),
    ),
    EventClass(
        1006,
        "scheduled_job_activity",
        "Scheduled Job Activity",
        _activities("Create", "Update", "Delete", "Enable", "Disable", "Start"),
        required=("device", "job"),
    ),
    EventClass(
        1007,
        "process_activity",
        "Process Activity",
        _activities("Launch", "Terminate", "Open", "Inject", "Set User ID"),
        required=("actor", "device", "process"),
    ),
    EventClass(
        1008,
        "event_log_actvity",
        "Event Log Activity",
        _activities("Clear", "Delete", "Export", "Archive", "Rotate", "Start", "Stop", "Restart", "Enable", "Disable"),
        needs_one=("log_file", "log_name", "log_provider", "log_type", "log_type_id"),
    ),
    EventClass(
        1009,
        "script_activity",
        "Script Activity",
        _activities("Execute"),
        required=("actor", "device", "script"),
    ),
    EventClass(
        2002, "vulnerability_finding", "Vulnerability Finding", _FINDING, required=("finding_info", "vulnerabilities")
    ),
    EventClass(2003, "compliance_finding", "Compliance Finding", _FINDING, required=("compliance", "finding_info")),
    EventClass(2004, "detection_finding", "Detection Finding", _FINDING, required=("finding_info",)),
    EventClass(
        2005,
        "incident_finding",
        "Incident Finding",
        _FINDING,
        required=("finding_info_list", "status_id"),
        needs_one=("assignee", "assignee_group"),
    ),
    EventClass(
        2006,
        "data_security_finding",
        "Data Security Finding",
        _activities("Create", "Update", "Close", "Suppressed"),
        required=("finding_info",),
    ),
    EventClass(
        3001,
        "account_change",
        "Account Change",
        _activities(
            *("Create", "Enable", "Password Change", "Password Reset", "Disable", "Delete", "Attach Policy"),
            *("Detach Policy", "Lock", "MFA Factor Enable", "MFA Factor Disable", "Unlock"),
        ),
        required=("user",),
    ),
    EventClass(
        3002,
        "authentication",
        "Authentication",
        _activities(
            *("Logon", "Logoff", "Authentication Ticket", "Service Ticket Request"),
            *("Service Ticket Renew", "Preauth", "Account Switch"),
        ),
        required=("user",),
        needs_one=("service", "dst_endpoint"),
    ),
    EventClass(
        3003,
        "authorize_session",
        "Authorize Session",
        _activities("Assign Privileges", "Assign Groups"),
        required=("user",),
        needs_one=("privileges", "group"),
    ),
    EventClass(
        3004,
        "entity_management",
        "Entity Management",
        _activities(
            *("Create", "Read", "Update", "Delete", "Move", "Enroll", "Unenroll"),
            *("Enable", "Disable", "Activate", "Deactivate", "Suspend", "Resume"),
        ),
        required=("entity",),
    ),
    EventClass(
        3005,
        "user_access",
        "User Access Management",
        _activities("Assign Privileges", "Revoke Privileges"),
        required=("user", "privileges"),
    ),
    EventClass(
        3006,
        "group_management",
        "Group Management",
        _activities(
            *("Assign Privileges", "Revoke Privileges", "Add User", "Remove User"),
            *("Delete", "Create", "Add Subgroup", "Remove Subgroup"),
        ),
        required=("group",),
    ),
    EventClass(4001, "network_activity", "Network Activity", _activities(*_TRAFFIC), needs_one=_ENDPOINTS),
    EventClass(
        4002,
        "http_activity",
        "HTTP Activity",
        _activities("Connect", "Delete", "Get", "Head", "Options", "Post", "Put", "Trace", "Patch"),
        needs_one=("http_request", "http_response"),
    ),
    EventClass(
        4003,
        "dns_activity",
        "DNS Activity",
        {0: "Unknown", 1: "Query", 2: "Response", 6: "Traffic", 99: "Other"},
        needs_one=_ENDPOINTS,
    ),
    EventClass(
        4004,
        "dhcp_activity",
        "DHCP Activity",
        _activities("Discover", "Offer", "Request", "Decline", "Ack", "Nak", "Release", "Inform", "Expire"),
        needs_one=_ENDPOINTS,
    ),
    EventClass(
        4005,
        "rdp_activity",
        "RDP Activity",
        _activities(
            *("Initial Request", "Initial Response", "Connect Request", "Connect Response"),
            *("TLS Handshake", "Traffic", "Disconnect", "Reconnect"),
        ),
        needs_one=_ENDPOINTS,
    ),
    EventClass(
        4006,
        "smb_activity",
        "SMB Activity",
        _activities(
            "File Supersede", "File Open", "File Create", "File Open If", "File Overwrite", "File Overwrite If"
        ),
        needs_one=_ENDPOINTS,
    ),
    EventClass(4007, "ssh_activity", "SSH Activity", _activities(*_TRAFFIC), needs_one=_ENDPOINTS),
    EventClass(
        4008,
        "ftp_activity",
        "FTP Activity",
        _activities("Put", "Get", "Poll", "Delete", "Rename", "List"),
        needs_one=_ENDPOINTS,
    ),
    EventClass(
        4014,
        "tunnel_activity",
        "Tunnel Activity",
        _activities("Open", "Close", "Renew"),
        needs_one=("connection_info", "session", "src_endpoint", "traffic", "tunnel_interface", "tunnel_type_id"),
    ),
    EventClass(5001, "inventory_info", "Device Inventory Info", _activities("Log", "Collect"), required=("device",)),
    EventClass(
        5023,
        "cloud_resources_inventory_info",
        "Cloud Resources Inventory Info",
        _activities("Log", "Collect"),
        needs_one=("cloud", "container", "database", "databucket", "idp", "resources", "table"),
    ),
    EventClass(
        6001,
        "web_resources_activity",
        "Web Resources Activity",
        _activities(*_CRUD, "Search", "Import", "Export", "Share"),
        required=("web_resources",),
    ),
    EventClass(6003, "api_activity", "API Activity", _activities(*_CRUD), required=("actor", "api", "src_endpoint")),
    EventClass(
        6005,
        "datastore_activity",
        "Datastore Activity",
        _activities(
            *("Read", "Update", "Connect", "Query", "Write", "Create", "Delete", "List", "Encrypt", "Decrypt"),
        ),
        required=("actor", "src_endpoint"),
        needs_one=("database", "databucket", "table"),
    ),
    EventClass(
        6006,
        "file_hosting",
        "File Hosting Activity",
        _activities(
            *("Upload", "Download", "Update", "Delete", "Rename", "Copy", "Move", "Restore", "Preview", "Lock"),
            *("Unlock", "Share", "Unshare", "Open", "Sync", "Unsync", "Access Check"),
        ),
        required=("actor", "file", "src_endpoint"),
    ),
    EventClass(
        201001,
        "win/registry_key_activity",
        "Registry Key Activity",
        _activities(*_CRUD_KEYS),
        required=("actor", "device", "reg_key"),
        category_uid=1,
    ),
    EventClass(
        201002,
        "win/registry_value_activity",
        "Registry Value Activity",
        _activities("Get", "Set", "Modify", "Delete"),
        required=("actor", "device", "reg_value"),
        category_uid=1,
    ),
    EventClass(
        201004,
        "win/windows_service_activity",
        "Windows Service Activity",
        _activities("Create", "Reconfigure", "Start", "Stop", "Pause", "Continue", "Delete"),
        required=("actor", "device", "win_service"),
        category_uid=1,
    ),
)

CLASSES = {listed.uid: listed for listed in _LISTED}
