"""`yunshao rules`: rules as code. Each subcommand is a file of its own below `rulebook`."""

from __future__ import annotations

from console.cli import rules_exceptions, rules_stage
from console.cli.common import new_app
from console.cli.rulebook.backtesting import backtest
from console.cli.rulebook.blinding import blind_
from console.cli.rulebook.checking import check_
from console.cli.rulebook.covering import coverage_
from console.cli.rulebook.explaining import explain_
from console.cli.rulebook.importing import import_
from console.cli.rulebook.listing import list_
from console.cli.rulebook.proving import run_tests

app = new_app("Rules as code: list, check, test, import, explain, backtest, coverage, blind, stage, exceptions.")
app.command("list")(list_)
app.command("check")(check_)
app.command("test")(run_tests)
app.command("import")(import_)
app.command("explain")(explain_)
app.command("backtest")(backtest)
app.command("coverage")(coverage_)
app.command("blind")(blind_)
app.command("stage")(rules_stage.stage)
app.add_typer(rules_exceptions.app, name="exceptions")
