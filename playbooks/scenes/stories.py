"""Attacks, told in the native records of those who would see them. No host is touched; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.scenes import aws, network
from playbooks.scenes.city import FOREIGN_ACCOUNT, City, Site
from playbooks.scenes.line import Line, Pen

SECOND = 1000


@dataclass
class Teller:
    """Writes one story: a pen, a city, a clock that goes on, and the part at hand."""

    pen: Pen
    city: City
    now: int
    pace: float = 1.0
    begins: Mapping[str, int] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    part: str = ""

    def pause(self, seconds: float) -> int:
        """Let time pass, `pace` times as fast; gives the new time."""
        self.now += int(seconds * SECOND / self.pace)
        return self.now

    def enter(self, part: str) -> None:
        """The next part; where its beginning is given, the clock goes there."""
        self.part = part
        self.now = self.entered[part] = self.begins.get(part, self.now)

    def add(self, line: Line) -> None:
        """One more line."""
        self.lines.append(line)

    def site(self, stem: str) -> Site:
        """A claimed site that the seed picks."""
        return self.city.site(aws.hash_text(stem + str(self.pen.chance.random())))


def leaked_cloud_key(tell: Teller) -> None:
    """A key that left the house: looked around with, made lasting, used, and hidden."""
    pen, site, ip = tell.pen, tell.site("key"), tell.pen.outside()
    who = aws.user(site, "deploy-bot", pen.key())

    def call(
        service: str,
        name: str,
        seconds: float,
        parameters: dict[str, Any] | None = None,
        response: dict[str, Any] | None = None,
    ) -> None:
        line = aws.call(
            pen,
            site,
            tell.pause(seconds),
            who,
            service,
            name,
            ip,
            parameters=parameters,
            response=response,
            part=tell.part,
        )
        tell.add(line)

    tell.enter("look_around")
    call("sts", "GetCallerIdentity", 0)
    for service, name in (
        ("iam", "ListUsers"), ("iam", "ListRoles"), ("iam", "ListPolicies"), ("iam", "ListAttachedUserPolicies"),
        ("s3", "ListBuckets"), ("ec2", "DescribeInstances"), ("ec2", "DescribeSecurityGroups"),
        ("ec2", "DescribeSnapshots"), ("rds", "DescribeDBInstances"), ("secretsmanager", "ListSecrets"),
        ("kms", "ListKeys"), ("lambda", "ListFunctions20150331"),
        ("cloudtrail", "DescribeTrails"), ("organizations", "DescribeOrganization"),
    ):  # fmt: skip
        call(service, name, 4)
    tell.enter("make_lasting")
    created = {"accessKey": {"userName": "backup-svc", "accessKeyId": pen.key(), "status": "Active"}}
    call("iam", "CreateAccessKey", 30, {"userName": "backup-svc"}, created)
    policy = f"arn:{aws.PARTITION}:iam::aws:policy/AdministratorAccess"
    call("iam", "AttachUserPolicy", 20, {"userName": "backup-svc", "policyArn": policy})
    tell.enter("open_bucket")
    bucket = f"{site.unit or 'city'}-archive"
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:{aws.PARTITION}:s3:::{bucket}/*",
    }
    call(
        "s3",
        "PutBucketPolicy",
        40,
        {"bucketName": bucket, "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]}},
    )
    tell.enter("hide")
    call(
        "cloudtrail",
        "StopLogging",
        30,
        {"name": f"arn:{aws.PARTITION}:cloudtrail:{aws.REGION}:{site.account}:trail/main"},
    )


def sharing_exchange_bulk_export(tell: Teller) -> None:
    """Somebody who is no approved consumer carries a base library out of the sharing exchange."""
    pen, site, bucket = tell.pen, tell.city.exchange, tell.city.buckets[0]
    who = aws.user(site, "exchange-maintenance", pen.key())
    ip = f"{site.network}.9.77"
    tell.enter("list")
    for page in range(3):
        parameters = {"bucketName": bucket, "prefix": "persons/", "marker": str(page)}
        tell.add(
            aws.call(
                pen, site, tell.pause(3), who, "s3", "ListObjects", ip, parameters=parameters, data=True, part=tell.part
            )
        )
    tell.enter("export")
    for number in range(320):
        parameters = {"bucketName": bucket, "key": f"persons/{number:05d}.parquet"}
        extra = {"bytesTransferredOut": pen.chance.randrange(3_000_000, 6_000_000), "bytesTransferredIn": 0}
        line = aws.call(
            pen,
            site,
            tell.pause(0.6),
            who,
            "s3",
            "GetObject",
            ip,
            parameters=parameters,
            extra=extra,
            data=True,
            part=tell.part,
        )
        tell.add(line)


def console_brute_force(tell: Teller) -> None:
    """Passwords are tried until one opens the console, without a second factor."""
    pen, site, ip = tell.pen, tell.site("console"), tell.pen.outside()
    who = aws.user(site, f"{site.unit or 'unit'}-finance")
    for _ in range(14):
        tell.add(aws.console_login(pen, site, tell.pause(7), who, ip, ok=False, mfa=False))
    tell.add(aws.console_login(pen, site, tell.pause(9), who, ip, ok=True, mfa=False))


def root_login(tell: Teller) -> None:
    """The root user of an account that nobody answers for logs in."""
    strays = [site for site in tell.city.sites if not site.claimed]
    site = tell.pen.chance.choice(strays) if strays else tell.site("root")
    tell.add(aws.console_login(tell.pen, site, tell.now, aws.root(site), tell.pen.outside(), ok=True, mfa=False))


def open_security_group(tell: Teller) -> None:
    """Administration and database ports are opened to everybody."""
    pen, site = tell.pen, tell.site("group")
    who = aws.user(site, f"{site.unit or 'unit'}-dev1")
    for port in (22, 3306, 6379):
        item = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
        parameters = {"groupId": f"sg-{pen.hex(17)}", "ipPermissions": {"items": [item]}}
        tell.add(
            aws.call(
                pen, site, tell.pause(25), who, "ec2", "AuthorizeSecurityGroupIngress", f"{site.network}.8.21",
                agent=aws.BROWSER, parameters=parameters, response={"_return": True},
            )
        )  # fmt: skip


def kubernetes_takeover(tell: Teller) -> None:
    """A developer's account reads every secret, starts a privileged pod, enters it, and makes itself administrator."""
    pen, site, ip = tell.pen, tell.site("cluster"), tell.pen.outside()
    user, groups = f"{site.host}-contractor", ("developers", "system:authenticated")

    def call(verb: str, resource: str, seconds: float, **more: Any) -> None:
        tell.add(network.k8s(pen, site, tell.pause(seconds), user, verb, resource, groups=groups, address=ip, **more))

    call("list", "secrets", 0)
    spec = {
        "hostPID": True,
        "containers": [{"name": "tool", "image": "alpine:3", "securityContext": {"privileged": True}}],
    }
    call("create", "pods", 30, namespace="default", name="tool", body={"kind": "Pod", "spec": spec}, code=201)
    call("create", "pods", 12, namespace="default", name="tool", subresource="exec", code=101)
    binding = {
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": user}],
    }
    call("create", "clusterrolebindings", 25, name="helper", group="rbac.authorization.k8s.io", body=binding, code=201)


