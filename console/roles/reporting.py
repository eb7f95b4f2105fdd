"""Builds reports: a kept document becomes files, the files and their evidence become one sealed bundle."""

from __future__ import annotations

import importlib
import os
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.roles.custom import custom_reports
from console.roles.incidents import Incidents
from console.roles.reviews import REVIEWS, make_review
from console.roles.sealing import link_report
from console.wiring import Workspace
from reports.catalog import BUILDERS, build
from reports.seal import seal
from yunshao.errors import BadConfiguration, NotFound
from yunshao.model.event import EventRef

# An incident is written out with what it rests on, when its report is made.
KINDS = tuple(one for one in BUILDERS if one != "incident")
LANGUAGES = ("zh", "en")
FORMATS = ("html", "pdf", "docx", "json")
MAX_EVIDENCED = 500


def document_of(workspace: Workspace, document_id: str) -> tuple[str, dict[str, Any]]:
    """The kind and body of a kept document. Raises NotFound."""
    for kind in KINDS:
        try:
            return kind, workspace.store.get(kind, document_id)
        except NotFound:
            continue
    with suppress(NotFound):
        return "incident", Incidents(workspace, clock=workspace.clock).document(document_id)
    raise NotFound(
        f"no document {document_id!r}", "`yunshao assess list`, `yunshao drill list`, `yunshao report kinds`"
    )


def title_of(document: dict[str, Any]) -> dict[str, str]:
    """The title of a document in both languages: its own, or its playbook's."""
    found: dict[str, str] = document.get("title") or document["playbook"]["title"]
    return found


def signed_files(workspace: Workspace, files: dict[str, bytes], reason: str) -> dict[str, bytes]:
    """The files, PDF ones with a PAdES signature where the settings name a key. Raises BadConfiguration."""
    settings = workspace.settings.pades
    if settings is None or not any(name.endswith(".pdf") for name in files):
        return files
    place = workspace.folder / settings.pkcs12
    try:
        # An extra: loaded where it is asked for.
        adapter = importlib.import_module("yunshao.adapters.pades")
        key = place.read_bytes()
    except ImportError:
        raise BadConfiguration("pades needs pyHanko", "pip install 'yunshao[pades]'", "yunshao.yaml") from None
    except OSError as error:
        raise BadConfiguration(f"cannot be read: {error.strerror}", "pades.pkcs12", str(place)) from None
    passphrase = os.environ.get(settings.passphrase_env, "") if settings.passphrase_env else ""
    signer = adapter.PdfSigner(key, passphrase, str(place))
    return {name: signer.sign(data, reason) if name.endswith(".pdf") else data for name, data in files.items()}


def build_report(
    workspace: Workspace,
    document_id: str,
    by: str,
    formats: Sequence[str] = FORMATS,
    languages: Sequence[str] = LANGUAGES,
) -> str:
    """Render, gather evidence, seal and keep; gives the report's id (that of its document)."""
    kind, document = document_of(workspace, document_id)
    files = build(kind, document, languages, formats, custom_reports(workspace))
    files = signed_files(workspace, files, document_id)
    now = workspace.clock()
    about = {"report": document_id, "kind": kind, "created": now, "generator": document.get("generator", {})}
    sealed = seal(
        files,
        evidence_of(workspace, document),
        workspace.signer,
        about,
        lambda digest: link_report(workspace, document_id, digest),
        workspace.keys.rotations(),
        workspace.keys.beside,
    )
    path = bundle_path(workspace, document_id)
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(sealed)
    temporary.replace(path)
    kept = {
        "id": document_id,
        "kind": kind,
        "title": title_of(document),
        "created": now,
        "by": by,
        "files": [{"name": name, "size": len(data)} for name, data in sorted(files.items())],
        "bundle": path.name,
        "size": len(sealed),
    }
    workspace.store.put("report", document_id, kept)
    workspace.store.note(by, "report", document_id, ",".join(sorted(files)))
    return document_id


def bundle_path(workspace: Workspace, report_id: str) -> Path:
    """Where a report's bundle lies; the id is checked to be one path part."""
    if not report_id or not all(c.isalnum() or c in "._-" for c in report_id) or report_id.startswith("."):
        raise NotFound(f"no report {report_id!r}")
    return workspace.data / "reports" / f"{report_id}.zip"


def bundle(workspace: Workspace, report_id: str) -> bytes:
    """The sealed bundle's bytes. Raises NotFound."""
    try:
        return bundle_path(workspace, report_id).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no report {report_id!r}", "`yunshao report build` makes one") from None


def file_of(workspace: Workspace, report_id: str, name: str) -> bytes:
    """One file of a bundle. Raises NotFound."""
    path = bundle_path(workspace, report_id)
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (FileNotFoundError, KeyError):
        raise NotFound(f"no file {name!r} in report {report_id!r}") from None


def evidence_of(workspace: Workspace, document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The alerts a document rests on, as they were when it was made, and the events of the first of them, by time."""
    alerts: list[dict[str, Any]] = document.get("alerts", [])
    events: dict[EventRef, dict[str, Any]] = {}
    for row in alerts[:MAX_EVIDENCED]:
        try:
            found = workspace.store.evidence(row["id"])
        except NotFound:
            continue
        for event in found:
            events[EventRef(event.source, event.uid, event.time)] = {
                "source": event.source,
                "uid": event.uid,
                "time": event.time,
                "unit": event.unit,
                "ocsf": event.ocsf,
                "native": event.native,
            }
    ordered = sorted(events, key=lambda ref: (ref.time, ref.source, ref.uid))
    return {"alerts": alerts, "events": [events[ref] for ref in ordered]}


class Reports:
    """The report gallery, for the console."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def build(self, document_id: str, by: str) -> str:
        """Build every format in both languages; gives the report's id."""
        return build_report(self._workspace, document_id, by)

    def reviews(self) -> tuple[str, ...]:
        """The kinds that are made of what the store knows."""
        return REVIEWS

    def review(self, kind: str, by: str, period: str = "") -> str:
        """Make the document of a review and build its report; gives the report's id. Raises WrongUse."""
        return build_report(self._workspace, make_review(self._workspace, kind, by, period), by)

    def file(self, report_id: str, name: str) -> bytes:
        """One file. Raises NotFound."""
        return file_of(self._workspace, report_id, name)

    def bundle(self, report_id: str) -> bytes:
        """The sealed bundle. Raises NotFound."""
        return bundle(self._workspace, report_id)
