"""Asking DuckDB: a connection that can read one thing, `events`, and nothing else on this machine."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from yunshao.adapters.stores.columns import SCHEMA
from yunshao.adapters.stores.questions import condition_of, is_sql
from yunshao.errors import WrongUse

SECONDS = 20.0
MAX_ROWS = 100_000
MAX_CELL = 1 << 20
LIMITS: dict[str, Any] = {"memory_limit": "512MB", "threads": 2, "autoinstall_known_extensions": False}
LOCKS = (
    "SET temp_directory=''",
    "SET autoload_known_extensions=false",
    # Without this, a table name would be looked up among the variables of our own Python functions.
    "SET python_enable_replacements=false",
    "SET enable_external_access=false",
    "SET lock_configuration=true",
)
SORTED = "SELECT * FROM events WHERE {where} ORDER BY time DESC, source, uid"


def hunt(events: Sequence[str] | pa.Table, question: str, limit: int) -> list[dict[str, Any]]:
    """Rows for one SELECT or for `field:value` words over Parquet files or a table. Raises WrongUse.

    The asker is not trusted: no other file, no network, no setting, no extension, bounded memory, rows and time.
    """
    limit = max(1, min(limit, MAX_ROWS))
    if is_sql(question):
        sql, values = question, ()
    else:
        condition = condition_of(question)
        sql, values = SORTED.format(where=condition.where), condition.values
    with _sandbox(events) as connection:
        return _ask(connection, sql, values, limit)


@contextmanager
def _sandbox(events: Sequence[str] | pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config=LIMITS) as connection:
        if isinstance(events, pa.Table):
            connection.register("handed_over", events)
            connection.execute("CREATE TABLE events AS SELECT * FROM handed_over")
            connection.unregister("handed_over")
        elif events:
            connection.execute(f"SET allowed_paths=[{_literals(events)}]")
            connection.execute(view_of(events))
        else:
            connection.register("handed_over", SCHEMA.empty_table())
            connection.execute("CREATE TABLE events AS SELECT * FROM handed_over")
            connection.unregister("handed_over")
        for lock in LOCKS:
            connection.execute(lock)
        yield connection


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any], limit: int) -> list[dict[str, Any]]:
    timer = threading.Timer(SECONDS, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise WrongUse("only one SELECT is answered", "SELECT … FROM events …")
        found = connection.execute(statements[0], values or None)
        names = [column[0] for column in found.description or ()]
        return [_row(names, row) for row in found.fetchmany(limit)]
    except duckdb.InterruptException:
        raise WrongUse(f"not answered within {SECONDS:.0f} s", "narrow it: since:, source:, or a LIMIT") from None
    except duckdb.OutOfMemoryException:
        raise WrongUse("too much for one question", "narrow it, or group less") from None
    except (duckdb.Error, RuntimeError, ValueError, OverflowError) as error:
        raise WrongUse(f"DuckDB: {str(error).splitlines()[0][:300]}", "one SELECT over `events`") from None
    finally:
        timer.cancel()


def _row(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {name: _cell(value) for name, value in zip(names, row, strict=True)}


def _cell(value: Any) -> Any:
    """A JSON value; anything else becomes its text, and text is cut where nobody would read on."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _cell(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(inner) for inner in value]
    text = value if isinstance(value, str) else value.hex() if isinstance(value, bytes) else str(value)
    return text[:MAX_CELL]


def view_of(files: Sequence[str]) -> str:
    """The statement that makes `events` of these Parquet files."""
    return f"CREATE VIEW events AS SELECT * FROM read_parquet([{_literals(files)}], hive_partitioning=false)"  # noqa: S608


def _literals(texts: Sequence[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
