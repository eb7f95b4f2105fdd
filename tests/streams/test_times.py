"""Time is each source's own."""

from streams.times import NEVER_SEEN, Times


def test_one_source_does_not_move_another_on():
    times = Times()
    times.note("zeek", 100)
    times.note("syslog", 5)
    times.note("zeek", 50)
    assert (times.of(("zeek",)), times.of(("syslog",)), times.newest) == (100, 5, 100)


def test_of_several_sources_the_slowest_counts_and_one_never_heard_of_holds_nobody_up():
    times = Times({"zeek": 100, "syslog": 5})
    assert times.of(("syslog", "zeek")) == 5
    assert times.of(("suricata.eve", "zeek")) == 100
    assert times.of(()) == times.of(("suricata.eve",)) == 100


def test_nothing_was_heard_yet():
    assert Times().of(("zeek",)) == NEVER_SEEN
