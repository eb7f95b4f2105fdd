"""Ordinary days: people at their desks, programs at theirs, the week's rhythm."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playbooks.scenes import aws, network
from playbooks.scenes.city import City, Site
from playbooks.scenes.line import Line, Pen, iso

HOUR_MS = 3_600_000
CITY_OFFSET_MS = 8 * HOUR_MS
# Share of the usual rate in each hour of a working day, midnight first.
DAY = (2, 2, 2, 2, 2, 2, 3, 5, 9, 12, 12, 11, 8, 8, 11, 12, 12, 10, 6, 4, 4, 3, 3, 2)
READS = (
    ("ec2", "DescribeInstances"), ("ec2", "DescribeVolumes"), ("monitoring", "DescribeAlarms"),
    ("logs", "DescribeLogGroups"), ("elasticloadbalancing", "DescribeLoadBalancers"), ("rds", "DescribeDBInstances"),
    ("s3", "ListBuckets"), ("lambda", "ListFunctions20150331"),
)  # fmt: skip
DOMAINS = (
    "www.gov.example.cn",
    "mail.yunzhou.example.cn",
    "time.yunzhou.example.cn",
    "update.example.net",
    "map.example.cn",
    "api.weather.example.cn",
)
APPS = ("web", "api", "gateway", "worker", "report")
Writer = Callable[[Pen, City, int], Line]


def worker(site: Site, number: int) -> tuple[str, str]:
    """One of the site's people and the address of their desk, which stay the same."""
    stem = f"{site.unit or 'stray'}-{('ops', 'dev', 'data', 'audit')[number % 4]}{number}"
    return stem, f"{site.network}.{8 + number % 4}.{20 + number}"


def aws_read(pen: Pen, city: City, time: int) -> Line:
    """A program looks at its resources."""
    site = pen.chance.choice(city.sites)
    service, name = READS[(aws.hash_text(site.account) + pen.chance.randrange(3)) % len(READS)]
    who = aws.role(site, "platform-monitor", "collector", aws_key(site, "monitor"), time - time % HOUR_MS)
    return aws.call(pen, site, time, who, service, name, f"{site.network}.2.15", agent=aws.SDK_AGENT)


def aws_key(site: Site, name: str) -> str:
    """A key id that stays the same for a program of a site."""
    return f"ASIA{aws.hash_text(site.account + name):016X}"[:20]


def aws_object(pen: Pen, city: City, time: int) -> Line:
    """An approved consumer reads from the sharing exchange, or a program from its own bucket."""
    if pen.chance.random() < 0.5:
        site, consumer = city.exchange, pen.chance.choice(("tax", "health", "housing", "transport"))
        who = aws.role(site, f"exchange-consumer-{consumer}", "nightly", aws_key(site, consumer), time - time % HOUR_MS)
        bucket = city.buckets[len(consumer) % len(city.buckets)]
        address = f"{site.network}.4.{40 + len(consumer)}"
    else:
        site = pen.chance.choice(city.sites)
        who = aws.role(site, "app-runtime", "i-0a1b2c3d", aws_key(site, "app"), time - time % HOUR_MS)
        bucket, address = f"{site.unit or 'stray'}-files", f"{site.network}.2.31"
    parameters = {"bucketName": bucket, "key": f"{time // 86_400_000}/{pen.chance.randrange(5000):04d}.parquet"}
    extra = {"bytesTransferredOut": pen.chance.randrange(2_000, 900_000), "bytesTransferredIn": 0}
    name = "GetObject" if pen.chance.random() < 0.8 or bucket in city.buckets else "PutObject"
    return aws.call(
        pen, site, time, who, "s3", name, address, agent=aws.SDK_AGENT, parameters=parameters, extra=extra, data=True
    )


