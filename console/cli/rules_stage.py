"""`yunshao rules stage`: how far a rule has come, written into the site's overlay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from collectors.catalog import PARSERS
from console.cli.common import WorkspaceOption, say
from console.wiring import Workspace, open_workspace, read_text
from detectors.sigma.load import OVERLAY_FILE
from detectors.sigma.model import Correlation, Rule
from detectors.sigma.overlay import LIVE, Decision, parse_overlay, with_decision
from detectors.sigma.prove import prove
from yunshao.errors import BadConfiguration, CheckFailed, NotFound, WrongUse
from yunshao.model.finding import STAGES


def stage(
    rule: Annotated[str, typer.Argument(help="Id or name of a rule, shipped or own.")],
    to: Annotated[str, typer.Argument(metavar="STAGE", help=", ".join(STAGES))],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Move a rule to a stage. `staged` and `production` are refused where its own tests do not hold."""
    if to not in STAGES:
        raise WrongUse(f"unknown stage {to[:40]!r}", f"one of {', '.join(STAGES)}")
    if not reason.strip():
        raise WrongUse("a change of stage has a reason", "say why in a few words")
    place = open_workspace(workspace)
    known = place.rules.by_name().get(rule)
    if known is None:
        raise NotFound(f"no rule {rule[:80]!r}", "`yunshao rules list` shows them")
    if to in LIVE:
        _must_be_proven(place, known)
    path = _write(place, known, to, reason.strip())
    place.store.note("command line", "rules.stage", known.name or known.id, f"{to}: {reason.strip()}"[:500])
    say(f"{known.name or known.id} is {to} from the next start of `yunshao up` ({path})")


def _must_be_proven(place: Workspace, rule: Rule | Correlation) -> None:
    proofs = [proof for proof in prove(place.rules, PARSERS) if proof.rule_id == rule.id]
    if not proofs:
        raise CheckFailed(f"{rule.name or rule.id} carries no tests", "add `yunshao.tests`: docs/write-a-rule.md")
    wrong = [proof for proof in proofs if not proof.passed]
    if wrong:
        first, name = wrong[0], rule.name or rule.id
        what = f"{len(wrong)} of {len(proofs)} tests of {name} do not hold: test {first.number} {first.reason}"
        raise CheckFailed(what, "yunshao rules test", f"{first.file}:{first.line}")


def _write(place: Workspace, rule: Rule | Correlation, to: str, reason: str) -> Path:
    """Write the decision over what is decided already, in the file where that stands, and read it again."""
    path = _file(place, rule)
    text = read_text(path) if path.exists() else ""
    named = (rule.id, rule.name)
    before = next((one for one in reversed(parse_overlay(text, str(path))) if one.rule in named), None)
    decision = replace(before or Decision(rule.name or rule.id), stage=to, reason=reason)
    written = with_decision(text, decision)
    if decision not in parse_overlay(written, str(path)):
        raise BadConfiguration("the entry cannot be replaced as it is written", "edit it by hand", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(written, encoding="utf-8")
    temporary.replace(path)
    return path


def _file(place: Workspace, rule: Rule | Correlation) -> Path:
    paths = [folder / OVERLAY_FILE for folder in place.rule_folders]
    if not paths:
        raise BadConfiguration("detect.rules names no folder", "an overlay stands in one", str(place.folder))
    for path in reversed(paths):
        if path.exists() and any(one.rule in (rule.id, rule.name) for one in parse_overlay(read_text(path), str(path))):
            return path
    return paths[0]
