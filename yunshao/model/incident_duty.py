"""What must be reported to whom by when: the national measures on reporting network security incidents.

国家网络安全事件报告管理办法 (issued 2025-09-11, in force 2025-11-01), with the grading guide of its annex. Clocks run
on elapsed time. Rows of the guide that were read in its draft alone are marked so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunshao.errors import WrongUse

Name = Mapping[str, str]
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
RULE = "cac-2025"
# 2025-11-01 00:00 in Shanghai: what was known before is not under these measures.
IN_FORCE = 1_761_926_400_000
REPORTED_FROM = 3
SUMMARY_MS = 30 * DAY_MS
REMIND = (0.5, 0.8, 1.0)

OPERATORS: dict[str, Name] = {
    "cii": {"zh": "关键信息基础设施运营者", "en": "operator of critical information infrastructure"},
    "organ": {"zh": "中央和国家机关及直属单位", "en": "central or state organ, or a unit directly under one"},
    "other": {"zh": "其他网络运营者", "en": "other network operator"},
}
_FIRST: dict[str, tuple[int, Name]] = {
    "cii": (HOUR_MS, {"zh": "保护工作部门、公安机关", "en": "protection department and public security"}),
    "organ": (2 * HOUR_MS, {"zh": "本部门网信工作机构", "en": "the department's own cyberspace office"}),
    "other": (4 * HOUR_MS, {"zh": "属地省级网信部门", "en": "provincial cyberspace administration of the locality"}),
}
_ONWARD: dict[str, tuple[int, Name]] = {
    "cii": (
        30 * MINUTE_MS,
        {
            "zh": "保护工作部门报国家网信部门、国务院公安部门",
            "en": "protection department to the national CAC and the MPS",
        },
    ),
    "organ": (HOUR_MS, {"zh": "本部门网信工作机构报国家网信部门", "en": "that office to the national CAC"}),
    "other": (HOUR_MS, {"zh": "省级网信部门报国家网信部门", "en": "provincial CAC to the national CAC"}),
}
_POLICE: Name = {"zh": "公安机关（涉嫌犯罪，及时报告）", "en": "public security (suspected crime, promptly)"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the grading guide: a fact in `unit`, and from which value on (itself included) it means which grade.

    `draft` names the grades whose bound was read in the draft of 2023 and not in the final text.
    """

    key: str
    name: Name
    unit: str
    bounds: Mapping[int, float]
    draft: tuple[int, ...] = ()


_PEOPLE = "persons"
GUIDE: tuple[Criterion, ...] = (
    Criterion("portal_hours", {"zh": "省级以上门户或重点新闻网站中断", "en": "provincial portal or key news site down"},
              "hours", {1: 24, 2: 6, 3: 2}, (2, 3)),
    Criterion("prefecture_portal_hours", {"zh": "地市级门户网站中断", "en": "portal of a prefecture down"}, "hours",
              {2: 6, 3: 2}, (2, 3)),
    Criterion("cii_whole_minutes", {"zh": "关键信息基础设施整体中断", "en": "critical infrastructure down as a whole"},
              "minutes", {1: 360, 2: 120, 3: 30}, (2, 3)),
    Criterion("cii_main_minutes", {"zh": "关键信息基础设施主要功能中断", "en": "its main function down"}, "minutes",
              {1: 1440, 2: 360, 3: 120}, (2, 3)),
    Criterion("people", {"zh": "生活工作受影响的人数", "en": "persons whose life or work is affected"}, _PEOPLE,
              {1: 10_000_000, 2: 1_000_000, 3: 100_000}, (2, 3)),
    Criterion("province_percent", {"zh": "受影响人口占全省比例", "en": "share of a province's population affected"},
              "percent", {1: 50}),
    Criterion("prefecture_percent", {"zh": "受影响人口占全市比例", "en": "share of a prefecture's population affected"},
              "percent", {2: 30, 3: 10}, (2, 3)),
    Criterion("important_data", {"zh": "核心、重要数据受害（1 较严重 2 严重 3 特别严重）",
                                 "en": "core or important data harmed (1 fairly, 2 seriously, 3 especially so)"},
              "step", {1: 3, 2: 2, 3: 1}, (2, 3)),
    Criterion("personal_records", {"zh": "公民个人信息泄露", "en": "citizens' personal information leaked"}, _PEOPLE,
              {1: 100_000_000, 2: 10_000_000, 3: 1_000_000}),
    Criterion("content_home_minutes", {"zh": "违法信息在首页", "en": "illegal content on the home page"}, "minutes",
              {1: 360, 2: 120, 3: 30}, (2, 3)),
    Criterion("content_other_minutes", {"zh": "违法信息在其他页面", "en": "illegal content on other pages"}, "minutes",
              {1: 1440, 2: 720, 3: 120}, (2, 3)),
    Criterion("content_reposts", {"zh": "违法信息转发", "en": "illegal content reposted"}, "times",
              {1: 100_000, 2: 10_000, 3: 1_000}, (2, 3)),
    Criterion("content_views", {"zh": "违法信息浏览", "en": "illegal content viewed"}, "times",
              {1: 1_000_000, 2: 100_000, 3: 10_000}, (2, 3)),
    Criterion("loss_yuan", {"zh": "直接经济损失", "en": "direct economic loss"}, "CNY",
              {1: 100_000_000, 2: 20_000_000, 3: 5_000_000}, (2, 3)),
    Criterion("other_harm", {"zh": "其他危害（1 较大 2 重大 3 特别重大）",
                             "en": "other harm (1 larger, 2 major, 3 especially major)"},
              "step", {1: 3, 2: 2, 3: 1}),
)  # fmt: skip
CRITERIA = {one.key: one for one in GUIDE}
MOST = 1e15


