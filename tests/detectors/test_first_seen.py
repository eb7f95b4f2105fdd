"""What is new to an actor, and whether it is new to its account."""

from detectors.first_seen import DAY_MS, MAX_VALUES, FirstSeen
from detectors.replay import replay

HOUR = 3_600_000


def act(event, day, actor="ops7", ip="203.0.113.5", service="s3", region="cn-1", status=1, account="1"):
    ocsf = {
        "class_uid": 6003,
        "status_id": status,
        "cloud": {"provider": "AWS", "account": {"uid": account}, "region": region},
        "actor": {"user": {"name": actor, "uid": actor}},
        "src_endpoint": {"ip": ip},
        "api": {"operation": "Get", "service": {"name": service}},
    }
    return event({}, time=int(day * DAY_MS), ocsf=ocsf)


def found(events):
    return replay(FirstSeen(), events, finish=False)


def test_a_known_actor_from_a_new_network_is_told(event):
    (finding,) = found([act(event, 0), act(event, 8), act(event, 8.1, ip="198.51.100.9")])
    assert finding.facts["first_seen"] == {"network": "198.51.100.0/24"}
    assert finding.level == "low"
    assert "198.51.100.0/24" in finding.why["zh"]
    assert finding.entity == "ops7"


def test_a_new_service_in_a_new_region_is_graver(event):
    (finding,) = found([act(event, 0), act(event, 8, service="iam", region="eu-1")])
    assert finding.level == "medium"
    assert set(finding.facts["first_seen"]) == {"service", "region"}


def test_a_young_actor_is_not_judged(event):
    assert found([act(event, 0), act(event, 6.9, ip="198.51.100.9")]) == []


def test_what_was_seen_within_the_window_is_not_new(event):
    assert found([act(event, 0), act(event, 5, service="iam"), act(event, 10), act(event, 30, service="iam")]) == []


def test_what_was_last_seen_before_the_window_is_new_again(event):
    events = [act(event, 0), act(event, 1, service="iam")] + [act(event, day) for day in range(2, 40)]
    (finding,) = found([*events, act(event, 40, service="iam")])
    assert finding.facts["first_seen"] == {"service": "iam"}


def test_a_denied_action_teaches_nothing(event):
    assert found([act(event, 0), act(event, 8, ip="198.51.100.9", status=2)]) == []


def test_what_many_others_of_the_account_do_is_not_told(event):
    others = [act(event, 0 + n / 100, actor=f"u{n}", service="iam") for n in range(6)]
    assert found([act(event, 0), *others, act(event, 8, service="iam")]) == []


def test_another_account_is_no_peer(event):
    others = [act(event, 0 + n / 100, actor=f"u{n}", service="iam", account="2") for n in range(6)]
    assert len(found([act(event, 0), *others, act(event, 8, service="iam")])) == 1


def test_memory_stays_bounded(event):
    detector, memory = FirstSeen(), None
    for n in range(1000):
        (seen,) = detector.observe(act(event, n / 1000, ip=f"10.{n % 250}.{n // 250}.1", service=f"s{n}"))
        memory = detector.step(memory, seen).memory
    assert all(len(values) <= MAX_VALUES for values in memory["used"].values())


def test_everything_is_forgotten_in_the_end(event):
    detector = FirstSeen()
    (seen,) = detector.observe(act(event, 0))
    step = detector.step(None, seen)
    tick = type(seen)(seen.detector, seen.key, step.due, None, seen.owner, {}, tick=True)
    assert detector.step(step.memory, tick).memory is None
    (onward,) = step.onward
    account = detector.step(None, onward)
    tick = type(seen)(seen.detector, onward.key, account.due, None, seen.owner, {}, tick=True)
    assert detector.step(account.memory, tick).memory is None