def ssh_brute_force(tell: Teller) -> None:
    """Passwords are tried on a server until one is accepted."""
    pen, site, ip = tell.pen, tell.site("ssh"), tell.pen.outside()
    host = f"{site.host}-web-0"
    for _ in range(24):
        text = f"Failed password for root from {ip} port {pen.port()} ssh2"
        tell.add(network.syslog(pen, tell.pause(2), host, "sshd", text, facility=10))
    text = f"Accepted password for root from {ip} port {pen.port()} ssh2"
    tell.add(network.syslog(pen, tell.pause(3), host, "sshd", text, facility=10))


def port_scan(tell: Teller) -> None:
    """One address knocks at many ports."""
    pen, site, ip = tell.pen, tell.site("scan"), tell.pen.outside()
    target = f"{site.network}.2.40"
    for port in range(1, 91):
        state = pen.chance.choice(("S0", "REJ"))
        quiet: dict[str, Any] = {
            "orig_bytes": 0,
            "resp_bytes": 0,
            "service": "",
            "duration": 0.001,
            "history": "S" if state == "S0" else "Sr",
            "local_orig": False,
        }
        tell.add(network.zeek_conn(pen, tell.pause(0.4), ip, target, port * 7, conn_state=state, **quiet))


def dns_tunnel(tell: Teller) -> None:
    """Data leaves in the names that are asked for."""
    pen, site = tell.pen, tell.site("dns")
    client = f"{site.network}.2.66"
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for _ in range(160):
        label = "".join(pen.chance.choices(letters, k=40))
        tell.add(
            network.zeek_dns(pen, tell.pause(1.5), client, f"{site.network}.0.53", f"{label}.t.example.net", kind="TXT")
        )


