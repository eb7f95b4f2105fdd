"""References and what they lead to, in a report as JSON types."""

from __future__ import annotations

from typing import Any


def _cells(printed: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that can hold references or be an anchor."""
    found: list[dict[str, Any]] = []
    for chapter in printed["chapters"]:
        for block in chapter["blocks"]:
            found.append(block)
            found.extend(block.get("tiles", ()))
            found.extend(block.get("items", ()))
            found.extend(cell for row in block.get("rows", ()) if block["kind"] == "table" for cell in row)
            found.extend(block[side] for side in ("left", "right") if block["kind"] == "pair")
    return found


def _anchors(printed: dict[str, Any]) -> frozenset[str]:
    return frozenset(cell["anchor"] for cell in _cells(printed) if cell.get("anchor"))


def drop_loose(printed: dict[str, Any]) -> None:
    """Leave out references to what is not printed: one to nowhere would stop the whole page."""
    anchors = _anchors(printed)
    for cell in _cells(printed):
        if cell.get("refs"):
            kept = [ref for ref in cell["refs"] if ref in anchors]
            if not kept and cell.get("text") == "":
                # What has no other words keeps its label, as text.
                cell["text"] = ", ".join(cell["refs"])
            cell["refs"] = kept
