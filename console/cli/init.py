"""`yunshao init DIR`: a commented workspace."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import typer

from console.cli.common import new_app, visible
from console.wiring import SETTINGS_FILE
from yunshao.errors import WrongUse

app = new_app("Make a commented workspace.")
FOLDERS = ("rules", "playbooks", "logs/aws.cloudtrail", "logs/k8s.audit", "logs/zeek", "logs/suricata.eve")


@app.command()
def init(folder: Path) -> None:
    """Settings, a small registry, and folders for your rules, playbooks and logs. Nothing there is overwritten."""
    if (folder / SETTINGS_FILE).exists():
        raise WrongUse("a workspace is there already", "", str(folder))
    make_workspace(folder)
    typer.echo(visible(f"{folder}: edit yunshao.yaml and org.yaml, then `yunshao up -w {folder}`"))


def make_workspace(folder: Path) -> None:
    """Write the files of a new workspace. Raises WrongUse where the folder cannot be written."""
    try:
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for template in resources.files("console.cli").joinpath("templates", "workspace").iterdir():
            target = folder / template.name
            if not target.exists():
                target.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"cannot be written: {error.strerror}", "", str(folder)) from None
