"""A name that is read straight from the record is the name that its OCSF form gives."""

import tarfile

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import shared_data

from collectors.aws_cloudtrail import COLLECTOR
from detectors import entity
from detectors.entity import MAX_ENTITY, NOBODY, entity_of
from detectors.words import visible
from yunshao.model.event import Event, Identity

PARSER = COLLECTOR.parser
NAMES = st.sampled_from(("ops7", "", "-", " x", "a\u200bb", "n" * 300, "HIDDEN_DUE_TO_SECURITY_REASONS", None, 7, {}))
ARNS = st.sampled_from(("arn:aws:iam::1:user/ops7", "arn:aws:sts::1:assumed-role/app/s", "acs:x", "arn:", "", None, 5))
ISSUERS = st.fixed_dictionaries({}, optional={"userName": NAMES})
CONTEXTS = st.fixed_dictionaries({}, optional={"sessionIssuer": ISSUERS})
IDENTITIES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(("IAMUser", "Root", "AssumedRole", None, 3)),
        "userName": NAMES,
        "arn": ARNS,
        "principalId": NAMES,
        "accountId": st.sampled_from(("111122223333", None)),
        "sessionContext": CONTEXTS,
    },
)


def made(native):
    return Event("aws.cloudtrail", "u", 0, native, PARSER.normalise)


def slowly(event):
    return visible(next(entity._names(event.ocsf), NOBODY), MAX_ENTITY)


@settings(max_examples=250, deadline=None)
@given(IDENTITIES)
def test_a_record_names_whom_its_ocsf_form_names(identity):
    native = {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "userIdentity": identity}
    assert entity_of(made(native)) == slowly(made(native))


def test_real_records_name_whom_their_ocsf_form_names():
    records = 0
    with tarfile.open(shared_data("cloud/aws-invictus-simulation.tar.gz")) as pack:
        for member in pack.getmembers()[:40]:
            if not member.isfile() or not member.name.endswith(".json"):
                continue
            for native in orjson.loads(pack.extractfile(member).read()).get("Records", []):
                event = Event("aws.cloudtrail", "u", 0, native, lambda one, _: PARSER.normalise(one, Identity("u", 0)))
                assert entity_of(event) == slowly(made(native))
                records += 1
    assert records > 500


@pytest.mark.parametrize("identity", [None, [], "x", {"sessionContext": []}])
def test_an_identity_of_another_shape_is_no_trouble(identity):
    assert entity_of(made({"eventName": "X", "userIdentity": identity}))
