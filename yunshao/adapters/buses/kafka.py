"""The door to a cluster: records are at the broker, on every replica that is in sync, when `append` returns."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import kafka
from kafka import errors

from yunshao.adapters.kafka.connect import MAX_REQUEST, client, told
from yunshao.adapters.kafka.topics import RAW
from yunshao.errors import Unreachable
from yunshao.model.event import NOBODY, Owner, Record, Rejected
from yunshao.settings import ClusterSettings
from yunshao.wire.envelope import Item, parcels, sealed
from yunshao.wire.hops import ORIGIN, place_of

DELIVERY_SECONDS = 60.0


class KafkaBus:
    """`ports.Bus` over the raw topic. The producer is idempotent; what it holds is bounded by what is handed over."""

    def __init__(self, cluster: ClusterSettings, claims: Mapping[str, Owner] | None = None) -> None:
        """Raises Unreachable where the broker cannot be reached."""
        self._cluster = cluster
        self._claims = dict(claims or {})
        self._topic = f"{cluster.prefix}.{RAW}"
        self._lock = threading.Lock()
        self._producer: Any = client(
            cluster,
            kafka.KafkaProducer,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            batch_size=1 << 20,
            max_request_size=MAX_REQUEST,
            delivery_timeout_ms=int(DELIVERY_SECONDS * 1000),
        )

    def append(self, source: str, records: Sequence[bytes], received: int, hint: str = "") -> None:
        claim = self._claims.get(source, NOBODY)
        self.send("push", [Record(source, raw, n, received, hint, claim) for n, raw in enumerate(records, start=1)])

    def send(self, intake: str, items: Sequence[Record | Rejected]) -> int:
        """Send these in order, a source's to one partition, wait for every acknowledgement; gives how many messages.

        Raises Unreachable: then any of them may be there, and the caller sends them again.
        """
        lanes: dict[str, list[Item]] = {}
        for item in items:
            lanes.setdefault(item.source, []).append(item)
        with told(self._cluster, "records are not acknowledged"):
            # Order is that of the calls to the producer: who waits for an answer holds nobody up.
            with self._lock:
                waiting = [
                    self._producer.send(self._topic, value=sealed(parcel), partition=self.lane(intake, source))
                    for source, lane in lanes.items()
                    for parcel in parcels(lane)
                ]
            for future in waiting:
                try:
                    future.get(timeout=DELIVERY_SECONDS)
                except errors.KafkaTimeoutError as error:
                    raise Unreachable("records are not acknowledged", str(error)[:200], self._cluster.kafka) from None
            return len(waiting)

    def send_again(self, record: Record, origin: str) -> None:
        """One record once more, with the place where it stood: what was stored of it then is known as its own.

        Raises Unreachable.
        """
        with told(self._cluster, "the record is not acknowledged"):
            lane = self.lane("replay", record.source)
            head = [(ORIGIN, origin.encode())] if origin else []
            sent = self._producer.send(self._topic, value=sealed([record]), partition=lane, headers=head)
            sent.get(timeout=DELIVERY_SECONDS)

    def lane(self, intake: str, source: str) -> int:
        """The partition in which the records of an intake and source keep their order."""
        return place_of(f"{intake}|{source}", self._cluster.partitions)

    def close(self) -> None:
        """Give up what was not acknowledged."""
        self._producer.close(timeout=5)
