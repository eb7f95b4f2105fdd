"""Finished documents as the playbooks hand them over: a made-up city, with some hostile words in it."""

from __future__ import annotations

from typing import Any

DAY = 86_400_000
AS_OF = 1_774_915_200_000
SINCE = AS_OF - 90 * DAY
DRILL_START = 1_774_836_000_000

SCRIPT = "<script>alert(1)</script>"
TYPST = '#read("/etc/passwd")'
LONG = "arn-aws-iam-000000000000-role-" + "very-long-name-without-a-break-" * 5
RARE = "喆堃珺𠮷"
BIDI = "evil\u202egnp.exe\u200f"

L_MATRIX = ((2, 4, 7, 11, 14), (3, 6, 10, 13, 17), (5, 9, 12, 16, 20), (7, 11, 14, 18, 22), (8, 12, 17, 20, 25))
F_MATRIX = ((2, 4, 6, 10, 13), (3, 5, 9, 12, 16), (4, 7, 11, 15, 20), (5, 8, 14, 19, 22), (6, 10, 16, 21, 25))
R_MATRIX = ((3, 6, 9, 12, 16), (5, 8, 11, 15, 18), (6, 9, 13, 17, 21), (7, 11, 16, 20, 23), (9, 14, 20, 23, 25))
L_CUTS, F_CUTS, R_CUTS = (5, 11, 16, 21, 25), (5, 10, 15, 20, 25), (6, 12, 18, 23, 25)

UNITS = {
    "data-bureau": ("市大数据应用发展管理局", "Big Data Bureau"),
    "public-security": ("市公安局", "Public Security Bureau"),
    "transport": ("市交通局", "Transport Bureau"),
    "housing": ("市住房城乡建委", "Housing and Construction"),
    "river-district": ("江南区人民政府", "Jiangnan District"),
}
ASSETS = (
    ("统一政务 App 后台", "City app back end", "data-bureau", "city-app", "一网通办", 4, 5, 5, 5, 3),
    ("自然人库", "Population library", "data-bureau", "resource-centre", "数据资源中心", 5, 5, 4, 5, 3),
    ("数据共享交换接口", "Sharing interface", "data-bureau", "resource-centre", "数据资源中心", 5, 4, 4, 5, 3),
    ("对象存储（备份桶）", "Object store for backups", "data-bureau", "resource-centre", "数据资源中心", 4, 4, 3, 4, 3),
    ("警综平台接口网关", "Police gateway", "public-security", "police-gateway", "警务综合", 5, 5, 4, 5, 3),
    ("视频联网汇聚节点", "Video node", "public-security", "video", "警务综合", 4, 3, 4, 4, 2),
    ("公交调度系统", "Bus dispatch", "transport", "bus", "交通调度", 2, 4, 5, 4, 2),
    ("电子收费清分库", "Toll clearing", "transport", "toll", "交通调度", 3, 5, 4, 4, 2),
    ("施工许可审批系统", "Building permits", "housing", "permits", "工程审批", 3, 4, 3, 3, 2),
    ("区级门户网站", "District portal", "river-district", "portal", "政务公开", 1, 4, 4, 3, 3),
    ("区级办公专网网盘", "District file share", "river-district", "files", "内部办公", 4, 3, 2, 2, 2),
    (f"测试主机 {SCRIPT}", f"Test host {TYPST}", "river-district", "test", "内部办公", 2, 2, 2, 2, 1),
)
THREATS = (
    ("云账号凭据被盗用", "Stolen cloud credentials", "external", "credential", ["T1078.004"], 9, 4),
    ("审计日志被关闭", "Audit logging switched off", "internal", "tampering", ["T1685.002"], 3, 3),
    (
        "对象存储公开或批量外传",
        "Storage made public or copied out",
        "external",
        "exfiltration",
        ["T1530", "T1537"],
        5,
        4,
    ),
    ("口令爆破后登录成功", "Brute force, then a login", "external", "credential", ["T1110"], 22, 5),
    ("越权授予管理员权限", "Administrator rights granted", "internal", "misuse", ["T1098.003"], 4, 3),
    ("勒索软件加密业务主机", "Ransomware on a host", "external", "malware", ["T1486"], 0, 2),
    ("门户页面被篡改", "Portal defaced", "external", "tampering", ["T1491"], 1, 2),
    ("云区域中断", "Outage of a cloud region", "environment", "disruption", [], 0, 1),
)
WEAKNESSES = (
    ("管理员未启用多因素认证", "No second factor for administrators", "technical", 5, True),
    ("访问密钥长期未轮换", "Access keys not rotated", "technical", 4, True),
    ("审计日志可被租户管理员关闭", "Tenants can switch off audit logs", "technical", 4, False),
    ("存储桶策略允许匿名读取", "Bucket policy allows anonymous reads", "technical", 5, True),
    ("安全组对互联网开放管理端口", "Management ports open to the internet", "technical", 4, True),
    ("容器以特权方式运行", "Privileged containers", "technical", 3, False),
    ("离职人员账号未及时停用", "Accounts of leavers stay active", "managerial", 4, False),
    ("应急预案未按年演练", "The plan was not drilled this year", "managerial", 3, False),
    ("备份未做恢复验证", "Backups were never restored", "managerial", 4, False),
    ("第三方运维账号共用", "Shared accounts of contractors", "managerial", 4, True),
)


