"""`yunshao rules test`: the test events that rules carry."""

from __future__ import annotations

from pathlib import Path

from collectors.catalog import PARSERS
from console.cli.common import Format, FormatOption, WorkspaceOption, say, show
from console.cli.rulebook.sharing import Paths, entries, loaded_from
from detectors.sigma.prove import prove
from yunshao.errors import CheckFailed


def run_tests(paths: Paths = None, workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Run the test events that rules carry. Exit 1 when a case does not hold."""
    loaded = loaded_from(paths, workspace)
    proofs = prove(loaded, PARSERS)
    wrong = [proof for proof in proofs if not proof.passed]
    rows = [
        {
            "rule_id": p.rule_id,
            "name": p.rule_name,
            "file": p.file,
            "line": p.line,
            "case": p.number,
            "fires": p.fires,
            "passed": p.passed,
            "reason": p.reason,
        }
        for p in (proofs if format_ is Format.ndjson else wrong)
    ]
    show(rows, ("name", "case", "line", "reason", "file"), format_, "every case holds")
    untested = len({r.id for r in entries(loaded)} - {p.rule_id for p in proofs})
    say(f"{len(proofs) - len(wrong)} of {len(proofs)} cases hold; {untested} rules carry none")
    if wrong or loaded.refused:
        raise CheckFailed(f"{len(wrong)} cases do not hold, {len(loaded.refused)} rules refused")
