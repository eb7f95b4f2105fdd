"""A console over a cluster: pages and commands read the node, accounts stay on the machine, days that are over go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cluster_workers import workspace
from contract.samples import alert, event
from starlette.testclient import TestClient

from console.accounts import add_account
from console.roles.letters import replay
from console.roles.up import Up
from console.web.app import create_app
from console.wiring import Workspace, open_workspace, wall_clock
from playbooks.scenes import demo_estate
from yunshao.adapters.kafka.apply import apply, lags
from yunshao.adapters.stores.search.split import SplitStore
from yunshao.errors import NotFound, WrongUse
from yunshao.model.event import Rejected
from yunshao.ports import Batch
from yunshao.settings import ClusterSettings

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def place(tmp_path: Path, cluster: ClusterSettings) -> Workspace:
    apply(cluster)
    return open_workspace(workspace(tmp_path / "city", cluster, demo_estate(), "library: false, anomalies: false"))


def node_of(place: Workspace) -> Any:
    store = place.store
    assert isinstance(store, SplitStore)
    return store._node


def test_pages_read_the_node_and_accounts_stay_here(place: Workspace) -> None:
    now = wall_clock()
    seen = event("a", time=now)
    place.store.commit(Batch(events=[seen], alerts=[alert(seen, detected=now)], received={"aws.cloudtrail": 1}))  # type: ignore[attr-defined]
    add_account(place.store, "admin", "admin", PASSWORD)
    up = Up(place)
    try:
        assert up.pipeline is None
        client = TestClient(create_app(up.desk()), base_url="http://127.0.0.1:8440", follow_redirects=False)
        assert client.post("/login", data={"name": "admin", "password": PASSWORD}).status_code == 303
        for path in ("/", "/alerts", "/units", "/risks", "/assessments", "/drills", "/oncall", "/reports", "/sources"):
            assert client.get(path).status_code == 200, path
        rows = client.get("/sources.json").json()
        assert [row["source"] for row in rows["sources"]] == ["aws.cloudtrail"]
        assert rows["cluster"]["broker"]["ok"]
        assert rows["cluster"]["node"]["status"] in {"green", "yellow"}
        assert {row["partition"] for row in rows["cluster"]["topics"]} == {0, 1}
        assert client.get("/alerts.json").json()["alerts"]
    finally:
        up.stop()
    assert place.local.get("user", "admin")["role"] == "admin"
    node = node_of(place)
    node.refresh("documents")
    hits = node.client.search(index=node.name("documents"), body={"size": 100})["hits"]["hits"]
    assert {hit["_source"]["kind"] for hit in hits}.isdisjoint({"user", "session"})
    assert PASSWORD not in json.dumps(hits)


def test_a_letter_goes_to_the_broker_once_and_is_counted(place: Workspace, cluster: ClusterSettings) -> None:
    record = Rejected("zeek", 7, "not_json", "why", b"no json", wall_clock(), "conn")
    whole = Rejected("envelope", 0, "worker_failed", "why", b"", wall_clock(), "t")
    topic = f"{cluster.prefix}.observed"
    place.store.keep_rejects([record, whole], [(f"{cluster.prefix}.raw", 1, 5, 2), (topic, 0, 3, 0)])  # type: ignore[attr-defined]
    numbers = {one.record.source: one.number for one in place.store.letters()}
    replay(place, numbers["zeek"], "me")
    assert lags(cluster, ["raw"]) == {"raw": 1}
    assert sum(row["received"] for row in place.local.ledger(0, 1 << 62)) == 1
    with pytest.raises(WrongUse):
        replay(place, numbers["zeek"], "me")
    with pytest.raises(WrongUse):
        replay(place, numbers["envelope"], "me")
    assert lags(cluster, ["raw"]) == {"raw": 1}


def test_days_that_are_over_are_counted_and_go(place: Workspace) -> None:
    now = wall_clock()
    old, new = event("old"), event("new", time=now)
    place.store.commit(Batch(events=[old, new], received={"aws.cloudtrail": 2}))  # type: ignore[attr-defined]
    up = Up(place)
    try:
        assert up.shared is not None
        assert len(up.shared.retire()) == 1
        assert up.shared.retire() == []
    finally:
        up.stop()
    assert place.store.event(new.ref).uid == "new"
    with pytest.raises(NotFound):
        place.store.event(old.ref)
    retired = place.store.ledger(0, 1 << 62, "retired")  # type: ignore[call-arg]
    assert [(row["source"], row["processed"]) for row in retired] == [("aws.cloudtrail", 1)]
    assert [row["did"] for row in place.store.trail()][:1] == ["events.delete"]