def reporting_grade(facts: Mapping[str, float]) -> tuple[int, list[dict[str, Any]]]:
    """Grade 1 to 4 by the guide, and each criterion that says more than 4, the gravest first. One is enough.

    1,000,000 persons' information is 3, 999,999 is 4. Raises WrongUse for a fact that the guide does not ask for.
    """
    found: list[dict[str, Any]] = []
    for key, value in facts.items():
        if key not in CRITERIA:
            raise WrongUse(f"the grading guide asks for no {key[:40]!r}", f"one of {', '.join(CRITERIA)}")
        if not 0 <= value <= MOST:
            raise WrongUse(f"{key} is {value:g}", "a number from 0 on")
        row = CRITERIA[key]
        grade = next((one for one in sorted(row.bounds) if value >= row.bounds[one]), 4)
        if grade < 4:
            found.append({"key": key, "value": value, "grade": grade, "bound": row.bounds[grade],
                          "draft": grade in row.draft})  # fmt: skip
    found.sort(key=lambda one: (one["grade"], one["key"]))
    return (found[0]["grade"] if found else 4), found


@dataclass(frozen=True, slots=True)
class Duty:
    """One report that is owed: `starts` and `due` in ms (`due` equals `starts` where it says promptly).

    `ours` is false for what another authority sends on, which is watched and not done by us.
    """

    key: str
    to: Name
    starts: int
    due: int
    ours: bool = True


def duties(
    grade: int, operator: str, known: int, handled: int | None, sent: Mapping[str, int], crime: bool = False
) -> list[Duty]:
    """The reports that an incident of this grade owes, earliest first; none below grade 3 or before the measures.

    `known` is when it was discovered or told, `handled` when handling ended, `sent` when each report went (ms). A grade
    that rises restarts nothing: the clock stays that of `known`. Known 2026-03-01T22:30+08:00 by another operator: due
    2026-03-02T02:30+08:00. Raises WrongUse for an unknown operator.
    """
    if operator not in OPERATORS:
        raise WrongUse(f"{operator[:40]!r} is no kind of operator", f"one of {', '.join(OPERATORS)}")
    found = []
    if grade <= REPORTED_FROM and known >= IN_FORCE:
        limit, to = _FIRST[operator]
        found.append(Duty("first", to, known, known + limit))
        if grade <= 2:
            onward, further = _ONWARD[operator]
            begun = sent.get("first", known + limit)
            found.append(Duty("onward", further, begun, begun + onward, ours=False))
        if handled is not None:
            found.append(Duty("summary", to, handled, handled + SUMMARY_MS))
    if crime:
        found.append(Duty("police", _POLICE, known, known))
    return found


def status(duty: Duty, sent: int | None, now: int) -> str:
    """`sent`, `sent_late`, `overdue`, `due_soon` (half of the time is over) or `not_due`."""
    if sent is not None:
        return "sent" if sent <= duty.due or duty.starts == duty.due else "sent_late"
    if now > duty.due:
        return "overdue"
    return "due_soon" if 2 * (now - duty.starts) >= duty.due - duty.starts else "not_due"


def reminders(owed: Sequence[Duty], sent: Mapping[str, int]) -> list[tuple[int, str, float]]:
    """(moment, duty, share of its time) of each reminder of what is ours and not sent, earliest first."""
    return sorted(
        (duty.starts + int((duty.due - duty.starts) * share), duty.key, share)
        for duty in owed
        if duty.ours and duty.key not in sent
        for share in (REMIND if duty.due > duty.starts else (1.0,))
    )
