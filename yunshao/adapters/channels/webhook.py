"""A webhook, signed after the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

The signature is `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`. A secret `whsec_…` is base64; any other is
taken as it stands. The id is the delivery's: a receiver that has seen it drops the second copy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

import orjson

from yunshao.adapters.channels.web import post
from yunshao.model.notice import Message, Outcome

PREFIX = "whsec_"


class Webhook:
    """One address that takes JSON."""

    def __init__(self, url: str, secret: str, timeout: float, clock: Callable[[], int]) -> None:
        self._url, self._key, self._timeout, self._clock = url, key_of(secret), timeout, clock

    def send(self, message: Message) -> Outcome:
        """Post it."""
        body = orjson.dumps(payload(message))
        stamp = str(self._clock() // 1000)
        headers = {"Content-Type": "application/json", "webhook-id": message.id, "webhook-timestamp": stamp}
        if self._key:
            headers["webhook-signature"] = signature(self._key, message.id, stamp, body)
        return post(self._url, body, headers, self._timeout)[0]


def payload(message: Message) -> dict[str, object]:
    """What a receiver reads."""
    return {
        "type": "yunshao.notice",
        "id": message.id,
        "drill": message.drill,
        "level": message.level,
        "title": message.marked,
        "body": message.body,
        "to": message.to,
        "at": message.at,
        "links": [{"label": link.label, "url": link.url} for link in message.links],
    }


def key_of(secret: str) -> bytes:
    """The bytes that sign."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(key: bytes, name: str, stamp: str, body: bytes) -> str:
    """`v1,…` of one message."""
    signed = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode('ascii')}"
