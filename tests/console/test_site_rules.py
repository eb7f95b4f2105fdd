"""Rules of a workspace together with those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.wiring import open_workspace
from detectors.sigma.match import Matcher
from yunshao.model.event import Event

PARTNER, STRANGER = "440000000001", "999988887777"
APPROVED = f"""
title: Approved to use the sharing exchange
logsource: {{product: aws, service: cloudtrail}}
filter:
  rules: [exchange_foreign_read]
  reader: {{userIdentity.accountId: ["{PARTNER}"]}}
  condition: not reader
"""
COUNTED = """
title: Many foreign reads
id: 6f9b1d9e-6a6a-4b55-9a9c-3f5f6f8f4c10
name: many_foreign_reads
correlation:
  type: event_count
  rules: [exchange_foreign_read]
  group-by: [userIdentity.accountId]
  timespan: 1h
  condition: {gte: 3}
"""


def workspace(folder: Path, **rules: str) -> Any:
    """A workspace with these rule files."""
    (folder / "yunshao.yaml").write_text("language: en\n", encoding="utf-8")
    (folder / "rules").mkdir()
    for name, text in rules.items():
        (folder / "rules" / f"{name}.yml").write_text(text, encoding="utf-8")
    return open_workspace(folder).rules


def read_by(account: str) -> Event:
    """A read of the exchange by an account that is not its own."""
    native = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AWSAccount", "accountId": account},
        "requestParameters": {"bucketName": "exchange-population", "key": "p/001.csv"},
    }
    return Event("aws.cloudtrail", account, 0, native, lambda _native, _identity: {})


def fired(rules: Any, account: str) -> set[str]:
    """The names of the rules that a read by the account fires."""
    return {rule.name for rule in Matcher(rules.rules).matches(read_by(account))}


@pytest.mark.parametrize("account", [PARTNER, STRANGER])
def test_without_a_list_every_outside_account_is_reported(tmp_path: Path, account: str) -> None:
    assert "exchange_foreign_read" in fired(workspace(tmp_path), account)


def test_an_account_on_the_list_of_the_site_is_let_through(tmp_path: Path) -> None:
    assert "exchange_foreign_read" not in fired(workspace(tmp_path, approved=APPROVED), PARTNER)


def test_an_account_that_is_not_on_the_list_is_still_reported(tmp_path: Path) -> None:
    assert "exchange_foreign_read" in fired(workspace(tmp_path, approved=APPROVED), STRANGER)


def test_a_correlation_of_the_site_may_name_a_shipped_rule(tmp_path: Path) -> None:
    rules = workspace(tmp_path, counted=COUNTED)
    assert rules.refused == ()
    assert "many_foreign_reads" in {each.name for each in rules.correlations}
