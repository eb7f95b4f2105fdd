"""What became of an exception of the site."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.sigma.exceptions import RuleException


@dataclass(frozen=True, slots=True)
class Held:
    """An exception as it stands in its file (None: it cannot be read): `state` is applied, expired or refused."""

    exception: RuleException | None
    state: str
    place: str
    why: tuple[str, ...] = ()
