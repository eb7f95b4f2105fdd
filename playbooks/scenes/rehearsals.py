"""Attacks that are told in drills alone, so that the demo's everyday stays as it is. Nothing here does anything."""

from __future__ import annotations

from typing import Any

from playbooks.scenes import aws, network
from playbooks.scenes.stories import Story, Teller, titled

Call = tuple[float, str, str, dict[str, Any]]


def _calls(tell: Teller, who: dict[str, Any], site: Any, ip: str, calls: list[Call], **more: Any) -> None:
    for seconds, service, name, parameters in calls:
        line = aws.call(
            tell.pen, site, tell.pause(seconds), who, service, name, ip, parameters=parameters, part=tell.part, **more
        )
        tell.add(line)


def ransomware_in_a_district(tell: Teller) -> None:
    """The way back is destroyed first, then object after object is encrypted with a key that nobody here has."""
    pen, site, ip = tell.pen, tell.site("ransom"), tell.pen.outside()
    who, bucket = aws.user(site, f"{site.unit or 'unit'}-backup", pen.key()), f"{site.unit or 'city'}-files"
    tell.enter("no_way_back")
    suspended = {"bucketName": bucket, "VersioningConfiguration": {"Status": "Suspended"}}
    vault = {"backupVaultName": "daily", "recoveryPointArn": f"arn:{aws.PARTITION}:backup:::recovery-point:{pen.id()}"}
    _calls(
        tell, who, site, ip, [(0, "s3", "PutBucketVersioning", suspended), (20, "backup", "DeleteRecoveryPoint", vault)]
    )
    tell.enter("encrypt")
    algorithm = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
    copies: list[Call] = [
        (0.5, "s3", "CopyObject", {"bucketName": bucket, "key": f"cases/{n:05d}.pdf", **algorithm}) for n in range(40)
    ]
    _calls(tell, who, site, ip, copies, data=True)


def web_page_tampered(tell: Teller) -> None:
    """A portal's server is guessed open; a key is left behind, and a schedule that puts the page up again."""
    pen, site, ip = tell.pen, tell.site("portal"), tell.pen.outside()
    host = f"{site.host}-web-0"

    def say(seconds: float, app: str, text: str, facility: int = 10) -> None:
        tell.add(network.syslog(pen, tell.pause(seconds), host, app, text, facility=facility, part=tell.part))

    tell.enter("guess")
    for _ in range(24):
        say(2, "sshd", f"Failed password for root from {ip} port {pen.port()} ssh2")
    say(3, "sshd", f"Accepted password for root from {ip} port {pen.port()} ssh2")
    tell.enter("stay")
    planted = "TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/tee -a /root/.ssh/authorized_keys"
    say(10, "sudo", f"webadmin : {planted}")
    say(15, "crontab", "(root) REPLACE (root)", facility=9)


def flood_on_the_unified_app(tell: Teller) -> None:
    """Many addresses send the App more than it can answer."""
    pen, site = tell.pen, tell.site("app")
    sources = [pen.outside() for _ in range(40)]
    tell.enter("flood")
    for number in range(400):
        tell.add(
            network.eve_alert(
                pen, tell.pause(0.1), sources[number % len(sources)], f"{site.network}.2.10", 443, 3_000_051,
                "LOCAL too many new sessions in a second", "Attempted Denial of Service", 2, part=tell.part,
            )
        )  # fmt: skip


