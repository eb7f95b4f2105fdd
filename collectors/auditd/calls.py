"""Names of the system calls that audit rules usually watch, by architecture and number; and of record types."""

from __future__ import annotations

_X86_64 = {
    0: "read", 1: "write", 2: "open", 3: "close", 9: "mmap", 10: "mprotect", 16: "ioctl", 21: "access", 41: "socket",
    42: "connect", 43: "accept", 44: "sendto", 49: "bind", 50: "listen", 56: "clone", 57: "fork", 58: "vfork",
    59: "execve", 62: "kill", 76: "truncate", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat",
    86: "link", 87: "unlink", 88: "symlink", 90: "chmod", 91: "fchmod", 92: "chown", 93: "fchown", 94: "lchown",
    99: "sysinfo", 101: "ptrace", 103: "syslog", 105: "setuid", 106: "setgid", 113: "setreuid", 114: "setregid",
    117: "setresuid", 119: "setresgid", 126: "capset", 132: "utime", 133: "mknod", 135: "personality",
    155: "pivot_root", 157: "prctl", 159: "adjtimex", 161: "chroot", 164: "settimeofday", 165: "mount", 166: "umount2",
    167: "swapon", 169: "reboot", 170: "sethostname", 171: "setdomainname", 175: "init_module", 176: "delete_module",
    188: "setxattr", 189: "lsetxattr", 190: "fsetxattr", 197: "removexattr", 227: "clock_settime", 235: "utimes",
    246: "kexec_load", 257: "openat", 258: "mkdirat", 259: "mknodat", 260: "fchownat", 263: "unlinkat", 264: "renameat",
    265: "linkat", 266: "symlinkat", 268: "fchmodat", 272: "unshare", 280: "utimensat", 288: "accept4",
    304: "open_by_handle_at", 308: "setns", 310: "process_vm_readv", 311: "process_vm_writev", 313: "finit_module",
    316: "renameat2", 319: "memfd_create", 321: "bpf", 322: "execveat", 425: "io_uring_setup", 435: "clone3",
    437: "openat2",
}  # fmt: skip
_AARCH64 = {
    5: "setxattr", 33: "mknodat", 34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat", 38: "renameat",
    39: "umount2", 40: "mount", 45: "truncate", 46: "ftruncate", 51: "chroot", 53: "fchmodat", 54: "fchownat",
    56: "openat", 57: "close", 63: "read", 64: "write", 88: "utimensat", 90: "capget", 91: "capset", 92: "personality",
    97: "unshare", 104: "kexec_load", 105: "init_module", 106: "delete_module", 112: "clock_settime", 116: "syslog",
    117: "ptrace", 129: "kill", 142: "reboot", 143: "setregid", 144: "setgid", 145: "setreuid", 146: "setuid",
    147: "setresuid", 161: "sethostname", 170: "settimeofday", 179: "sysinfo", 198: "socket", 200: "bind",
    201: "listen", 202: "accept", 203: "connect", 206: "sendto", 220: "clone", 221: "execve", 268: "setns",
    270: "process_vm_readv", 271: "process_vm_writev", 273: "finit_module", 276: "renameat2", 279: "memfd_create",
    280: "bpf", 281: "execveat", 435: "clone3", 437: "openat2",
}  # fmt: skip
_I386 = {
    2: "fork", 5: "open", 8: "creat", 9: "link", 10: "unlink", 11: "execve", 15: "chmod", 21: "mount", 23: "setuid",
    26: "ptrace", 37: "kill", 38: "rename", 39: "mkdir", 40: "rmdir", 88: "reboot", 102: "socketcall", 103: "syslog",
    128: "init_module", 129: "delete_module", 136: "personality", 182: "chown", 295: "openat", 301: "unlinkat",
    350: "finit_module", 356: "memfd_create", 358: "execveat", 359: "socket", 361: "bind", 362: "connect",
}  # fmt: skip
CALLS = {"c000003e": _X86_64, "c00000b7": _AARCH64, "40000003": _I386}
TYPES = {
    "1100": "USER_AUTH", "1101": "USER_ACCT", "1103": "CRED_ACQ", "1104": "CRED_DISP", "1105": "USER_START",
    "1106": "USER_END", "1108": "USER_CHAUTHTOK", "1112": "USER_LOGIN", "1114": "ADD_USER", "1115": "DEL_USER",
    "1116": "ADD_GROUP", "1117": "DEL_GROUP", "1123": "USER_CMD", "1130": "SERVICE_START", "1131": "SERVICE_STOP",
    "1300": "SYSCALL", "1302": "PATH", "1305": "CONFIG_CHANGE", "1306": "SOCKADDR", "1307": "CWD", "1309": "EXECVE",
    "1325": "NETFILTER_CFG", "1326": "SECCOMP", "1327": "PROCTITLE", "1334": "BPF", "1400": "AVC",
    "1404": "MAC_STATUS", "1700": "ANOM_PROMISCUOUS", "1701": "ANOM_ABEND",
}  # fmt: skip
