"""What a stage may ask of the outside. Shells implement these; pure code only names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from yunshao.model.alert import Alert, AlertQuery
from yunshao.model.batch import Batch as Batch
from yunshao.model.batch import Kept as Kept
from yunshao.model.batch import KeptEvent as KeptEvent
from yunshao.model.batch import Letter as Letter
from yunshao.model.batch import Packed as Packed
from yunshao.model.batch import StoredEvent as StoredEvent
from yunshao.model.block import Columns
from yunshao.model.chain import Item, Link
from yunshao.model.event import Event, EventRef, Identity, Native, Ocsf, Record, Rejected
from yunshao.model.finding import Observation, Step
from yunshao.model.notice import Message, Outcome
from yunshao.model.register import Change, Revision


class Clock(Protocol):
    """Milliseconds since 1970, UTC."""

    def __call__(self) -> int: ...


class Parser(Protocol):
    """One source's understanding of its records. Pure."""

    @property
    def source(self) -> str: ...

    def decode(self, raw: bytes, hint: str) -> Native:
        """The native record. Raises Rejection."""

    def identify(self, native: Native) -> Identity:
        """Its id and time, cheaply, and whether it is a record of this source at all. Raises Rejection."""

    def normalise(self, native: Native, identity: Identity) -> Ocsf:
        """Its OCSF form. Never raises for a record that was identified."""


@runtime_checkable
class BlockParser(Parser, Protocol):
    """A parser that is quicker on many records than on one."""

    def read_all(self, raws: Sequence[bytes]) -> Columns | None:
        """What `decode` and `identify` give for each of these; None where one of them needs a closer look."""


class Detector(Protocol):
    """One kind of judgement: a stateless half, and a keyed half. Pure."""

    @property
    def name(self) -> str: ...

    def observe(self, event: Event) -> Sequence[Observation]:
        """What this event means to the detector; mostly nothing."""

    def step(self, memory: Any, seen: Observation) -> Step:
        """One observation against what is remembered of its key (None: nothing yet)."""


@runtime_checkable
class BlockDetector(Detector, Protocol):
    """A detector whose stateless half is quicker on many events than on one."""

    def observe_all(self, events: Sequence[Event]) -> Mapping[int, Sequence[Observation]]:
        """`observe` of each of these that means something, by its place."""


@runtime_checkable
class Listening(Detector, Protocol):
    """A detector that says whose time its memories go by."""

    def hears(self, key: str) -> tuple[str, ...]:
        """The sources that the memory under this key is about, in order; none: all."""


@runtime_checkable
class Placed(Detector, Protocol):
    """A detector whose conclusions go on to other keys: it says which observations one worker must judge."""

    def place(self, seen: Observation) -> str:
        """Observations that give the same text are judged by one worker, and whatever goes onward from them."""


@runtime_checkable
class Learning(Detector, Protocol):
    """A detector that judges by what was usual. What a drill does is not shown to it: nothing of it is usual."""

    @property
    def learns(self) -> bool: ...


class DrillJudge(Protocol):
    """Whether events are a drill's."""

    def drill_of(self, events: Sequence[EventRef], batch: Mapping[tuple[str, str], Event]) -> str:
        """The drill that injected every one of these events, or an empty string.

        An event counts only if its native record is the registered one; `batch` (by source and uid) holds those
        that are not committed yet.
        """


