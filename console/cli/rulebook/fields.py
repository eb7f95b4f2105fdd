"""Which fields the sources have: from the samples that ship, and from the tests that the rules that ship carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from collectors.catalog import COLLECTORS
from collectors.spec import samples
from console.rule_cache import library
from detectors.sigma.known import Known, shown_in_tests
from yunshao.errors import Rejection
from yunshao.model.event import Native


@cache
def known_fields() -> Known:
    """The fields of every source that is described."""
    return Known([*_sampled(), *shown_in_tests(library().rules)])


def _sampled() -> Iterator[tuple[str, Native]]:
    for collector in COLLECTORS:
        for sample in samples(collector):
            try:
                yield collector.source, collector.parser.decode(sample.raw, sample.hint)
            except Rejection:
                continue
