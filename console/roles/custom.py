"""The site's own texts, logo and templates: the workspace's `reports/` folder."""

from __future__ import annotations

from console.wiring import Workspace, read_text
from reports.shared.custom import SHIPPED, Custom
from reports.site import Flaw, custom_of, tried, usable

FOLDER = "reports"
MAX_FILES = 200


def files_of(workspace: Workspace) -> dict[str, str]:
    """The text files of the folder by their path in it; none where there is no such folder. Raises BadConfiguration."""
    folder = workspace.folder / FOLDER
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())[:MAX_FILES]
    return {path.relative_to(folder).as_posix(): read_text(path) for path in paths}


def custom_reports(workspace: Workspace) -> Custom:
    """What reports are built with. Raises BadContent, BadConfiguration with the file that cannot be used."""
    files = files_of(workspace)
    return usable(files) if files else SHIPPED


def check_reports(workspace: Workspace) -> list[Flaw]:
    """Everything that would break."""
    custom, flaws = custom_of(files_of(workspace))
    return [*flaws, *tried(custom)]