def aws_person(pen: Pen, city: City, time: int) -> Line:
    """Somebody logs in with a second factor, or looks at or changes something."""
    site = pen.chance.choice(city.sites)
    name, address = worker(site, pen.chance.randrange(3))
    who = aws.user(site, name)
    dice = pen.chance.random()
    if dice < 0.2:
        return aws.console_login(pen, site, time, who, address, ok=True, mfa=True)
    if dice < 0.75:
        service, call = READS[pen.chance.randrange(4)]
        return aws.call(pen, site, time, who, service, call, address, agent=aws.BROWSER)
    if dice < 0.97:
        parameters = {
            "resourcesSet": {"items": [{"resourceId": f"i-{pen.hex(17)}"}]},
            "tagSet": {"items": [{"key": "env", "value": "prod"}]},
        }
        return aws.call(pen, site, time, who, "ec2", "CreateTags", address, agent=aws.BROWSER, parameters=parameters)
    return aws.call(pen, site, time, who, "kms", "ListKeys", address, error="AccessDenied")


def k8s_machine(pen: Pen, city: City, time: int) -> Line:
    """Controllers and nodes keep the cluster going."""
    site = pen.chance.choice(city.sites)
    node = f"system:node:{site.host}-node-{pen.chance.randrange(3)}"
    group = ("system:nodes", "system:authenticated")
    if pen.chance.random() < 0.6:
        name = f"{site.host}-node-{pen.chance.randrange(3)}"
        return network.k8s(
            pen,
            site,
            time,
            node,
            "patch",
            "nodes",
            name=name,
            subresource="status",
            groups=group,
            agent="kubelet/v1.31.2",
            address=f"{site.network}.3.11",
        )
    return network.k8s(
        pen, site, time, "system:serviceaccount:kube-system:deployment-controller", "update", "deployments",
        namespace=f"{site.host}-apps", name=pen.chance.choice(APPS), subresource="status", group="apps",
        agent="kube-controller-manager/v1.31.2", address=f"{site.network}.3.2",
    )  # fmt: skip


def k8s_person(pen: Pen, city: City, time: int) -> Line:
    """Somebody looks at pods, or a pipeline rolls out a version."""
    site = pen.chance.choice(city.sites)
    name, address = worker(site, pen.chance.randrange(3))
    namespace = f"{site.host}-apps"
    if pen.chance.random() < 0.8:
        resource = pen.chance.choice(("pods", "services", "configmaps"))
        return network.k8s(
            pen,
            site,
            time,
            name,
            "list",
            resource,
            namespace=namespace,
            address=address,
            groups=("developers", "system:authenticated"),
        )
    image = f"registry.{site.host}.example.cn/{pen.chance.choice(APPS)}:{pen.chance.randrange(100)}"
    body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}
    return network.k8s(
        pen, site, time, "system:serviceaccount:delivery:roll-out", "patch", "deployments", namespace=namespace,
        name=pen.chance.choice(APPS), group="apps", body=body, address=f"{site.network}.3.9", agent="argocd/v2.13.0",
    )  # fmt: skip


def zeek_any(pen: Pen, city: City, time: int) -> Line:
    """Connections and questions of desks and servers."""
    site = city.site(pen.chance.randrange(64))
    _, desk = worker(site, pen.chance.randrange(12))
    dice = pen.chance.random()
    if dice < 0.45:
        return network.zeek_dns(pen, time, desk, f"{site.network}.0.53", pen.chance.choice(DOMAINS))
    if dice < 0.9:
        return network.zeek_conn(pen, time, desk, pen.inside(site.network, 2), pen.chance.choice((443, 443, 443, 80)))
    return network.zeek(
        pen, time, "ssl", desk, pen.inside(site.network, 2), 443, version="TLSv13", cipher="TLS_AES_256_GCM_SHA384",
        curve="x25519", server_name=pen.chance.choice(DOMAINS), resumed=False, established=True, next_protocol="h2",
    )  # fmt: skip