def insider_misuses_rights(tell: Teller) -> None:
    """An administrator gives himself more, takes a mask off, lowers a label, and shares a copy outside."""
    pen, site = tell.pen, tell.site("insider")
    name = f"{site.unit or 'unit'}-dba"
    who, ip = aws.user(site, name, pen.key()), f"{site.network}.8.31"
    policy = f"arn:{aws.PARTITION}:iam::aws:policy/AdministratorAccess"
    tell.enter("rights")
    _calls(tell, who, site, ip, [(0, "iam", "AttachUserPolicy", {"userName": name, "policyArn": policy})])
    tell.enter("unmask")
    label = {"resourceArn": f"arn:{aws.PARTITION}:glue:::table/persons", "tagsToAdd": {"classification": "public"}}
    calls: list[Call] = [
        (0, "lakeformation", "DeleteDataCellsFilter", {"databaseName": "persons", "name": "no_id_numbers"}),
        (20, "glue", "TagResource", label),
    ]
    _calls(tell, who, site, ip, calls)
    tell.enter("share")
    change = {"add": {"items": [{"userId": "999900009999"}]}}
    shared = {"snapshotId": f"snap-{pen.hex(17)}", "attributeType": "CREATE_VOLUME_PERMISSION"}
    _calls(tell, who, site, ip, [(0, "ec2", "ModifySnapshotAttribute", {**shared, "createVolumePermission": change})])


def supplier_compromised(tell: Teller) -> None:
    """The maintainer's account changes code by hand and lets an account of its own in."""
    pen, site, ip = tell.pen, tell.site("supplier"), tell.pen.outside()
    who = aws.user(site, "vendor-maintenance", pen.key())
    tell.enter("code")
    _calls(tell, who, site, ip, [(0, "lambda", "UpdateFunctionCode20150331v2", {"functionName": "permit-intake"})])
    tell.enter("door")
    principal = f'{{"AWS":"arn:{aws.PARTITION}:iam::999900009999:root"}}'
    document = f'{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}'
    trust = {"roleName": "operations", "policyDocument": document}
    created = {"accessKey": {"userName": "report-svc", "accessKeyId": pen.key(), "status": "Active"}}
    _calls(tell, who, site, ip, [(0, "iam", "UpdateAssumeRolePolicy", trust)])
    _calls(tell, who, site, ip, [(30, "iam", "CreateAccessKey", {"userName": "report-svc"})], response=created)


