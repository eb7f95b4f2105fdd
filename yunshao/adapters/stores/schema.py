"""The tables, as steps from one version to the next. A step that has shipped is never changed."""

from __future__ import annotations

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # Alerts. `number` grows with detection, so the newest page is the end of the table; the body stands apart
        # because filters, counts and pages read the narrow table alone.
        """CREATE TABLE alert(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL, drill TEXT NOT NULL,
            status TEXT NOT NULL, level TEXT NOT NULL, unit TEXT NOT NULL, rule_id TEXT NOT NULL,
            entity TEXT NOT NULL, assignee TEXT NOT NULL, time INTEGER NOT NULL, detected INTEGER NOT NULL) STRICT""",
        "CREATE UNIQUE INDEX alert_sequence ON alert(sequence)",
        # Wide enough that the usual counts are answered by the index alone.
        "CREATE INDEX alert_status ON alert(status, drill, level)",
        "CREATE INDEX alert_level ON alert(level, drill, status)",
        "CREATE INDEX alert_unit ON alert(unit, drill, status, level)",
        "CREATE INDEX alert_rule ON alert(rule_id, drill, status, level)",
        "CREATE INDEX alert_entity ON alert(entity, drill, status)",
        "CREATE INDEX alert_time ON alert(time)",
        "CREATE INDEX alert_assignee ON alert(assignee) WHERE assignee <> ''",
        "CREATE INDEX alert_drill ON alert(drill) WHERE drill <> ''",
        "CREATE TABLE alert_body(number INTEGER PRIMARY KEY, body TEXT NOT NULL, search TEXT NOT NULL) STRICT",
        """CREATE VIRTUAL TABLE alert_text USING fts5(
            search, content='alert_body', content_rowid='number', tokenize='trigram', detail='none')""",
        """CREATE TABLE alert_technique(
            technique TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY(technique, number)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX alert_technique_number ON alert_technique(number)",
        "CREATE TABLE alert_title(rule_id TEXT PRIMARY KEY, words TEXT NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE alert_evidence(
            number INTEGER NOT NULL, place INTEGER NOT NULL, source TEXT NOT NULL, uid TEXT NOT NULL,
            time INTEGER NOT NULL, unit TEXT NOT NULL, system TEXT NOT NULL, cloud TEXT NOT NULL,
            ocsf TEXT NOT NULL, native TEXT NOT NULL, PRIMARY KEY(number, place)) STRICT""",
        # The stream: what was seen, what detectors remember, where intakes stand.
        "CREATE TABLE seen(digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
        """CREATE TABLE memory(
            detector TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, due INTEGER,
            PRIMARY KEY(detector, key)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX memory_due ON memory(due) WHERE due IS NOT NULL",
        "CREATE TABLE intake(name TEXT PRIMARY KEY, offset TEXT NOT NULL) STRICT, WITHOUT ROWID",
        # The ledger.
        """CREATE TABLE source(
            name TEXT PRIMARY KEY, received INTEGER NOT NULL, processed INTEGER NOT NULL, rejected INTEGER NOT NULL,
            repeated INTEGER NOT NULL, last_event INTEGER, last_received INTEGER) STRICT, WITHOUT ROWID""",
        """CREATE TABLE ledger(
            source TEXT NOT NULL, minute INTEGER NOT NULL, received INTEGER NOT NULL, processed INTEGER NOT NULL,
            rejected INTEGER NOT NULL, repeated INTEGER NOT NULL, PRIMARY KEY(source, minute)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE tally(
            hour INTEGER NOT NULL, source TEXT NOT NULL, unit TEXT NOT NULL, class_uid INTEGER NOT NULL,
            events INTEGER NOT NULL, PRIMARY KEY(hour, source, unit, class_uid)) STRICT, WITHOUT ROWID""",
        # `upto` is the sum of all bytes ever rejected: the table is bounded by cutting where it lies too far back.
        """CREATE TABLE reject(
            number INTEGER PRIMARY KEY, source TEXT NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL,
            detail TEXT NOT NULL, raw BLOB NOT NULL, received INTEGER NOT NULL, hint TEXT NOT NULL,
            upto INTEGER NOT NULL) STRICT""",
        "CREATE INDEX reject_source ON reject(source)",
        "CREATE INDEX reject_upto ON reject(upto)",
        # Parquet segments. A file that is not listed here does not exist.
        """CREATE TABLE segment(
            number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, day TEXT NOT NULL, events INTEGER NOT NULL,
            bytes INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, retired INTEGER) STRICT""",
        "CREATE INDEX segment_day ON segment(day) WHERE retired IS NULL",
        # Documents, the drill register, the trail.
        """CREATE TABLE document(
            kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, written INTEGER NOT NULL,
            PRIMARY KEY(kind, key)) STRICT""",
        "CREATE UNIQUE INDEX document_written ON document(kind, written)",
        """CREATE TABLE injected(
            source TEXT NOT NULL, uid TEXT NOT NULL, drill TEXT NOT NULL, digest TEXT NOT NULL,
            planned INTEGER NOT NULL, genuine INTEGER, PRIMARY KEY(source, uid)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX injected_drill ON injected(drill)",
        "CREATE INDEX injected_waiting ON injected(source) WHERE genuine IS NULL",
        """CREATE TABLE trail(
            number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, did TEXT NOT NULL,
            subject TEXT NOT NULL, detail TEXT NOT NULL) STRICT""",
    ),
    (
        # Alerts are folds of findings: on trial, snoozed until a moment (ms), a flood. What is counted for the queue is
        # still answered by an index alone.
        "ALTER TABLE alert ADD COLUMN staged INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE alert ADD COLUMN snoozed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE alert ADD COLUMN flood INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX alert_status",
        "DROP INDEX alert_level",
        "DROP INDEX alert_unit",
        "DROP INDEX alert_rule",
        "DROP INDEX alert_entity",
        "CREATE INDEX alert_status ON alert(status, drill, staged, level, snoozed)",
        "CREATE INDEX alert_level ON alert(level, drill, staged, status, snoozed)",
        "CREATE INDEX alert_unit ON alert(unit, drill, staged, status, level, snoozed)",
        "CREATE INDEX alert_rule ON alert(rule_id, drill, staged, status, level, snoozed)",
        "CREATE INDEX alert_entity ON alert(entity, drill, staged, status, snoozed)",
        "CREATE INDEX alert_staged ON alert(staged) WHERE staged > 0",
        "CREATE INDEX alert_flood ON alert(flood) WHERE flood > 0",
        # Evidence by event: a place among an alert's events changes when more are folded in.
        """CREATE TABLE evidence(
            number INTEGER NOT NULL, source TEXT NOT NULL, uid TEXT NOT NULL, time INTEGER NOT NULL,
            unit TEXT NOT NULL, system TEXT NOT NULL, cloud TEXT NOT NULL, ocsf TEXT NOT NULL, native TEXT NOT NULL,
            PRIMARY KEY(number, source, uid)) STRICT""",
        """INSERT OR IGNORE INTO evidence
            SELECT number, source, uid, time, unit, system, cloud, ocsf, native FROM alert_evidence""",
        "DROP TABLE alert_evidence",
        # What exceptions hid.
        """CREATE TABLE excepted(
            exception TEXT NOT NULL, day INTEGER NOT NULL, findings INTEGER NOT NULL,
            PRIMARY KEY(exception, day)) STRICT, WITHOUT ROWID""",
    ),
    (
        # The risk register and the chain of hashes: rows are added and never changed.
        """CREATE TABLE register(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT,
            at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL) STRICT""",
        "CREATE INDEX register_key ON register(kind, key, number)",
        """CREATE TABLE chain(
            number INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, place INTEGER NOT NULL,
            at INTEGER NOT NULL, digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
        "CREATE INDEX chain_kind ON chain(kind, place)",
    ),
    (
        # Documents that wake by themselves: deliveries, pages, runs of playbooks, clocks of incidents.
        "ALTER TABLE document ADD COLUMN wakes INTEGER",
        "CREATE INDEX document_wakes ON document(kind, wakes) WHERE wakes IS NOT NULL",
    ),
    (
        # A drill's events, which are in the files and in no figure.
        """CREATE TABLE rehearsed(
            time INTEGER NOT NULL, source TEXT NOT NULL, unit TEXT NOT NULL, class_uid INTEGER NOT NULL) STRICT""",
        "CREATE INDEX rehearsed_time ON rehearsed(time)",
        "ALTER TABLE source ADD COLUMN rehearsed INTEGER NOT NULL DEFAULT 0",
    ),
)
