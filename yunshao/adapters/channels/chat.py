"""Robots of chat groups: DingTalk, WeCom, Feishu, Slack, each in its own form and with its own signature.

Names in an alert are written by attackers: nothing of a message may mention everybody, link, or format in a chat.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import orjson

from yunshao.adapters.channels.web import post
from yunshao.model.notice import SENT, Message, Outcome

WIDE = str.maketrans({"[": "［", "]": "］", "<": "＜", ">": "＞", "*": "＊", "`": "｀", "@": "＠", "!": "！",
                      "#": "＃", "|": "｜", "~": "～", "_": "＿", "\\": "＼"})  # fmt: skip
ADDRESS = re.compile(r"\b(h)tt(ps?)://", re.IGNORECASE)
WECOM_BYTES = 4096
COLOUR = {"critical": "red", "high": "orange", "medium": "yellow", "low": "blue", "informational": "grey"}
TOO_FAST = {"dingtalk": (130101, 660026), "wecom": (45009,), "feishu": (11232, 9499, 99991400)}
TOO_FAST_WAIT_MS = 60_000
BUSY = {"dingtalk": (-1,), "wecom": (-1,), "feishu": (11233, 1500)}
Payload = dict[str, Any]


def plain(text: str) -> str:
    """Text that a chat cannot take for its own marks, and whose addresses cannot be clicked."""
    return ADDRESS.sub(r"\1xx\2://", text).translate(WIDE)


class Robot:
    """One robot of one group."""

    def __init__(self, kind: str, url: str, token: str, secret: str, timeout: float, clock: Callable[[], int]) -> None:
        self._kind, self._url, self._token, self._secret = kind, url.rstrip("/"), token, secret
        self._timeout, self._clock = timeout, clock

    def send(self, message: Message) -> Outcome:
        """Post it in the form of its kind."""
        address, payload = WRITERS[self._kind](self._url, self._token, self._secret, self._clock(), message)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        outcome, answer = post(address, orjson.dumps(payload), headers, self._timeout)
        return _read(self._kind, answer) if outcome.sent and self._kind != "slack" else outcome


def _read(kind: str, answer: bytes) -> Outcome:
    """These services answer 200 and say inside what they think."""
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return Outcome(False, "the answer is no JSON: is this the service?")
    said = said if isinstance(said, Mapping) else {}
    code = next((said[key] for key in ("errcode", "code", "StatusCode") if key in said), None)
    if code == 0:
        return SENT
    reason = f"{kind} {code}: {said.get('errmsg') or said.get('msg') or ''}"
    if code in TOO_FAST[kind]:
        return Outcome(False, reason, wait=TOO_FAST_WAIT_MS)
    return Outcome(False, reason, permanent=code is not None and code not in BUSY[kind])


def dingtalk(url: str, token: str, secret: str, now: int, message: Message) -> tuple[str, Payload]:
    """Custom robot: `timestamp` and `sign` in the address; sign = base64(HMAC-SHA256(secret, "timestamp\\nsecret"))."""
    address = f"{url}/robot/send?access_token={quote_plus(token)}"
    if secret:
        signed = hmac.new(secret.encode(), f"{now}\n{secret}".encode(), hashlib.sha256).digest()
        address += f"&timestamp={now}&sign={quote_plus(base64.b64encode(signed))}"
    mention = f"\n\n@{message.to}" if message.to.lstrip("+").isdecimal() else ""
    links = "".join(f"\n\n[{plain(link.label)}]({link.url})" for link in message.links)
    body = plain(message.body).replace("\n", "\n\n")
    text = f"### {plain(message.marked)}\n\n{body}{links}{mention}"
    numbers = [message.to] if mention else []
    card = {"title": plain(message.marked), "text": text}
    return address, {"msgtype": "markdown", "markdown": card, "at": {"atMobiles": numbers, "isAtAll": False}}


def wecom(url: str, token: str, secret: str, now: int, message: Message) -> tuple[str, Payload]:
    """Group robot: the key in the address is all; markdown of 4,096 bytes at most."""
    del secret, now
    links = "".join(f"\n[{plain(link.label)}]({link.url})" for link in message.links)
    head = f"**{plain(message.marked)}**\n"
    room = WECOM_BYTES - len((head + links).encode())
    body = plain(message.body).encode()[: max(room, 0)].decode("utf-8", "ignore")
    address = f"{url}/cgi-bin/webhook/send?key={quote_plus(token)}"
    return address, {"msgtype": "markdown", "markdown": {"content": f"{head}{body}{links}"}}


def feishu(url: str, token: str, secret: str, now: int, message: Message) -> tuple[str, Payload]:
    """Custom robot: sign = base64(HMAC-SHA256(key "timestamp\\nsecret", empty)); a card whose text is plain."""
    elements: list[Payload] = [{"tag": "div", "text": {"tag": "plain_text", "content": message.body}}]
    buttons = [
        {"tag": "button", "text": {"tag": "plain_text", "content": link.label}, "url": link.url, "type": "primary"}
        for link in message.links
    ]
    elements += [{"tag": "action", "actions": buttons}] if buttons else []
    title = {"tag": "plain_text", "content": message.marked}
    template = "purple" if message.drill else COLOUR.get(message.level, "red")
    card = {"header": {"title": title, "template": template}, "elements": elements}
    payload: Payload = {"msg_type": "interactive", "card": card}
    if secret:
        stamp = str(now // 1000)
        signed = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        payload |= {"timestamp": stamp, "sign": base64.b64encode(signed).decode("ascii")}
    return f"{url}/open-apis/bot/v2/hook/{quote_plus(token)}", payload


def slack(url: str, token: str, secret: str, now: int, message: Message) -> tuple[str, Payload]:
    """Incoming webhook: the path is the secret; text in `plain_text` blocks, which nothing can format."""
    del secret, now
    blocks: list[Payload] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.marked[:150], "emoji": False}},
        {"type": "section", "text": {"type": "plain_text", "text": message.body[:3000] or "-", "emoji": False}},
    ]
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": link.label[:75]}, "url": link.url}
        for link in message.links
    ]
    blocks += [{"type": "actions", "elements": buttons}] if buttons else []
    shown = message.marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{url}/services/{token.strip('/')}", {"text": shown, "blocks": blocks}


WRITERS: dict[str, Callable[[str, str, str, int, Message], tuple[str, Payload]]] = {
    "dingtalk": dingtalk,
    "wecom": wecom,
    "feishu": feishu,
    "slack": slack,
}
