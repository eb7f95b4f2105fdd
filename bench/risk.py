"""What risk costs: draws of losses, a large assessment, a long report.

python -m bench.risk
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from starlette.testclient import TestClient

from console.accounts import add_account
from console.roles.assessments import run_assessment
from console.roles.register import import_findings
from console.roles.up import Up
from console.web.app import create_app
from console.wiring import open_workspace, settled
from playbooks.assess.run import Said, assess
from playbooks.scenes import demo_estate
from playbooks.words import Playbook, Threat
from yunshao.model.estate import Estate, InfoSystem, Unit
from yunshao.model.risk.fair import parse_scenario, simulate

NOW = 1_774_915_200_000
ASSETS, THREATS, FINDINGS, RISKS = 1000, 50, 3600, 100
SCANNED = 100_000
WORD = "correct horse battery staple"


def named(text: str) -> dict[str, str]:
    """The same word in both languages."""
    return {"zh": text, "en": text}


def city(systems: int) -> Estate:
    """One unit with so many systems."""
    unit = Unit("metro", named("Metro"), "municipality")
    found = {
        f"s{n}": InfoSystem(
            f"s{n}", named(f"System {n}"), "metro", 1 + n % 5, 1 + n % 4, 1 + n % 3, 1 + n % 5, named(f"B{n % 40}")
        )
        for n in range(systems)
    }
    return Estate(named("City"), {"metro": unit}, {}, found)


def document(systems: int, threats: int, findings: int) -> dict[str, Any]:
    """An assessment in which every finding meets every threat."""
    catalogue = tuple(
        Threat(f"t{n}", named(f"Threat {n}"), named("outside"), "malicious", ("T1210",), 1 + n % 5)
        for n in range(threats)
    )
    rows = [
        {"id": f"f{n}", "system": f"s{n % systems}", "title": f"Finding {n}", "severity": 1 + n % 5, "exposed": False,
         "kev": False, "epss": None, "cvss": 5.0, "cve": f"CVE-2026-{n}", "open": True, "techniques": ["T1210"]}
        for n in range(findings)
    ]  # fmt: skip
    plan = Playbook("bench", "assessment", "1", named("Bench"), named("Bench"), "", "gbt20984-matrix", 90, catalogue)
    return assess(plan, city(systems), [], [], [], None, NOW, said=Said(findings=rows))


def draws() -> float:
    """Seconds of the processor for 100,000 draws of each of 100 risks."""
    started = time.process_time()
    for n in range(RISKS):
        scenario = parse_scenario({"lef": [0.5, 2 + n / RISKS, 6], "primary": [50_000, 200_000 + n, 1_000_000]})
        simulate(scenario, seed=n).as_row()
    return time.process_time() - started


def large() -> tuple[float, int]:
    """Seconds of the processor for an assessment of 1,000 assets x 50 threats, and how many risks it holds."""
    started = time.process_time()
    found = document(ASSETS, THREATS, ASSETS)
    return time.process_time() - started, len(found["risks"])


def long_report() -> tuple[float, float, int]:
    """Seconds of the processor and MiB at most for a PDF of 3,600 findings, in a process of its own; and its bytes."""
    body = orjson.dumps(document(300, 1, FINDINGS))
    command = [sys.executable, "-m", "bench.pdf"]
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    seconds, peak, size = done.stdout.split()
    return float(seconds), float(peak), int(size)


def register_page() -> tuple[float, float, float, int]:
    """100,000 findings taken in, assessed, and shown, in a process of its own.

    Gives seconds of the processor for taking in, for a page of the register the first time and again; and its bytes.
    """
    done = subprocess.run([sys.executable, "-m", "bench.risk", "page"], capture_output=True, check=True)
    taken, first, again, size = done.stdout.split()
    return float(taken), float(first), float(again), int(size)


def rows() -> list[dict[str, str]]:
    """For the table of docs/performance.md."""
    spent, count = large()
    seconds, most, _ = long_report()
    taken, first, again, page = register_page()
    return [
        {"what": "100,000 draws of loss for each of 100 risks", "value": f"{draws():.1f} s of the processor", "goal": "< 3 s", "beside": ""},
        {"what": f"an assessment of {ASSETS} assets × {THREATS} threats", "value": f"{spent:.1f} s of the processor", "goal": "< 10 s",
         "beside": f"{count} risks"},
        {"what": f"a report of {FINDINGS} findings to PDF", "value": f"{seconds:.1f} s of the processor, {most:.0f} MiB",
         "goal": "< 15 s, 300 MiB", "beside": "whole process; long tables are CSV files of the bundle"},
        {"what": f"a page of the register of {SCANNED:,} findings", "value": f"{page / 1024:.0f} KiB, {again:.1f} s of the processor",
         "goal": "paged", "beside": f"the first page after a change {first:.1f} s; `risk import` {taken:.1f} s"},
    ]  # fmt: skip


def _page() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "yunshao.yaml").write_text("language: en\ndetect: {anomalies: false}\n", encoding="utf-8")
        (folder / "org.yaml").write_text(demo_estate(), encoding="utf-8")
        place = open_workspace(folder)
        systems = sorted(place.estate.systems)
        listed = [
            {"id": f"scan-{n}", "title": f"Outdated package {n % 977} of host {n}", "cvss": (9.8, 7.5, 5.3, 3.1)[n % 4],
             "cve": f"CVE-2026-{n % 20000}", "system": systems[n % len(systems)]} for n in range(SCANNED)
        ]  # fmt: skip
        begun = time.process_time()
        import_findings(place, [orjson.dumps(listed)], "", None, None, "scanner")
        taken = time.process_time() - begun
        run_assessment(place, "city_risk_assessment", "bench")
        add_account(place.store, "auditor", "auditor", WORD, ())
        settled()
        client = TestClient(create_app(Up(place).desk()), base_url="http://127.0.0.1:8440", follow_redirects=False)
        client.post("/login", data={"name": "auditor", "password": WORD})
        spent = []
        for path in ("/risks", "/risks?page=900"):
            begun = time.process_time()
            answer = client.get(path)
            spent.append(time.process_time() - begun)
            answer.raise_for_status()
        place.store.close()
    sys.stdout.write(f"{taken} {spent[0]} {spent[1]} {len(answer.content)}\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["page"]:
        _page()
    else:
        for row in rows():
            print(f"{row['what']}: {row['value']} (goal {row['goal']}) {row['beside']}")
