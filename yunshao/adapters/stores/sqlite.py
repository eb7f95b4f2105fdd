"""The embedded store: `yunshao.db` for everything that is looked up, Parquet files for events."""

from __future__ import annotations

from pathlib import Path

from yunshao.adapters.stores.alerts import SqliteAlerts
from yunshao.adapters.stores.archive import SqliteArchive, SqliteDrills, SqliteTrail
from yunshao.adapters.stores.chain import SqliteChain
from yunshao.adapters.stores.database import Database, now
from yunshao.adapters.stores.events import SqliteEvents
from yunshao.adapters.stores.ledger import SqliteHealth
from yunshao.adapters.stores.plain import clean
from yunshao.adapters.stores.register import SqliteRegister
from yunshao.adapters.stores.stream import SqliteStream
from yunshao.errors import Unreachable
from yunshao.model.alert import shown_events
from yunshao.ports import Clock, StoredEvent


class SqliteStore(
    SqliteStream,
    SqliteAlerts,
    SqliteEvents,
    SqliteHealth,
    SqliteArchive,
    SqliteDrills,
    SqliteTrail,
    SqliteRegister,
    SqliteChain,
):
    """`ports.Store` over one folder. Any thread may use it; other processes may read and triage meanwhile."""

    def __init__(self, folder: Path, clock: Clock = now) -> None:
        events = folder / "events"
        try:
            events.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"cannot be made: {error.strerror}", "", str(folder)) from error
        super().__init__(Database(folder / "yunshao.db"), events, clock)

    def evidence(self, alert_id: str) -> list[StoredEvent]:
        """The alert's shown events: kept beside the alert, and from the segments what came in other batches."""
        kept = self.kept_evidence(alert_id)
        refs = shown_events(self.alert(alert_id))
        missing = [ref for ref in refs if (ref.source, clean(ref.uid)) not in kept]
        found = self.find_events(missing) if missing else {}
        events = [kept.get((ref.source, clean(ref.uid))) or found.get((ref.source, ref.uid)) for ref in refs]
        return [event for event in events if event is not None]

    def close(self) -> None:
        """Close every connection."""
        self._db.close()