def suricata_any(pen: Pen, city: City, time: int) -> Line:
    """Flows, questions, and the small change of signatures."""
    site = city.site(pen.chance.randrange(64))
    _, desk = worker(site, pen.chance.randrange(12))
    dice = pen.chance.random()
    if dice < 0.6:
        flow = {
            "pkts_toserver": pen.chance.randrange(4, 60), "pkts_toclient": pen.chance.randrange(4, 90),
            "bytes_toserver": pen.chance.randrange(400, 9000), "bytes_toclient": pen.chance.randrange(400, 90000),
            "start": iso(time - 3000, 6).replace("Z", "+0000"), "end": iso(time, 6).replace("Z", "+0000"),
            "age": 3, "state": "closed", "reason": "timeout", "alerted": False,
        }  # fmt: skip
        return network.eve(pen, time, "flow", desk, pen.inside(site.network, 2), 443, app_proto="tls", flow=flow)
    if dice < 0.97:
        dns = {
            "type": "query",
            "id": pen.chance.randrange(65536),
            "rrname": pen.chance.choice(DOMAINS),
            "rrtype": "A",
            "tx_id": 0,
        }
        return network.eve(pen, time, "dns", desk, f"{site.network}.0.53", 53, proto="UDP", dns=dns)
    return network.eve_alert(
        pen,
        time,
        desk,
        pen.inside(site.network, 2),
        80,
        3_000_010,
        "LOCAL old client version seen",
        "Not Suspicious Traffic",
        3,
    )


def syslog_any(pen: Pen, city: City, time: int) -> Line:
    """Servers tell of their day."""
    site = city.site(pen.chance.randrange(64))
    host = f"{site.host}-{pen.chance.choice(APPS)}-{pen.chance.randrange(3)}"
    name, address = worker(site, pen.chance.randrange(3))
    dice = pen.chance.random()
    if dice < 0.4:
        return network.syslog(pen, time, host, "CRON", "(root) CMD (/usr/local/bin/rotate --quiet)", facility=9)
    if dice < 0.7:
        return network.syslog(pen, time, host, "systemd", "Started session of the application monitor.")
    if dice < 0.9:
        text = f"Accepted publickey for {name} from {address} port {pen.port()} ssh2: ED25519 SHA256:{pen.hex(42)}"
        return network.syslog(pen, time, host, "sshd", text, facility=10)
    if dice < 0.99:
        text = f"{name} : TTY=pts/0 ; PWD=/home/{name} ; USER=root ; COMMAND=/usr/bin/systemctl status app"
        return network.syslog(pen, time, host, "sudo", text, facility=10, severity=5)
    text = f"Failed password for {name} from {address} port {pen.port()} ssh2"
    return network.syslog(pen, time, host, "sshd", text, facility=10)


MIX: tuple[tuple[int, bool, Writer], ...] = (
    (18, False, aws_read),
    (14, False, aws_object),
    (12, True, aws_person),
    (12, False, k8s_machine),
    (6, True, k8s_person),
    (18, True, zeek_any),
    (10, True, suricata_any),
    (10, False, syslog_any),
)


def busy(time: int) -> float:
    """How busy the city is at a moment, 1 in the middle of a working day; the city's clock is UTC+8."""
    local = time + CITY_OFFSET_MS
    hour = local // HOUR_MS % 24
    weekday = (local // (24 * HOUR_MS) + 3) % 7
    return DAY[hour] / 12 * (1.0 if weekday < 5 else 0.35)


def everyday(city: City, seed: str | int, since: int, until: int | None, per_hour: int) -> Iterator[Line]:
    """Everyday lines in order of time; `per_hour` is the rate of a busy hour. Without an end, for ever."""
    pen = Pen(f"{seed}|everyday|{since}")
    time = float(since)
    while True:
        share = busy(int(time))
        time += pen.chance.expovariate(per_hour * max(share, 0.1) / HOUR_MS)
        if until is not None and time >= until:
            return
        weights = [weight * (share if human else 0.5) for weight, human, _ in MIX]
        writer = pen.chance.choices(MIX, weights)[0][2]
        yield writer(pen, city, int(time))
