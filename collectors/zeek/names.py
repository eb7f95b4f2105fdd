"""Which Zeek log a record belongs to, and one spelling for its fields."""

from __future__ import annotations

import re
from functools import lru_cache

from yunshao.model.event import Native

LOGS = (
    "analyzer", "broker", "capture_loss", "cluster", "config", "conn", "conn_long", "dce_rpc", "dhcp", "dnp3", "dns",
    "dpd", "files", "ftp", "http", "intel", "irc", "kerberos", "known_certs", "known_hosts", "known_services", "ldap",
    "ldap_search", "loaded_scripts", "modbus", "mqtt_connect", "mysql", "notice", "notice_alarm", "ntlm", "ntp",
    "ocsp", "open_connection", "packet_filter", "pe", "postgresql", "print", "quic", "radius", "rdp", "reporter",
    "rfb", "signatures", "sip", "smb_cmd", "smb_files", "smb_mapping", "smtp", "snmp", "socks", "software", "ssh",
    "ssl", "stats", "stderr", "stdout", "syslog", "telemetry", "traceroute", "tunnel", "weird", "weird_stats",
    "websocket", "x509",
)  # fmt: skip
_BY_LENGTH = sorted(LOGS, key=len, reverse=True)
_IN_FILE_NAME = re.compile(r"(?:\A|[^a-z0-9])(" + "|".join(_BY_LENGTH) + r")(?=[^a-z]|\Z)")
_TELLING = (
    ("conn", ("conn_state",)),
    ("dns", ("qtype_name",)),
    ("dns", ("trans_id", "query")),
    ("http", ("trans_depth", "method")),
    ("ssl", ("ssl_history",)),
    ("ssl", ("cipher", "established")),
    ("ssh", ("auth_attempts",)),
    ("ssh", ("client", "host_key_alg")),
    ("rdp", ("security_protocol",)),
    ("files", ("fuid", "analyzers")),
    ("x509", ("certificate.serial",)),
    ("notice", ("note", "msg")),
    ("kerberos", ("request_type", "till")),
    ("ntlm", ("ntlm_success",)),
    ("ntlm", ("server_nb_computer_name",)),
    ("smb_files", ("action", "path", "name")),
    ("smb_mapping", ("share_type", "path")),
    ("dce_rpc", ("endpoint", "operation")),
    ("dhcp", ("msg_types",)),
    ("ftp", ("command", "reply_code")),
    ("smtp", ("helo",)),
    ("weird", ("name", "notice", "peer")),
    ("tunnel", ("tunnel_type",)),
    ("intel", ("seen.indicator",)),
)
_GROUPS = (
    ("id_", "id.", ("orig_h", "orig_p", "resp_h", "resp_p")),
    ("certificate_", "certificate.", ("version", "serial", "subject", "issuer", "not_valid_before", "not_valid_after",
                                      "key_alg", "sig_alg", "key_type", "key_length", "exponent", "curve")),
    ("san_", "san.", ("dns", "uri", "email", "ip")),
    ("basic_constraints_", "basic_constraints.", ("ca", "path_len")),
    ("seen_", "seen.", ("indicator", "indicator_type", "where", "node")),
)  # fmt: skip
_DOTTED = {f"{written}{name}": f"{dotted}{name}" for written, dotted, names in _GROUPS for name in names}
_NESTED = ("id", "certificate", "san", "basic_constraints", "seen")


def one_spelling(native: Native) -> Native:
    """The record with `id.orig_h` and its like, however a shipper wrote them (`id_orig_h`, or objects in objects)."""
    if "id.orig_h" in native:
        return native
    nested = [name for name in _NESTED if isinstance(native.get(name), dict)]
    for name in nested:
        for inner, value in native.pop(name).items():
            native[f"{name}.{inner}"] = value
    if _DOTTED.keys().isdisjoint(native):
        return native
    return {_DOTTED.get(name, name): value for name, value in native.items()}


def log_of(native: Native, hint: str) -> str:
    """The log's name: `_path`, else `@stream`, else the file's name, else what the fields tell; empty if unknown."""
    for member in ("_path", "@stream"):
        named = native.get(member)
        if named.__class__ is str and named:
            return str(named)
    return _in_hint(hint) or next((log for log, fields in _TELLING if all(field in native for field in fields)), "")


@lru_cache(maxsize=4096)
def _in_hint(hint: str) -> str:
    base = hint.replace("\\", "/").rpartition("/")[2].lower()
    found = _IN_FILE_NAME.findall(base)
    return str(found[-1]) if found else ""
