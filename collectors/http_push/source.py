"""Takes records over HTTP: `POST /{source}` answers 202 only after they are on the bus, durable."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.catalog import AUTO, PARSERS, framing_of
from collectors.files.reading import Splitter
from collectors.http_push.settings import MAX_BODY_BYTES, RETRY_AFTER_SECONDS
from collectors.spec import dated_hint
from yunshao.errors import Unreachable
from yunshao.ports import Bus

Clock = Callable[[], int]


class _Refused(Exception):
    """The answer to a push that is not taken."""

    def __init__(self, status: int, what: str, mend: str = "", **headers: str) -> None:
        self.answer = JSONResponse({"error": what, "mend": mend}, status, headers)
        super().__init__(what)


def push_app(bus: Bus, token: str, clock: Clock) -> Starlette:
    """The receiving application. Every request must carry `Authorization: Bearer` with the token."""

    async def receive(request: Request) -> Response:
        try:
            _authorise(request, token)
            source = _source(request)
            body = _unpacked(await _body(request), request.headers.get("content-encoding", ""))
            peer = request.client.host if request.client else "unknown"
            return await run_in_threadpool(_append, bus, source, body, peer, clock())
        except _Refused as refused:
            return refused.answer
        except ClientDisconnect:
            return Response(status_code=400)

    return Starlette(routes=[Route("/{source}", receive, methods=["POST"])])


def _authorise(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    matches = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode("utf-8", "replace"))
    if not (token and matches and scheme.lower() == "bearer"):
        mend = "send Authorization: Bearer with the push token"
        raise _Refused(401, "not authorised", mend, **{"WWW-Authenticate": "Bearer"})


def _source(request: Request) -> str:
    source = str(request.path_params["source"])
    if source != AUTO and source not in PARSERS:
        raise _Refused(404, "no such source", f"one of {', '.join([AUTO, *sorted(PARSERS)])}")
    return source


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzipped(body)
        case _:
            raise _Refused(415, "unknown Content-Encoding", "send it plain or as gzip")


def _gunzipped(body: bytes) -> bytes:
    out = bytearray()
    try:
        while body:
            member = zlib.decompressobj(31)
            out += member.decompress(body, MAX_BODY_BYTES + 1 - len(out))
            if len(out) > MAX_BODY_BYTES or member.unconsumed_tail:
                raise _too_large()
            if not member.eof:
                raise _Refused(400, "the gzip body is not complete", "send it again")
            body = member.unused_data.lstrip(b"\0")
    except zlib.error:
        raise _Refused(400, "the body is not gzip", "name the encoding that was used") from None
    return bytes(out)


def _append(bus: Bus, source: str, body: bytes, peer: str, received: int) -> Response:
    splitter = Splitter(framing_of(source))
    pieces = [*splitter.feed(body), *splitter.close()]
    records = [piece if isinstance(piece, bytes) else piece.raw for piece in pieces]
    refused = sum(not isinstance(piece, bytes) for piece in pieces)
    hint = dated_hint(peer, received) if source == AUTO or framing_of(source) == "lines" else peer
    if records:
        try:
            bus.append(source, records, received, hint)
        except (OSError, Unreachable):
            raise _Refused(
                503, "cannot be stored now", "try again", **{"Retry-After": str(RETRY_AFTER_SECONDS)}
            ) from None
    return JSONResponse({"accepted": len(records) - refused, "refused": refused}, 202)


def _too_large() -> _Refused:
    return _Refused(413, f"more than {MAX_BODY_BYTES} bytes", "send smaller batches")
