"""Which sources a log source means."""

import pytest

from detectors.sigma.model import LogSource
from detectors.sigma.route import CATEGORIES, SERVICES, SOURCES, feeds, sources_of


@pytest.mark.parametrize(
    ("logsource", "sources"),
    [
        (LogSource("aws", "", "cloudtrail"), ("aws.cloudtrail",)),
        (LogSource("kubernetes", "application", "audit"), ("k8s.audit",)),
        (LogSource("zeek", "", "dns"), ("zeek",)),
        (LogSource("", "dns", ""), ("zeek", "suricata.eve")),
        (LogSource("suricata", "", "eve"), ("suricata.eve",)),
        (LogSource("azure", "", "signinlogs"), ("azure.signin", "azure.activity")),
        (LogSource("linux", "", "sshd"), ("syslog",)),
        (LogSource("windows", "process_creation", ""), ("windows.event",)),
        (LogSource("windows", "", "security"), ("windows.event",)),
        (LogSource("alibaba", "", "actiontrail"), ("alibaba.actiontrail",)),
        (LogSource("windows", "file_access", ""), ()),
        (LogSource("mainframe", "", ""), ()),
    ],
)
def test_a_log_source_is_read_by(logsource, sources):
    assert sources_of(logsource) == sources


def test_the_table_names_known_sources_only():
    named = {feed.source for found in (*CATEGORIES.values(), *SERVICES.values()) for feed in found}
    assert named <= set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_answers_to_some_log_source(source):
    known = [feed for found in (*CATEGORIES.values(), *SERVICES.values()) for feed in found]
    known += (
        feeds(LogSource("windows", "", "")) + feeds(LogSource("zeek", "", "")) + feeds(LogSource("suricata", "", ""))
    )
    assert source in {feed.source for feed in known}
