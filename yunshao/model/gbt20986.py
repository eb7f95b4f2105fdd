"""GB/T 20986-2023: what kind of incident it is, and how grave (classification grade).

The keys are ours: no public page prints the code strings of the standard's annex B, so they are left out. The grading
table is that of the 2007 text, which speaks of the information system where that of 2023 speaks of the affected object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yunshao.errors import WrongUse

Name = Mapping[str, str]

# Grades 1 to 4, as every table of incidents counts: 1 is the gravest.
GRADES: dict[int, Name] = {
    1: {"zh": "特别重大（Ⅰ级）", "en": "I, especially major"},
    2: {"zh": "重大（Ⅱ级）", "en": "II, major"},
    3: {"zh": "较大（Ⅲ级）", "en": "III, larger"},
    4: {"zh": "一般（Ⅳ级）", "en": "IV, general"},
}
OBJECTS: dict[str, Name] = {
    "especially_important": {"zh": "特别重要", "en": "especially important"},
    "important": {"zh": "重要", "en": "important"},
    "general": {"zh": "一般", "en": "general"},
}
LOSSES: dict[str, Name] = {
    "especially_serious": {"zh": "特别严重", "en": "especially serious"},
    "serious": {"zh": "严重", "en": "serious"},
    "larger": {"zh": "较大", "en": "larger"},
    "smaller": {"zh": "较小", "en": "smaller"},
}
HARMS: dict[str, Name] = {
    "especially_major": {"zh": "特别重大", "en": "especially major"},
    "major": {"zh": "重大", "en": "major"},
    "larger": {"zh": "较大", "en": "larger"},
    "general": {"zh": "一般", "en": "general"},
}
_TABLE = {
    "especially_important": (1, 2, 3, 4),
    "important": (2, 3, 4, 4),
    "general": (3, 4, 4, 4),
}

CATEGORIES: dict[str, Name] = {
    "MP": {"zh": "恶意程序事件", "en": "malicious program"},
    "NA": {"zh": "网络攻击事件", "en": "network attack"},
    "DS": {"zh": "数据安全事件", "en": "data security"},
    "IC": {"zh": "信息内容安全事件", "en": "content security"},
    "DE": {"zh": "设备设施故障事件", "en": "facility fault"},
    "RO": {"zh": "违规操作事件", "en": "improper operation"},
    "SHE": {"zh": "安全隐患事件", "en": "security weakness"},
    "AB": {"zh": "异常行为事件", "en": "abnormal behaviour"},
    "FOC": {"zh": "不可抗力事件", "en": "force majeure"},
    "OTH": {"zh": "其他事件", "en": "other"},
}
_KINDS: dict[str, Sequence[str]] = {
    "MP": (
        "计算机病毒|virus", "网络蠕虫|worm", "特洛伊木马|trojan", "僵尸网络|botnet", "恶意代码内嵌网页|drive-by page",
        "恶意代码宿主站点|malware host site", "勒索软件|ransomware", "挖矿病毒|cryptominer", "混合攻击程序|blended",
        "其他|other",
    ),
    "NA": (
        "网络扫描探测|scan", "网络钓鱼|phishing", "漏洞利用|exploitation", "后门利用|backdoor use",
        "后门植入|backdoor implant", "凭据攻击|credential attack", "信号干扰|signal jamming",
        "拒绝服务|denial of service", "网页篡改|defacement", "暗链植入|hidden links", "域名劫持|domain hijack",
        "域名转嫁|domain redirection", "DNS 污染|DNS poisoning", "WLAN 劫持|WLAN hijack", "流量劫持|traffic hijack",
        "BGP 劫持|BGP hijack", "广播欺诈|broadcast spoofing", "失陷主机|compromised host", "供应链攻击|supply chain",
        "高级可持续威胁|advanced persistent threat", "其他|other",
    ),
    "DS": (
        "数据篡改|tampering", "数据假冒|forgery", "数据泄露|leak", "社会工程|social engineering", "数据窃取|theft",
        "数据拦截|interception", "位置检测|location detection", "数据投毒|poisoning", "数据滥用|abuse",
        "隐私侵犯|privacy violation", "数据损失|loss", "其他|other",
    ),
    "IC": (
        "反动宣传|subversive propaganda", "暴恐宣扬|terror promotion", "色情传播|obscene content",
        "虚假信息传播|false information", "权益侵害|rights infringement", "信息滥发|spam", "网络欺诈|fraud",
        "其他|other",
    ),
    "DE": (
        "技术故障|technical fault", "配套设施故障|supporting facility", "物理损害|physical damage",
        "辐射干扰|radiation", "其他|other",
    ),
    "RO": (
        "权限滥用|privilege abuse", "权限伪造|privilege forgery", "行为抵赖|repudiation",
        "故意违规操作|deliberate violation", "误操作|mistake", "人员可用性破坏|staff unavailability",
        "资源未授权使用|unauthorised use", "其他|other",
    ),
    "SHE": ("网络漏洞|vulnerability", "网络配置合规缺陷|misconfiguration", "其他|other"),
    "AB": ("访问异常|access anomaly", "流量异常|traffic anomaly", "其他|other"),
    "FOC": (
        "自然灾害|natural disaster", "事故灾难|accident", "公共卫生|public health", "社会安全|social security",
        "其他|other",
    ),
    "OTH": (),
}  # fmt: skip


def _kinds() -> dict[str, Name]:
    found: dict[str, Name] = {}
    for prefix, names in _KINDS.items():
        for number, name in enumerate(names, start=1):
            zh, _, en = name.partition("|")
            found[f"{prefix}.{number:02d}"] = {"zh": zh, "en": en}
    return {**found, "OTH": CATEGORIES["OTH"]}


# Every sub-category by key, such as NA.06; `OTH` has none and stands for itself.
KINDS: dict[str, Name] = _kinds()


def check_category(key: str) -> str:
    """The key itself. Raises WrongUse for one that is none."""
    if key not in KINDS:
        raise WrongUse(f"{key[:20]!r} is no category of GB/T 20986", "such as NA.06, DS.05, MP.07, OTH")
    return key


def category_name(key: str, language: str) -> str:
    """`network attack: scan`, or the key where it is none."""
    if key not in KINDS:
        return key
    group, kind = CATEGORIES[key.partition(".")[0]][language], KINDS[key][language]
    return group if key == "OTH" else f"{group}：{kind}" if language == "zh" else f"{group}: {kind}"


def classification_grade(affected: str, loss: str, harm: str) -> int:
    """Grade 1 to 4 by the importance of the object, the loss of business and the social harm: the graver of both.

    GB/T 20986, grading. (important, serious, general) is 3; (general, smaller, major) is 2. Raises WrongUse.
    """
    for value, known, what in (
        (affected, OBJECTS, "object"),
        (loss, LOSSES, "loss"),
        (harm, HARMS, "harm"),
    ):
        if value not in known:
            raise WrongUse(f"{value[:40]!r} is no {what}", f"one of {', '.join(known)}")
    return min(_TABLE[affected][list(LOSSES).index(loss)], list(HARMS).index(harm) + 1)