def audit_switched_off(tell: Teller) -> None:
    """One eye after the other is closed: the trail, the flow log, the threat detection."""
    pen, site, ip = tell.pen, tell.site("audit"), tell.pen.outside()
    who = aws.user(site, f"{site.unit or 'unit'}-ops1", pen.key())
    trail = f"arn:{aws.PARTITION}:cloudtrail:{aws.REGION}:{site.account}:trail/main"
    tell.enter("trail")
    _calls(tell, who, site, ip, [(0, "cloudtrail", "StopLogging", {"name": trail})])
    tell.enter("others")
    flows = {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": f"fl-{pen.hex(17)}"}}}
    detector: Call = (25, "guardduty", "DeleteDetector", {"detectorId": pen.hex(32)})
    _calls(tell, who, site, ip, [(0, "ec2", "DeleteFlowLogs", flows), detector])


def container_escape(tell: Teller) -> None:
    """A privileged pod with the node's files is started and entered; from there the cluster is taken."""
    pen, site, ip = tell.pen, tell.site("cluster"), tell.pen.outside()
    user, groups = f"{site.host}-contractor", ("developers", "system:authenticated")

    def call(verb: str, resource: str, seconds: float, **more: Any) -> None:
        time = tell.pause(seconds)
        tell.add(network.k8s(pen, site, time, user, verb, resource, groups=groups, address=ip, part=tell.part, **more))

    tell.enter("pod")
    container = {"name": "tool", "image": "alpine:3", "securityContext": {"privileged": True}}
    spec = {"hostPID": True, "containers": [container], "volumes": [{"name": "root", "hostPath": {"path": "/"}}]}
    call("create", "pods", 0, namespace="default", name="tool", body={"kind": "Pod", "spec": spec}, code=201)
    call("create", "pods", 12, namespace="default", name="tool", subresource="exec", code=101)
    tell.enter("cluster")
    call("list", "secrets", 0)
    subjects = [{"kind": "User", "name": user}]
    binding = {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": subjects}
    call("create", "clusterrolebindings", 25, name="helper", group="rbac.authorization.k8s.io", body=binding, code=201)


def api_abused(tell: Teller) -> None:
    """A key of an interface is tried at every door, then reads a table whole, page after page."""
    pen, site, ip = tell.pen, tell.site("api"), tell.pen.outside()
    who = aws.user(site, "open-api-consumer", pen.key())
    tell.enter("doors")
    doors = ("ListTables", "DescribeTable", "ListBackups", "ListExports", "ListStreams", "DescribeLimits",
             "ListGlobalTables", "ListImports", "DescribeEndpoints", "ListContributorInsights",
             "DescribeContinuousBackups", "ListTagsOfResource")  # fmt: skip
    _calls(tell, who, site, ip, [(6, "dynamodb", name, {}) for name in doors], error="AccessDenied")
    tell.enter("read")
    scan = {"tableName": "residents", "limit": 1000}
    _calls(tell, who, site, ip, [(2, "dynamodb", "Scan", scan) for _ in range(45)], data=True)


def classified_in_open_data(tell: Teller) -> None:
    """A data set whose label was lowered goes out through the open platform: to everybody."""
    pen, site = tell.pen, tell.city.exchange
    who, ip = aws.user(site, "open-data-publisher", pen.key()), f"{site.network}.6.12"
    tell.enter("label")
    label = {"resourceArn": f"arn:{aws.PARTITION}:glue:::table/rescue", "tagsToAdd": {"classification": "public"}}
    _calls(tell, who, site, ip, [(0, "glue", "TagResource", label)])
    tell.enter("publish")
    bucket = "open-data-sets"
    resource = f"arn:{aws.PARTITION}:s3:::{bucket}/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    policy = {"bucketName": bucket, "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]}}
    everyone = {"principal": {"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "permissions": ["SELECT"]}
    calls: list[Call] = [(0, "lakeformation", "GrantPermissions", everyone), (20, "s3", "PutBucketPolicy", policy)]
    _calls(tell, who, site, ip, calls)


REHEARSALS: dict[str, Story] = {
    "ransomware_in_a_district": titled(
        ransomware_in_a_district, "区县遭勒索加密", "Ransomware in a district",
        "backup_destroyed", "versioning_suspended", "objects_encrypted_with_foreign_key",
    ),
    "web_page_tampered": titled(
        web_page_tampered, "门户网页被篡改", "A web page is tampered with",
        "sshd_password_guessed", "login_key_planted", "root_schedule_changed",
    ),
    "flood_on_the_unified_app": titled(
        flood_on_the_unified_app, "统一 App 遭拒绝服务攻击", "Denial of service on the unified App",
        "service_under_attack",
    ),
    "insider_misuses_rights": titled(
        insider_misuses_rights, "内部人员滥用权限", "An insider misuses rights",
        "administrator_policy_attached", "data_mask_removed", "classification_label_lowered",
        "snapshot_shared_outside",
    ),
    "supplier_compromised": titled(
        supplier_compromised, "供应商账号失陷", "A supplier is compromised",
        "function_code_replaced_by_hand", "role_trusts_another_account", "access_key_created_for_another",
    ),
    "audit_switched_off": titled(
        audit_switched_off, "审计日志被关闭", "Audit logs are switched off",
        "audit_log_switched_off", "flow_log_deleted", "threat_detection_switched_off",
    ),
    "container_escape": titled(
        container_escape, "容器逃逸", "Escape from a container",
        "privileged_workload", "node_path_mounted", "shell_in_pod", "secrets_listed_everywhere", "cluster_admin_given",
    ),
    "api_abused": titled(
        api_abused, "接口被滥用", "An interface is abused", "key_tries_doors", "table_read_whole"
    ),
    "classified_in_open_data": titled(
        classified_in_open_data, "涉密数据误入开放数据集", "Classified data in an open data set",
        "classification_label_lowered", "catalogue_opened_to_all", "bucket_made_public",
    ),
}  # fmt: skip