def matrix_level(value: int, cuts: tuple[int, ...]) -> int:
    return next(level for level, end in enumerate(cuts, start=1) if value <= end)


def calculated(asset: int, threat: int, weakness: int) -> dict[str, int]:
    possibility, loss = L_MATRIX[threat - 1][weakness - 1], F_MATRIX[asset - 1][weakness - 1]
    l_level, f_level = matrix_level(possibility, L_CUTS), matrix_level(loss, F_CUTS)
    risk = R_MATRIX[f_level - 1][l_level - 1]
    return {
        "T": threat,
        "A": asset,
        "V": weakness,
        "L": possibility,
        "L_level": l_level,
        "F": loss,
        "F_level": f_level,
        "R": risk,
        "level": matrix_level(risk, R_CUTS),
    }


def alert_row(index: int, *, time: int, drill: str = "") -> dict[str, Any]:
    rules = (
        ("多次失败后登录成功", "Login after many failures", "high", "T1110"),
        ("审计日志被关闭", "Audit logging was switched off", "critical", "T1685.002"),
        ("存储桶被设为公开", "Bucket made public", "high", "T1530"),
        ("从未见过的国家登录", "Login from a country never seen", "medium", "T1078.004"),
        ("授予管理员策略", "Administrator policy attached", "medium", "T1098.003"),
    )
    zh, en, level, technique = rules[index % len(rules)]
    unit = list(UNITS)[index % len(UNITS)]
    entity = (f"user/ops{index % 7}", BIDI, LONG, "10.20.3.17", f"user/{RARE}")[index % 5]
    return {
        "id": f"{index * 7919 + 12345:032x}",
        "rule_id": f"rule-{index % 5}",
        "rule_name": f"rule_{index % 5}",
        "title": en,
        "title_zh": zh,
        "level": level,
        "kind": "rule",
        "time": time,
        "detected": time + 20_000,
        "status": ("closed", "acknowledged", "new")[index % 3],
        "assignee": "",
        "verdict": "",
        "unit": unit,
        "system": "",
        "cloud": "city-cloud",
        "entity": entity,
        "techniques": [technique],
        "event_ids": [f"evt-{index:04d}-{part}-{index * 104729:012x}" for part in range(1 + index % 2)],
        "why": f"{en}: {entity}",
        "why_zh": f"{zh}：{entity}",
        "weakness": "",
        "drill": drill,
    }


def refs_of(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"source": "aws.cloudtrail", "uid": uid, "time": alert["time"] - 1000}
        for alert in alerts
        for uid in alert["event_ids"]
    ]


