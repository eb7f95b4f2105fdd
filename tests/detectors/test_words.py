"""Values of the log as words, and whom an event is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.entity import account_of, actor_key, entity_of
from detectors.first_seen import network_of
from detectors.sigma.values import MISSING
from detectors.words import render, shown, visible


@given(st.text())
def test_whatever_is_shown_can_be_printed_and_is_short(text):
    assert visible(text).isprintable()
    assert len(visible(text)) <= 400


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, ""),
        (None, ""),
        (5, "5"),
        (True, "true"),
        (["a", None, "b"], "a, b"),
        ({"k": 1}, '{"k":1}'),
        ("\n", "\\x0a"),
    ],
)
def test_values_are_shown_as_text(value, text):
    assert shown(value) == text


def test_long_lists_are_cut():
    assert shown(list("abcdefgh")) == "a, b, c, d, e, …"


def test_a_field_that_is_not_there_is_said_to_be_unknown():
    assert render("{a}-{b}", "en", {"a": "1"}.get) == "1-(unknown)"
    assert render("{a}", "zh", lambda _field: "") == "（未知）"


@pytest.mark.parametrize(
    ("ocsf", "name"),
    [
        ({"actor": {"user": {"name": "ops7", "uid": "AID"}}}, "ops7"),
        ({"actor": {"user": {"uid": "arn:aws:sts::1:assumed-role/web/i-1"}}}, "assumed-role/web/i-1"),
        ({"user": {"name": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "src_endpoint": {"ip": "10.0.0.1"}}, "10.0.0.1"),
        ({"user": {"email_addr": "a@b"}}, "a@b"),
        ({"device": {"hostname": "web-1"}}, "web-1"),
        ({"actor": "strange", "src_endpoint": ["x"]}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_an_event_is_about_its_actor_then_its_source_then_its_host(event, ocsf, name):
    assert entity_of(event({}, ocsf=ocsf)) == name


def test_sessions_of_one_role_are_one_actor(event):
    def key(session):
        ocsf = {"cloud": {"provider": "AWS", "account": {"uid": "1"}}, "actor": {"user": {"uid": f"AROAX:{session}"}}}
        return actor_key(event({}, ocsf=ocsf))

    assert key("a") == key("b") == "aws.cloudtrail|AWS|1|AROAX"


def test_an_event_without_an_actor_has_no_key(event):
    assert actor_key(event({}, ocsf={})) == ""
    assert account_of(event({}, ocsf={})) == "aws.cloudtrail||"


@pytest.mark.parametrize(
    ("ip", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::5", "2001:db8:1::/48"), ("nonsense", None), (None, None)],
)
def test_networks_are_of_24_or_48_bits(ip, network):
    assert network_of(ip) == network
