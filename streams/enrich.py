"""An event gets its owner."""

from __future__ import annotations

from collections.abc import Sequence

from yunshao.model.block import Block, Own
from yunshao.model.event import Event, Owner


def by_claim(_event: Event, claim: Owner) -> Owner:
    """Ownership without a registry: whatever the intake claims."""
    return claim


def enrich(own: Own, event: Event) -> Event:
    """The event, belonging to whom the registry says; until then it belongs to its intake's claim."""
    owner = own(event, event.owner)
    return event if owner is event.owner else event.owned(owner)


def enrich_all(own: Own, events: Sequence[Event]) -> Sequence[Event]:
    """`enrich` of each of these; of a block each when it is asked for."""
    return events.owned(own) if isinstance(events, Block) else [enrich(own, event) for event in events]
