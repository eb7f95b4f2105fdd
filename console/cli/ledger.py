"""`yunshao ledger`: whether everything that was taken is accounted for."""

from __future__ import annotations

from pathlib import Path

from console.cli.common import Format, FormatOption, WorkspaceOption, new_app, say, show
from console.roles.balance import verify as verified
from console.wiring import open_workspace
from yunshao.errors import CheckFailed

app = new_app("Balance what was taken against what was stored and rejected.")
COLUMNS = ("source", "taken", "received", "processed", "rejected", "repeated", "stored", "retired", "letters", "state")


@app.callback()
def ledger() -> None:
    """Nothing lost, nothing doubled: every hop counts per source and minute."""


@app.command()
def verify(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Exit 0 where all balances, 1 where something is off. `moving`: messages are on their way, look again."""
    rows = verified(open_workspace(workspace))
    show(rows, COLUMNS, format_)
    bad = [row for row in rows if row["state"] != "balances"]
    for row in bad:
        say(f"{row['source']}: {row['state']}: {row['off']}")
    off = [row for row in bad if row["state"] == "off"]
    if off:
        raise CheckFailed(f"{len(off)} of {len(rows)} rows do not balance")
