"""The live stream: alerts as they are raised or changed, each with a number to go on from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from console.web.frame import Refused, Visit, alert_row, snoozes_of, visit_of
from yunshao import meters

router = APIRouter()
EVERY_SECONDS = 0.4
PING_EVERY = 37
MOST_PAGES = 200


class Pages:
    """How many live pages are open, in this process."""

    def __init__(self) -> None:
        self.open = 0


PAGES = Pages()


@router.get("/live", include_in_schema=False)
async def live(request: Request) -> StreamingResponse:
    """Server-sent events from `Last-Event-ID` on, or from now."""
    visit = visit_of(request)
    if PAGES.open >= MOST_PAGES:
        raise Refused(503, "too many live pages are open")
    start = request.headers.get("last-event-id", "") or request.query_params.get("after", "")
    after = (
        int(start) if start.isdecimal() and len(start) < 16 else await run_in_threadpool(visit.desk.store.last_sequence)
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(visit, after), media_type="text/event-stream", headers=headers)


async def _stream(visit: Visit, after: int) -> AsyncIterator[bytes]:
    PAGES.open += 1
    meters.LIVE_PAGES.inc()
    turns = 0
    try:
        yield b": live\n\n"
        while not await visit.request.is_disconnected():
            for after, message in await run_in_threadpool(_news, visit, after):  # noqa: B020 - the number goes on
                if message:
                    yield b"id: %d\ndata: %s\n\n" % (after, message)
            turns += 1
            if turns % PING_EVERY == 0:
                yield b": ping\n\n"
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        PAGES.open -= 1
        meters.LIVE_PAGES.dec()


def _news(visit: Visit, after: int) -> list[tuple[int, bytes]]:
    """What was raised or changed since; an empty message is one out of sight."""
    found = []
    news = visit.desk.store.alerts_after(after)
    snoozes = snoozes_of(visit) if news else ()
    for number, one in news:
        if visit.may_see(one.finding.owner.unit):
            found.append((number, orjson.dumps(alert_row(visit, one, snoozes))))
        else:
            found.append((number, b""))
    return found
