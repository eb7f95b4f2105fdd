"""The name of every figure that the product exports to Prometheus, once."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("yunshao_records_received_total", "Records read from a source.", ["source"])
PROCESSED = Counter("yunshao_events_processed_total", "Events accepted and committed.", ["source"])
REJECTED = Counter("yunshao_records_rejected_total", "Records in the dead-letter store.", ["source", "reason"])
REPEATED = Counter("yunshao_events_repeated_total", "Events that had been stored before.", ["source"])
ALERTS = Counter("yunshao_alerts_total", "Alerts raised, drills apart.", ["level", "drill"])
LET_GO = Counter("yunshao_correlation_events_let_go_total", "Events that correlations had no room for.")
FINDINGS = Counter("yunshao_findings_total", "Findings folded into alerts.", ["drill"])
FLOODED = Counter("yunshao_findings_flooded_total", "Findings that went into a flood alert.", ["rule"])
EXCEPTED = Counter("yunshao_findings_excepted_total", "Findings that an exception kept from alerting.", ["exception"])
BATCH_SECONDS = Histogram("yunshao_batch_seconds", "From the first record of a batch to its commit.")
LAST_EVENT = Gauge("yunshao_source_last_event_timestamp_seconds", "Event time of the newest event.", ["source"])
WAITING = Gauge("yunshao_spool_waiting_bytes", "Bytes accepted by push and not yet committed.")
REQUESTS = Counter("yunshao_console_requests_total", "Console requests.", ["method", "status"])
LIVE_PAGES = Gauge("yunshao_console_live_pages", "Open live streams.")
DELIVERIES = Counter("yunshao_deliveries_total", "Tries to tell somebody, by what came of them.", ["channel", "state"])
PAGES = Counter("yunshao_pages_total", "Pages opened, drills apart.", ["level", "drill"])
LAG = Gauge("yunshao_cluster_lag_messages", "Messages that the workers have not finished.", ["topic", "partition"])
LAST_MESSAGE = Gauge(
    "yunshao_cluster_last_message_timestamp_seconds", "When the newest message was written.", ["topic", "partition"]
)
ENGINE_UP = Gauge("yunshao_cluster_up", "1 where the engine answers this console.", ["engine"])
REFUSED_WRITES = Gauge("yunshao_cluster_refused_writes", "Writes that the node had no room for since it started.")
DUTY = Gauge("yunshao_console_on_duty", "1 where this console sends, drills, schedules and deletes old days.")