class PipelineStore(DrillJudge, Protocol):
    """What the embedded runner reads and commits. One transaction a batch."""

    def fresh(self, events: Sequence[Event], taken: set[Any] | None = None) -> list[Event]:
        """Those not stored before (same source and uid), each once, in order; without those in `taken`, which are
        not committed yet: it learns those given now."""

    def pack(self, events: Sequence[Event]) -> Packed:
        """These, ready for a commit, so that their forms need not be kept until then."""

    def memory(self, detector: str, key: str) -> Any: ...

    def memories(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """What is remembered under these (detector, key); those without a memory are left out."""

    def due(self, watermark: int, limit: int = 1000, after: int = -(1 << 62)) -> list[tuple[str, str, int]]:
        """(detector, key, due) of the memories due by `watermark` and later than `after`, earliest first."""

    def commit(self, batch: Batch) -> list[Alert]:
        """Make the batch true; gives the alerts that were not there before."""

    def offset(self, name: str) -> str:
        """Where the intake of this name stood at the last commit; empty at first."""


class AlertStore(Protocol):
    """The queue. Every change is one transaction and leaves a deed."""

    def alert(self, alert_id: str) -> Alert:
        """Raises NotFound."""

    def alerts(self, query: AlertQuery) -> list[Alert]:
        """Newest detection first; `query.before` is an alert id to page on."""

    def count_alerts(self, query: AlertQuery, by: str) -> dict[str, int]:
        """How many alerts per `level`, `status`, `unit`, `rule_id`, `technique`, `entity` or `day` (event time).

        A query for what is (or is not) snoozed knows the snoozes by rule in the store: see `model.snooze`.
        """

    def change_alert(self, alert_id: str, change: Callable[[Alert], Alert]) -> Alert:
        """Apply a pure change inside one transaction. Raises NotFound, and what the change raises."""

    def alerts_after(self, sequence: int, limit: int = 200) -> list[tuple[int, Alert]]:
        """Alerts raised or changed after this sequence number, in order: for the live queue."""

    def last_sequence(self) -> int:
        """The newest sequence number: a live page begins after it."""

    def ids_from(self, start: str) -> list[str]:
        """The ids that begin so, at most two: enough to know whether one is meant."""

    def evidence(self, alert_id: str) -> list[StoredEvent]:
        """The alert's first ten and last ten events, as they were stored. Raises NotFound."""

    def excepted(self) -> list[dict[str, Any]]:
        """How many findings each exception hid, a day: exception, day (a date), count."""


class EventStore(Protocol):
    """What was seen."""

    def event(self, ref: EventRef) -> StoredEvent:
        """Raises NotFound."""

    def hunt(self, question: str, limit: int = 100) -> list[dict[str, Any]]:
        """Rows for a read-only SQL query over `events`, or for `field:value` words. Raises WrongUse."""

    def count_events(self, by: str, since: int, until: int) -> dict[str, int]:
        """How many events per `source`, `unit`, `hour` (event time, ms of the hour's start) or `class_uid`."""

    def events_between(self, since: int, until: int, sources: Sequence[str] = ()) -> Iterator[KeptEvent]:
        """Every event of [since, until), of these sources alone where any are named, in the order of time, source
        and uid, without holding more than a few in memory."""

    def sample_events(self, since: int, until: int, each: int, limit: int) -> list[KeptEvent]:
        """Up to `limit` events of [since, until), at most `each` of one source, class and operation."""


class SourceHealth(Protocol):
    """Counts of each source, and what could not be taken."""

    def sources(self) -> list[dict[str, Any]]:
        """Per source: source, received, processed, rejected, repeated, last_event (ms), last_received (ms)."""

    def ledger(self, since: int, until: int) -> list[dict[str, Any]]:
        """By minute (ms) and source: source, minute, received, processed, rejected, repeated."""

    def rejects(self, source: str = "", limit: int = 100) -> list[tuple[int, Rejected]]: ...

    def letters(self, source: str = "", before: int = 0, limit: int = 100) -> list[Letter]:
        """Dead letters, the newest first; `before` is a number to page on (0: from the newest)."""

    def letter(self, number: int) -> Letter:
        """Raises NotFound."""

    def letters_ever(self) -> dict[str, int]:
        """By source, how many dead letters there are, and under an empty name how many there ever were."""


class Archive(Protocol):
    """JSON documents by kind and id: assessments, drills, reports, schedule runs, users. Written whole."""

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None: ...

    def get(self, kind: str, key: str) -> dict[str, Any]:
        """Raises NotFound."""

    def find(self, kind: str, limit: int = 100) -> list[dict[str, Any]]:
        """Newest written first."""

    def change(self, kind: str, key: str, change: Callable[[dict[str, Any] | None], dict[str, Any]]) -> dict[str, Any]:
        """Read, change and write in one transaction; the change gets None where nothing is."""

    def change_due(
        self, kind: str, until: int, change: Callable[[dict[str, Any]], dict[str, Any]], limit: int = 100
    ) -> list[dict[str, Any]]:
        """Change those that wake by `until`, earliest first, in one transaction; gives them as they are now.

        A document wakes at its own top-level `wakes` (ms), an integer; without one it sleeps for ever.
        """

    def waking(self, kind: str, until: int, limit: int = 1000) -> list[dict[str, Any]]:
        """Those that wake by `until`, earliest first, as they stand."""


@runtime_checkable
class Forgetting(Protocol):
    """An archive that can let go of documents. A store without it keeps them."""

    def forget(self, kind: str, keys: Sequence[str]) -> int:
        """Take these documents out, in one transaction; gives how many were there."""


class DrillRegister(Protocol):
    """The only thing that makes an event a drill's."""

    def register(self, drill: str, injected: Iterable[tuple[str, str, str, int]]) -> None:
        """Enter (source, uid, digest of the native record, planned time in ms) before anything is sent."""

    def injected(self, drill: str) -> list[tuple[str, str, int]]:
        """(source, uid, planned time) of one drill."""


class Trail(Protocol):
    """Who did what: the product's own audit trail."""

    def note(self, by: str, did: str, on: str, detail: str = "") -> None: ...

    def trail(self, limit: int = 200) -> list[dict[str, Any]]: ...


class RiskRegister(Protocol):
    """Assets, threats, weaknesses, measures, risks, treatments, acceptances: each change is kept."""

    def enter(self, changes: Iterable[Change]) -> list[Revision]:
        """Make the changes true in one transaction; gives the revisions that this added.

        What stands already adds nothing, so that a repeated write is no second one.
        """

    def entries(self, kind: str, as_of: int | None = None) -> list[Revision]:
        """Every entry of a kind that stands (stood at `as_of`, ms), by key."""

    def history(self, kind: str, key: str) -> list[Revision]:
        """Every revision of one entry, the oldest first."""

    def register_head(self) -> int:
        """The number of the newest revision, 0 for none: it grows with each that is entered."""


class Body(AlertStore, EventStore, SourceHealth, Archive, DrillRegister, DrillJudge, Trail, RiskRegister, Protocol):
    """Everything that people, playbooks and reports ask of one body of data, wherever it lies."""

    def close(self) -> None: ...


class Store(PipelineStore, Body, Protocol):
    """A body of data that one process also runs its pipeline on."""


class Chain(Protocol):
    """One chain of hashes over reports, alerts and audit entries: links are added and never changed."""

    def link_up(self, items: Iterable[Item]) -> list[Link]:
        """Link what is not linked yet, in order, as one; an item's place says what is new."""

    def links(self, after: int = 0, limit: int = 10_000) -> list[Link]:
        """Links after a number, in order."""

    def linked(self, kind: str) -> int:
        """The last place of a kind that is linked; 0 for none."""

    def chain_end(self) -> Link | None:
        """The newest link."""

    def trail_after(self, number: int, limit: int = 10_000) -> list[tuple[int, dict[str, Any]]]:
        """Audit entries after a number, in order."""


class ChainedBody(Body, Chain, Protocol):
    """A body of data whose history is chained."""


class SharedStore(DrillJudge, Protocol):
    """What the workers of a cluster write. Each write may be told again after a crash and counts once."""

    def keep_events(self, events: Sequence[Event], origins: Sequence[str], patience: float = 60.0) -> list[Kept]:
        """What became of each event; `origins` say where its record stood. Raises Unreachable."""

    def keep_rejects(
        self, rejected: Sequence[Rejected], origins: Sequence[tuple[str, int, int, int]], patience: float = 60.0
    ) -> None:
        """Dead letters, with the (topic, partition, offset, place) of each. Raises Unreachable."""

    def keep_counts(self, lane: str, rows: Sequence[Mapping[str, Any]], patience: float = 60.0) -> None:
        """The ledger's rows of a lane as they stand. Raises Unreachable."""

    def fold_once(self, parts: Sequence[Alert], sender: str, number: int, patience: float = 60.0) -> list[Alert]:
        """Fold parts into their groups, each number of a sender once; gives the new alerts. Raises Unreachable."""

    def count_excepted_once(self, counts: Mapping[tuple[str, int], int], sender: str, number: int) -> None:
        """Add to what exceptions hid, each number of a sender once. Raises Unreachable."""


class Intake(Protocol):
    """A place that records come from. `read` never blocks for long; `name` keys its offset."""

    @property
    def name(self) -> str: ...

    def read(self, offset: str, limit: int) -> tuple[list[Record | Rejected], str]:
        """Up to `limit` records after `offset`, and the offset after them."""


class Bus(Protocol):
    """The door for pushed records: durable before it returns."""

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None: ...


class Channel(Protocol):
    """A way to people outside the console. Never raises for what the other side does."""

    def send(self, message: Message) -> Outcome: ...