def _asset(place: int) -> dict[str, Any]:
    zh, en, unit, system, business, c, i, a, importance, level = ASSETS[place]
    carry = ("tight", "medium", "loose")[place % 3]
    v_cia = max(c, i, a) if c == i == a else min(5, (c + i + a + 2) // 3)
    return {
        "id": f"{system}-{place}",
        "name": {"zh": zh, "en": en},
        "unit": unit,
        "unit_name": {"zh": UNITS[unit][0], "en": UNITS[unit][1]},
        "post": {"zh": "云长", "en": "Cloud Chief"},
        "system": system,
        "cloud": "city-cloud" if place % 3 else "district-cloud",
        "business": {
            "zh": business,
            "en": {
                "一网通办": "One-stop services",
                "数据资源中心": "Data resource centre",
                "警务综合": "Policing",
                "交通调度": "Traffic dispatch",
                "工程审批": "Building approval",
                "政务公开": "Open government",
            }.get(business, "Office work"),
        },
        "c": c,
        "i": i,
        "a": a,
        "v_cia": v_cia,
        "importance": importance,
        "carry": carry,
        "value": max(1, min(5, round((v_cia + importance) / 2))),
        "mlps_level": level,
    }


def _risk(place: int, assets: list[dict[str, Any]], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    asset = assets[(place * 5) % len(assets)]
    threat = place % len(THREATS)
    weakness = (place * 3 + place // 8) % len(WEAKNESSES)
    severity = WEAKNESSES[weakness][3]
    effective = (0.0, 0.6, 0.8, 0.3)[place % 4]
    reduced = max(1, int(severity * (1 - 0.5 * effective) + 0.5))
    inherent = calculated(asset["value"], THREATS[threat][6], severity)
    current = calculated(asset["value"], THREATS[threat][6], reduced)
    return {
        "id": f"risk-{place:03d}",
        "asset": asset["id"],
        "threat": f"threat-{threat}",
        "weakness": f"weakness-{weakness}",
        "measures": [f"measure-{place % 6}"],
        "inherent": inherent,
        "current": current,
        "treatment": "treat_or_accept"
        if current["level"] == 3 and place % 5 == 0
        else "treat"
        if current["level"] >= 3
        else "accept",
        "post": {"zh": f"{asset['unit_name']['zh']}云长", "en": f"Chief, {asset['unit_name']['en']}"},
        "due": None if place % 9 == 0 else AS_OF + (30 + place) * DAY,
        "evidence": [alert["id"] for alert in alerts[place * 2 : place * 2 + place % 5]],
    }


def assessment(risks: int = 44, alerts: int = 70) -> dict[str, Any]:
    """An assessment of five units; hostile words stand in names, entities and limits."""
    rows = [alert_row(index, time=SINCE + (index * 31 % 90) * DAY + index * 3_600_000) for index in range(alerts)]
    assets = [_asset(place) for place in range(len(ASSETS))]
    found = [_risk(place, assets, rows) for place in range(risks)]
    counts = {str(level): sum(risk["current"]["level"] == level for risk in found) for level in range(1, 6)}
    inherent = {str(level): sum(risk["inherent"]["level"] == level for risk in found) for level in range(1, 6)}
    top = sorted(found, key=lambda risk: (-risk["current"]["R"], risk["id"]))[:5]
    return {
        "id": "assess-2026-q1-7f3a",
        "kind": "assessment",
        "playbook": {
            "id": "quarterly_city_cloud",
            "version": "1.2",
            "title": {"zh": "市级政务云季度风险评估", "en": "Quarterly assessment of the city cloud"},
        },
        "issuer": {"zh": "市“云长制”办公室", "en": "Cloud Chief Office"},
        "method": "gbt20984-matrix",
        "as_of": AS_OF,
        "window": {"since": SINCE, "until": AS_OF, "days": 90},
        "scope": {"units": list(UNITS)},
        "generator": {"name": "Yunshao", "version": "0.1.0"},
        "ruleset_version": "2026.03-1a2b3c",
        "assets": assets,
        "threats": [
            {
                "id": f"threat-{place}",
                "name": {"zh": zh, "en": en},
                "source": source,
                "kind": kind,
                "techniques": techniques,
                "episodes": episodes,
                "window_days": 90,
                "precision": 0.8125 if episodes else None,
                "per_year": episodes * 365 / 90,
                "frequency": frequency,
                "basis": "alert" if episodes else "declared",
                "alerts": [row["id"] for row in rows[place * 4 : place * 4 + min(episodes, 6)]],
            }
            for place, (zh, en, source, kind, techniques, episodes, frequency) in enumerate(THREATS)
        ],
        "weaknesses": [
            {
                "id": f"weakness-{place}",
                "system": assets[place]["system"],
                "name": {"zh": zh, "en": en},
                "kind": kind,
                "severity": severity,
                "exposed": exposed,
                "techniques": ["T1078"] if place % 2 else [],
                "basis": "alert" if place % 3 == 0 else "declared",
                "alerts": [row["id"] for row in rows[place * 3 : place * 3 + 1]] if place % 3 == 0 else [],
            }
            for place, (zh, en, kind, severity, exposed) in enumerate(WEAKNESSES)
        ],
        "measures": [
            {
                "id": f"measure-{place}",
                "system": assets[place]["system"],
                "name": {"zh": zh, "en": en},
                "kind": "preventive" if place % 2 else "protective",
                "deployed": 0.95 - place * 0.1,
                "health": 0.9,
                "efficacy": 0.7,
                "untested": place % 3 == 1,
                "effectiveness": round((0.95 - place * 0.1) * 0.9 * 0.7, 4),
                "techniques": ["T1078.004", "T1110"][: 1 + place % 2],
            }
            for place, (zh, en) in enumerate(
                (
                    ("统一身份认证与多因素", "Single sign-on with a second factor"),
                    ("审计日志异地归档", "Audit logs archived elsewhere"),
                    ("存储桶公开访问阻断", "Public access blocked"),
                    ("边界防火墙与安全组基线", "Firewall and security-group baseline"),
                    ("离职账号自动停用", "Leavers' accounts disabled"),
                    ("备份与恢复", "Backup and restore"),
                )
            )
        ],
        "risks": found,
        "business": [
            {"name": {"zh": "一网通办", "en": "One-stop services"}, "level": 4, "value": 20, "set_by": top[0]["id"]},
            {
                "name": {"zh": "数据资源中心", "en": "Data resource centre"},
                "level": 4,
                "value": 20,
                "set_by": assets[1]["id"],
            },
            {"name": {"zh": "警务综合", "en": "Policing"}, "level": 3, "value": 16, "set_by": assets[4]["id"]},
            {"name": {"zh": "交通调度", "en": "Traffic dispatch"}, "level": 3, "value": 15, "set_by": assets[6]["id"]},
        ],
        "summary": {
            "counts": counts,
            "inherent_counts": inherent,
            "top": [risk["id"] for risk in top],
            "previous": {"id": "assess-2025-q4-11c0", "counts": {"1": 2, "2": 9, "3": 20, "4": 10, "5": 1}},
        },
        "coverage": [
            {"source": "aws.cloudtrail", "last_event": AS_OF - 60_000, "events": 1_204_331, "gap": None},
            {"source": "huawei.cts", "last_event": AS_OF - 120_000, "events": 388_120, "gap": None},
            {
                "source": "k8s.audit",
                "last_event": AS_OF - 3 * DAY,
                "events": 90_211,
                "gap": {"zh": "2026-03-26 起中断 3 天", "en": "silent for 3 days since 2026-03-26"},
            },
            {
                "source": "syslog",
                "last_event": None,
                "events": 0,
                "gap": {"zh": "窗口内无数据", "en": "no data in the window"},
            },
        ],
        "limits": [
            {"zh": "云区域中断的频率为申报值。", "en": "The frequency of regional outages is declared."},
            {
                "zh": f"含特殊字符的名称照原样列出：{RARE}、{SCRIPT}、{BIDI}",
                "en": f"Names stand as found: {RARE}, {TYPST}, {BIDI}",
            },
        ],
        "overrides": [
            {
                "on": "weakness-3",
                "from": 4,
                "to": 5,
                "by": {"zh": "网络安全管理岗", "en": "Security management"},
                "at": AS_OF - 2 * DAY,
                "reason": {"zh": "现场核查确认匿名可读", "en": "Confirmed on site: readable by anyone"},
            },
        ],
        "alerts": rows,
        "evidence_refs": refs_of(rows),
    }


ITEMS = (
    ("方案可行性", "Feasibility of the programme", 5),
    ("监测与预警", "Monitoring and alerting", 5),
    ("故障定位", "Fault location", 3),
    ("现场指挥", "On-site command", 3),
    ("参演人员处置", "Handling by participants", 3),
    ("相关方联动", "Linkage with related parties", 1),
    ("保障", "Support", 5),
    ("目标达成", "Achievement of goals", 3),
    ("成本效益", "Cost-effectiveness", None),
)


def drill() -> dict[str, Any]:
    """A practical drill with four injects: two noticed in time, one late, one missed."""
    start = DRILL_START
    minute = 60_000
    rows = [alert_row(500 + place, time=start + at * minute, drill="drill-9c21") for place, at in enumerate((2, 5, 12))]
    titles = (
        ("管理员从境外新地点登录", "Administrator logs in from a new country"),
        ("关闭审计日志", "Audit logging is switched off"),
        ("冻结账号并报告单位云长", "Freeze the account and tell the unit's chief"),
        ("新建长期访问密钥", "A long-lived access key is made"),
        ("对象存储设为公开", "Object store is made public"),
    )
    steps = []
    for place, (at, (zh, en)) in enumerate(zip((0, 3, 6, 9, 12), titles, strict=True)):
        ask = place == 2
        steps.append(
            {
                "index": place,
                "at": at * minute,
                "type": "ask" if ask else "send",
                "title": {"zh": zh, "en": en},
                "state": "late" if ask else "done",
                "planned": start + at * minute,
                "done": start + int((at + (2.5 if ask else 0.1)) * minute),
                "by": "on_call" if ask else "",
                "source": "" if ask else "aws.cloudtrail",
                "sample": "" if ask else f"sample_{place}",
                "injected": []
                if ask
                else [{"source": "aws.cloudtrail", "uid": f"drill-9c21-{place}", "planned": start + at * minute}],
            }
        )
    expectations = [
        {
            "index": 0,
            "type": "alert",
            "rule": "login_from_new_country",
            "title": {"zh": "异地登录告警", "en": "Login alert"},
            "within": 180_000,
            "state": "met",
            "injected": start,
            "detected": start + 2 * minute,
            "acknowledged": start + 5 * minute,
            "alert": rows[0]["id"],
            "by": "on_call",
        },
        {
            "index": 1,
            "type": "alert",
            "rule": "audit_log_switched_off",
            "title": {"zh": "审计日志关闭告警", "en": "Audit log alert"},
            "within": 180_000,
            "state": "met",
            "injected": start + 3 * minute,
            "detected": start + 5 * minute,
            "acknowledged": start + 7 * minute,
            "alert": rows[1]["id"],
            "by": "on_call",
        },
        {
            "index": 2,
            "type": "alert",
            "rule": "access_key_created",
            "title": {"zh": "访问密钥告警", "en": "Access-key alert"},
            "within": 120_000,
            "state": "late",
            "injected": start + 9 * minute,
            "detected": start + 12 * minute,
            "acknowledged": None,
            "alert": rows[2]["id"],
            "by": "",
        },
        {
            "index": 3,
            "type": "alert",
            "rule": "bucket_made_public",
            "title": {"zh": "存储桶公开告警", "en": "Public-bucket alert"},
            "within": 120_000,
            "state": "missed",
            "injected": start + 12 * minute,
            "detected": None,
            "acknowledged": None,
            "alert": None,
            "by": "",
        },
        {
            "index": 4,
            "type": "acknowledged",
            "rule": "",
            "title": {"zh": "值班 15 分钟内确认", "en": "On-call takes it in 15 minutes"},
            "within": 900_000,
            "state": "met",
            "injected": start,
            "detected": start + 2 * minute,
            "acknowledged": start + 5 * minute,
            "alert": rows[0]["id"],
            "by": "on_call",
        },
    ]
    timeline = [
        {
            "at": start - minute,
            "kind": "start",
            "text": {"zh": "演练启动，宣布演练开始", "en": "Start-up announced"},
            "ref": "",
        },
        *({"at": step["done"], "kind": step["type"], "text": step["title"], "ref": ""} for step in steps),
        {
            "at": start + 12 * minute,
            "kind": "alert",
            "text": {"zh": "访问密钥告警（超时）", "en": "Access-key alert, late"},
            "ref": rows[2]["id"],
        },
        {
            "at": start + 18 * minute,
            "kind": "surprise",
            "text": {"zh": f"值班电话占线 {RARE}", "en": f"Phone busy {BIDI} {SCRIPT}"},
            "ref": "",
        },
        {
            "at": start + 25 * minute,
            "kind": "end",
            "text": {"zh": "宣布演练结束，转入恢复", "en": "End announced, recovery begins"},
            "ref": "",
        },
        {
            "at": start + 31 * minute,
            "kind": "recovery",
            "text": {"zh": "测试身份与样本已清除", "en": "Test identity removed"},
            "ref": "",
        },
    ]
    return {
        "id": "drill-9c21",
        "kind": "drill",
        "playbook": {
            "id": "admin_account_taken_over",
            "version": "2.0",
            "title": {"zh": "管理员账号被盗用应急演练", "en": "An administrator's account is taken over"},
            "summary": {
                "zh": "模拟攻击者盗用云管理员账号，关闭审计日志并外传备份数据，检验监测、确认与处置。",
                "en": "An attacker takes over a cloud administrator's account and switches off audit logging.",
            },
            "objectives": [
                {"zh": "3 分钟内发现异地登录", "en": "Notice the login within 3 minutes"},
                {"zh": "15 分钟内值班确认并冻结账号", "en": "On-call freezes the account within 15 minutes"},
                {"zh": "审计日志关闭必须告警", "en": "Switching off audit logging must raise an alert"},
            ],
            "forms": {"method": "practical", "scope": "internal", "content": "special"},
        },
        "issuer": {"zh": "市“云长制”办公室", "en": "Cloud Chief Office"},
        "state": "done",
        "phase": "over",
        "started": start - minute,
        "ended": start + 31 * minute,
        "speed": 1,
        "unattended": False,
        "by": "on_call",
        "generator": {"name": "Yunshao", "version": "0.1.0"},
        "ruleset_version": "2026.03-1a2b3c",
        "steps": steps,
        "expectations": expectations,
        "metrics": {
            "mttd": {"mean": 140.0, "median": 120.0, "p90": 180.0, "n": 3, "unfinished": 1},
            "mtta": {"mean": 150.0, "median": 150.0, "p90": 180.0, "n": 2, "unfinished": 1},
            "detection_rate": 0.75,
        },
        "timeline": timeline,
        "evaluation": [
            {
                "item": place,
                "title": {"zh": zh, "en": en},
                "score": score,
                "reason": {"zh": "见记录单", "en": "See the record form"} if score else None,
            }
            for place, (zh, en, score) in enumerate(ITEMS, start=1)
        ],
        "rating": "qualified",
        "problems": [
            {
                "text": {"zh": "存储桶公开未触发告警", "en": "Making the bucket public raised no alert"},
                "cause": "technology",
                "technique": "T1530",
            },
            {
                "text": {
                    "zh": f"云服务商联系人未及时响应 {TYPST}",
                    "en": f"The provider's contact did not answer {TYPST}",
                },
                "cause": "process",
                "technique": "",
            },
            {"text": LONG, "cause": "plan", "technique": "T1685.002"},
        ],
        "improvements": [
            {
                "action": {
                    "zh": "补充存储桶公开的检测规则并回放验证",
                    "en": "Add a rule for public buckets and replay it",
                },
                "post": {"zh": "安全运行岗", "en": "Security operations"},
                "due": start + 14 * DAY,
            },
            {
                "action": {"zh": "与云服务商签订应急联络协议", "en": "Agree on an emergency contact with the provider"},
                "post": {"zh": "网络安全管理岗", "en": "Security management"},
                "due": start + 30 * DAY,
            },
        ],
        "alerts": rows,
        "evidence_refs": [
            *refs_of(rows),
            *(
                item
                for step in steps
                for item in (
                    {"source": one["source"], "uid": one["uid"], "time": one["planned"]} for one in step["injected"]
                )
            ),
        ],
    }
