"""The `yunshao` command: finds the command's file, runs it, and turns an error into one line and an exit code."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

from typer.exceptions import TyperException

from yunshao import __version__
from yunshao.errors import WrongUse, YunshaoError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("console.cli.demo", "A working city with its logs, alerts, assessment, drill, reports and console."),
    "init": ("console.cli.init", "Make a commented workspace."),
    "up": ("console.cli.up", "Collect, process, schedule and serve the console in one process."),
    "normalise": ("console.cli.normalise", "Turn log files into OCSF NDJSON."),
    "detect": ("console.cli.detect", "Run Sigma rules over log files, keeping no state."),
    "rules": ("console.cli.rules", "Rules as code: check, test, import, explain, backtest, coverage, blind."),
    "alerts": ("console.cli.alerts", "Triage: list, show, ack, assign, close, export."),
    "hunt": ("console.cli.hunt", "Search stored events by SQL or field:value."),
    "org": ("console.cli.org", "Check and show units, chiefs, clouds and systems."),
    "assess": ("console.cli.assess", "Run a risk assessment, or calculate one risk by hand."),
    "risk": ("console.cli.risk", "The risk register: proposals, treatment, acceptance, findings, any past moment."),
    "incident": ("console.cli.incident", "Real incidents: open, grade, work, report, close."),
    "drill": ("console.cli.drill", "Run and steer an emergency drill."),
    "rectify": ("console.cli.rectify", "What drills and assessments found wanting, until it is mended."),
    "playbook": ("console.cli.playbook", "Response playbooks: check, rehearse, run, answer, steer."),
    "oncall": ("console.cli.oncall", "Who is on call, what waits for an answer, what was sent."),
    "report": ("console.cli.report", "Build a report into a sealed bundle."),
    "seal": ("console.cli.seal", "The chain over reports, alerts and audit entries; checkpoints; keys."),
    "verify": ("console.cli.verify", "Check a sealed bundle, off-line."),
    "topics": ("console.cli.topics", "The topics of a cluster: list, apply."),
    "collect": ("console.cli.collect", "Send the records of a workspace's sources to a cluster."),
    "worker": ("console.cli.worker", "Turn records into alerts on a cluster, beside any number of others."),
    "ledger": ("console.cli.ledger", "Balance what was taken against what was stored and rejected."),
    "deadletter": ("console.cli.deadletter", "What could not be taken: list, show, replay."),
    "doctor": ("console.cli.doctor", "What is configured, reachable, lagging or wrong, and how to mend it."),
    "user": ("console.cli.user", "Console accounts and roles."),
}


def usage() -> str:
    """The overview that `yunshao --help` prints."""
    rows = "\n".join(f"  {name:<10} {help_}" for name, (_, help_) in COMMANDS.items())
    return (
        "Usage: yunshao COMMAND [OPTIONS] ...\n\n"
        "Security posture and risk-assessment monitoring for an estate of many clouds.\n\n"
        f"Commands:\n{rows}\n\n"
        "`yunshao COMMAND --help` says more. Exit codes: 0 done, 1 the asked check did not hold,\n"
        "2 wrong use or bad configuration, 3 a needed service can't be reached.\n"
    )


def _refuse(name: str) -> int:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; see yunshao --help"
    sys.stderr.write(f"yunshao: no command {name!r}{hint}\n")
    return 2


def run(words: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(usage())
        return 0
    if words[0] in {"-V", "--version"}:
        sys.stdout.write(f"yunshao {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        return _refuse(words[0])
    app = importlib.import_module(COMMANDS[words[0]][0]).app
    try:
        ended = app(args=list(words[1:]), prog_name=f"yunshao {words[0]}", standalone_mode=False)
    except TyperException as error:
        return _wrong(words[0], error)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise BrokenPipeError from end
        return end.code if isinstance(end.code, int) else 1
    except YunshaoError as error:
        sys.stderr.write(f"yunshao: {error.line()}\n")
        return error.exit_code
    return ended if isinstance(ended, int) else 0


def _wrong(name: str, error: TyperException) -> int:
    """A wrong option or a missing value: one line, as for every error; a group without a command shows its help."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    if text.startswith("Usage: "):
        sys.stdout.write(f"{text}\n")
        return 0
    what = " ".join(text.replace("Value error, ", "").split()).rstrip(".")
    sys.stderr.write(f"yunshao: {WrongUse(what, f'see yunshao {name} --help').line()}\n")
    return 2


def main() -> None:
    """Entry point. A reader that went away (`| head`) is no error; Ctrl-C is 130."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
