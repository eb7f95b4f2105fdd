"""Each channel speaks as its service wants, says what came of it, and lets no name in an alert do anything."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from yunshao_receivers import Mailbox, free_port, receiver

from yunshao.adapters.channels.catalog import channel
from yunshao.adapters.channels.chat import plain
from yunshao.model.notice import Link, Message

NOW = 1_790_000_000_000
SECRET = "SEC0123"
KINDS = ("mail", "webhook", "dingtalk", "wecom", "feishu", "slack")
OK = {"dingtalk": b'{"errcode":0}', "wecom": b'{"errcode":0,"errmsg":"ok"}', "feishu": b'{"code":0}'}
HOSTILE = "x\r\nBcc: all@example.cn <@everyone> @all [click](http://evil.example/) `a` **b** <!channel>"


def message(title: str = "标题", body: str = "正文", drill: bool = False, to: str = "") -> Message:
    link = Link("Take it", "https://console.example.cn/take/abc")
    return Message("d" * 24, to, title, body, "high", drill, NOW, (link,))


def sent_to(kind: str, one: Message, **words: object) -> tuple[str, dict[str, str], dict[str, object]]:
    with receiver(answer=OK.get(kind, b"ok")) as there:
        made = channel(kind, there.url, "tok/en", SECRET, lambda: NOW)
        assert made.send(one).sent
        ((path, headers, body),) = there.got
        return path, headers, json.loads(body)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, f"smtp://127.0.0.1:{port}"
    server.stop()


def mail(url: str, starttls: bool = False):
    return channel("mail", url, "", "", lambda: NOW, sender="yunshao@example.cn", starttls=starttls, timeout=5)


def test_a_mail_arrives_with_an_id_that_is_the_same_at_every_try(mailbox: tuple[Mailbox, str]):
    box, url = mailbox
    assert mail(url).send(message(drill=True, to="duty@example.cn")).sent
    (got,) = box.got
    read = email.message_from_bytes(got.content, policy=email.policy.default)
    assert got.rcpt_tos == ["duty@example.cn"]
    assert read["Subject"] == "【演练 DRILL】标题"
    assert read["Message-ID"] == f"<{'d' * 24}@example.cn>"
    assert read["X-Yunshao-Drill"] == "yes"
    assert "https://console.example.cn/take/abc" in read.get_content()


def test_a_title_cannot_write_headers_and_a_bad_address_is_refused(mailbox: tuple[Mailbox, str]):
    box, url = mailbox
    assert mail(url).send(message(title=HOSTILE, to="duty@example.cn")).sent
    read = email.message_from_bytes(box.got[0].content, policy=email.policy.default)
    assert read["Bcc"] is None
    outcome = mail(url).send(message(to="duty@example.cn\r\nBcc: other@example.cn"))
    assert (outcome.sent, outcome.permanent) == (False, True)


def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(mailbox: tuple[Mailbox, str]):
    box, url = mailbox
    for refusal, permanent in (("451 later", False), ("550 never", True)):
        box.refusal = refusal
        outcome = mail(url).send(message(to="duty@example.cn"))
        assert (outcome.sent, outcome.permanent) == (False, permanent)


def test_without_starttls_nothing_is_sent_where_it_is_insisted_on(mailbox: tuple[Mailbox, str]):
    box, url = mailbox
    assert not mail(url, starttls=True).send(message(to="duty@example.cn")).sent
    assert box.got == []


def test_a_webhook_is_signed_after_the_standard():
    with receiver() as there:
        secret = "whsec_" + base64.b64encode(b"key").decode()
        assert channel("webhook", f"{there.url}/in?a=1", "", secret, lambda: NOW).send(message(drill=True)).sent
        ((path, headers, body),) = there.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"key", signed, hashlib.sha256).digest()).decode()
    assert (path, headers["webhook-signature"]) == ("/in?a=1", f"v1,{wanted}")
    assert json.loads(body)["drill"] is True


def test_dingtalk_is_signed_in_the_address_and_mentions_one_number():
    path, _, body = sent_to("dingtalk", message(to="13800000000"))
    asked = parse_qs(urlsplit(path).query)
    wanted = base64.b64encode(hmac.new(SECRET.encode(), f"{NOW}\n{SECRET}".encode(), hashlib.sha256).digest()).decode()
    assert (asked["access_token"], asked["timestamp"], asked["sign"]) == (["tok/en"], [str(NOW)], [wanted])
    assert body["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}


def test_feishu_is_signed_in_the_body():
    path, _, body = sent_to("feishu", message(drill=True))
    key = f"{NOW // 1000}\n{SECRET}".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert path == "/open-apis/bot/v2/hook/tok%2Fen"


def test_wecom_keeps_to_its_4096_bytes():
    path, _, body = sent_to("wecom", message(body="很长" * 5000))
    assert path == "/cgi-bin/webhook/send?key=tok%2Fen"
    content = body["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert content.endswith("(https://console.example.cn/take/abc)")


def test_slack_gets_plain_text_at_its_path():
    path, _, body = sent_to("slack", message(title=HOSTILE))
    assert path == "/services/tok/en"
    assert "<!channel>" not in body["text"]
    assert {one["text"]["type"] for one in body["blocks"] if "text" in one} == {"plain_text"}


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_drill_is_marked_in_every_channel(kind: str):
    _, _, body = sent_to(kind, message(drill=True))
    assert "演练 DRILL" in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("kind", ["dingtalk", "wecom"])
def test_what_an_attacker_named_mentions_nobody_and_links_nowhere(kind: str):
    _, _, body = sent_to(kind, message(title=HOSTILE, body=HOSTILE))
    said = json.dumps(body)
    assert "http://evil" not in said
    assert "@all" not in said
    assert "<@everyone" not in said
    assert plain("http://a [b](c)") == "hxxp://a ［b］(c)"


@pytest.mark.parametrize(
    ("kind", "status", "answer", "headers", "permanent", "wait"),
    [
        ("webhook", 503, b"", {}, False, 0),
        ("webhook", 429, b"", {"Retry-After": "7"}, False, 7000),
        ("webhook", 404, b"", {}, True, 0),
        ("webhook", 302, b"", {"Location": "http://169.254.169.254/"}, True, 0),
        ("slack", 500, b"", {}, False, 0),
        ("dingtalk", 200, b'{"errcode":130101,"errmsg":"send too fast"}', {}, False, 60_000),
        ("dingtalk", 200, b'{"errcode":310000,"errmsg":"sign not match"}', {}, True, 0),
        ("wecom", 200, b'{"errcode":45009}', {}, False, 60_000),
        ("feishu", 200, b'{"code":19021,"msg":"sign match fail"}', {}, True, 0),
        ("feishu", 200, b"<html>a proxy's page", {}, False, 0),
        ("wecom", 200, b"[]", {}, False, 0),
    ],
)
def test_what_the_other_side_says_is_understood(
    kind: str, status: int, answer: bytes, headers: dict[str, str], permanent: bool, wait: int
):
    with receiver(status=status, answer=answer, headers=headers) as there:
        outcome = channel(kind, there.url, "t", "s", lambda: NOW).send(message())
    assert (outcome.sent, outcome.permanent, outcome.wait) == (False, permanent, wait)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there_is_worth_another_try(kind: str):
    url = "smtp://127.0.0.1:1" if kind == "mail" else "http://127.0.0.1:1"
    made = channel(kind, url, "t", "s", lambda: NOW, sender="a@example.cn", timeout=2)
    outcome = made.send(message(to="duty@example.cn"))
    assert (outcome.sent, outcome.permanent) == (False, False)
