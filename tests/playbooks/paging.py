"""A small rota to play with."""

from __future__ import annotations

from functools import cache

from playbooks.oncall.page import Subject
from playbooks.oncall.settings import OnCall, parse_oncall

T0 = 1_790_000_000_000
MINUTE = 60_000
FILE = """
channels:
  mail: {kind: mail, url: "smtp://127.0.0.1:2525", sender: yunshao@example.cn, starttls: false}
  group: {kind: webhook, url: "http://127.0.0.1:1"}
people:
  duty-1: {language: zh, reach: [{channel: mail, to: duty-1@example.cn}, {channel: group}]}
  duty-2: {language: en, reach: [{channel: mail, to: duty-2@example.cn}], quiet: {begins: "22:00", ends: "07:00"}}
  lead: {reach: [{channel: mail, to: lead@example.cn}]}
rotas:
  main: {people: [duty-1, duty-2], turn: 1d, starts: "2026-01-05", at: "09:00"}
  night: {people: [lead], hours: ["20:00", "08:00"], weekdays: [1, 2, 3, 4, 5], cover: main}
policies:
  ladder:
    rungs: [{after: 0m, tell: ["rota:main"]}, {after: 10m, tell: ["person:lead", "channel:group"]}]
    repeat: 1
    every: 30m
routes: [{levels: [high, critical], policy: ladder}]
posts: {on_call: "rota:main"}
post_policy: ladder
"""


@cache
def settings(text: str = FILE) -> OnCall:
    return parse_oncall(text, "oncall.yaml")


def subject(level: str = "high", drill: str = "") -> Subject:
    said = {"zh": "有事", "en": "something"}
    return Subject("alert", "a1", level, said, said, drill=drill)