def ids_severity_one(tell: Teller) -> None:
    """The sensor sees a break-in that it does not block."""
    pen, site = tell.pen, tell.site("ids")
    tell.add(
        network.eve_alert(
            pen, tell.now, pen.outside(), f"{site.network}.2.80", 8080, 3_000_021, "LOCAL remote code in a form field",
            "Attempted Administrator Privilege Gain", 1,
        )
    )  # fmt: skip


def snapshot_shared(tell: Teller) -> None:
    """A disk's copy is given to an account outside."""
    pen, site = tell.pen, tell.site("snapshot")
    who = aws.user(site, f"{site.unit or 'unit'}-data2", pen.key())
    change = {"add": {"items": [{"userId": FOREIGN_ACCOUNT}]}}
    parameters = {
        "snapshotId": f"snap-{pen.hex(17)}",
        "attributeType": "CREATE_VOLUME_PERMISSION",
        "createVolumePermission": change,
    }
    tell.add(aws.call(pen, site, tell.now, who, "ec2", "ModifySnapshotAttribute", pen.outside(), parameters=parameters))


def kms_key_deletion(tell: Teller) -> None:
    """The key that protects the data is to be deleted."""
    pen, site = tell.pen, tell.site("kms")
    who = aws.user(site, f"{site.unit or 'unit'}-ops0", pen.key())
    key = f"arn:{aws.PARTITION}:kms:{aws.REGION}:{site.account}:key/{pen.id()}"
    parameters = {"keyId": key, "pendingWindowInDays": 7}
    tell.add(aws.call(pen, site, tell.now, who, "kms", "ScheduleKeyDeletion", pen.outside(), parameters=parameters))


def mass_delete(tell: Teller) -> None:
    """Objects are deleted by the hundred."""
    pen, site, ip = tell.pen, tell.site("delete"), tell.pen.outside()
    who = aws.user(site, f"{site.unit or 'unit'}-data1", pen.key())
    for number in range(140):
        parameters = {"bucketName": f"{site.unit or 'city'}-files", "key": f"scans/{number:05d}.tif"}
        tell.add(aws.call(pen, site, tell.pause(0.5), who, "s3", "DeleteObject", ip, parameters=parameters, data=True))


@dataclass(frozen=True, slots=True)
class Story:
    """A story with the names of the shipped rules that must notice it."""

    tell: Callable[[Teller], None]
    title: dict[str, str]
    rules: tuple[str, ...]


def titled(tell: Callable[[Teller], None], zh: str, en: str, *rules: str) -> Story:
    """A story with its title and the rules that must notice it."""
    return Story(tell, {"zh": zh, "en": en}, rules)


STORIES: dict[str, Story] = {
    "leaked_cloud_key": titled(
        leaked_cloud_key, "云密钥泄露", "A leaked cloud key",
        "access_key_created_for_another", "administrator_policy_attached", "bucket_made_public",
        "audit_log_switched_off",
    ),
    "sharing_exchange_bulk_export": titled(
        sharing_exchange_bulk_export, "共享交换平台批量导出", "Bulk export from the sharing exchange",
        "exchange_bulk_export",
    ),
    "console_brute_force": titled(
        console_brute_force, "控制台口令爆破成功", "Console passwords tried until one fits",
        "console_password_guessed", "console_login_without_mfa",
    ),
    "root_login": titled(
        root_login, "无主账号根用户登录", "Root log-in of an unowned account", "root_console_login_without_mfa"
    ),
    "open_security_group": titled(
        open_security_group, "安全组对公网开放", "Security group opened to the world", "admin_port_opened_to_world"
    ),
    "kubernetes_takeover": titled(
        kubernetes_takeover, "集群被接管", "A cluster is taken over",
        "secrets_listed_everywhere", "privileged_workload", "shell_in_pod", "cluster_admin_given",
    ),
    "ssh_brute_force": titled(
        ssh_brute_force, "主机口令爆破成功", "Server passwords tried until one fits", "sshd_password_guessed"
    ),
    "port_scan": titled(port_scan, "端口扫描", "Port scan", "ports_scanned"),
    "dns_tunnel": titled(dns_tunnel, "域名隧道", "DNS tunnel", "dns_tunnel"),
    "ids_severity_one": titled(ids_severity_one, "入侵检测高危告警", "Severe hit of the sensor", "break_in_attempt"),
    "snapshot_shared": titled(
        snapshot_shared, "快照共享到外部账号", "Snapshot shared outside", "snapshot_shared_outside"
    ),
    "kms_key_deletion": titled(kms_key_deletion, "密钥计划删除", "Key deletion scheduled", "key_deletion_scheduled"),
    "mass_delete": titled(mass_delete, "批量删除对象", "Objects deleted in mass", "objects_deleted_in_mass"),
}  # fmt: skip
